package notation

import (
	"strconv"
	"strings"
)

// maxStructs bounds the length of a type whose structs are taken apart.
const maxStructs = 1 << 12

// plainStructs writes the types of structs in s with a field for each name, and in one
// way: struct{A int;B int "tag"}. Tags are left out without tags; tagged says that there
// are some.
func plainStructs(s string, tags bool) (plain string, tagged bool) {
	var b strings.Builder
	for {
		i := structBrace(s)
		end := -1
		if i >= 0 {
			end = Matching(s[i:])
		}
		if end < 0 {
			b.WriteString(s)
			return b.String(), tagged
		}
		b.WriteString(s[:i+1])
		first := true
		for body := s[i+1 : i+end]; body != ""; {
			n := top(body, ';')
			field := body[:n]
			body = strings.TrimPrefix(body[n:], ";")
			names, typ, tag := structField(field)
			typ, inner := plainStructs(typ, tags)
			tagged = tagged || tag != "" || inner
			if tag != "" && tags {
				typ += " " + strconv.Quote(tag)
			}
			for _, name := range names {
				if !first {
					b.WriteByte(';')
				}
				first = false
				if name != "" {
					b.WriteString(name + " ")
				}
				b.WriteString(typ)
			}
		}
		b.WriteByte('}')
		s = s[i+end+1:]
	}
}

// structBrace returns the index of the brace of the first type of a struct in s, -1 for
// none.
func structBrace(s string) int {
	for i := 0; i < len(s); {
		at := strings.Index(s[i:], "struct")
		if at < 0 {
			break
		}
		at += i
		i = at + len("struct")
		rest := strings.TrimLeft(s[i:], " ")
		if strings.HasPrefix(rest, "{") && (at == 0 || !wordByte(s[at-1]) && s[at-1] != '.') {
			return len(s) - len(rest)
		}
	}
	return -1
}

// top returns the index of the first byte c of s that stands in no brackets and no quotes,
// len(s) for none.
func top(s string, c byte) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case c:
			return i
		case '(', '[', '{':
			i += max(Matching(s[i:]), 0)
		case '"', '`', '\'':
			i += max(quotedLength(s[i:]), 1) - 1
		}
	}
	return len(s)
}

// structField takes the declaration of fields apart: their names, "" for one that is
// embedded, their type and tag.
func structField(s string) (names []string, typ, tag string) {
	s = strings.TrimSpace(s)
	for _, quote := range []byte{'"', '`'} {
		for i := top(s, quote); i < len(s); {
			n := quotedLength(s[i:])
			text, err := strconv.Unquote(s[i : i+max(n, 0)])
			if n <= 0 || err != nil {
				break
			}
			if i+n == len(s) {
				s, tag = strings.TrimSpace(s[:i]), text
				break
			}
			i += n + top(s[i+n:], quote) // the path of a package
		}
	}
	for {
		n := top(s, ',')
		if n == len(s) {
			break
		}
		names = append(names, strings.TrimSpace(s[:n]))
		s = strings.TrimSpace(s[n+1:])
	}
	if n := variableLength(s); n > 0 && n < len(s) && s[n] == ' ' && !isTypeWord(s[:n]) {
		return append(names, s[:n]), strings.TrimSpace(s[n:]), tag
	}
	return append(names, ""), s, tag
}

// isTypeWord reports whether a word begins a type that has several: what stands in front of
// such a type is a name, and these are none.
func isTypeWord(s string) bool {
	switch s {
	case "struct", "interface", "chan", "func", "map":
		return true
	}
	return false
}

// sameWords reports whether two types are the same, where b may leave out the package of
// each name.
func sameWords(a, b string) bool {
	for a != "" && b != "" {
		n, m := pathLength(a), pathLength(b)
		if n == 0 || m == 0 {
			if a[0] != b[0] {
				return false
			}
			n, m = 1, 1
		} else if x, y := a[:n], b[:m]; x != y && (strings.Contains(y, ".") || x[strings.LastIndexByte(x, '.')+1:] != y) {
			return false
		}
		a, b = a[n:], b[m:]
	}
	return a == b
}

// pathLength is the length of a name, with the package in front of it, at the start of s.
func pathLength(s string) int {
	n := 0
	for n < len(s) && (wordByte(s[n]) || n > 0 && (s[n] == '.' || s[n] == '~' || s[n] == '%' || s[n] == '-' && n+1 < len(s) && wordByte(s[n+1]))) {
		n++
	}
	return n
}
