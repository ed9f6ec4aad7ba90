package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"goheap/heap"
	"goheap/heap/heaptest"
)

// listeners are queues, each held by a variable and by a goroutine of its own; one of them
// has nearly all. The shortest path to it is the goroutine's.
func listeners(largest uint64) *fake {
	f := &fake{}
	all := fakeNode{ID: "all", Kind: "object", Type: "[]*main.listener", Addr: 0xc000001000, Size: 64}
	bus := fakeNode{ID: "bus", Kind: "object", Type: "main.bus", Addr: 0xc000000000, Size: 16, To: []fakeEdge{{".all", "all"}}}
	f.RootNodes = []fakeNode{{ID: "v", Kind: "global", Name: "main.v", Type: "*main.bus", Addr: 0x500000, To: []fakeEdge{{"", "bus"}}}}
	f.Objects = []fakeNode{bus}
	for i := range 3 {
		size := uint64(1024)
		if i == 1 {
			size = largest
		}
		l, ring, done := fmt.Sprint("l", i), fmt.Sprint("ring", i), fmt.Sprint("done", i)
		f.RootNodes = append(f.RootNodes, fakeNode{ID: fmt.Sprint("g", i), Kind: "goroutine", Name: fmt.Sprintf("goroutine %d [select]", i+2), To: []fakeEdge{{" · l", l}, {" · done", done}}})
		f.Objects = append(f.Objects,
			fakeNode{ID: l, Kind: "object", Type: "main.listener", Addr: 0xc000002000 + uint64(i)*64, Size: 64, To: []fakeEdge{{".ring", ring}, {".done", done}}},
			fakeNode{ID: done, Kind: "object", Type: "chan struct {}", Addr: 0xc000003000 + uint64(i)*96, Size: 96},
			fakeNode{ID: ring, Kind: "object", Type: "[]uint8", Addr: 0xc000100000 + uint64(i)<<24, Size: size})
		all.To = append(all.To, fakeEdge{fmt.Sprintf("[%d]", i), l})
	}
	f.Objects = append(f.Objects, all)
	return f.Build()
}

// Of several of a kind that are held otherwise each, the one that has nearly all is told,
// down to the field, by the variable that leads to it and not by the shorter way of a
// goroutine; where all have as much, they are one group.
func TestTheLargestOfAKind(t *testing.T) {
	f := listeners(8 << 20)
	s := analyse(t, f)
	found, err := Suspects(t.Context(), s)
	if err != nil || len(found) != 1 {
		t.Fatalf("%+v, %v", found, err)
	}
	sus := &found[0]
	one, _ := heaptest.Retained(s.Graph, f.Node["l1"])
	if bytes := one + 96; sus.Rule != RuleGroup || sus.Count != 1 || sus.Retained != bytes {
		t.Errorf("%s: %d of them with %d bytes, want one with %d", sus.Rule, sus.Count, sus.Retained, bytes)
	}
	lines, err := suspectParts(t.Context(), s, sus)
	if want := []string{"main.v.all[1].ring: 8.00 MiB (100.0 %), []uint8"}; err != nil || !slices.Equal(lines, want) {
		t.Errorf("%q, %v, want %q", lines, err, want)
	}

	s = analyse(t, listeners(1024))
	if found, err := Suspects(t.Context(), s); err != nil || len(found) != 1 || found[0].Rule != RuleGroup || found[0].Count != 3 {
		t.Errorf("%+v, %v, want all three as one", found, err)
	}
}

// An object that several hold is called by a variable of the program where one leads to it.
func TestLeadOfOneObject(t *testing.T) {
	f := &fake{
		RootNodes: []fakeNode{
			{ID: "g", Kind: "goroutine", Name: "goroutine 2 [select]", To: []fakeEdge{{" · q", "queue"}}},
			{ID: "v", Kind: "global", Name: "main.v", Type: "*main.bus", Addr: 0x500000, To: []fakeEdge{{"", "bus"}}},
		},
		Objects: []fakeNode{
			{ID: "bus", Kind: "object", Type: "main.bus", Addr: 0xc000000000, Size: 16, To: []fakeEdge{{".queue", "queue"}}},
			{ID: "queue", Kind: "object", Type: "main.queue", Addr: 0xc000001000, Size: 64, To: []fakeEdge{{".items", "items"}}},
			{ID: "items", Kind: "object", Type: "[]uint8", Addr: 0xc000100000, Size: 8 << 20},
		},
	}
	f.Build()
	s := analyse(t, f)
	found, err := Suspects(t.Context(), s)
	if err != nil || len(found) != 1 || found[0].Rule != RuleSingle {
		t.Fatalf("%+v, %v", found, err)
	}
	if got, want := found[0].short(s), "main.v.queue keeps 8.00 MiB (100.0 % of the live heap) alive."; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	lines, err := suspectParts(t.Context(), s, &found[0])
	if want := []string{"main.v.queue.items: 8.00 MiB (100.0 %), []uint8"}; err != nil || !slices.Equal(lines, want) {
		t.Errorf("%q, %v, want %q", lines, err, want)
	}
}

// The one member of a group that has nearly all is told for the group, and two of four are.
func TestForemost(t *testing.T) {
	f := listeners(8 << 20)
	s := analyse(t, f)
	members := []heap.Node{f.Node["l0"], f.Node["l1"], f.Node["l2"]}
	slices.Sort(members)
	total := uint64(0)
	for _, n := range members {
		total += s.Dominators.Retained(n)
	}
	sus := &Suspect{Rule: RuleGroup, Node: members[0], Count: 3, Retained: total, Members: members}
	if got := foremost(s, sus); !slices.Equal(got, []heap.Node{f.Node["l1"]}) {
		t.Errorf("%v, want %v", got, f.Node["l1"])
	}
	f = listeners(1024)
	s = analyse(t, f)
	sus.Retained = 3 * s.Dominators.Retained(f.Node["l1"])
	if got := foremost(s, sus); got != nil {
		t.Errorf("%v of a group of equals", got)
	}
}

// arenas are structs in an array within a variable, each with a slice of slabs.
func arenas(n int) *fake {
	f := &fake{}
	kv := fakeNode{ID: "kv", Kind: "global", Name: "main.kv", Type: "main.table", Addr: 0x500000}
	for i := range n {
		slabs := fakeNode{ID: fmt.Sprint("slabs", i), Type: "[]*main.slab", Addr: 0xc000000000 + uint64(i)*64, Size: 64}
		for j := range 3 {
			id := fmt.Sprint("slab", i, "-", j)
			slabs.To = append(slabs.To, fakeEdge{fmt.Sprintf("[%d]", j), id})
			f.Objects = append(f.Objects, fakeNode{ID: id, Type: "main.slab", Addr: 0xc000100000 + uint64(i*3+j)*4096, Size: 4096})
		}
		kv.To = append(kv.To, fakeEdge{fmt.Sprintf(".arenas[%d].slabs", i), slabs.ID})
		f.Objects = append(f.Objects, slabs)
	}
	kv.To = append(kv.To, fakeEdge{".name", "name"})
	f.Objects = append(f.Objects, fakeNode{ID: "name", Type: "string data", Addr: 0xc000f00000, Size: 16})
	f.RootNodes = []fakeNode{kv}
	return f.Build()
}

// Elements of an array that keep as much each are one place, which is the array.
func TestDescendArray(t *testing.T) {
	s := analyse(t, arenas(5))
	lines, err := fieldParts(t.Context(), s, s.Heap.(*fake).Node["kv"])
	if want := []string{"main.kv.arenas: 60.3 KiB (100.0 %): 60.3 KiB in 5 × []*main.slab, of that 60.0 KiB in 15 × main.slab"}; err != nil || !slices.Equal(lines, want) {
		t.Errorf("%q, %v, want %q", lines, err, want)
	}
	// Two are told one by one.
	s = analyse(t, arenas(2))
	lines, err = fieldParts(t.Context(), s, s.Heap.(*fake).Node["kv"])
	if err != nil || len(lines) != 2 || !strings.HasPrefix(lines[0], "main.kv.arenas[0].slabs: ") {
		t.Errorf("%q, %v", lines, err)
	}
}

// A list of all and indexes of some each, none of which overlaps with another: all of
// these fields hold the elements together.
func TestDescendPartialIndexes(t *testing.T) {
	f := &fake{
		RootNodes: []fakeNode{{ID: "w", Kind: "global", Name: "main.w", Type: "*main.group", Addr: 0x500000, To: []fakeEdge{{"", "group"}}}},
		Objects:   []fakeNode{{ID: "group", Type: "main.group", Addr: 0xc000000000, Size: 64, To: []fakeEdge{{".all", "all"}, {".byKey", "byKey"}, {".byRange", "byRange"}}}},
	}
	list := func(id string, at uint64, from, to int) {
		n := fakeNode{ID: id, Type: "[]*main.watcher", Addr: at, Size: 512}
		for i := from; i < to; i++ {
			n.To = append(n.To, fakeEdge{fmt.Sprintf("[%d]", i-from), fmt.Sprint("w", i)})
		}
		f.Objects = append(f.Objects, n)
	}
	list("all", 0xc000001000, 0, 40)
	list("byKey", 0xc000002000, 0, 10)
	list("byRange", 0xc000003000, 10, 40)
	for i := range 40 {
		f.Objects = append(f.Objects, fakeNode{ID: fmt.Sprint("w", i), Type: "main.watcher", Addr: 0xc000100000 + uint64(i)*256, Size: 256})
	}
	f.Build()
	s := analyse(t, f)
	lines, err := fieldParts(t.Context(), s, f.Node["w"])
	if want := []string{"main.w: 11.5 KiB (99.5 %), main.group, by .all, .byKey and .byRange together: 10.0 KiB in 40 × main.watcher"}; err != nil || !slices.Equal(lines, want) {
		t.Errorf("%q, %v, want %q", lines, err, want)
	}
}

// Two pointers of one field, as a sync.Map has, are that field.
func TestDescendOneField(t *testing.T) {
	f := &fake{
		RootNodes: []fakeNode{{ID: "c", Kind: "global", Name: "main.c", Type: "*main.cache", Addr: 0x500000, To: []fakeEdge{{"", "cache"}}}},
		Objects: []fakeNode{
			{ID: "cache", Type: "main.cache", Addr: 0xc000000000, Size: 64, To: []fakeEdge{{".m", "read"}, {".m", "dirty"}}},
			{ID: "read", Type: "sync.readOnly", Addr: 0xc000001000, Size: 4096},
			{ID: "dirty", Type: "map[interface {}]*sync.entry", Addr: 0xc000003000, Size: 4096},
		},
	}
	for i := range 20 {
		id := fmt.Sprint("e", i)
		f.Objects = append(f.Objects, fakeNode{ID: id, Type: "main.item", Addr: 0xc000100000 + uint64(i)*512, Size: 512})
		for _, of := range []int{1, 2} {
			f.Objects[of].To = append(f.Objects[of].To, fakeEdge{fmt.Sprintf("[%d]", i), id})
		}
	}
	f.Build()
	s := analyse(t, f)
	lines, err := fieldParts(t.Context(), s, f.Node["c"])
	if err != nil || len(lines) != 1 || !strings.HasPrefix(lines[0], "main.c.m: 18.0 KiB (99.7 %)") || strings.Contains(lines[0], "together") || !strings.HasSuffix(lines[0], "10.0 KiB in 20 × main.item") {
		t.Errorf("%q, %v", lines, err)
	}
}

// What the elements of a list hold is told behind its length.
func TestBehindList(t *testing.T) {
	for _, c := range []struct {
		parts []part
		want  int
	}{
		{[]part{{count: 5, typ: "main.node"}, {count: 5, typ: "main.item"}}, 1},
		{[]part{{count: 4, typ: "main.node"}, {count: 4, typ: "main.item"}}, 1}, // the last one is the tail too
		{[]part{{count: 3, typ: "main.node"}, {count: 3, typ: "main.item"}}, 0},
		{[]part{{count: 5, typ: "main.node"}, {count: 5, typ: "main.item", beside: true}}, 0},
		{[]part{{count: 5, typ: "main.node"}}, 0},
	} {
		if got := behindList(c.parts, 5); len(got) != c.want {
			t.Errorf("%+v: %+v", c.parts, got)
		}
	}
}

// Two kinds of things that keep a third each stand beside each other.
func TestMadeOfTwo(t *testing.T) {
	for small, want := range map[uint64]string{
		400: "512 B in 1 × main.a and 400 B in 1 × main.b",
		100: "512 B in 1 × main.a",
	} {
		f := &fake{
			RootNodes: []fakeNode{{ID: "v", Kind: "global", Name: "main.v", Type: "main.all", Addr: 0x500000, To: []fakeEdge{{".a", "a"}, {".b", "b"}}}},
			Objects: []fakeNode{
				{ID: "a", Type: "main.a", Addr: 0xc000000000, Size: 512},
				{ID: "b", Type: "main.b", Addr: 0xc000001000, Size: small},
			},
		}
		f.Build()
		s := analyse(t, f)
		parts, err := madeOf(t.Context(), s, []heap.Node{f.Node["v"]}, nil, 512+small, false)
		if err != nil || madeText(parts) != want {
			t.Errorf("%s, %v, want %s", madeText(parts), err, want)
		}
	}
}

// The number of entries is told of maps alone.
func TestMadeTextEntries(t *testing.T) {
	got := madeText([]part{{typ: "map[string]int", count: 4, bytes: 4096, entries: 120000}})
	if want := "4.00 KiB in 4 × map[string]int of 120,000 entries together"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// An expression that has no place in a line is broken in front of a field, and nothing of it is
// lost.
func TestIndentedExpression(t *testing.T) {
	expr := "main.global.(*main.TracerProvider).spanProcessors[0].processor.(*main.batchSpanProcessor).queue"
	lines := indented("   ", "     ", expr+": 6.56 MiB")
	if want := []string{"   main.global.(*main.TracerProvider).spanProcessors[0].processor", "     .(*main.batchSpanProcessor).queue: 6.56 MiB"}; !slices.Equal(lines, want) {
		t.Errorf("%q, want %q", lines, want)
	}
}

// What holds a group by a map that stands on a stack is called by the type of the map too:
// the place in the frame says little.
func TestHeldThroughMapOnStack(t *testing.T) {
	f := &fake{
		RootNodes: []fakeNode{
			{ID: "g1", Kind: "goroutine", Name: "goroutine 1 [syscall]", To: []fakeEdge{{" · stack +0x180", "dir"}}},
			{ID: "g2", Kind: "goroutine", Name: "goroutine 2 [select]", To: []fakeEdge{{" · p", "p0"}}},
		},
		Objects: []fakeNode{{ID: "dir", Kind: "object", Type: "main.dir", Addr: 0xc000001000, Size: 64, To: []fakeEdge{{"[0]", "group"}}}, {ID: "group", Kind: "object", Type: "[]map.group[string]*main.exec", Addr: 0xc000000000, Size: 64}},
	}
	for i := range 6 {
		p := fakeNode{ID: fmt.Sprint("p", i), Kind: "object", Type: "main.pipe", Addr: 0xc000100000 + uint64(i)<<20, Size: 1 << 20}
		f.RootNodes[1].To = append(f.RootNodes[1].To, fakeEdge{" · p", p.ID})
		f.Objects[1].To = append(f.Objects[1].To, fakeEdge{fmt.Sprintf("[%d]", i), p.ID})
		f.Objects = append(f.Objects, p)
	}
	f.Build()
	found := suspectsOf(t, f)
	if len(found) != 1 || !strings.Contains(found[0].Sentence, "goroutine 1 [syscall] · stack +0x180 (map[string]*main.exec) and goroutine 2") {
		t.Errorf("%+v", found)
	}
}
