package notation

import (
	"strings"
	"unicode/utf8"
)

// Matching returns the index of what closes the bracket, brace or parenthesis at s[0],
// quoted strings and runes apart, or -1.
func Matching(s string) int {
	var closes []byte // those of what is open, the innermost last
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"', '`', '\'':
			n := quotedLength(s[i:])
			if n < 0 {
				return -1
			}
			i += n - 1
		case '(':
			closes = append(closes, ')')
		case '[', '{':
			closes = append(closes, s[i]+2) // ']' and '}'
		case ')', ']', '}':
			last := len(closes) - 1
			if last < 0 || closes[last] != s[i] {
				return -1
			}
			if closes = closes[:last]; last == 0 {
				return i
			}
		}
	}
	return -1
}

// lastBracket returns the index of the bracket that the one at the end of s closes, -1
// where s does not end in one.
func lastBracket(s string) int {
	if !strings.HasSuffix(s, "]") {
		return -1
	}
	open := -1
	for i := 0; i < len(s); {
		switch s[i] {
		case '(', '[', '{':
			end := Matching(s[i:])
			if end < 0 {
				return -1
			}
			open = i
			if s[i] != '[' {
				open = -1
			}
			i += end + 1
		case '"', '`', '\'':
			n := quotedLength(s[i:])
			if n < 0 {
				return -1
			}
			i += n
		default:
			i++
		}
	}
	return open
}

// quotedLength returns the length of the quoted string or rune at the start of s, -1
// where it does not end. A lone apostrophe quotes nothing.
func quotedLength(s string) int {
	if s[0] == '`' {
		if end := strings.IndexByte(s[1:], '`'); end >= 0 {
			return end + 2
		}
		return -1
	}
	const longest = len(`'\U0010ffff'`)
	for i := 1; i < len(s); i++ {
		if s[0] == '\'' && i >= longest {
			return 1
		}
		switch s[i] {
		case '\\':
			i++
		case s[0]:
			return i + 1
		}
	}
	if s[0] == '\'' {
		return 1
	}
	return -1
}

// nameLength returns the length of the name at the start of s.
func nameLength(s string) int {
	if end := strings.IndexAny(s, ".[ ("); end >= 0 {
		return end
	}
	return len(s)
}

// NameLength is the length of the name, without a package, at the start of s.
func NameLength(s string) int { return nameLength(s) }

// variableLength returns the length of the name of a local variable at the start of s: the
// compiler's own ones may begin with a dot.
func variableLength(s string) int {
	if strings.HasPrefix(s, ".") {
		return 1 + nameLength(s[1:])
	}
	return nameLength(s)
}

// arrowLength returns the length of the hop behind the arrow that s starts with, and of
// the arrow.
func arrowLength(s string) int {
	if text := s[len(arrow):]; strings.HasPrefix(text, "(") {
		if end := Matching(text); end >= 0 {
			if _, _, ok := PartOf(text[:end+1]); ok {
				return len(arrow) + end + 1
			}
		}
	}
	n := len(s)
	for _, next := range []string{".", "[", "(", arrow, repeated} {
		if i := strings.Index(s[len(arrow):], next); i >= 0 {
			n = min(n, len(arrow)+i)
		}
	}
	return n
}

// beyondLength returns the length of the mark of an index that is beyond its slice, at
// the start of s; 0 for none.
func beyondLength(s string) int {
	rest, ok := strings.CutPrefix(s, beyond)
	digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
	if !ok || digits == 0 {
		return 0
	}
	return len(beyond) + digits
}

// FirstSelector returns the length of the selector, index, type assertion or hop without
// a name at the start of s, len(s) where it does not end.
func FirstSelector(s string) int {
	switch {
	case s == "":
		return 0
	case s[0] == '[':
		if end := Matching(s); end >= 0 {
			return end + 1 + beyondLength(s[end+1:])
		}
	case strings.HasPrefix(s, ".("):
		if end := Matching(s[1:]); end >= 0 {
			return end + 2
		}
	case s[0] == '.':
		return 1 + nameLength(s[1:])
	case strings.HasPrefix(s, arrow):
		return arrowLength(s)
	}
	return len(s)
}

// Boundary reports whether a name may end in front of rest.
func Boundary(rest string) bool {
	if rest == "" {
		return true
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return strings.ContainsRune(".[ (", r)
}
