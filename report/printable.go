package report

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Printable returns s with everything that is not a printable character of one
// line replaced by a Go escape: control bytes, terminal escapes, invalid UTF-8,
// characters that change the direction of writing. What comes from a dump goes
// to a person through this function.
func Printable(s string) string {
	clean := true
	for _, r := range s {
		if r == utf8.RuneError || !strconv.IsPrint(r) {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r != utf8.RuneError && strconv.IsPrint(r) {
			b.WriteString(s[i : i+size])
		} else {
			quoted := strconv.Quote(s[i : i+size])
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		i += size
	}
	return b.String()
}

// hidden stands in the place of a value that is not shown.
const hidden = "[…]"

// hideValues replaces every index of an expression: it cannot tell the key of a
// map, which is a value of the program, from the place in a slice. The types of
// assertions, ".(T)", are kept, and so is what precedes the variable of a
// goroutine's frame. Where quotes or brackets do not match, the rest is hidden.
func hideValues(expr string) string {
	const frame = " · "
	start := 0
	if strings.HasPrefix(expr, "goroutine ") {
		if i := strings.Index(expr, frame); i >= 0 {
			start = i + len(frame)
		}
	}
	var b strings.Builder
	b.WriteString(expr[:start])
	for i := start; i < len(expr); {
		end := i + 1
		switch c := expr[i]; {
		case c == '[':
			b.WriteString(hidden)
			i = closing(expr, i, '[', ']')
			continue
		case c == '"' || c == '`' || c == '\'':
			b.WriteString(hidden)
			i = afterQuote(expr, i)
			continue
		case c == '(' && i > 0 && expr[i-1] == '.':
			end = closing(expr, i, '(', ')')
		}
		b.WriteString(expr[i:end])
		i = end
	}
	return b.String()
}

// closing returns the place behind the bracket that closes the one at expr[i],
// len(expr) if there is none.
func closing(expr string, i int, open, shut byte) int {
	depth := 0
	for i < len(expr) {
		switch expr[i] {
		case '"', '`', '\'':
			i = afterQuote(expr, i)
			continue
		case open:
			depth++
		case shut:
			depth--
		}
		i++
		if depth == 0 {
			break
		}
	}
	return i
}

// afterQuote returns the place behind the literal that begins at expr[i],
// len(expr) if it does not end.
func afterQuote(expr string, i int) int {
	quote := expr[i]
	for i++; i < len(expr); i++ {
		switch {
		case expr[i] == '\\' && quote != '`':
			i++
		case expr[i] == quote:
			return i + 1
		}
	}
	return len(expr)
}
