package corefile

import (
	"context"
	"fmt"
	"slices"

	"goheap/dump"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/program"
	"goheap/heap"
)

// readGlobals turns the words that the data and bss masks of each module mark
// as pointers into roots, one for each variable (runtime/mgcmark.go, markroot).
func (d *decoder) readGlobals(ctx context.Context) error {
	im := d.Image
	w := uint64(im.Arch.PtrSize)
	var taken []dump.Range // by globals that were read
	for _, m := range d.Modules {
		for _, part := range []struct {
			name           string
			start, end     uint64
			mask, maskBits uint64
		}{
			{"data", m.Data, m.Edata, m.DataMask, m.DataBits},
			{"bss", m.BSS, m.EBSS, m.BSSMask, m.BSSBits},
		} {
			if err := ctx.Err(); err != nil {
				return err
			}
			words := (part.end - part.start) / w
			if part.end < part.start || words > part.maskBits {
				words = part.maskBits
			}
			mask, ok := im.Mem.Items(part.mask, words/8+min(1, words%8), 1, maxData/w/8)
			if !ok || part.start+words*w < part.start {
				d.Problem(dump.Error, 1, fmt.Sprintf("the pointer mask at %#x of the %s section at %#x is not in the core: what globals hold is missing", part.mask, part.name, part.start))
				continue
			}
			own := dump.Range{Start: part.start, End: part.start + words*w}
			if slices.ContainsFunc(taken, func(r dump.Range) bool { return own.Start < r.End && r.Start < own.End }) {
				d.Problem(dump.Error, 1, fmt.Sprintf("the %s section at %#x overlaps one that was read: the list of modules is damaged, and what globals hold is missing perhaps", part.name, part.start))
				continue
			}
			taken = append(taken, own)
			mem, missing := d.withoutHoles(part.start, words*w)
			d.Problem(dump.Error, missing, fmt.Sprintf("pages of the %s section at %#x are not in the core: what globals hold there is missing", part.name, part.start))
			d.ReadGlobalWords(part.name, part.start, mem, mask)
		}
	}
	return nil
}

// withoutHoles returns the n bytes at addr, with zeros for the pages that are not in
// the core, and how many of those were anything else. n is at most maxData.
func (d *decoder) withoutHoles(addr, n uint64) (b []byte, missing int) {
	mem := d.Image.Mem
	if b, ok := mem.Slice(addr, n); ok {
		return b, 0
	}
	b = make([]byte, n)
	for off := uint64(0); off < n; {
		size := min(n-off, program.MinPage-(addr+off)%program.MinPage)
		page, ok := mem.Slice(addr+off, size)
		// A dump has memory of which the runtime keeps its heap, and so all that is
		// like it; what it leaves out was never touched.
		if !ok && !d.core.Untouched(addr+off) {
			missing++
		}
		copy(b[off:], page)
		off += size
	}
	return b, missing
}

// maxData bounds the size of the variables of a module in a damaged core.
const maxData = 1 << 30

// readQueues reads the finalizers and cleanups that wait to run: one root for
// each entry (runtime/mgcmark.go, fixedRootFinalizers and fixedRootCleanups).
func (d *decoder) readQueues(ctx context.Context) error {
	im, rt := d.Image, d.Layout
	fin := &rt.Finalizer
	err := d.readBlocks(ctx, "runtime.allfin", 0, uint64(rt.FinBlock.Size), rt.FinBlock.Alllink.Offset, func(addr uint64, b []byte) {
		n := rt.FinBlock.Cnt.Uint(im.Arch, b)
		for i := range min(n, (uint64(rt.FinBlock.Size)-rt.FinBlock.Fin.Offset)/uint64(fin.Size)) {
			at := rt.FinBlock.Fin.Offset + i*uint64(fin.Size)
			root := d.entry(image.Root{Kind: image.FinalizerRoot, Name: image.QueuedFinalizer, Addr: addr + at}, b[at:], fin.Fn.Offset, fin.Arg.Offset, fin.Fint.Offset, fin.Ot.Offset)
			im.Queued = append(im.Queued, image.Special{
				Kind: image.FinalizerSpecial, Object: fin.Arg.Uint(im.Arch, b[at:]), Keeps: d.words(b[at:], fin.Fn.Offset), PointerType: fin.Ot.Uint(im.Arch, b[at:]), Root: root,
			})
		}
	})
	if block := &rt.CleanupBlock; err == nil && block.Size > 0 {
		// An entry is a cleanupFn, until Go 1.25 a closure alone; until Go 1.24
		// cleanups are queued as finalizers.
		size, words := uint64(rt.CleanupFn.Size), []uint64{rt.CleanupFn.Call.Offset, rt.CleanupFn.Fn.Offset, rt.CleanupFn.Arg.Offset}
		if size == 0 {
			size, words = uint64(im.Arch.PtrSize), []uint64{0}
		}
		err = d.readBlocks(ctx, "runtime.gcCleanups", rt.CleanupQueue.All.Offset, uint64(block.Size), block.Alllink.Offset, func(addr uint64, b []byte) {
			n := block.N.Uint(im.Arch, b)
			for i := range min(n, (uint64(block.Size)-block.Cleanups.Offset)/size) {
				at := block.Cleanups.Offset + i*size
				root := d.entry(image.Root{Kind: image.CleanupRoot, Name: "queued cleanup", Addr: addr + at}, b[at:], words...)
				im.Queued = append(im.Queued, image.Special{Kind: image.CleanupSpecial, Keeps: d.words(b[at:], words...), Root: root})
			}
		})
	}
	return err
}

// entry makes a root of the words at the given offsets of b, which stands at
// r.addr, and returns its node.
func (d *decoder) entry(r image.Root, b []byte, offsets ...uint64) heap.Node {
	r.Goroutine = -1
	d.Image.AddRoot(r)
	for _, off := range offsets {
		if p := d.Image.Arch.Word(b[off:]); d.Image.InHeap(p) {
			d.Image.Pieces = append(d.Image.Pieces, image.Piece{Slot: r.Addr + off, Value: p, Frame: -1, Register: -1})
		}
	}
	return d.Image.EndRoot()
}

// readBlocks follows a list of blocks outside the heap, whose head stands at
// offset in the named variable, and calls f with each.
func (d *decoder) readBlocks(ctx context.Context, variable string, offset, size, link uint64, f func(addr uint64, b []byte)) error {
	head, err := d.Global(variable)
	if err != nil {
		d.Problem(dump.Warning, 1, err.Error())
		return nil
	}
	size = max(size, 1)
	addr, ok := d.Image.Mem.Word(head + offset)
	for seen := map[uint64]bool{}; ok && addr != 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if seen[addr/size] {
			d.Problem(dump.Error, 1, fmt.Sprintf("the list of %s leads back to the block at %#x: some queued entries may be missing", variable, addr))
			return nil
		}
		seen[addr/size] = true
		var b []byte
		if b, ok = d.Image.Mem.Slice(addr, size); ok {
			f(addr, b)
			addr = d.Image.Arch.Word(b[link:])
		}
	}
	if !ok {
		d.Problem(dump.Error, 1, fmt.Sprintf("the list of %s breaks off at %#x, which is not in the core: some queued entries are missing", variable, addr))
	}
	return nil
}

// readSpecials reads the records attached to the objects of a span
// (runtime/mgcmark.go, markrootSpans).
func (d *decoder) readSpecials(ctx context.Context, e image.Extent, addr uint64) error {
	rt, a, mem := d.Layout, d.Image.Arch, d.Image.Mem
	// Each record is of the common part and of what its kind adds.
	size := uint64(max(rt.SpecialFinalizer.Size, rt.SpecialWeakHandle.Size, rt.SpecialCleanup.Size, rt.SpecialProfile.Size))
	for addr != 0 {
		if err := program.Look(ctx, len(d.specials)); err != nil {
			return err
		}
		if d.specials[addr] {
			d.strayed++
			return nil
		}
		d.specials[addr] = true
		head, ok := mem.Slice(addr, uint64(rt.Special.Size))
		if !ok {
			d.Problem(dump.Error, 1, fmt.Sprintf("the list of specials of the span at %#x breaks off at %#x, which is not in the core", e.Base, addr))
			return nil
		}
		s := image.Special{Object: e.Base + rt.Special.Offset.Uint(a, head)}
		if s.Object-e.Base >= e.Elem*uint64(e.N) {
			d.strayed++
			return nil
		}
		b := mem.Prefix(addr, size)
		kind := rt.Special.Kind.Uint(a, head)
		known := true
		switch {
		case rt.KindSpecialFinalizer.Is(kind):
			// The type words of a finalizer may point to the heap, but the
			// collector keeps those alive in another way (runtime/mheap.go,
			// specialfinalizer): only fn is a root.
			s.Kind, s.Keeps = image.FinalizerSpecial, d.words(b, rt.SpecialFinalizer.Fn.Offset)
			s.PointerType = rt.SpecialFinalizer.Ot.Uint(a, b)
		case rt.KindSpecialWeakHandle.Is(kind):
			s.Kind, s.Keeps = image.WeakHandleSpecial, d.words(b, rt.SpecialWeakHandle.Handle.Offset)
		case rt.KindSpecialCleanup.Is(kind):
			at := rt.SpecialCleanup.Cleanup.Offset
			s.Kind, s.Keeps = image.CleanupSpecial, d.words(b, at+rt.CleanupFn.Call.Offset, at+rt.CleanupFn.Fn.Offset, at+rt.CleanupFn.Arg.Offset)
			if !rt.SpecialCleanup.Cleanup.Has() {
				s.Keeps = d.words(b, rt.SpecialCleanup.Fn.Offset)
			}
		default:
			if rt.KindSpecialProfile.Is(kind) {
				d.readSample(e, s.Object, b)
			}
			known = false
		}
		if known {
			d.Image.Specials = append(d.Image.Specials, s)
		}
		addr = rt.Special.Next.Uint(a, head)
	}
	return nil
}

// words reads the non-zero words of b at the given offsets.
func (d *decoder) words(b []byte, offsets ...uint64) []uint64 {
	var w []uint64
	for _, off := range offsets {
		if off+uint64(d.Image.Arch.PtrSize) <= uint64(len(b)) {
			if p := d.Image.Arch.Word(b[off:]); p != 0 {
				w = append(w, p)
			}
		}
	}
	return w
}
