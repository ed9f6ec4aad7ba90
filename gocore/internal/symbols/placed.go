package symbols

import (
	"strings"

	"goheap/gocore/internal/symbols/info"
	"goheap/gocore/internal/types"
)

// PlacedVar is a variable of a function with the places that it has while the function
// runs, in frames whose canonical frame address is 0.
type PlacedVar struct {
	LocalVar // without Pieces; a type of generic code is the shape
	Places   []VarPlace
	// Parts are the offsets of the values that the compiler takes the variable apart into.
	Parts []uint64
}

// VarPlace is where a variable is from PC on, an address as linked.
type VarPlace struct {
	// PC is 0 for the only place that the variable has, in the whole function.
	PC     uint64
	Pieces []Piece
	Parted bool // see LocalVar
}

// Bounds of what PlacedVars looks at: the variables of a function, and the places of one.
const (
	maxPlacedVars = 1 << 10
	maxPlaces     = 1 << 6
)

// PlacedVars returns the variables of the function whose code starts at entry, an address
// as linked, that are not those of a block or of an inlined call, without its parameters.
// It fails if the function is not known.
func (f *File) PlacedVars(entry uint64) (list []PlacedVar, ok bool) {
	fbreg := f.framesAtCFA(entry)
	ok = f.eachChild(entry, func(w *scopeWalker, e *info.Entry, _ info.Offset) bool {
		if e.Tag != info.TagVariable {
			return true
		}
		w.lists, w.fbreg = f.readLists(), fbreg
		o := w.origin(e)
		v := PlacedVar{LocalVar: LocalVar{
			Name: o.Name, Type: f.types.ByOffset(w.shape(o.Type)), DeclLine: int(o.DeclLine), OnePlace: e.HasLocation, Dict: w.dictPlace(o.Type),
		}}
		if name, ok := strings.CutPrefix(v.Name, "&"); ok {
			v.Name, v.Escaped = name, true
		}
		for _, p := range partsOf(f.types, v.Type, 0, nil) {
			v.Parts = append(v.Parts, p.off)
		}
		add := func(pc, at uint64) {
			here := v.LocalVar
			if w.locate(&here, e, at); here.Problem == nil && len(here.Pieces) > 0 {
				v.Places = append(v.Places, VarPlace{pc, here.Pieces, here.Parted})
			}
		}
		if e.HasLocation {
			add(0, entry)
		} else if e.HasLocList {
			w.lists.eachLocation(w.d, w.u, e, func(r listEntry) bool {
				if !r.isDefault && r.low < r.high {
					add(r.low, r.low)
				}
				return len(v.Places) < maxPlaces
			})
		}
		list = append(list, v)
		return len(list) < maxPlacedVars
	})
	return list, ok
}

// framesAtCFA reports whether the locations of a function count from the canonical frame
// address.
func (f *File) framesAtCFA(entry uint64) bool {
	if f.index == nil {
		return false
	}
	fn, ok := f.index.FuncAt(entry)
	if !ok {
		return false
	}
	u := f.dwarf.UnitOf(fn.Off)
	if u == nil {
		return false
	}
	var e info.Entry
	_, err := f.dwarf.Read(u, fn.Off, &e)
	return err == nil && len(e.FrameBase) == 1 && e.FrameBase[0] == opCallFrameCFA
}

// maxDeclared bounds the variables of a function, with those of all blocks and inlined
// calls, that EachDeclared calls see with.
const maxDeclared = 1 << 14

// EachDeclared calls see with the name and the type of each variable and parameter of the
// function whose code starts at entry, an address as linked, those of blocks and of inlined
// calls among them, until it returns false. One that has moved to the heap has its own
// name and type; a type of generic code is the shape.
func (f *File) EachDeclared(entry uint64, see func(name string, typ types.ID) bool) {
	n := 0
	var each func(w *scopeWalker, e *info.Entry, next info.Offset, depth int) bool
	each = func(w *scopeWalker, e *info.Entry, next info.Offset, depth int) bool {
		switch e.Tag {
		case info.TagVariable, info.TagFormalParameter:
			o := w.origin(e)
			typ := f.types.ByOffset(w.shape(o.Type))
			name, moved := strings.CutPrefix(o.Name, "&")
			if moved {
				typ = f.types.Type(typ).Elem
			}
			n++
			return n < maxDeclared && see(name, typ)
		case info.TagLexicalBlock, info.TagInlinedSubroutine:
			on := true
			if e.Children && depth < maxScopes {
				w.eachBelow(next, func(w *scopeWalker, e *info.Entry, next info.Offset) bool {
					on = each(w, e, next, depth+1)
					return on
				})
			}
			return on
		}
		return true
	}
	f.eachChild(entry, func(w *scopeWalker, e *info.Entry, next info.Offset) bool { return each(w, e, next, 0) })
}

// shape returns the type that a typedef for an entry of a dictionary stands for, and other
// types as they are: see dictPlace.
func (w *scopeWalker) shape(off info.Offset) info.Offset {
	var e info.Entry
	u := w.d.UnitOf(off)
	if u == nil {
		return off
	}
	if _, err := w.d.Read(u, off, &e); err != nil || e.Tag != info.TagTypedef || !e.HasDictIndex {
		return off
	}
	return e.Type
}
