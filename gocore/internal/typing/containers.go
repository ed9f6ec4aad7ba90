package typing

import (
	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/types"
)

// maxContainer bounds what the header of a table may speak of: the object that it
// leads to bounds it more tightly.
const maxContainer = 1 << 48

// readAnew starts reading with all of what may be followed.
func (t *Typer) readAnew() {
	t.Mem = inferior.Reader{Mem: t.im.Mem, Left: walkTimes * t.im.Mem.Size(), Ended: t.Mem.Ended}
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
