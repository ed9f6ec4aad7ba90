package corefile

import (
	"context"
	"fmt"

	"goheap/dump"
	"goheap/gocore/internal/image"
)

// readRecorded reads the runtime's own counters.
func (d *decoder) readRecorded(ctx context.Context) (*image.Counters, error) {
	im, rt, a := d.Image, d.Layout, d.Image.Arch
	r := &image.Counters{}
	if addr, err := d.Global("runtime.gcphase"); err == nil {
		r.Gcphase, _ = im.Mem.Uint(addr, 4)
	}
	var err error
	if r.Mallocing, err = d.mallocing(ctx); err != nil {
		return nil, err
	}
	if addr, err := d.Global("runtime.gcController"); err == nil {
		if b, ok := im.Mem.Slice(addr, uint64(rt.GCController.Size)); ok {
			r.HeapMarked = rt.GCController.HeapMarked.Uint(a, b)
		}
	}
	addr, err := d.Global("runtime.memstats")
	if err != nil {
		return r, nil
	}
	b, ok := im.Mem.Slice(addr, uint64(rt.Mstats.Size))
	if !ok {
		d.Problem(dump.Warning, 1, "runtime.memstats is not in the core: allocated bytes cannot be checked against it")
		return r, nil
	}
	r.LastGC = int64(rt.Mstats.LastGC.Uint(a, b))
	r.NumGC = rt.Mstats.NumGC.Uint(a, b)
	if addr, err := d.Global("runtime.work"); err == nil && rt.Work.Cycles.Has() {
		if work, ok := im.Mem.Slice(addr, uint64(rt.Work.Size)); ok {
			r.Between = r.Gcphase == image.GcOff && rt.Work.Cycles.Uint(a, work) != r.NumGC
		}
	}
	r.Uncached = max(d.uncached, 0)
	r.AllocSlots, r.AllocBytes, r.Statistics = d.cachedSlots, d.cachedBytes, true
	// The statistics are the sum of three buffers that the runtime rotates
	// (runtime/mstats.go, consistentHeapStats); what spans in the caches have
	// handed out since they were cached comes on top.
	f := &rt.HeapStats
	sizes := d.ClassSizes()
	d.Classes = sizes
	d.Image.SetClasses(sizes)
	for i := range 3 {
		s := b[rt.Mstats.HeapStats.Offset+uint64(i)*uint64(f.Size):]
		r.AllocBytes += int64(f.LargeAlloc.Uint(a, s) - f.LargeFree.Uint(a, s))
		r.AllocSlots += int64(f.LargeAllocCount.Uint(a, s) - f.LargeFreeCount.Uint(a, s))
		for class, size := range sizes {
			at := func(f uint64) uint64 { return a.Order().Uint64(s[f+8*uint64(class):]) }
			n := int64(at(f.SmallAllocCount.Offset) - at(f.SmallFreeCount.Offset))
			r.AllocSlots += n
			r.AllocBytes += n * int64(size)
		}
	}
	return r, nil
}

// mallocing counts the threads that are inside the allocator. One that dies says that
// it is once more, so that nothing is allocated any longer (runtime/panic.go,
// startpanic_m, Go 1.26).
func (d *decoder) mallocing(ctx context.Context) (n int, err error) {
	f := &d.Layout.M
	end, err := d.records.EachThread(ctx, func(_ uint64, m []byte) {
		if f.Mallocing.Uint(d.Image.Arch, m) > f.Dying.Uint(d.Image.Arch, m) {
			n++
		}
	})
	switch {
	case end.Repeated:
		d.Problem(dump.Warning, 1, fmt.Sprintf("the list of threads (runtime.m) leads back to %#x: some may be missing", end.Addr))
	case end.Absent:
		d.Problem(dump.Warning, 1, fmt.Sprintf("the list of threads (runtime.m) breaks off at %#x, which is not in the core: the runtime's counters may be behind where one of them is inside the allocator", end.Addr))
	}
	return n, err
}
