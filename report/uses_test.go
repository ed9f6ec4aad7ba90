package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"goheap/gocore"
)

// Of variables without names, report, roots and show say what uses them; of programs whose
// variables have names nothing is said.
func TestUses(t *testing.T) {
	ctx := t.Context()
	for _, symbols := range []string{"stripped", "dwarf"} {
		f := blockstore()
		f.File.Symbols = symbols
		f.RootNodes[0].Name, f.RootNodes[0].UsedBy = "data+0x40", []string{"main.serve", "main.init"}
		f.Build()
		s := analyse(t, f)
		written := func(write func(b *bytes.Buffer) error) string {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			return b.String()
		}
		text := func(d any, err error) string {
			b, failed := json.Marshal(d)
			if err != nil || failed != nil {
				t.Fatal(err, failed)
			}
			return string(b)
		}
		show, err := NewShowDocument(ctx, s, []string{"data+0x40"}, Parts{}, SameLimit(10))
		if err != nil {
			t.Fatal(err)
		}
		table, err := RootTable(ctx, s)
		if err != nil {
			t.Fatal(err)
		}
		const list = `"used_by":["main.serve","main.init"]`
		for name, c := range map[string]struct{ text, want string }{
			"report":     {written(func(b *bytes.Buffer) error { return WriteReport(ctx, b, s, 4, false) }), "   data+0x40 is used by main.serve\n"},
			"show":       {written(func(b *bytes.Buffer) error { return WriteShow(b, s, show) }), "  use       used by main.serve\n"},
			"show json":  {text(show, nil), list},
			"roots json": {text(NewRootsDocument(ctx, s, List{Top: -1})), list},
			"roots":      {strings.Join(columnNames(table), " "), " use"},
		} {
			if has := strings.Contains(c.text, c.want); has != (symbols == "stripped") {
				t.Errorf("%s of a program with symbols %q: %t that it has %q:\n%s", name, symbols, has, c.want, c.text)
			}
		}
	}
}

func columnNames(t *Table) (names []string) {
	for _, c := range t.Columns {
		names = append(names, c.Name)
	}
	return names
}

// Words of the data that code names by one place are one holder, as an array is whose
// variable has no name; a word that code names itself stands alone.
func TestWordsOfOneVariable(t *testing.T) {
	f := &fake{File: gocore.Source{Symbols: "stripped"}}
	for i, from := range []string{"", "bss+0x0", "bss+0x0", ""} {
		name, object := fmt.Sprintf("bss+%#x", i*8), fmt.Sprintf("o%d", i)
		f.RootNodes = append(f.RootNodes, fakeNode{ID: name, Kind: "global", Name: name, Addr: 0x1000 + uint64(i)*8,
			UsedBy: []string{"main.put"}, From: from, To: []fakeEdge{{"", object}}})
		f.Objects = append(f.Objects, fakeNode{ID: object, Kind: "object", Type: "main.entry", Addr: 0xc000000000 + uint64(i)<<21, Size: 1 << 20})
	}
	s := analyse(t, f.Build())
	var b bytes.Buffer
	if err := WriteReport(t.Context(), &b, s, 4, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"3 words of the data from bss+0x0 on keep 3.00 MiB (75.0 % of the live heap)", "   bss+0x0 is used by main.put\n",
		"bss+0x18 is used by",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "bss+0x8 is") {
		t.Errorf("what uses one variable is said twice:\n%s", b.String())
	}
}
