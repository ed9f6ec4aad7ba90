package pclntab

import "bytes"

// Tables of program counter values (internal/abi, PCDATA_*).
const (
	PCDataUnsafePoint   = 0
	PCDataStackMapIndex = 1
	PCDataInlTreeIndex  = 2
	PCDataArgLiveIndex  = 3
	PCDataPanicBounds   = 4
)

// Tables of a whole function (internal/abi, FUNCDATA_*).
const (
	FuncDataArgsPointerMaps    = 0
	FuncDataLocalsPointerMaps  = 1
	FuncDataStackObjects       = 2
	FuncDataInlTree            = 3
	FuncDataOpenCodedDeferInfo = 4
	FuncDataArgInfo            = 5
	FuncDataArgLiveInfo        = 6
	FuncDataWrapInfo           = 7
)

// Flags are internal/abi.FuncFlag.
type Flags uint8

const (
	// TopFrame marks functions that begin a stack: nothing called them.
	TopFrame Flags = 1 << iota
	// SPWrite marks functions that set the stack pointer in ways SPDelta does
	// not know.
	SPWrite
	// Asm marks functions written in assembly.
	Asm
)

// Byte offsets in a _func. From startLine on they depend on the release.
const (
	funcEntryOff    = 0
	funcNameOff     = 4
	funcArgs        = 8
	funcDeferReturn = 12
	funcPCSP        = 16
	funcPCFile      = 20
	funcPCLn        = 24
	funcNPCData     = 28
	funcCUOffset    = 32
	funcStartLine   = 36
)

// argsUnknown is the args of C functions and of assembly without a prototype
// (internal/abi.ArgsSizeUnknown).
const argsUnknown = -0x80000000

// fixedSize is the number of bytes of a _func before its two arrays. The last
// four are funcID, flag, padding and nfuncdata.
func (t *Table) fixedSize() int {
	if t.layout.startLine {
		return 44
	}
	return 40
}

// A Func is one function of the table: a small value that borrows the table's
// bytes. The zero Func is none: Valid is false and no other method may be
// called, except Name, which is empty.
type Func struct {
	t   *Table
	rec []byte // the _func and its arrays, checked by record

	// Entry is the address of the first instruction, End the entry of the
	// next function: padding is included.
	Entry, End uint64
}

// Valid reports whether f is a function at all.
func (f Func) Valid() bool { return f.t != nil }

// Table returns the table that f is from.
func (f Func) Table() *Table { return f.t }

func (f Func) u32(off int) uint32 { return f.t.u32(f.rec[off:]) }

// NameOff returns the offset of the name in the table of names: equal offsets
// in one module mean equal names.
func (f Func) NameOff() uint32 { return f.u32(funcNameOff) }

// Name returns a copy of the full name as the linker knows it, such as
// "main.(*T).Method", and the empty string when there is none.
func (f Func) Name() string {
	if f.t == nil {
		return ""
	}
	return f.t.name(f.NameOff())
}

// name returns the name at off. Offset 0 is a name like any other, although
// moduledata.funcName takes it for none and calls the first function "".
func (t *Table) name(off uint32) string { return string(str(t.names, off)) }

// NameIs reports whether Name would return s, without an allocation.
func (f Func) NameIs(s string) bool {
	off := f.NameOff()
	if uint64(off) >= uint64(len(f.t.names)) {
		return s == ""
	}
	b := f.t.names[off:]
	return len(s) < len(b) && len(s) < maxString && b[len(s)] == 0 && string(b[:len(s)]) == s &&
		bytes.IndexByte(b[:len(s)], 0) < 0
}

// Args returns the bytes of arguments and results that the function has on
// its caller's stack, and whether that is known.
func (f Func) Args() (n int32, known bool) {
	n = int32(f.u32(funcArgs))
	if n == argsUnknown {
		return 0, false
	}
	return n, true
}

// DeferReturn returns the offset from Entry of the call to deferreturn, where
// a recovered function continues; 0 when there is none.
func (f Func) DeferReturn() uint32 { return f.u32(funcDeferReturn) }

// ID returns internal/abi.FuncID. The numbers differ between releases, so they
// only tell functions of one module apart.
func (f Func) ID() uint8 { return f.rec[f.t.fixedSize()-4] }

// Flags returns what the linker marked the function with.
func (f Func) Flags() Flags { return Flags(f.rec[f.t.fixedSize()-3]) }

// StartLine returns the line of the func keyword; false before Go 1.20.
func (f Func) StartLine() (int, bool) {
	if !f.t.layout.startLine {
		return 0, false
	}
	return int(int32(f.u32(funcStartLine))), true
}

// HasSPDelta reports whether the function has a table of frame sizes.
// Functions of foreign objects have none.
func (f Func) HasSPDelta() bool { return f.u32(funcPCSP) != 0 }

// SPDelta returns how many bytes below its value at Entry the stack pointer is
// when the instruction at pc is about to execute; false when the tables do not
// say.
func (f Func) SPDelta(pc uint64) (int32, bool) {
	v, _, ok := f.value(f.u32(funcPCSP), pc)
	return v, ok
}

// PCData returns the value of the numbered table at pc, -1 where there is
// none, which is also the value that tables begin with.
func (f Func) PCData(table int, pc uint64) int32 {
	n := f.u32(funcNPCData)
	if table < 0 || uint64(table) >= uint64(n) {
		return -1
	}
	v, _, _ := f.value(f.u32(f.t.fixedSize()+4*table), pc)
	return v
}

// FuncData returns the offset of the numbered table from moduledata.gofunc;
// false where the function has none.
func (f Func) FuncData(i int) (uint32, bool) {
	if i < 0 || i >= int(f.rec[f.t.fixedSize()-1]) {
		return 0, false
	}
	off := f.u32(f.t.fixedSize() + 4*int(f.u32(funcNPCData)) + 4*i)
	return off, off != 1<<32-1
}

// FuncDataBytes returns the funcdata from the start of the numbered table to
// the end of all; nil where the function has none. The bytes are borrowed.
func (f Func) FuncDataBytes(i int) []byte {
	off, ok := f.FuncData(i)
	if !ok {
		return nil
	}
	return f.t.FuncDataAt(off)
}

// Wrapped returns the entry of the function that a wrapper calls, which the compiler
// made for a go or defer statement (cmd/compile/internal/ssagen, emitWrappedFuncInfo,
// Go 1.26); false for other functions, and where a func value or a method of an interface
// is called.
func (f Func) Wrapped() (entry uint64, ok bool) {
	b := f.FuncDataBytes(FuncDataWrapInfo)
	if len(b) < 4 {
		return 0, false
	}
	return f.t.addr(f.t.u32(b)), true
}

// LineStart returns where the instructions begin that stand together with the one at pc and
// have its line: one of them begins there. It is the function's entry where the tables do
// not say.
func (f Func) LineStart(pc uint64) uint64 {
	if _, start, ok := f.value(f.u32(funcPCLn), pc); ok {
		return start
	}
	return f.Entry
}

// FileLine returns the source position of the instruction at pc, of the
// innermost inlined call. A return address is one past its call: ask for the
// address less one. File is empty and line 0 where the tables do not say.
func (f Func) FileLine(pc uint64) (file string, line int) {
	fileno, _, ok := f.value(f.u32(funcPCFile), pc)
	ln, _, ok2 := f.value(f.u32(funcPCLn), pc)
	if !ok || !ok2 || fileno < 0 || ln < 0 {
		return "", 0
	}
	i := 4 * (uint64(f.u32(funcCUOffset)) + uint64(fileno))
	if i+4 > uint64(len(f.t.cu)) {
		return "", 0
	}
	off := f.t.u32(f.t.cu[i:])
	if off == 1<<32-1 {
		return "", 0
	}
	name := str(f.t.files, off)
	if name == nil {
		return "", 0
	}
	return string(name), int(ln)
}
