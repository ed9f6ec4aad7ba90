package tui

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"goheap/report"
)

var update = flag.Bool("update", false, "write the screens in testdata")

// terminal drives an App without a loop: keys pass through the root primitive,
// jobs run at once.
type terminal struct {
	t   testing.TB
	app *App
	scr tcell.SimulationScreen
}

func newTerminal(t testing.TB, s *report.Snapshot, w, h int, opt Options) *terminal {
	t.Helper()
	scr := tcell.NewSimulationScreen("UTF-8")
	if opt.Title == "" {
		opt.Title = "/tmp/core.4711"
	}
	a := newApp(context.Background(), scr, opt)
	scr.SetSize(w, h)
	tm := &terminal{t, a, scr}
	if s != nil {
		a.show(s)
	}
	tm.draw()
	return tm
}

func (tm *terminal) draw() { tm.app.tv.ForceDraw() }

// press sends keys: a name of Key.String or, else, the characters of it.
func (tm *terminal) press(keys ...string) *terminal {
	tm.t.Helper()
	named := map[string]*tcell.EventKey{}
	for code := range tcell.KeyNames {
		ev := tcell.NewEventKey(code, 0, 0)
		named[keyOf(ev).String()] = ev
		alt := tcell.NewEventKey(code, 0, tcell.ModAlt)
		named[keyOf(alt).String()] = alt
	}
	for _, k := range keys {
		if ev := named[k]; ev != nil {
			tm.event(ev)
			continue
		}
		for _, r := range k {
			tm.event(tcell.NewEventKey(tcell.KeyRune, r, 0))
		}
	}
	return tm
}

func (tm *terminal) event(ev *tcell.EventKey) {
	tm.app.root.InputHandler()(ev, func(p tview.Primitive) { tm.app.tv.SetFocus(p) })
	tm.draw()
}

// text is the screen as a person reads it. A line that is drawn in reverse
// video ends in "<<".
func (tm *terminal) text() string {
	cells, w, h := tm.scr.GetContents()
	var b strings.Builder
	for y := range h {
		line, reversed := "", 0
		for x := 0; x < w; x++ {
			c := cells[y*w+x]
			if _, _, attr := c.Style.Decompose(); attr&tcell.AttrReverse != 0 {
				reversed++
			}
			if len(c.Runes) == 0 {
				line += " "
				continue
			}
			s := string(c.Runes)
			line += s
			x += max(0, width(s)-1)
		}
		line = strings.TrimRight(line, " ")
		if reversed > w/3 {
			line += " <<"
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// has fails the test unless the screen holds all of the texts.
func (tm *terminal) has(texts ...string) *terminal {
	tm.t.Helper()
	screen := tm.text()
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			tm.t.Fatalf("no %q on the screen:\n%s", text, screen)
		}
	}
	return tm
}

// hasNot fails the test if the screen holds one of the texts.
func (tm *terminal) hasNot(texts ...string) *terminal {
	tm.t.Helper()
	screen := tm.text()
	for _, text := range texts {
		if strings.Contains(screen, text) {
			tm.t.Fatalf("%q on the screen:\n%s", text, screen)
		}
	}
	return tm
}

// selected fails the test unless the selected row holds the text.
func (tm *terminal) selected(text string) *terminal {
	tm.t.Helper()
	for line := range strings.Lines(tm.text()) {
		if strings.HasSuffix(line, "<<\n") && strings.Contains(line, text) {
			return tm
		}
	}
	tm.t.Fatalf("%q is not selected:\n%s", text, tm.text())
	return tm
}

func golden(t *testing.T, dir, name, got string) {
	t.Helper()
	file := filepath.Join(dir, name+".screen")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (go test ./tui -update writes it)", err)
	}
	if string(want) != got {
		t.Errorf("%s differs; got:\n%s\nwant:\n%s", file, got, want)
	}
}

func TestScreens(t *testing.T) {
	s := snapshot(t, blockstore(2500, 40))
	data, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	views := []struct {
		name string
		keys []string
	}{
		{"overview", nil},
		{"dominators", []string{"2", "enter", "down", "enter", "down", "enter", "down", "down"}},
		{"dominators-joint", []string{"2/jointly", "enter", "enter", "esc"}},
		{"accumulation", []string{"1", "enter"}},
		{"types", []string{"3"}},
		{"instances", []string{"3", "/Block", "enter", "down", "enter"}},
		{"roots", []string{"4", "down"}},
		{"goroutines", []string{"5"}},
		{"goroutines-ungrouped", []string{"5u"}},
		{"frames", []string{"5", "enter", "enter", "down", "down"}},
		{"inspector-fields", []string{":main.srv", "enter"}},
		{"inspector-opened", []string{":main.srv", "enter", "jjl", "jjl", "jj"}},
		{"inspector-referrers", []string{"3", "/uint8", "enter", "enter", "i", "tab"}},
		{"inspector-references", []string{"4", "i", "tab", "tab"}},
		{"inspector-hex", []string{"4", "enter", "enter", "tab", "tab", "tab"}},
		{"path", []string{"3", "/Block", "enter", "enter", "w"}},
		{"long-list", []string{"3", "/node", "enter", "enter", "end"}},
		{"filter", []string{"4", "/main"}},
		{"goto", []string{":main.ind"}},
		{"problems", []string{"p"}},
		{"packages", []string{"3u"}},
		{"package", []string{"3u", "enter"}},
		{"root-kinds", []string{"4u"}},
		{"root-packages", []string{"4uu"}},
		{"creators", []string{"5u"}},
		{"suspects", []string{"6", "down"}},
		{"search", []string{"7"}},
		{"query", []string{`=retained > 4KiB && type contains "Block"`, "enter"}},
		{"map", []string{"8"}},
		{"map-zoomed", []string{"8", "enter", "m", "right"}},
		{"marks", []string{"3mmM"}},
		{"merged", []string{"3P"}},
		{"cut", []string{"3", "/Block", "enter", "enter", "w", "jjx"}},
		{"cut-off", []string{"2/srv", "enter", "enter", "down", "w", "jx"}},
		{"bytes", []string{"2b"}},
		{"bookmarks", []string{"4B", "the store", "enter", "'"}},
		{"export", []string{"3e"}},
		{"help", []string{"2?"}},
	}
	for _, v := range views {
		for _, size := range [][2]int{{80, 24}, {120, 40}} {
			name := fmt.Sprintf("%s-%dx%d", v.name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				t.Chdir(t.TempDir()) // for bookmarks
				tm := newTerminal(t, s, size[0], size[1], Options{})
				golden(t, data, name, tm.press(v.keys...).text())
				// No time to make cells while drawing: the same screen.
				late := newTerminal(t, nil, size[0], size[1], Options{})
				late.app.budget = 0
				late.app.show(s)
				late.draw()
				golden(t, data, name, late.press(v.keys...).text())
			})
		}
	}
	t.Run("wide", func(t *testing.T) {
		golden(t, data, "dominators-180x50", newTerminal(t, s, 180, 50, Options{}).press("2", "enter", "down", "enter").text())
	})
	t.Run("tour", func(t *testing.T) {
		tm := newTerminal(t, s, 80, 24, Options{Tour: true})
		golden(t, data, "tour-80x24", tm.text())
		golden(t, data, "tour-2-80x24", tm.press("enter").text())
		golden(t, data, "tour-3-80x24", tm.press("down", "w").text())
		golden(t, data, "tour-4-80x24", tm.press("jx").text())
		golden(t, data, "tour-5-80x24", tm.press("5").text())
		golden(t, data, "tour-6-80x24", tm.press("enter", "enter").text())
	})
	t.Run("small", func(t *testing.T) {
		golden(t, data, "types-60x15", newTerminal(t, s, 60, 15, Options{}).press("3").text())
	})
	t.Run("ascii", func(t *testing.T) {
		got := newTerminal(t, s, 80, 24, Options{ASCII: true}).press("2", "enter", "down", "enter").text()
		if !isASCII(got) {
			t.Errorf("not ASCII:\n%s", got)
		}
		golden(t, data, "dominators-ascii-80x24", got)
	})
}
