package notation

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Range takes the text of an index apart that is a range: "1:3", ":n", "1:", ":".
func Range(index string) (lo, hi string, ok bool) {
	for i := 0; i < len(index); i++ {
		switch index[i] {
		case '(', '[', '{':
			i += max(Matching(index[i:]), 0)
		case '"', '`', '\'':
			i += max(quotedLength(index[i:]), 1) - 1
		case ':':
			return strings.TrimSpace(index[:i]), strings.TrimSpace(index[i+1:]), true
		}
	}
	return "", "", false
}

// Rune reads a rune as Go writes it: 'x', '\n'.
func Rune(s string) (rune, bool) {
	if len(s) < 3 || s[0] != '\'' || s[len(s)-1] != '\'' {
		return 0, false
	}
	text, err := strconv.Unquote(s)
	r, n := utf8.DecodeRuneInString(text)
	return r, err == nil && n == len(text)
}

// Nearest returns the names that are spelled most like name, up to most of them: those
// that are the same but for case or the package first, then those with few letters
// changed.
func Nearest(name string, all []string, most int) []string {
	type near struct {
		name string
		far  int
	}
	var found []near
	limit := 1 + len(lastName(name))/4
	last := strings.ToLower(lastName(name))
	lower := strings.ToLower(name)
	for _, other := range all {
		o := strings.ToLower(other)
		far := 0
		switch {
		case name == "":
			continue
		case o == lower:
		case last != "" && strings.ToLower(lastName(other)) == last:
			far = 1
		default:
			if far = 1 + distance(lower, o, limit); far > 1+limit {
				continue
			}
		}
		found = append(found, near{other, far})
	}
	slices.SortFunc(found, func(a, b near) int {
		return cmp.Or(cmp.Compare(a.far, b.far), cmp.Compare(len(a.name), len(b.name)), cmp.Compare(a.name, b.name))
	})
	var names []string
	for _, f := range found {
		if len(names) == most {
			break
		}
		if !slices.Contains(names, f.name) {
			names = append(names, f.name)
		}
	}
	return names
}

// lastName is what stands behind the package.
func lastName(s string) string {
	s = s[strings.LastIndexByte(s, '/')+1:]
	if _, name, ok := strings.Cut(s, "."); ok {
		return name
	}
	return s
}

// distance is how many letters have to be added, left out or changed to make b of a, or
// more than limit.
func distance(a, b string, limit int) int {
	if d := len(a) - len(b); d > limit || -d > limit {
		return limit + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		least := row[0]
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
			least = min(least, row[j+1])
		}
		if least > limit {
			return limit + 1
		}
	}
	return row[len(b)]
}

// SameType reports whether two texts name the same type, where b may leave out all of a
// package's path but its last element, or packages, put the path in quotes, or write any for
// interface {}, structs with several names for a type and without tags, and spaces as it
// likes.
func SameType(a, b string) bool {
	if a == b {
		return true
	}
	if len(b) <= maxStructs && structBrace(b) >= 0 {
		tagged := false
		b, tagged = plainStructs(b, true)
		a, _ = plainStructs(a, tagged)
	}
	if b = plainType(b); plainType(a) == b {
		return true
	}
	short := ShortType(a)
	return short == b || sameWords(short, b)
}

// withoutPackages is a type without the packages of its parts.
func withoutPackages(s string) string {
	var b strings.Builder
	start := 0 // of the name that is being read
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '.':
			start = i + 1
		case !wordByte(c):
			b.WriteString(s[start : i+1])
			start = i + 1
		}
	}
	b.WriteString(s[start:])
	return b.String()
}

// plainType is a type without quotes around paths and without aliases and spaces that
// mean nothing.
func plainType(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		switch {
		case s[i] == '"':
			n := max(quotedLength(s[i:]), 1)
			path := s[i : i+n]
			if rest := s[i+n:]; strings.HasPrefix(rest, ".") && n > 2 {
				path = path[1 : n-1]
			}
			b.WriteString(path)
			i += n
		case s[i] == ' ':
			i++ // before: chan int, interface {}
			if b.Len() > 0 && i < len(s) && wordByte(b.String()[b.Len()-1]) && (wordByte(s[i]) || isQuotedPath(s[i:])) {
				b.WriteByte(' ')
			}
		case wordByte(s[i]):
			n := i
			for n < len(s) && wordByte(s[n]) {
				n++
			}
			word := s[i:n]
			if (i == 0 || s[i-1] != '.') && (n == len(s) || s[n] != '.') {
				switch word {
				case "any":
					word = "interface{}"
				case "byte":
					word = "uint8"
				case "rune":
					word = "int32"
				}
			}
			b.WriteString(word)
			i = n
		default:
			b.WriteByte(s[i])
			i++
		}
	}
	return b.String()
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= utf8.RuneSelf
}

// isQuotedPath reports whether s starts with the path of a package in quotes.
func isQuotedPath(s string) bool {
	n := 0
	if strings.HasPrefix(s, `"`) {
		n = quotedLength(s)
	}
	return n > 0 && strings.HasPrefix(s[n:], ".")
}

// ShortType is a type with the last elements of the paths of packages, in the form of
// plainType.
func ShortType(s string) string {
	s = plainType(s)
	var b strings.Builder
	start := 0 // of the path that is being read
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			n := max(quotedLength(s[i:]), 1)
			b.WriteString(s[start : i+n])
			i += n - 1
			start = i + 1
		case c == '/':
			start = i + 1
		case !wordByte(c) && c != '.' && c != '-' && c != '~' && c != '%':
			b.WriteString(s[start : i+1])
			start = i + 1
		}
	}
	b.WriteString(s[start:])
	return b.String()
}

// BareType is ShortType without packages.
func BareType(s string) string { return withoutPackages(ShortType(s)) }

// UnquotedPath takes the quotes off the path of a package: `"example.com/x".Name`.
func UnquotedPath(name string) string {
	if rest, ok := strings.CutPrefix(name, `"`); ok {
		if path, rest, ok := strings.Cut(rest, `"`); ok && strings.HasPrefix(rest, ".") {
			return path + rest
		}
	}
	return name
}

// UnknownVariable says that a program has no variable of a name, and which are spelled like
// it.
func UnknownVariable(name string, variables iter.Seq[string]) string {
	const most = 3
	var names []string
	longest := 0
	for v := range variables {
		names = append(names, v)
		longest = max(longest, len(v))
	}
	start := name
	if most := 2*longest + 2; len(start) > most { // no variable is spelled like what is longer
		start = start[:max(strings.LastIndexByte(start[:most], '.'), 0)]
	}
	for short := start; short != ""; short = short[:strings.LastIndexByte(short, '.')] { // fields may follow
		if near := Nearest(short, names, most); len(near) > 0 {
			return "the program has no variable " + OneLine(short) + ": did you mean " + AnyOf(near) + "?"
		}
		if strings.Count(short[strings.LastIndexByte(short, '/')+1:], ".") < 2 {
			break
		}
	}
	pkg, _ := PackageOf(name)
	if slices.ContainsFunc(names, func(v string) bool { p, _ := PackageOf(v); return p == pkg && p != "" }) {
		return "the program has no variable " + CutMiddle(name) + "; those that no code uses are not in it, and `goheap roots` has those that hold something"
	}
	return strconv.Quote(CutMiddle(name)) + " starts with no global variable of the program; write it with its package, as in main.cache, and see `goheap roots`"
}

// OwnName is the name that something of package main has in a program, where it is written
// with the path of that package, which may stand in quotes.
func OwnName(name, mainPath string) string {
	plain := UnquotedPath(name)
	if rest, ok := strings.CutPrefix(plain, mainPath+"."); ok && mainPath != "" {
		return "main." + rest
	}
	return plain
}

// OwnType is the name of a type in a program, where the types of package main in it may be
// written with the path of that package, which may stand in quotes.
func OwnType(name, mainPath string) string {
	if mainPath == "" || !strings.Contains(name, mainPath) {
		return name
	}
	name = strings.ReplaceAll(name, strconv.Quote(mainPath)+".", "main.")
	for i := 0; i < len(name); {
		at := strings.Index(name[i:], mainPath+".")
		if at < 0 {
			break
		}
		i += at
		if i > 0 && (wordByte(name[i-1]) || strings.IndexByte("./-", name[i-1]) >= 0) {
			i++ // the end of another path
			continue
		}
		name = name[:i] + "main" + name[i+len(mainPath):]
	}
	return name
}

// PackageOf takes the name of a variable, constant or function apart: the path of its
// package, which may stand in quotes, and what stands behind it. There is no package in
// front of a name alone.
func PackageOf(name string) (pkg, rest string) {
	name = UnquotedPath(name)
	last := strings.LastIndexByte(name, '/') + 1
	before, behind, ok := strings.Cut(name[last:], ".")
	if !ok {
		return "", name
	}
	return name[:last] + before, behind
}

// AnyOf lists a few names: "a, b or c".
func AnyOf(names []string) string {
	const most = 5
	if len(names) > most {
		return strings.Join(names[:most], ", ") + ", …"
	}
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// OneLine returns what a person wrote, quoted if it cannot be shown as it is.
func OneLine(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// Cited is what a person has typed as a message repeats it: one line, not too long.
func Cited(s string) string { return OneLine(CutMiddle(s)) }

// CutMiddle leaves the start and the end of a long text, with … between them.
func CutMiddle(s string) string {
	const most, ends = 400, 150
	if len(s) <= most {
		return s
	}
	head, tail := ends, len(s)-ends
	for head > 0 && !utf8.RuneStart(s[head]) {
		head--
	}
	for tail < len(s) && !utf8.RuneStart(s[tail]) {
		tail++
	}
	return s[:head] + "…" + s[tail:]
}

// Cut shortens a text to n bytes.
func Cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// EscapeInvalid writes a key that has bytes that are no UTF-8 as a quoted text that has
// escapes for these. Escapes that stand in it already stay.
func EscapeInvalid(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return strconv.Quote(strings.Trim(s, "`"))
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02x`, s[i])
		} else {
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// Quote escapes bytes of the program for a terminal or a page, and says how
// many are not shown.
func Quote(b []byte, n uint64) string {
	s := strconv.QuoteToGraphic(string(b))
	if uint64(len(b)) < n {
		s += fmt.Sprintf("… (%d bytes)", n)
	}
	return s
}

// DidYouMean offers what is spelled like a name, "" where nothing is.
func DidYouMean(name string, all []string) string {
	const most = 3
	if near := Nearest(name, all, most); len(near) > 0 {
		return "; did you mean " + AnyOf(near) + "?"
	}
	return ""
}

// ShortFile returns the last element of a path.
func ShortFile(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
