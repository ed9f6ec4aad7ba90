package image_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"goheap/dump"
	"goheap/gocore/internal/image"
	"goheap/heap"
	"goheap/internal/arch"
)

func newMemory(a arch.Arch, addr uint64, b []byte) *dump.Memory {
	return dump.NewMemory(a.Machine, a.Order(), a.PtrSize, []dump.Block{{Addr: addr, Data: b}})
}

func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// holds is what a root or special holds by itself, as the model has it.
func (m *made) holds(pieces []image.Piece) (to []heap.Node) {
	for _, p := range pieces {
		n, ok := m.node(p.Value)
		if !ok {
			continue
		}
		e := m.im.ExtentAt(p.Value)
		if p.Conservative && !(image.HasBit(m.im.Allocated, n) && (e.Swept || e.Sweeping || image.HasBit(m.im.Marked, n))) {
			continue
		}
		to = append(to, n)
	}
	return to
}

// special is what a special holds where it is a root: what its record keeps and, of a
// finalizer, what its object points to beside itself.
func (m *made) special(s *image.Special) (to []heap.Node) {
	for _, p := range s.Keeps {
		if n, ok := m.node(p); ok {
			to = append(to, n)
		}
	}
	if object, ok := slotOf(m.im.Extents, s.Object); ok && s.Kind == image.FinalizerSpecial {
		e := m.im.ExtentAt(s.Object)
		m.words(e, s.Object-object.Off, func(_, value uint64) {
			if n, ok := m.node(value); ok && n != object.Node {
				to = append(to, n)
			}
		})
	}
	return to
}

// reach is what the nodes of from reach.
func reach(rows map[heap.Node][]heap.Node, from ...[]heap.Node) map[heap.Node]bool {
	seen := map[heap.Node]bool{}
	queue := slices.Concat(from...)
	for len(queue) > 0 {
		n := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if !seen[n] {
			seen[n] = true
			queue = append(queue, rows[n]...)
		}
	}
	return seen
}

// checkGraph compares a graph and its live set with the model: every special keeps what
// it keeps, as an edge or as a root, and it is a root exactly where nothing else
// reaches its object.
func checkGraph(t *testing.T, m *made) (specialRoots int) {
	t.Helper()
	im := m.im
	types := m.gcTypes()
	own := len(im.Roots)
	g, err := im.ScanGraph(t.Context(), types)
	if err != nil {
		t.Fatal(err)
	}
	live, err := im.RootGraph(t.Context(), types, g)
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	rows := m.rows()
	checkRows(t, m, rows, g)
	var held [][]heap.Node // by root
	for i := range im.Roots {
		r := &im.Roots[i]
		pieces := m.holds(im.Pieces[r.First : r.First+r.N])
		if got := g.Targets(heap.Node(1 + i)); !slices.Equal(got, pieces) {
			t.Fatalf("root %d has the targets %d, want %d", i, got, pieces)
		}
		held = append(held, pieces)
	}
	if row := g.Targets(heap.SuperRoot); len(row) != len(im.Roots) || len(row) > 0 && (row[0] != 1 || int(row[len(row)-1]) != len(row)) {
		t.Fatalf("the row of the super root is %d", row)
	}
	for n := 1; n < g.Len(); n++ {
		if g.Offset[n] > g.Offset[n+1] {
			t.Fatalf("the row of node %d ends before it starts", n)
		}
	}

	// All that anything keeps is live, and nothing else.
	everything := slices.Clone(held[:own])
	for i := range im.Specials {
		everything = append(everything, m.special(&im.Specials[i]))
	}
	want := reach(rows, everything...)
	reached := reach(rows, held...)
	for n := range heap.Node(g.Len()) {
		slot := n >= im.FirstNode()
		if slot && live.Has(n) != want[n] {
			t.Fatalf("node %d is live: %t, want %t", n, live.Has(n), want[n])
		}
		if slot && reached[n] != want[n] {
			t.Fatalf("the roots reach node %d: %t, want %t", n, reached[n], want[n])
		}
	}

	// Each special is where it belongs. Roots of specials are in their order, and those of
	// one name have numbers.
	next := own
	named := map[string]int{}
	for i := range im.Specials {
		s := &im.Specials[i]
		object, ok := m.node(s.Object)
		name := specialName(s)
		if n := named[name]; n > 0 {
			name += fmt.Sprintf(" %d", n+1)
		}
		isRoot := next < len(im.Roots) && im.Roots[next].Addr == s.Object && im.Roots[next].Name == name && slices.Equal(held[next], m.special(s))
		if isRoot {
			named[specialName(s)]++
		}
		if !isRoot {
			if !ok || !reached[object] {
				t.Fatalf("%s is no root, and its object is not reached", specialName(s))
			}
			continue
		}
		others := slices.Concat(held[:next], held[next+1:])
		if ok && reach(rows, others...)[object] {
			t.Fatalf("%s is a root, and others reach its object", specialName(s))
		}
		next++
	}
	if next != len(im.Roots) {
		t.Fatalf("%d roots of specials, of which %d are known", len(im.Roots)-own, next-own)
	}
	return next - own
}

func specialName(s *image.Special) string {
	return fmt.Sprintf("%s of %#x", [...]string{"finalizer", "cleanup", "weak handle"}[s.Kind], s.Object)
}

// randomRoots adds some roots with pieces.
func (m *made) randomRoots(n int) {
	for i := range n {
		m.im.AddRoot(image.Root{Kind: image.RootKind(i % 2), Goroutine: -1})
		for range m.r.IntN(6) {
			m.im.Pieces = append(m.im.Pieces, image.Piece{Value: anything(m), Conservative: m.r.IntN(2) == 0, Frame: -1, Register: -1})
		}
		m.im.EndRoot()
	}
}

// Roots hold what their pieces lead to, conservative ones only what may be alive; a
// root without pieces is none, except a goroutine.
func TestRoots(t *testing.T) {
	eachHeap(t, 2, 40, sparse, func(t *testing.T, m *made) {
		m.randomRoots(40)
		checkGraph(t, m)
		for _, r := range m.im.Roots {
			if r.N == 0 && r.Kind != image.GoroutineRoot {
				t.Errorf("a root without pieces: %+v", r)
			}
		}
	})
}

// Specials that lead to each other and to themselves, at random, in heaps with few
// other edges.
func TestSpecials(t *testing.T) {
	eachHeap(t, 2, 4+150, lonely, func(t *testing.T, m *made) {
		m.randomRoots(m.r.IntN(4))
		// A few objects, so that rings are likely.
		var objects []uint64
		for len(objects) < 200 {
			addr := anything(m)
			if n, ok := m.node(addr); ok && image.HasBit(m.im.Allocated, n) {
				objects = append(objects, addr)
			}
		}
		for range 150 {
			s := image.Special{Object: objects[m.r.IntN(len(objects))], Kind: image.SpecialKind(m.r.IntN(3))}
			for range m.r.IntN(3) {
				s.Keeps = append(s.Keeps, objects[m.r.IntN(len(objects))])
			}
			m.im.Specials = append(m.im.Specials, s)
		}
		m.sortSpecials()
		if n := checkGraph(t, m); n < 3 || n > 147 {
			t.Errorf("%d of %d specials are roots", n, len(m.im.Specials))
		}
	})
}

// A ring is a handful of objects of 48 bytes, of which object i points to the ones of
// points[i] and nothing else does.
func ring(points [][]int) *made {
	a := arch.AMD64()
	const base = 0xc000000000
	m := &made{
		im:       &image.Image{Arch: a, Extents: []image.Extent{{Base: base, Elem: 48, Size: image.PageSize, N: 168, Pointers: image.HeapBits, At: base + image.PageSize - 128, Swept: true}}},
		types:    &descriptors{a: a, base: 1 << 16},
		data:     map[uint64][]byte{},
		pointers: map[uint64][]bool{base: make([]bool, image.PageSize/8)},
	}
	b := make([]byte, image.PageSize)
	for i, to := range points {
		for k, p := range to {
			at := uint64(i*48 + k*8)
			a.PutWord(b[at:], objectAt(p))
			m.pointers[base][at/8] = true
			b[image.PageSize-128+at/64] |= 1 << (at / 8 % 8)
		}
	}
	m.data[base] = b
	m.im.Mem = newMemory(a, base, b)
	return m
}

// A finalizer does not keep its object for a pointer into the object's own middle.
func TestFinalizerInsideItself(t *testing.T) {
	for off, live := range map[uint64]bool{0: false, 8: false, 47: false, 48: true} {
		m := ring([][]int{{0}})
		m.im.Arch.PutWord(m.data[0xc000000000], objectAt(0)+off)
		m.im.Specials = []image.Special{{Object: objectAt(0), Kind: image.FinalizerSpecial}}
		m.number()
		checkGraph(t, m)
		if r := m.im.Roots; len(r) != 1 || (r[0].N == 1) != live {
			t.Errorf("a pointer %d bytes into it: %+v", off, r)
		}
		m.im.Free()
	}
}

// number gives the ring its nodes, all of them allocated.
func (m *made) number() {
	m.im.Number(len(m.im.Roots) + len(m.im.Specials))
	m.im.Allocated = slices.Repeat([]uint64{^uint64(0)}, m.im.Nodes/64+1)
	m.im.Marked = make([]uint64, len(m.im.Allocated))
}

func objectAt(i int) uint64 { return 0xc000000000 + uint64(i)*48 }

// What each special becomes, in the cases that are known to be hard.
func TestSpecialRings(t *testing.T) {
	const f, c, w = image.FinalizerSpecial, image.CleanupSpecial, image.WeakHandleSpecial
	type special struct {
		kind   image.SpecialKind
		object int
		keeps  []int
	}
	for _, test := range []struct {
		name     string
		points   [][]int
		root     []int // what the only root holds
		specials []special
		roots    []int // which of the specials are roots
		live     []int
	}{
		{name: "finalizer of a reached object", points: [][]int{{1}, {}}, root: []int{0}, specials: []special{{f, 0, []int{2}}}, live: []int{0, 1, 2}},
		{name: "finalizer of an object nothing reaches", points: [][]int{{1}, {2}, {}}, specials: []special{{f, 0, []int{3}}}, roots: []int{0}, live: []int{1, 2, 3}},
		{name: "finalizer of an object that points to itself", points: [][]int{{0, 1}, {}}, specials: []special{{f, 0, nil}}, roots: []int{0}, live: []int{1}},
		{name: "finalizer whose object is reached by its own fields", points: [][]int{{1}, {0}}, specials: []special{{f, 0, nil}}, roots: []int{0}, live: []int{0, 1}},
		{name: "ring of two finalizers", points: [][]int{{1}, {0}}, specials: []special{{f, 0, nil}, {f, 1, nil}}, roots: []int{0}, live: []int{0, 1}},
		{name: "chain of finalizers, the first one first", points: [][]int{{1}, {2}, {3}}, specials: []special{{f, 0, nil}, {f, 1, nil}, {f, 2, nil}}, roots: []int{0}, live: []int{1, 2, 3}},
		{name: "chain of finalizers, the last one first", points: [][]int{{}, {0}, {1}}, specials: []special{{f, 0, nil}, {f, 1, nil}, {f, 2, nil}}, roots: []int{2}, live: []int{0, 1}},
		{name: "cleanup that leads back to its object", points: [][]int{{}, {0}}, specials: []special{{c, 0, []int{1}}}, roots: []int{0}, live: []int{0, 1}},
		{name: "cleanup alone keeps no pointees", points: [][]int{{1}, {}}, specials: []special{{c, 0, []int{2}}}, roots: []int{0}, live: []int{2}},
		{name: "two cleanups of one object, one leads back", points: [][]int{{}, {0}}, specials: []special{{c, 0, []int{2}}, {c, 0, []int{1}}}, roots: []int{1}, live: []int{0, 1, 2}},
		{name: "weak handles of a ring", points: [][]int{{}, {}}, specials: []special{{w, 0, []int{1}}, {w, 1, []int{0}}}, roots: []int{0}, live: []int{0, 1}},
		{name: "special of no slot", points: [][]int{{}}, specials: []special{{f, 1000, []int{0}}}, roots: []int{0}, live: []int{0}},
		{name: "finalizer behind the last slot", points: [][]int{{}}, specials: []special{{f, 168, []int{0}}, {f, 169, []int{0}}, {f, 170, []int{0}}}, roots: []int{0, 1, 2}, live: []int{0}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := ring(test.points)
			for i := range m.data[0xc000000000][168*48 : image.PageSize-128] {
				m.data[0xc000000000][168*48+i] = 0xc0 // no part of the last slot
			}
			m.im.AddRoot(image.Root{Kind: image.GlobalRoot})
			for _, i := range test.root {
				m.im.Pieces = append(m.im.Pieces, image.Piece{Value: objectAt(i)})
			}
			m.im.EndRoot()
			own := len(m.im.Roots)
			for _, s := range test.specials {
				made := image.Special{Object: objectAt(s.object), Kind: s.kind}
				for _, k := range s.keeps {
					made.Keeps = append(made.Keeps, objectAt(k))
				}
				m.im.Specials = append(m.im.Specials, made)
			}
			m.number()
			defer m.im.Free()
			checkGraph(t, m)
			var names []string
			for _, i := range test.roots {
				names = append(names, specialName(&m.im.Specials[i]))
			}
			var got []string
			for _, r := range m.im.Roots[own:] {
				got = append(got, r.Name)
			}
			if !slices.Equal(got, names) {
				t.Errorf("the roots are %q, want %q", got, names)
			}
			types := m.gcTypes()
			m.im.Roots = m.im.Roots[:own]
			g, _ := m.im.ScanGraph(t.Context(), types)
			live, _ := m.im.RootGraph(t.Context(), types, g)
			defer live.Close()
			var alive []int
			for i := range 168 {
				if live.Has(m.im.FirstNode() + heap.Node(i)) {
					alive = append(alive, i)
				}
			}
			if !slices.Equal(alive, test.live) {
				t.Errorf("the objects %d are live, want %d", alive, test.live)
			}
		})
	}
}
