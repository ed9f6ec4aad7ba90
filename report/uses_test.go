package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
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
