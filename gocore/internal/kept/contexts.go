package kept

import (
	"context"
	"slices"
	"strings"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/library"
	"goheap/gocore/internal/program"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
	"goheap/gocore/later"
	"goheap/heap"
)

// contexts finds the live objects of package context, the parent of each, and who may cancel
// it.
func (f *finder) contexts(ctx context.Context) error {
	at := map[uint64]int{}
	var made []library.Context
	var inner []heap.Node
	for i, n := range f.of[aContext] {
		if err := program.Look(ctx, i); err != nil {
			return err
		}
		t, _ := typing.SplitTypeID(f.IDs[n])
		addr := f.valueAddr(n)
		c, ok := f.Library.ContextAt(f.Library.Types.Type(t), addr)
		if !ok {
			continue
		}
		if in := f.node(c.CancelAt); in != heap.None && in != n {
			inner = append(inner, in) // in Go 1.20
		}
		at[addr] = len(made)
		made = append(made, c)
		f.out.Contexts = append(f.out.Contexts, later.Context{Node: n})
	}
	for i := range made {
		f.fill(&f.out.Contexts[i], &made[i], at)
	}
	f.out.FuncsKnown = f.capturesKnown()
	f.findFuncs(at)
	f.findOnStacks(at)
	f.drop(inner)
	return ctx.Err()
}

// slotOf is the address of a slot, and its extent.
func (f *finder) slotOf(n heap.Node) (uint64, *image.Extent) {
	i := f.Graph.ExtentOf(n)
	if i < 0 {
		return 0, nil
	}
	e := &f.Image.Extents[i]
	return e.Base + uint64(n-e.First)*e.Elem, e
}

// valueAddr is where the value of an object begins.
func (f *finder) valueAddr(n heap.Node) uint64 {
	addr, e := f.slotOf(n)
	if e != nil && e.Pointers == image.Headers {
		addr += image.MallocHeader
	}
	return addr
}

// cancellable reports whether a type is that of pointers to contexts that can be cancelled.
func (f *finder) cancellable(t types.ID) bool {
	typ := f.Library.Types.Type(t)
	if typ.Kind != types.Pointer {
		return false
	}
	l, name := &f.Library.Layout.Library, f.Library.Types.Type(typ.Elem).Name
	return l.CancelCtx.Name.Is(name) || l.TimerCtx.Name.Is(name)
}

// fill says what a context is, and which one it was made from: the nearest one that is an
// object of package context, through those of others that have one embedded.
func (f *finder) fill(out *later.Context, c *library.Context, at map[uint64]int) {
	out.Call, out.Parent = c.Call, -1
	out.Cancels, out.Cancelled, out.Children = c.Cancel != nil, c.Cancelled, c.Children
	out.Deadline = f.deadline(c)
	const others = 16 // that stand between two contexts of the library
	typ, addr := c.Parent, c.ParentAt
	for range others {
		if typ == nil {
			break
		}
		if i, ok := at[addr]; ok && strings.HasPrefix(typ.Name, "context.") {
			out.Parent = i
			return
		}
		up, ok := f.Library.ContextAt(typ, addr)
		if !ok {
			break
		}
		if out.Base == "" || up.Parent == nil {
			out.Base = up.Call
		}
		typ, addr = up.Parent, up.ParentAt
	}
	if out.Base == "" {
		out.Base = "?"
	}
}

// deadline is that of a context on the runtime's clock: by its monotonic reading, which
// counts from time.startNano, or else by the wall clock.
func (f *finder) deadline(c *library.Context) int64 {
	if c.Wall == 0 {
		return 0
	}
	if c.Monotonic != 0 && f.Program.Exe != nil {
		if addr, err := f.Program.Global("time.startNano"); err == nil {
			if start, ok := f.Image.Mem.Uint(addr, 8); ok && start != 0 {
				return int64(start) + c.Monotonic
			}
		}
	}
	if f.out.Clock.Unix == 0 {
		return 0
	}
	return f.out.Clock.Least + (c.Wall - f.out.Clock.Unix)
}

// capturesKnown reports whether debugging information has what closures capture, or, until Go
// 1.22, their code tells it.
func (f *finder) capturesKnown() bool {
	if f.Program.Exe == nil || f.Program.Exe.File == nil || f.Program.Described != nil || !f.Program.Exe.File.HasDWARF() {
		return false
	}
	minor, ok := f.Program.Minor()
	return ok && (minor > 22 || f.Image.Arch.Name == "amd64")
}

// findFuncs finds the contexts that closures cancel.
func (f *finder) findFuncs(at map[uint64]int) {
	for _, n := range f.of[aCanceller] {
		if f.clocks[n] {
			continue
		}
		t, _ := typing.SplitTypeID(f.IDs[n])
		addr := f.valueAddr(n)
		for _, c := range f.Library.Types.Type(t).Fields[1:] {
			if !f.cancellable(c.Type) {
				continue
			}
			to, _ := f.Image.Mem.Word(addr + c.Offset)
			if i, ok := at[to]; ok {
				f.out.Contexts[i].Funcs = append(f.out.Contexts[i].Funcs, n)
			}
		}
	}
}

// findOnStacks finds the contexts that closures on stacks cancel.
func (f *finder) findOnStacks(at map[uint64]int) {
	if len(at) == 0 || f.Image.Walker == nil {
		return
	}
	for i := range f.Image.Goroutines {
		_, words := f.Frames.Walk(i)
		f.Closures.CapturedOnStack(&f.Image.Goroutines[i], words, func(t types.ID, addr uint64) {
			if !f.cancellable(t) {
				return
			}
			to, _ := f.Image.Mem.Word(addr)
			if k, ok := at[to]; ok && !slices.Contains(f.out.Contexts[k].Goroutines, i) {
				f.out.Contexts[k].Goroutines = append(f.out.Contexts[k].Goroutines, i)
			}
		})
	}
}

// drop leaves out contexts that are parts of others: their parents stay.
func (f *finder) drop(inner []heap.Node) {
	if len(inner) == 0 {
		return
	}
	inner = sortedNodes(inner)
	place := make([]int, len(f.out.Contexts))
	kept := f.out.Contexts[:0:0]
	for i := range f.out.Contexts {
		place[i] = -1
		if _, ok := slices.BinarySearch(inner, f.out.Contexts[i].Node); !ok {
			place[i] = len(kept)
			kept = append(kept, f.out.Contexts[i])
		}
	}
	for i := range kept {
		if p := kept[i].Parent; p >= 0 {
			kept[i].Parent = place[p]
		}
	}
	f.out.Contexts = kept
}
