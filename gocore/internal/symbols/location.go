package symbols

import (
	"errors"
	"fmt"

	"goheap/gocore/internal/symbols/info"
	"goheap/gocore/internal/types"
)

// PieceKind says where a piece of a variable is.
type PieceKind uint8

const (
	// InMemory is at the address Value.
	InMemory PieceKind = iota + 1
	// InRegister is in the register with DWARF number Value, from its lowest
	// byte.
	InRegister
	// Immediate is the number Value, or Bytes if that is not nil.
	Immediate
)

// Piece is a part of a variable.
type Piece struct {
	Kind   PieceKind
	Offset uint64 // in the variable
	Size   uint64 // in bytes; never more than what is left of the variable
	Value  uint64
	Bytes  []byte
}

// FrameState is what location expressions are evaluated against.
type FrameState struct {
	CFA uint64 // the frame's canonical frame address: the caller's SP
	// Bias is what is added to addresses as linked.
	Bias uint64
	// Return is where the frame goes on, as linked, if it is in a call; 0 if not.
	// What is only in registers before the call is where the lists have it there:
	// see scopeWalker.locate.
	Return uint64
	// Register returns the value of a register by its DWARF number, or false
	// if the frame does not know it; nil knows none.
	Register func(n uint64) (uint64, bool)
}

// Operations of location expressions (DWARF 5, section 7.7.1).
const (
	opAddr          = 0x03
	opConst1u       = 0x08
	opConst1s       = 0x09
	opConst2u       = 0x0a
	opConst2s       = 0x0b
	opConst4u       = 0x0c
	opConst4s       = 0x0d
	opConst8u       = 0x0e
	opConst8s       = 0x0f
	opConstu        = 0x10
	opConsts        = 0x11
	opMinus         = 0x1c
	opPlus          = 0x22
	opPlusUconst    = 0x23
	opLit0          = 0x30
	opLit31         = 0x4f
	opReg0          = 0x50
	opReg31         = 0x6f
	opBreg0         = 0x70
	opBreg31        = 0x8f
	opRegx          = 0x90
	opFbreg         = 0x91
	opBregx         = 0x92
	opPiece         = 0x93
	opNop           = 0x96
	opCallFrameCFA  = 0x9c
	opImplicitValue = 0x9e
	opStackValue    = 0x9f
	opAddrx         = 0xa1
)

// ErrUnavailable says that a location needs a register or memory that the
// frame does not have.
var ErrUnavailable = errors.New("the location depends on a register that is not known")

// maxPieces is above the number of pieces of any variable that the compiler
// splits over registers.
const maxPieces = 256

// evaluator runs one location expression. Parts of a variable that are nowhere
// (an empty location in front of a DW_OP_piece) yield no Piece; that is why
// delve's evaluator, which reports them as the number 0, is not used here.
type evaluator struct {
	d      *info.Data
	u      *info.Unit
	fr     *FrameState
	fbreg  bool // DW_AT_frame_base is DW_OP_call_frame_cfa
	stack  []uint64
	place  Piece // of the simple location just read; Kind 0 for none
	pieces []Piece
	sizes  []uint64 // of all DW_OP_piece, those that are nowhere included
	of     []int    // for each of pieces the index in sizes
}

func (ev *evaluator) push(v uint64) { ev.stack = append(ev.stack, v) }

func (ev *evaluator) pop() (uint64, error) {
	if len(ev.stack) == 0 {
		return 0, errors.New("stack underflow")
	}
	v := ev.stack[len(ev.stack)-1]
	ev.stack = ev.stack[:len(ev.stack)-1]
	return v, nil
}

// run evaluates expr for a variable of size bytes.
func (ev *evaluator) run(expr []byte, size uint64) ([]Piece, error) {
	c := info.Cursor{B: expr, Big: ev.d.Big}
	var offset uint64
	for c.Off < len(expr) {
		at := c.Off
		op := c.Uint(1)
		if op == opPiece {
			n := c.Uleb()
			if c.Bad || n > size || offset+n < offset || len(ev.sizes) == maxPieces {
				return nil, fmt.Errorf("piece of %d bytes at offset %d of a variable of %d bytes", n, offset, size)
			}
			ev.finish(offset, n)
			ev.sizes = append(ev.sizes, n)
			offset += n
			continue
		}
		if ev.place.Kind != 0 {
			return nil, fmt.Errorf("operation %#x behind a complete location", op)
		}
		if err := ev.op(op, &c); err != nil {
			return nil, fmt.Errorf("operation %#x at byte %d of a location: %w", op, at, err)
		}
	}
	if offset > size && !ev.dropRepeated(size) {
		return nil, fmt.Errorf("pieces of %d bytes of a variable of %d bytes", offset, size)
	}
	if ev.place.Kind != 0 || len(ev.stack) > 0 {
		ev.finish(offset, size-min(offset, size))
	}
	return ev.pieces, nil
}

// dropRepeated makes the best of a list with more bytes than the variable has:
// until Go 1.21 the compiler lists a part again, behind itself, that it took out of
// the variable twice (cmd/compile/internal/ssa/debug.go). It reports whether the
// variable is complete without the repetitions.
func (ev *evaluator) dropRepeated(size uint64) bool {
	var pieces []Piece
	var sizes []uint64
	var of []int
	offset, k := uint64(0), 0
	for i, n := range ev.sizes {
		var here *Piece // nil is nowhere
		if k < len(ev.of) && ev.of[k] == i {
			here = &ev.pieces[k]
			k++
		}
		if here != nil && len(of) > 0 && of[len(of)-1] == len(sizes)-1 {
			last := &pieces[len(pieces)-1]
			if here.Bytes == nil && last.Bytes == nil && here.Kind == last.Kind && here.Value == last.Value && here.Size == last.Size {
				continue
			}
		}
		if here != nil {
			p := *here
			p.Offset = offset
			pieces, of = append(pieces, p), append(of, len(sizes))
		}
		sizes = append(sizes, n)
		offset += n
	}
	ev.pieces, ev.sizes, ev.of = pieces, sizes, of
	return offset == size
}

// finish makes a piece of the location read last.
func (ev *evaluator) finish(offset, size uint64) {
	p := ev.place
	if p.Kind == 0 && len(ev.stack) > 0 {
		p = Piece{Kind: InMemory, Value: ev.stack[len(ev.stack)-1]}
	}
	ev.place, ev.stack = Piece{}, ev.stack[:0]
	if p.Kind == 0 || size == 0 {
		return
	}
	p.Offset, p.Size = offset, size
	if p.Bytes != nil {
		p.Size = min(size, uint64(len(p.Bytes)))
		p.Bytes = p.Bytes[:p.Size]
	}
	ev.pieces = append(ev.pieces, p)
	ev.of = append(ev.of, len(ev.sizes))
}

// placed gives the pieces of a variable that the compiler took apart the offsets
// that they have in it. Its list names those parts only that were values of their
// own at some time, and leaves out padding: where a part is missing, the offsets
// of DWARF are not to be trusted, and if one part alone is left, the list does not
// even say that it is one (cmd/compile/internal/ssa/debug.go, writePendingEntry,
// Go 1.26). It reports whether the offsets are right.
func (ev *evaluator) placed(parts []part, size uint64) bool {
	if len(parts) < 2 {
		return true
	}
	if len(ev.sizes) == 0 {
		for i := range ev.pieces {
			ev.pieces[i].Size = min(ev.pieces[i].Size, uint64(ev.u.AddrSize))
		}
		return false
	}
	sum, same := uint64(0), len(ev.sizes) == len(parts)
	for i, n := range ev.sizes {
		sum += n
		same = same && n == parts[i].size
	}
	if !same {
		return sum == size
	}
	for i := range ev.pieces {
		ev.pieces[i].Offset = parts[ev.of[i]].off
	}
	return true
}

// part is a value that the compiler holds in a register or in a place of its own.
type part struct{ off, size uint64 }

// maxStruct is the number of fields, and of words, above which the compiler takes
// no variable apart (cmd/compile/internal/ssa, MaxStruct and CanSSA, Go 1.26).
const maxStruct = 4

// tooLarge reports whether values of a type are never taken apart.
func tooLarge(t *types.Table, id types.ID) bool {
	typ := t.Type(id)
	if typ.Size > maxStruct*uint64(t.Arch.PtrSize) {
		return true
	}
	switch typ.Kind {
	case types.Array:
		return typ.Len > 1 || typ.Len == 1 && tooLarge(t, typ.Elem)
	case types.Struct:
		if len(typ.Fields) > maxStruct {
			return true
		}
		for _, f := range typ.Fields {
			if tooLarge(t, f.Type) {
				return true
			}
		}
	}
	return false
}

// partsOf appends the parts of a value of a type at off.
func partsOf(t *types.Table, id types.ID, off uint64, list []part) []part {
	typ := t.Type(id)
	if tooLarge(t, id) {
		return append(list, part{off, typ.Size})
	}
	words := func(n, size uint64) []part {
		for i := range n {
			list = append(list, part{off + i*size, size})
		}
		return list
	}
	w := uint64(t.Arch.PtrSize)
	switch typ.Kind {
	case types.String, types.Interface:
		return words(2, w)
	case types.Slice:
		return words(3, w)
	case types.Complex64, types.Complex128:
		return words(2, typ.Size/2)
	case types.Struct:
		for _, f := range typ.Fields {
			list = partsOf(t, f.Type, off+f.Offset, list)
		}
		return list
	case types.Array:
		if typ.Len == 1 {
			return partsOf(t, typ.Elem, off, list)
		}
	}
	if typ.Size == 0 {
		return list
	}
	return append(list, part{off, typ.Size})
}

func (ev *evaluator) op(op uint64, c *info.Cursor) error {
	switch {
	case op == opAddr:
		ev.push(c.Uint(int(ev.u.AddrSize)) + ev.fr.Bias)
	case op == opAddrx:
		a, ok := ev.d.Addr(ev.u, c.Uleb())
		if !ok {
			return errors.New("no such address")
		}
		ev.push(a + ev.fr.Bias)
	case op == opConst1u:
		ev.push(c.Uint(1))
	case op == opConst1s:
		ev.push(uint64(int8(c.Uint(1))))
	case op == opConst2u:
		ev.push(c.Uint(2))
	case op == opConst2s:
		ev.push(uint64(int16(c.Uint(2))))
	case op == opConst4u:
		ev.push(c.Uint(4))
	case op == opConst4s:
		ev.push(uint64(int32(c.Uint(4))))
	case op == opConst8u, op == opConst8s:
		ev.push(c.Uint(8))
	case op == opConstu:
		ev.push(c.Uleb())
	case op == opConsts:
		ev.push(uint64(c.Sleb()))
	case op >= opLit0 && op <= opLit31:
		ev.push(op - opLit0)
	case op == opPlus, op == opMinus:
		b, err := ev.pop()
		if err != nil {
			return err
		}
		a, err := ev.pop()
		if err != nil {
			return err
		}
		if op == opMinus {
			b = -b
		}
		ev.push(a + b)
	case op == opPlusUconst:
		a, err := ev.pop()
		if err != nil {
			return err
		}
		ev.push(a + c.Uleb())
	case op >= opReg0 && op <= opReg31:
		ev.place = Piece{Kind: InRegister, Value: op - opReg0}
	case op == opRegx:
		ev.place = Piece{Kind: InRegister, Value: c.Uleb()}
	case op >= opBreg0 && op <= opBreg31:
		return ev.relative(op-opBreg0, c)
	case op == opBregx:
		return ev.relative(c.Uleb(), c)
	case op == opFbreg:
		if !ev.fbreg {
			return ErrUnavailable
		}
		ev.push(ev.fr.CFA + uint64(c.Sleb()))
	case op == opCallFrameCFA:
		ev.push(ev.fr.CFA)
	case op == opImplicitValue:
		b := c.Bytes(c.Uleb())
		ev.place = Piece{Kind: Immediate, Bytes: b}
	case op == opStackValue:
		v, err := ev.pop()
		if err != nil {
			return err
		}
		ev.place = Piece{Kind: Immediate, Value: v}
	case op == opNop:
	default:
		return errors.New("not supported")
	}
	if c.Bad {
		return errors.New("operand cut off")
	}
	return nil
}

func (ev *evaluator) relative(reg uint64, c *info.Cursor) error {
	off := c.Sleb()
	if ev.fr.Register != nil {
		if v, ok := ev.fr.Register(reg); ok {
			ev.push(v + uint64(off))
			return nil
		}
	}
	return ErrUnavailable
}
