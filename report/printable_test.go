package report

import (
	"strconv"
	"testing"
	"unicode/utf8"
)

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"":                 "",
		"main.Session":     "main.Session",
		"a\tb\r\nc":        `a\tb\r\nc`,
		"\x1b]0;x\x07":     `\x1b]0;x\a`,
		"\u202egnp.exe":    `\u202egnp.exe`,
		"\xff\xc3":         `\xff\xc3`,
		"\ufffd":           `�`,
		`c:\x`:             `c:\x`,
		"日本 × ≥ … …":       "日本 × ≥ … …",
		"\u00a0\u2028\x7f": `\u00a0\u2028\x7f`,
	} {
		if got := Printable(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("plain")
	f.Add(hostile)
	f.Fuzz(func(t *testing.T, s string) {
		out := Printable(s)
		clean := utf8.ValidString(s)
		for _, r := range s {
			clean = clean && strconv.IsPrint(r) && r != utf8.RuneError
		}
		if clean && out != s {
			t.Errorf("%q is printable and became %q", s, out)
		}
		for _, r := range out {
			if !strconv.IsPrint(r) {
				t.Fatalf("%q has the rune %U", out, r)
			}
		}
		if again := Printable(out); again != out {
			t.Errorf("%q became %q when printed again", out, again)
		}
	})
}

func TestHideValues(t *testing.T) {
	for in, want := range map[string]string{
		"main.cache":                             "main.cache",
		`main.cache.byID["sess42"].User.Tags[3]`: "main.cache.byID[…].User.Tags[…]",
		`main.m["a]\"b"].x`:                      "main.m[…].x",
		"main.m[`raw]`].x":                       "main.m[…].x",
		`main.m[4915112345].x`:                   "main.m[…].x",
		`main.m["open`:                           "main.m[…]",
		`main.m[main.K{1, "x]"}].y`:              "main.m[…].y",
		`main.s.(*main.Box[int]).v["k"]`:         "main.s.(*main.Box[int]).v[…]",
		`main.s.(map[string]int)["k"]`:           "main.s.(map[string]int)[…]",
		`goroutine 17 [chan receive, 12 minutes] main.worker worker.go:42 · local["k"]`: "goroutine 17 [chan receive, 12 minutes] main.worker worker.go:42 · local[…]",
		`(*main.m["k"].Tag)`:                         "(*main.m[…].Tag)",
		`(*(*main.m["k"]).n["l"])`:                   "(*(*main.m[…]).n[…])",
		`(*[]main.Box[int])(0xc000012000)[3].m["k"]`: "(*[…]main.Box[…])(0xc000012000)[…].m[…]",
		`(*main.m[")(0x"])`:                          "(*main.m[…])",
		"main.list.next ×1,204,331":                  "main.list.next ×1,204,331",
		"main.a → +0x18":                             "main.a → +0x18",
		"":                                           "",
	} {
		if got := hideValues(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// Whatever a key is, nothing of it is left.
func FuzzHideValues(f *testing.F) {
	f.Add("key")
	f.Add(`a"]`)
	f.Add("\\")
	f.Fuzz(func(t *testing.T, key string) {
		const secret = "s3cr3t"
		hideValues(key)
		for _, prefix := range []string{"main.x", "main.x.(*main.T)", "(*main.x", "goroutine 1 [select] main.f · v"} {
			if got, want := hideValues(prefix+"["+strconv.Quote(key+secret)+"].f"), prefix+"[…].f"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	})
}
