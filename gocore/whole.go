package gocore

import (
	"goheap/gocore/internal/notation"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
	"goheap/heap"
)

// fitView is an object by the only type that fits it; ok is false for one whose type is
// known in another way, or not at all. What is named from it has the mark of that in its
// name, or behind a name that has it.
func (p *naming) fitView(n heap.Node) (v view, ok bool) {
	t, addr, count, ok := p.valueTypeBelow(n, typing.FirstUnknown)
	if !ok || p.typing.IDs[n] < typing.FirstFit {
		return view{}, false
	}
	v = formView(p.typing.IDs[n], t, addr, count)
	return v, v.t != 0 || v.inside.Stage != 0
}

// wholeView is an object by its own type, or by the only one that fits it, and what a path
// has in front of what is selected of it.
func (p *naming) wholeView(n heap.Node) (v view, out string, ok bool) {
	if v, ok = p.fitView(n); ok {
		return v, arrow + notation.Fitting, true
	}
	v = p.ownView(n)
	return v, arrow, v.t != 0
}

// hopOutward names the word at slot, which points to a node, and is in an object outside of
// what a path has reached of it: as a part of the whole object, or by its distance from
// base where its type is not known.
func (p *naming) hopOutward(slot, value uint64, to heap.Node, base uint64) (s notation.Link, next view) {
	n, _ := p.NodeAt(slot)
	v, out, ok := p.wholeView(n)
	switch {
	case p.typing.ChunkOf(n) != nil:
		return outOfChunk(p, slot, value, to, base)
	case !ok:
		return p.offsetHop(slot-base, to)
	case v.inside.Stage != 0 && slot-v.addr < p.types.Type(p.types.Type(v.inside.Type).Runtime).Size:
		s, next = p.hopInContainer(slot, value, to, v)
	case slot < v.addr || (slot-v.addr)/max(p.types.Type(v.t).Size, 1) >= v.n:
		return p.offsetHop(slot-base, to)
	default:
		s, next = p.hopInValue(slot, value, to, v, base)
	}
	s.Out = out
	return s, next
}

// outward is the object at an address by its own type where mark is "", and by the only one
// that fits it where that is so.
func (e *evaluation) outward(at uint64, s *notation.Step) (operand, error) {
	n, _ := e.p.NodeAt(at)
	v, out, ok := e.p.wholeView(n)
	if !ok || out != arrow+s.Text {
		return operand{}, e.fail(s.Pos, "%q stands in front of parts of an object of another kind: see `goheap help targets`", arrow+s.Text)
	}
	o := operand{view: v, whole: true, pointee: true}
	if kind := e.p.types.Type(v.t).Kind; v.inside.Stage == 0 && !v.elements && kind != types.Struct && kind != types.Array {
		o.whole, o.pointee = false, false // what it leads to is meant
	}
	return o, nil
}
