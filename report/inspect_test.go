package report

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/heap"
)

// withValues is a program in which every object has the same value.
type withValues struct {
	*fake
	fields []gocore.Field
}

func (w withValues) FieldsOf(_ gocore.Value, from, limit int) ([]gocore.Field, int) {
	rest := w.fields[min(from, len(w.fields)):]
	shown := rest[:min(limit, len(rest))]
	return shown, len(rest) - len(shown)
}

func (w withValues) Value(n heap.Node) (gocore.Value, bool) {
	return gocore.Value{Type: w.Type(n), Addr: w.Addr(n), Text: "{…}", Target: heap.None, Children: len(w.fields)}, true
}

func (w withValues) Children(v gocore.Value, from, limit int) []gocore.Value {
	var out []gocore.Value
	for _, f := range w.fields[min(from, len(w.fields)):] {
		if len(out) < limit {
			out = append(out, gocore.Value{Name: f.Name, Type: f.Type, Text: f.Value, Target: f.Target})
		}
	}
	return out
}

func valued(t *testing.T) *Snapshot {
	f := blockstore()
	s := analyse(t, f)
	s.Disclosure = Shown
	s.Heap = withValues{f, []gocore.Field{
		{Offset: 0, Size: 8, Addr: 0xc000300400, Name: "data", Type: "*T", Value: "0xc000408000 → {N: 1}", Target: f.Node["data8"]},
		{Offset: 8, Size: 16, Addr: 0xc000300408, Name: "at", Type: "main.Point", Target: heap.None},
		{Offset: 8, Size: 8, Addr: 0xc000300408, Depth: 1, Name: "X", Type: "int", Value: "5", Target: heap.None},
		{Offset: 16, Size: 8, Addr: 0xc000300410, Depth: 1, Name: hostile, Type: hostile, Value: hostile, Target: heap.None},
		{Outside: true, Size: 8, Addr: 0xc000500000, Name: `["k"]`, Type: "int", Value: "6", Target: heap.None},
	}}
	return s
}

// Parts stand below what they are parts of; what stands in another object has no
// offset; addresses are there when they are asked for.
func TestShowValues(t *testing.T) {
	s := valued(t)
	d, err := NewShowDocument(t.Context(), s, []string{"block8"}, Parts{}, DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		addresses bool
		want      []string
	}{
		{false, []string{
			"  Offset  Field ", "      +0  data ", "      +8  at ", "      +8    X ", "     +16    evil\\x1b[31m", `       -  ["k"] `,
		}},
		{true, []string{
			"  Offset  Address                    Field ", "      +0  0xc000300400-0xc000300408  data ", "      +8  0xc000300408-0xc000300418  at ",
			"      +8  0xc000300408-0xc000300410    X ", "     +16  0xc000300410-0xc000300418    evil\\x1b[31m", `       -  0xc000500000-0xc000500008  ["k"] `,
		}},
	} {
		d.Addresses = test.addresses
		var b bytes.Buffer
		if err := WriteShow(&b, s, d); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(b.String(), "\n")
		at := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "  Offset") })
		for i, want := range test.want {
			if at < 0 || at+i >= len(lines) || !strings.HasPrefix(lines[at+i], want) {
				t.Fatalf("addresses %t: no line %q in\n%s", test.addresses, want, b.String())
			}
		}
	}

	var b bytes.Buffer
	if err := WriteJSON(&b, d); err != nil {
		t.Fatal(err)
	}
	var read struct {
		Objects []struct {
			Fields []struct {
				Offset  *uint64
				Address *string
				Depth   int
				Target  *string
			}
		}
	}
	if err := json.Unmarshal(b.Bytes(), &read); err != nil {
		t.Fatal(err)
	}
	fields := read.Objects[0].Fields
	if len(fields) != 5 || *fields[0].Offset != 0 || *fields[0].Target != "0xc000408000" || fields[2].Depth != 1 || fields[2].Target != nil ||
		fields[4].Offset != nil || *fields[4].Address != "0xc000500000" {
		t.Errorf("%s", b.String())
	}
}

func TestShowFrom(t *testing.T) {
	s := valued(t)
	for _, test := range []struct {
		from, limit, more int
		want              string
	}{
		{0, 2, 3, "data at"}, {1, 1, 3, "at"}, {4, 20, 0, `["k"]`}, {5, 20, 0, ""}, {1 << 40, 20, 0, ""},
	} {
		d, err := NewShowDocument(t.Context(), s, []string{"block8"}, Parts{From: test.from}, SameLimit(test.limit))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, f := range d.Objects[0].Fields {
			names = append(names, string(f.Name))
		}
		if got := strings.Join(names, " "); got != test.want || d.Objects[0].MoreFields != test.more {
			t.Errorf("from %d at most %d: %s and %d more", test.from, test.limit, got, d.Objects[0].MoreFields)
		}
	}
	v, ok := s.Heap.Value(1)
	if !ok || len(s.Heap.Children(v, 2, 2)) != 2 {
		t.Errorf("%t %+v", ok, v)
	}
}

// What became of the entries of a map is said in a line.
func TestEntriesText(t *testing.T) {
	for _, test := range []struct {
		e    Entries
		c    gocore.Chosen
		want string
	}{
		{Entries{Sorted: true}, gocore.Chosen{Passed: 1500, Kept: 1500}, "1,500, by key"},
		{Entries{Sorted: true, Backwards: true}, gocore.Chosen{Passed: 200_000, Kept: 200_000, Left: 100_000}, "200,000, by key, backwards; the last 100,000 of them are left out"},
		{Entries{Filter: "x\x1b"}, gocore.Chosen{Passed: 1500, Kept: 3}, "3 of 1,500, whose keys match x\\x1b"},
	} {
		if got := newEntriesDocument(test.e, test.c).text(); got != test.want {
			t.Errorf("%+v %+v: %s, want %s", test.e, test.c, got, test.want)
		}
	}
}
