package typing

import (
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/types"
)

// Unknown reports whether p leads to a live object of which nothing as certain as that a
// type fits is known.
func Unknown(t *Typer, p uint64) bool {
	at, ok := t.im.Pages.Find(p)
	if !ok || !image.HasBit(t.Alive, at.Node) {
		return false
	}
	ev := t.evidenceOf(at.Node)
	return ev == 0 || ev >= ByFit
}

// Word returns the word at addr, as the walk reads it.
func Word(t *Typer, addr uint64) (uint64, bool) {
	b := t.Mem.Bytes(addr, uint64(t.arch.PtrSize))
	if b == nil {
		return 0, false
	}
	return t.arch.Word(b), true
}

// Dynamic reports whether the word at addr may be the second of an interface: the one
// before it is the first of one.
func Dynamic(t *Typer, addr uint64) bool {
	word, ok := Word(t, addr-uint64(t.arch.PtrSize))
	return ok && t.interfaceType(word) != 0
}

// ClaimMade claims what the code of the program says to have been made at p, as PointMade
// does, where the object there is all of that.
func ClaimMade(t *Typer, typ types.ID, form Form, p uint64) {
	if form == OneValue && IsClosure(t.table, typ) {
		t.PointClosure(p)
	} else if c, ok := made(t, typ, form, p); ok {
		t.attempt(c)
	}
}

// made returns the claim that something was made at p.
func made(t *Typer, typ types.ID, form Form, p uint64) (c claim, ok bool) {
	x := t.compile(typ)
	c = claim{p: p, n: 1, x: x, Form: form, evidence: ByPointer}
	switch {
	case x.shape:
		return c, false
	case form == Container:
		c.evidence = ByContainer
		return c, x.runtime != nil
	case form == ManyValues:
		c.n = t.capacity(p, x.size)
	}
	return c, c.n > 0
}

// Receivers claims values that may be the first part of one of another type.
type Receivers struct {
	t *Typer
	f *fitter
}

// NewReceivers returns what claims values of the given types.
func NewReceivers(t *Typer, list []types.ID) *Receivers {
	parts := make([]Part, len(list))
	for i, id := range list {
		parts[i].Type = id
	}
	return &Receivers{t, t.newFitter(parts)}
}

// Claim claims a value of one of the types at p, where no described type that has the
// object's size and pointers begins with such a value.
func (r *Receivers) Claim(typ types.ID, p uint64) {
	t := r.t
	c, ok := made(t, typ, OneValue, p)
	at, found := t.im.Pages.Find(p)
	if !ok || !found || at.Pointers == image.OneType || !image.HasBit(t.Alive, at.Node) || !t.fitsWhole(at, c) {
		return
	}
	// Without pointers nothing but its size tells a value from an array: only a struct that
	// fills the object is taken, which leaves no room for two.
	if e, _ := t.slotOf(at.Node); at.Pointers == image.NoPointers && (e.Elem <= tinySize || t.table.Type(typ).Kind != types.Struct || c.x.size <= t.im.SmallerClass(e.Elem)) {
		return
	}
	if fits := r.f.byShape([]Part{{Node: at.Node, Type: typ, N: 1}}); len(fits) == 1 && fits[0] == (Fit{typ, OneValue}) {
		t.point(c)
	}
}

// ClaimDynamic claims what the words of an interface with methods say of what is at p. Two
// words of which the first is a descriptor may be those of a reflect.Value, whose second
// leads to the value whatever it is.
func ClaimDynamic(t *Typer, itab, p uint64) {
	if types.InModule(t.table, itab) && t.byDescriptor(itab) != 0 {
		return
	}
	if c, ok := t.pair(itab, p); ok {
		t.attempt(c)
	}
}

// ClaimStatic says that a value of a type stands at addr, in the data of a module.
func ClaimStatic(t *Typer, typ types.ID, addr uint64) {
	t.pointStatic(claim{p: addr, n: 1, x: t.compile(typ), evidence: ByPointer})
}
