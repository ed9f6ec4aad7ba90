// Package tui lets a person walk through a heap in a terminal. It shows the
// tables of package report, and beside or under each of them why the selected
// row is alive.
package tui

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"goheap/heap"
	"goheap/internal/progress"
	"goheap/report"
)

// Options are what a person can choose.
type Options struct {
	Title   string // the file, for the first line
	ASCII   bool   // draw nothing but ASCII
	Theme   Theme
	State   string // where bookmarks go that cannot be kept beside the file; "" for nowhere
	Tour    bool   // guide through the views in five steps
	At      string // the location to start with; "" for the overview
	NoMouse bool   // leave the mouse to the terminal
	// Physical shows the parts of maps and channels as hops and types of their own.
	// A key changes that.
	Physical bool
	// Runtime says that the runtime's own pointers are shown as holdings: Reload gives what
	// loads the file in that way, or in the other. A key changes it. Nil: it cannot.
	Runtime bool
	Reload  func(runtime bool) Load
}

// App is the terminal program. Its fields belong to the event loop, which alone
// writes them, and what views have likewise. Workers read what is set before any of
// them runs: opt, sym, ctx, kinds, and words but for exact; what else a job needs it
// is given when it starts. From a worker nothing may be called but spawn, post and
// what words makes of nodes; posted, animated, panicked and workers are safe by
// themselves.
type App struct {
	words
	opt    Options
	sym    look
	ctx    context.Context // ends with the program
	cancel context.CancelFunc
	tv     *tview.Application
	screen tcell.Screen
	root   *root
	err    error // what Run returns
	asked  bool  // quitting was asked for

	physical bool // see Options

	partial     *partial // of loading that was stopped; nil otherwise
	stopped     error    // what quitting returns before there is a heap
	stopLoading func()

	tracker *progress.Tracker
	loadFor time.Duration

	trail
	kinds     []viewKind // the table of views
	sections  []section  // the global actions, as the help has them
	global    []Action
	marks     marks
	bookmarks *report.Bookmarks // nil until they were read
	why       whyPane
	prompt    *prompt       // nil when none is open
	said      said          // what was answered before
	tour      *tour         // nil without one
	budget    time.Duration // for making cells in one draw
	message   string        // in the status line until the next key
	lastKey   Key
	typed     typeahead
	gone      error // says that the file was cut while it was looked at; nil if it was not

	jobs     [slots]*job
	spawn    func(func())
	posted   queue
	animated atomic.Bool
	panicked atomic.Pointer[WorkerPanic] // the first one
	workers  sync.WaitGroup
}

// Load reads a heap, under a context of heap.WithProgress. Where that ends after the
// program was read, it may hand that over to keep, which then owns it.
type Load func(ctx context.Context, keep func(report.Process)) (*report.Snapshot, error)

// Run shows the heap that load reads and returns when the person quits, when
// ctx ends, or with load's error. Load runs while its phases are on the screen;
// its context ends with ctrl-c, or when the person stops loading and looks at what
// is ready. Run closes the snapshot.
func Run(ctx context.Context, load Load, opt Options) error {
	for {
		screen, err := tcell.NewScreen()
		if err != nil {
			return fmt.Errorf("open the terminal: %w", err)
		}
		if err := screen.Init(); err != nil {
			return fmt.Errorf("open the terminal: %w", err)
		}
		err = run(ctx, initialised{screen}, load, opt)
		next, ok := err.(reload) // and no other error beside it
		if !ok {
			return err
		}
		opt.Runtime, opt.At, opt.Tour = !opt.Runtime, next.at, false
		load = opt.Reload(opt.Runtime)
	}
}

// reload ends the program to load the file anew, and to go on at a location.
type reload struct{ at string }

func (reload) Error() string { return "the file is to be loaded anew" }

// initialised is a screen whose Init was called: tview calls it once more and
// drops its error.
type initialised struct{ tcell.Screen }

func (initialised) Init() error { return nil }

func run(ctx context.Context, screen tcell.Screen, load Load, opt Options) (err error) {
	defer func() {
		// tview does so where its loop panics, and nobody where this function does.
		if v := recover(); v != nil {
			screen.Fini()
			panic(v)
		}
	}()
	a := newApp(ctx, screen, opt)
	a.spawn = a.background
	a.tv.EnableMouse(!opt.NoMouse).EnablePaste(true)

	var loaded *report.Snapshot // written before the last worker ends
	var kept report.Process     // likewise
	defer func() {
		a.cancel()
		a.workers.Wait()
		if p := a.panicked.Load(); p != nil && !errors.Is(err, p) {
			err = errors.Join(err, p) // of a worker that was on its way when the program ended
		}
		if loaded != nil {
			err = also(err, loaded.Close())
		}
		if kept != nil {
			err = also(err, kept.Close())
		}
	}()
	a.background(func() { a.ticker(a.ctx) })
	a.background(func() {
		<-a.ctx.Done()
		a.post(func() { a.quit(context.Cause(ctx)) })
	})
	started := time.Now()
	a.start(slotLoad, "loading", func(ctx context.Context) (func(), error) {
		loading, stop := context.WithCancel(ctx)
		a.post(func() { a.stopLoading = stop })
		s, err := load(progress.With(loading, a.tracker.Report), func(p report.Process) { kept = p })
		switch {
		case err != nil && kept != nil && ctx.Err() == nil:
			rows := newPartial(a, kept)
			return func() { a.partial = rows }, nil
		case err != nil:
			return func() { a.quit(err) }, nil
		}
		loaded = s
		// For the first screen; the views load it anew where it was stopped.
		if _, err := s.Holders(loading); err != nil && loading.Err() == nil {
			return func() { a.quit(err) }, nil
		}
		return func() {
			a.loadFor = time.Since(started)
			if !a.guard(func() { a.show(s) }) {
				a.quit(a.gone)
			}
		}, nil
	})
	a.updateAnimated()
	if err := a.tv.Run(); err != nil {
		return fmt.Errorf("terminal: %w", err)
	}
	return a.err
}

// also adds a second error to what may be one.
func also(err, second error) error {
	if second == nil {
		return err
	}
	return errors.Join(err, second)
}

// cellBudget is how long a draw may make cells: a fifth of what a key press may
// take.
const cellBudget = 10 * time.Millisecond

// newApp returns a program that shows the loading screen. Jobs run at once and
// on the caller's goroutine until spawn is replaced.
func newApp(ctx context.Context, screen tcell.Screen, opt Options) *App {
	a := &App{words: words{ascii: opt.ASCII}, opt: opt, sym: lookOf(opt.ASCII, opt.Theme), screen: screen, physical: opt.Physical, tracker: new(progress.Tracker), budget: cellBudget, said: said{}}
	a.spawn = func(f func()) { f(); a.drain() }
	a.ctx, a.cancel = context.WithCancel(ctx)
	a.kinds = viewKinds()
	a.sections = globalSections(a)
	for _, s := range a.sections {
		a.global = append(a.global, s.actions...)
	}
	a.why.app = a
	a.stopped, a.stopLoading = context.Canceled, func() {}
	if opt.Tour {
		a.tour = new(tour)
	}
	tview.Styles = plain()
	a.tv = tview.NewApplication().SetScreen(screen)
	a.root = newRoot(a)
	a.tv.SetRoot(guarded{a.root}, true)
	a.tv.SetInputCapture(func(ev *tcell.EventKey) *tcell.EventKey {
		switch ev.Key() {
		case wake:
			a.drain()
			a.guard(a.updateAnimated)
			return nil
		case tcell.KeyCtrlC: // tview would end the program
			a.guardKey(ev, func() { a.key(ev) })
			return nil
		}
		return ev
	})
	return a
}

// show puts a heap on the screen.
func (a *App) show(s *report.Snapshot) {
	s.Disclosure = report.Shown // whoever looks around asks for values
	a.snap = s
	a.goroutines = map[heap.Node]int{}
	for i, g := range s.Process.Goroutines() {
		a.goroutines[g.Node] = i
	}
	a.open(tabOverview)
	a.history = nil
	a.openBookmarks()
	a.startAt(a.opt.At)
	a.start(slotWarm, "preparing", func(ctx context.Context) (func(), error) {
		// The first answer of each of these takes a while.
		s.Dominators.Dominates(heap.SuperRoot, heap.SuperRoot)
		if err := s.Dominators.PreparePaths(ctx); err != nil {
			return nil, err
		}
		_, err := s.Dominators.Referrers(ctx)
		return nil, err
	})
}

// quit ends the program, which then returns err.
func (a *App) quit(err error) {
	if a.asked {
		return
	}
	a.asked, a.err = true, err
	a.cancel()
	a.tv.Stop()
}

// updateAnimated notes for the ticker whether the screen changes by itself.
func (a *App) updateAnimated() {
	a.tour.advance(a)
	a.animated.Store(a.snap == nil || a.busy() != "")
}

// flash shows a message until the next key.
func (a *App) flash(message string) { a.message = a.clean(message) }

// visit replaces the stack of views and remembers the old one.
func (a *App) visit(stack []view) {
	a.trail.visit(stack)
	a.entered()
}

// entered is called when another view has come on top.
func (a *App) entered() {
	for _, s := range []slot{slotView, slotExpand, slotGoto, slotAsk, slotCut} {
		a.cancelJob(s)
	}
	if len(a.why.cuts) > 0 {
		a.why.set = false // what was cut is whole again
	}
	a.top().enter()
	a.top().grid().forget(report.Bytes) // sizes may be shown in another way now
	a.moved()
}

// push opens a view above the one that is shown.
func (a *App) push(v view) {
	a.visit(append(append([]view(nil), a.stack...), v))
}

// open shows a numbered view.
func (a *App) open(t tab) {
	if a.base[t] == nil {
		a.base[t] = a.kinds[t].make(a)
	}
	if len(a.stack) == 1 && a.top() == a.base[t] {
		return
	}
	a.visit([]view{a.base[t]})
}

// back closes what is on top: the filter first, then the view.
func (a *App) back() {
	v := a.top()
	p, isPlanar := v.(planar)
	switch {
	case isPlanar && p.zoomOut(), filterOf(v).unfilter():
		a.moved()
	case len(a.stack) > 1:
		a.visit(a.stack[:len(a.stack)-1])
	default:
		a.flash("this is the first view; q quits")
	}
}

// moved is called when another row may be selected.
func (a *App) moved() {
	switch v := a.top().(type) {
	case nil:
	case pinned:
		a.why.look(v.pinned())
	default:
		a.why.look(v.subject())
	}
}

// key does what a key press means: to an open prompt, else by the actions of
// the view, else by the global ones. It reports whether it took the key.
func (a *App) key(ev *tcell.EventKey) bool {
	k := keyOf(ev)
	defer func() { a.lastKey = k; a.updateAnimated() }()
	if a.typed.takes(a, ev) {
		return true
	}
	if a.prompt != nil && k != code(tcell.KeyCtrlC) {
		return false
	}
	a.message = ""
	if action := a.find(k); action != nil {
		a.do(action)
	} else if a.snap != nil {
		a.flash(k.String() + " does nothing here; ? shows the keys")
	}
	return true
}

// find returns the action that a key stands for now, nil for none.
func (a *App) find(k Key) *Action {
	if a.snap == nil {
		for _, action := range loadingActions(a) {
			if action.bound(k) {
				return &action
			}
		}
		return nil
	}
	if a.snap != nil {
		for _, action := range a.top().actions() {
			if action.bound(k) {
				return &action
			}
		}
	}
	for i := range a.global {
		if a.global[i].bound(k) {
			return &a.global[i]
		}
	}
	return nil
}

func (a *App) do(action *Action) {
	if action.Disabled != nil {
		if why := action.Disabled(); why != "" {
			a.flash(action.Label + ": " + why)
			return
		}
	}
	action.Do()
	if a.snap != nil {
		a.moved()
	}
}

// copy puts a text on the terminal's clipboard.
func (a *App) copy(text string) {
	if text == "" {
		a.flash("nothing to copy here")
		return
	}
	if len(text) > copyLimit {
		a.flash(fmt.Sprintf("too long to copy: %d bytes, a terminal takes %d", len(text), copyLimit))
		return
	}
	a.screen.SetClipboard([]byte(text))
	a.flash("copied " + text)
}

// copyLimit keeps the base64 form below the 100,000 bytes at which terminals
// stop reading an OSC 52 sequence.
const copyLimit = 74_000
