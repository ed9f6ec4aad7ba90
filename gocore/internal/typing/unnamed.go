package typing

import (
	"slices"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/types"
	"goheap/heap"
)

// StackWord is a word of a stack that the collector follows.
type StackWord struct {
	Goroutine int
	Addr      uint64
}

// unknownAt returns where the word at an offset in b leads, if it is to an object of which
// nothing as certain as that it fits is known.
func (t *judge) unknownAt(b []byte, off uint64) (at image.SlotAt, ok bool) {
	if off >= uint64(len(b)) {
		return at, false
	}
	if at, ok = t.im.Pages.Find(t.arch.Word(b[off:])); !ok {
		return at, false
	}
	ev := t.evidenceOf(at.Node)
	return at, ev == 0 || ev > ByFit
}

// claimUnnamed makes the claims of UnnamedFits.
func (t *Typer) claimUnnamed() {
	words := slices.DeleteFunc(t.unnamed, func(s StackWord) bool {
		_, ok := t.unknownAt(t.Mem.Bytes(s.Addr, uint64(t.arch.PtrSize)), 0)
		return !ok
	})
	t.unnamed = nil
	f := t.newFitter(nil)
	for _, x := range t.UnnamedFits(words) {
		t.point(f.claim(x.Node, x.Fit))
	}
}

// UnnamedFit is what words of stacks without a name say of an object.
type UnnamedFit struct {
	Node heap.Node
	Fit
}

// UnnamedFits returns what words that no variable is known to be in say of the objects
// that begin where they lead. The compiler copies a parameter to another register before
// it stores it, and then debugging information does not follow it: the word is one of the
// variables of its call that have no place there, or a value without a name. An object
// that exactly one of these variables can point to, by its size, its pointers and what is
// in it, is said to have that type, unless another word says otherwise.
func (t *Typer) UnnamedFits(words []StackWord) []UnnamedFit {
	if t.Config.Unplaced == nil || len(words) == 0 {
		return nil
	}
	f := t.newFitter(nil)
	place := map[heap.Node]int{}
	var list []UnnamedFit
	t.Config.Unplaced(words, func(p uint64, may []types.ID) {
		at, ok := t.im.Pages.Find(p)
		if !ok || at.Pointers != image.HeapBits || at.Off != 0 || !image.HasBit(t.Alive, at.Node) {
			return
		}
		fit, ok := f.onlyOne(at, may)
		if !ok {
			return
		}
		if i, old := place[at.Node]; !old {
			place[at.Node] = len(list)
			list = append(list, UnnamedFit{at.Node, fit})
		} else if list[i].Fit != fit {
			list[i].Type = 0
		}
	})
	return slices.DeleteFunc(list, func(x UnnamedFit) bool { return x.Type == 0 })
}

// onlyOne returns the one of the types that fits the object at a place, if one does.
func (f *fitter) onlyOne(at image.SlotAt, may []types.ID) (only Fit, ok bool) {
	t := f.t
	e, slot := t.slotOf(at.Node)
	data := t.Mem.Bytes(slot, e.Elem)
	if len(data) == 0 || t.im.SlotMask(e, slot)&1 == 0 && t.Config.Entry != nil && t.Config.Entry(t.arch.Word(data)) {
		return only, false
	}
	for _, id := range may {
		fit := Fit{id, OneValue}
		c := f.claim(at.Node, fit)
		if c.x.size == 0 || c.x.shape || !t.fitsWhole(at, c) || !f.pointers(e, slot, c) || !f.sound(data, fit) {
			continue
		}
		if ok {
			return only, false
		}
		only, ok = fit, true
	}
	return only, ok
}
