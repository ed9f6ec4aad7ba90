package report

import (
	"fmt"
	"slices"
	"testing"
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
