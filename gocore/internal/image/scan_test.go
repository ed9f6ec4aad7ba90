package image_test

import (
	"slices"
	"testing"

	"goheap/gocore/internal/image"
	"goheap/heap"
)

// eachHeap runs f with hand-made heaps of all processors and places of pointer maps.
func eachHeap(t *testing.T, seeds uint64, roots int, word contents, f func(t *testing.T, m *made)) {
	for _, a := range testArches() {
		for _, place := range mapPlaces() {
			t.Run(a.Name+", "+place.String(), func(t *testing.T) {
				t.Parallel()
				for seed := range seeds {
					m := makeHeap(a, place, seed, roots, word)
					f(t, m)
					m.im.Free()
				}
			})
		}
	}
}

// checkRows compares the rows of all slots of a graph with those of the model.
func checkRows(t *testing.T, m *made, rows map[heap.Node][]heap.Node, g *heap.Graph) {
	t.Helper()
	for n := m.im.FirstNode(); int(n) < g.Len(); n++ {
		if got := g.Targets(n); !slices.Equal(got, rows[n]) {
			t.Fatalf("node %d has the targets %d, want %d", n, got, rows[n])
		}
	}
}

// The edges of all slots are the pointers that lie in slots, in the order of the
// words, and what specials keep behind them.
func TestScan(t *testing.T) {
	eachHeap(t, 2, 7, anything, func(t *testing.T, m *made) {
		for range 60 {
			s := image.Special{Object: anything(m), Kind: image.SpecialKind(m.r.IntN(3))}
			for range m.r.IntN(4) {
				s.Keeps = append(s.Keeps, anything(m))
			}
			m.im.Specials = append(m.im.Specials, s)
		}
		m.sortSpecials()
		g, err := m.im.ScanGraph(t.Context(), m.gcTypes())
		if err != nil {
			t.Fatal(err)
		}
		rows := m.rows()
		checkRows(t, m, rows, g)
		edges := 0
		for _, row := range rows {
			edges += len(row)
		}
		if edges < 100 {
			t.Errorf("the heap has %d edges", edges)
		}
		if m.im.Blind != m.blind {
			t.Errorf("%d slots without known pointers, want %d", m.im.Blind, m.blind)
		}
		if m.place == inSpans && m.blind == 0 {
			t.Error("all slots have known pointers")
		}
	})
}

// What reads the pointers of one slot agrees with the scan of all.
func TestPointerWords(t *testing.T) {
	eachHeap(t, 1, 0, anything, func(t *testing.T, m *made) {
		types := m.gcTypes()
		words := image.WordIndex{Large: 1} // what is asked often is indexed
		for i := range m.im.Extents {
			e := &m.im.Extents[i]
			for k := range uint64(e.N) {
				slot := e.Base + k*e.Elem
				var want []uint64
				m.words(e, slot, func(off, _ uint64) { want = append(want, off) })
				if m.place == inLists && !image.HasBit(m.im.Allocated, e.First+heap.Node(k)) && e.Pointers != image.HeapBits {
					continue // its header is not in the file
				}
				if got := m.im.PointerWords(types, e, slot); !slices.Equal(got, want) {
					t.Fatalf("slot %d of %d bytes at %#x has pointers at %d, want %d", k, e.Elem, e.Base, got, want)
				}
				w := uint64(m.im.Arch.PtrSize)
				for off := uint64(0); off < e.Elem+2*w; off += w / 2 {
					if got := m.im.Follows(types, e, slot, off); got != slices.Contains(want, off) {
						t.Fatalf("slot %d of %d bytes at %#x: the word at %d is followed: %v, and its pointers are at %d", k, e.Elem, e.Base, off, got, want)
					}
				}
				if m.place == inLists && !image.HasBit(m.im.Allocated, e.First+heap.Node(k)) {
					continue // its bytes are not in the file
				}
				first := map[heap.Node]uint64{}
				m.words(e, slot, func(off, v uint64) {
					if n, ok := m.node(v); ok {
						if _, ok := first[n]; !ok {
							first[n] = off
						}
					}
				})
				check := func(n heap.Node, off, v uint64, ok bool) {
					want, leads := first[n]
					if ok != leads || ok && (off != want || v != m.im.Arch.Word(m.data[e.Base][slot+off-e.Base:])) {
						t.Fatalf("slot %d of %d bytes at %#x leads to %d by the word at %d (%v), want %d (%v)", k, e.Elem, e.Base, n, off, ok, want, leads)
					}
				}
				for n := range first {
					for _, n := range []heap.Node{n, n + 1} {
						off, v, ok := m.im.WordTo(types, e, slot, n)
						check(n, off, v, ok)
						off, v, ok = words.To(m.im, types, e, slot, n)
						check(n, off, v, ok)
					}
				}
			}
		}
	})
}

// The masks of slots are their bits, taken one by one, from wherever they are taken.
func TestSlotMasks(t *testing.T) {
	eachHeap(t, 1, 0, anything, func(t *testing.T, m *made) {
		w := uint64(m.im.Arch.PtrSize)
		for i := range m.im.Extents {
			e := &m.im.Extents[i]
			if e.Pointers != image.HeapBits {
				continue
			}
			whole := m.im.HeapBits(e)
			for k := range e.N {
				slot := e.Base + uint64(k)*e.Elem
				mask := func(off uint64) (want uint64) {
					for bit := range uint64(64) {
						if at := off + bit*w; at < e.Elem && m.pointers[e.Base][(slot+at-e.Base)/w] {
							want |= 1 << bit
						}
					}
					return want
				}
				end := uint64(0)
				m.words(e, slot, func(off, _ uint64) {
					end = off + w
					if bit := (slot + off - e.Base) / w; whole[bit/8]>>(bit%8)&1 == 0 {
						t.Fatalf("the bits of the span at %#x lack the word %d", e.Base, bit)
					}
				})
				if got := m.im.SlotMask(e, slot); got != mask(0) {
					t.Fatalf("slot of %d bytes at %#x: mask %#x, want %#x", e.Elem, slot, got, mask(0))
				}
				for off := uint64(0); off < e.Elem+2*w; off += w * (1 + m.r.Uint64N(20)) {
					if got := m.im.SlotMaskFrom(e, slot, off); got != mask(off) {
						t.Fatalf("slot of %d bytes at %#x: mask from %d is %#x, want %#x", e.Elem, slot, off, got, mask(off))
					}
				}
				if got := m.im.PointersEnd(e, slot); got != end {
					t.Fatalf("slot of %d bytes at %#x: its pointers end at %d, want %d", e.Elem, slot, got, end)
				}
				for _, size := range []uint64{w, 3 * w, 100} {
					// As many values as it takes to have the last pointer.
					want := uint64(0)
					for want < end {
						want += size
					}
					if got := m.im.Filled(e, slot, e.Elem, size); got != min(want, e.Elem) {
						t.Fatalf("slot of %d bytes at %#x, pointers to %d: %d bytes of values of %d", e.Elem, slot, end, got, size)
					}
				}
				if got := m.im.Filled(e, slot, e.Elem, 0); got != e.Elem {
					t.Fatalf("values of no size fill %d bytes of %d", got, e.Elem)
				}
			}
		}
	})
}

// Gather takes bits one by one from the byte's lowest on.
func TestGather(t *testing.T) {
	b := []byte{0x35, 0x9c, 0xff, 0x00, 0x71, 0x0e, 0xd8, 0x63, 0xb5}
	for length := range len(b) + 1 {
		for first := range uint64(8) {
			for n := range uint64(65) {
				var want uint64
				for i := range n {
					if bit := first + i; bit/8 < uint64(length) && b[bit/8]>>(bit%8)&1 != 0 {
						want |= 1 << i
					}
				}
				if got := image.Gather(b[:length], first, n); got != want {
					t.Fatalf("%d bits of %x from %d: %#x, want %#x", n, b[:length], first, got, want)
				}
			}
		}
	}
}

// Values in slots start behind headers, and nothing behind the last slot is one.
func TestValuesAt(t *testing.T) {
	m := makeHeap(testArches()[0], inSpans, 5, 3, anything)
	defer m.im.Free()
	for i := range m.im.Extents {
		e := &m.im.Extents[i]
		for off := uint64(0); off < e.Size+64; off += 1 + m.r.Uint64N(e.Size/2000) {
			addr := e.Base + off
			s, ok := slotOf(m.im.Extents, addr)
			start, size, found := m.im.ValuesAt(addr)
			if found != ok || m.im.InHeap(addr) != ok {
				t.Fatalf("%#x is in a slot: %t, in the heap: %t, want %t", addr, found, m.im.InHeap(addr), ok)
			}
			if !ok {
				continue
			}
			at := m.im.ExtentAt(addr)
			wantStart, wantSize := addr-s.Off, at.Elem
			if at.Pointers == image.Headers {
				wantStart, wantSize = wantStart+8, wantSize-8
			}
			if start != wantStart || size != wantSize {
				t.Fatalf("%#x is in %d bytes at %#x, want %d at %#x", addr, size, start, wantSize, wantStart)
			}
		}
	}
}

// Counts of sets are those of their slots, one by one.
func TestSets(t *testing.T) {
	for seed := range uint64(3) {
		m := makeHeap(testArches()[0], inSpans, seed, 4, sparse)
		im := m.im
		var slots, bytes uint64
		var examples []uint64
		for i := range im.Extents {
			e := &im.Extents[i]
			in := 0
			for k := range e.N {
				n := e.First + heap.Node(k)
				if image.HasBit(im.Allocated, n) {
					in++
				}
				if image.HasBit(im.Allocated, n) && !image.HasBit(im.Marked, n) {
					slots, bytes = slots+1, bytes+e.Elem
					if len(examples) < 5 {
						examples = append(examples, e.Base+uint64(k)*e.Elem)
					}
				}
			}
			if got := im.CountIn(e, im.Allocated); got != in {
				t.Errorf("%d slots of the span at %#x are allocated, want %d", got, e.Base, in)
			}
		}
		if n, size, first := im.Difference(5, im.Allocated, im.Fresh, im.Marked); n != slots || size != bytes || !slices.Equal(first, examples) {
			t.Errorf("%d slots of %d bytes, %#x, want %d of %d, %#x", n, size, first, slots, bytes, examples)
		}
		if n, _ := im.CountSlots(im.Fresh); n != 0 {
			t.Errorf("%d slots in an empty set", n)
		}
		im.Free()
	}
}

// The next smaller class of each size is the one before it in the list; large objects
// are pages.
func TestSmallerClass(t *testing.T) {
	var im image.Image
	sizes := []uint16{0}
	for _, c := range sizeClasses() {
		sizes = append(sizes, uint16(c.elem))
	}
	im.SetClasses(sizes)
	for i := 1; i < len(sizes); i++ {
		want := uint64(sizes[i-1])
		if i == 1 {
			want = 0 // a size that is none counts as a large one, of less than a page
		}
		if got := im.SmallerClass(uint64(sizes[i])); got != want {
			t.Errorf("below %d is %d, want %d", sizes[i], got, want)
		}
	}
	for elem, want := range map[uint64]uint64{5 * image.PageSize: 4 * image.PageSize, 1 << 40: 1<<40 - image.PageSize, 40: 0} {
		if got := im.SmallerClass(elem); got != want {
			t.Errorf("below %d is %d, want %d", elem, got, want)
		}
	}
}

// The masks of types that are nested at random are those of their parts, as long as
// their slot.
func TestGCTypes(t *testing.T) {
	for _, a := range testArches() {
		for seed := range uint64(3) {
			m := makeHeap(a, inSpans, seed, 0, sparse)
			d := descriptors{a: a, base: 1 << 16}
			var all []madeType
			for range 60 {
				all = append(all, d.random(m.r, 100, 5))
			}
			types := image.NewGCTypes(newMemory(a, d.base, d.bytes), a)
			w := uint64(a.PtrSize)
			for _, typ := range all {
				for range 4 {
					limit := w * uint64(1+m.r.IntN(len(typ.mask)+3))
					var want []uint32
					for i, p := range typ.mask {
						if p && uint64(i+1)*w <= limit {
							want = append(want, uint32(i))
						}
					}
					got := types.At(typ.addr, limit)
					if got == nil || got.Size != uint64(len(typ.mask))*w || !slices.Equal(got.Pointers, want) {
						t.Fatalf("%s: type of %v in %d bytes: %+v, want %d", a.Name, typ.mask, limit, got, want)
					}
				}
			}
			m.im.Free()
		}
	}
}

// A scan whose context has ended returns its error.
func TestScanCanceled(t *testing.T) {
	m := makeHeap(testArches()[0], inSpans, 1, 0, anything)
	defer m.im.Free()
	if _, err := m.im.ScanGraph(canceled(t), m.gcTypes()); err == nil {
		t.Error("no error")
	}
	g, err := m.im.ScanGraph(t.Context(), m.gcTypes())
	if err != nil {
		t.Fatal(err)
	}
	m.im.AddRoot(image.Root{Kind: image.GlobalRoot})
	m.im.Pieces = append(m.im.Pieces, image.Piece{Value: m.im.Extents[0].Base})
	m.im.EndRoot()
	if _, err := m.im.RootGraph(canceled(t), m.gcTypes(), g); err == nil {
		t.Error("no error of the roots")
	}
}
