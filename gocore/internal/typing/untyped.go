package typing

import (
	"context"
	"math/bits"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/types"
	"goheap/heap"
	"goheap/internal/progress"
)

// fromUntyped types what the objects lead to that nothing typed leads to, and these
// themselves where their own words say what they are; then, with less certainty, what
// only one type fits. All claims that come from typed values have been made.
func (t *Typer) fromUntyped(ctx context.Context, phase *progress.Phase) error {
	if t.Config.Used != nil {
		if err := t.Config.Used(ctx, t); err != nil {
			return err
		}
		if err := t.Drain(ctx, phase); err != nil {
			return err
		}
	}
	for n := range t.untyped() {
		t.ownWords(n)
	}
	if err := t.Drain(ctx, phase); err != nil {
		return err
	}
	if t.Config.Stored != nil && t.Config.StackWords != nil {
		if words := untypedWords(t); len(words) > 0 {
			t.Config.Stored(t, words)
			if err := t.Drain(ctx, phase); err != nil {
				return err
			}
		}
	}
	// From here on nothing is stronger than what it comes from.
	t.floor = ByFit
	defer func() { t.floor = 0 }()
	if t.Config.StackWords != nil {
		t.Config.StackWords(t.stackPairs)
		if err := t.Drain(ctx, phase); err != nil {
			return err
		}
		t.claimUnnamed()
		if err := t.Drain(ctx, phase); err != nil {
			return err
		}
	}
	if err := t.fitParts(ctx, phase); err != nil {
		return err
	}
	if err := fitMade(ctx, t, phase); err != nil {
		return err
	}
	return fitShapes(ctx, t, phase)
}

// untyped yields the live objects with heap bits to which no claim has given a type.
func (t *Typer) untyped() func(yield func(heap.Node) bool) {
	return func(yield func(heap.Node) bool) {
		for i := range t.im.Extents {
			e := &t.im.Extents[i]
			if e.Pointers != image.HeapBits {
				continue
			}
			for k, id := range t.id[e.First:][:e.N] {
				n := e.First + heap.Node(k)
				if ev := Evidence(id >> evidenceShift); (ev == 0 || ev > ByFit) && image.HasBit(t.Alive, n) && !yield(n) {
					return
				}
			}
		}
	}
}

// ownWords looks at the words of an object without a type: it may be a closure, whose
// first word is the entry of its code; and a word that is no pointer but the address of
// an itab or of a descriptor, with a pointer behind it, is an interface. The collector
// clears objects with pointers when it allocates them, and a program writes both words
// of an interface together, so that neither is left over.
func (t *Typer) ownWords(n heap.Node) {
	e := &t.im.Extents[t.g.ExtentOf(n)]
	slot := e.Base + uint64(n-e.First)*e.Elem
	data := t.Mem.Bytes(slot, e.Elem)
	w := uint64(t.arch.PtrSize)
	before := uint64(1) // the bit of the word before those looked at
	for at := uint64(0); at < uint64(len(data)); at += 64 * w {
		mask := t.im.SlotMaskFrom(e, slot, at)
		if at == 0 && mask&1 == 0 && t.Config.Closure != nil {
			if id := t.Config.Closure(t.arch.Word(data), slot); id != 0 {
				t.attempt(claim{p: slot, n: 1, x: t.compile(id), evidence: ByCode})
				return
			}
		}
		for m := mask &^ (mask<<1 | before); m != 0; m &= m - 1 {
			off := at + uint64(bits.TrailingZeros64(m))*w
			if c, ok := t.pair(t.arch.Word(data[off-w:]), t.arch.Word(data[off:])); ok {
				t.attempt(c)
			}
		}
		before = mask >> 63
	}
}

// untypedWords returns the words of stacks that lead to objects without a type.
func untypedWords(t *Typer) []StackWord {
	var words []StackWord
	w := uint64(t.arch.PtrSize)
	t.Config.StackWords(func(goroutine int, live []uint64) {
		for _, addr := range live {
			if _, ok := t.unknownAt(t.Mem.Bytes(addr, w), 0); ok {
				words = append(words, StackWord{goroutine, addr})
			}
		}
	})
	return words
}

// stackPairs looks at the words of a stack, given by the addresses of those that the
// collector follows: before each there may be the first word of an interface. It may be
// left over too, from a variable that had the place before, so that this is no more than
// a type that fits: docs/types.md has what it was measured to be worth.
func (t *Typer) stackPairs(goroutine int, live []uint64) {
	w := uint64(t.arch.PtrSize)
	before := uint64(0)
	for _, addr := range live {
		b := t.Mem.Bytes(addr-w, 2*w)
		if at, ok := t.unknownAt(b, w); ok {
			if at.Off == 0 && at.Pointers == image.HeapBits {
				t.unnamed = append(t.unnamed, StackWord{goroutine, addr})
			}
			if before != addr-w {
				if c, ok := t.pair(t.arch.Word(b), t.arch.Word(b[w:])); ok {
					t.attempt(c)
				}
			}
		}
		before = addr
	}
}

// pair returns the claim that the words of an interface make.
func (t *Typer) pair(word, p uint64) (claim, bool) {
	if p == 0 {
		return claim{}, false
	}
	at, ok := t.im.Pages.Find(p)
	if !ok {
		return claim{}, false
	}
	if ev := t.evidenceOf(at.Node); ev != 0 && ev <= ByFit {
		return claim{}, false
	}
	id := t.interfaceType(word)
	if id == 0 {
		return claim{}, false
	}
	x := t.compile(id)
	d := x.direct
	switch {
	case d == nil:
		return claim{p: p, n: 1, x: x, evidence: ByInterface}, true
	case d.kind == types.PointerWord:
		return claim{p: p, n: 1, x: t.compile(d.target), evidence: ByPointer}, true
	case (d.kind == types.MapWord || d.kind == types.ChanWord) && t.compile(d.target).runtime != nil:
		return claim{p: p, n: 1, x: t.compile(d.target), Form: Container, evidence: ByContainer}, true
	}
	return claim{}, false
}

// interfaceType returns the type of the values of interfaces whose first word is given:
// the address of a descriptor in a module, or of an itab, which has that of an interface
// type, too. It is 0 where that is not so.
func (t *Typer) interfaceType(word uint64) types.ID {
	if id, ok := t.firstWords[word]; ok {
		return id
	}
	id := types.ID(0)
	w := uint64(t.arch.PtrSize)
	if _, inHeap := t.im.Pages.Find(word); !inHeap && word%w == 0 {
		if types.InModule(t.table, word) {
			id = t.byDescriptor(word)
		}
		if of, _ := t.im.Mem.Word(word); id == 0 && types.InModule(t.table, of) && t.table.Type(t.byDescriptor(of)).Kind == types.Interface {
			id = t.byItab(word)
		}
	}
	if k := t.table.Type(id).Kind; k == types.Interface {
		id = 0 // no value has such a type
	}
	t.firstWords[word] = id
	return id
}

// attempt makes a claim that nothing typed makes, if the object that it is about agrees
// with it as a whole: it begins there, and is as large as it would be.
func (t *Typer) attempt(c claim) {
	if at, ok := t.im.Pages.Find(c.p); ok && image.HasBit(t.Alive, at.Node) && t.fitsWhole(at, c) {
		t.point(c)
	}
}

// fitsWhole reports whether what a claim says is all of the object at its address, and
// has its pointers.
func (t *judge) fitsWhole(at image.SlotAt, c claim) bool {
	size, ok := t.size(c)
	if !ok || size == 0 {
		return false
	}
	e := &t.im.Extents[t.g.ExtentOf(at.Node)]
	head, slot := t.headerSize(e), c.p-at.Off
	return at.Off == head && size <= e.Elem-head && t.agrees(e, slot, at.Off, c) && t.covers(e, at.Off, head, size, c) && t.hasShape(e, slot, c)
}
