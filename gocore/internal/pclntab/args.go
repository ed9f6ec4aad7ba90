package pclntab

import "bytes"

// What stands in a function's argument info beside offsets and sizes
// (internal/abi/symtab.go, TraceArgsOffsetTooLarge and so on; runtime/traceback.go,
// printArgs, Go 1.18 to 1.27).
const (
	argsEndSeq         = 0xff
	argsStartAgg       = 0xfe
	argsEndAgg         = 0xfd
	argsDotdotdot      = 0xfc
	argsOffsetTooLarge = 0xfb
)

// maxArgInfo is above the length of any argument info: the compiler stops at ten values.
const maxArgInfo = 1 << 8

// NumParams returns how many parameters the function has, its receiver and those without a
// name among them, and whether that is known: what a traceback prints says so, unless it
// leaves some out. Of functions with brackets in their names it leaves out the first, which
// is taken for the dictionary of generic code (cmd/compile/internal/ssagen, emitArgInfo, Go
// 1.21).
func (f Func) NumParams() (n int, known bool) {
	if f.t == nil || bytes.IndexByte(str(f.t.names, f.NameOff()), '[') >= 0 {
		return 0, false
	}
	b := f.FuncDataBytes(FuncDataArgInfo)
	if size, ok := f.Args(); len(b) == 0 && ok && size == 0 {
		return 0, true
	}
	depth := 0
	for i := 0; i < min(len(b), maxArgInfo); i++ {
		top := depth == 0
		switch b[i] {
		case argsEndSeq:
			return n, top
		case argsStartAgg:
			depth++
		case argsEndAgg:
			if depth--; depth < 0 {
				return 0, false
			}
			top = false
		case argsDotdotdot:
			if top {
				return 0, false
			}
		case argsOffsetTooLarge:
		default:
			i++ // the size
		}
		if top {
			n++
		}
	}
	return 0, false
}
