package tui

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"goheap/internal/testcore"
)

// tmux is a terminal in which the real program runs on a real core.
type tmux struct {
	t      testing.TB
	socket string
}

func startTmux(t *testing.T, w, h int, env, command string) *tmux {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Fatalf("this test drives a terminal: %v (install tmux)", err)
	}
	m := &tmux{t, filepath.Join(t.TempDir(), "socket")}
	m.do("-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(w), "-y", fmt.Sprint(h),
		"env -u TMUX "+env+" sh -c '"+command+"; echo \"status $?.\"; stty -a | grep -o \" -*echo \"; exec cat'")
	t.Cleanup(func() { _ = exec.Command("tmux", "-S", m.socket, "kill-server").Run() })
	return m
}

func (m *tmux) do(args ...string) string {
	m.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", m.socket}, args...)...).CombinedOutput()
	if err != nil {
		m.t.Fatalf("tmux %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func (m *tmux) keys(keys ...string) *tmux {
	m.t.Helper()
	m.do(append([]string{"send-keys"}, keys...)...)
	return m
}

// wait returns when all texts are on the screen.
func (m *tmux) wait(texts ...string) *tmux {
	m.t.Helper()
	var screen string
	for range 600 {
		screen = m.do("capture-pane", "-p")
		missing := false
		for _, text := range texts {
			missing = missing || !strings.Contains(screen, text)
		}
		if !missing {
			return m
		}
		time.Sleep(50 * time.Millisecond)
	}
	m.t.Fatalf("%q do not come:\n%s", texts, screen)
	return m
}

// The walk of a person who looks for the leak of the demo program: from the
// overview down to the store, why it is alive, a filter, another size of the
// terminal, and out.
func TestInTerminal(t *testing.T) {
	if testing.Short() {
		return // it builds two programs and takes a core
	}
	exe := filepath.Join(t.TempDir(), "goheap")
	if out, err := exec.Command("go", "build", "-o", exe, "goheap/cmd/goheap").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	d := testcore.Core(t, "blockstore", testcore.Options{}, testcore.Kernel)
	open := fmt.Sprintf("%s --exe %s %s", exe, d.Exe, d.Core)
	const store = "main.srv.storage.(*main.memStorage).blocks"

	t.Run("walk", func(t *testing.T) {
		m := startTmux(t, 100, 30, "", open)
		m.wait("[1 Overview]", store, "Why alive", "held jointly by main.srv and main.recent")
		m.keys("Enter").wait("[2 Dominators]", ".blocks  []*main.Block", "dominates")
		m.keys("Enter").wait("▾ .blocks")
		m.keys("Down", "w").wait("why alive: main.Block", store+"[")
		m.keys("Escape").wait("▾ .blocks")
		m.keys("3").wait("[3 Types]", "main.Block")
		m.keys("/", "Block", "Enter").wait("filter: Block")
		m.do("resize-window", "-x", "80", "-y", "24")
		m.wait("2 Dominators  [3 Types]")
		m.do("resize-window", "-x", "50", "-y", "24")
		m.wait("terminal too small (60x15 needed)")
		m.do("resize-window", "-x", "130", "-y", "40")
		m.keys("Escape").wait("main.Tx") // a key at once after esc would be alt with that key
		m.keys(":", store, "Enter").wait("[Fields]")
		m.keys("q", "q").wait("status 0.", " echo")
	})
	t.Run("no colour", func(t *testing.T) {
		m := startTmux(t, 80, 24, "NO_COLOR=1", open)
		m.wait("[1 Overview]", store)
		if escapes := m.do("capture-pane", "-p", "-e"); regexp.MustCompile(`\x1b\[([0-9]+;)*([349][0-7]|[34]8;|10[0-7])m?`).MatchString(escapes) {
			t.Errorf("colours in spite of NO_COLOR:\n%q", escapes)
		}
		m.keys("q").wait("status 0.", " echo")
	})
	t.Run("no core", func(t *testing.T) {
		m := startTmux(t, 80, 24, "", exe+" "+filepath.Join(os.TempDir(), "no-such-core"))
		m.wait("goheap: ", "no such file", "status 1.", " echo")
	})
}
