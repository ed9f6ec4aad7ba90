package tui

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"goheap/internal/progress"
	"goheap/report"
)

// watched is a screen that tells what is shown on it.
type watched struct {
	tcell.SimulationScreen
	mu    sync.Mutex
	shown string
	ended bool
}

func newWatched(t *testing.T) *watched {
	w := &watched{SimulationScreen: tcell.NewSimulationScreen("UTF-8")}
	if err := w.SimulationScreen.Init(); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *watched) Init() error { return nil }

func (w *watched) Show() {
	w.SimulationScreen.Show()
	tm := &terminal{scr: w.SimulationScreen}
	text := tm.text()
	w.mu.Lock()
	w.shown = text
	w.mu.Unlock()
}

func (w *watched) Fini() {
	w.mu.Lock()
	w.ended = true
	w.mu.Unlock()
	w.SimulationScreen.Fini()
}

// wait returns when the text is on the screen.
func (w *watched) wait(t *testing.T, text string) {
	t.Helper()
	var shown string
	for range 1000 {
		w.mu.Lock()
		shown = w.shown
		w.mu.Unlock()
		if strings.Contains(shown, text) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%q does not come:\n%s", text, shown)
}

func (w *watched) press(s string) {
	for _, r := range s {
		w.InjectKey(tcell.KeyRune, r, 0)
	}
}

// start runs the program and returns what gives its result.
func start(t *testing.T, ctx context.Context, w *watched, load Load) func() error {
	result := make(chan error, 1)
	go func() { result <- run(ctx, w, load, Options{Title: "core.1"}) }()
	return func() error {
		select {
		case err := <-result:
			w.mu.Lock()
			defer w.mu.Unlock()
			if !w.ended {
				t.Error("the terminal was not restored")
			}
			return err
		case <-time.After(20 * time.Second):
			stacks := make([]byte, 1<<16)
			t.Fatalf("it does not end:\n%s", stacks[:runtime.Stack(stacks, true)])
			return nil
		}
	}
}

func TestRun(t *testing.T) {
	before := runtime.NumGoroutine()
	w := newWatched(t)
	proceed := make(chan bool)
	end := start(t, context.Background(), w, func(ctx context.Context, _ func(report.Process)) (*report.Snapshot, error) {
		p := progress.Start(ctx, "mark", 100)
		p.Add(62)
		<-proceed
		p.Finish()
		f := blockstore(40, 3)
		return report.New(ctx, f, f)
	})
	w.wait(t, "62 %")
	w.wait(t, "Loading core.1")
	close(proceed)
	w.wait(t, "main.srv.storage")
	w.press("3")
	w.wait(t, "[3 Types]")
	w.wait(t, "path 1 of")
	w.InjectKey(tcell.KeyEnter, 0, 0)
	w.wait(t, "Types > ")
	w.press("q")
	w.press("2/history")
	w.wait(t, "filter: history")
	w.InjectKey(tcell.KeyEscape, 0, 0)
	w.press("q")
	if err := end(); err != nil {
		t.Error(err)
	}
	for range 500 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	stacks := make([]byte, 1<<16)
	t.Errorf("goroutines are left:\n%s", stacks[:runtime.Stack(stacks, true)])
}

// forever loads until it is told to stop.
func forever(ctx context.Context, _ func(report.Process)) (*report.Snapshot, error) {
	<-ctx.Done()
	return nil, context.Cause(ctx)
}

func TestRunStopsLoading(t *testing.T) {
	w := newWatched(t)
	end := start(t, context.Background(), w, forever)
	w.wait(t, "Loading")
	w.InjectKey(tcell.KeyCtrlC, 0, 0)
	if err := end(); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestRunEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	w := newWatched(t)
	end := start(t, ctx, w, forever)
	w.wait(t, "Loading")
	cancel()
	if err := end(); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestRunReportsLoadError(t *testing.T) {
	wrong := errors.New("not a core file")
	end := start(t, context.Background(), newWatched(t), func(context.Context, func(report.Process)) (*report.Snapshot, error) {
		return nil, wrong
	})
	if err := end(); !errors.Is(err, wrong) {
		t.Errorf("error %v", err)
	}
}

func TestRunSurvivesWorkerPanic(t *testing.T) {
	for said, stack := range map[any]string{
		"corrupt": "run_test.go",
		&report.Panic{Value: "corrupt", Stack: []byte("of a worker's worker")}: "of a worker's worker",
	} {
		end := start(t, context.Background(), newWatched(t), func(context.Context, func(report.Process)) (*report.Snapshot, error) {
			panic(said)
		})
		var p *WorkerPanic
		if err := end(); !errors.As(err, &p) || p.Value != "corrupt" || !strings.Contains(string(p.Stack), stack) {
			t.Errorf("error %v", err)
		}
	}
}

// Esc stops loading; what was read by then can be looked at, and is closed in the
// end.
func TestRunKeepsWhatIsReady(t *testing.T) {
	w := newWatched(t)
	p := &closed{fake: blockstore(10, 2)}
	end := start(t, context.Background(), w, func(ctx context.Context, keep func(report.Process)) (*report.Snapshot, error) {
		<-ctx.Done()
		keep(p)
		return nil, context.Cause(ctx)
	})
	w.wait(t, "esc stop")
	w.press("5")
	w.wait(t, "1 key waiting for the end of loading")
	w.InjectKey(tcell.KeyEscape, 0, 0)
	w.wait(t, "Loading was stopped")
	w.wait(t, "main.(*server).watch")
	w.InjectKey(tcell.KeyEnter, 0, 0)
	w.wait(t, "Frame or variable")
	w.wait(t, "server.go:61")
	w.press("4")
	w.wait(t, "main.srv")
	w.press("9")
	w.wait(t, "2 frames have no stack map")
	w.press("q")
	if err := end(); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if !p.done {
		t.Error("the program was not closed")
	}
}

// closed is a program that knows whether it was closed.
type closed struct {
	*fake
	done bool
}

func (c *closed) Close() error {
	c.done = true
	return nil
}

// Where nothing was read yet, stopping is quitting.
func TestRunStopsWithNothing(t *testing.T) {
	w := newWatched(t)
	end := start(t, context.Background(), w, forever)
	w.wait(t, "Loading")
	w.InjectKey(tcell.KeyEscape, 0, 0)
	if err := end(); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// With jobs beside the loop, as a person has them, random keys neither hang the
// program nor, under the race detector, let a job touch what is drawn.
func TestRunRandomKeys(t *testing.T) {
	t.Chdir(t.TempDir()) // for bookmarks
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 3))
		w := newWatched(t)
		end := start(t, context.Background(), w, func(ctx context.Context, _ func(report.Process)) (*report.Snapshot, error) {
			f := blockstore(300, 20)
			return report.New(ctx, f, f)
		})
		w.wait(t, "main.srv.storage")
		for range 400 {
			ev := randomKey(r)
			if ev.Rune() == 'q' {
				continue
			}
			w.InjectKey(ev.Key(), ev.Rune(), 0)
			if r.IntN(4) == 0 {
				time.Sleep(time.Millisecond)
			}
		}
		for range 3 {
			time.Sleep(20 * time.Millisecond)
			w.InjectKey(tcell.KeyCtrlC, 0, 0)
		}
		if err := end(); err != nil {
			t.Error(err)
		}
	}
}
