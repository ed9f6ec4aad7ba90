package report

import (
	"fmt"
	"slices"
	"testing"

	"goheap/heap"
)

// service has a cache whose index and list lead to the same entries, beside two lists
// below one more struct, of which one has nothing large in it.
func service() *fake {
	f := &fake{
		RootNodes: []fakeNode{{ID: "svc", Kind: "global", Name: "main.svc", Type: "*main.service", Addr: 0x500000, To: []fakeEdge{{"", "service"}}}},
		Objects: []fakeNode{
			{ID: "service", Type: "main.service", Addr: 0xc000000000, Size: 64, To: []fakeEdge{{".users.byName", "index"}, {".users.order", "order"}, {".logs", "logs"}, {".name", "name"}}},
			{ID: "logs", Type: "main.logs", Addr: 0xc000000040, Size: 64, To: []fakeEdge{{".old", "old"}, {".new", "new"}, {".few", "few"}}},
			{ID: "name", Type: "string data", Addr: 0xc000000100, Size: 16},
			{ID: "old", Type: "[]uint8", Addr: 0xc000100000, Size: 4096},
			{ID: "new", Type: "[]uint8", Addr: 0xc000110000, Size: 4096},
			{ID: "few", Type: "[]uint8", Addr: 0xc000120000, Size: 16},
		},
	}
	index := fakeNode{ID: "index", Type: "[]*main.entry", Addr: 0xc000200000, Size: 512}
	for i := range 40 {
		entry := fakeNode{ID: fmt.Sprint("e", i), Type: "main.entry", Addr: 0xc000300000 + uint64(i)*512, Size: 512}
		if i < 39 {
			entry.To = []fakeEdge{{".next", fmt.Sprint("e", i+1)}}
		}
		index.To = append(index.To, fakeEdge{fmt.Sprintf("[%d]", i), entry.ID})
		f.Objects = append(f.Objects, entry)
	}
	f.Objects = append(f.Objects, index,
		fakeNode{ID: "order", Type: "main.list", Addr: 0xc000400000, Size: 64, To: []fakeEdge{{".front", "e0"}}})
	return f.Build()
}

// What a holder keeps is told down to the fields that keep a tenth of it: each with its
// own bytes, and the fields that lead to the same with what they hold together.
func TestDescend(t *testing.T) {
	f := service()
	s := analyse(t, f)
	places, err := s.Descend(t.Context(), f.Node["svc"])
	if err != nil {
		t.Fatal(err)
	}
	// The entries are children of the service, too small one by one: with the logs as
	// the only large child the ways part there.
	var got []string
	for _, p := range places {
		got = append(got, fmt.Sprintf("%d %s %d %v", p.Depth, f.ByNode[p.Node].ID, p.Retained, p.Fields))
	}
	want := []string{
		fmt.Sprintf("0 service %d []", s.Dominators.Retained(f.Node["service"])),
		fmt.Sprintf("1 service %d [.users.byName .users.order]", 40*512+512+64),
		fmt.Sprintf("1 logs %d []", 4096+4096+16+64),
		"2 old 4096 []", "2 new 4096 []",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	lines, err := fieldParts(t.Context(), s, f.Node["svc"])
	if err != nil {
		t.Fatal(err)
	}
	wantLines := []string{
		"main.svc.users: 20.6 KiB (71.6 %), by .byName and .order together: 20.0 KiB in 40 × main.entry",
		"main.svc.logs.old: 4.00 KiB (13.9 %), []uint8",
		"main.svc.logs.new: 4.00 KiB (13.9 %), []uint8",
	}
	if !slices.Equal(lines, wantLines) {
		t.Errorf("%q, want %q", lines, wantLines)
	}
}

func TestCommon(t *testing.T) {
	for _, c := range []struct {
		fields []string
		prefix string
		rest   []string
	}{
		{[]string{".users.byName", ".users.order"}, ".users", []string{".byName", ".order"}},
		{[]string{".a.b.c", ".a.b.d"}, ".a.b", []string{".c", ".d"}},
		{[]string{".user", ".users"}, "", []string{".user", ".users"}},
		{[]string{".a", ".a.b"}, "", []string{".a", ".a.b"}},
		{[]string{".m[1]", ".m[2]"}, ".m", []string{"[1]", "[2]"}},
	} {
		if prefix, rest := common(c.fields); prefix != c.prefix || !slices.Equal(rest, c.rest) {
			t.Errorf("%q: %q and %q, want %q and %q", c.fields, prefix, rest, c.prefix, c.rest)
		}
	}
}

// A tree is one place at its root, with what its nodes are there for: not two halves of it.
func TestDescendTree(t *testing.T) {
	f := &fake{
		RootNodes: []fakeNode{{ID: "idx", Kind: "global", Name: "main.idx", Type: "*main.tree", Addr: 0x500000, To: []fakeEdge{{"", "tree"}}}},
		Objects:   []fakeNode{{ID: "tree", Type: "main.tree", Addr: 0xc000000000, Size: 16, To: []fakeEdge{{".root", "n0"}}}},
	}
	const nodes = 31 // the first one has but one branch, so that the tree parts below it
	for i := range nodes {
		n := fakeNode{ID: fmt.Sprint("n", i), Type: "main.node", Addr: 0xc000010000 + uint64(i)*64, Size: 64, To: []fakeEdge{{".item", fmt.Sprint("item", i)}}}
		items := fakeNode{ID: fmt.Sprint("s", i), Type: "[]*main.node", Addr: 0xc000020000 + uint64(i)*16, Size: 16}
		for _, c := range []int{2*i + 1, 2*i + 2} {
			if i == 0 && c == 2 {
				continue
			}
			if c < nodes && (i == 0 || c > 2) {
				items.To = append(items.To, fakeEdge{fmt.Sprintf("[%d]", len(items.To)), fmt.Sprint("n", c)})
			}
		}
		if i == 1 {
			items.To = append(items.To, fakeEdge{"[2]", "n2"})
		}
		n.To = append(n.To, fakeEdge{".children", items.ID})
		f.Objects = append(f.Objects, n, items, fakeNode{ID: fmt.Sprint("item", i), Type: "main.item", Addr: 0xc000030000 + uint64(i)*512, Size: 512})
	}
	f.Build()
	s := analyse(t, f)
	lines, err := fieldParts(t.Context(), s, f.Node["idx"])
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"main.idx.root: 17.9 KiB (99.9 %), tree of 31 main.node: 15.5 KiB in 31 × main.item"}
	if !slices.Equal(lines, want) {
		t.Errorf("%q, want %q", lines, want)
	}
}

// A slice of things of the type of what has it is no tree: its length says more.
func TestDescendFlat(t *testing.T) {
	f := &fake{
		RootNodes: []fakeNode{{ID: "root", Kind: "global", Name: "main.root", Type: "*main.ctx", Addr: 0x500000, To: []fakeEdge{{"", "c"}}}},
		Objects:   []fakeNode{{ID: "c", Type: "main.ctx", Addr: 0xc000000000, Size: 64, To: []fakeEdge{{".children", "list"}}}},
	}
	list := fakeNode{ID: "list", Type: "[]*main.ctx", Addr: 0xc000100000, Size: 256}
	for i := range 20 {
		id := fmt.Sprint("c", i)
		f.Objects = append(f.Objects, fakeNode{ID: id, Type: "main.ctx", Addr: 0xc000200000 + uint64(i)*64, Size: 64})
		list.To = append(list.To, fakeEdge{fmt.Sprintf("[%d]", i), id})
	}
	f.Objects = append(f.Objects, list)
	f.Build()
	s := analyse(t, f)
	lines, err := fieldParts(t.Context(), s, f.Node["root"])
	if want := []string{"main.root.children: 1.50 KiB (96.0 %), []*main.ctx: 1.25 KiB in 20 × main.ctx"}; err != nil || !slices.Equal(lines, want) {
		t.Errorf("%q, %v, want %q", lines, err, want)
	}
}

// The one entry of a map that has nearly all is gone into, and the map told once; where
// entries are alike the map is the place.
func TestDescendEntry(t *testing.T) {
	for large, want := range map[uint64]string{
		1 << 20: "main.topics[0].queue: 1.00 MiB (99.9 %), []uint8 in a map[string]*main.topic",
		64:      "main.topics: 832 B (100.0 %), map[string]*main.topic: 384 B in 4 × main.topic",
	} {
		f := &fake{
			RootNodes: []fakeNode{{ID: "topics", Kind: "global", Name: "main.topics", Type: "map[string]*main.topic", Addr: 0x500000, To: []fakeEdge{{"", "map"}}}},
			Objects:   []fakeNode{{ID: "map", Type: "map[string]*main.topic", Addr: 0xc000000000, Size: 64, To: []fakeEdge{{"", "groups"}}}},
		}
		groups := fakeNode{ID: "groups", Type: "[]map.group[string]*main.topic", Addr: 0xc000001000, Size: 384}
		for i := range 4 {
			topic, queue := fmt.Sprint("t", i), fmt.Sprint("q", i)
			size := uint64(64)
			if i == 0 {
				size = large
			}
			groups.To = append(groups.To, fakeEdge{fmt.Sprintf("[%d]", i), topic})
			f.Objects = append(f.Objects,
				fakeNode{ID: topic, Type: "main.topic", Addr: 0xc000002000 + uint64(i)*32, Size: 32, To: []fakeEdge{{".queue", queue}}},
				fakeNode{ID: queue, Type: "[]uint8", Addr: 0xc000100000 + uint64(i)<<20, Size: size})
		}
		f.Objects = append(f.Objects, groups)
		f.Build()
		s := analyse(t, f)
		lines, err := fieldParts(t.Context(), s, f.Node["topics"])
		if err != nil || len(lines) != 1 || lines[0] != want {
			t.Errorf("%q, %v, want %q", lines, err, want)
		}
	}
}

// Of many steps the last is told, the one at which few become many, and the first ones.
func TestTellingParts(t *testing.T) {
	steps := func(counts ...uint64) (parts []part) {
		for i, n := range counts {
			parts = append(parts, part{typ: fmt.Sprint(i), count: n})
		}
		return parts
	}
	for _, c := range []struct {
		counts []uint64
		want   string
	}{
		{[]uint64{1, 2, 3}, "0 1 2 "},
		{[]uint64{32, 32, 32, 60000, 60000, 60000}, "0 1 3 5 "},
		{[]uint64{1, 1, 1, 1, 500}, "0 1 2 4 "},
		{[]uint64{7, 7, 7, 7, 7, 7}, "0 1 2 5 "},
		{[]uint64{1, 100, 100, 100, 200}, "0 1 2 4 "},
	} {
		got := ""
		for _, p := range tellingParts(steps(c.counts...)) {
			got += p.typ + " "
		}
		if got != c.want {
			t.Errorf("%d: %s, want %s", c.counts, got, c.want)
		}
	}
}

// A slice of few large things of a kind is the place, as one of many is; one of them that
// has half is a place of its own.
func TestDescendAlike(t *testing.T) {
	for large, want := range map[uint64][]string{
		4096:  {"main.v.parts: 16.0 KiB (100.0 %), []*main.part: 16.0 KiB in 4 × main.part"},
		16384: {"main.v.parts[0]: 16.0 KiB (57.1 %), main.part", "main.v.parts[1]: 4.00 KiB (14.3 %), main.part", "main.v.parts[2]: 4.00 KiB (14.3 %), main.part", "main.v.parts[3]: 4.00 KiB (14.3 %), main.part"},
	} {
		f := &fake{
			RootNodes: []fakeNode{{ID: "v", Kind: "global", Name: "main.v", Type: "main.all", Addr: 0x500000, To: []fakeEdge{{".parts", "parts"}}}},
		}
		parts := fakeNode{ID: "parts", Type: "[]*main.part", Addr: 0xc000000000, Size: 32}
		for i := range 4 {
			size := uint64(4096)
			if i == 0 {
				size = large
			}
			id := fmt.Sprint("p", i)
			parts.To = append(parts.To, fakeEdge{fmt.Sprintf("[%d]", i), id})
			f.Objects = append(f.Objects, fakeNode{ID: id, Type: "main.part", Addr: 0xc000100000 + uint64(i)<<20, Size: size})
		}
		f.Objects = append(f.Objects, parts)
		f.Build()
		s := analyse(t, f)
		lines, err := fieldParts(t.Context(), s, f.Node["v"])
		if err != nil || !slices.Equal(lines, want) {
			t.Errorf("%q, %v, want %q", lines, err, want)
		}
	}
}

// Entries of a hash table that are chained are counted with those before them.
func TestMadeOfChains(t *testing.T) {
	f := &fake{RootNodes: []fakeNode{{ID: "table", Kind: "global", Name: "main.table", Type: "[8]*main.entry", Addr: 0x500000}}}
	for i := range 8 {
		for j := range 3 {
			e := fakeNode{ID: fmt.Sprint("e", i, "-", j), Type: "main.entry", Addr: 0xc000000000 + uint64(i*3+j)*64, Size: 64}
			if j == 0 {
				f.RootNodes[0].To = append(f.RootNodes[0].To, fakeEdge{fmt.Sprintf("[%d]", i), e.ID})
			}
			if j < 2 {
				e.To = []fakeEdge{{".next", fmt.Sprint("e", i, "-", j+1)}}
			}
			f.Objects = append(f.Objects, e)
		}
	}
	f.Build()
	s := analyse(t, f)
	parts, err := madeOf(t.Context(), s, []heap.Node{f.Node["table"]}, nil, 8*3*64, false)
	if err != nil || len(parts) != 1 || parts[0].count != 24 || parts[0].bytes != 8*3*64 {
		t.Errorf("%+v, %v", parts, err)
	}
}

// Suspects without room are named in two lines.
func TestMoreText(t *testing.T) {
	got := moreText([]Suspect{{Name: "1200 goroutines in main.a4, created by main.main", Count: 1200, Retained: 1 << 20}, {Name: "main.v", Count: 1, Retained: 1 << 10}})
	if want := []string{"   and 2 more suspects below: 1,200 goroutines in main.a4 (1.00 MiB), main.v", "   (1.00 KiB)"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	many := make([]Suspect, 30)
	for i := range many {
		many[i] = Suspect{Name: fmt.Sprint("main.variable", i), Count: 1, Retained: 1 << 10}
	}
	if got := moreText(many); len(got) != 2 || got[0][:34] != "   and 30 more suspects below: mai" {
		t.Errorf("%q", got)
	}
}
