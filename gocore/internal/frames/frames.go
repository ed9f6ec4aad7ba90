// Package frames finds the variables of the frames of goroutines: where they stand, and
// what is in them.
package frames

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/program"
	"goheap/gocore/internal/symbols"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
	"goheap/gocore/internal/unwind"
)

// Reader finds the variables of the goroutines of an image. It may be used by several
// goroutines.
type Reader struct {
	program  *program.Program
	image    *image.Image
	closures *program.Closures

	walkMu sync.Mutex // guards image.Walker
	mu     sync.Mutex
	vars   map[Place][]Var

	codesMu  sync.Mutex
	codes    *StoredReader      // for dictionaries: it knows no descriptors
	ownWords map[uint64][]int64 // by pc, see dictByCode
}

// New returns a Reader of the goroutines in im, which are those of the program.
func New(p *program.Program, im *image.Image, closures *program.Closures) *Reader {
	return &Reader{program: p, image: im, closures: closures, vars: map[Place][]Var{}}
}

// Var is a variable at one pc, with its places relative to the frame.
type Var struct {
	Name    string
	Func    string // that declares it, which may be inlined in the frame's
	Type    types.ID
	Escaped bool // the variable is on the heap; this is the pointer to it
	Parts   []Part
	Fixed   []FixedPart
	Regs    []RegPart // of a frame that is in no call
	// Parted says that it is not known which part of the variable stands where.
	// A part that the collector takes for a pointer is the only one that can be,
	// if the type has but one: then the parts that are in memory say so.
	Parted bool
	Dict   symbols.DictPlace // where Type, a shape, stands in the dictionary
	Decl   int               // the line of its declaration, 0 for unknown
	// whole says that the only part may also be all of the variable, which it is
	// where the function has a stack object of its size there: whether it was
	// ever taken apart, DWARF does not say.
	whole bool
	// lost says that the only part is where the variable is elsewhere in the function:
	// it is there if the live words of the frame are its pointers.
	lost bool
	// shaped says that Type is made of shapes, and no place in the dictionary has it.
	shaped bool
}

// Part is a piece of a variable in memory: the compiler keeps the words of
// slices, strings and small structs apart when it likes.
type Part struct {
	Off  uint64 // in the variable
	Size uint64
	CFA  int64 // from the canonical frame address
}

// RegPart is a word of a variable in a register, by its number in DWARF.
type RegPart struct{ Off, Reg uint64 }

// FixedPart is a word of a variable that is the same in every frame at that pc.
type FixedPart struct{ Off, Value uint64 }

// Place is where in its code a frame is.
type Place struct {
	PC     uint64 // by which to look things up
	InCall bool   // whose last byte PC is
}

// PlaceOf returns the place of a frame.
func PlaceOf(fr *unwind.Frame) Place {
	pc := fr.LookupPC()
	return Place{pc, pc != fr.PC}
}

// find returns the offset in the variable of the word at addr, in a frame with
// the given canonical frame address.
func (v *Var) find(addr, cfa uint64) (off uint64, ok bool) {
	for _, p := range v.Parts {
		if at := cfa + uint64(p.CFA); addr >= at && addr-at < p.Size {
			return p.Off + addr - at, true
		}
	}
	return 0, false
}

// SamePlace reports whether a variable of the same frame stands where v does.
func (v *Var) SamePlace(o *Var) bool {
	return slices.Equal(v.Parts, o.Parts) && slices.Equal(v.Regs, o.Regs)
}

// Holds returns the offset in the variable of the word, of w bytes, that a goroutine holds
// something by, which is in the variable's frame. A frame of which all words may be pointers
// has some that are no variable's, but begin with a truth value, say: all of the word has to
// be in the variable.
func (v *Var) Holds(pc *image.Piece, cfa, w uint64) (off uint64, ok bool) {
	if pc.Slot != 0 {
		if off, ok = v.find(pc.Slot, cfa); !ok {
			return 0, false
		}
		last, ok := v.find(pc.Slot+w-1, cfa)
		return off, ok && last == off+w-1
	}
	for _, r := range v.Regs {
		if int64(pc.Register) == int64(r.Reg) {
			return r.Off, true
		}
	}
	return 0, false
}

// cfaOrigin stands for the frame's address while a pc's variables are looked
// up, so that the result holds for every frame at that pc.
const cfaOrigin = 1 << 40

// maxFrame is above the size of any stack (runtime/proc.go, maxstacksize).
const maxFrame = 1 << 32

// At returns the variables at a place of which something is in memory.
func (p *Reader) At(at Place) []Var {
	p.mu.Lock()
	defer p.mu.Unlock()
	if v, ok := p.vars[at]; ok {
		return v
	}
	var out []Var
	for _, l := range p.program.FuncVars(at.PC, cfaOrigin, at.InCall) {
		if l.Name != symbols.DictName && strings.Contains(l.Name, ".") {
			continue // a part of an unnamed result, such as "~r0.data"
		}
		v := Var{Name: l.Name, Func: l.Func, Type: l.Type, Escaped: l.Escaped, Dict: l.Dict, Decl: l.DeclLine}
		for _, pc := range l.Pieces {
			switch {
			case pc.Kind == symbols.InMemory && pc.Value-(cfaOrigin-maxFrame) < 2*maxFrame:
				v.Parts = append(v.Parts, Part{pc.Offset, pc.Size, int64(pc.Value - cfaOrigin)})
			case pc.Kind == symbols.InMemory:
				// A place outside of the frame: what stands there is static.
				for off := uint64(0); off+uint64(p.image.Arch.PtrSize) <= pc.Size; off += uint64(p.image.Arch.PtrSize) {
					w, ok := p.image.Mem.Word(pc.Value + off)
					if !ok {
						break // the length is the executable's own word
					}
					v.Fixed = append(v.Fixed, FixedPart{pc.Offset + off, w})
				}
			case pc.Kind == symbols.InRegister && !at.InCall && !l.Parted && pc.Size == uint64(p.image.Arch.PtrSize):
				v.Regs = append(v.Regs, RegPart{pc.Offset, pc.Value})
			case pc.Kind == symbols.Immediate && pc.Bytes == nil && pc.Size == uint64(p.image.Arch.PtrSize):
				v.Fixed = append(v.Fixed, FixedPart{pc.Offset, pc.Value})
			}
		}
		v.shaped = v.Dict == 0 && strings.Contains(p.program.Types.Type(v.Type).Name, typing.ShapePrefix)
		if h := l.Home; h.Size > 0 && h.Size <= maxLost && h.Value-(cfaOrigin-maxFrame) < 2*maxFrame {
			v.Parts, v.lost = []Part{{0, h.Size, int64(h.Value - cfaOrigin)}}, true
		}
		if l.Parted {
			v.whole = len(v.Parts) == 1 && len(l.Pieces) == 1
			p.settleParts(&v)
		}
		if len(v.Parts) > 0 || len(v.Regs) > 0 || v.Name == symbols.DictName {
			out = append(out, v)
		}
	}
	p.vars[at] = out
	return out
}

// maxLost bounds the variables that are looked for in a frame although the debugging
// information does not say that they are there, in bytes.
const maxLost = 1 << 12

// MaxParted is far above the size of the variables that the compiler takes apart, in
// bytes: those of up to four words (cmd/compile/internal/ssa, CanSSA).
const MaxParted = 1 << 12

// settleParts finds the offsets of a variable's parts where these are not known: a
// type with a single pointer has it at one place. The parts that hold no pointers
// are lost. Where there are more pointers the variable remains parted.
func (p *Reader) settleParts(v *Var) {
	v.Fixed = nil
	w := uint64(p.image.Arch.PtrSize)
	size := p.program.Types.Type(v.Type).Size
	only, pointers := uint64(0), 0
	for off := uint64(0); off < min(size, MaxParted) && pointers < 2; off += w {
		if p.program.Types.PointerAt(v.Type, off) {
			only = off
			pointers++
		}
	}
	v.Parted = size > MaxParted || pointers != 1 || len(v.Parts) != 1
	for i := range v.Parts {
		v.Parts[i].Off, v.Parts[i].Size = only, min(v.Parts[i].Size, w)
	}
}

// In returns the variables of a frame of which something is in memory,
// with the types that they have in it: those of a generic function come from the
// dictionary that the frame was called with. words are the live ones of the stack.
func (p *Reader) In(fr *unwind.Frame, words []unwind.Slot) []Var {
	all := p.At(PlaceOf(fr))
	if !slices.ContainsFunc(all, func(v Var) bool { return v.Name == symbols.DictName || v.Dict != 0 || v.shaped || v.whole || v.lost }) {
		return all
	}
	out := make([]Var, 0, len(all))
	for _, v := range all {
		if v.Name == symbols.DictName {
			continue
		}
		if v.Dict != 0 || v.shaped {
			dict := p.DictOf(all, v.Func, fr, words)
			if t := p.program.Instance(v.Dict, dict); t != 0 {
				v.Type = t
			} else if t := p.program.Argument(v.Func, v.Type, dict); v.shaped && t != 0 {
				v.Type = t
			}
		}
		if v.lost && !p.found(&v, all, fr, words) {
			continue
		}
		if v.whole && len(v.Parts) > 0 {
			size := p.program.Types.Type(v.Type).Size
			if n, ok := p.image.Walker.StackObject(fr, fr.CFA()+uint64(v.Parts[0].CFA)); ok && n == size {
				v.Parts, v.Parted = []Part{{0, size, v.Parts[0].CFA}}, false
			}
		}
		out = append(out, v)
	}
	return out
}

// found reports whether a variable that was lost is in its place in a frame: the live
// words there are its pointers, all of them and no others, and nothing else is known to
// be there.
func (p *Reader) found(v *Var, all []Var, fr *unwind.Frame, words []unwind.Slot) bool {
	w := uint64(p.image.Arch.PtrSize)
	part := v.Parts[0]
	for i := range all {
		if all[i].Name == v.Name && all[i].Func == v.Func && all[i].lost {
			continue
		}
		for _, other := range all[i].Parts {
			if part.CFA < other.CFA+int64(other.Size) && other.CFA < part.CFA+int64(part.Size) {
				return false
			}
		}
	}
	pointers := 0
	for off := uint64(0); off < part.Size; off += w {
		is := p.program.Types.PointerAt(v.Type, off)
		if is != unwind.LiveWord(words, fr.CFA()+uint64(part.CFA)+off) {
			return false
		}
		if is {
			pointers++
		}
	}
	return pointers > 0
}

// DictOf returns the address of the dictionary of a function in a frame, 0 where
// it is not known. words are the live ones of the stack: optimised code keeps its
// dictionary there without a variable, while it needs it.
func (p *Reader) DictOf(vars []Var, fn string, fr *unwind.Frame, words []unwind.Slot) uint64 {
	for i := range vars {
		v := &vars[i]
		if v.Name != symbols.DictName || v.Func != fn {
			continue
		}
		if len(v.Fixed) > 0 {
			return v.Fixed[0].Value
		}
		if len(v.Parts) > 0 {
			w, _ := p.image.Mem.Word(fr.CFA() + uint64(v.Parts[0].CFA))
			return w
		}
	}
	if only := p.program.OnlyDictionary(fn); only != 0 || p.program.CodeName(fr.Func.Entry) != fn {
		return only // a function that is inlined has its dictionary from elsewhere
	}
	if dict := p.dictByCode(fn, fr); dict != 0 {
		return dict
	}
	return p.program.DictionaryAmong(fn, func(yield func(uint64) bool) {
		from, _ := slices.BinarySearchFunc(words, fr.SP, func(s unwind.Slot, a uint64) int { return cmp.Compare(s.Addr, a) })
		args, _ := fr.Func.Args()
		for _, s := range words[from:] {
			if s.Addr >= fr.ArgP+uint64(max(args, 0)) {
				return
			}
			if word, _ := p.image.Mem.Word(s.Addr); s.Frame == fr.Index && !s.Conservative && !yield(word) {
				return
			}
		}
	})
}

// Registers returns those that hold variables of the i-th frame of a goroutine: of the
// innermost, if a thread runs it.
func (p *Reader) Registers(gi, i int) []uint64 {
	if s := &p.image.Goroutines[gi].State; i == 0 && s.Running {
		return s.Registers
	}
	return nil
}

// InRegister stands for the address of a word that is in a register.
const InRegister = ^uint64(0)

// Bytes puts together the bytes of a variable in a frame, in buf: zeros where
// it is not known what they are. slots gets the address of each word that is in
// memory, or InRegister, by its offset. regs are the registers of the frame.
func (p *Reader) Bytes(v *Var, fr *unwind.Frame, regs []uint64, buf []byte, slots map[uint64]uint64) []byte {
	w := uint64(p.image.Arch.PtrSize)
	size := p.program.Types.Type(v.Type).Size
	data := append(buf[:0], make([]byte, size)...)
	for _, part := range v.Parts {
		at := fr.CFA() + uint64(part.CFA)
		b, ok := p.image.Mem.Slice(at, part.Size)
		if !ok || part.Off > size {
			continue
		}
		copy(data[part.Off:], b)
		for off := uint64(0); slots != nil && off < part.Size; off += w {
			slots[part.Off+off] = at + off
		}
	}
	for _, r := range v.Regs {
		if r.Reg < uint64(len(regs)) && r.Off+w <= size {
			p.image.Arch.PutWord(data[r.Off:], regs[r.Reg])
			if slots != nil {
				slots[r.Off] = InRegister
			}
		}
	}
	for _, f := range v.Fixed {
		if f.Off+w <= size {
			p.image.Arch.PutWord(data[f.Off:], f.Value)
		}
	}
	return data
}

// Walk returns the frames of a goroutine, innermost first, and the words of the
// stack that the collector follows.
func (p *Reader) Walk(gi int) ([]unwind.Frame, []unwind.Slot) {
	if p.image.Walker == nil || p.image.Goroutines[gi].Recorded {
		return nil, nil
	}
	if frames, slots, ok := p.image.Walks.Of(gi); ok {
		return frames, slots
	}
	p.walkMu.Lock()
	defer p.walkMu.Unlock()
	// What went wrong was reported when the stack was first walked.
	frames, slots, _ := p.image.Walker.Walk(p.image.Goroutines[gi].State, nil, nil)
	return frames, slots
}

// Each calls f with the variables of a goroutine's frames: their bytes, as far
// as they are known and zero elsewhere, and the address of each word of them on the
// stack, or InRegister, by its offset. Bytes and slots are reused.
func (p *Reader) Each(gi int, frames []unwind.Frame, words []unwind.Slot, f func(v *Var, data []byte, slots map[uint64]uint64)) {
	g := &p.image.Goroutines[gi]
	var data []byte
	slots := map[uint64]uint64{}
	for i := range frames {
		vars := p.In(&frames[i], words)
		for k := range vars {
			v := &vars[k]
			if v.Parted || p.program.Types.Type(v.Type).Size > g.StackHi-g.StackLo {
				continue
			}
			clear(slots)
			data = p.Bytes(v, &frames[i], p.Registers(gi, i), data, slots)
			f(v, data, slots)
		}
	}
}

// Of names the place of a goroutine's piece: the frame and, where
// known, the variable that covers it with the offset in it.
func (p *Reader) Of(gi int, pc *image.Piece) (fr *unwind.Frame, v *Var, off uint64) {
	frames, words := p.Walk(gi)
	if pc.Frame < 0 || int(pc.Frame) >= len(frames) {
		return nil, nil, 0
	}
	fr = &frames[pc.Frame]
	vars := p.In(fr, words)
	// Of several that cover the slot, lexical blocks sharing it, the
	// innermost is declared last.
	for i := len(vars) - 1; i >= 0; i-- {
		if off, ok := vars[i].Holds(pc, fr.CFA(), uint64(p.image.Arch.PtrSize)); ok {
			return fr, &vars[i], off
		}
	}
	return fr, nil, 0
}

// Is reports whether v is what is known in its frame of the variable that l
// declares. A function that is inlined twice has two of each, and those that the compiler
// moved to the heap are declared side by side: then the place tells which is which.
func (v *Var) Is(l *symbols.LocalVar, cfa uint64) bool {
	if v.Name != l.Name || v.Func != l.Func || v.Decl != l.DeclLine || v.Escaped != l.Escaped {
		return false
	}
	if !l.Escaped || len(v.Parts) == 0 || len(l.Pieces) == 0 || l.Pieces[0].Kind != symbols.InMemory {
		return true
	}
	return cfa+uint64(v.Parts[0].CFA) == l.Pieces[0].Value
}

// NameOf is the name of a variable, with the line of its declaration where others
// of its function have the same name at that place of the code. Of those that are declared
// on one line, which a function that is inlined twice in the frame has, the second from the
// last one on has "#2" behind it. vars are those of the frame.
func NameOf(vars []Var, v *Var) string {
	name, number, found := v.Name, 0, false
	for k := range slices.Backward(vars) {
		switch o := &vars[k]; {
		case o.Name != v.Name || o.Func != v.Func:
		case o.Decl != v.Decl && v.Decl != 0:
			name = fmt.Sprintf("%s (line %d)", v.Name, v.Decl)
		case o.Decl == v.Decl && !found:
			number++
			found = o.SamePlace(v)
		}
	}
	if number > 1 {
		name += fmt.Sprintf(" #%d", number)
	}
	return name
}

// WholePlace returns where all of a variable of size bytes stands together, if it does.
func (v *Var) WholePlace(l *symbols.LocalVar, cfa, size uint64) (addr uint64, ok bool) {
	switch {
	case v.Parted || size == 0:
	case len(v.Parts) == 1 && v.Parts[0].Off == 0 && v.Parts[0].Size >= size:
		return cfa + uint64(v.Parts[0].CFA), true
	case len(v.Parts) == 0 && !l.Parted && len(l.Pieces) == 1 && l.Pieces[0].Kind == symbols.InMemory && l.Pieces[0].Offset == 0 && l.Pieces[0].Size >= size:
		return l.Pieces[0].Value, true
	}
	return 0, false
}
