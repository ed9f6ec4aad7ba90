//go:build unix

package tui

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/testcore"
	"goheap/report"
)

// tmux is a terminal in which the real program runs on a real core.
type tmux struct {
	t      testing.TB
	socket string
}

func startTmux(t *testing.T, w, h int, env, command string) *tmux {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skipf("this test drives a terminal: %v (apt-get install tmux)", err)
	}
	m := &tmux{t, filepath.Join(t.TempDir(), "socket")}
	m.do("-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(w), "-y", fmt.Sprint(h),
		"env -u TMUX "+env+" sh -c '"+command+"; echo \"status $?.\"; stty -a | grep -o \" -*echo \"; exec cat'")
	t.Cleanup(func() { _ = exec.Command("tmux", "-S", m.socket, "kill-server").Run() })
	return m
}

func (m *tmux) do(args ...string) string {
	m.t.Helper()
	cmd := exec.Command("tmux", append([]string{"-S", m.socket}, args...)...)
	cmd.Env = append(os.Environ(), "SHELL=/bin/sh", "LC_ALL=C.UTF-8") // whatever this user has
	out, err := cmd.CombinedOutput()
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

// gone waits until a text is not on the screen.
func (m *tmux) gone(text string) *tmux {
	m.t.Helper()
	var screen string
	for range 600 {
		if screen = m.do("capture-pane", "-p"); !strings.Contains(screen, text) {
			return m
		}
		time.Sleep(50 * time.Millisecond)
	}
	m.t.Fatalf("%q does not go:\n%s", text, screen)
	return m
}

// quit closes all views, says yes where it is asked, and waits for the end, after
// which the terminal is as it was.
func (m *tmux) quit() {
	m.t.Helper()
	m.quitWith(0)
}

// quitWith is quit, with another exit status.
func (m *tmux) quitWith(status int) {
	m.t.Helper()
	for range 20 {
		key := "q"
		for range 20 {
			screen := m.do("capture-pane", "-p")
			if strings.Contains(screen, "status ") {
				m.wait(fmt.Sprintf("status %d.", status), " echo")
				return
			}
			if strings.Contains(screen, "quit? y/n") {
				key = "y"
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		m.keys(key)
	}
	m.t.Fatalf("it does not end:\n%s", m.do("capture-pane", "-p"))
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
		m := startTmux(t, 120, 30, "", open)
		m.wait("[1 Overview]", store, "1 other type, held", "Holders")
		m.keys("j", "Enter").wait("[2 Dominators]", "▾ .blocks  []*main.Block", "dominates")
		m.keys("Down", "w").wait("why alive: main.Block", store+"[")
		m.keys("j", "j", "j", "x").wait("cut .blocks: nothing else holds it", "would be freed")
		m.keys("u").wait(store + "[")
		m.keys("Escape").wait("▾ .blocks")
		m.keys("3").wait("[3 Types]", "main.Block")
		m.keys("/", "Block", "Enter").wait("filter: Block", "esc clear filter")
		m.keys("Escape").gone("esc clear filter") // a key at once after esc would be alt with that key
		m.keys("8").wait("[8 Map]", "┌"+store)
		m.keys("=").wait("objects for which")
		m.keys(`retained > 1MiB && type contains "Block"`, "Enter").wait("[7 Search]", "row 1 of 1", "[]*main.Block")
		m.keys("F", "validator-30", "Enter").wait("found in")
		m.keys("3").wait("[3 Types]")
		m.do("resize-window", "-x", "80", "-y", "24")
		m.wait("2 Dom  [3 Types]")
		m.do("resize-window", "-x", "50", "-y", "24")
		m.wait("terminal too small (60x15 needed)")
		m.do("resize-window", "-x", "60", "-y", "15")
		m.wait("[3 Types]", " 1   2 ")
		m.do("resize-window", "-x", "130", "-y", "40")
		m.keys(":", store, "Enter").wait("[Fields]")
		m.quit()
	})
	// From the start to the field that holds the memory, in no more than six
	// keys: here the first screen says it, and one key shows it in the tree.
	t.Run("six keys to the field", func(t *testing.T) {
		m := startTmux(t, 80, 24, "", open)
		m.wait("[1 Over]", "main.srv.storage.(*main.memStorage).blocks", "86.")
		m.keys("j", "Enter").wait("▾ .blocks", store)
		m.keys("w").wait("why alive: []*main.Block", store, "path 1 of 1")
		m.keys("G", "x").wait("nothing else holds it", "would be freed")
		m.quit()
	})
	t.Run("six keys to the goroutines", func(t *testing.T) {
		m := startTmux(t, 80, 24, "", open)
		m.wait("200 goroutines proven leaked: 200 in main.notify")
		m.keys("5").wait("[5 Gor]", "200", "main.notify", "chan send")
		m.keys("Enter").wait("200 goroutines")
		m.keys("Enter").wait("created by main.main", "Frame or variable", "main.notify")
		m.quit()
	})
	t.Run("places", func(t *testing.T) {
		m := startTmux(t, 100, 30, "", open+` --at "types?filter=Block&sort=-objects"`)
		m.wait("[3 Types]", "filter: Block", "sorted by objects, descending")
		m.quit()
		m = startTmux(t, 100, 30, "", open+" --at object:main.srv.storage")
		m.wait("main.memStorage", "[Fields]")
		m.keys("-").wait("[1 Over]")
		m.quit()
	})
	t.Run("tour", func(t *testing.T) {
		m := startTmux(t, 80, 24, "", strings.Replace(open, exe, exe+" tour", 1))
		m.wait("Tour, step 1 of 5", "main.srv.storage")
		m.keys("j", "Enter").wait("Tour, step 2 of 5", "[2 Dom]", "▾ .blocks")
		m.keys("w").wait("Tour, step 3 of 5", "path 1 of 1")
		m.keys("j", "x").wait("Tour, step 4 of 5", "would be freed")
		m.keys("5").wait("Tour, step 5 of 5", "main.notify")
		m.keys("Enter").wait("200 goroutines")
		m.keys("Enter").wait("That was the tour")
		m.keys("n").wait("created by main.main")
		m.quit()
	})
	t.Run("suspend", func(t *testing.T) {
		// An interactive shell has job control.
		m := &tmux{t, filepath.Join(t.TempDir(), "socket")}
		m.do("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "env -u TMUX PS1=prompt: bash --norc -i")
		t.Cleanup(func() { _ = exec.Command("tmux", "-S", m.socket, "kill-server").Run() })
		m.wait("prompt:")
		m.keys(open, "Enter").wait("[1 Over]", store)
		m.keys("C-z").wait("Stopped", "prompt:")
		m.keys("fg", "Enter").wait("[1 Over]", store)
		m.keys("3").wait("[3 Types]", "main.Block")
		m.keys("C-c", "C-c").wait("prompt:")
		m.keys("echo still $((40+2))", "Enter").wait("still 42")
	})
	t.Run("no colour", func(t *testing.T) {
		colours := regexp.MustCompile(`\x1b\[([0-9]+;)*([349][0-7]|[34]8;|10[0-7])m?`)
		m := startTmux(t, 80, 24, "NO_COLOR=1", open)
		m.wait("[1 Over]", store)
		if escapes := m.do("capture-pane", "-p", "-e"); colours.MatchString(escapes) {
			t.Errorf("colours in spite of NO_COLOR:\n%q", escapes)
		}
		m.quit()
		m = startTmux(t, 80, 24, "", open+" --theme colour")
		m.wait("[1 Over]", store)
		if escapes := m.do("capture-pane", "-p", "-e"); !colours.MatchString(escapes) {
			t.Errorf("no colours without NO_COLOR, so that the test could not fail:\n%q", escapes)
		}
		m.quit()
		m = startTmux(t, 80, 24, "", open+" --ascii --theme plain")
		m.wait("[1 Over]", store)
		if screen := m.do("capture-pane", "-p"); !isASCII(screen) {
			t.Errorf("not ASCII:\n%s", screen)
		}
		m.quit()
	})
	t.Run("signals", func(t *testing.T) {
		for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
			m := startTmux(t, 120, 30, "", open)
			m.wait("[1 Overview]")
			var pid int
			if _, err := fmt.Sscan(m.do("display-message", "-p", "#{pane_pid}"), &pid); err != nil {
				t.Fatal(err)
			}
			// Some shells are processes of their own between the pane and the program.
			for {
				children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", pid))
				if err != nil {
					t.Skipf("this test looks for a child: %v", err)
				}
				if _, err := fmt.Sscan(string(children), &pid); err != nil {
					break
				}
			}
			if err := syscall.Kill(pid, signal); err != nil {
				t.Fatal(err)
			}
			m.wait("goheap: interrupted", "status 1.", " echo")
			if screen := m.do("display-message", "-p", "#{alternate_on}#{cursor_flag}") + m.do("capture-pane", "-p"); !strings.HasPrefix(screen, "01") || strings.Contains(screen, "goroutine") {
				t.Errorf("%v: %s", signal, screen)
			}
		}
	})
	t.Run("no core", func(t *testing.T) {
		m := startTmux(t, 80, 24, "", exe+" "+filepath.Join(os.TempDir(), "no-such-core"))
		m.wait("goheap: ", "no such file", "status 1.", " echo")
	})
}

// panics names the environment variable with which this test's own binary shows a
// screen whose worker panics.
const panics = "GOHEAP_TEST_WORKER_PANICS"

func TestMain(m *testing.M) {
	if os.Getenv(panics) == "" {
		os.Exit(m.Run())
	}
	err := Run(context.Background(), func(ctx context.Context, _ func(report.Process)) (*report.Snapshot, error) {
		f := panicking{blockstore(10, 2)}
		return report.New(ctx, f, f)
	}, Options{Title: "core.1"})
	fmt.Println("error:", err)
}

// panicking is a program of which a question makes a worker panic.
type panicking struct{ *fake }

func (panicking) Hex(heap.Node, uint64, uint64) []byte { panic("nobody expects it") }

func (panicking) Value(heap.Node) (gocore.Value, bool) { panic("nobody expects it") }

// A worker that panics ends the program; the terminal is as it was.
func TestWorkerPanicInTerminal(t *testing.T) {
	if testing.Short() {
		return
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	m := startTmux(t, 80, 24, panics+"=1", exe)
	m.wait("[1 Over]", "main.srv.storage")
	m.keys("i").wait("error: internal error: nobody expects it", "status 0.", " echo")
	if screen := m.do("capture-pane", "-p"); strings.Contains(screen, "[1 Over]") {
		t.Errorf("the screen is still there:\n%s", screen)
	}
}

// The real program with a real core that is cut while it is open.
func TestCutFileInTerminal(t *testing.T) {
	if testing.Short() {
		return // it builds two programs and takes a core
	}
	dir := t.TempDir()
	exe := filepath.Join(dir, "goheap")
	if out, err := exec.Command("go", "build", "-o", exe, "goheap/cmd/goheap").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	d := testcore.Core(t, "blockstore", testcore.Options{}, testcore.Kernel)
	core := filepath.Join(dir, "core")
	for _, keys := range [][]string{{":", "main.srv", "Enter"}, {"F", "validator-30", "Enter"}} {
		if out, err := exec.Command("cp", "--sparse=always", d.Core, core).CombinedOutput(); err != nil {
			t.Fatalf("cp: %v\n%s", err, out)
		}
		m := startTmux(t, 120, 30, "", exe+" --exe "+d.Exe+" "+core)
		m.wait("[1 Overview]", "Holders ")
		if err := os.Truncate(core, 4096); err != nil {
			t.Fatal(err)
		}
		m.keys(keys...).wait(sentence)
		m.quitWith(1)
		if screen := m.do("capture-pane", "-p"); strings.Contains(screen, "goroutine ") {
			t.Errorf("a trace:\n%s", screen)
		}
	}
}
