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

// ShortPaths leaves the last element of each import path in s, and the one before
// it where the last is but a version: "map[string]*server.node".
func ShortPaths(s string) string {
	const ends = " ,;()[]{}<>*&\"`'"
	var b strings.Builder
	for s != "" {
		n := strings.IndexAny(s, ends)
		if n < 0 {
			n = len(s)
		}
		name := s[:n]
		noPath := strings.Contains("/"+name+"/", "//") // an element is empty
		if i := strings.LastIndexByte(name, '/'); i >= 0 && !noPath {
			if isVersion(name[i+1:]) {
				i = strings.LastIndexByte(name[:i], '/')
			}
			name = name[i+1:]
		}
		b.WriteString(name)
		b.WriteString(s[n:min(n+1, len(s))])
		s = s[min(n+1, len(s)):]
	}
	return b.String()
}

// shortModules is ShortPaths for all but the packages of the standard library, which are
// short as they are: "net/http.(*persistConn).readLoop".
func shortModules(s string) string {
	const most = 1 // slashes in their paths, where they are no longer than a name
	words := strings.Split(s, " ")
	for i, w := range words {
		first, _, _ := strings.Cut(strings.TrimLeft(w, "*[]("), "/")
		if strings.Count(w, "/") > most || strings.ContainsAny(first, ".:") {
			words[i] = ShortPaths(w)
		}
	}
	return strings.Join(words, " ")
}

// isVersion reports whether a name starts with the element of an import path that
// says the major version: "v2.Client".
func isVersion(name string) bool {
	digits, ok := strings.CutPrefix(name, "v")
	rest := strings.TrimLeft(digits, "0123456789")
	return ok && rest != digits && (rest == "" || rest[0] == '.')
}
