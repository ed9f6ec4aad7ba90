package image_test

import (
	"encoding/binary"
	"slices"
	"testing"

	"goheap/gocore/internal/image"
	"goheap/heap"
)

// FuzzScan damages hand-made heaps: words, headers and bits in their memory, the types
// that they lead to, where spans say that their pointer maps are, and specials of
// anything. Whatever stands there, edges lead to slots, rows follow one another, there
// are no more of them than words that may be pointers, and the scan of all slots agrees
// with what reads one.
func FuzzScan(f *testing.F) {
	const op = 8
	var heaps []*made
	var before [][][]byte
	for _, a := range testArches() {
		for _, place := range mapPlaces() {
			m := makeHeap(a, place, 3, 40, sparse)
			heaps = append(heaps, m)
			var saved [][]byte
			for _, b := range m.writable() {
				saved = append(saved, slices.Clone(b))
			}
			before = append(before, saved)
		}
	}
	for i := range uint8(15) {
		f.Add(i, []byte{0, 0, 0, 0, 0, 0, 0, 0})
		f.Add(i, []byte{2, 1, 40, 3, 1, 2, 7, 9, 5, 9, 1, 3, 4, 5, 1, 1, 6, 3, 3, 1, 255, 255, 7, 1})
	}
	f.Fuzz(func(t *testing.T, which uint8, ops []byte) {
		k := int(which) % len(heaps)
		m := heaps[k]
		im := m.im
		extents := slices.Clone(im.Extents)
		defer func() {
			im.Extents, im.Roots, im.Pieces, im.Specials = extents, nil, nil, nil
			for i, b := range m.writable() {
				copy(b, before[k][i])
			}
		}()
		im.Extents = slices.Clone(extents)
		regions := m.writable()
		w := im.Arch.PtrSize
		for n := 0; len(ops) >= op && n < 40; ops, n = ops[op:], n+1 {
			region := regions[int(ops[1])%len(regions)]
			e := &im.Extents[int(ops[1])%len(im.Extents)]
			v := uint64(binary.LittleEndian.Uint16(ops[4:])) | uint64(ops[6])<<16
			addr := im.Extents[v%uint64(len(im.Extents))].Base + v*24
			word := region[int(binary.LittleEndian.Uint16(ops[2:]))*w%(len(region)-w)/w*w:]
			switch ops[0] % 8 {
			case 0:
				im.Arch.PutWord(word, v)
			case 1:
				im.Arch.PutWord(word, addr)
			case 2:
				im.Arch.PutWord(word, m.types.base+v%uint64(len(m.types.bytes)))
			case 3:
				im.Arch.PutWord(word, im.Arch.Word(word)^1<<(v%64))
			case 4:
				im.Arch.PutWord(word, ^uint64(0)>>(v%64))
			case 5:
				if e.Pointers != image.Headers {
					e.At = []uint64{v, e.Base + v, m.types.base + v, ^uint64(0) >> (v % 64)}[ops[7]%4]
				}
			case 6:
				s := image.Special{Object: e.Base + v, Kind: image.SpecialKind(ops[7] % 3)}
				for i := range uint64(ops[7]) % 5 {
					s.Keeps = append(s.Keeps, addr+i*e.Elem)
				}
				if len(im.Specials) < 20 {
					im.Specials = append(im.Specials, s)
				}
			case 7:
				if len(im.Roots) < 20 {
					im.AddRoot(image.Root{Kind: image.GoroutineRoot})
					im.Pieces = append(im.Pieces, image.Piece{Value: addr, Conservative: ops[7]%2 == 0}, image.Piece{Value: v})
					im.EndRoot()
				}
			}
		}
		m.sortSpecials()

		types := m.gcTypes()
		own, kept := len(im.Roots), 0
		for _, s := range im.Specials {
			kept += len(s.Keeps)
		}
		g, err := im.ScanGraph(t.Context(), types)
		if err != nil {
			t.Fatal(err)
		}
		live, err := im.RootGraph(t.Context(), types, g)
		if err != nil {
			t.Fatal(err)
		}
		defer live.Close()
		for n := range heap.Node(g.Len()) {
			if g.Offset[n] > g.Offset[n+1] {
				t.Fatalf("the row of node %d ends before it starts", n)
			}
		}
		slots := g.Target[g.Offset[im.FirstNode()]:]
		most := kept
		for i := range im.Extents {
			if e := &im.Extents[i]; e.Pointers != image.NoPointers {
				most += int(e.Size) / w
			}
		}
		if len(slots) > most || len(im.Roots) > own+len(im.Specials) {
			t.Fatalf("%d edges of at most %d words, %d roots and %d specials became %d roots", len(slots), most, own, len(im.Specials), len(im.Roots))
		}
		for _, n := range slots {
			if g.ExtentOf(n) < 0 {
				t.Fatalf("an edge leads to node %d, which is no slot", n)
			}
		}
		for i := range im.Roots {
			for _, n := range g.Targets(heap.Node(1 + i)) {
				if g.ExtentOf(n) < 0 || !live.Has(n) {
					t.Fatalf("root %d leads to node %d, which is live: %t", i, n, live.Has(n))
				}
			}
		}
		keeps := map[heap.Node][]heap.Node{}
		for _, s := range im.Specials {
			object, ok := im.Pages.Lookup(s.Object)
			for _, p := range s.Keeps {
				if n, found := im.Pages.Lookup(p); ok && found && !slices.Contains(keeps[object], n) {
					keeps[object] = append(keeps[object], n)
				}
			}
		}
		for i := range im.Extents {
			e := &im.Extents[i]
			for slot := uint32(0); slot < e.N; slot += 1 + e.N/20 {
				n := e.First + heap.Node(slot)
				if !image.HasBit(im.Allocated, n) {
					if len(g.Targets(n)) > 0 {
						t.Fatalf("the free slot %d has edges", n)
					}
					continue
				}
				at := e.Base + uint64(slot)*e.Elem
				var want []heap.Node
				for _, off := range im.PointerWords(types, e, at) {
					if p, ok := im.Mem.Word(at + off); ok {
						if to, ok := im.Pages.Lookup(p); ok {
							want = append(want, to)
						}
					}
				}
				slices.Sort(keeps[n])
				if want = append(want, keeps[n]...); !slices.Equal(g.Targets(n), want) {
					t.Fatalf("slot %d of %d bytes has the targets %d, its words %d", n, e.Elem, g.Targets(n), want)
				}
			}
		}
	})
}

// writable is all of a heap that a fuzzer may overwrite.
func (m *made) writable() [][]byte {
	regions := [][]byte{m.types.bytes}
	if m.im.ArenaBits != nil {
		regions = append(regions, m.im.ArenaBits)
	}
	for i := range m.im.Extents {
		if b := m.data[m.im.Extents[i].Base]; b != nil {
			regions = append(regions, b)
		}
	}
	return regions
}
