package gocore

import (
	"cmp"
	"slices"

	"goheap/dump"
	"goheap/heap"
)

// profile is the memory profile in a heap dump.
type profile struct {
	buckets map[uint64]AllocSite
	samples []allocSample // by object, once they are sorted
}

type allocSample struct{ object, bucket uint64 }

// AllocSite is where sampled objects were allocated: a bucket of the program's
// memory profile.
type AllocSite struct {
	Size          uint64 // of one object
	Allocs, Frees uint64 // how many were sampled
	Stack         []AllocCall
}

// AllocCall is a call on the stack of an allocation, the allocator first. The
// function is the one that was compiled; file and line are of the innermost call
// inlined into it.
type AllocCall struct {
	Func, File string
	Line       int
}

// bucket adds a record; name copies strings.
func (p *profile) bucket(r dump.MemProfRecord, name func([]byte) string) {
	s := AllocSite{Size: r.Size, Allocs: r.Allocs, Frees: r.Frees}
	for _, c := range r.Stack {
		s.Stack = append(s.Stack, AllocCall{name(c.Func), name(c.File), int(min(c.Line, 1<<31-1))})
	}
	if p.buckets == nil {
		p.buckets = map[uint64]AllocSite{}
	}
	p.buckets[r.Bucket] = s
}

func (p *profile) sort() {
	slices.SortStableFunc(p.samples, func(a, b allocSample) int { return cmp.Compare(a.object, b.object) })
}

// AllocSite returns where an object was allocated, if the program's memory profile
// sampled it. Cores have no profile so far.
func (p *Process) AllocSite(n heap.Node) (AllocSite, bool) {
	e, addr, ok := p.slot(n)
	if !ok || p.profile == nil {
		return AllocSite{}, false
	}
	// A sample has the address that the program got: behind the header, or
	// anywhere in a block of tiny values.
	i, _ := slices.BinarySearchFunc(p.profile.samples, addr, func(s allocSample, a uint64) int { return cmp.Compare(s.object, a) })
	if i == len(p.profile.samples) || p.profile.samples[i].object-addr >= e.elem {
		return AllocSite{}, false
	}
	site, ok := p.profile.buckets[p.profile.samples[i].bucket]
	return site, ok
}
