package symbols

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"goheap/gocore/internal/symbols/info"
	"goheap/gocore/internal/types"
)

// LocalVar is a parameter, result or local variable in scope at a pc.
type LocalVar struct {
	Name string
	// Func is the function that declares it: the physical function, or one
	// that was inlined into it.
	Func string
	// Inlined is how deep the declaring function is inlined: 0 for the
	// physical function itself.
	Inlined  int
	Type     types.ID
	DeclLine int // in the file of the function; 0 if not known
	Param    bool
	Result   bool
	// Escaped says that the variable lives on the heap: Name is without the
	// "&" of DWARF, the location is that of the pointer to it, and Type is the
	// pointer's type.
	Escaped bool
	// Captured says that a closure has it from the function around it: DeclLine is
	// then that of its first use (cmd/compile/internal/ir, Go 1.23 and newer).
	Captured bool
	// OnePlace says that the compiler gave it one place for the whole function, where it
	// stands also before it is declared.
	OnePlace bool
	// Pieces say where it is, by offset. Parts that are nowhere at this pc are
	// missing; a variable that is entirely so has none.
	Pieces []Piece
	// Home is where all of a variable is in memory wherever in its function it is
	// known to be anywhere, if it has no pieces; its Size is 0 for none. Lists end
	// early where control flow meets. Whether the variable is still there, or another
	// one, the frame's live words have to say.
	Home Piece
	// Dict says where the type stands in the dictionary of a generic function,
	// if Type is only its shape.
	Dict DictPlace
	// Parted says that the pieces are parts of the variable, but not which: their
	// offsets mean nothing.
	Parted bool
	// Problem says why a location that is there could not be evaluated.
	Problem error
}

// Capture is a variable in a closure.
type Capture struct {
	Name   string
	Offset uint64 // in the closure object, whose first word is the code
	Type   types.ID
	Dict   DictPlace
	// ByRef says that the closure holds the variable's address: Type is the
	// type of the pointer.
	ByRef bool
	// Sure says that ByRef is what the code does, and not by the name alone, which the
	// variable also has where the closure holds it and its address is used.
	Sure bool
}

// DictName is the name of the variable of a generic function that holds the
// address of its dictionary.
const DictName = ".dict"

// DictPlace is a word of a dictionary plus one; 0 is none
// (DW_AT_go_dict_index, cmd/internal/dwarf/dwarf.go, Go 1.26).
type DictPlace uint64

// Index returns the number of the word.
func (d DictPlace) Index() uint64 { return uint64(d) - 1 }

// maxScopes is how deep scopes may be nested: lexical blocks and inlined calls.
const maxScopes = 1000

// ErrNoFunction says that no function of the program has code at a pc.
var ErrNoFunction = errors.New("no function has code there")

// readLists reads the sections of lists, once. A section that cannot be read
// leaves the variables that need it without a place.
func (f *File) readLists() *lists {
	f.listsOnce.Do(func() {
		f.lists.err = guarded("reading location lists", func() error {
			for _, s := range []struct {
				name string
				to   *[]byte
			}{
				{"loc", &f.lists.loc},
				{"loclists", &f.lists.loclists},
				{"ranges", &f.lists.ranges},
				{"rnglists", &f.lists.rnglists},
			} {
				b, err := f.debugSection(s.name)
				if err != nil {
					return err
				}
				*s.to = b
			}
			return nil
		})
	})
	return &f.lists
}

// FuncVars returns the variables in scope at pc, an address as linked, in the
// order of the declaration, those of inlined calls after the ones around them.
// pc is an address inside the instruction: of a call, the return address minus
// one. A variable declared behind the pc may be among them if the compiler gave
// it one place for the whole function; DeclLine tells.
func (f *File) FuncVars(pc uint64, fr FrameState) ([]LocalVar, error) {
	w, fn, err := f.walker(pc, fr)
	if err != nil {
		return nil, err
	}
	if err := w.function(fn); err != nil {
		return w.vars, fmt.Errorf("variables at pc %#x: %w", pc, err)
	}
	return w.vars, f.lists.err
}

func (f *File) walker(pc uint64, fr FrameState) (*scopeWalker, info.Func, error) {
	if f.index == nil {
		return nil, info.Func{}, f.dwarfErr
	}
	fn, ok := f.index.FuncAt(pc)
	if !ok {
		return nil, fn, fmt.Errorf("pc %#x: %w", pc, ErrNoFunction)
	}
	u := f.dwarf.UnitOf(fn.Off)
	if u == nil {
		return nil, fn, fmt.Errorf("pc %#x: %w", pc, ErrNoFunction)
	}
	return &scopeWalker{f: f, d: f.dwarf, u: u, lists: f.readLists(), pc: pc, fr: fr}, fn, nil
}

type scopeWalker struct {
	f     *File
	d     *info.Data
	u     *info.Unit
	lists *lists
	pc    uint64
	fr    FrameState
	fbreg bool
	vars  []LocalVar
}

func (w *scopeWalker) function(fn info.Func) error {
	var e info.Entry
	next, err := w.d.Read(w.u, fn.Off, &e)
	if err != nil {
		return err
	}
	w.fbreg = len(e.FrameBase) == 1 && e.FrameBase[0] == opCallFrameCFA
	if !e.Children {
		return nil
	}
	_, err = w.scope(next, w.origin(&e).Name, 0, 0)
	return err
}

// origin returns the entry with the name and type of e: e itself, or the
// abstract entry of an inlined or out-of-line copy.
func (w *scopeWalker) origin(e *info.Entry) info.Entry {
	o := *e
	for i := 0; i < 4 && o.Name == "" && o.AbstractOrigin != 0; i++ {
		u := w.d.UnitOf(o.AbstractOrigin)
		if u == nil {
			break
		}
		var a info.Entry
		if _, err := w.d.Read(u, o.AbstractOrigin, &a); err != nil {
			break
		}
		o = a
	}
	return o
}

// scope reads the children of a function, block or inlined call, which start
// at off, and returns the offset behind them.
func (w *scopeWalker) scope(off info.Offset, fn string, inlined, depth int) (info.Offset, error) {
	var e info.Entry
	for off < w.u.End {
		next, err := w.d.Read(w.u, off, &e)
		if err != nil {
			return 0, err
		}
		switch e.Tag {
		case 0:
			return next, nil
		case info.TagFormalParameter, info.TagVariable:
			w.variable(&e, fn, inlined)
		case info.TagLexicalBlock, info.TagInlinedSubroutine:
			if e.Children && depth < maxScopes && w.lists.covers(w.d, w.u, &e, w.pc) {
				name, level := fn, inlined
				if e.Tag == info.TagInlinedSubroutine {
					name, level = w.origin(&e).Name, inlined+1
				}
				if off, err = w.scope(next, name, level, depth+1); err != nil {
					return 0, err
				}
				continue
			}
		}
		if e.Children {
			if next, err = w.d.SkipChildren(w.u, next); err != nil {
				return 0, err
			}
		}
		off = next
	}
	return off, nil
}

func (w *scopeWalker) variable(e *info.Entry, fn string, inlined int) {
	o := w.origin(e)
	v := LocalVar{
		Name:     o.Name,
		Func:     fn,
		Inlined:  inlined,
		Type:     w.f.types.ByOffset(o.Type),
		DeclLine: int(o.DeclLine),
		Param:    e.Tag == info.TagFormalParameter && !o.VarParam,
		Result:   e.Tag == info.TagFormalParameter && o.VarParam,
		Captured: e.HasClosureOffset || o.HasClosureOffset,
		OnePlace: e.HasLocation,
	}
	v.Dict = w.dictPlace(o.Type)
	if name, ok := strings.CutPrefix(v.Name, "&"); ok {
		v.Name, v.Escaped = name, true
	}
	w.locate(&v, e, w.pc)
	if w.fr.Return != 0 && e.HasLocList && !e.HasLocation {
		w.addSpilled(&v, e)
	}
	if len(v.Pieces) == 0 && v.Problem == nil && e.HasLocList && !e.HasLocation {
		v.Home = w.home(&v, e)
	}
	w.vars = append(w.vars, v)
}

// home returns LocalVar.Home. Only values that are too large to be taken apart are
// nowhere but in a place of their own.
func (w *scopeWalker) home(v *LocalVar, e *info.Entry) Piece {
	var home Piece
	if !tooLarge(w.f.types, v.Type) {
		return home
	}
	size := w.f.types.Type(v.Type).Size
	sound := w.lists.eachLocation(w.d, w.u, e, func(r listEntry) bool {
		ev := evaluator{d: w.d, u: w.u, fr: &w.fr, fbreg: w.fbreg}
		pieces, err := ev.run(r.expr, size)
		if err != nil || len(ev.sizes) > 0 || len(pieces) != 1 || pieces[0].Kind != InMemory || home.Size > 0 && pieces[0].Value != home.Value {
			home = Piece{Kind: InRegister}
			return false
		}
		home = pieces[0]
		return true
	})
	if !sound || home.Kind != InMemory {
		return Piece{}
	}
	return home
}

// locate finds out where a variable is at pc.
func (w *scopeWalker) locate(v *LocalVar, e *info.Entry, pc uint64) {
	expr, ok := w.lists.expression(w.d, w.u, e, pc)
	if !ok {
		return
	}
	ev := evaluator{d: w.d, u: w.u, fr: &w.fr, fbreg: w.fbreg}
	size := w.f.types.Type(v.Type).Size
	v.Pieces, v.Problem = ev.run(expr, size)
	if e.HasLocList && !e.HasLocation && v.Problem == nil {
		parts := partsOf(w.f.types, v.Type, 0, nil)
		v.Parted = !ev.placed(parts, size) && !w.wholeInMemory(&ev, e, size)
	}
}

// addSpilled adds to a variable of a frame that is in a call what of it is in memory
// from the return address on. Lists have a variable in its register up to the end of
// the call, which keeps no register, although it was stored before; and nothing is
// stored in a frame between the call and the return address, so that what is there
// then was there all the time (cmd/compile/internal/ssa/debug.go, Go 1.26). Registers
// of a frame in a call are lost.
func (w *scopeWalker) addSpilled(v *LocalVar, e *info.Entry) {
	there := *v
	there.Pieces, there.Parted, there.Problem = nil, false, nil
	w.locate(&there, e, w.fr.Return)
	inRegister := func(p Piece) bool { return p.Kind == InRegister }
	there.Pieces = slices.DeleteFunc(there.Pieces, inRegister)
	if !slices.ContainsFunc(there.Pieces, func(p Piece) bool { return p.Kind == InMemory }) {
		return
	}
	v.Pieces = slices.DeleteFunc(v.Pieces, inRegister)
	switch {
	case len(v.Pieces) == 0 || v.Problem != nil:
		*v = there
	case !v.Parted && !there.Parted:
		for _, p := range there.Pieces {
			if !slices.ContainsFunc(v.Pieces, func(q Piece) bool { return p.Offset < q.Offset+q.Size && q.Offset < p.Offset+p.Size }) {
				v.Pieces = append(v.Pieces, p)
			}
		}
		slices.SortFunc(v.Pieces, func(a, b Piece) int { return cmp.Compare(a.Offset, b.Offset) })
	}
}

// dictPlace returns the place of a type in a dictionary. The compiler gives it in
// a typedef of the shape, which the variable has as its type.
func (w *scopeWalker) dictPlace(off info.Offset) DictPlace {
	var e info.Entry
	u := w.d.UnitOf(off)
	if u == nil {
		return 0
	}
	if _, err := w.d.Read(u, off, &e); err != nil || e.Tag != info.TagTypedef || !e.HasDictIndex {
		return 0
	}
	return DictPlace(e.DictIndex + 1)
}

// FuncName returns the name that DWARF has for the function whose code starts at
// entry, an address as linked. Type arguments are written out in it.
func (f *File) FuncName(entry uint64) (string, bool) {
	if f.index == nil {
		return "", false
	}
	fn, ok := f.index.FuncAt(entry)
	if !ok || fn.Low != entry {
		return "", false
	}
	u := f.dwarf.UnitOf(fn.Off)
	if u == nil {
		return "", false
	}
	w := &scopeWalker{f: f, d: f.dwarf, u: u}
	var e info.Entry
	if _, err := f.dwarf.Read(u, fn.Off, &e); err != nil {
		return "", false
	}
	name := w.origin(&e).Name
	return name, name != ""
}

// wholeInMemory reports whether a location without pieces is that of a whole
// variable: a function compiled without optimisation keeps its parameters in
// registers, in pieces, only until it has stored them
// (cmd/compile/internal/ssa/debug.go, BuildFuncDebugNoOptimized, Go 1.26). The
// pieces of ev get their size back then.
func (w *scopeWalker) wholeInMemory(ev *evaluator, e *info.Entry, size uint64) bool {
	if len(ev.sizes) > 0 || len(ev.pieces) != 1 || ev.pieces[0].Kind != InMemory {
		return false
	}
	pieced := false
	w.lists.eachLocation(w.d, w.u, e, func(r listEntry) bool {
		other := evaluator{d: w.d, u: w.u, fr: &w.fr, fbreg: w.fbreg}
		_, err := other.run(r.expr, size)
		pieced = err == nil && len(other.sizes) > 0
		return !pieced
	})
	if pieced {
		ev.pieces[0].Size = size
	}
	return pieced
}

// eachChild calls f with the entries directly below that of the function whose code
// starts at entry, an address as linked, until it returns false; next is what stands
// behind each. It returns false if the function is not known.
func (f *File) eachChild(entry uint64, see func(w *scopeWalker, e *info.Entry, next info.Offset) bool) bool {
	if f.index == nil {
		return false
	}
	fn, ok := f.index.FuncAt(entry)
	if !ok || fn.Low != entry {
		return false
	}
	u := f.dwarf.UnitOf(fn.Off)
	if u == nil {
		return false
	}
	w := &scopeWalker{f: f, d: f.dwarf, u: u}
	var e info.Entry
	off, err := f.dwarf.Read(u, fn.Off, &e)
	if err != nil {
		return false
	}
	if e.Children {
		w.eachBelow(off, see)
	}
	return true
}

// eachBelow calls see with the entries at off and behind it, up to the end of their
// level or until it returns false.
func (w *scopeWalker) eachBelow(off info.Offset, see func(w *scopeWalker, e *info.Entry, next info.Offset) bool) {
	for off < w.u.End {
		var e info.Entry
		next, err := w.d.Read(w.u, off, &e)
		if err != nil || e.Tag == 0 || !see(w, &e, next) {
			return
		}
		if e.Children {
			if next, err = w.d.SkipChildren(w.u, next); err != nil {
				return
			}
		}
		off = next
	}
}

// Captures returns the variables of the closure whose code starts at entry, an
// address as linked, by offset in the closure object. It fails if the function
// is not known; a function that captures nothing, and any function compiled
// before Go 1.23, has none. DWARF has no entry for a variable of which the
// optimised code uses a part, such as the length of a string: there is a gap.
func (f *File) Captures(entry uint64) ([]Capture, bool) {
	var captures []Capture
	ok := f.eachChild(entry, func(w *scopeWalker, e *info.Entry, _ info.Offset) bool {
		if e.Tag != info.TagVariable {
			return true
		}
		o := w.origin(e)
		if e.HasClosureOffset || o.HasClosureOffset {
			c := Capture{Name: o.Name, Offset: max(e.ClosureOffset, o.ClosureOffset), Type: f.types.ByOffset(o.Type), Dict: w.dictPlace(o.Type)}
			if name, ok := strings.CutPrefix(c.Name, "&"); ok {
				c.Name, c.ByRef = name, true
			}
			captures = append(captures, c)
		}
		return true
	})
	slices.SortStableFunc(captures, func(a, b Capture) int { return cmp.Compare(a.Offset, b.Offset) })
	return captures, ok
}

// Param is a parameter of a function.
type Param struct {
	Name string
	Type types.ID
}

// Parameters returns the parameters of the function whose code starts at entry, an
// address as linked, the receiver first. It fails if the function is not known.
func (f *File) Parameters(entry uint64) ([]Param, bool) {
	var list []Param
	ok := f.eachChild(entry, func(w *scopeWalker, e *info.Entry, _ info.Offset) bool {
		if e.Tag != info.TagFormalParameter {
			return true
		}
		o := w.origin(e)
		p := Param{o.Name, f.types.ByOffset(o.Type)}
		if name, ok := strings.CutPrefix(p.Name, "&"); ok { // it is moved to the heap
			p = Param{name, f.types.Type(p.Type).Elem}
		}
		if !o.VarParam && p.Name != DictName {
			list = append(list, p)
		}
		return true
	})
	return list, ok
}

// Signature returns the parameters of the function whose code starts at entry, an address
// as linked, and its results, all of them, in the order of the declaration. Parameters of
// generic code may be shapes. It fails where one may be missing: until Go 1.21 parameters
// without a name have no entry, and copies of functions that are also inlined lack those
// that were optimised away.
func (f *File) Signature(entry uint64) (params, results []types.ID, ok bool) {
	var origins []info.Offset
	ok = f.eachChild(entry, func(w *scopeWalker, e *info.Entry, _ info.Offset) bool {
		if e.Tag != info.TagFormalParameter {
			return true
		}
		o := w.origin(e)
		typ := f.types.ByOffset(o.Type)
		if strings.HasPrefix(o.Name, "&") { // it is moved to the heap
			typ = f.types.Type(typ).Elem
		}
		if e.AbstractOrigin != 0 {
			origins = append(origins, e.AbstractOrigin)
		}
		if o.VarParam {
			results = append(results, typ)
		} else {
			params = append(params, typ)
		}
		return true
	})
	if !ok {
		return nil, nil, false
	}
	fn, _ := f.index.FuncAt(entry)
	u := f.dwarf.UnitOf(fn.Off)
	var e info.Entry
	if _, err := f.dwarf.Read(u, fn.Off, &e); err != nil {
		return nil, nil, false
	}
	if e.AbstractOrigin == 0 {
		return params, results, true
	}
	u = f.dwarf.UnitOf(e.AbstractOrigin)
	if u == nil {
		return nil, nil, false
	}
	w := &scopeWalker{f: f, d: f.dwarf, u: u}
	var abstract info.Entry
	off, err := f.dwarf.Read(u, e.AbstractOrigin, &abstract)
	if err != nil || !abstract.Children {
		return params, results, err == nil
	}
	declared := off
	w.eachBelow(off, func(_ *scopeWalker, e *info.Entry, next info.Offset) bool {
		if e.Tag == info.TagFormalParameter && (len(origins) == 0 || origins[0] != declared) {
			ok = false
			return false
		} else if e.Tag == info.TagFormalParameter {
			origins = origins[1:]
		}
		declared = next
		return true
	})
	return params, results, ok
}

// Declared reports whether a variable has got its first value where its function is at a
// line. The call that gives it one is on the line of its declaration: while that is
// running, what stands in a place that the variable has in the whole function, or has
// nowhere, is not its value.
func (l *LocalVar) Declared(line int) bool {
	switch {
	case l.Param, l.Result, l.Captured, l.DeclLine < line:
		return true
	case l.DeclLine > line:
		return false
	}
	return !l.OnePlace && len(l.Pieces) > 0
}
