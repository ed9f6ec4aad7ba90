package heapdump

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"goheap/dump"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/program"
)

// makeMemory puts together what the records and the executable have of the
// program's memory, beside objects.
func (d *decoder) makeMemory() {
	exe := d.Exe.Blocks(d.Image.Arch)
	blocks := slices.Clone(exe)
	for _, s := range []*image.Segment{&d.data, &d.bss} {
		blocks = append(blocks, dump.Block{Addr: s.Addr, Data: s.Contents})
	}
	for i := range d.frames {
		blocks = append(blocks, dump.Block{Addr: d.frames[i].SP, Data: d.frames[i].Contents})
	}
	// Itabs that were made while the program ran lie outside of the heap. All that
	// is read of one is its second word, the concrete type (internal/abi.ITab).
	w := d.Image.Arch.PtrSize
	for itab, typ := range d.itabs {
		if slices.ContainsFunc(exe, func(b dump.Block) bool { return itab-b.Addr < uint64(len(b.Data)) }) {
			continue
		}
		b := make([]byte, w)
		d.Image.Arch.PutWord(b, typ)
		blocks = append(blocks, dump.Block{Addr: itab + uint64(w), Data: b})
	}
	d.Image.Mem = dump.NewMemory(d.Image.Arch.Machine, d.Image.Arch.Order(), w, blocks)
	d.fillTables()
}

// fillTables adds the variables that the dump lacks and nothing changes.
func (d *decoder) fillTables() {
	for _, b := range d.Exe.Tables() {
		d.Image.Mem.Fill(b.Addr, b.Data)
	}
}

// readSegments makes roots of the words of the data and bss segments that the dump
// lists as pointers: of the first module, the others are missing.
func (d *decoder) readSegments() {
	d.Image.Segments = []image.Segment{d.data, d.bss}
	for i, name := range []string{"data", "bss"} {
		s := &d.Image.Segments[i]
		d.ReadGlobalWords(name, s.Addr, s.Contents, s.Mask)
	}
}

// readFinalizers reads the finalizers of objects, those that wait to run, and roots
// of other kinds.
func (d *decoder) readFinalizers() {
	im := d.Image
	for _, f := range d.finalizers {
		if f.Fn != 0 {
			im.Specials = append(im.Specials, image.Special{Object: f.Object, Kind: image.FinalizerSpecial, Keeps: []uint64{f.Fn}, PointerType: f.ObjType})
		}
	}
	slices.SortStableFunc(im.Specials, func(a, b image.Special) int { return cmp.Compare(a.Object, b.Object) })
	for _, f := range d.queued {
		im.AddRoot(image.Root{Kind: image.FinalizerRoot, Name: image.QueuedFinalizer, Goroutine: -1})
		for _, p := range []uint64{f.Fn, f.Object, f.ArgType, f.ObjType} {
			if im.InHeap(p) {
				im.Pieces = append(im.Pieces, image.Piece{Value: p, Frame: -1, Register: -1})
			}
		}
		root := im.EndRoot()
		im.Queued = append(im.Queued, image.Special{Kind: image.FinalizerSpecial, Object: f.Object, Keeps: []uint64{f.Fn}, PointerType: f.ObjType, Root: root})
	}
	for _, o := range d.others {
		im.AddRoot(image.Root{Kind: image.UnknownRoot, Name: o.what, Goroutine: -1})
		if im.InHeap(o.ptr) {
			im.Pieces = append(im.Pieces, image.Piece{Value: o.ptr, Frame: -1, Register: -1})
		}
		im.EndRoot()
	}
}

// readUnrooted lets a root hold every object, where the dump ends before any root:
// so they can be looked at. Its name says what it is.
func (d *decoder) readUnrooted(ctx context.Context) error {
	if d.stopped == nil || len(d.goroutines) > 0 || d.data.Present {
		return nil
	}
	im := d.Image
	im.AddRoot(image.Root{Kind: image.UnknownRoot, Name: "every object, since the file ends before the roots", Goroutine: -1})
	for i := range im.Extents {
		if err := program.Look(ctx, i); err != nil {
			return err
		}
		e := &im.Extents[i]
		for k, off := range d.slots.offsets[d.slots.runs[i].First:][:e.N] {
			if off != 0 {
				im.Pieces = append(im.Pieces, image.Piece{Value: e.Base + uint64(k)*e.Elem, Frame: -1, Register: -1})
			}
		}
	}
	im.EndRoot()
	return nil
}

// readStacks makes a root of each goroutine. With the executable its stack is walked
// as the collector does, from what its runtime.g says; without it, or where that
// fails, every word of the frames in the dump counts that may be a pointer.
func (d *decoder) readStacks(ctx context.Context) error {
	im := d.Image
	im.Frames = d.frames
	if d.Exe.Path != "" {
		for f := range d.Modules[0].Table.ByName("runtime.main") {
			d.SetGoroot(f)
		}
		walker, err := d.Walker()
		if err != nil {
			return fmt.Errorf("%w: %w", program.ErrVersion, err)
		}
		im.Walker = walker
	}
	var inexact, repeated int
	var first string
	var s stackScratch
	seen, ids := map[uint64]bool{}, map[uint64]bool{}
	for i := range d.goroutines {
		if err := ctx.Err(); err != nil {
			return err
		}
		r := &d.goroutines[i]
		if image.HasNoStack(uint32(r.Status)) {
			continue
		}
		if seen[r.Addr] || ids[r.ID] {
			repeated++
			continue
		}
		seen[r.Addr], ids[r.ID] = true, true
		g := image.Goroutine{
			Addr: r.Addr, ID: r.ID, Status: uint32(r.Status) &^ image.GScan, GoPC: r.GoPC, Thread: d.threads[r.M],
			Why: r.waitReason, FirstFrame: r.first, Frames: r.n, Root: len(im.Roots),
		}
		im.AddRoot(image.Root{Kind: image.GoroutineRoot, Addr: r.Addr, Goroutine: int32(len(im.Goroutines))})
		if im.Walker != nil && im.InHeap(r.Addr) {
			im.Pieces = append(im.Pieces, image.Piece{Value: r.Addr, Frame: -1, Register: image.InRecord})
		}
		why := d.walkStack(&g, &s)
		if why != "" && im.Walker != nil {
			inexact++
			if first == "" {
				first = fmt.Sprintf("goroutine %d: %s", g.ID, why)
			}
		}
		if why != "" {
			d.scanFrames(&g, r)
			g.Func = d.FuncOfRecorded(d.frames[r.first : r.first+r.n])
		} else {
			im.Walks.Keep(len(im.Goroutines), s.frames, s.slots)
			d.lists.ReadWaits(&g, s.slots)
		}
		im.EndRoot()
		im.Goroutines = append(im.Goroutines, g)
	}
	d.Problem(dump.Error, repeated, "goroutines are in the dump more than once, or have the number of another: the first record of each counts, and others are missing perhaps; write the dump again")
	d.Problem(dump.Warning, inexact, "goroutine stacks could not be walked exactly: every word of their frames counts that may be a pointer. The first: "+first)
	return nil
}

// readSched finds the records of threads and processors, which are objects of the heap
// but for those of the first thread, and makes roots of the timers. Without the executable
// nothing says where they are.
func (d *decoder) readSched(ctx context.Context) error {
	if d.Exe.Path == "" {
		return nil
	}
	im := d.Image
	if _, err := d.lists.EachThread(ctx, func(addr uint64, _ []byte) { im.Records.Sched = append(im.Records.Sched, addr) }); err != nil {
		return err
	}
	processors := d.lists.Processors()
	im.Records.Sched = append(im.Records.Sched, processors...)
	return d.lists.ReadTimers(ctx, processors)
}

// scanFrames adds the words of a goroutine's frames that may be pointers. The dump
// lists those of its stack maps; variables whose address was taken are not among
// them (runtime/heapdump.go, dumpframe), so that the others count too, if less.
func (d *decoder) scanFrames(g *image.Goroutine, r *goroutine) {
	im := d.Image
	g.Recorded = true
	w := uint64(im.Arch.PtrSize)
	for i := range d.frames[g.FirstFrame : g.FirstFrame+g.Frames] {
		f := &d.frames[g.FirstFrame+i]
		if g.StackLo == 0 || f.SP < g.StackLo {
			g.StackLo = f.SP
		}
		g.StackHi = max(g.StackHi, f.FP)
		if f.ContinPC == 0 {
			continue // it will not go on (runtime/mgcmark.go, scanframeworker)
		}
		for word := range uint64(len(f.Contents)) / w {
			p := im.Arch.Word(f.Contents[word*w:])
			if !im.InHeap(p) {
				continue
			}
			exact := d.frameMask[f.Mask+word/8]>>(word%8)&1 != 0
			im.Pieces = append(im.Pieces, image.Piece{Slot: f.SP + word*w, Value: p, Frame: int32(i), Register: -1, Conservative: !exact})
		}
	}
	for _, p := range append([]uint64{r.Ctxt}, r.words...) {
		if im.InHeap(p) {
			im.Pieces = append(im.Pieces, image.Piece{Value: p, Frame: -1, Register: -1})
		}
	}
}
