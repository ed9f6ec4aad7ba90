package gocore

import (
	"cmp"
	"context"
	"runtime/debug"
	"slices"

	"goheap/gocore/internal/frames"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/program"
	"goheap/gocore/profile"
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
	x, ok := p.decoder.Bucket(p.im.Samples[i].Bucket)
	site := AllocSite{Allocs: x.Allocs, Frees: x.Frees, Size: x.Size, Rate: x.Rate}
	for _, c := range x.Stack {
		site.Stack = append(site.Stack, Call(c))
	}
	return site, ok && len(site.Stack) > 0
}

// HeapProfile returns the memory profile as runtime.MemProfile would have said it at that
// moment. The error is the context's.
func (p *Process) HeapProfile(ctx context.Context) (h *profile.Heap, err error) {
	err = Guard(func() error {
		h, err = program.HeapProfile(ctx, p.decoder)
		return err
	})
	return h, err
}

// Contention returns the block or the mutex profile. The error is the context's.
func (p *Process) Contention(ctx context.Context, kind profile.Kind) (c *profile.Contention, err error) {
	err = Guard(func() error {
		c, err = program.ContentionProfile(ctx, p.decoder, kind)
		return err
	})
	return c, err
}

// ProfileStacks returns those of the goroutines or the threads, as the profile counts them; none
// of a heap dump.
func (p *Process) ProfileStacks(kind profile.Kind) (all []profile.Stack, err error) {
	err = Guard(func() error {
		if all = program.Threads(p.decoder); kind == profile.Goroutines {
			all = frames.Profile(p.stacks.vars)
		}
		return nil
	})
	return all, err
}

// LiveSite is a stack with which live objects of one size were allocated, as far as the
// memory profiler sampled them: it has no Allocs and Frees.
type LiveSite struct {
	profile.HeapSample
	Objects []heap.Node // ascending; one that several small values share counts for each
}

// LiveSites returns the stacks that live sampled objects have, in the order of the first
// of these, and the rate at which they were sampled, which is not known of a heap dump.
// The error is the context's.
func (h *Heap) LiveSites(ctx context.Context) (sites []LiveSite, rate uint64, known bool, err error) {
	err = Guard(func() error {
		rate, known = program.SampleRate(h.decoder)
		stacks, err := h.im.LiveSamples(ctx, h.dominators.Live)
		for _, stack := range stacks {
			if sample, ok := program.SampleAt(h.decoder, stack.Bucket); ok {
				sites = append(sites, LiveSite{sample, stack.Objects})
			}
		}
		return err
	})
	return sites, rate, known, err
}
