package typing

import (
	"math/bits"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/types"
	"goheap/heap"
)

// interfaceWords finds the type that a word stands for if it is the first of an
// interface.
type interfaceWords struct {
	described, itabs map[uint64]types.ID
	lo, hi           uint64 // no other word is one
}

// SeedRecorded types the objects that interfaces in the heap and the data segments
// lead to: a pointer behind a word that is no pointer but the address of an itab or
// of a descriptor.
// itabs has the types that itabs stand for, by their addresses.
func (t *Typer) SeedRecorded(itabs map[uint64]types.ID) {
	x := interfaceWords{described: t.Config.Described, itabs: itabs, lo: ^uint64(0)}
	for _, m := range []map[uint64]types.ID{x.described, x.itabs} {
		for addr := range m {
			x.lo, x.hi = min(x.lo, addr), max(x.hi, addr)
		}
	}
	im := t.im
	w := uint64(im.Arch.PtrSize)
	for _, s := range im.Segments {
		x.scan(t, s.Contents, s.Mask, 0)
	}
	for i := range im.Extents {
		e := &im.Extents[i]
		if e.Pointers == image.NoPointers {
			continue
		}
		mask := im.HeapBits(e)
		for slot := range uint64(e.N) {
			if !image.HasBit(t.Alive, e.First+heap.Node(slot)) {
				continue
			}
			data, _ := im.Mem.Slice(e.Base+slot*e.Elem, e.Elem)
			x.scan(t, data, mask, slot*e.Elem/w)
		}
	}
}

// scan looks at words whose pointers are the bits of mask from number first on.
func (x *interfaceWords) scan(t *Typer, data, mask []byte, first uint64) {
	w := uint64(t.arch.PtrSize)
	words := uint64(len(data)) / w
	for at := uint64(0); at < words; {
		// The bits of up to eight words at a time.
		bit := first + at
		n := min(8-bit%8, words-at)
		b := mask[bit/8] >> (bit % 8) & byte(1<<n-1)
		for ; b != 0; b &= b - 1 {
			i := at + uint64(bits.TrailingZeros8(b))
			if i == 0 || mask[(first+i-1)/8]>>((first+i-1)%8)&1 != 0 {
				continue
			}
			if word := t.arch.Word(data[(i-1)*w:]); word >= x.lo && word <= x.hi {
				x.claim(t, word, t.arch.Word(data[i*w:]))
			}
		}
		at += n
	}
}

// claim takes the type behind the first word of an interface for what the second
// points to.
func (x *interfaceWords) claim(t *Typer, word, p uint64) {
	id := x.itabs[word]
	if id == 0 {
		id = x.described[word]
	}
	at, ok := t.im.Pages.Find(p)
	if id == 0 || !ok || !image.HasBit(t.Alive, at.Node) {
		return
	}
	e := &t.im.Extents[t.g.ExtentOf(at.Node)]
	if typ := t.table.Type(id); at.Off != t.headerSize(e) || typ.Size > t.usable(e) {
		return
	} else if has := t.evidenceOf(at.Node); has != 0 && has <= ByInterface {
		old, _ := SplitTypeID(t.idOf(at.Node))
		if o := t.table.Type(old); has < ByInterface || o.Size > typ.Size || o.Size == typ.Size && o.Name <= typ.Name {
			return
		}
	}
	t.set(at.Node, typeID(id, OneValue), ByInterface)
}
