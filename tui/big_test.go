package tui

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"goheap/gocore"
	"goheap/gocore/account"
	"goheap/gocore/later"
	"goheap/gocore/member"
	"goheap/gocore/profile"
	"goheap/gocore/use"
	"goheap/gocore/wait"
	"goheap/gocore/waste"
	"goheap/heap"
	"goheap/report"
)

// large is a program of millions of objects of which nothing is kept but the
// graph: everything that is said of a node follows from its number. It counts what
// it is asked.
//
//	main.cache       → a slice of all sessions; each has a user, data and attributes
//	main.index       → a map with every eighth session, which it thus holds jointly
//	main.head        → a list of as many elements as there are sessions
//	goroutines       → 100 buffers each, of which each stack holds as many
type large struct {
	sessions   uint32
	graph      *heap.Graph
	dominators *heap.Dominators
	types      []heap.TypeID
	extents    []heap.Extent
	asked      int
}

// Kinds of nodes of large, in the order of its extents.
const (
	lAttrs = iota
	lUser
	lSession
	lData
	lNode
	lBuffer
	lSlice
	lMap
	lKinds
)

var largeTypes = [lKinds]string{"map[string]string", "main.User", "main.Session", "[]uint8", "main.node", "[]uint8", "[]*main.Session", "map[string]*main.Session"}

const (
	largeGlobals    = 3
	largeGoroutines = 200
	largeBuffers    = 100
)

// newLarge makes a program of about n objects.
func newLarge(n int) *large {
	l := &large{sessions: uint32(n / 5)}
	counts := [lKinds]uint32{l.sessions, l.sessions, l.sessions, l.sessions, l.sessions, largeGoroutines * largeBuffers, 1, 1}
	sizes := [lKinds]uint64{48, 64, 96, 112, 32, 1024, uint64(l.sessions) * 8, 4096}
	first := heap.Node(1 + largeGlobals + largeGoroutines)
	for k := range lKinds {
		first = (first + heap.ExtentAlign - 1) / heap.ExtentAlign * heap.ExtentAlign
		l.extents = append(l.extents, heap.Extent{First: first, Count: counts[k], Size: sizes[k]})
		first += heap.Node(counts[k])
	}
	l.types = make([]heap.TypeID, first)
	for k, e := range l.extents {
		for i := range e.Count {
			l.types[e.First+heap.Node(i)] = heap.TypeID(k + 1)
		}
	}
	offset, target := make([]uint64, 1, first+1), make([]heap.Node, 0, uint64(l.sessions)*6)
	add := func(targets ...heap.Node) { target = append(target, targets...) }
	for n := range first {
		switch kind, i := l.kind(n); {
		case n == heap.SuperRoot:
			for r := range largeGlobals + largeGoroutines {
				add(heap.Node(1 + r))
			}
		case n == 1:
			add(l.node(lSlice, 0))
		case n == 2:
			add(l.node(lMap, 0))
		case n == 3:
			add(l.node(lNode, 0))
		case n <= largeGlobals+largeGoroutines:
			for b := range uint32(largeBuffers) {
				add(l.node(lBuffer, uint32(n-1-largeGlobals)*largeBuffers+b))
			}
		case kind == lSlice:
			for s := range l.sessions {
				add(l.node(lSession, s))
			}
		case kind == lMap:
			for s := uint32(0); s < l.sessions; s += 8 {
				add(l.node(lSession, s))
			}
		case kind == lSession:
			add(l.node(lUser, i), l.node(lData, i), l.node(lAttrs, i))
		case kind == lNode && i+1 < l.sessions:
			add(l.node(lNode, i+1))
		}
		offset = append(offset, uint64(len(target)))
	}
	l.graph = heap.NewGraph(largeGlobals+largeGoroutines, offset, target, l.extents)
	var err error
	if l.dominators, err = l.graph.Dominators(context.Background()); err != nil {
		panic(err)
	}
	return l
}

func (l *large) node(kind int, i uint32) heap.Node { return l.extents[kind].First + heap.Node(i) }

// kind returns the kind of a node and its number among these, -1 for no object.
func (l *large) kind(n heap.Node) (int, uint32) {
	for k, e := range l.extents {
		if n >= e.First && uint32(n-e.First) < e.Count {
			return k, uint32(n - e.First)
		}
	}
	return -1, 0
}

func (l *large) Source() gocore.Source {
	return gocore.Source{Kind: "core", Path: "core.large", Bytes: 1 << 30, GoVersion: "go1.26.8", OS: "linux", Arch: "amd64", Symbols: "dwarf", Complete: true}
}
func (l *large) Problems() []gocore.Problem   { return nil }
func (l *large) Graph() *heap.Graph           { return l.graph }
func (l *large) Dominators() *heap.Dominators { return l.dominators }
func (l *large) Waits(context.Context) ([][]wait.Awaited, []int, error) {
	return nil, nil, nil
}
func (l *large) WaitGraph(context.Context) (*wait.Graph, error) { return &wait.Graph{}, nil }
func (l *large) Later(context.Context) (*later.State, error)    { return &later.State{}, nil }
func (l *large) Waste(context.Context, waste.Visitor) error     { return nil }
func (l *large) Account(context.Context, *account.Residency, bool) (account.Account, error) {
	return account.Account{}, nil
}
func (l *large) Check(context.Context) ([]gocore.Check, error)   { return nil, nil }
func (l *large) AllocatedSlots() (objects, bytes uint64)         { return 0, 0 }
func (l *large) GCMarkedBytes() uint64                           { return 0 }
func (l *large) TypeIDs() []heap.TypeID                          { return l.types }
func (l *large) TypeOf(n heap.Node) gocore.TypeInfo              { return l.TypeInfo(l.types[n]) }
func (l *large) Typing() gocore.Typing                           { return gocore.Typing{} }
func (l *large) Evidence(heap.Node) gocore.Evidence              { return gocore.EvidenceHeader }
func (l *large) Fits(heap.Node) []string                         { return nil }
func (l *large) Count(heap.Node) uint64                          { return 1 }
func (l *large) CountKnown(heap.Node) bool                       { return true }
func (l *large) HeldCount(heap.Node, []heap.Node) (uint64, bool) { return 0, false }
func (l *large) Close() error                                    { l.dominators.Close(); return nil }

// Nothing is known of values, nothing is found.
func (l *large) RecordedType(heap.Node) string { return "" }
func (l *large) LiveSites(context.Context) ([]gocore.LiveSite, uint64, bool, error) {
	return nil, 0, false, nil
}
func (l *large) UsedBy(heap.Node) use.Use                              { return use.Use{} }
func (l *large) AllocSite(heap.Node) (site gocore.AllocSite, ok bool)  { return site, false }
func (l *large) Value(heap.Node) (v gocore.Value, ok bool)             { return v, false }
func (l *large) Children(gocore.Value, int, int) []gocore.Value        { return nil }
func (l *large) First(v gocore.Value, _ uint64) gocore.Value           { return v }
func (l *large) FieldsOf(gocore.Value, int, int) ([]gocore.Field, int) { return nil, 0 }
func (l *large) Choose(_ context.Context, v gocore.Value, _ gocore.Choice) (gocore.Value, gocore.Chosen, error) {
	return v, gocore.Chosen{}, nil
}
func (l *large) Member(heap.TypeID, []string, member.Ask) (member.Member, error) {
	return member.Member{}, errors.New("no fields")
}
func (l *large) FollowedAt(heap.Node, uint64) bool { return false }
func (l *large) FindBytes(context.Context, []byte, int) (gocore.Hits, error) {
	return gocore.Hits{}, nil
}
func (l *large) FindWord(context.Context, uint64, int) (gocore.Hits, error) {
	return gocore.Hits{}, nil
}

func (l *large) TypeInfo(id heap.TypeID) gocore.TypeInfo {
	if id == 0 {
		return gocore.TypeInfo{}
	}
	return gocore.TypeInfo{Name: largeTypes[id-1], Package: "main", Known: true}
}

func (l *large) NodeAt(addr uint64) (heap.Node, bool) {
	n := heap.Node((addr - 0xc000000000) / 16)
	kind, _ := l.kind(n)
	return n, kind >= 0
}

func (l *large) Addr(n heap.Node) uint64 {
	l.asked++
	if l.graph.IsRoot(n) && n > largeGlobals {
		return 0
	}
	return 0xc000000000 + uint64(n)*16
}

func (l *large) Name(n heap.Node) string {
	l.asked++
	switch {
	case n <= largeGlobals:
		return [...]string{"", "main.cache", "main.index", "main.head"}[n]
	case l.graph.IsRoot(n):
		return fmt.Sprintf("goroutine %d main.worker", n)
	}
	return fmt.Sprintf("0x%x %s", l.Addr(n), l.Type(n))
}

func (l *large) KindOf(n heap.Node) gocore.RootKind {
	switch {
	case n <= largeGlobals:
		return gocore.GlobalRoot
	case l.graph.IsRoot(n):
		return gocore.GoroutineRoot
	}
	return gocore.NoRoot
}

func (l *large) Type(n heap.Node) string {
	l.asked++
	if kind, _ := l.kind(n); kind >= 0 {
		return largeTypes[kind]
	}
	return ""
}

func (l *large) Roots() (roots []gocore.Root) {
	for r := range heap.Node(largeGlobals + largeGoroutines) {
		root := gocore.Root{Node: r + 1, Kind: l.KindOf(r + 1), Name: l.Name(r + 1), Addr: l.Addr(r + 1), Size: 8, Goroutine: -1}
		if r < largeGlobals {
			root.Package = "main"
		}
		roots = append(roots, root)
	}
	return roots
}

func (l *large) Goroutines() (all []gocore.Goroutine) {
	for g := range largeGoroutines {
		all = append(all, gocore.Goroutine{ID: uint64(g + 1), Node: heap.Node(1 + largeGlobals + g), Status: "waiting", WaitReason: "chan receive",
			Func: "main.worker", CreatedBy: "main.main", StackBytes: 8192, WaitNanos: int64(g) * 1e9})
	}
	return all
}

func (l *large) Labels(int) []gocore.Label { return nil }

func (l *large) HeapProfile(context.Context) (*profile.Heap, error)  { return &profile.Heap{}, nil }
func (l *large) ProfileStacks(profile.Kind) ([]profile.Stack, error) { return nil, nil }
func (l *large) Contention(context.Context, profile.Kind) (*profile.Contention, error) {
	return &profile.Contention{}, nil
}

func (l *large) Frames(g int) []gocore.Frame {
	return []gocore.Frame{{Func: "main.worker", File: "/src/main.go", Line: 42, Vars: []gocore.Var{{Name: "buf", Type: "[]uint8", Target: l.node(lBuffer, uint32(g*largeBuffers))}}}}
}

func (l *large) Stack(g, most int) (calls []gocore.StackCall, elided, behind int) {
	f := l.Frames(g)[0]
	v := f.Vars[0]
	return []gocore.StackCall{{Frame: f, Locals: []gocore.Local{{Name: v.Name, Type: v.Type, State: gocore.LocalKnown, Text: "len 1024", Target: v.Target}}}}, 0, 0
}

func (l *large) Path(nodes []heap.Node) gocore.Path {
	p := gocore.Path{Root: nodes[0]}
	var expression strings.Builder
	for i, n := range nodes {
		h := gocore.Hop{Node: n, Type: l.Type(n), Addr: l.Addr(n), Expr: l.Name(n)}
		if i > 0 {
			h.Expr, _, _ = l.Edge(nodes[i-1], n)
		}
		expression.WriteString(h.Expr)
		p.Hops = append(p.Hops, h)
	}
	p.Expression = expression.String()
	return p
}

func (l *large) Holdings(heap.Node, heap.Node, int) ([]gocore.Holding, int) { return nil, 0 }

func (l *large) Edge(from, to heap.Node) (expr string, offset uint64, ok bool) {
	l.asked++
	_, i := l.kind(to)
	switch kind, _ := l.kind(from); kind {
	case lSlice:
		return fmt.Sprintf("[%d]", i), 8 * uint64(i), true
	case lMap:
		return fmt.Sprintf(`["s%d"]`, i), 8 * uint64(i), true
	case lSession:
		kind, _ := l.kind(to)
		return map[int]string{lUser: ".User", lData: ".Data", lAttrs: ".Attrs"}[kind], 8 * uint64(kind), true
	case lNode:
		return ".next", 0, true
	}
	if l.graph.IsRoot(from) {
		return "", 0, true
	}
	return "", 0, false
}

func (l *large) Hex(n heap.Node, off, size uint64) []byte { return make([]byte, size) }

func (l *large) ValueAddr(n heap.Node) uint64 { return l.Addr(n) }

func (l *large) Resolve(target string) (gocore.Place, error) {
	if addr, err := strconv.ParseUint(target, 0, 64); err == nil {
		if n, ok := l.NodeAt(addr); ok {
			return gocore.Place{Node: n}, nil
		}
	}
	return gocore.Place{Node: heap.None}, errors.New("nothing is called " + target)
}

// largeNodes is how many objects the tests of large programs have: few enough to
// test often. make bench has twenty million.
func largeNodes(t testing.TB) int {
	if text := os.Getenv("GOHEAP_TUI_OBJECTS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return 1_000_000
}

// deferred is a terminal whose jobs wait until the test lets them run: what a key
// does on the event loop can be told from what it leaves to workers.
type deferred struct {
	*terminal
	waiting []func()
}

func newDeferred(t testing.TB, s *report.Snapshot, w, h int, opt Options) *deferred {
	d := &deferred{terminal: newTerminal(t, nil, w, h, opt)}
	d.app.spawn = func(f func()) { d.waiting = append(d.waiting, f) }
	d.app.budget = time.Hour // how quick the machine is decides nothing
	d.app.show(s)
	d.work()
	return d
}

// work runs the jobs that wait, and those that they start, and draws.
func (d *deferred) work() {
	for len(d.waiting) > 0 {
		f := d.waiting[0]
		d.waiting = d.waiting[1:]
		f()
		d.app.drain()
	}
	d.draw()
}

// keys presses keys and lets the jobs run after each.
func (d *deferred) keys(keys ...string) {
	for _, k := range keys {
		d.press(k)
		d.work()
	}
}

func randomKey(r *rand.Rand) *tcell.EventKey {
	runes := []rune("123456789jkhlgGwidtTfauU/:sS[]yYpq?-=xX n0mMbBcCPFzZ<>'rD")
	codes := []tcell.Key{tcell.KeyEnter, tcell.KeyEscape, tcell.KeyTab, tcell.KeyBacktab, tcell.KeyUp, tcell.KeyDown, tcell.KeyLeft, tcell.KeyBackspace2,
		tcell.KeyRight, tcell.KeyPgDn, tcell.KeyPgUp, tcell.KeyHome, tcell.KeyEnd, tcell.KeyCtrlD, tcell.KeyCtrlU, tcell.KeyCtrlF, tcell.KeyCtrlB, tcell.KeyF1}
	if r.IntN(2) == 0 {
		return tcell.NewEventKey(tcell.KeyRune, runes[r.IntN(len(runes))], 0)
	}
	return tcell.NewEventKey(codes[r.IntN(len(codes))], 0, 0)
}

// randomWalk presses random keys on screens of random sizes, lets the jobs run or
// be cancelled, and holds the work of each key on the event loop to what is on the
// screen: the cells that are made, what is asked of the program, the memory.
func randomWalk(t *testing.T, s *report.Snapshot, asked *int, seed uint64, keys int) {
	r := rand.New(rand.NewPCG(seed, 2))
	start := func() *deferred {
		d := newDeferred(t, s, 80, 24, Options{})
		d.app.budget = cellBudget
		return d
	}
	d := start()
	var pressed []string
	defer func() {
		if v := recover(); v != nil {
			t.Fatalf("%v after %s\n%s", v, strings.Join(pressed, " "), debug.Stack())
		}
	}()
	var stats runtime.MemStats
	for range keys {
		if r.IntN(8) == 0 {
			d.scr.SetSize(20+r.IntN(181), 5+r.IntN(56))
			d.draw()
		}
		ev := randomKey(r)
		pressed = append(pressed, keyOf(ev).String())
		body := d.app.top().grid()
		cells, calls := body.fetched, *asked
		runtime.ReadMemStats(&stats)
		allocated := stats.TotalAlloc
		d.event(ev)
		w, h := d.scr.Size()
		runtime.ReadMemStats(&stats)
		after := d.app.top().grid()
		if after != body {
			cells = 0
		}
		if after.rows != nil {
			if n, most := after.fetched-cells, 3*max(h, 1)*len(after.rows.columns()); after == body && n > most {
				t.Errorf("%d cells for one key on %dx%d, more than %d, after %s", n, w, h, most, strings.Join(pressed, " "))
			}
		}
		// Twenty questions about each visible row, and some about the chain.
		if n, most := *asked-calls, 20*h+4000; n > most {
			t.Errorf("%d questions for one key on %dx%d after %s", n, w, h, strings.Join(pressed, " "))
		}
		const room = 4 << 20 // the screen itself takes some hundred kilobytes
		if n := stats.TotalAlloc - allocated; n > room {
			t.Errorf("%d bytes for one key on %dx%d after %s", n, w, h, strings.Join(pressed, " "))
		}
		if t.Failed() {
			return
		}
		if r.IntN(5) > 0 {
			d.work()
		}
		if d.app.asked { // q on the first view
			d = start()
		}
	}
	d.text()
}

// Whatever is pressed, what a key does on the event loop does not grow with the
// heap.
func TestRandomKeysLarge(t *testing.T) {
	t.Chdir(t.TempDir()) // for bookmarks
	l := newLarge(largeNodes(t))
	s, err := report.New(context.Background(), l, l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Dominators.Close() })
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { randomWalk(t, s, &l.asked, seed, 120) })
	}
}

// Every key in the views that have most rows: what a person waits for. Jobs run
// between the keys, as they would.
func BenchmarkKeys(b *testing.B) {
	b.Chdir(b.TempDir()) // for bookmarks
	const (
		budget = 50 * time.Millisecond
		rounds = 3
	)
	l := newLarge(largeNodes(b))
	s, err := report.New(context.Background(), l, l)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Dominators.Close() })
	for _, place := range []struct {
		name string
		keys []string
	}{
		{"overview", nil}, {"dominators", []string{"2", "l", "j", "l"}}, {"types", []string{"3"}}, {"instances", []string{"3", "/Session", "enter", "enter"}},
		{"roots", []string{"4"}}, {"goroutines", []string{"5"}}, {"suspects", []string{"6"}}, {"query", []string{"=retained > 100", "enter"}},
		{"map", []string{"8", "enter"}}, {"inspector", []string{"i"}}, {"references", []string{">"}}, {"path", []string{"w"}}, {"merged", []string{"3", "P"}},
	} {
		b.Run(place.name, func(b *testing.B) {
			d := newDeferred(b, s, 200, 60, Options{})
			d.app.budget = cellBudget
			d.keys(place.keys...)
			stack := d.app.stack
			least := map[string]time.Duration{} // of some rounds: the machine does other things too
			for b.Loop() {
				for range rounds {
					for _, action := range append(d.app.top().actions(), d.app.global...) {
						key := action.Keys[0].String()
						if key == "ctrl-c" || key == "ctrl-z" || key == "q" {
							continue
						}
						start := time.Now()
						d.press(key)
						if took := time.Since(start); least[key] == 0 || took < least[key] {
							least[key] = took
						}
						d.work()
						if d.app.prompt != nil {
							d.app.closePrompt()
						}
						if top := d.app.top(); top != stack[len(stack)-1] {
							d.app.visit(stack)
							d.work()
						}
					}
				}
			}
			worst, slowest := time.Duration(0), ""
			for key, took := range least {
				if took > worst {
					worst, slowest = took, key
				}
			}
			b.Logf("the slowest key is %s", slowest)
			b.ReportMetric(float64(worst.Microseconds())/1000, "worst-ms")
			if worst > budget {
				b.Errorf("%s took %v in %s", slowest, worst, place.name)
			}
		})
	}
}
