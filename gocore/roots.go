package gocore

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"goheap/dump"
	"goheap/gocore/internal/types"
)

// root is one holder of heap memory that is not an object itself.
type root struct {
	kind      rootKind
	name      string
	addr      uint64
	size      uint64
	typ       types.ID // of a global, 0 for unknown
	count     uint64   // values of typ
	elements  bool     // the values are the array behind a slice
	goroutine int32    // index in image.goroutines, -1 for none
	first, n  int      // pieces[first:first+n]
}

type rootKind uint8

const (
	globalRoot rootKind = iota
	goroutineRoot
	finalizerRoot // queued, or of an object that nothing reaches any more
	cleanupRoot
	weakHandleRoot
	unknownRoot // that a heap dump describes in words, or stands for those it lacks
)

// queuedFinalizer is the name of the roots of finalizers that wait to run.
const queuedFinalizer = "queued finalizer"

// String returns the kind as reports show it.
func (k rootKind) String() string {
	switch k {
	case globalRoot:
		return "global"
	case goroutineRoot:
		return "goroutine"
	}
	return "special"
}

// addRoot starts a root; the pieces appended to im.pieces until the next call
// are its own. endRoot closes it, and drops it if it holds nothing.
func (im *image) addRoot(r root) {
	r.first = len(im.pieces)
	im.roots = append(im.roots, r)
}

func (im *image) endRoot() {
	r := &im.roots[len(im.roots)-1]
	if r.n = len(im.pieces) - r.first; r.n == 0 && r.kind != goroutineRoot {
		im.roots = im.roots[:len(im.roots)-1]
	}
}

// inHeap reports whether addr lies in a slot of an extent. It works before
// nodes have numbers.
func (im *image) inHeap(addr uint64) bool {
	if addr == 0 {
		return false
	}
	i, ok := slices.BinarySearchFunc(im.extents, addr, func(e extent, a uint64) int { return cmp.Compare(e.base, a) })
	if !ok {
		i--
	}
	return i >= 0 && addr-im.extents[i].base < im.extents[i].elem*uint64(im.extents[i].n)
}

// readGlobals turns the words that the data and bss masks of each module mark
// as pointers into roots, one for each variable (runtime/mgcmark.go, markroot).
func (d *coreDecoder) readGlobals(ctx context.Context) error {
	im := d.im
	w := uint64(im.arch.PtrSize)
	var taken []dump.Range // by globals that were read
	for _, m := range d.modules {
		for _, part := range []struct {
			name           string
			start, end     uint64
			mask, maskBits uint64
		}{
			{"data", m.data, m.edata, m.dataMask, m.dataBits},
			{"bss", m.bss, m.ebss, m.bssMask, m.bssBits},
		} {
			if err := ctx.Err(); err != nil {
				return err
			}
			words := (part.end - part.start) / w
			if part.end < part.start || words > part.maskBits {
				words = part.maskBits
			}
			mask, ok := items(im.mem, part.mask, words/8+min(1, words%8), 1, maxData/w/8)
			if !ok || part.start+words*w < part.start {
				d.problem(dump.Error, 1, fmt.Sprintf("the pointer mask at %#x of the %s section at %#x is not in the core: what globals hold is missing", part.mask, part.name, part.start))
				continue
			}
			own := dump.Range{Start: part.start, End: part.start + words*w}
			if slices.ContainsFunc(taken, func(r dump.Range) bool { return own.Start < r.End && r.Start < own.End }) {
				d.problem(dump.Error, 1, fmt.Sprintf("the %s section at %#x overlaps one that was read: the list of modules is damaged, and what globals hold is missing perhaps", part.name, part.start))
				continue
			}
			taken = append(taken, own)
			mem, missing := d.withoutHoles(part.start, words*w)
			d.problem(dump.Error, missing, fmt.Sprintf("pages of the %s section at %#x are not in the core: what globals hold there is missing", part.name, part.start))
			d.readGlobalWords(part.name, part.start, mem, mask)
		}
	}
	return nil
}

// withoutHoles returns the n bytes at addr, with zeros for the pages that are not in
// the core, and how many of those were anything else. n is at most maxData.
func (d *coreDecoder) withoutHoles(addr, n uint64) (b []byte, missing int) {
	mem := d.im.mem
	if b, ok := mem.Slice(addr, n); ok {
		return b, 0
	}
	b = make([]byte, n)
	for off := uint64(0); off < n; {
		size := min(n-off, minPage-(addr+off)%minPage)
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

// globalAt describes what stands at an address of a data section: the variable
// that covers it, else the literal that a variable leads to, else the linker's
// symbol, else the word alone.
func (d *program) globalAt(addr uint64, section string) root {
	r := root{kind: globalRoot, goroutine: -1, count: 1}
	if i, ok := d.exe.variableAt(addr); ok {
		v := d.exe.variables[i]
		r.name, r.addr, r.size, r.typ = v.Name, v.Addr+d.exe.bias, d.exe.size(v), v.Type
	} else if s, ok := d.staticAt(addr); ok {
		r.name, r.addr, r.size, r.typ, r.count, r.elements = s.name, s.addr, s.size, s.t, s.n, s.elements
	} else if s, ok := d.exe.file.SymbolAt(addr - d.exe.bias); ok {
		r.name, r.addr, r.size = s.Name, s.Addr+d.exe.bias, s.Size
	} else if s, bias, ok := d.exe.pluginSymbolAt(addr); ok {
		r.name, r.addr, r.size = s.Name, s.Addr+bias, s.Size
	} else {
		r.name, r.addr, r.size = fmt.Sprintf("%s at %#x", section, addr), addr, uint64(d.im.arch.PtrSize)
	}
	return r
}

// readQueues reads the finalizers and cleanups that wait to run: one root for
// each entry (runtime/mgcmark.go, fixedRootFinalizers and fixedRootCleanups).
func (d *coreDecoder) readQueues(ctx context.Context) error {
	im, rt := d.im, d.layout
	fin := &rt.Finalizer
	err := d.readBlocks(ctx, "runtime.allfin", 0, uint64(rt.FinBlock.Size), rt.FinBlock.Alllink.Offset, func(addr uint64, b []byte) {
		n := rt.FinBlock.Cnt.Uint(im.arch, b)
		for i := range min(n, (uint64(rt.FinBlock.Size)-rt.FinBlock.Fin.Offset)/uint64(fin.Size)) {
			at := rt.FinBlock.Fin.Offset + i*uint64(fin.Size)
			d.entry(root{kind: finalizerRoot, name: queuedFinalizer, addr: addr + at}, b[at:], fin.Fn.Offset, fin.Arg.Offset, fin.Fint.Offset, fin.Ot.Offset)
		}
	})
	if block := &rt.CleanupBlock; err == nil && block.Size > 0 {
		// An entry is a cleanupFn, until Go 1.25 a closure alone; until Go 1.24
		// cleanups are queued as finalizers.
		size, words := uint64(rt.CleanupFn.Size), []uint64{rt.CleanupFn.Call.Offset, rt.CleanupFn.Fn.Offset, rt.CleanupFn.Arg.Offset}
		if size == 0 {
			size, words = uint64(im.arch.PtrSize), []uint64{0}
		}
		err = d.readBlocks(ctx, "runtime.gcCleanups", rt.CleanupQueue.All.Offset, uint64(block.Size), block.Alllink.Offset, func(addr uint64, b []byte) {
			n := block.N.Uint(im.arch, b)
			for i := range min(n, (uint64(block.Size)-block.Cleanups.Offset)/size) {
				at := block.Cleanups.Offset + i*size
				d.entry(root{kind: cleanupRoot, name: "queued cleanup", addr: addr + at}, b[at:], words...)
			}
		})
	}
	return err
}

// entry makes a root of the words at the given offsets of b, which stands at
// r.addr.
func (d *coreDecoder) entry(r root, b []byte, offsets ...uint64) {
	r.goroutine = -1
	d.im.addRoot(r)
	for _, off := range offsets {
		if p := d.im.arch.Word(b[off:]); d.im.inHeap(p) {
			d.im.pieces = append(d.im.pieces, piece{slot: r.addr + off, value: p, frame: -1, register: -1})
		}
	}
	d.im.endRoot()
}

// readBlocks follows a list of blocks outside the heap, whose head stands at
// offset in the named variable, and calls f with each.
func (d *coreDecoder) readBlocks(ctx context.Context, variable string, offset, size, link uint64, f func(addr uint64, b []byte)) error {
	head, err := d.global(variable)
	if err != nil {
		d.problem(dump.Warning, 1, err.Error())
		return nil
	}
	size = max(size, 1)
	addr, ok := d.im.mem.Word(head + offset)
	for seen := map[uint64]bool{}; ok && addr != 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if seen[addr/size] {
			d.problem(dump.Error, 1, fmt.Sprintf("the list of %s leads back to the block at %#x: some queued entries may be missing", variable, addr))
			return nil
		}
		seen[addr/size] = true
		var b []byte
		if b, ok = d.im.mem.Slice(addr, size); ok {
			f(addr, b)
			addr = d.im.arch.Word(b[link:])
		}
	}
	if !ok {
		d.problem(dump.Error, 1, fmt.Sprintf("the list of %s breaks off at %#x, which is not in the core: some queued entries are missing", variable, addr))
	}
	return nil
}

// readSpecials reads the records attached to the objects of a span
// (runtime/mgcmark.go, markrootSpans).
func (d *coreDecoder) readSpecials(ctx context.Context, e extent, addr uint64) error {
	rt, a, mem := d.layout, d.im.arch, d.im.mem
	// Each record is of the common part and of what its kind adds.
	size := uint64(max(rt.SpecialFinalizer.Size, rt.SpecialWeakHandle.Size, rt.SpecialCleanup.Size, rt.SpecialProfile.Size))
	for addr != 0 {
		if err := look(ctx, len(d.specials)); err != nil {
			return err
		}
		if d.specials[addr] {
			d.strayed++
			return nil
		}
		d.specials[addr] = true
		head, ok := mem.Slice(addr, uint64(rt.Special.Size))
		if !ok {
			d.problem(dump.Error, 1, fmt.Sprintf("the list of specials of the span at %#x breaks off at %#x, which is not in the core", e.base, addr))
			return nil
		}
		s := special{object: e.base + rt.Special.Offset.Uint(a, head)}
		if s.object-e.base >= e.elem*uint64(e.n) {
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
			s.kind, s.keeps = finalizerSpecial, d.words(b, rt.SpecialFinalizer.Fn.Offset)
		case rt.KindSpecialWeakHandle.Is(kind):
			s.kind, s.keeps = weakHandleSpecial, d.words(b, rt.SpecialWeakHandle.Handle.Offset)
		case rt.KindSpecialCleanup.Is(kind):
			at := rt.SpecialCleanup.Cleanup.Offset
			s.kind, s.keeps = cleanupSpecial, d.words(b, at+rt.CleanupFn.Call.Offset, at+rt.CleanupFn.Fn.Offset, at+rt.CleanupFn.Arg.Offset)
			if !rt.SpecialCleanup.Cleanup.Has() {
				s.keeps = d.words(b, rt.SpecialCleanup.Fn.Offset)
			}
		default:
			if rt.KindSpecialProfile.Is(kind) {
				d.readSample(e, s.object, b)
			}
			known = false
		}
		if known {
			d.im.specials = append(d.im.specials, s)
		}
		addr = rt.Special.Next.Uint(a, head)
	}
	return nil
}

// words reads the non-zero words of b at the given offsets.
func (d *coreDecoder) words(b []byte, offsets ...uint64) []uint64 {
	var w []uint64
	for _, off := range offsets {
		if off+uint64(d.im.arch.PtrSize) <= uint64(len(b)) {
			if p := d.im.arch.Word(b[off:]); p != 0 {
				w = append(w, p)
			}
		}
	}
	return w
}
