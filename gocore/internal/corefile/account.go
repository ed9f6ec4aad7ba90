package corefile

import (
	"cmp"
	"context"
	"fmt"
	"math/bits"
	"slices"

	"goheap/dump"
	"goheap/gocore/account"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/program"
)

// spanManual is the state of spans that hold no objects, but stacks or the runtime's
// own data (runtime/mheap.go, mSpanManual).
const spanManual = 2

// manualSpan takes the span of b, which holds no objects, into the account. Stacks have
// a size each, which the runtime's own data has not (runtime/stack.go, stackalloc and
// stackpoolalloc).
func (d *decoder) manualSpan(b []byte) {
	f, a := &d.Layout.Mspan, d.Image.Arch
	start, pages := f.StartAddr.Uint(a, b), f.Npages.Uint(a, b)
	if start >= image.MaxAddr || pages >= image.MaxAddr>>image.PageShift {
		return
	}
	size := pages << image.PageShift
	if f.Elemsize.Uint(a, b) == 0 {
		d.pages.Work += size
		return
	}
	d.pages.Stacks += size
	d.stackSpans = append(d.stackSpans, dump.Range{Start: start, End: start + size})
}

// readAccount reads where memory is by the runtime's own records. What is missing of them
// is left out, and counted in Pages.Missing.
func (d *decoder) readAccount(ctx context.Context) error {
	d.Account = &account.Account{Counters: d.counters(), Pages: &d.pages}
	for i := range d.Image.Extents {
		d.pages.Objects += d.Image.Extents[i].Size
	}
	d.readStackUse()
	inUse, err := d.readPages(ctx)
	if err != nil {
		return err
	}
	return d.readRegions(ctx, inUse)
}

// counters returns what runtime.ReadMemStats would say (runtime/mstats.go,
// readmemstats_m); nil where the statistics are not in the core.
func (d *decoder) counters() *account.Counters {
	im, rt, a := d.Image, d.Layout, d.Image.Arch
	stats, ok := d.structure("runtime.memstats", uint64(rt.Mstats.Size))
	pacer, ok2 := d.structure("runtime.gcController", uint64(rt.GCController.Size))
	mheap, ok3 := d.structure("runtime.mheap_", uint64(rt.Mheap.Size))
	if !ok || !ok2 || !ok3 || !d.Counters.Statistics {
		return nil
	}
	m, c := &rt.Mstats, &rt.GCController
	r := &account.Counters{
		HeapAlloc: uint64(d.Counters.AllocBytes), NumGC: m.NumGC.Uint(a, stats), NumForcedGC: m.NumForcedGC.Uint(a, stats),
		LastGC: m.LastGCUnix.Uint(a, stats), PauseTotalNs: m.PauseTotal.Uint(a, stats),
		MSpanSys: m.MSpanSys.Uint(a, stats), MCacheSys: m.MCacheSys.Uint(a, stats), BuckHashSys: m.BuckHashSys.Uint(a, stats),
		OtherSys:   m.OtherSys.Uint(a, stats),
		MSpanInuse: rt.Mheap.SpanInuse.Uint(a, mheap), MCacheInuse: rt.Mheap.McacheInuse.Uint(a, mheap),
		HeapInuse: c.HeapInUse.Uint(a, pacer), HeapReleased: c.HeapReleased.Uint(a, pacer),
		GCPercent: int64(int32(c.GCPercent.Uint(a, pacer))), MemoryLimit: account.NoLimit, Paced: c.GCPercent.Has(),
	}
	if c.MemoryLimit.Has() {
		r.MemoryLimit = int64(c.MemoryLimit.Uint(a, pacer))
	}
	if c.HeapFree.Has() {
		r.HeapIdle = c.HeapFree.Uint(a, pacer) + r.HeapReleased
	} else {
		r.HeapInuse, r.HeapReleased = m.HeapInuse.Uint(a, stats), m.Released.Uint(a, stats)
		r.HeapIdle = m.HeapSys.Uint(a, stats) - r.HeapInuse
	}
	r.HeapSys = r.HeapInuse + r.HeapIdle
	// These are sums of three buffers: see readRecorded.
	var bitmaps uint64
	f := &rt.HeapStats
	for i := range 3 {
		s := stats[m.HeapStats.Offset+uint64(i)*uint64(f.Size):]
		r.StackInuse += f.InStacks.Uint(a, s)
		r.WorkBuffers += f.InWorkBufs.Uint(a, s)
		bitmaps += f.InPtrScalarBits.Uint(a, s)
	}
	r.WorkBuffers += bitmaps
	r.StackSys = r.StackInuse + m.StacksSys.Uint(a, stats)
	r.GCSys = m.GCMiscSys.Uint(a, stats) + r.WorkBuffers
	r.Sys = r.HeapSys + r.StackSys + r.MSpanSys + r.MCacheSys + r.BuckHashSys + r.GCSys + r.OtherSys
	r.NextGC = d.heapGoal(pacer)
	_ = im
	return r
}

// structure returns the bytes of a variable.
func (d *decoder) structure(name string, size uint64) ([]byte, bool) {
	addr, err := d.Global(name)
	if err != nil {
		return nil, false
	}
	return d.Image.Mem.Slice(addr, size)
}

// heapGoal is the size of the heap at which the next collection is to end
// (runtime/mgcpacer.go, heapGoalInternal and memoryLimitHeapGoal, Go 1.19 to 1.27).
func (d *decoder) heapGoal(pacer []byte) uint64 {
	a, f := d.Image.Arch, &d.Layout.GCController
	if f.HeapGoal.Has() {
		return f.HeapGoal.Uint(a, pacer)
	}
	goal := f.GCPercentHeapGoal.Uint(a, pacer)
	if limited := d.limitGoal(pacer); limited < goal {
		return limited
	}
	goal = max(goal, f.SweepDistMinTrigger.Uint(a, pacer))
	const runway = 64 << 10
	if triggered := f.Triggered.Uint(a, pacer); triggered != ^uint64(0) {
		goal = max(goal, triggered+runway)
	}
	return goal
}

// limitGoal is the goal that the memory limit sets.
func (d *decoder) limitGoal(pacer []byte) uint64 {
	rt, a, f := d.Layout, d.Image.Arch, &d.Layout.GCController
	limit, marked := f.MemoryLimit.Uint(a, pacer), f.HeapMarked.Uint(a, pacer)
	ready := f.MappedReady.Uint(a, pacer)
	inHeap := f.HeapFree.Uint(a, pacer) + f.TotalAlloc.Uint(a, pacer) - f.TotalFree.Uint(a, pacer)
	if inHeap > ready {
		return ^uint64(0) // caught while it changes: the runtime would look again
	}
	taken := ready - inHeap
	if ready > limit {
		taken += ready - limit
	}
	if taken >= limit {
		return marked
	}
	goal := limit - taken
	headroom := uint64(rt.LimitHeadroom.Value)
	if rt.LimitHeadroomPercent.Known {
		headroom = max(goal/100*uint64(rt.LimitHeadroomPercent.Value), uint64(rt.LimitHeadroomLeast.Value))
	}
	if goal < 2*headroom {
		goal = headroom
	} else {
		goal -= headroom
	}
	return max(goal, marked)
}

// readStackUse says how much of the spans for stacks is used by whom.
func (d *decoder) readStackUse() {
	im, s := d.Image, &d.Account.Stacks
	slices.SortFunc(d.stackSpans, func(a, b dump.Range) int { return cmp.Compare(a.Start, b.Start) })
	inSpan := func(lo, hi uint64) bool {
		i, ok := slices.BinarySearchFunc(d.stackSpans, lo, func(r dump.Range, lo uint64) int { return cmp.Compare(r.Start, lo) })
		if !ok {
			i--
		}
		return i >= 0 && lo < hi && hi <= d.stackSpans[i].End
	}
	for i := range im.Goroutines {
		g := &im.Goroutines[i]
		if !inSpan(g.StackLo, g.StackHi) {
			continue
		}
		used := g.StackHi - g.StackLo
		if sp := g.State.SP; sp >= g.StackLo && sp <= g.StackHi {
			used = g.StackHi - sp
		}
		s.Goroutines++
		s.Used += used
		s.Idle += g.StackHi - g.StackLo - used
		s.Deepest = append(s.Deepest, account.Stack{Goroutine: g.ID, Used: used, Size: g.StackHi - g.StackLo})
	}
	const deepest = 10
	slices.SortStableFunc(s.Deepest, func(a, b account.Stack) int {
		return cmp.Or(cmp.Compare(b.Used, a.Used), cmp.Compare(b.Size, a.Size), cmp.Compare(a.Goroutine, b.Goroutine))
	})
	s.Deepest = slices.Clone(s.Deepest[:min(len(s.Deepest), deepest)])
	for _, b := range d.systemStacks {
		if inSpan(b.Start, b.End) {
			s.Threads += b.End - b.Start
		}
	}
	if taken := s.Used + s.Idle + s.Threads; taken <= d.pages.Stacks {
		s.Free = d.pages.Stacks - taken
	}
}

// readPages counts the free pages of the heap, and returns where its pages are. A chunk
// of pages has two bits for each: it is not free, and it was given back to the system
// (runtime/mpagealloc.go and mpallocbits.go, the same from Go 1.18 to 1.27). Both are set
// for pages that nobody ever gets, which keep the first object from where it would be
// guessed (runtime/mpagealloc.go, markRandomPaddingPages, since Go 1.26). Pages that a
// processor has taken to hand them out are free too (runtime/mpagecache.go).
func (d *decoder) readPages(ctx context.Context) (inUse []dump.Range, err error) {
	im, rt, a := d.Image, d.Layout, d.Image.Arch
	w := uint64(a.PtrSize)
	mheap, ok := d.structure("runtime.mheap_", uint64(rt.Mheap.Size))
	data := &rt.PallocData
	words := uint64(data.Bits.Size) / 8
	firsts := uint64(rt.Mheap.Chunks.Size) / w // pointers to blocks of chunks
	if !ok || words == 0 || data.Scavenged.Size != data.Bits.Size || firsts == 0 || rt.AddrRange.Size == 0 {
		d.pages.Missing++
		return nil, nil
	}
	chunk := words * 64 << image.PageShift
	perBlock := uint64(1) << min(uint64(rt.HeapAddrBits.Value), 48) / chunk / firsts
	if perBlock == 0 {
		d.pages.Missing++
		return nil, nil
	}
	at := rt.Mheap.InUse.Offset
	list, ok := im.Mem.Items(a.Word(mheap[at:]), a.Word(mheap[at+w:]), uint64(rt.AddrRange.Size), program.MaxList)
	if !ok {
		d.pages.Missing++
		return nil, nil
	}
	order, chunks := a.Order(), 0
	for end := uint64(0); uint64(len(list)) >= uint64(rt.AddrRange.Size); list = list[rt.AddrRange.Size:] {
		r := dump.Range{Start: rt.AddrRange.Base.Uint(a, list), End: rt.AddrRange.Limit.Uint(a, list)}
		if r.Start < end || r.End <= r.Start || r.End > image.MaxAddr || r.Start%chunk != 0 || r.End%chunk != 0 {
			d.pages.Missing++
			continue
		}
		end = r.End
		inUse = append(inUse, r)
		for addr := r.Start; addr < r.End; addr += chunk {
			if err := program.Look(ctx, chunks); err != nil {
				return nil, err
			}
			chunks++
			i := (addr - uint64(rt.ArenaBaseOffset.Value)) / chunk
			var b []byte
			if i/perBlock < firsts {
				block := a.Word(mheap[rt.Mheap.Chunks.Offset+i/perBlock*w:])
				if block != 0 {
					b, _ = im.Mem.Slice(block+i%perBlock*uint64(data.Size), uint64(data.Size))
				}
			}
			if b == nil {
				d.pages.Missing++
				if d.pages.Missing > maxMissing {
					return inUse, nil
				}
				continue
			}
			for k := range words {
				free := ^order.Uint64(b[data.Bits.Offset+8*k:])
				given := order.Uint64(b[data.Scavenged.Offset+8*k:])
				d.pages.Kept += uint64(bits.OnesCount64(free&^given)) << image.PageShift
				d.pages.Returned += uint64(bits.OnesCount64(given)) << image.PageShift
			}
		}
	}
	for _, p := range d.processors {
		b, ok := im.Mem.Slice(p, uint64(rt.P.Size))
		if !ok {
			continue
		}
		free, given := rt.P.PageFree.Uint(a, b), rt.P.PageScav.Uint(a, b)
		d.pages.Kept += uint64(bits.OnesCount64(free&^given)) << image.PageShift
		d.pages.Returned += uint64(bits.OnesCount64(free&given)) << image.PageShift
	}
	d.Problem(dump.Warning, d.pages.Missing, fmt.Sprintf("records of free pages of the heap (runtime.pageAlloc) are not in the core, or damaged: %s", "how much of it is free is not known"))
	return inUse, nil
}

// maxMissing bounds the chunks whose records are looked for in vain.
const maxMissing = 1 << 16
