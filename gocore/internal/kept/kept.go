// Package kept finds what a program has put off, or keeps for later: finalizers and cleanups,
// weak pointers, timers, what pools have, and contexts.
package kept

import (
	"context"
	"slices"
	"strings"

	"goheap/gocore/internal/frames"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/library"
	"goheap/gocore/internal/program"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
	"goheap/gocore/later"
	"goheap/heap"
)

// Config is a heap of which all is known.
type Config struct {
	Image      *image.Image // with all roots
	Graph      *heap.Graph
	Dominators *heap.Dominators
	IDs        []heap.TypeID   // by node
	Library    *library.Reader // of the program
	Program    *program.Program
	Closures   *program.Closures
	Frames     *frames.Reader
}

// finder makes a later.State.
type finder struct {
	Config
	out later.State
	// clocks are the closures that timers run, which are nobody's to call.
	clocks map[heap.Node]bool
	// interned are the words in the tables of package unique, those that lead to weak
	// pointers among them.
	interned map[uint64]bool
	// canonical are the objects that package unique has attached a cleanup to.
	canonical map[uint64]bool
	// of are the live objects of each role, ascending.
	of [roles][]heap.Node
}

// role is what objects of a type are of use for here.
type role uint8

const (
	unknown role = iota
	none
	aContext
	aCanceller // a closure that has captured a context that can be cancelled
	roles
)

// Find finds all of it. The error is the context's.
func Find(ctx context.Context, c Config) (*later.State, error) {
	f := &finder{Config: c, clocks: map[heap.Node]bool{}, interned: map[uint64]bool{}, canonical: map[uint64]bool{}}
	f.out.Clock = f.clock()
	for _, find := range []func(context.Context) error{f.sort, f.records, f.timers, f.pools, f.contexts} {
		if err := find(ctx); err != nil {
			return nil, err
		}
	}
	return &f.out, nil
}

// sort goes once through the types of all objects.
func (f *finder) sort(ctx context.Context) error {
	var known []role // by heap.TypeID
	for n, id := range f.IDs {
		if n%program.LookEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if id == 0 || id >= typing.FirstFit {
			continue
		}
		if int(id) >= len(known) {
			known = append(known, make([]role, int(id)+1-len(known))...)
		}
		if known[id] == unknown {
			known[id] = f.roleOf(id)
		}
		if r := known[id]; r != none {
			f.of[r] = append(f.of[r], heap.Node(n))
		}
	}
	return nil
}

// roleOf says what objects of a type are. Nobody but package context can name the types of
// contexts that can be cancelled, so that it is its code, or what is inlined of it, that has
// made a closure with one (context/context.go, WithCancel, WithDeadlineCause).
func (f *finder) roleOf(id heap.TypeID) role {
	t, form := typing.SplitTypeID(id)
	typ := f.Library.Types.Type(t)
	if form != typing.OneValue || typ.Kind != types.Struct {
		return none
	}
	l := &f.Library.Layout.Library
	switch {
	case l.CancelCtx.Name.Is(typ.Name), l.TimerCtx.Name.Is(typ.Name), l.ValueCtx.Name.Is(typ.Name), l.AfterFuncCtx.Name.Is(typ.Name), l.WithoutCancelCtx.Name.Is(typ.Name), l.StopCtx.Name.Is(typ.Name):
		return aContext
	case strings.HasPrefix(typ.Name, typing.ClosurePrefix):
		for _, c := range typ.Fields {
			if f.cancellable(c.Type) {
				return aCanceller
			}
		}
	}
	return none
}

// node returns the node of the object that an address is in, heap.None for none.
func (f *finder) node(addr uint64) heap.Node {
	if n, ok := f.Image.Pages.Lookup(addr); ok && addr != 0 {
		return n
	}
	return heap.None
}

// typeName is the type of a live object that is one value, "" where it is not known.
func (f *finder) typeName(n heap.Node) string {
	if n == heap.None || int(n) >= len(f.IDs) || f.IDs[n] == 0 || f.IDs[n] >= typing.FirstFit {
		return ""
	}
	t, form := typing.SplitTypeID(f.IDs[n])
	switch name := f.Library.Types.Type(t).Name; form {
	case typing.ManyValues:
		return "[]" + name
	case typing.StringData:
		return "string data"
	default:
		return name
	}
}

// closureName names the function of the closure at an address, "" for unknown.
func (f *finder) closureName(closure uint64) string {
	entry, ok := f.Image.Mem.Word(closure)
	if !ok || closure == 0 {
		return ""
	}
	fn, ok := f.Program.Function(entry)
	if !ok || fn.Entry != entry {
		return ""
	}
	return program.WithoutShapes(fn.Name())
}

// clock finds the latest time that the runtime has written down: at the end of a
// collection, when the network was last polled, and when sysmon saw a processor change what
// it does (runtime/proc.go, retake). lastpoll is 0 while a thread polls.
func (f *finder) clock() (c later.Clock) {
	if f.Program.Exe == nil {
		return c
	}
	l, a, mem := f.Library.Layout, f.Image.Arch, f.Image.Mem
	if addr, err := f.Program.Global("runtime.sched"); err == nil {
		b, _ := mem.Slice(addr, uint64(l.Sched.Size))
		c.Least = max(c.Least, int64(l.Sched.Lastpoll.Uint(a, b)))
	}
	records := program.Records{Program: f.Program}
	for _, p := range records.Processors() {
		if b, ok := mem.Slice(p, uint64(l.P.Size)); ok {
			c.Least = max(c.Least, int64(l.P.SchedWhen.Uint(a, b)), int64(l.P.SyscallWhen.Uint(a, b)))
		}
	}
	if addr, err := f.Program.Global("runtime.memstats"); err == nil {
		b, _ := mem.Slice(addr, uint64(l.Mstats.Size))
		collected, unix := int64(l.Mstats.LastGC.Uint(a, b)), int64(l.Mstats.LastGCUnix.Uint(a, b))
		c.Least = max(c.Least, collected)
		if collected > 0 && unix > 0 {
			c.Unix = unix + (c.Least - collected)
		}
	}
	return c
}

// bytesOf is the size of a slot.
func (f *finder) bytesOf(n heap.Node) uint64 { return f.Graph.Size(n) }

// sortedNodes sorts nodes, each once.
func sortedNodes(list []heap.Node) []heap.Node {
	slices.Sort(list)
	return slices.Compact(list)
}
