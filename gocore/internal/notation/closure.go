package notation

import "strings"

// closurePrefix starts the names of types of closures (typing.ClosurePrefix).
const closurePrefix = "closure "

// ClosureName returns what a Go programmer sees of a closure's function: the part
// of its name behind the function that it stands in, such as "func1" or "func1.2",
// or the name of a method that is bound to its receiver.
func ClosureName(typ string) (string, bool) {
	name, ok := strings.CutPrefix(typ, closurePrefix)
	if !ok {
		return "", false
	}
	name = withoutTypeArguments(name)
	if method, ok := strings.CutSuffix(name, "-fm"); ok {
		return method[strings.LastIndexByte(method, '.')+1:], true
	}
	for i := strings.LastIndexByte(name, '/') + 1; i < len(name); i++ {
		if name[i] != '.' {
			continue
		}
		for _, prefix := range []string{"func", "gowrap", "deferwrap"} {
			if rest, ok := strings.CutPrefix(name[i+1:], prefix); ok && rest != "" && rest[0] >= '0' && rest[0] <= '9' {
				return name[i+1:], true
			}
		}
	}
	return name[strings.LastIndexByte(name, '.')+1:], true
}

// withoutTypeArguments drops what stands in brackets.
func withoutTypeArguments(name string) string {
	var b strings.Builder
	depth := 0
	for _, r := range name {
		switch {
		case r == '[':
			depth++
		case r == ']':
			depth--
		case depth == 0:
			b.WriteRune(r)
		}
	}
	return b.String()
}
