package notation

import (
	"strings"
	"testing"
)

// Parentheses stand where something follows a dereference or a receive, and
// nowhere else; keys are told from places.
func TestExpression(t *testing.T) {
	plain := func(s string) Link { return Link{Suffix: s} }
	star := func(s string) Link { return Link{Suffix: s, Star: true} }
	receive := func(i uint64, s string) Link { return Link{Receive: true, Index: i, Suffix: s} }
	for _, c := range []struct {
		links      []Link
		want, hide string // hide is "" where it is the same
	}{
		{[]Link{plain(".a"), plain("[3]")}, "x.a[3]", ""},
		{[]Link{star("")}, "*x", ""},
		{[]Link{star(".p"), plain("")}, "*x.p", ""},
		{[]Link{star(".p"), plain(".q")}, "(*x.p).q", ""},
		{[]Link{star(".p"), star("")}, "**x.p", ""},
		{[]Link{star(".p"), star(""), plain("[1]")}, "(**x.p)[1]", ""},
		{[]Link{receive(5, "")}, "<-x[5]", ""},
		{[]Link{plain(".c"), receive(5, ".name"), plain(".first")}, "(<-x.c[5]).name.first", ""},
		{[]Link{receive(1, ""), receive(2, "")}, "<-(<-x[1])[2]", ""},
		{[]Link{{Receive: true, Star: true}}, "*<-x[0]", ""},
		{[]Link{{Receive: true, Star: true}, plain(".a")}, "(*<-x[0]).a", ""},
		{[]Link{star(".p"), {Suffix: " → +0x8", Unstar: true}, plain(".a")}, "x.p → +0x8.a", ""},
		{[]Link{star(""), star(""), {Suffix: " → +0x8", Unstar: true}}, "(*x) → +0x8", ""},
		{[]Link{plain(".e"), {Out: " → ", Suffix: ".r"}, plain(".a")}, "x.e → .r.a", ""},
		{[]Link{star(".e"), {Out: " → ≈", Suffix: "[3].p", Star: true, Unstar: true}, plain(".a")}, "(*x.e → ≈[3].p).a", ""},
		{[]Link{plain(".e"), {Out: " → ≈"}, KeyLink(`"a"`)}, `x.e → ≈["a"]`, "x.e → ≈[…]"},
		{[]Link{plain(".e"), {Out: " → ≈", Receive: true, Index: 2}}, "<-x.e → ≈[2]", ""},
		{[]Link{{Out: " → ≈", Suffix: ".n"}, {Out: " → ≈", Suffix: ".n"}, {Out: " → ≈", Suffix: ".n"}, {Out: " → ≈", Suffix: ".n"}}, "x( → ≈.n) ×4", ""},
		{[]Link{KeyLink(`"a"`), plain(".b")}, `x["a"].b`, "x[…].b"},
		{[]Link{KeyLink(`"a"`).Then(plain("[3]")), plain(".b")}, `x["a"][3].b`, "x[…][3].b"},
		{[]Link{plain(".m").Then(KeyLink("1")), KeyLink(`key "]"`)}, `x.m[1][key "]"]`, "x.m[…][…]"},
		{[]Link{{Head: " main.f f.go:1 · ", Suffix: "v"}, plain(".a")}, "x main.f f.go:1 · v.a", ""},
		{[]Link{{Head: " main.f f.go:1 · ", Suffix: "v", Star: true}, plain(".a")}, "x main.f f.go:1 · (*v).a", ""},
		{[]Link{{Head: " main.f f.go:1 · ", Suffix: "v"}, receive(0, "")}, "x main.f f.go:1 · <-v[0]", ""},
		{[]Link{plain(".n"), plain(".n"), plain(".n")}, "x.n.n.n", ""},
		{[]Link{plain(".n"), plain(".n"), plain(".n"), plain(""), plain(".n"), plain(".v")}, "x.n ×4.v", ""},
		{[]Link{plain(".a.n"), plain(".a.n"), plain(".a.n"), plain(".a.n")}, "x(.a.n) ×4", ""},
		{[]Link{plain(".a"), plain(".b"), plain(".a"), plain(".b"), plain(".a"), plain(".b"), plain(".a"), plain(".b"), plain(".a"), plain(".c")}, "x(.a.b) ×4.a.c", ""},
		{[]Link{plain(".a"), plain(".b"), plain(".a"), plain(".b"), plain(".a"), plain(".b")}, "x.a.b.a.b.a.b", ""},
		{[]Link{plain(".(*T)"), plain(".(*T)"), plain(".(*T)"), plain(".(*T)")}, "x.(*T) ×4", ""},
		{[]Link{KeyLink("1"), KeyLink("2"), KeyLink("3"), KeyLink("4")}, "x[1][2][3][4]", "x[…] ×4"},
		{[]Link{star(".n"), star(".n"), star(".n"), star(".n")}, "*(*(*(*x.n).n).n).n", ""},
	} {
		full, keyless := NewExpression("x"), NewExpression("x")
		for _, l := range c.links {
			full.Add(l, l.Suffix)
			keyless.Add(l, l.WithoutKey())
		}
		if c.hide == "" {
			c.hide = c.want
		}
		if got, hidden := full.String(), keyless.String(); got != c.want || hidden != c.hide {
			t.Errorf("%v: %s and %s, want %s and %s", c.links, got, hidden, c.want, c.hide)
		}
	}
}

// A chain of a million dereferences is named in time that grows with it.
func TestLongExpression(t *testing.T) {
	const n = 1 << 20
	e := NewExpression("x")
	for range n {
		e.Add(Link{Star: true}, "")
	}
	for range n / 2 {
		e.Add(Link{Receive: true}, "")
		e.Add(Link{Suffix: ".a", Star: true}, ".a")
	}
	if got, want := len(e.String()), 1+n+n/2*(len("*")+len("<-")+len("(")+len(")")+len("(")+len(")")+len("[0]")+len(".a")); got != want {
		t.Errorf("%d characters, want %d", got, want)
	}
}

func TestFirstSelector(t *testing.T) {
	for _, want := range []string{
		".a|.b", ".a", "[1]|.b", `["]"]|[2]`, `[{"a" [1]}]|.x`, ".(*T)|.a", ".(map[string]func(int) (a, b))|[1]",
		`.(struct { A int "json:\")\"" })|.A`, ".next| ×5.a", " → +0x18|.a", "[5] beyond len 3|.a", "[-5]| beyond it", " → +0x18| → +0x20", " → weak handle| ×4",
		".a|(.b) ×5", ".func1| captured x", "[", ".(", `["a`, "",
	} {
		first, rest, _ := strings.Cut(want, "|")
		if n := FirstSelector(first + rest); n != len(first) {
			t.Errorf("%s%s: %d, want %d", first, rest, n, len(first))
		}
	}
}
