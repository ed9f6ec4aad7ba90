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
	rt, a, w := d.Layout, d.Image.Arch, uint64(d.Image.Arch.PtrSize)
	head, ok := d.Image.Mem.Slice(addr, uint64(rt.Bucket.Size))
	if !ok || !rt.Bucket.Nstk.Has() || rt.Bucket.Typ.Uint(a, head) != memProfile {
		return image.Site{}, false
	}
	n := rt.Bucket.Nstk.Uint(a, head)
	if n > maxProfileStack {
		return image.Site{}, false
	}
	site.Size = rt.Bucket.ObjSize.Uint(a, head)
	stack, ok := d.Image.Mem.Slice(addr+uint64(rt.Bucket.Size), n*w)
	if !ok {
		return image.Site{}, false
	}
	for i := range n {
		// There is one return address for each call, inlined ones included:
		// of the calls at the address, the innermost is meant.
		pc := a.Word(stack[i*w:])
		if calls := d.CallsAt(pc - 1); len(calls) > 0 {
			site.Stack = append(site.Stack, image.Call{Func: calls[0].Name, File: calls[0].File, Line: calls[0].Line})
		}
	}
	// What was published and what waits for the next collections to be.
	record, cycle := &rt.MemRecord, &rt.MemRecordCycle
	if b, ok := d.Image.Mem.Slice(addr+uint64(rt.Bucket.Size)+n*w, uint64(record.Size)); ok && cycle.Size > 0 {
		for _, at := range []uint64{record.Active.Offset, record.Future.Offset, record.Future.Offset + uint64(cycle.Size), record.Future.Offset + 2*uint64(cycle.Size)} {
			if at+uint64(cycle.Size) <= uint64(len(b)) {
				site.Allocs += cycle.Allocs.Uint(a, b[at:])
				site.Frees += cycle.Frees.Uint(a, b[at:])
			}
		}
	}
	if rate, err := d.Global("runtime.MemProfileRate"); err == nil {
		site.Rate, _ = d.Image.Mem.Word(rate)
	}
	return site, len(site.Stack) > 0
}
