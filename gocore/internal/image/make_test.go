package image_test

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"goheap/dump"
	"goheap/gocore/internal/image"
	"goheap/heap"
	"goheap/internal/arch"
)

// mapPlace says where a hand-made heap keeps its pointer maps.
type mapPlace int

const (
	inSpans  mapPlace = iota // heap bits at the ends of spans, headers, types of large objects
	inArenas                 // one array of bits, as until Go 1.21
	inLists                  // the same for all slots, whose contents stand apart, as in heap dumps
)

func mapPlaces() []mapPlace { return []mapPlace{inSpans, inArenas, inLists} }

func (p mapPlace) String() string {
	return [...]string{"in spans", "in arenas", "in lists"}[p]
}

// testArches are both byte orders with both sizes of words.
func testArches() []arch.Arch {
	return []arch.Arch{
		{Name: "little 64", PtrSize: 8, LittleWords64: true},
		{Name: "little 64, the long way", PtrSize: 8},
		{Name: "big 64", PtrSize: 8, BigEndian: true},
		{Name: "little 32", PtrSize: 4},
		{Name: "big 32", PtrSize: 4, BigEndian: true},
	}
}

// madeType is a type descriptor, and which words of a value are pointers.
type madeType struct {
	addr uint64
	mask []bool // by word
}

// descriptors lays type descriptors out in memory (internal/abi/type.go).
type descriptors struct {
	a     arch.Arch
	base  uint64
	bytes []byte
}

func (d *descriptors) put(words ...uint64) (addr uint64) {
	addr = d.base + uint64(len(d.bytes))
	for _, v := range words {
		d.bytes = append(d.bytes, make([]byte, d.a.PtrSize)...)
		d.a.PutWord(d.bytes[len(d.bytes)-d.a.PtrSize:], v)
	}
	return addr
}

// header adds a descriptor and the words behind it.
func (d *descriptors) header(size, ptrBytes uint64, tflag, kind uint8, gcdata uint64, more ...uint64) (addr uint64) {
	addr = d.put(size, ptrBytes)
	d.bytes = append(d.bytes, 1, 2, 3, 4, tflag, 8, 8, kind|1<<5) // hash, flag, alignments, kind with a flag
	d.put(1, gcdata)
	d.bytes = append(d.bytes, make([]byte, 8)...)
	d.put(more...)
	return addr
}

// masked adds a type with a mask of its own.
func (d *descriptors) masked(mask []bool) madeType {
	w := uint64(d.a.PtrSize)
	at := d.base + uint64(len(d.bytes))
	bits := make([]byte, (len(mask)+7)/8)
	end := 0
	for i, p := range mask {
		if p {
			bits[i/8] |= 1 << (i % 8)
			end = i + 1
		}
	}
	d.bytes = append(d.bytes, bits...)
	for len(d.bytes)%8 != 0 {
		d.bytes = append(d.bytes, 0xff) // is no part of the mask
	}
	return madeType{d.header(uint64(len(mask))*w, uint64(end)*w, 0, image.KindStruct, at), mask}
}

func pointersEnd(mask []bool) uint64 {
	for i, p := range slices.Backward(mask) {
		if p {
			return uint64(i + 1)
		}
	}
	return 0
}

// array adds a type of n values, whose mask is to be made on demand.
func (d *descriptors) array(elem madeType, n int) madeType {
	w := uint64(d.a.PtrSize)
	mask := slices.Repeat(elem.mask, n)
	return madeType{d.header(uint64(len(mask))*w, pointersEnd(mask)*w, image.TflagMaskOnDemand, image.KindArray, 0, elem.addr, 0, uint64(n)), mask}
}

// structure adds one of the given fields, with a word that is none behind each.
func (d *descriptors) structure(fields ...madeType) madeType {
	w := uint64(d.a.PtrSize)
	var mask []bool
	var list []uint64
	for _, f := range fields {
		list = append(list, 0, f.addr, uint64(len(mask))*w)
		mask = append(append(mask, f.mask...), false)
	}
	at := d.put(list...)
	return madeType{d.header(uint64(len(mask))*w, pointersEnd(mask)*w, image.TflagMaskOnDemand, image.KindStruct, 0, 0, at, uint64(len(fields)), uint64(len(fields))), mask}
}

// random adds a type of at most about most words, nested at most deep.
func (d *descriptors) random(r *rand.Rand, most, deep int) madeType {
	if deep == 0 || most < 4 || r.IntN(3) == 0 {
		mask := make([]bool, 1+r.IntN(max(1, most)))
		for i := range mask {
			mask[i] = r.IntN(2) == 0
		}
		return d.masked(mask)
	}
	n := 1 + r.IntN(min(5, most))
	if r.IntN(2) == 0 {
		return d.array(d.random(r, most/n, deep-1), n)
	}
	var fields []madeType
	for range n {
		fields = append(fields, d.random(r, most/n-1, deep-1))
	}
	return d.structure(fields...)
}

// made is a hand-made heap, and what is known of it beside the image.
type made struct {
	im    *image.Image
	types *descriptors
	place mapPlace
	r     *rand.Rand

	data     map[uint64][]byte // contents of extents by base, nil where the image needs none
	pointers map[uint64][]bool // by base and word: the collector follows it
	blind    int               // allocated slots whose pointers nobody knows
}

// contents says what one word holds.
type contents func(m *made) uint64

// anything is mostly addresses: of slots, of their insides, of what is beside them.
func anything(m *made) uint64 {
	e := &m.im.Extents[m.r.IntN(len(m.im.Extents))]
	switch m.r.IntN(8) {
	case 0:
		return 0
	case 1:
		return m.r.Uint64() >> m.r.IntN(64) & m.most()
	case 2:
		return e.Base + m.r.Uint64N(e.Size)
	case 3:
		return e.Base - 1 + m.r.Uint64N(3)*(e.Size-1)
	default:
		return e.Base + m.r.Uint64N(uint64(e.N))*e.Elem + m.r.Uint64N(2)*m.r.Uint64N(e.Elem)
	}
}

// sparse is seldom an address.
func sparse(m *made) uint64 {
	if m.r.IntN(6) > 0 {
		return 0
	}
	return anything(m)
}

// lonely is an address so seldom that most objects are reached by nothing.
func lonely(m *made) uint64 {
	if m.r.IntN(200) > 0 {
		return 0
	}
	return anything(m)
}

func (m *made) most() uint64 {
	if m.im.Arch.PtrSize == 4 {
		return 1<<32 - 1
	}
	return 1<<64 - 1
}

// makeHeap makes a heap of one span of most kinds, some of them twice, at random
// places. The nodes of so many roots stand before those of the slots.
func makeHeap(a arch.Arch, place mapPlace, seed uint64, roots int, word contents) *made {
	r := rand.New(rand.NewPCG(seed, 1))
	m := &made{
		im:       &image.Image{Arch: a, Listed: place == inLists},
		types:    &descriptors{a: a, base: 1 << 16},
		place:    place,
		r:        r,
		data:     map[uint64][]byte{},
		pointers: map[uint64][]bool{},
	}
	im, w := m.im, uint64(a.PtrSize)
	var choice []madeType
	for range 12 {
		choice = append(choice, m.types.random(r, 60, 3))
	}
	choice = append(choice, m.types.masked([]bool{true}), m.types.masked(make([]bool, 3)))

	// Which words are pointers.
	mark := func(e *image.Extent, slot, from, elem uint64, mask []bool) { // of values side by side
		for start := from; start < elem; start += uint64(len(mask)) * w {
			for i, p := range mask {
				if off := start + uint64(i)*w; p && off+w <= elem {
					m.pointers[e.Base][(slot+off-e.Base)/w] = true
				}
			}
		}
	}
	at := uint64(0xc000000000)
	if w == 4 {
		at = 0x18000000
	}
	headers := map[uint64]uint64{} // by address
	lost := map[uint64]bool{}      // slots whose pointers nobody knows
	add := func(elem, pages uint64, kind image.PointerMap) {
		at += m.r.Uint64N(3) * image.PageSize
		e := image.Extent{Base: at, Elem: elem, Size: pages * image.PageSize, Pointers: kind, Swept: r.IntN(3) > 0}
		m.pointers[at] = make([]bool, e.Size/w)
		e.Sweeping = !e.Swept && r.IntN(3) == 0
		usable := e.Size
		if kind == image.HeapBits && place == inSpans {
			usable -= e.Size / w / 8
			e.At = e.Base + usable
		}
		e.N = uint32(usable / elem)
		if e.N > 2 && r.IntN(3) == 0 {
			e.N -= uint32(r.IntN(3))
		}
		single, known := choice[r.IntN(len(choice))], r.IntN(5) > 0
		for i := range uint64(e.N) {
			slot := e.Base + i*elem
			switch kind {
			case image.HeapBits:
				dense := 1 + r.IntN(6)
				for off := uint64(0); off < elem; off += w {
					if r.IntN(dense) == 0 {
						m.pointers[e.Base][(slot+off-e.Base)/w] = true
					}
				}
			case image.Headers:
				switch r.IntN(8) {
				case 0:
					headers[slot] = 0
				case 1:
					headers[slot] = 1 << 12 // nothing stands there
					lost[slot] = true
				default:
					typ := choice[r.IntN(len(choice))]
					headers[slot] = typ.addr
					mark(&e, slot, image.MallocHeader, elem, typ.mask)
				}
			case image.OneType:
				if known {
					e.At = single.addr
					mark(&e, slot, 0, elem, single.mask)
				} else if r.IntN(2) == 0 {
					e.At = 1 << 12
					lost[slot] = true
				}
			}
		}
		if place != inSpans && kind != image.NoPointers {
			e.At = uint64(len(im.ArenaBits))
			im.ArenaBits = append(im.ArenaBits, make([]byte, e.Size/w/8)...)
			for i := range e.Size / w {
				if m.pointers[e.Base][i] {
					im.ArenaBits[e.At+i/8] |= 1 << (i % 8)
				}
			}
		}
		im.Extents = append(im.Extents, e)
		at += e.Size
	}
	for range 2 {
		add(8, 1, image.HeapBits)
		add(16, 1, image.NoPointers)
		add(24, 1, image.HeapBits)
		add(48, 1, image.HeapBits)
		add(112, 1, image.HeapBits)
		add(8*w*w, 1, image.HeapBits) // one word of bits
		kind := image.Headers
		if place == inArenas {
			kind = image.HeapBits
		}
		add(640, 1, kind)
		add(2688, 1, kind)
		add(9472, 7, kind)
		large := image.OneType
		if place == inArenas {
			large = image.HeapBits
		}
		add(image.PageSize*3, 3, large)
		add(5<<20, 640, image.NoPointers) // so that there are several batches
		add(image.PageSize-24, 1, large)
	}
	if !im.Number(roots) {
		panic("too many nodes")
	}
	words := (im.Nodes + 63) / 64
	im.Allocated, im.Marked, im.Fresh = make([]uint64, words), make([]uint64, words), make([]uint64, words)
	for i := range im.Extents {
		e := &im.Extents[i]
		for k := range e.N {
			n := e.First + heap.Node(k)
			if r.IntN(4) > 0 {
				image.SetBit(im.Allocated, n)
				if lost[e.Base+uint64(k)*e.Elem] && place != inLists {
					m.blind++
				}
			}
			if r.IntN(2) == 0 {
				image.SetBit(im.Marked, n)
			}
		}
	}

	// The contents, which may be anything where there are no pointers.
	var blocks []dump.Block
	for i := range im.Extents {
		e := &im.Extents[i]
		if e.Pointers == image.NoPointers {
			continue
		}
		b := make([]byte, e.Size)
		for off := uint64(0); off < e.Size; off += w {
			a.PutWord(b[off:], word(m))
		}
		for k := range uint64(e.N) {
			if e.Pointers == image.Headers {
				a.PutWord(b[k*e.Elem:], headers[e.Base+k*e.Elem])
			}
			if place == inLists && image.HasBit(im.Allocated, e.First+heap.Node(k)) {
				blocks = append(blocks, dump.Block{Addr: e.Base + k*e.Elem, Data: b[k*e.Elem:][:e.Elem]})
			}
		}
		if e.Pointers == image.HeapBits && place == inSpans {
			// Bit i of the span is bit i modulo the word's of a word (runtime/mbitmap.go).
			for off := e.At - e.Base; off < e.Size; off += w {
				v := uint64(0)
				for bit := range 8 * w {
					if i := (off-(e.At-e.Base))*8 + bit; m.pointers[e.Base][i] {
						v |= 1 << bit
					}
				}
				a.PutWord(b[off:], v)
			}
		}
		if place != inLists {
			blocks = append(blocks, dump.Block{Addr: e.Base, Data: b})
		}
		m.data[e.Base] = b
	}
	blocks = append(blocks, dump.Block{Addr: m.types.base, Data: m.types.bytes})
	im.Mem = dump.NewMemory(a.Machine, a.Order(), a.PtrSize, blocks)
	return m
}

func (m *made) gcTypes() *image.GCTypes { return image.NewGCTypes(m.im.Mem, m.im.Arch) }

// node is Lookup by a walk over all extents.
func (m *made) node(addr uint64) (heap.Node, bool) {
	for i := range m.im.Extents {
		if e := &m.im.Extents[i]; addr >= e.Base && (addr-e.Base)/e.Elem < uint64(e.N) {
			return e.First + heap.Node((addr-e.Base)/e.Elem), true
		}
	}
	return 0, false
}

// words calls f with the words of a slot that are pointers, in order.
func (m *made) words(e *image.Extent, slot uint64, f func(off, value uint64)) {
	w := uint64(m.im.Arch.PtrSize)
	for off := uint64(0); off < e.Elem; off += w {
		if m.pointers[e.Base][(slot+off-e.Base)/w] {
			f(off, m.im.Arch.Word(m.data[e.Base][slot+off-e.Base:]))
		}
	}
}

// rows are the targets of all allocated slots, by node.
func (m *made) rows() map[heap.Node][]heap.Node {
	rows := map[heap.Node][]heap.Node{}
	keeps := map[heap.Node][]heap.Node{}
	for _, s := range m.im.Specials {
		for _, p := range s.Keeps {
			from, ok := m.node(s.Object)
			to, ok2 := m.node(p)
			if ok && ok2 && !slices.Contains(keeps[from], to) {
				keeps[from] = append(keeps[from], to)
			}
		}
	}
	for i := range m.im.Extents {
		e := &m.im.Extents[i]
		for k := range uint64(e.N) {
			n := e.First + heap.Node(k)
			if !image.HasBit(m.im.Allocated, n) {
				continue
			}
			m.words(e, e.Base+k*e.Elem, func(_, value uint64) {
				if to, ok := m.node(value); ok {
					rows[n] = append(rows[n], to)
				}
			})
			slices.Sort(keeps[n])
			rows[n] = append(rows[n], keeps[n]...)
		}
	}
	return rows
}

// sortSpecials puts them in the order that an image has.
func (m *made) sortSpecials() {
	slices.SortStableFunc(m.im.Specials, func(a, b image.Special) int { return cmp.Compare(a.Object, b.Object) })
}
