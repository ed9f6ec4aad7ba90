package program

import (
	"math/bits"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/symbols"
	"goheap/gocore/internal/types"
)

// maxPassed bounds the parameters of functions whose arguments are looked for: each may
// be there or not.
const maxPassed = 12

// passedOn returns what the closure of a go or defer statement captured, which DWARF has
// no variables for: the arguments of the function that it calls, in order, those that
// are constants left out (cmd/compile/internal/typecheck, normalizeGoDeferCall, Go 1.26).
// Which are there the slot at addr says: it must fit one way only, as far as pointers are
// concerned.
func (c *Closures) passedOn(entry, addr uint64) []symbols.Capture {
	fn, ok := c.Function(entry)
	at, inHeap := c.Image.Pages.Find(addr)
	if !ok || !inHeap || at.Pointers != image.HeapBits {
		return nil
	}
	mask := c.Image.SlotMask(c.Image.ExtentAt(addr), addr)
	if mask>>1 == 0 {
		return nil
	}
	wrapped, ok := fn.Wrapped()
	if !ok {
		return nil
	}
	params, ok := c.Parameters(wrapped)
	if !ok || len(params) > maxPassed {
		return nil
	}
	var found []symbols.Capture
	for set := uint(1)<<len(params) - 1; set > 0; set-- {
		list, ok := c.passed(params, set, at, mask)
		switch {
		case !ok:
		case found == nil:
			found = list
		case !c.samePointers(found, list):
			return nil
		}
	}
	return found
}

// passed lays out the parameters of a set in a closure, and reports whether they fill
// the slot and have its pointers.
func (c *Closures) passed(params []symbols.Param, set uint, at image.SlotAt, mask uint64) ([]symbols.Capture, bool) {
	w := uint64(c.Image.Arch.PtrSize)
	end := w
	var list []symbols.Capture
	for ; set != 0; set &= set - 1 {
		p := params[bits.TrailingZeros(set)]
		end = image.AlignUp(end, c.align(p.Type, 0))
		if !c.fitsClosure(p.Type, end, mask, at.Elem) {
			return nil, false
		}
		list = append(list, symbols.Capture{Name: p.Name, Offset: end, Type: p.Type})
		end += c.Types.Type(p.Type).Size
	}
	end = image.AlignUp(end, w)
	explained := mask & 1
	for _, v := range list {
		for off := uint64(0); off < c.Types.Type(v.Type).Size; off += w {
			if c.Types.PointerAt(v.Type, off) {
				explained |= 1 << ((v.Offset + off) / w)
			}
		}
	}
	return list, end <= at.Elem && end > c.Image.SmallerClass(at.Elem) && explained == mask
}

// samePointers reports whether two ways to lay out a closure agree on its pointers.
func (c *Closures) samePointers(a, b []symbols.Capture) bool {
	pointers := func(list []symbols.Capture) (out []symbols.Capture) {
		for _, v := range list {
			if len(c.Types.Words(v.Type)) > 0 {
				out = append(out, symbols.Capture{Offset: v.Offset, Type: v.Type})
			}
		}
		return out
	}
	x, y := pointers(a), pointers(b)
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if x[i] != y[i] {
			return false
		}
	}
	return true
}

// maxNested bounds how deep a value is looked into for its alignment.
const maxNested = 50

// align is the alignment of a type.
func (c *Closures) align(id types.ID, depth int) uint64 {
	w := uint64(c.Image.Arch.PtrSize)
	typ := c.Types.Type(id)
	switch {
	case depth > maxNested:
		return w
	case typ.Kind == types.Array:
		return c.align(typ.Elem, depth+1)
	case typ.Kind == types.Struct:
		most := uint64(1)
		for _, f := range typ.Fields {
			most = max(most, c.align(f.Type, depth+1))
		}
		return most
	case typ.Kind == types.Complex64 || typ.Kind == types.Complex128:
		return min(typ.Size/2, w)
	}
	return max(1, min(typ.Size, w))
}
