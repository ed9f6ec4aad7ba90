package report

import (
	"strings"

	"goheap/gocore"
)

// packageOf is the package to which a type counts: the one that declares it, or of a type
// without a name that of what it is made of. A map counts to the package of its elements,
// or else of its keys. It is "" for types of predeclared types alone.
func packageOf(t gocore.TypeInfo) string {
	if t.Package != "" {
		return t.Package
	}
	return packageNamed(t.Name)
}

// packageNamed finds the package in the name of a type.
func packageNamed(name string) string {
	for {
		before := name
		for _, prefix := range []string{"*", "chan ", "<-chan ", "chan<- ", "closure ", "("} {
			name = strings.TrimPrefix(name, prefix)
		}
		if strings.HasPrefix(name, "[") {
			_, rest, ok := bracketed(name)
			if !ok {
				return ""
			}
			name = rest
		}
		if name == before {
			break
		}
	}
	if strings.HasPrefix(name, "map[") {
		key, elem, ok := bracketed(name[len("map"):])
		if !ok {
			return ""
		}
		if pkg := packageNamed(elem); pkg != "" {
			return pkg
		}
		return packageNamed(key)
	}
	for _, none := range []string{"func(", "struct {", "struct{", "interface {", "interface{", "unknown"} {
		if strings.HasPrefix(name, none) {
			return ""
		}
	}
	// Parts of maps, as in table<string,*main.T>.
	if base, args, ok := strings.Cut(name, "<"); ok && !strings.ContainsAny(base, "./[ ") {
		depth, last := 0, 0
		for i, c := range args {
			switch c {
			case '<', '[', '(':
				depth++
			case '>', ']', ')':
				depth--
			case ',':
				if depth == 0 {
					last = i + 1
				}
			}
		}
		if pkg := packageNamed(strings.TrimSuffix(args[last:], ">")); pkg != "" || last == 0 {
			return pkg
		}
		return packageNamed(args[:last-1])
	}
	if i := strings.IndexAny(name, "[ ("); i >= 0 {
		name = name[:i]
	}
	slash := strings.LastIndexByte(name, '/') + 1
	pkg, _, ok := strings.Cut(name[slash:], ".")
	if !ok || pkg == "" {
		return ""
	}
	return name[:slash] + pkg
}

// bracketed splits a text that begins with a bracket into what is within and what follows.
func bracketed(text string) (within, rest string, ok bool) {
	depth := 0
	for i, c := range text {
		switch c {
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				return text[1:i], text[i+1:], true
			}
		}
	}
	return "", "", false
}
