package typing

import (
	"cmp"
	"context"
	"encoding/binary"
	"slices"
	"strings"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/types"
	"goheap/heap"
	"goheap/internal/progress"
)

// Part is what a typed pointer into the middle of an object says of it: N values of a
// type stand Off bytes behind the start.
type Part struct {
	Node heap.Node
	Type types.ID
	Off  uint64
	N    uint64
}

// Fit is a type that an object may have, by all that is known of it.
type Fit struct {
	Type types.ID
	Form Form
}

// maxFits is how many objects are remembered with the types that fit them, and of each
// at most so many types.
const (
	maxFitted = 1 << 16
	maxFits   = 16
)

// keepParts remembers the claims on parts of objects that have no type.
func (t *Typer) keepParts(list []interiorClaim) {
	for _, c := range list {
		if ev := t.evidenceOf(c.node); ev != 0 && ev <= ByFit || c.Form == Container || c.Form == StringData || c.x.shape || c.x.size == 0 {
			continue
		}
		at, ok := t.im.Pages.Find(c.p)
		if ok && at.Pointers == image.HeapBits {
			t.parts = append(t.parts, Part{Node: c.node, Type: c.x.id, Off: at.Off, N: c.n})
		}
	}
}

// maxLeafParts is how many parts of objects without pointers are remembered. A sound
// program has few; where there are more, all are forgotten, since what fits a few parts
// of an object need not fit the others.
const maxLeafParts = 1 << 20

// keepPart adds what a claim says, if that is of a part of an object without pointers, to
// a list. Blocks in which the allocator joins small values are no objects of one type.
func (t *judge) keepPart(list []Part, at *image.SlotAt, c *claim) []Part {
	if c.evidence != ByInterior || c.Form > ManyValues || c.x.shape || c.x.size == 0 || at.Elem <= tinySize || len(list) > maxLeafParts || t.evidenceOf(at.Node) < ByInterior {
		return list
	}
	return append(list, Part{Node: at.Node, Type: c.x.id, Off: at.Off, N: c.n})
}

// fitParts gives types to objects that only pointers to their parts lead to: where, of
// all types of the program, and of arrays of them, exactly one has these parts at these
// places, the size and the pointers of the object, and nothing in it that contradicts.
// The program may have a type that its debugging information lacks, so that this is no
// proof: docs/types.md has what it was measured to be worth.
func (t *Typer) fitParts(ctx context.Context, phase *progress.Phase) error {
	t.keepParts(t.interior)
	if len(t.leafParts) > maxLeafParts {
		t.leafParts = nil
	}
	parts := slices.DeleteFunc(append(t.parts, t.leafParts...), func(p Part) bool {
		ev := t.evidenceOf(p.Node)
		return ev != 0 && ev <= ByFit
	})
	t.parts, t.leafParts = nil, nil
	slices.SortFunc(parts, func(a, b Part) int {
		return cmp.Or(cmp.Compare(a.Node, b.Node), cmp.Compare(a.Off, b.Off), cmp.Compare(a.Type, b.Type), cmp.Compare(a.N, b.N))
	})
	parts = slices.Compact(parts)
	if len(parts) == 0 {
		return nil
	}
	f := t.newFitter(parts)
	for i, done := 0, 0; i < len(parts); done++ {
		if done%walkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		n := 1
		for i+n < len(parts) && parts[i+n].Node == parts[i].Node {
			n++
		}
		var fits []Fit
		if slices.ContainsFunc(parts[i:i+n], f.telling) {
			fits = f.of(parts[i : i+n])
		}
		switch {
		case len(fits) == 1:
			t.point(f.claim(parts[i].Node, fits[0]))
		case len(fits) > 1 && len(t.Out.Fits) < maxFitted:
			if t.Out.Fits == nil {
				t.Out.Fits = map[heap.Node][]Fit{}
			}
			t.Out.Fits[parts[i].Node] = slices.Clone(fits[:min(len(fits), maxFits)])
		}
		i += n
	}
	return t.Drain(ctx, phase)
}

// fitter finds the types that fit objects with given parts.
type fitter struct {
	t       *Typer
	holders map[types.ID][]types.ID
	// sized has the types with a part that have the size of an object.
	sized map[sizedKey][]Fit
	// shaped has what fits by shape, by the parts, the size and the pointers of objects:
	// many are alike.
	shaped   map[string][]Fit
	unsure   map[string]bool // likewise, whether a struct of shapes fits by shape
	key      []byte
	left     int // types that may still be held against an object
	boolsOf  map[types.ID][]uint64
	all      []candidate // see candidates
	accepted []Fit
}

// sizedKey is a part, and the size and the kind of the slots of objects that have it.
type sizedKey struct {
	part     types.ID
	elem     uint64
	pointers image.PointerMap
}

// maxTried is how often a type is held against an object: there are few objects without
// a type, unless a core is damaged.
const maxTried = 1 << 26

// FitsOf returns, for each list of parts of one object, the types that fit the object, as
// if nothing else were known of it. It is for after Run: to ask of objects whose types
// are known shows what the answers are worth.
func (t *Typer) FitsOf(lists [][]Part) [][]Fit {
	f := t.newFitter(slices.Concat(lists...))
	answers := make([][]Fit, len(lists))
	for i, parts := range lists {
		if len(parts) == 0 || !slices.ContainsFunc(parts, f.telling) {
			continue
		}
		n := parts[0].Node
		id, ev := t.id[n], t.Out.Evidence[n]
		t.id[n], t.Out.Evidence[n] = 0, 0
		answers[i] = slices.Clone(f.of(parts))
		t.id[n], t.Out.Evidence[n] = id, ev
	}
	return answers
}

// telling reports whether a part says something. A single number, truth value or
// unsafe.Pointer does not: of those, one in two hundred was found to be that of a type
// that only seemed to fit. Nor does any single value in an object without pointers,
// since nothing but its size is compared there: one in thirty was.
func (f *fitter) telling(p Part) bool {
	if e, _ := f.t.slotOf(p.Node); e.Pointers == image.NoPointers {
		return p.N > 1
	}
	kind := f.t.table.Type(p.Type).Kind
	return p.N > 1 || kind == types.Struct || len(f.t.compile(p.Type).steps) > 0 && kind != types.UnsafePointer
}

func (t *Typer) newFitter(parts []Part) *fitter {
	of := map[types.ID]bool{}
	for _, p := range parts {
		of[p.Type] = true
	}
	return &fitter{t: t, holders: types.Parts(t.table, of), sized: map[sizedKey][]Fit{}, shaped: map[string][]Fit{}, unsure: map[string]bool{}, left: maxTried, boolsOf: map[types.ID][]uint64{}}
}

// claim is what is said of an object that a type fits.
func (f *fitter) claim(n heap.Node, fit Fit) claim {
	e, slot := f.t.slotOf(n)
	x := f.t.compile(fit.Type)
	c := claim{p: slot, n: 1, x: x, Form: fit.Form, evidence: ByFit}
	if fit.Form == ManyValues && x.size > 0 {
		c.n = f.t.im.Filled(e, slot, e.Elem, x.size) / x.size
	}
	return c
}

// slotOf returns the extent and the address of an object.
func (t *judge) slotOf(n heap.Node) (*image.Extent, uint64) {
	e := &t.im.Extents[t.g.ExtentOf(n)]
	return e, e.Base + uint64(n-e.First)*e.Elem
}

// of returns the types that fit the object that all parts are of. The slice is valid
// until the next call.
func (f *fitter) of(parts []Part) []Fit {
	t := f.t
	e, slot := t.slotOf(parts[0].Node)
	mask := t.maskOf(e, slot)
	key := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(append(f.key[:0], byte(e.Pointers)), e.Elem), mask)
	for _, p := range parts {
		key = binary.LittleEndian.AppendUint32(key, uint32(p.Type))
		key = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(key, p.Off), p.N)
	}
	f.key = key
	shaped, ok := f.shaped[string(key)]
	if alike := e.Elem <= 64*uint64(t.arch.PtrSize); !ok || !alike {
		shaped = f.byShape(parts)
		if alike && len(f.shaped) < maxFitted {
			f.shaped[string(key)] = shaped
		}
	}
	f.accepted = f.accepted[:0]
	data := t.Mem.Bytes(slot, min(e.Elem, maxFitWords*uint64(t.arch.PtrSize)))
	if len(data) == 0 || mask&1 == 0 && t.Config.Entry != nil && t.Config.Entry(t.arch.Word(data)) {
		return nil // a closure, perhaps: no type of the program has its captures
	}
	for _, fit := range shaped {
		if f.sound(data, fit) {
			f.accepted = append(f.accepted, fit)
		}
	}
	if len(f.accepted) == 1 && f.unnamedShape(e, slot, parts) {
		return nil
	}
	return f.accepted
}

// unnamedShape reports whether a struct without a name that is made of shapes has the
// parts, and size and pointers of their object. Where generic code that instances share
// makes such a value, debugging information has its type with shapes alone, so that another
// may seem to be the only one that fits.
func (f *fitter) unnamedShape(e *image.Extent, slot uint64, parts []Part) bool {
	t := f.t
	key, alike := string(f.key), e.Elem <= 64*uint64(t.arch.PtrSize)
	if is, ok := f.unsure[key]; ok && alike {
		return is
	}
	holders := f.holders[parts[0].Type]
	f.left -= len(holders)
	is := slices.ContainsFunc(holders, func(id types.ID) bool {
		typ := t.table.Type(id)
		if typ.Size > e.Elem || typ.Size <= t.im.SmallerClass(e.Elem) || typ.Kind != types.Struct || !strings.HasPrefix(typ.Name, "struct {") || !strings.Contains(typ.Name, ShapePrefix) {
			return false
		}
		for _, p := range parts {
			if !types.HasPart(t.table, id, p.Type, p.Off, p.N) {
				return false
			}
		}
		w := uint64(t.arch.PtrSize)
		mask := t.maskOf(e, slot)
		for i := range min(e.Elem/w, 64) {
			if (mask>>i&1 != 0) != t.table.PointerAt(id, i*w) {
				return false
			}
		}
		return true
	})
	if alike && len(f.unsure) < maxFitted {
		f.unsure[key] = is
	}
	return is
}

// maskOf returns the pointers of the first 64 words of an object.
func (t *judge) maskOf(e *image.Extent, slot uint64) uint64 {
	if e.Pointers == image.NoPointers {
		return 0
	}
	return t.im.SlotMask(e, slot)
}

// byShape returns the types that have the parts, and size and pointers of their object.
func (f *fitter) byShape(parts []Part) (fits []Fit) {
	t := f.t
	n := parts[0].Node
	e, slot := t.slotOf(n)
	at := image.SlotAt{Node: n, Elem: e.Elem, Pointers: e.Pointers}
	list := f.bySize(parts[0])
	if f.left -= len(list) + 1; f.left < 0 {
		return nil
	}
next:
	for _, fit := range list {
		c := f.claim(n, fit)
		if c.n == 0 || fit.Form == ManyValues && c.n < 2 {
			continue
		}
		for _, p := range parts {
			if !f.holds(c, p) {
				continue next
			}
		}
		if t.fitsWhole(at, c) && f.pointers(e, slot, c) {
			fits = append(fits, fit)
		}
	}
	return fits
}

// bySize returns the types that have a part, each once, and the arrays of them, that have
// about the size of an object: which of them fill it depends on where its pointers end.
func (f *fitter) bySize(p Part) []Fit {
	t := f.t
	e, _ := t.slotOf(p.Node)
	key := sizedKey{p.Type, e.Elem, e.Pointers}
	if list, ok := f.sized[key]; ok {
		return list
	}
	var list []Fit
	least := t.im.SmallerClass(e.Elem)
	seen := map[Fit]bool{}
	add := func(id types.ID, form Form) {
		size := t.table.Type(id).Size
		fit := Fit{id, form}
		if size == 0 || size > e.Elem || form == OneValue && size <= least || seen[fit] || f.left < 0 {
			return
		}
		seen[fit] = true
		if x := t.compile(id); !x.shape && (e.Pointers != image.NoPointers || len(x.steps) == 0) {
			list = append(list, fit)
		}
	}
	holders := f.holders[p.Type]
	f.left -= 2*len(holders) + 1
	for _, id := range holders {
		if typ := t.table.Type(id); typ.Kind == types.Array {
			add(typ.Elem, ManyValues)
		} else {
			add(id, OneValue)
		}
		add(id, ManyValues)
	}
	add(p.Type, ManyValues)
	if len(f.sized) < maxFitted {
		f.sized[key] = list
	}
	return list
}

// holds reports whether the values of a claim have a part.
func (f *fitter) holds(c claim, p Part) bool {
	i, off := p.Off/c.x.size, p.Off%c.x.size
	if i >= c.n {
		return false
	}
	if off == 0 && p.Type == c.x.id {
		return p.N <= c.n-i
	}
	return types.HasPart(f.t.table, c.x.id, p.Type, off, p.N)
}

// maxFitWords is how many words of an object are compared with a type that may fit.
const maxFitWords = 1 << 12

// pointers reports whether all words of the slot are pointers where those of the claim
// are.
func (f *fitter) pointers(e *image.Extent, slot uint64, c claim) bool {
	t := f.t
	if e.Pointers == image.NoPointers {
		return len(c.x.steps) == 0
	}
	w := uint64(t.arch.PtrSize)
	words := e.Elem / w
	if words > maxFitWords || c.x.size%w != 0 {
		return false
	}
	for at := uint64(0); at < words; at += 64 {
		want := uint64(0)
		for i := at; i < min(at+64, c.n*c.x.size/w); i++ {
			if t.table.PointerAt(c.x.id, i*w%c.x.size) {
				want |= 1 << (i - at)
			}
		}
		if t.im.SlotMaskFrom(e, slot, at*w) != want {
			return false
		}
	}
	return true
}

// sound reports whether nothing in data contradicts that it holds values of a type.
func (f *fitter) sound(data []byte, fit Fit) bool {
	x := f.t.compile(fit.Type)
	bools, ok := f.boolsOf[fit.Type]
	if !ok {
		bools = f.bools(fit.Type, 0, nil)
		f.boolsOf[fit.Type] = bools
	}
	if len(x.steps) == 0 && len(bools) == 0 {
		return true
	}
	for x.size > 0 && uint64(len(data)) >= x.size {
		if !f.soundWords(data[:x.size], x.steps) {
			return false
		}
		for _, off := range bools {
			if data[off] > 1 {
				return false
			}
		}
		data = data[x.size:]
		if fit.Form == OneValue {
			break
		}
	}
	return true
}

// maxBools is how many truth values of one value are looked at.
const maxBools = 64

// bools appends the places of truth values in a value that stands at off.
func (f *fitter) bools(id types.ID, off uint64, list []uint64) []uint64 {
	typ := f.t.table.Type(id)
	switch {
	case len(list) >= maxBools:
	case typ.Kind == types.Bool:
		list = append(list, off)
	case typ.Kind == types.Struct:
		for i := range typ.Fields {
			fd := &typ.Fields[i]
			if size := f.t.table.Type(fd.Type).Size; fd.Offset <= typ.Size && size <= typ.Size-fd.Offset && size > 0 && size < typ.Size || len(typ.Fields) == 1 && size > 0 {
				list = f.bools(fd.Type, off+fd.Offset, list)
			}
		}
	}
	return list
}

// maxLength is more than any slice or string has.
const maxLength = 1 << 47

func (f *fitter) soundWords(data []byte, steps []step) bool {
	t := f.t
	w := uint64(t.arch.PtrSize)
	for i := range steps {
		x := &steps[i]
		if x.kind == types.RepeatWord || x.off+w > uint64(len(data)) {
			continue // looked at by the walk
		}
		p := t.wordAt(data, x.off, 0)
		switch x.kind {
		case types.PointerWord:
			if p != 0 && !f.soundPointer(p, t.compile(x.target), 1, OneValue) {
				return false
			}
		case types.SliceWord:
			n, m := t.wordAt(data, x.off, 1), t.wordAt(data, x.off, 2)
			if n > m || m > maxLength || p == 0 && m != 0 || p != 0 && m > 0 && !f.soundPointer(p, t.compile(x.target), m, ManyValues) {
				return false
			}
		case types.StringWord:
			n := t.wordAt(data, x.off, 1)
			if n > maxLength || p == 0 && n != 0 || n > 0 && !f.soundPointer(p, t.strings, n, StringData) {
				return false
			}
		case types.EfaceWord, types.IfaceWord:
			v := t.wordAt(data, x.off, 1)
			if p == 0 {
				if v != 0 {
					return false
				}
				continue
			}
			to := t.dynamicType(p, x.kind)
			if to.id == 0 || to.direct == nil && v != 0 && !f.soundPointer(v, to, 1, OneValue) {
				return false
			}
		case types.MapWord, types.ChanWord:
			if to := t.compile(x.target); p != 0 && to.runtime != nil && !f.soundPointer(p, to, 1, Container) {
				return false
			}
		}
	}
	return true
}

// soundPointer reports whether n values of type x can stand at p, by what is known of the
// object there.
func (f *fitter) soundPointer(p uint64, x *compiled, n uint64, form Form) bool {
	t := f.t
	at, ok := t.im.Pages.Find(p)
	if !ok {
		// Data, a stack, or what the runtime keeps elsewhere, which heap dumps lack.
		return t.im.Listed || len(t.Mem.Bytes(p, 1)) == 1
	}
	if x.shape || x.size == 0 && form != StringData {
		return true
	}
	c := claim{p: p, n: n, x: x, Form: form, evidence: ByFit}
	size, ok := t.size(c)
	e, slot := t.slotOf(at.Node)
	if head := t.headerSize(e); !ok || at.Off < head || size > e.Elem-at.Off || !t.agrees(e, slot, at.Off, c) {
		return false
	}
	ev := t.evidenceOf(at.Node)
	if ev == 0 && int(at.Node) < len(t.Out.Evidence) {
		ev = t.Out.Evidence[at.Node] // where all is done, and for what has none until then
	}
	if ev == 0 || ev >= ByFit || form == StringData || at.Pointers == image.NoPointers {
		return true
	}
	have, how := SplitTypeID(t.idOf(at.Node))
	if how == Container || form == Container {
		return how == form && have == x.id && at.Off == t.headerSize(e)
	}
	hx := t.compile(have)
	if hx.size == 0 || x.id == have {
		return true
	}
	off := (at.Off - t.headerSize(e)) % hx.size
	return types.HasPart(t.table, have, x.id, off, 1) || types.HasPart(t.table, x.id, have, 0, 1)
}
