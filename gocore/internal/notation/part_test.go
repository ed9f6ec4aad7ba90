package notation_test

import (
	"testing"

	"goheap/gocore/internal/notation"
)

// A value by its place stands behind an arrow as a whole, whatever its type is called, and
// parts of an object that a path comes back to are none.
func TestPartAt(t *testing.T) {
	for _, typ := range []string{"main.T", "main.box[*main.T]", "map[string]struct { a int }", "*main.T", "func(int) (x string)"} {
		part := notation.PartAt(typ, 0x40)
		got, off, ok := notation.PartOf(part)
		if got != typ || off != 0x40 || !ok {
			t.Errorf("%s is %q at %#x (%v)", part, got, off, ok)
		}
		e, err := notation.ParseExpr("x → "+part+".next[3]", func(string) int { return 1 })
		if err != nil || len(e.Steps) != 3 || e.Steps[0].Kind != notation.Arrow || e.Steps[0].Text != part || e.Steps[1].Text != "next" {
			t.Errorf("%s: %+v (%v)", part, e, err)
		}
	}
	e, err := notation.ParseExpr("x → (.left.right) ×5", func(string) int { return 1 })
	if err != nil || len(e.Steps) != 2 || e.Steps[1].Kind != notation.Repeat {
		t.Errorf("a repetition behind an arrow: %+v (%v)", e, err)
	}
	for _, s := range []string{"", "(", "( at +0x4)", "(T at +0x)", "(T at +0x4", "T at +0x4)"} {
		if typ, _, ok := notation.PartOf(s); ok {
			t.Errorf("%q is %q", s, typ)
		}
	}
}
