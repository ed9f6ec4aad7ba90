package program

import (
	"strings"

	"goheap/gocore/internal/typing"
)

// WithoutShapes writes the shapes of type arguments in a function's name as the
// runtime does in a stack trace: "[...]".
func WithoutShapes(name string) string {
	i := strings.Index(name, "["+typing.ShapePrefix)
	if i < 0 {
		return name
	}
	depth := 0
	for j := i; j < len(name); j++ {
		switch name[j] {
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				return name[:i] + "[...]" + WithoutShapes(name[j+1:])
			}
		}
	}
	return name
}

// lastDot returns the index of the last dot of a name that is not in the brackets
// of type arguments, or -1.
func lastDot(name string) int {
	depth := 0
	for i := len(name) - 1; i >= 0; i-- {
		switch name[i] {
		case ']':
			depth++
		case '[':
			depth--
		case '.':
			if depth == 0 {
				return i
			}
		}
	}
	return -1
}

// PackageOf returns the import path in a symbol's name.
func PackageOf(symbol string) string {
	slash := strings.LastIndexByte(symbol, '/') + 1
	if dot := strings.IndexByte(symbol[slash:], '.'); dot >= 0 {
		return symbol[:slash+dot]
	}
	return ""
}
