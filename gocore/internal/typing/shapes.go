package typing

import (
	"context"
	"encoding/binary"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/types"
	"goheap/heap"
	"goheap/internal/progress"
)

// fitShapes gives types to objects with pointers of which nothing is known but their size
// and their pointers: where these are those of exactly one type of the program, or of
// arrays of it, and nothing in the object contradicts. The allocator is handed the
// descriptor of what it makes, so that where the types are those that descriptors tell of,
// none is missing but what package reflect has made.
func fitShapes(ctx context.Context, t *Typer, phase *progress.Phase) error {
	if !t.Config.Complete {
		return nil
	}
	var list, containers []claim
	f := t.newFitter(nil)
	done := 0
	for n := range t.untyped() {
		if done++; done%walkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		fit, ok := f.byItself(n)
		switch {
		case !ok:
		case isContainer(t.table.Type(fit.Type)):
			containers = append(containers, f.claim(n, fit))
		default:
			list = append(list, f.claim(n, fit))
		}
	}
	for _, c := range list {
		t.point(c)
	}
	if err := t.Drain(ctx, phase); err != nil {
		return err
	}
	// What maps they are is known by what their groups are, where it is.
	for _, c := range containers {
		at, _ := t.im.Pages.Find(c.p)
		if r := c.x.refine(t, c, at); r.Form == Container {
			r.evidence = ByFit
			t.point(r)
		}
	}
	return t.Drain(ctx, phase)
}

// mayLead is a word, and what it may lead to.
type mayLead struct {
	addr uint64
	list []Fit
}

// MayLeadTo says that what the word at addr leads to is likely to be one of several things.
func MayLeadTo(t *Typer, addr uint64, list []Fit) { t.mayLead = append(t.mayLead, mayLead{addr, list}) }

// fitMade gives objects without a type the one of those that a word may lead to that has
// their size and pointers, if it is one, and if they have pointers alone, to whole objects
// that are what it points to, or may be. Where words say different things of an object, none
// counts.
func fitMade(ctx context.Context, t *Typer, phase *progress.Phase) error {
	f := t.newFitter(nil)
	found := map[heap.Node]Fit{}
	var order []heap.Node
	for _, m := range t.mayLead {
		fit, n, ok := f.onlyMade(m)
		if !ok {
			continue
		}
		if was, seen := found[n]; !seen {
			order = append(order, n)
		} else if was != fit {
			fit.Type = 0
		}
		found[n] = fit
	}
	t.mayLead = nil
	for _, n := range order {
		if fit := found[n]; fit.Type != 0 {
			t.point(f.claim(n, fit))
		}
	}
	return t.Drain(ctx, phase)
}

// onlyMade returns the only one of the types that fits, and the object.
func (f *fitter) onlyMade(m mayLead) (only Fit, n heap.Node, ok bool) {
	t := f.t
	at, known := t.unknownAt(t.Mem.Bytes(m.addr, uint64(t.arch.PtrSize)), 0)
	if !known || at.Off != 0 || at.Pointers != image.HeapBits || !image.HasBit(t.Alive, at.Node) {
		return only, 0, false
	}
	e, slot := t.slotOf(at.Node)
	data := t.Mem.Bytes(slot, min(e.Elem, maxFitWords*uint64(t.arch.PtrSize)))
	for _, fit := range m.list {
		c := f.claim(at.Node, fit)
		if len(data) == 0 || c.n == 0 || c.x.size == 0 || c.x.shape || len(c.x.steps) == 0 || c.n*c.x.size <= t.im.SmallerClass(e.Elem) || !t.fitsWhole(at, c) || !f.pointers(e, slot, c) || !f.leadsToWhole(data, c.x) {
			continue
		}
		if ok {
			return only, 0, false
		}
		only, ok = fit, true
	}
	return only, at.Node, ok
}

// leadsToWhole reports whether values of a type consist of pointers, that each lead to an
// object that is as a whole what they point to, and some do.
func (f *fitter) leadsToWhole(data []byte, x *compiled) bool {
	t := f.t
	some := 0
	for ; x.size > 0 && uint64(len(data)) >= x.size; data = data[x.size:] {
		for i := range x.steps {
			s := &x.steps[i]
			if s.kind != types.PointerWord {
				return false
			}
			p := t.wordAt(data, s.off, 0)
			if p == 0 {
				continue
			}
			at, ok := t.im.Pages.Find(p)
			if !ok || at.Off != t.headerOf(at) || !image.HasBit(t.Alive, at.Node) {
				return false
			}
			e, slot := t.slotOf(at.Node)
			to := t.compile(s.target)
			c := claim{p: p, n: 1, x: to, evidence: ByFit}
			if ev := t.evidenceOf(at.Node); ev != 0 && ev < ByFit {
				if t.idOf(at.Node) != typeID(to.id, OneValue) {
					return false
				}
			} else if to.size <= t.im.SmallerClass(e.Elem) || !t.fitsWhole(at, c) || !f.pointers(e, slot, c) {
				return false
			}
			some++
		}
	}
	return some > 1
}

// isContainer reports whether a type is that of the headers of all maps, or channels.
func isContainer(typ *types.Type) bool {
	switch typ.Name {
	case swissHeader, classicHeader, chanHeader:
		return true
	}
	return false
}

// ShapesOf returns, for each object, the type that fits it by its size, its pointers and
// what is in it, as if nothing else were known of it; Type is 0 where that is none or more
// than one. Like FitsOf it is for after Run.
func ShapesOf(t *Typer, nodes []heap.Node) []Fit {
	f := t.newFitter(nil)
	list := make([]Fit, len(nodes))
	for i, n := range nodes {
		id, ev := t.id[n], t.Out.Evidence[n]
		t.id[n], t.Out.Evidence[n] = 0, 0
		list[i], _ = f.byItself(n)
		t.id[n], t.Out.Evidence[n] = id, ev
	}
	return list
}

// byItself returns the only type that fits an object with heap bits.
func (f *fitter) byItself(n heap.Node) (only Fit, ok bool) {
	t := f.t
	e, slot := t.slotOf(n)
	w := uint64(t.arch.PtrSize)
	data := t.Mem.Bytes(slot, min(e.Elem, maxFitWords*w))
	mask := t.im.SlotMask(e, slot)
	if len(data) == 0 || mask&1 == 0 && t.Config.Entry != nil && t.Config.Entry(t.arch.Word(data)) {
		return only, false // a closure: see fitter.of
	}
	key := binary.LittleEndian.AppendUint64(append(f.key[:0], byte(e.Pointers)), e.Elem)
	for off := uint64(0); off < uint64(len(data)); off += 64 * w {
		key = binary.LittleEndian.AppendUint64(key, t.im.SlotMaskFrom(e, slot, off))
	}
	f.key = key
	shaped, known := f.shaped[string(key)]
	if !known {
		shaped = f.ofShape(n, mask)
		if len(f.shaped) < maxFitted {
			f.shaped[string(key)] = shaped
		}
	}
	for _, fit := range shaped {
		if f.sound(data, fit) {
			if ok {
				return Fit{}, false
			}
			only, ok = fit, true
		}
	}
	return only, ok
}

// candidate is a type that objects may have.
type candidate struct {
	id         types.ID
	size, mask uint64
}

// candidates returns the types that objects may have, of which arrays are several values.
func (f *fitter) candidates() []candidate {
	if f.all == nil {
		f.all = []candidate{}
		for _, id := range f.t.table.All() {
			if typ := f.t.table.Type(id); typ.Size == 0 || typ.Kind == types.Array {
				continue
			}
			if x := f.t.compile(id); !x.shape && x.size > 0 && len(x.steps) > 0 {
				f.all = append(f.all, candidate{id, x.size, x.mask})
			}
		}
	}
	return f.all
}

// ofShape returns the types that have the size and the pointers of an object, mask those of
// its first words; none where they are many, of which what is in the object will not leave
// one.
func (f *fitter) ofShape(n heap.Node, mask uint64) (fits []Fit) {
	t := f.t
	e, slot := t.slotOf(n)
	at, _ := t.im.Pages.Find(slot)
	all := f.candidates()
	least, w := t.im.SmallerClass(e.Elem), uint64(t.arch.PtrSize)
	if f.left -= len(all); f.left < 0 {
		return nil
	}
	for _, x := range all {
		if x.size > e.Elem || x.size < 64*w && x.mask != mask&(1<<(x.size/w)-1) {
			continue
		}
		for _, form := range [...]Form{OneValue, ManyValues} {
			if form == OneValue && x.size <= least || form == ManyValues && x.size > e.Elem/2 {
				continue
			}
			c := f.claim(n, Fit{x.id, form})
			if c.n == 0 || form == ManyValues && c.n < 2 || c.n*x.size <= least || !t.fitsWhole(at, c) || !f.pointers(e, slot, c) {
				continue
			}
			if len(fits) == maxFits {
				return nil
			}
			fits = append(fits, Fit{x.id, form})
		}
	}
	return fits
}
