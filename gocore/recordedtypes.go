package gocore

import (
	"math/bits"
	"strings"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/types"
	"goheap/heap"
)

// Without the executable, what is known of types are the records of those that
// itabs are for: name and size. Malloc headers name them, and interfaces do, for
// values that are not pointers themselves.

// recordedTypes makes types of the records, by the addresses of their descriptors.
// What a type has inside is not known.
func (d *dumpDecoder) recordedTypes() {
	d.types = d.exe.file.Types()
	d.described = map[uint64]types.ID{}
	w := uint64(d.im.Arch.PtrSize)
	for _, t := range d.typeNames {
		// A value of one word may be a pointer, which an interface holds as it is:
		// what it leads to has another type. Types without a name of their own but
		// with methods have the name of a package alone (runtime/heapdump.go,
		// dumptype).
		if t.size <= w || strings.HasSuffix(t.name, ".") || d.described[t.addr] != 0 {
			continue
		}
		d.described[t.addr] = d.types.NewStruct(t.name, packageOf(t.name), t.size, nil)
	}
	d.itabTypes = map[uint64]types.ID{}
	for itab, typ := range d.itabs {
		if id := d.described[typ]; id != 0 {
			d.itabTypes[itab] = id
		}
	}
}

// interfaceWords finds the type that a word stands for if it is the first of an
// interface.
type interfaceWords struct {
	p      *Process
	lo, hi uint64 // no other word is one
}

// seedRecorded types the objects that interfaces in the heap and the data segments
// lead to: a pointer behind a word that is no pointer but the address of an itab or
// of a descriptor.
func (p *Process) seedRecorded(t *typer) {
	x := interfaceWords{p: p, lo: ^uint64(0)}
	for _, m := range []map[uint64]types.ID{p.decoder.described, p.decoder.itabTypes} {
		for addr := range m {
			x.lo, x.hi = min(x.lo, addr), max(x.hi, addr)
		}
	}
	im := p.im
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
			if !image.HasBit(t.alive, e.First+heap.Node(slot)) {
				continue
			}
			data, _ := im.Mem.Slice(e.Base+slot*e.Elem, e.Elem)
			x.scan(t, data, mask, slot*e.Elem/w)
		}
	}
}

// scan looks at words whose pointers are the bits of mask from number first on.
func (x *interfaceWords) scan(t *typer, data, mask []byte, first uint64) {
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
func (x *interfaceWords) claim(t *typer, word, p uint64) {
	id := x.p.decoder.itabTypes[word]
	if id == 0 {
		id = x.p.decoder.described[word]
	}
	at, ok := t.im.Pages.Find(p)
	if id == 0 || !ok || !image.HasBit(t.alive, at.Node) {
		return
	}
	e := &t.im.Extents[t.g.ExtentOf(at.Node)]
	if typ := t.table.Type(id); at.Off != t.headerSize(e) || typ.Size > t.usable(e) {
		return
	} else if has := t.evidenceOf(at.Node); has != 0 && has <= byInterface {
		old, _ := splitTypeID(t.idOf(at.Node))
		if o := t.table.Type(old); has < byInterface || o.Size > typ.Size || o.Size == typ.Size && o.Name <= typ.Name {
			return
		}
	}
	t.set(at.Node, typeID(id, oneValue), byInterface)
}
