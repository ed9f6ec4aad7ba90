package heapdump

import (
	"goheap/dump"
	"goheap/gocore/internal/image"
)

// profile is the memory profile in a heap dump: the stacks by the address of the
// runtime.bucket, which samples have.
type profile map[uint64]image.Site

// bucket adds a record; name copies strings. The function of a call is the one that
// was compiled, its file and line are of the innermost call inlined into it
// (runtime/heapdump.go, dumpmemprof_callback). The rate is not in the dump.
func (p profile) bucket(r dump.MemProfRecord, name func([]byte) string) {
	s := image.Site{Size: r.Size, Allocs: r.Allocs, Frees: r.Frees}
	for _, c := range r.Stack {
		s.Stack = append(s.Stack, image.Call{Func: name(c.Func), File: name(c.File), Line: int(min(c.Line, 1<<31-1))})
	}
	p[r.Bucket] = s
}
