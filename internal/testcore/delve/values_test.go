package delve

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"goheap/gocore"
)

// Where the two say the same, that is a value of a kind; where one says another, it is
// told.
func TestText(t *testing.T) {
	nothing := []variable{{}}
	nilInterface := []variable{{Kind: reflect.Invalid}}
	for _, test := range []struct {
		goheap gocore.Value
		delve  variable
		kind   string
		other  []string // texts that must be told from it
	}{
		{gocore.Value{Text: "true"}, variable{Kind: reflect.Bool, Value: "true"}, "bool", []string{"false", ""}},
		{gocore.Value{Text: "-17"}, variable{Kind: reflect.Int, Value: "-17"}, "integer", []string{"17", "-18", "", "x"}},
		{gocore.Value{Text: "0x10"}, variable{Kind: reflect.Uint, Value: "16"}, "integer", []string{"10"}},
		{gocore.Value{Text: "2"}, variable{Kind: reflect.Int, Value: "main.Running (2)"}, "integer", []string{"3"}},
		{gocore.Value{Text: "Running (2)"}, variable{Kind: reflect.Int, Value: "Running (2)"}, "name of a constant", []string{"Running (3)", "Done (2)"}},
		{gocore.Value{Text: "Running (2)"}, variable{Kind: reflect.Int, Value: "2"}, "integer", []string{"Running (3)"}},
		{gocore.Value{Text: "2 (no such file or directory)"}, variable{Kind: reflect.Uint, Value: "2"}, "integer", []string{"3 (no such process)"}},
		{gocore.Value{Text: "1.5s", Type: "time.Duration"}, variable{Kind: reflect.Int, Value: "1500000000"}, "integer", []string{"1.6s"}},
		{gocore.Value{Text: "1.5"}, variable{Kind: reflect.Float64, Value: "1.5"}, "float", []string{"1.25"}},
		{gocore.Value{Text: "1e+30"}, variable{Kind: reflect.Float64, Value: "1000000000000000000000000000000"}, "float", []string{"1e+31"}},
		{gocore.Value{Text: "NaN"}, variable{Kind: reflect.Float64, Value: "NaN"}, "float", []string{"0"}},
		{gocore.Value{Text: "(1+2i)"}, variable{Kind: reflect.Complex128, Children: []variable{{Value: "1"}, {Value: "2"}}}, "complex", []string{"(1+3i)"}},
		{gocore.Value{Text: `"ab\n"`}, variable{Kind: reflect.String, Value: "ab\n", Len: 3}, "string", []string{`"ab"`, `"ab\n"… (9 bytes)`, "nil"}},
		{gocore.Value{Text: `"ab"… (900 bytes)`}, variable{Kind: reflect.String, Value: "abcdef", Len: 900}, "string", []string{`"ab"… (901 bytes)`, `"ac"… (900 bytes)`}},
		{gocore.Value{Text: `"\xff"`}, variable{Kind: reflect.String, Value: "�", StringValueBytes: []byte{0xff}, Len: 1}, "string", []string{`"\xfe"`}},
		{gocore.Value{Text: "0xc000010000 → 3"}, variable{Kind: reflect.Ptr, Children: []variable{{Addr: 0xc000010000}}}, "pointer", []string{"0xc0000100001", "nil"}},
		{gocore.Value{Text: "nil"}, variable{Kind: reflect.Ptr, Children: nothing}, "pointer", []string{"0x0", "0xc000010000"}},
		{gocore.Value{Text: "len 2 cap 4 {1, 2}"}, variable{Kind: reflect.Slice, Base: 1, Len: 2, Cap: 4}, "slice", []string{"len 2 cap 5", "len 20 cap 4", "nil"}},
		{gocore.Value{Text: "nil"}, variable{Kind: reflect.Slice}, "nil slice", []string{"len 0 cap 0"}},
		{gocore.Value{Text: "len 2 {a: 1}"}, variable{Kind: reflect.Map, Base: 1, Len: 2}, "map", []string{"len 3", "nil"}},
		{gocore.Value{Text: "nil"}, variable{Kind: reflect.Map}, "nil map", []string{"len 0"}},
		{gocore.Value{Text: "1/4, closed, 1 goroutine waits to receive"}, variable{Kind: reflect.Chan, Base: 1, Children: []variable{{Name: "qcount", Value: "1"}, {Name: "dataqsiz", Value: "4"}, {Name: "closed", Value: "1"}}}, "channel", []string{"1/4", "2/4, closed"}},
		{gocore.Value{Text: "main.f"}, variable{Kind: reflect.Func, Base: 1, Value: "main.f"}, "function", []string{"main.g", "nil"}},
		{gocore.Value{Text: "(*main.T) 0x10"}, variable{Kind: reflect.Interface, Children: []variable{{Kind: reflect.Ptr, Type: "*main.T"}}}, "interface", []string{"(*main.U) 0x10", "nil"}},
		{gocore.Value{Text: "nil"}, variable{Kind: reflect.Interface, Children: nilInterface}, "nil interface", []string{"(int) 3"}},
		{gocore.Value{Text: "10.0.0.1"}, variable{Kind: reflect.Slice, Type: "net.IP", Base: 1, Len: 4, Cap: 4, Children: []variable{{Value: "10"}, {Value: "0"}, {Value: "0"}, {Value: "1"}}}, "network address", []string{"10.0.0.2"}},
	} {
		c := &comparison{findings: newFindings()}
		if kind, different := c.text(test.goheap, &test.delve); kind != test.kind || different != nil {
			t.Errorf("%s: %q, Delve has %v, want the same %s", test.goheap.Text, kind, different, test.kind)
		}
		for _, text := range test.other {
			gv := test.goheap
			gv.Text = text
			if kind, different := c.text(gv, &test.delve); kind == "" || different == nil {
				t.Errorf("%s passes for %s", text, test.goheap.Text)
			}
		}
	}
}

func TestSameType(t *testing.T) {
	for _, test := range [][2]string{
		{"main.T", "main.T"},
		{"main.inner", "main.inner·1"},
		{"chan time.Time", "<-chan time.Time"},
		{"struct { f func(); once sync.Once }", "struct { sync.f func(); sync.once sync.Once }"},
		{"map[string]struct { p *main.thing }", "map[string]struct { main.p *main.thing }"},
		{"struct { a struct { b int } }", "struct { x/y-z.v2.a struct { x/y-z.v2.b int } }"},
	} {
		if !sameType(test[0], test[1]) {
			t.Errorf("%s is not %s", test[0], test[1])
		}
	}
	for _, test := range [][2]string{
		{"main.T", "main.U"}, {"main.T", "*main.T"}, {"int", "int64"}, {"main.inner", "other.inner"},
		{"struct { a int }", "struct { b int }"}, {"struct { a main.T }", "struct { a other.T }"},
	} {
		if sameType(test[0], test[1]) {
			t.Errorf("%s passes for %s", test[0], test[1])
		}
	}
}

// The list of explanations is read as it says of itself, and is held to what was found.
func TestExplained(t *testing.T) {
	if _, err := explained("explained.txt"); err != nil {
		t.Error(err)
	}
	write := func(text string) string {
		file := filepath.Join(t.TempDir(), "list")
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return file
	}
	reasons, err := explained(write("# head\n\na kind of N\n\tone\n\ttwo\n\nanother\n\tthree\n"))
	if err != nil || len(reasons) != 2 || reasons["a kind of N"] != "one two" || reasons["another"] != "three" {
		t.Errorf("%q, %v", reasons, err)
	}
	for _, bad := range []string{"a kind\n", "\ta reason\n", "a\n\tx\na\n\ty\n"} {
		if _, err := explained(write(bad)); err == nil {
			t.Errorf("%q is a list", bad)
		}
	}
	f := newFindings()
	f.disagree("a kind of 17", "here")
	f.disagree("a kind of 18", "there")
	f.disagree("unheard of", "somewhere")
	wrong := f.judge(reasons)
	if len(wrong) != 2 || !strings.Contains(wrong[0], "unheard of") || !strings.HasSuffix(wrong[1], "another") {
		t.Errorf("%q", wrong)
	}
	if f.times["a kind of N"] != 2 || !slices.Equal(f.differ["a kind of N"], []string{"here", "there"}) {
		t.Errorf("%v %v", f.times, f.differ)
	}
}
