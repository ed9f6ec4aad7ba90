package gocore

import (
	"cmp"
	"runtime/debug"
	"slices"

	"goheap/gocore/internal/image"
	"goheap/heap"
)

// AllocSite says where an object was allocated and how many of its kind the
// runtime's memory profiler has seen.
type AllocSite struct {
	Stack []Call // innermost first; the runtime's own functions are part of it

	// Of the objects that were allocated with this stack and this size, those
	// that the profiler sampled since the program began, and how many of these
	// were freed: by the runtime's own account.
	Allocs, Frees uint64
	Size          uint64 // bytes of each, rounding included

	// Rate is runtime.MemProfileRate: one object is sampled in so many bytes
	// allocated, every one if it is 1. 0 is unknown: heap dumps do not have it.
	Rate uint64
}

// Call is a line of a stack. Inlined calls are calls too.
type Call struct {
	Func, File string
	Line       int
}

const (
	memProfile = 1 // runtime/mprof.go, bucketType
	// maxProfileStack is the most that GODEBUG=profstackdepth allows
	// (runtime/mprof.go, maxProfStackDepth); until Go 1.22 there were 32.
	maxProfileStack = 1024
)

// SampledObjects returns how many objects, live or garbage, have an AllocSite.
func (p *objects) SampledObjects() int { return len(p.im.Samples) }

// AllocSite returns where n was allocated; ok is false where the memory profiler
// did not sample it, which is so for nearly all objects unless
// runtime.MemProfileRate is 1, and where its record is not in the file. Of several
// small values that share a slot it is the site of the first.
func (p *objects) AllocSite(n heap.Node) (AllocSite, bool) {
	defer p.caught(debug.SetPanicOnFault(true))
	e, slot, found := p.slot(n)
	if !found {
		return AllocSite{}, false
	}
	i, _ := slices.BinarySearchFunc(p.im.Samples, slot, func(s image.Sample, slot uint64) int { return cmp.Compare(s.Object, slot) })
	if i == len(p.im.Samples) || p.im.Samples[i].Object-slot >= e.Elem {
		return AllocSite{}, false
	}
	return p.readBucket(p.im.Samples[i].Bucket)
}

// readBucket reads a stack of the memory profile and its counters (runtime/mprof.go).
func (p *objects) readBucket(addr uint64) (site AllocSite, ok bool) {
	if p.decoder.Profile != nil {
		s, ok := p.decoder.Profile[addr]
		site := AllocSite{Allocs: s.Allocs, Frees: s.Frees, Size: s.Size, Rate: s.Rate}
		for _, c := range s.Stack {
			site.Stack = append(site.Stack, Call(c))
		}
		return site, ok && len(site.Stack) > 0
	}
	rt, a, w := p.decoder.Layout, p.im.Arch, uint64(p.im.Arch.PtrSize)
	head, ok := p.im.Mem.Slice(addr, uint64(rt.Bucket.Size))
	if !ok || !rt.Bucket.Nstk.Has() || rt.Bucket.Typ.Uint(a, head) != memProfile {
		return AllocSite{}, false
	}
	n := rt.Bucket.Nstk.Uint(a, head)
	if n > maxProfileStack {
		return AllocSite{}, false
	}
	site.Size = rt.Bucket.ObjSize.Uint(a, head)
	stack, ok := p.im.Mem.Slice(addr+uint64(rt.Bucket.Size), n*w)
	if !ok {
		return AllocSite{}, false
	}
	for i := range n {
		// There is one return address for each call, inlined ones included:
		// of the calls at the address, the innermost is meant.
		pc := a.Word(stack[i*w:])
		if calls := p.decoder.CallsAt(pc - 1); len(calls) > 0 {
			site.Stack = append(site.Stack, Call{calls[0].Name, calls[0].File, calls[0].Line})
		}
	}
	// What was published and what waits for the next collections to be.
	record, cycle := &rt.MemRecord, &rt.MemRecordCycle
	if b, ok := p.im.Mem.Slice(addr+uint64(rt.Bucket.Size)+n*w, uint64(record.Size)); ok && cycle.Size > 0 {
		for _, at := range []uint64{record.Active.Offset, record.Future.Offset, record.Future.Offset + uint64(cycle.Size), record.Future.Offset + 2*uint64(cycle.Size)} {
			if at+uint64(cycle.Size) <= uint64(len(b)) {
				site.Allocs += cycle.Allocs.Uint(a, b[at:])
				site.Frees += cycle.Frees.Uint(a, b[at:])
			}
		}
	}
	if rate, err := p.decoder.Global("runtime.MemProfileRate"); err == nil {
		site.Rate, _ = p.im.Mem.Word(rate)
	}
	return site, len(site.Stack) > 0
}
