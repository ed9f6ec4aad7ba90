package notation

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// someNames knows variables of packages main and example.com/x, with names that have a
// dot and brackets.
func someNames(s string) int {
	longest := 0
	for _, name := range []string{"main.x", "main.x.y[3].z", "main.queue", "example.com/x.V", "queued finalizer", "queued finalizer 2", "data+0x18", "data+0x1"} {
		if strings.HasPrefix(s, name) && Boundary(s[len(name):]) {
			longest = max(longest, len(name))
		}
	}
	return longest
}

// texts are targets as goheap prints them, and as people write them.
var texts = []string{
	"0xc000012340", "0xc000012340 main.T", "g:17", "g:17 main.work main.go:12 · job.f[3]", "g:17 · deferred 2.func1 captured x",
	"g:17 main.inner (inlined in main.outer) a.go:4 #3 · *local (line 12).p", "g:17 main.f f.go:1 · (*stack +0x18).a", "g:1 main.f · stack +0x8 (conservative) → +0x10",
	"g:1 · register 3.x", "g:1 · register RAX", "g:1 · register X0.next[3]", "g:1 · register R14 → +0x8", "g:17 main.f f.go:1 · n #2.p", "g:17 main.f f.go:1 #3 · *n (line 3) #2", "g:1 · context.func1 captured y", "g:1 · stack word 0xc000 → finalizer",
	"main.x", "main.x.a.b", "main.x.y[3].z.w", "*main.x", "**main.x.p", "(*main.x.p).q", "<-main.queue[0]", "(<-main.queue[5]).name.first", "<-(<-main.queue[1])[2]",
	`main.x["a]b\""].c`, `main.x[{1 "]"}]`, "main.x[key 17].(*T).z", "main.x.(struct { A int \"json:\\\")\\\"\" }).A", "main.x.next ×5", "main.x(.a.n) ×4.b", "main.x.(*T) ×4",
	"main.x → .f.g", "main.x → [3].f", "main.x → ≈.f.g", "(*main.x → ≈[3].p).a", "<-main.x → ≈[2]", "main.x( → ≈.n) ×4", "main.x.v(.children[7].v → ) ×4.children[7].v", "main.x(.v → ) ×4[2]", "g:1 main.f · stack +0x8 → ≈.a", "main.x → ≈",
	"main.x → +0x18", "main.x → cleanup 2 function.func1.2 captured p.q", "main.x → weak handle ×4", "main.x[5] beyond len 3.a", "main.x[-1]", "main.x[1:3]", "len(main.x.a)", "cap(main.x[3:])",
	"(*main.T)(0xc000010000).next", "(*[]main.T)(0x12)[3]", "&main.x.a", "&*main.x", "queued finalizer 2.a", "data+0x18 → +0x0", `"example.com/x".V.a`, "example.com/x.V.a",
	"unknown.name.a[3]", "g:1 · deferred 2.deferwrap1 captured .autotmp_3.p", "g:1 main.f · .autotmp_3.p", "main.x['[']", "main.x.y.func1 captured +0x10 → +0x8",
}

// What is printed is read as it was meant, and printed again in the same way.
func TestParse(t *testing.T) {
	for _, text := range texts {
		target, err := Parse(text, someNames)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := target.String(); got != text {
			t.Errorf("%s is printed as %s", text, got)
		}
	}
	target, err := Parse("goroutine 17 [chan receive (nil chan), 3 minutes] main.work main.go:12 · a", someNames)
	if want := "g:17 main.work main.go:12 · a"; err != nil || target.String() != want {
		t.Errorf("%v, %v, want %s", target, err, want)
	}
	target, err = Parse(`goroutine 17 [select, locked to thread], labels {"a": "· b"}, created by main.main in goroutine 1 at main.go:3`, someNames)
	if err != nil || target.String() != "g:17" {
		t.Errorf("%v, %v, want g:17", target, err)
	}
	target, err = Parse("main.x.y[3].z.w ×3.a", someNames)
	if err != nil || target.Expr.Text != "main.x.y[3].z" || len(target.Expr.Steps) != 2 || target.Expr.Steps[0].N != 3 {
		t.Errorf("%+v, %v", target.Expr, err)
	}
	for _, text := range []string{"a.func1.(*T).m.1", "a.(*main.T).func1"} {
		target, err = Parse("main.x."+text+" captured p.q", someNames)
		if err != nil || len(target.Expr.Steps) != 2 || target.Expr.Steps[0].Text != text || target.Expr.Steps[0].Variable != "p" {
			t.Errorf("%+v, %v", target.Expr, err)
		}
	}
	target, err = Parse("main.x.a.func1.2 captured p.q", someNames)
	if err != nil || len(target.Expr.Steps) != 2 || target.Expr.Steps[0].Text != "a.func1.2" || target.Expr.Steps[0].Variable != "p" {
		t.Errorf("%+v, %v", target.Expr, err)
	}
}

// What is wrong has a place and a reason.
func TestParseErrors(t *testing.T) {
	for text, want := range map[string]struct {
		pos  int
		what string
	}{
		"":                 {0, "missing"},
		"0xzz":             {0, "hexadecimal"},
		"g:":               {0, "by its number"},
		"g:x":              {0, "by its number"},
		"g:17 what":        {4, "no variable"},
		"main.x[":          {6, "not closed"},
		"main.x.(T":        {6, "not closed"},
		"main.x.":          {6, "behind the dot"},
		"(main.x":          {0, "not closed"},
		"main.x ×":         {6, "not understood"},
		"main.x(.a → ) ×4": {9, "behind the arrow"},
		"main.x( → ) ×4.a": {7, "behind the arrow"},
		"main.x(.a → .b":   {6, "not closed"},
		"main.x.a ×":       {8, "no number"},
		"main.x(.a)":       {6, "not understood"},
		"main.x(.a ×3)":    {9, "do not nest"},
		"main.x(.a(.b))×":  {9, "do not nest"},
		"<-main.queue":     {0, "place in the queue"},
		"*":                {1, "missing"},
		strings.Repeat("*", maxDepth+1) + "main.x":   {maxDepth, "deeper"},
		"main.x" + strings.Repeat("[0]", maxSteps+1): {6 + 3*maxSteps, "parts"},
	} {
		_, err := Parse(text, someNames)
		var wrong *Error
		if !errors.As(err, &wrong) || wrong.Pos != want.pos || !strings.Contains(wrong.What, want.what) {
			t.Errorf("%.40s: %+v, want %+v", text, err, want)
		}
	}
}

// Reading never panics, and a tree that is printed is read as the same tree, where all
// names in it are known.
func FuzzParse(f *testing.F) {
	for _, text := range append(texts, "main.x( → a) ×3") { // which is printed without the parentheses
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		target, err := Parse(text, someNames)
		if err != nil {
			var wrong *Error
			if !errors.As(err, &wrong) || wrong.Pos < 0 || wrong.Pos > len(text) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if !allKnown(target.Expr) && target.Kind == InProgram {
			return // how much of the text is the name of what is not known has no answer
		}
		printed := target.String()
		again, err := Parse(printed, someNames)
		if err != nil {
			t.Fatalf("%q is printed as %q: %v", text, printed, err)
		}
		withoutPlaces(target.Expr)
		withoutPlaces(again.Expr)
		if !reflect.DeepEqual(target, again) {
			t.Fatalf("%q is printed as %q, which is read as %q", text, printed, again)
		}
	})
}

func allKnown(e *Expr) bool {
	for ; e != nil; e = e.X {
		if e.Op == Variable && someNames(e.Text) != len(e.Text) {
			return false
		}
	}
	return true
}

func withoutPlaces(e *Expr) {
	for ; e != nil; e = e.X {
		e.Pos = 0
		stepsWithoutPlaces(e.Steps)
	}
}

func stepsWithoutPlaces(steps []Step) {
	for i := range steps {
		steps[i].Pos, steps[i].Times = 0, 0
		stepsWithoutPlaces(steps[i].Steps)
	}
}

// Keys are read as what they are.
func TestParseKey(t *testing.T) {
	for text, want := range map[string]Key{
		`"a\x00"`:              {Kind: TextKey, Text: "a\x00"},
		"`a`":                  {Kind: TextKey, Text: "a"},
		"-17":                  {Kind: NumberKey, Text: "-17"},
		"1_000":                {Kind: NumberKey, Text: "1000"},
		"0x1f":                 {Kind: NumberKey, Text: "0x1f"},
		"2.5e3":                {Kind: NumberKey, Text: "2.5e3"},
		"(1+2i)":               {Kind: NumberKey, Text: "(1+2i)"},
		"'x'":                  {Kind: RuneKey, Text: "120"},
		"nil":                  {Kind: NilKey},
		"true":                 {Kind: BoolKey, Text: "true"},
		"1h5s":                 {Kind: DurationKey, Text: "3605000000000"},
		"Green":                {Kind: ConstantKey, Text: "Green"},
		"example.com/x.A|B":    {Kind: ConstantKey, Text: "example.com/x.A|B"},
		"int8(3)":              {Kind: NumberKey, Type: "int8", Text: "3"},
		"(*main.T)(nil)":       {Kind: NilKey, Type: "*main.T"},
		"(chan int)(0xc0)":     {Kind: NumberKey, Type: "chan int", Text: "0xc0"},
		`[4]uint8"ab\x00\x00"`: {Kind: TextKey, Type: "[4]uint8", Text: "ab\x00\x00"},
	} {
		got, ok := ParseKey(text)
		if !ok || !reflect.DeepEqual(*got, want) {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
	k, ok := ParseKey(`main.K{N: 3, In: [2]int{1, 2}, S: "}"}`)
	if !ok || k.Type != "main.K" || len(k.Parts) != 3 || k.Part(9, "In").Type != "[2]int" || len(k.Part(9, "In").Parts) != 2 || k.Part(0, "S").Text != "}" {
		t.Errorf("%+v", k)
	}
	k, ok = ParseKey(`struct { A int; B interface {} }{3 nil}`)
	if !ok || k.Type != "struct { A int; B interface {} }" || len(k.Parts) != 2 {
		t.Errorf("%+v", k)
	}
	for _, parts := range []string{"{1, 2}", "{1,2}", "{1 2}", "{1 , 2,}"} {
		if k, ok := ParseKey(parts); !ok || len(k.Parts) != 2 {
			t.Errorf("%s is read as %+v", parts, k)
		}
	}
	for _, bad := range []string{"", "[", "{1", `"a`, "int8(", "(*T)(", "1 2", "{1}}", "K{,,,}", "K{,}", "K{,1}", "K{1,,2}", ",1", "1,", strings.Repeat("{", 10_000)} {
		if k, ok := ParseKey(bad); ok {
			t.Errorf("%.20s is read as %+v", bad, k)
		}
	}
}

// Reading a key never panics and ends.
func FuzzParseKey(f *testing.F) {
	for _, text := range []string{`"a"`, "{1 2}", "main.K{N: 3}", "(*T)(nil)", "int8(3)", "'x'", "struct { A int }{3}", "[2]int{1, 2}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if k, ok := ParseKey(text); ok == (k == nil) && k == nil {
			t.Fatalf("%q is read as nothing", text)
		}
	})
}

func TestSameType(t *testing.T) {
	for _, same := range [][2]string{
		{"main.T", "main.T"}, {"*example.com/x/y.T", "*y.T"}, {"*example.com/x/y.T", `*"example.com/x/y".T`}, {"main.T", "T"}, {"[]*main.T", "[]*T"},
		{"map[string]interface {}", "map[string]any"}, {"map[string]interface {}", "map[string]interface{}"}, {"[]uint8", "[]byte"}, {"func(int32) bool", "func(rune) bool"},
		{"struct { A int }", "struct {A int}"}, {"x.G[example.com/a.K,int]", "x.G[a.K, int]"},
	} {
		if !SameType(same[0], same[1]) {
			t.Errorf("%s is not %s", same[0], same[1])
		}
	}
	for _, other := range [][2]string{{"main.T", "main.U"}, {"main.T", "*main.T"}, {"main.T", "other.T"}, {"a/x.T", "b/x.T"}, {"chan int", "chanint"}, {"main.any", "interface {}"}} {
		if SameType(other[0], other[1]) {
			t.Errorf("%s is %s", other[0], other[1])
		}
	}
}

func TestNearest(t *testing.T) {
	all := []string{"main.count", "main.counter", "main.config", "example.com/x.count", "runtime.gcController", "main.x"}
	for name, want := range map[string]string{
		"main.cout": "main.count", "main.Count": "main.count example.com/x.count", "count": "main.count example.com/x.count", "main.zzzzz": "", "": "", "main.confg": "main.config",
	} {
		got := strings.Join(Nearest(name, all, 2), " ")
		if !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestEscapeInvalid(t *testing.T) {
	for text, want := range map[string]string{
		"\"\xff\xfe\"": `"\xff\xfe"`, "\xff\xfe": `"\xff\xfe"`, "`a\xff`": `"a\xff"`, "\"\\n\xffé\"": `"\n\xffé"`,
	} {
		if got := EscapeInvalid(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestCutMiddle(t *testing.T) {
	if short := strings.Repeat("é", 200); CutMiddle(short) != short {
		t.Error("a text that is short enough is cut")
	}
	got := CutMiddle("a" + strings.Repeat("é", 10_000) + "z")
	if len(got) > 400 || !utf8.ValidString(got) || !strings.HasPrefix(got, "aé") || !strings.HasSuffix(got, "éz") || !strings.Contains(got, "…") {
		t.Errorf("%q", got)
	}
}
