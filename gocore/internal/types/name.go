package types

import "strings"

// goName turns a name of DWARF into what a Go programmer writes, and finds the
// package of a named type.
//
// In the linker's names the last element of a package path has its dots, and
// the path all unusual bytes, written as %xx (cmd/internal/objabi,
// PathToPrefix); types declared in a function end in ·N.
func goName(s string) (name, pkg string) {
	pkg = unescape(packageOf(s))
	return cleanName(s), pkg
}

// cleanName removes what only the compiler and the linker write.
func cleanName(s string) string {
	if strings.Contains(s, "·") {
		s = dropCounters(s)
	}
	if strings.Contains(s, "noalg.") {
		s = noalg.Replace(s)
	}
	if strings.Contains(s, "struct { ") || strings.Contains(s, "interface { ") {
		s = bareMembers(s)
	}
	return unescape(s)
}

// noalg drops the mark of types without hash and equality functions
// (cmd/compile/internal/types, typefmt): parts of maps, mostly.
var noalg = strings.NewReplacer("noalg.map.", "map.", "noalg.struct {", "struct {", "noalg.[", "[")

// packageOf returns what stands before the last dot of a type's name, or "" if
// the name is not a qualified identifier.
func packageOf(s string) string {
	if strings.HasPrefix(s, "go.shape.") || strings.HasPrefix(s, "noalg.") || strings.HasPrefix(s, "map.") {
		return ""
	}
	// The name itself ends where its type arguments start; composite types
	// have one of these characters, or nothing, before the first dot.
	if i := strings.IndexAny(s, "[]({<*; "); i >= 0 {
		if s[i] != '[' {
			return ""
		}
		s = s[:i]
	}
	dot := strings.LastIndexByte(s, '.')
	if dot <= strings.LastIndexByte(s, '/') {
		return ""
	}
	return s[:dot]
}

// unescape decodes %xx outside of struct tags.
func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted && i+1 < len(s):
			b = append(b, c)
			i++
		case c == '%' && !quoted && i+2 < len(s):
			hi, ok1 := unhex(s[i+1])
			lo, ok2 := unhex(s[i+2])
			if ok1 && ok2 {
				b = append(b, hi<<4|lo)
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}

func unhex(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}

// dropCounters removes every ·N.
func dropCounters(s string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, "·")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		n := 0
		for n < len(after) && after[n] >= '0' && after[n] <= '9' {
			n++
		}
		if n == 0 {
			b.WriteString("·")
		}
		s = after[n:]
	}
}

// bareMembers removes the packages that the linker writes before the unexported
// fields and methods of unnamed types, and the names before embedded fields:
// "struct { main.n int; main.T = main.T }" is "struct { n int; main.T }".
func bareMembers(s string) string {
	const inStruct, inInterface = 's', 'i'
	b := make([]byte, 0, len(s))
	var open []byte // the braces around s[i], by what they belong to
	member := false // s[i] starts a field or method
	for i := 0; i < len(s); {
		if member {
			member = false
			head := memberHead(s[i:])
			rest := s[i+len(head):]
			switch {
			case open[len(open)-1] == inInterface && strings.HasPrefix(rest, "("),
				open[len(open)-1] == inStruct && strings.HasPrefix(rest, " ") && !strings.HasPrefix(rest, " }") && !strings.HasPrefix(rest, ` "`):
				if strings.HasPrefix(rest, " = ") {
					i += len(head) + len(" = ")
					continue
				}
				b = append(b, head[strings.LastIndexByte(head, '.')+1:]...)
				i += len(head)
				continue
			}
		}
		switch {
		case strings.HasPrefix(s[i:], "struct { "):
			b, i = append(b, "struct { "...), i+len("struct { ")
			open, member = append(open, inStruct), true
			continue
		case strings.HasPrefix(s[i:], "interface { "):
			b, i = append(b, "interface { "...), i+len("interface { ")
			open, member = append(open, inInterface), true
			continue
		case strings.HasPrefix(s[i:], "{}"):
			b, i = append(b, "{}"...), i+2
			continue
		case strings.HasPrefix(s[i:], "; ") && len(open) > 0:
			b, i = append(b, "; "...), i+2
			member = true
			continue
		case s[i] == '}' && len(open) > 0:
			open = open[:len(open)-1]
		case s[i] == '"':
			n := quotedLen(s[i:])
			b, i = append(b, s[i:i+n]...), i+n
			continue
		}
		b = append(b, s[i])
		i++
	}
	return string(b)
}

// memberHead returns the qualified name at the start of s.
func memberHead(s string) string {
	if i := strings.IndexAny(s, " ;[]{}()*,\""); i >= 0 {
		return s[:i]
	}
	return s
}

// quotedLen returns the length of the quoted string at the start of s.
func quotedLen(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

// embeddedName returns the name by which a program selects an embedded field:
// the linker writes the type's own name in some versions.
func embeddedName(s string) string {
	s = strings.TrimPrefix(s, "*")
	if i := strings.IndexByte(s, '['); i >= 0 {
		s = s[:i]
	}
	if i := strings.LastIndexAny(s, "./"); i >= 0 {
		s = s[i+1:]
	}
	return s
}

// Unescaped returns the path of a package as it is written, of one of the linker's names.
func Unescaped(pkg string) string { return unescape(pkg) }
