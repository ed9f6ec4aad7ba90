package tui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"goheap/dump"
	"goheap/gocore"
	"goheap/heap"
	"goheap/report"
)

// cutFile is a program whose memory is gone once it was cut: every question reads it.
type cutFile struct {
	*fake
	memory []byte
	left   atomic.Int64 // questions before it is cut
	cut    atomic.Bool  // it will be, or is
	slow   bool         // it takes a while to answer then
}

func newCutFile(t *testing.T, f *fake) *cutFile {
	t.Helper()
	path := filepath.Join(t.TempDir(), "core")
	if err := os.WriteFile(path, make([]byte, 1<<16), 0o600); err != nil {
		t.Fatal(err)
	}
	memory, free, err := dump.MapFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(free)
	if err := os.Truncate(path, 4096); err != nil {
		t.Fatal(err)
	}
	return &cutFile{fake: f, memory: memory}
}

func (c *cutFile) read() {
	if !c.cut.Load() {
		return
	}
	if c.slow {
		time.Sleep(cellBudget / 4)
	}
	if c.left.Add(-1) < 0 && c.memory[len(c.memory)-1] != 0 {
		panic("it is there")
	}
}

func (c *cutFile) Name(n heap.Node) string                    { c.read(); return c.fake.Name(n) }
func (c *cutFile) Type(n heap.Node) string                    { c.read(); return c.fake.Type(n) }
func (c *cutFile) TypeOf(n heap.Node) gocore.TypeInfo         { c.read(); return c.fake.TypeOf(n) }
func (c *cutFile) TypeInfo(id heap.TypeID) gocore.TypeInfo    { c.read(); return c.fake.TypeInfo(id) }
func (c *cutFile) Path(nodes []heap.Node) gocore.Path         { c.read(); return c.fake.Path(nodes) }
func (c *cutFile) Edge(a, b heap.Node) (string, uint64, bool) { c.read(); return c.fake.Edge(a, b) }
func (c *cutFile) Goroutines() []gocore.Goroutine             { c.read(); return c.fake.Goroutines() }
func (c *cutFile) Frames(g int) []gocore.Frame                { c.read(); return c.fake.Frames(g) }
func (c *cutFile) Stack(g, most int) ([]gocore.StackCall, int, int) {
	c.read()
	return c.fake.Stack(g, most)
}
func (c *cutFile) Labels(g int) []gocore.Label { c.read(); return c.fake.Labels(g) }
func (c *cutFile) Roots() []gocore.Root        { c.read(); return c.fake.Roots() }
func (c *cutFile) Hex(n heap.Node, off, size uint64) []byte {
	c.read()
	return c.fake.Hex(n, off, size)
}
func (c *cutFile) Resolve(target string) (gocore.Place, error) {
	c.read()
	return c.fake.Resolve(target)
}
func (c *cutFile) Count(n heap.Node) uint64               { c.read(); return c.fake.Count(n) }
func (c *cutFile) Value(n heap.Node) (gocore.Value, bool) { c.read(); return c.fake.Value(n) }
func (c *cutFile) Children(v gocore.Value, from, limit int) []gocore.Value {
	c.read()
	return c.fake.Children(v, from, limit)
}

const sentence = "the file changed while it was being read"

// Whatever view is open and whatever key is pressed: a file that somebody cuts is told
// of, and the program can be quit.
func TestCutFile(t *testing.T) {
	t.Chdir(t.TempDir()) // for bookmarks
	type way struct {
		first rune
		left  int64
		slow  bool
	}
	var ways []way
	for _, first := range "123456789i:wmc" {
		ways = append(ways, way{first, 0, false})
	}
	for left := int64(1); left < 400; left += 1 + left/2 {
		ways = append(ways, way{':', left, false}, way{'3', left, left < 100})
	}
	for _, by := range ways {
		t.Run(fmt.Sprintf("%c %d %t", by.first, by.left, by.slow), func(t *testing.T) {
			w := newWatched(t)
			c := newCutFile(t, blockstore(300, 20))
			c.slow = by.slow
			c.left.Store(by.left)
			first := by.first
			end := start(t, context.Background(), w, func(ctx context.Context, _ func(report.Process)) (*report.Snapshot, error) {
				return report.New(ctx, c, c)
			})
			w.wait(t, "Holders ")
			c.cut.Store(true)
			w.press(string(first))
			if first == ':' {
				w.press("main.srv")
			}
			w.InjectKey(tcell.KeyEnter, 0, 0)
			w.press("3")
			w.InjectKey(tcell.KeyEnter, 0, 0)
			w.press("GgwjxF")
			w.press("history")
			w.InjectKey(tcell.KeyEnter, 0, 0)
			w.press("2")
			for y := range 24 {
				for range 2 {
					w.InjectMouse(10, y, tcell.Button1, 0)
					w.InjectMouse(10, y, 0, 0)
				}
			}
			w.press("2=name == \"x\"")
			w.InjectKey(tcell.KeyEnter, 0, 0)
			w.press("456789G")
			if by.left == 0 { // or else it may be a job that met it which nobody waits for
				w.wait(t, sentence)
			}
			for range 8 {
				w.InjectKey(tcell.KeyEscape, 0, 0)
			}
			w.press("qqqqqqqqqqqqqqqq")
			if err := end(); err != nil && !errors.Is(err, gocore.ErrChanged) {
				t.Error(err)
			}
		})
	}
}

// A file that is cut before the first screen is an error like others of loading.
func TestCutFileAtFirst(t *testing.T) {
	for name, at := range map[string]func(c *cutFile, h report.Heap) error{
		"while loading": func(c *cutFile, h report.Heap) error { c.cut.Store(true); h.Name(1); return nil },
		"when loaded":   func(c *cutFile, h report.Heap) error { c.cut.Store(true); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCutFile(t, blockstore(10, 2))
			end := start(t, context.Background(), newWatched(t), func(ctx context.Context, _ func(report.Process)) (*report.Snapshot, error) {
				s, err := report.New(ctx, c, c)
				if err != nil {
					return nil, err
				}
				return s, at(c, s.Heap)
			})
			if err := end(); !errors.Is(err, gocore.ErrChanged) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// faulty is a screen that panics before anything is drawn on it.
type faulty struct{ *watched }

func (faulty) EnablePaste() { panic("no paste") }

// program is one whose heap was analysed.
type program interface {
	report.Process
	report.Heap
}

// misnamed is a program that panics where a view is made.
type misnamed struct {
	*fake
	now *atomic.Bool
}

func (m misnamed) Source() gocore.Source {
	if m.now.Load() {
		panic("nobody expects it")
	}
	return m.fake.Source()
}

// A panic that is no fault of the file's is not taken for one, and leaves the terminal
// as it was: in the loop, in a draw, and before there is a loop.
func TestPanicsRestoreTheTerminal(t *testing.T) {
	for _, late := range []bool{false, true} {
		t.Run(map[bool]string{true: "in the loop", false: "before the loop"}[late], func(t *testing.T) {
			w := newWatched(t)
			var screen tcell.Screen = faulty{w}
			var of program = blockstore(10, 2)
			if late {
				screen, of = w, misnamed{blockstore(10, 2), new(atomic.Bool)}
			}
			said := make(chan any, 1)
			go func() {
				defer func() { said <- recover() }()
				err := run(context.Background(), screen, func(ctx context.Context, _ func(report.Process)) (*report.Snapshot, error) {
					return report.New(ctx, of, of)
				}, Options{Title: "core.1"})
				t.Errorf("it returned %v", err)
			}()
			if late {
				w.wait(t, "Holders ")
				of.(misnamed).now.Store(true)
				w.press("4")
			}
			if v := <-said; v == nil {
				t.Error("no panic")
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			if !w.ended {
				t.Error("the terminal was not restored")
			}
		})
	}
}

// A worker that panics when the program is already ending is heard of too.
func TestLateWorkerPanic(t *testing.T) {
	w := newWatched(t)
	end := start(t, context.Background(), w, func(ctx context.Context, _ func(report.Process)) (*report.Snapshot, error) {
		<-ctx.Done()
		panic("late")
	})
	w.wait(t, "Loading")
	w.InjectKey(tcell.KeyCtrlC, 0, 0)
	var p *WorkerPanic
	if err := end(); !errors.As(err, &p) || p.Value != "late" {
		t.Errorf("error %v", err)
	}
}

// slowCut are rows whose cells read what is gone.
type slowCut struct {
	rows
	c *cutFile
	n int
}

func (s *slowCut) fetch(*grid, []int, []int) func() func() {
	s.n++
	return func() func() { s.c.read(); return func() {} }
}

// What is called beside views: by the mouse, by workers, and what they post.
func TestCutFileBeside(t *testing.T) {
	for name, does := range map[string]func(a *App, c *cutFile){
		"posted": func(a *App, c *cutFile) {
			later := false
			a.posted.add(c.read)
			a.posted.add(func() { later = true })
			if a.drain(); !later {
				t.Error("what was posted behind it is lost")
			}
		},
		"cells": func(a *App, c *cutFile) {
			rows := &slowCut{c: c}
			g := &grid{rows: rows}
			if a.fetch(g, nil, nil); a.fetch(g, nil, nil) || rows.n != 1 {
				t.Errorf("they were asked for %d times", rows.n)
			}
		},
		"chains": func(a *App, c *cutFile) {
			a.why.chains, a.why.about = []chain{{}}, a.top().subject()
			a.why.search()
		},
		"mouse": func(a *App, c *cutFile) {
			listOf(a.top()).opens = func(int) { c.read() }
			at := a.root.last.list
			ev := tcell.NewEventMouse(at.x+1, at.y+header, tcell.Button1, 0)
			guarded{a.root}.MouseHandler()(tview.MouseLeftDoubleClick, ev, func(tview.Primitive) {})
		},
		"paste": func(a *App, c *cutFile) {
			a.openPrompt(promptFilter, "")
			a.prompt.field.SetChangedFunc(func(string) { c.read() })
			guarded{a.root}.PasteHandler()("text", func(tview.Primitive) {})
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCutFile(t, blockstore(40, 3))
			s, err := report.New(t.Context(), c, c)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			a := newTerminal(t, s, 100, 30, Options{}).app
			a.open(tabTypes)
			a.tv.ForceDraw()
			c.cut.Store(true)
			if does(a, c); !errors.Is(a.gone, gocore.ErrChanged) {
				t.Errorf("%v was told", a.gone)
			}
		})
	}
}
