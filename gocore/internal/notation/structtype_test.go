package notation_test

import (
	"testing"

	"goheap/gocore/internal/notation"
)

// Types of structs without a name are the same as Go says, however they are written.
func TestSameStructs(t *testing.T) {
	const path = "example.com/x/data"
	for _, x := range []struct {
		a, b string
		same bool
	}{
		{"struct { A int; B string }", "struct{A int;B string}", true},
		{"struct { A int; B int }", "struct{ A, B int }", true},
		{"struct { A int; B int; C string }", "struct{A,B int; C string}", true},
		{"struct { A int; B int }", "struct{ A int; C int }", false},
		{"struct { A int; B int }", "struct{ A int }", false},
		{"struct { A int }", "struct{ A int; B int }", false},
		{"struct { A int8 }", "struct{ A int }", false},
		{`struct { A int "json:\"a b\"" }`, "struct{ A int `json:\"a b\"` }", true},
		{`struct { A int "json:\"a b\"" }`, `struct{ A int "json:\"a b\"" }`, true},
		{`struct { A int "json:\"a b\"" }`, "struct{ A int }", true},
		{`struct { A int "json:\"a b\"" }`, "struct{ A int `json:\"c\"` }", false},
		{"struct { A int }", "struct{ A int `json:\"c\"` }", false},
		{"struct { main.K; Z time.Duration }", "struct{ K; Z time.Duration }", true},
		{"struct { main.K; Z time.Duration }", "struct{ main.K; Z Duration }", true},
		{"struct { main.K }", "struct{ other.K }", false},
		{"struct { *main.K }", "struct{ *K }", true},
		{"struct { K main.K }", "struct{ K }", false},
		{"struct { D " + path + ".T }", "struct{ D data.T }", true},
		{"struct { D " + path + ".T }", `struct{ D "` + path + `".T }`, true},
		{"struct { D " + path + ".T }", "struct{ D T }", true},
		{"[2]struct { X struct { Y [3]struct {} } }", "[2]struct{X struct{Y [3]struct{}}}", true},
		{"map[struct { A int; B int }]*main.T", "map[struct{A, B int}]*T", true},
		{"struct { F func(int, string) (a int, b error); C chan int }", "struct{F func(int,string)(a int,b error);C chan int}", true},
		{"struct { A interface {} }", "struct{ A any }", true},
		{"struct {}", "struct{}", true},
		{"main.T", "struct{}", false},
		{"struct { A int }", "struct{ A int", false},
		{"main.mystruct", "mystruct", true},
		{"map[main.K]time.Duration", "map[K]time.Duration", true},
		{"map[main.K]time.Duration", "map[K]other.Duration", false},
		{"<-chan main.T", "<-chan T", true},
		{"<-chan main.T", "chan T", false},
		{"github.com/go-redis/redis-x.Client", "redis-x.Client", true},
	} {
		if got := notation.SameType(x.a, x.b); got != x.same {
			t.Errorf("%s and %s are the same: %v, want %v", x.a, x.b, got, x.same)
		}
	}
}

// Numbers are compared as those of their size are.
func TestKeyEquals(t *testing.T) {
	for _, x := range []struct {
		key, text string
		size      uint64
		same      bool
	}{
		{"complex(1, 2)", "(1+2i)", 16, true},
		{"complex(1, 2)", "(1+2i)", 8, true},
		{"complex(1, 2)", "(2+1i)", 16, false},
		{"complex(0.1, 0)", "(0.1+0i)", 8, true},
		{"complex(0.10000000149, 0)", "(0.1+0i)", 8, true},
		{"complex(0.10000000149, 0)", "(0.1+0i)", 16, false},
		{"complex(1, 2i)", "(1+2i)", 16, false},
		{"complex(0x10, 'a')", "(16+97i)", 16, true},
		{"complex(1, 2)", "1", 8, false},
		{"1 + 2i", "(1+2i)", 16, false}, // an expression, which is calculated first
		{"(1 + 2i)", "(1+2i)", 16, true},
		{"1+2i", "(1+2i)", 16, true},
		{"2i", "(0+2i)", 16, true},
		{"0.1", "0.1", 4, true},
		{"0.10000000149", "0.1", 4, true},
		{"0.10000000149", "0.1", 8, false},
	} {
		k, ok := notation.ParseKey(x.key)
		if got := ok && k.Equals(x.text, x.size); got != x.same {
			t.Errorf("%s is %s of %d bytes: %v, want %v (%+v)", x.key, x.text, x.size, got, x.same, k)
		}
	}
	for _, bad := range []string{"complex(", "complex(1)", "complex(1,", "complex(1, 2", "complex(1, 2, 3)", "complex 1"} {
		if k, ok := notation.ParseKey(bad); ok && k.Kind != notation.ExpressionKey { // which has no value
			t.Errorf("%s is %+v", bad, k)
		}
	}
}
