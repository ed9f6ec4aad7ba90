package report

import (
	"bytes"
	"strings"
	"testing"
)

// A type of which no more is known than that it alone fits has its sign wherever it is
// named, and is counted with neither what is typed nor what is unknown.
func TestFits(t *testing.T) {
	f := blockstore()
	for i := range f.Objects {
		switch o := &f.Objects[i]; o.ID {
		case "storage":
			o.Type = "≈ main.memStorage"
		case "block0":
			o.Type, o.Fits = "(unknown 128 B, pointers 0x1)", []string{"[]main.Cell", "main.Block"}
		}
	}
	f.Typed.FitObjects, f.Typed.FitBytes = 1, 64
	f.Build()
	s := analyse(t, f)
	ctx := t.Context()
	show := func(target string) string {
		var b bytes.Buffer
		d, err := NewShowDocument(ctx, s, []string{target}, Parts{}, SameLimit(10))
		if err == nil {
			err = WriteShow(&b, s, d)
		}
		if err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	written := func(write func(b *bytes.Buffer) error) string {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"info": {written(func(b *bytes.Buffer) error { return WriteInfo(b, s) }),
			[]string{"  ≈           0.1 % of the live bytes, 64 B in 1 object, of the only type that fits, which is no proof\n"}},
		"report": {written(func(b *bytes.Buffer) error { return WriteReport(ctx, b, s, 4, false) }),
			[]string{"linux/amd64, 9.0 % typed, 0.1 % ≈, 89.7 % behind unknown, check ok\n"}},
		"types": {written(func(b *bytes.Buffer) error { return WriteTypes(ctx, b, s, List{Top: -1}, true) }),
			[]string{"  ≈ main.memStorage  ", "≈ is the only type that fits, which is no proof: 64 B in 1 object, 0.1 % of the live heap\n",
				"1 kind of unknown objects, by size and pointers: 128 B in 1 object, "}},
		"show":    {show("storage"), []string{"≈ main.memStorage\n"}},
		"several": {show("block0"), []string{"  may be     []main.Cell, or main.Block\n"}},
	} {
		for _, want := range c.want {
			if !strings.Contains(c.text, want) {
				t.Errorf("%s lacks %q:\n%s", name, want, c.text)
			}
		}
	}
	d, err := NewShowDocument(ctx, s, []string{"block0"}, Parts{}, SameLimit(10))
	if err != nil || len(d.Objects[0].Fits) != 2 || NewInfoDocument(s).Typing.FitBytes != 64 {
		t.Errorf("%v: fits %q, typing %+v", err, d.Objects[0].Fits, NewInfoDocument(s).Typing)
	}
}
