package typing

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/types"
	"goheap/heap"
	"goheap/internal/arch"
)

// slotLayout is how slots of one size with heap bits lie in spans of one page.
type slotLayout struct {
	words   uint64 // in a slot; 0 where it is not known
	bitmap  uint64 // distance of the heap bits from the start of the span
	smaller uint64 // the next smaller size of slots
}

// maxHeapBits is the largest size of slots that have heap bits: a bit for each
// word of one fits into a word (runtime/mbitmap.go, heapBitsInSpan).
const maxHeapBits = 512

// judge decides about claims on the objects that one goroutine gives types to. What it
// does not change it shares with the one beside it: id has the types of all objects,
// but those of each are another's.
type judge struct {
	im      *image.Image
	g       *heap.Graph                  // perhaps without the rows of the roots
	Alive   []uint64                     // a bit for each node that claims may be about
	Reached func() (*heap.Marker, error) // waits for the live set
	table   *types.Table
	arch    arch.Arch
	space   *inferior.Space
	id      []heap.TypeID // by node

	Mem       inferior.Reader
	compiled  []*compiled                   // by types.ID
	dynamic   map[uint64]types.ID           // by descriptor address
	layouts   [maxHeapBits/8 + 1]slotLayout // by slot size / 8, as far as met
	conflicts uint64
	rejected  []claim // the first of them
}

// beside returns a judge for other objects of the same heap.
func (t *judge) beside() judge {
	return judge{
		im: t.im, g: t.g, Alive: t.Alive, Reached: t.Reached, table: t.table, arch: t.arch, space: t.space, id: t.id,
		Mem: inferior.Reader{Mem: t.im.Mem}, dynamic: map[uint64]types.ID{},
	}
}

// claim says that at p stand n values of type x.
type claim struct {
	p        uint64
	n        uint64
	x        *compiled
	Form     Form
	evidence Evidence
}

type interiorClaim struct {
	claim
	node heap.Node
}

// Static is a typed value outside the heap, in a module's data.
type Static struct {
	Addr uint64
	Type types.ID
	N    uint64
}

// size returns how many bytes a claim explains, and whether that is a number.
func (t *judge) size(c claim) (uint64, bool) {
	switch c.Form {
	case StringData:
		return c.n, true
	case Container:
		return t.containerSize(c.p, c.x.id)
	}
	hi, n := bits.Mul64(c.x.size, c.n)
	return n, hi == 0
}

// point applies a claim to whatever stands at c.p.
func (t *Typer) point(c claim) {
	if t.leaves != nil && (c.Form == StringData || len(c.x.steps) == 0 && c.Form != Container && c.x.refine == nil) {
		t.toLeaf(c)
		return
	}
	at, ok := t.im.Pages.Find(c.p)
	if !ok {
		t.pointStatic(c)
		return
	}
	if c.x.refine != nil && c.Form == OneValue && (c.x.embedded || at.Off == t.headerOf(at) && !isChunk(t, at.Node)) {
		p := c.p
		c = c.x.refine(t, c, at)
		at.Off -= p - c.p
	}
	if at.Pointers == image.NoPointers && t.leaves != nil {
		t.toLeaf(c)
		return
	}
	c.evidence = max(c.evidence, t.floor)
	n := at.Node
	id := typeID(c.x.id, c.Form)
	has := t.id[n]
	if has == 0 && (at.Pointers == image.Headers || at.Pointers == image.OneType) && image.HasBit(t.Alive, n) {
		t.record(n)
		has = t.id[n]
	}
	if has == 0 && at.Off == 0 && at.Pointers == image.HeapBits && t.fills(&c, at.Elem) && image.HasBit(t.Alive, n) {
		t.set(n, id, c.evidence)
		t.push(n)
		return
	}
	if !t.mayDisplace(has, id, c.evidence) {
		if isChunk(t, n) {
			pointChunk(t, at, c)
		}
		return
	}
	interior, walk := t.claim(at, id, &c)
	if interior {
		t.interior = append(t.interior, interiorClaim{c, n})
	} else if at.Pointers == image.NoPointers {
		t.leafParts = t.keepPart(t.leafParts, &at, &c)
	}
	if walk {
		t.push(n)
	}
}

// mayDisplace reports whether a claim can change what a node has: nothing
// displaces what the allocator recorded, or the same type with evidence that is
// as strong.
func (t *judge) mayDisplace(has, id heap.TypeID, ev Evidence) bool {
	old := Evidence(has >> evidenceShift)
	return old != ByHeader && old != BySpan && (has&(1<<evidenceShift-1) != id || old > ev)
}

// toLeaf hands a claim to the leaf typer.
func (t *Typer) toLeaf(c claim) {
	if t.batch = append(t.batch, c); len(t.batch) == leafBatch {
		t.leaves <- t.batch
		t.batch = <-t.spare
	}
}

// claims applies claims on objects without pointers, and returns the others to
// the typer that they came from. slots has room for as many claims.
//
// Leaves are met in no order, and most are met once: what is known of them is
// looked at for all claims first, so that those reads do not wait for each other.
func (t *leafTyper) claims(batch []claim, slots []image.SlotAt) {
	for i := range batch {
		at, ok := t.im.Pages.Find(batch[i].p)
		if !ok {
			at.Node = heap.None // what has no pointers leads to no static values
		} else if at.Pointers == image.NoPointers {
			t.touched ^= t.id[at.Node]
		}
		slots[i] = at
	}
	for i := range batch {
		switch at := &slots[i]; {
		case at.Node == heap.None:
		case at.Pointers != image.NoPointers:
			t.returned = append(t.returned, batch[i])
		default:
			t.leafClaim(at, &batch[i])
		}
	}
}

// leafClaim applies a claim on an object without pointers.
func (t *leafTyper) leafClaim(at *image.SlotAt, c *claim) {
	n, id := at.Node, typeID(c.x.id, c.Form)
	has := t.id[n]
	if has == 0 && at.Off == 0 && at.Elem != 0 && (c.Form == StringData || c.Form == OneValue && len(c.x.steps) == 0) && image.HasBit(t.Alive, n) {
		size := c.n
		if c.Form == OneValue {
			size = c.x.size
		}
		if size > 0 && size <= at.Elem && (c.Form == StringData || at.Elem == tinySize || size > t.im.SmallerClass(at.Elem)) {
			t.set(n, id, c.evidence)
			return
		}
	}
	if t.mayDisplace(has, id, c.evidence) {
		t.claim(*at, id, c)
		t.parts = t.keepPart(t.parts, at, c)
	}
}

// fills reports whether the values of a claim fill the slot of elem bytes that
// starts with them, and its heap bits are those of their type. It is a shorter
// way to what claim finds out, for nearly all claims; false says nothing.
func (t *judge) fills(c *claim, elem uint64) bool {
	l := &t.layouts[elem/8%uint64(len(t.layouts))]
	x := c.x
	if c.Form == Container {
		x = x.runtime
	}
	if l.words*8 != elem || x.size == 0 || c.n > elem/x.size || c.Form == StringData {
		return false
	}
	size, mask := x.size, x.mask
	if c.n > 1 {
		size *= c.n
		mask = tile(mask, x.size/8, size/8)
	}
	if size <= l.smaller && (c.Form != ManyValues || elem-size >= x.size) {
		return false
	}
	first := c.p % image.PageSize / 8
	at := c.p - c.p%image.PageSize + l.bitmap + first/8
	if off := at - t.Mem.Start; first%8+l.words <= 64 && at >= t.Mem.Start && off+8 <= uint64(len(t.Mem.Segment)) {
		return binary.LittleEndian.Uint64(t.Mem.Segment[off:])>>(first%8)&image.LowBits(l.words) == mask
	}
	return image.Gather(t.Mem.Bytes(at, (first%8+l.words+7)/8), first%8, l.words) == mask
}

// tile repeats a mask of size words over n words, at most 64.
func tile(mask, size, n uint64) uint64 {
	for step := size; step > 0 && step < 64 && step < n; step *= 2 {
		mask |= mask << step
	}
	return mask & image.LowBits(n)
}

// claim decides about a claim that is not known yet. It reports whether it is about a
// part of an object with pointers, of which the claim has the evidence then, and whether
// it gave such an object a type, by which it is to be walked.
func (t *judge) claim(at image.SlotAt, id heap.TypeID, c *claim) (interior, walk bool) {
	n := at.Node
	size, ok := t.size(*c)
	if !ok || size == 0 || !image.HasBit(t.Alive, n) {
		return false, false
	}
	e := &t.im.Extents[t.g.ExtentOf(n)]
	slot := c.p - at.Off
	head := t.headerSize(e)
	part := false
	if at.Off < head || size > e.Elem-at.Off || !t.agrees(e, slot, at.Off, *c) {
		if c.evidence == ByFit {
			return false, false // no typed value says so
		}
		if part = at.Off >= head && size <= e.Elem-at.Off && t.isMadePart(e, slot, at.Off, c); !part {
			t.reject(n, *c)
			return false, false
		}
	}
	if part || !t.covers(e, at.Off, head, size, *c) || !t.hasShape(e, slot, *c) {
		if c.evidence == ByFit {
			return false, false
		}
		c.evidence = ByInterior
		interior = at.Pointers != image.NoPointers
	}
	if !t.better(n, e, id, *c, size) {
		return interior, false
	}
	t.set(n, id, c.evidence)
	if e.Pointers == image.HeapBits && t.im.ArenaBits == nil && e.Size == image.PageSize && t.arch.LittleWords64 {
		t.layouts[e.Elem/8%uint64(len(t.layouts))] = slotLayout{e.Elem / 8, e.At - e.Base, t.im.SmallerClass(e.Elem)}
	}
	return interior, c.evidence < ByInterior && at.Pointers != image.NoPointers
}

// reject counts a claim that contradicts what is known of a live object.
func (t *judge) reject(n heap.Node, c claim) {
	if live, err := t.Reached(); err != nil || !live.Has(n) {
		return
	}
	if t.conflicts++; len(t.rejected) < maxRejected {
		t.rejected = append(t.rejected, c)
	}
}

// rejection tells what a rejected claim said and what is so.
func (t *judge) rejection(c claim) string {
	what := t.table.Type(c.x.id).Name
	switch {
	case c.Form == StringData:
		what = fmt.Sprintf("a string of %d bytes", c.n)
	case c.n != 1:
		what = fmt.Sprintf("%d × %s", c.n, what)
	}
	e := t.im.ExtentAt(c.p)
	slot := c.p - (c.p-e.Base)%e.Elem
	pointers := "without pointers"
	switch e.Pointers {
	case image.HeapBits:
		pointers = fmt.Sprintf("with pointers %#x", t.im.SlotMask(e, slot))
	case image.Headers, image.OneType:
		pointers = "of a recorded type"
	}
	return fmt.Sprintf("%s (%d bytes, pointers %#x) at %#x, in a slot of %d bytes from %#x %s",
		what, c.x.size, c.x.mask, c.p, e.Elem, slot, pointers)
}

// maxRejected is how many rejected claims are remembered.
const maxRejected = 10

// tinySize is the slot size of the blocks in which the allocator joins small
// values without pointers (runtime/malloc.go, maxTinySize).
const tinySize = 16

// covers reports whether a value of size bytes at off is all that can have been
// asked for when the slot was allocated: less would have got a smaller slot.
func (t *judge) covers(e *image.Extent, off, head, size uint64, c claim) bool {
	if e.Pointers == image.NoPointers && e.Elem == tinySize {
		return true
	}
	if e.Pointers == image.NoPointers && c.Form == StringData {
		// A string may be a part of another one, or of the bytes that both
		// were made of: nothing else is allocated behind one. Bytes behind it
		// are the capacity that it was built with.
		return true
	}
	if off != head {
		return false
	}
	if e.Pointers == image.HeapBits && t.im.PointersEnd(e, c.p-off) > off+size {
		return false // a pointer stands behind it
	}
	if e.Pointers == image.NoPointers && c.Form == ManyValues && c.x.size == 1 {
		return true
	}
	rest := e.Elem - head - size
	if c.Form == ManyValues && rest < c.x.size {
		return true
	}
	return head+size > t.im.SmallerClass(e.Elem)
}

// hasShape reports whether values of a claimed type can stand in a slot for which
// the allocator recorded a shape: they have its size and pointers. Other slots can
// hold any.
func (t *judge) hasShape(e *image.Extent, slot uint64, c claim) bool {
	id := t.byDescriptor(Recorded(t.im, e, slot))
	if id == 0 {
		return true
	}
	size := t.table.Type(id).Size
	return c.Form != Container && c.x.size == size && c.x.mask == t.pointerMask(id, size, (*types.Table).PointerAt)
}

// agrees reports whether the pointers of a claimed type are where the collector
// finds pointers.
func (t *judge) agrees(e *image.Extent, slot, off uint64, c claim) bool {
	mask, steps := c.x.mask, c.x.steps
	size := c.x.size
	switch c.Form {
	case StringData:
		return e.Pointers == image.NoPointers
	case Container:
		mask, steps, size = c.x.runtime.mask, c.x.runtime.steps, c.x.runtime.size
	}
	if e.Pointers == image.NoPointers {
		return len(steps) == 0 || t.untraced(c)
	}
	w := uint64(t.arch.PtrSize)
	if e.Pointers != image.HeapBits && !(e.Pointers == image.OneType && t.im.Listed) {
		return true
	}
	if len(steps) == 0 && size >= w && off == 0 && c.Form != ManyValues {
		// A pointerless value at the start of a slot with pointers can only
		// be the first part of something larger.
		mask = 0
	}
	if off%w != 0 {
		return len(steps) == 0
	}
	if size == 0 {
		return true
	}
	if size%w != 0 {
		return len(steps) == 0 && t.im.SlotMaskFrom(e, slot, off)&image.LowBits((size*c.n+w-1)/w) == 0
	}
	n := min(size*c.n, e.Elem-off) / w
	return t.im.SlotMaskFrom(e, slot, off)&image.LowBits(n) == tile(mask, size/w, n)
}

// isMadePart reports whether a claim that does not agree with heap bits is one on a part
// of an object whose type package reflect has made: there both words of interfaces are
// marked (reflect/type.go, addTypeBits), whatever type they are a part of. The first words
// have to be what interfaces begin with.
func (t *judge) isMadePart(e *image.Extent, slot, off uint64, c *claim) bool {
	w := uint64(t.arch.PtrSize)
	x := c.x
	if e.Pointers != image.HeapBits || c.Form == StringData || c.Form == Container || len(x.steps) == 0 || x.size%w != 0 || off%w != 0 {
		return false
	}
	if x.made == 0 {
		x.made = t.pointerMask(x.id, x.size, types.MadePointerAt)
	}
	n := min(x.size*c.n, e.Elem-off) / w
	if t.im.SlotMaskFrom(e, slot, off)&image.LowBits(n) != tile(x.made, x.size/w, n) {
		return false
	}
	for i := range n {
		if first := i % (x.size / w); first >= 64 || (x.made&^x.mask)>>first&1 == 0 {
			continue
		}
		word, ok := t.im.Mem.Word(c.p + i*w)
		if !ok || word != 0 && t.byDescriptor(word) == 0 && t.byDescriptor(t.space.ItabType(word)) == 0 {
			return false
		}
	}
	return true
}

// untraced reports whether the runtime allocates values of a type as if they had
// no pointers, since what they point to is held elsewhere: channels whose
// elements have none or that have no buffer (runtime/chan.go, makechan), and the
// table of itabs
// (runtime/iface.go, itabAdd).
func (t *judge) untraced(c claim) bool {
	typ := t.table.Type(c.x.id)
	if c.Form == Container {
		elem := t.compile(typ.Elem)
		return typ.Kind == types.Chan && t.space.ChanUntraced(&t.Mem, c.p, elem.size, len(elem.steps) > 0)
	}
	return typ.Name == "runtime.hchan" || typ.Name == "runtime.itabTableType"
}

// better decides between the claim that a node has and a new one: by evidence,
// by the bytes that it explains, by which contains the other, by name.
func (t *judge) better(n heap.Node, e *image.Extent, id heap.TypeID, c claim, size uint64) bool {
	has := t.evidenceOf(n)
	if has == 0 {
		return true
	}
	if c.evidence != has {
		return c.evidence < has
	}
	old, oldForm := SplitTypeID(t.idOf(n))
	oldSize, _ := t.size(claim{p: c.p, n: 1, x: t.compile(old), Form: oldForm})
	if oldForm == ManyValues || oldForm == StringData {
		oldSize = t.usable(e)
	}
	if c.Form == ManyValues || c.Form == StringData {
		size = t.usable(e)
	}
	if size != oldSize {
		return size > oldSize
	}
	if (c.Form == StringData) != (oldForm == StringData) {
		// A string may have been made of bytes without copying them.
		return oldForm == StringData
	}
	if t.contains(c.x.id, old) != t.contains(old, c.x.id) {
		return t.contains(c.x.id, old)
	}
	if a, b := t.table.Type(c.x.id).Name, t.table.Type(old).Name; a != b {
		return a < b
	}
	return id < t.idOf(n)
}

// contains reports whether a value of type a starts with one of type b.
func (t *judge) contains(a, b types.ID) bool {
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
func (t *Typer) pointStatic(c claim) {
	if s := t.onStack; s != nil && c.p >= s.lo && c.p < s.hi {
		t.pointStack(c)
		return
	}
	if c.Form == StringData || c.Form == Container || len(c.x.steps) == 0 {
		return
	}
	size, ok := t.size(c)
	if !ok {
		return
	}
	for _, m := range t.Config.Data {
		if c.p >= m.Lo && size <= m.Hi-min(m.Hi, c.p) {
			s := Static{c.p, c.x.id, c.n}
			if !t.static[s] {
				t.static[s] = true
				if t.Config.Found != nil {
					t.Config.Found(FoundStatic{s, size, c.Form == ManyValues, t.within})
				}
				t.statics = append(t.statics, s)
			}
			return
		}
	}
}
