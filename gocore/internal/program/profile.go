package program

import "goheap/gocore/internal/image"

const (
	memProfile = 1 // runtime/mprof.go, bucketType
	// maxProfileStack is the most that GODEBUG=profstackdepth allows
	// (runtime/mprof.go, maxProfStackDepth); until Go 1.22 there were 32.
	maxProfileStack = 1024
)

// Bucket reads a stack of the memory profile, innermost call first, and its counters
// (runtime/mprof.go), from the runtime.bucket at addr. ok is false where it is not in the
// file, or of another kind.
func (d *Program) Bucket(addr uint64) (site image.Site, ok bool) {
	if d.Profile != nil {
		site, ok = d.Profile[addr]
		return site, ok
	}
	b, ok := readBucket(d, addr, memProfile)
	if !ok {
		return image.Site{}, false
	}
	site.Size = b.size
	for _, f := range framesOf(d, b.stack) {
		if f.Func != "" {
			site.Stack = append(site.Stack, image.Call{Func: f.Func, File: f.File, Line: f.Line})
		}
	}
	// What was published and what waits for the next collections to be.
	r := readAllocs(d, b)
	all := r.active
	for _, f := range r.future {
		all = all.plus(f)
	}
	site.Allocs, site.Frees = all.allocs, all.frees
	site.Rate, _ = SampleRate(d)
	return site, len(site.Stack) > 0
}
