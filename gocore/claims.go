package gocore

import (
	"encoding/binary"
	"math/bits"

	"goheap/gocore/internal/types"
	"goheap/heap"
)

// fit remembers how a type fits the spans that its values last lay in. Nearly
// all values of a type lie in spans of one size class, so that a claim that fits
// is decided without looking at the span.
type fit struct {
	elem   uint64 // size of the slots; 0 for none remembered
	words  uint64 // in a slot
	bitmap uint64 // distance of the heap bits from the start of a span of one page
	mask   uint64 // what the heap bits of a slot with one value are
}

// claim says that at p stand n values of type t.
type claim struct {
	p        uint64
	n        uint64
	t        types.ID
	form     form
	evidence evidence
}

type interiorClaim struct {
	claim
	node heap.Node
}

// staticValue is a typed value outside the heap, in a module's data.
type staticValue struct {
	addr uint64
	t    types.ID
	n    uint64
}

// size returns how many bytes a claim explains, and whether that is a number.
func (t *typer) size(c claim) (uint64, bool) {
	switch c.form {
	case stringData:
		return c.n, true
	case container:
		return t.containerSize(c.p, c.t)
	}
	hi, n := bits.Mul64(t.compile(c.t).size, c.n)
	return n, hi == 0
}

// point applies a claim to whatever stands at c.p.
func (t *typer) point(c claim) {
	at, ok := t.im.pages.find(c.p)
	if !ok {
		t.pointStatic(c)
		return
	}
	if at.pointers == noPointers && t.leaves != nil {
		if t.batch = append(t.batch, c); len(t.batch) == leafBatch {
			t.leaves <- t.batch
			t.batch = <-t.spare
		}
		return
	}
	n := at.node
	id := typeID(c.t, c.form)
	if x := t.compile(c.t); x.trie != nil {
		if b := t.bytes(c.p, 1); len(b) == 1 {
			c.t = x.trie[b[0]&1]
			id = typeID(c.t, c.form)
		}
	}
	has := t.out.id[n]
	if has>>evidenceShift == heap.TypeID(byHeader) || has>>evidenceShift == heap.TypeID(bySpan) {
		return
	}
	if has&(1<<evidenceShift-1) == id && evidence(has>>evidenceShift) <= c.evidence {
		return
	}
	if c.form == oneValue && c.n == 1 && at.off == 0 && has == 0 && at.pointers == heapBits {
		if x := &t.compile(c.t).fit; x.elem == at.elem && t.live.Has(n) && t.pageMask(c.p, x) == x.mask {
			t.set(n, id, c.evidence)
			t.push(n)
			return
		}
	}
	t.claim(&at, id, c)
}

// pageMask is slotMask for a slot in a span of one page.
func (t *typer) pageMask(slot uint64, x *fit) uint64 {
	first := slot % pageSize / uint64(t.arch.PtrSize)
	at := slot - slot%pageSize + x.bitmap + first/8
	if off := at - t.segStart; !t.arch.BigEndian && first%8+x.words <= 64 && at >= t.segStart && off+8 <= uint64(len(t.seg)) {
		return binary.LittleEndian.Uint64(t.seg[off:]) >> (first % 8) & lowBits(x.words)
	}
	return gather(t.bytes(at, (first%8+x.words+7)/8), first%8, x.words)
}

// claim decides about a claim that is not known yet.
func (t *typer) claim(at *slotAt, id heap.TypeID, c claim) {
	n := at.node
	size, ok := t.size(c)
	if !ok || size == 0 || !t.live.Has(n) {
		return
	}
	e := &t.im.extents[t.g.ExtentOf(n)]
	slot := c.p - at.off
	head := t.headerSize(e)
	if at.off < head || size > e.elem-at.off || !t.agrees(e, slot, at.off, c) {
		t.out.conflicts++
		return
	}
	if !t.covers(e, at.off, head, size, c) {
		c.evidence = byInterior
		if at.pointers != noPointers {
			t.interior = append(t.interior, interiorClaim{c, n})
		}
	}
	if !t.better(n, e, id, c, size) {
		return
	}
	t.set(n, id, c.evidence)
	if c.evidence < byInterior && at.pointers != noPointers {
		t.push(n)
	}
	if w := uint64(t.arch.PtrSize); c.form == oneValue && c.n == 1 && at.off == 0 && at.pointers == heapBits && c.evidence < byInterior && e.size == pageSize {
		t.compile(c.t).fit = fit{e.elem, e.elem / w, e.at - e.base, t.im.slotMask(e, slot)}
	}
}

// tinySize is the slot size of the blocks in which the allocator joins small
// values without pointers (runtime/malloc.go, maxTinySize).
const tinySize = 16

// covers reports whether a value of size bytes at off is all that can have been
// asked for when the slot was allocated: less would have got a smaller slot.
func (t *typer) covers(e *extent, off, head, size uint64, c claim) bool {
	if e.pointers == noPointers && e.elem == tinySize {
		return true
	}
	if off != head {
		return false
	}
	if e.pointers == noPointers && (c.form == stringData || c.form == manyValues && t.compile(c.t).size == 1) {
		// Bytes behind a string or a byte slice are the capacity that it was
		// built with.
		return true
	}
	rest := e.elem - head - size
	if c.form == manyValues && rest < t.compile(c.t).size {
		return true
	}
	return head+size > t.smallerClass(e)
}

// smallerClass returns the size of the next smaller slot than those of e.
func (t *typer) smallerClass(e *extent) uint64 {
	if c, ok := t.smaller[e.elem]; ok {
		return c
	}
	return e.elem - pageSize // large objects are whole pages
}

// agrees reports whether the pointers of a claimed type are where the collector
// finds pointers.
func (t *typer) agrees(e *extent, slot, off uint64, c claim) bool {
	x := t.compile(c.t)
	mask, words := x.mask, x.words
	size := x.size
	switch c.form {
	case stringData:
		return e.pointers == noPointers
	case container:
		rt := t.compile(t.table.Type(c.t).Runtime)
		mask, words, size = rt.mask, rt.words, rt.size
	}
	if e.pointers == noPointers {
		return len(words) == 0 || t.untraced(c)
	}
	w := uint64(t.arch.PtrSize)
	if e.pointers != heapBits {
		return true
	}
	if len(words) == 0 && size >= w && off == 0 && c.form != manyValues {
		// A pointerless value at the start of a slot with pointers can only
		// be the first part of something larger.
		mask = 0
	}
	if off%w != 0 {
		return len(words) == 0
	}
	if size == 0 || size%w != 0 {
		return true
	}
	n := min(size*c.n, e.elem-off) / w
	for step := size / w; step < 64 && step < n; step *= 2 {
		mask |= mask << step
	}
	if n < 64 {
		mask &= 1<<n - 1
	}
	return t.im.slotMask(e, slot)>>(off/w)&lowBits(n) == mask
}

// untraced reports whether the runtime allocates values of a type as if they had
// no pointers, since what they point to is held elsewhere: channels whose
// elements have none (runtime/chan.go, makechan) and the table of itabs
// (runtime/iface.go, itabAdd).
func (t *typer) untraced(c claim) bool {
	typ := t.table.Type(c.t)
	if c.form == container {
		return typ.Kind == types.Chan && len(t.compile(typ.Elem).words) == 0
	}
	return typ.Name == "runtime.hchan" || typ.Name == "runtime.itabTableType"
}

// better decides between the claim that a node has and a new one: by evidence,
// by the bytes that it explains, by which contains the other, by name.
func (t *typer) better(n heap.Node, e *extent, id heap.TypeID, c claim, size uint64) bool {
	has := t.evidenceOf(n)
	if has == 0 {
		return true
	}
	if c.evidence != has {
		return c.evidence < has
	}
	old, oldForm := splitTypeID(t.idOf(n))
	oldSize, _ := t.size(claim{p: c.p, n: 1, t: old, form: oldForm})
	if oldForm == manyValues || oldForm == stringData {
		oldSize = t.usable(e)
	}
	if c.form == manyValues || c.form == stringData {
		size = t.usable(e)
	}
	if size != oldSize {
		return size > oldSize
	}
	if t.contains(c.t, old) != t.contains(old, c.t) {
		return t.contains(c.t, old)
	}
	if a, b := t.table.Type(c.t).Name, t.table.Type(old).Name; a != b {
		return a < b
	}
	return id < t.idOf(n)
}

// contains reports whether a value of type a starts with one of type b.
func (t *typer) contains(a, b types.ID) bool {
	for range 64 {
		typ := t.table.Type(a)
		switch {
		case typ.Kind == types.Struct && len(typ.Fields) > 0:
			a = typ.Fields[0].Type
		case typ.Kind == types.Array && typ.Len > 0:
			a = typ.Elem
		default:
			return false
		}
		if a == b {
			return true
		}
	}
	return false
}

// pointStatic notes a typed value in a module's writable data, which is walked
// once: composite literals of package variables stand there.
func (t *typer) pointStatic(c claim) {
	if c.form == stringData || c.form == container || len(t.compile(c.t).words) == 0 {
		return
	}
	size, ok := t.size(c)
	if !ok {
		return
	}
	for _, m := range t.modules {
		if c.p >= m.data && size <= m.edata-min(m.edata, c.p) || c.p >= m.bss && size <= m.ebss-min(m.ebss, c.p) {
			s := staticValue{c.p, c.t, c.n}
			if !t.static[s] {
				t.static[s] = true
				if t.found != nil {
					t.found(c, size, t.within)
				}
				t.statics = append(t.statics, s)
			}
			return
		}
	}
}
