package notation

import (
	"strings"
	"testing"
)

// A chain of pointers to pointers nests twice for each of them; what it is printed as is
// read, as deep as an argument of a command may be.
func TestParseDeep(t *testing.T) {
	const deep = 20_000
	names := func(s string) int {
		if strings.HasPrefix(s, "main.head") {
			return len("main.head")
		}
		return 0
	}
	e := NewExpression("main.head")
	for range deep {
		e.Add(Link{Suffix: ".next", Star: true}, ".next")
	}
	text := e.String()
	target, err := Parse(text, names)
	if err != nil {
		t.Fatal(err)
	}
	stars := 0
	x := target.Expr
	for ; x.X != nil; x = x.X {
		if x.Op == Deref {
			stars++
		}
	}
	if stars != deep || x.Text != "main.head" {
		t.Errorf("%d dereferences of %q, want %d of main.head", stars, x.Text, deep)
	}
	for _, open := range []string{"(", "*", "*(", "<-", "(*", "len(", "(*T)("} {
		if _, err := Parse(strings.Repeat(open, 1<<14), names); err == nil {
			t.Errorf("%s over and over is read as a target", open)
		}
	}
}
