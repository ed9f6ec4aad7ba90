package gocore

import (
	"cmp"
	"context"
	"fmt"
	"math/bits"
	"slices"

	"goheap/dump"
)

// makeMemory puts together what the records and the executable have of the
// program's memory, beside objects.
func (d *dumpDecoder) makeMemory() {
	exe := d.exe.blocks(d.im.arch)
	blocks := slices.Clone(exe)
	for _, s := range []*dumpSegment{&d.data, &d.bss} {
		blocks = append(blocks, dump.Block{Addr: s.addr, Data: s.contents})
	}
	for i := range d.frames {
		blocks = append(blocks, dump.Block{Addr: d.frames[i].sp, Data: d.frames[i].contents})
	}
	// Itabs that were made while the program ran lie outside of the heap. All that
	// is read of one is its second word, the concrete type (internal/abi.ITab).
	w := d.im.arch.PtrSize
	for itab, typ := range d.itabs {
		if slices.ContainsFunc(exe, func(b dump.Block) bool { return itab-b.Addr < uint64(len(b.Data)) }) {
			continue
		}
		b := make([]byte, w)
		d.im.arch.PutWord(b, typ)
		blocks = append(blocks, dump.Block{Addr: itab + uint64(w), Data: b})
	}
	d.im.mem = dump.NewMemory(d.im.arch, blocks)
	for _, b := range d.exe.tables() {
		d.im.mem.Fill(b.Addr, b.Data)
	}
}

// readSegments makes roots of the words of the data and bss segments that the dump
// lists as pointers: of the first module, the others are missing.
func (d *dumpDecoder) readSegments() {
	d.im.segments = []dumpSegment{d.data, d.bss}
	for i, name := range []string{"data", "bss"} {
		s := &d.im.segments[i]
		d.readGlobalWords(name, s.addr, s.contents, s.mask)
	}
}

// readGlobalWords makes a root of each variable with pointers to the heap in a data
// section that starts at start: mask has a bit for each word of mem that is a
// pointer.
func (d *program) readGlobalWords(section string, start uint64, mem, mask []byte) {
	im := d.im
	w := uint64(im.arch.PtrSize)
	words := uint64(len(mem)) / w
	var open *root
	for i, b := range mask {
		for ; b != 0; b &= b - 1 {
			word := uint64(i*8 + bits.TrailingZeros8(b))
			if word >= words {
				break
			}
			p := im.arch.Word(mem[word*w:])
			if !im.inHeap(p) {
				continue
			}
			slot := start + word*w
			if open == nil || slot >= open.addr+open.size {
				if open != nil {
					im.endRoot()
				}
				r := d.globalAt(slot, section)
				open = &r
				im.addRoot(*open)
			}
			im.pieces = append(im.pieces, piece{slot: slot, value: p, frame: -1, register: -1})
		}
	}
	if open != nil {
		im.endRoot()
	}
}

// readFinalizers reads the finalizers of objects, those that wait to run, and roots
// of other kinds.
func (d *dumpDecoder) readFinalizers() {
	im := d.im
	for _, f := range d.finalizers {
		if f.Fn != 0 {
			im.specials = append(im.specials, special{object: f.Object, kind: finalizerSpecial, keeps: []uint64{f.Fn}})
		}
	}
	slices.SortStableFunc(im.specials, func(a, b special) int { return cmp.Compare(a.object, b.object) })
	for _, f := range d.queued {
		im.addRoot(root{kind: finalizerRoot, name: queuedFinalizer, goroutine: -1})
		for _, p := range []uint64{f.Fn, f.Object, f.ArgType, f.ObjType} {
			if im.inHeap(p) {
				im.pieces = append(im.pieces, piece{value: p, frame: -1, register: -1})
			}
		}
		im.endRoot()
	}
	for _, o := range d.others {
		im.addRoot(root{kind: unknownRoot, name: o.what, goroutine: -1})
		if im.inHeap(o.ptr) {
			im.pieces = append(im.pieces, piece{value: o.ptr, frame: -1, register: -1})
		}
		im.endRoot()
	}
}

// readUnrooted lets a root hold every object, where the dump ends before any root:
// so they can be looked at. Its name says what it is.
func (d *dumpDecoder) readUnrooted(ctx context.Context) error {
	if d.stopped == nil || len(d.goroutines) > 0 || d.data.present {
		return nil
	}
	im := d.im
	im.addRoot(root{kind: unknownRoot, name: "every object, since the file ends before the roots", goroutine: -1})
	for i := range im.extents {
		if err := look(ctx, i); err != nil {
			return err
		}
		e := &im.extents[i]
		for k, off := range d.slots.offsets[d.slots.runs[i].First:][:e.n] {
			if off != 0 {
				im.pieces = append(im.pieces, piece{value: e.base + uint64(k)*e.elem, frame: -1, register: -1})
			}
		}
	}
	im.endRoot()
	return nil
}

// readStacks makes a root of each goroutine. With the executable its stack is walked
// as the collector does, from what its runtime.g says; without it, or where that
// fails, every word of the frames in the dump counts that may be a pointer.
func (d *dumpDecoder) readStacks(ctx context.Context) error {
	im := d.im
	im.frames = d.frames
	if d.exe.path != "" {
		for f := range d.modules[0].table.ByName("runtime.main") {
			d.setGoroot(f)
		}
		walker, err := d.walker()
		if err != nil {
			return fmt.Errorf("%w: %w", ErrVersion, err)
		}
		im.walker = walker
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
		if hasNoStack(uint32(r.Status)) {
			continue
		}
		if seen[r.Addr] || ids[r.ID] {
			repeated++
			continue
		}
		seen[r.Addr], ids[r.ID] = true, true
		g := goroutine{
			addr: r.Addr, id: r.ID, status: uint32(r.Status) &^ gScan, goPC: r.GoPC, thread: d.threads[r.M],
			why: r.waitReason, firstFrame: r.first, frames: r.n, root: len(im.roots),
		}
		im.addRoot(root{kind: goroutineRoot, addr: r.Addr, goroutine: int32(len(im.goroutines))})
		why := d.walkStack(&g, &s)
		if why != "" && im.walker != nil {
			inexact++
			if first == "" {
				first = fmt.Sprintf("goroutine %d: %s", g.id, why)
			}
		}
		if why != "" {
			d.scanFrames(&g, r)
		}
		im.endRoot()
		im.goroutines = append(im.goroutines, g)
	}
	d.problem(dump.Error, repeated, "goroutines are in the dump more than once, or have the number of another: the first record of each counts, and others are missing perhaps; write the dump again")
	d.problem(dump.Warning, inexact, "goroutine stacks could not be walked exactly: every word of their frames counts that may be a pointer. The first: "+first)
	return nil
}

// scanFrames adds the words of a goroutine's frames that may be pointers. The dump
// lists those of its stack maps; variables whose address was taken are not among
// them (runtime/heapdump.go, dumpframe), so that the others count too, if less.
func (d *dumpDecoder) scanFrames(g *goroutine, r *dumpGoroutine) {
	im := d.im
	g.recorded = true
	w := uint64(im.arch.PtrSize)
	for i := range d.frames[g.firstFrame : g.firstFrame+g.frames] {
		f := &d.frames[g.firstFrame+i]
		if g.stackLo == 0 || f.sp < g.stackLo {
			g.stackLo = f.sp
		}
		g.stackHi = max(g.stackHi, f.fp)
		if f.continPC == 0 {
			continue // it will not go on (runtime/mgcmark.go, scanframeworker)
		}
		for word := range uint64(len(f.contents)) / w {
			p := im.arch.Word(f.contents[word*w:])
			if !im.inHeap(p) {
				continue
			}
			exact := d.frameMask[f.mask+word/8]>>(word%8)&1 != 0
			im.pieces = append(im.pieces, piece{slot: f.sp + word*w, value: p, frame: int32(i), register: -1, conservative: !exact})
		}
	}
	for _, p := range append([]uint64{r.Ctxt}, r.words...) {
		if im.inHeap(p) {
			im.pieces = append(im.pieces, piece{value: p, frame: -1, register: -1})
		}
	}
}
