package gocore

import (
	"strings"
	"testing"
)

// Parentheses stand where something follows a dereference or a receive, and
// nowhere else; keys are told from places.
func TestExpression(t *testing.T) {
	plain := func(s string) link { return link{suffix: s} }
	star := func(s string) link { return link{suffix: s, star: true} }
	receive := func(i uint64, s string) link { return link{receive: true, index: i, suffix: s} }
	for _, c := range []struct {
		links      []link
		want, hide string // hide is "" where it is the same
	}{
		{[]link{plain(".a"), plain("[3]")}, "x.a[3]", ""},
		{[]link{star("")}, "*x", ""},
		{[]link{star(".p"), plain("")}, "*x.p", ""},
		{[]link{star(".p"), plain(".q")}, "(*x.p).q", ""},
		{[]link{star(".p"), star("")}, "**x.p", ""},
		{[]link{star(".p"), star(""), plain("[1]")}, "(**x.p)[1]", ""},
		{[]link{receive(5, "")}, "<-x[5]", ""},
		{[]link{plain(".c"), receive(5, ".name"), plain(".first")}, "(<-x.c[5]).name.first", ""},
		{[]link{receive(1, ""), receive(2, "")}, "<-(<-x[1])[2]", ""},
		{[]link{{receive: true, star: true}}, "*<-x[0]", ""},
		{[]link{{receive: true, star: true}, plain(".a")}, "(*<-x[0]).a", ""},
		{[]link{star(".p"), {suffix: " → +0x8", unstar: true}, plain(".a")}, "x.p → +0x8.a", ""},
		{[]link{star(""), star(""), {suffix: " → +0x8", unstar: true}}, "(*x) → +0x8", ""},
		{[]link{keyLink(`"a"`), plain(".b")}, `x["a"].b`, "x[…].b"},
		{[]link{keyLink(`"a"`).then(plain("[3]")), plain(".b")}, `x["a"][3].b`, "x[…][3].b"},
		{[]link{plain(".m").then(keyLink("1")), keyLink(`key "]"`)}, `x.m[1][key "]"]`, "x.m[…][…]"},
		{[]link{{head: " main.f f.go:1 · ", suffix: "v"}, plain(".a")}, "x main.f f.go:1 · v.a", ""},
		{[]link{{head: " main.f f.go:1 · ", suffix: "v", star: true}, plain(".a")}, "x main.f f.go:1 · (*v).a", ""},
		{[]link{{head: " main.f f.go:1 · ", suffix: "v"}, receive(0, "")}, "x main.f f.go:1 · <-v[0]", ""},
		{[]link{plain(".n"), plain(".n"), plain(".n")}, "x.n.n.n", ""},
		{[]link{plain(".n"), plain(".n"), plain(".n"), plain(""), plain(".n"), plain(".v")}, "x.n ×4.v", ""},
		{[]link{plain(".a.n"), plain(".a.n"), plain(".a.n"), plain(".a.n")}, "x(.a.n) ×4", ""},
		{[]link{plain(".(*T)"), plain(".(*T)"), plain(".(*T)"), plain(".(*T)")}, "x.(*T) ×4", ""},
		{[]link{keyLink("1"), keyLink("2"), keyLink("3"), keyLink("4")}, "x[1][2][3][4]", "x[…] ×4"},
		{[]link{star(".n"), star(".n"), star(".n"), star(".n")}, "*(*(*(*x.n).n).n).n", ""},
	} {
		full, keyless := newExpression("x"), newExpression("x")
		for _, l := range c.links {
			full.add(l, l.suffix)
			keyless.add(l, l.withoutKey())
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
	e := newExpression("x")
	for range n {
		e.add(link{star: true}, "")
	}
	for range n / 2 {
		e.add(link{receive: true}, "")
		e.add(link{suffix: ".a", star: true}, ".a")
	}
	if got, want := len(e.String()), 1+n+n/2*(len("*")+len("<-")+len("(")+len(")")+len("(")+len(")")+len("[0]")+len(".a")); got != want {
		t.Errorf("%d characters, want %d", got, want)
	}
}

func TestFirstSelector(t *testing.T) {
	for _, want := range []string{
		".a|.b", ".a", "[1]|.b", `["]"]|[2]`, `[{"a" [1]}]|.x`, ".(*T)|.a", ".(map[string]func(int) (a, b))|[1]",
		`.(struct { A int "json:\")\"" })|.A`, ".next| ×5.a", " → +0x18|.a", " → +0x18| → +0x20", " → weak handle| ×4",
		".a|(.b) ×5", ".func1| captured x", "[", ".(", `["a`, "",
	} {
		first, rest, _ := strings.Cut(want, "|")
		if n := firstSelector(first + rest); n != len(first) {
			t.Errorf("%s%s: %d, want %d", first, rest, n, len(first))
		}
	}
}

func TestClosureName(t *testing.T) {
	for typ, want := range map[string]string{
		"closure main.main.func1":                                 "func1",
		"closure main.main.func1.2":                               "func1.2",
		"closure main.(*T).run.func3":                             "func3",
		"closure main.outer.inner[...].func2":                     "func2",
		"closure example.com/a.b/func1.Do.func7":                  "func7",
		"closure main.returns[go.shape.func() int].func1.1":       "func1.1",
		"closure main.(*T).Sum-fm":                                "Sum",
		"closure main.(*box[go.shape.*uint8]).Get-fm":             "Get",
		"closure main.worker.gowrap1":                             "gowrap1",
		"closure main.each-range1":                                "each-range1",
		"closure main.function":                                   "function",
		"closure example.com/x.init.func2":                        "func2",
		"closure main.glob..func4":                                "func4",
		"closure main.(*duo[string,example.com/p.V]).each.func12": "func12",
	} {
		if got, ok := closureName(typ); !ok || got != want {
			t.Errorf("%s: %s, want %s", typ, got, want)
		}
	}
	if _, ok := closureName("main.closure"); ok {
		t.Error("a struct is taken for a closure")
	}
}
