package typing

import (
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/types"
	"goheap/heap"
)

// maxContainer bounds what the header of a table may speak of: the object that it
// leads to bounds it more tightly.
const maxContainer = 1 << 48

// readAnew starts reading with all of what may be followed.
func (t *Typer) readAnew() {
	t.Mem = inferior.Reader{Mem: t.im.Mem, Left: walkTimes * t.im.Mem.Size(), Ended: t.Mem.Ended}
}

// longerArrays gives arrays that are longer than all slices of them the type of these: of
// objects that have none, whose beginning is such a slice, and that have the pointers of
// its elements up to their end.
func (t *Typer) longerArrays() {
	w := uint64(t.arch.PtrSize)
	found := map[heap.Node]bool{}
	for i := range t.interior {
		c := &t.interior[i]
		e := &t.im.Extents[t.g.ExtentOf(c.node)]
		slot := e.Base + uint64(c.node-e.First)*e.Elem
		if c.Form != ManyValues || c.p != slot || e.Pointers != image.HeapBits || e.Elem > maxHeapBits ||
			c.x.size == 0 || c.x.size%w != 0 || len(c.x.steps) == 0 || !image.HasBit(t.Alive, c.node) {
			continue
		}
		if !t.fillsSlot(e, slot, c) {
			continue
		}
		id := typeID(c.x.id, ManyValues)
		long := c.claim
		long.evidence = ByPointer
		if t.evidenceOf(c.node) >= ByInterior || found[c.node] && t.better(c.node, e, id, long, e.Elem) {
			found[c.node] = true
			t.set(c.node, id, ByPointer)
			t.push(c.node)
		}
	}
}

// fillsSlot reports whether a slot has the pointers of as many values as it was made for,
// more than a claim says.
func (t *Typer) fillsSlot(e *image.Extent, slot uint64, c *interiorClaim) bool {
	w := uint64(t.arch.PtrSize)
	for n := e.Elem / c.x.size; n > c.n && n*c.x.size > t.im.SmallerClass(e.Elem); n-- {
		if t.im.SlotMask(e, slot) == tile(c.x.mask, c.x.size/w, n*c.x.size/w) {
			return true
		}
	}
	return false
}

// containerSize returns the bytes that the header of a map or channel at p
// stands for.
func (t *judge) containerSize(p uint64, id types.ID) (uint64, bool) {
	typ := t.table.Type(id)
	if typ.Kind != types.Chan {
		return t.table.Type(typ.Runtime).Size, true
	}
	elem := t.compile(typ.Elem)
	return t.space.ChanSize(&t.Mem, p, elem.size, len(elem.steps) > 0)
}

// walkContainer follows what the map or channel at addr holds.
func (t *Typer) walkContainer(addr uint64, c *compiled) {
	typ := t.table.Type(c.id)
	if typ.Kind == types.Map {
		if c.layout == nil {
			if c.layout = t.space.Map(c.id); c.layout == nil {
				c.layout = new(inferior.Map) // has no parts
			}
		}
		t.space.MapParts(&t.Mem, c.layout, addr, t.part)
		return
	}
	if elem := t.compile(typ.Elem); len(elem.steps) > 0 {
		if buf, ok := t.space.ChanBuffer(&t.Mem, addr, typ.Elem); ok {
			t.pointPart(buf)
		}
	}
}

// pointPart claims a part of a container.
func (t *Typer) pointPart(p inferior.Part) {
	c := claim{p: p.Addr, n: p.N, x: t.compile(p.Type), evidence: ByContainer}
	if p.Array {
		c.Form = ManyValues
	}
	t.point(c)
}
