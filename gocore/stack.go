package gocore

import (
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/program"
	"goheap/gocore/internal/symbols"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/unwind"
	"goheap/heap"
)

// Goroutine is one that has a stack.
type Goroutine struct {
	ID         uint64
	Node       heap.Node
	Status     string // "waiting", "running", …
	WaitReason string // "chan receive", …; "" for a goroutine that does not wait
	WaitNanos  int64  // how long it had waited when the last collection ran; -1 for unknown
	// Func is by which people know it: the innermost function that somebody wrote,
	// outside of the standard library, or else that of the library which was started.
	Func       string
	Locked     bool   // to its thread
	CreatedBy  string // the function of the go statement
	CreatedAt  string // its "file:line"
	ParentID   uint64 // of the goroutine that created it, 0 for unknown
	StackBytes uint64
	Thread     int // that runs it, 0 for none
}

// stacks are the goroutines, with their frames and the variables in these.
type stacks struct {
	*contents
	walkMu sync.Mutex // guards im.Walker
	varsMu sync.Mutex
	vars   map[place][]frameVar
}

// Frame is a call on a goroutine's stack. Inlined calls are frames too.
type Frame struct {
	Func, File   string
	Line         int
	PC, SP       uint64
	Inlined      bool
	Conservative bool // its words were taken for pointers without a map
	Vars         []Var
}

// Var is a variable of a frame that has a place in memory.
type Var struct {
	Name, Type string
	Addr       uint64
	Target     heap.Node // the first object that it holds alive, heap.None for none
}

// frameVar is a variable at one pc, with its places relative to the frame.
type frameVar struct {
	name    string
	fn      string
	typ     types.ID
	escaped bool // the variable is on the heap; this is the pointer to it
	parts   []varPart
	fixed   []fixedPart
	regs    []regPart // of a frame that is in no call
	// parted says that it is not known which part of the variable stands where.
	// A part that the collector takes for a pointer is the only one that can be,
	// if the type has but one: then the parts that are in memory say so.
	parted bool
	// whole says that the only part may also be all of the variable, which it is
	// where the function has a stack object of its size there: whether it was
	// ever taken apart, DWARF does not say.
	whole bool
	dict  symbols.DictPlace // where typ, a shape, stands in the dictionary
	decl  int               // the line of its declaration, 0 for unknown
	// lost says that the only part is where the variable is elsewhere in the function:
	// it is there if the live words of the frame are its pointers.
	lost bool
}

// varPart is a piece of a variable in memory: the compiler keeps the words of
// slices, strings and small structs apart when it likes.
type varPart struct {
	off  uint64 // in the variable
	size uint64
	cfa  int64 // from the canonical frame address
}

// regPart is a word of a variable in a register, by its number in DWARF.
type regPart struct{ off, reg uint64 }

// fixedPart is a word of a variable that is the same in every frame at that pc.
type fixedPart struct{ off, value uint64 }

// place is where in its code a frame is.
type place struct {
	pc     uint64 // by which to look things up
	inCall bool   // whose last byte pc is
}

func placeOf(fr *unwind.Frame) place {
	pc := fr.LookupPC()
	return place{pc, pc != fr.PC}
}

// find returns the offset in the variable of the word at addr, in a frame with
// the given canonical frame address.
func (v *frameVar) find(addr, cfa uint64) (off uint64, ok bool) {
	for _, p := range v.parts {
		if at := cfa + uint64(p.cfa); addr >= at && addr-at < p.size {
			return p.off + addr - at, true
		}
	}
	return 0, false
}

// holds returns the offset in the variable of the word that a goroutine holds something
// by, which is in the variable's frame.
func (v *frameVar) holds(pc *image.Piece, cfa uint64) (off uint64, ok bool) {
	if pc.Slot != 0 {
		return v.find(pc.Slot, cfa)
	}
	for _, r := range v.regs {
		if int64(pc.Register) == int64(r.reg) {
			return r.off, true
		}
	}
	return 0, false
}

// cfaOrigin stands for the frame's address while a pc's variables are looked
// up, so that the result holds for every frame at that pc.
const cfaOrigin = 1 << 40

// maxFrame is above the size of any stack (runtime/proc.go, maxstacksize).
const maxFrame = 1 << 32

// variablesAt returns the variables at a place of which something is in memory.
func (p *stacks) variablesAt(at place) []frameVar {
	p.varsMu.Lock()
	defer p.varsMu.Unlock()
	if v, ok := p.vars[at]; ok {
		return v
	}
	var out []frameVar
	for _, l := range p.decoder.FuncVars(at.pc, cfaOrigin, at.inCall) {
		if l.Name != symbols.DictName && strings.Contains(l.Name, ".") {
			continue // a part of an unnamed result, such as "~r0.data"
		}
		v := frameVar{name: l.Name, fn: l.Func, typ: l.Type, escaped: l.Escaped, dict: l.Dict, decl: l.DeclLine}
		for _, pc := range l.Pieces {
			switch {
			case pc.Kind == symbols.InMemory && pc.Value-(cfaOrigin-maxFrame) < 2*maxFrame:
				v.parts = append(v.parts, varPart{pc.Offset, pc.Size, int64(pc.Value - cfaOrigin)})
			case pc.Kind == symbols.InMemory:
				// A place outside of the frame: what stands there is static.
				for off := uint64(0); off+uint64(p.im.Arch.PtrSize) <= pc.Size; off += uint64(p.im.Arch.PtrSize) {
					w, ok := p.im.Mem.Word(pc.Value + off)
					if !ok {
						break // the length is the executable's own word
					}
					v.fixed = append(v.fixed, fixedPart{pc.Offset + off, w})
				}
			case pc.Kind == symbols.InRegister && !at.inCall && !l.Parted && pc.Size == uint64(p.im.Arch.PtrSize):
				v.regs = append(v.regs, regPart{pc.Offset, pc.Value})
			case pc.Kind == symbols.Immediate && pc.Bytes == nil && pc.Size == uint64(p.im.Arch.PtrSize):
				v.fixed = append(v.fixed, fixedPart{pc.Offset, pc.Value})
			}
		}
		if h := l.Home; h.Size > 0 && h.Size <= maxLost && h.Value-(cfaOrigin-maxFrame) < 2*maxFrame {
			v.parts, v.lost = []varPart{{0, h.Size, int64(h.Value - cfaOrigin)}}, true
		}
		if l.Parted {
			v.whole = len(v.parts) == 1 && len(l.Pieces) == 1
			p.settleParts(&v)
		}
		if len(v.parts) > 0 || len(v.regs) > 0 || v.name == symbols.DictName {
			out = append(out, v)
		}
	}
	p.vars[at] = out
	return out
}

// maxLost bounds the variables that are looked for in a frame although the debugging
// information does not say that they are there, in bytes.
const maxLost = 1 << 12

// maxParted is far above the size of the variables that the compiler takes apart, in
// bytes: those of up to four words (cmd/compile/internal/ssa, CanSSA).
const maxParted = 1 << 12

// settleParts finds the offsets of a variable's parts where these are not known: a
// type with a single pointer has it at one place. The parts that hold no pointers
// are lost. Where there are more pointers the variable remains parted.
func (p *stacks) settleParts(v *frameVar) {
	v.fixed = nil
	w := uint64(p.im.Arch.PtrSize)
	size := p.types.Type(v.typ).Size
	only, pointers := uint64(0), 0
	for off := uint64(0); off < min(size, maxParted) && pointers < 2; off += w {
		if p.types.PointerAt(v.typ, off) {
			only = off
			pointers++
		}
	}
	v.parted = size > maxParted || pointers != 1 || len(v.parts) != 1
	for i := range v.parts {
		v.parts[i].off, v.parts[i].size = only, min(v.parts[i].size, w)
	}
}

// variablesIn returns the variables of a frame of which something is in memory,
// with the types that they have in it: those of a generic function come from the
// dictionary that the frame was called with. words are the live ones of the stack.
func (p *stacks) variablesIn(fr *unwind.Frame, words []unwind.Slot) []frameVar {
	all := p.variablesAt(placeOf(fr))
	if !slices.ContainsFunc(all, func(v frameVar) bool { return v.name == symbols.DictName || v.dict != 0 || v.whole || v.lost }) {
		return all
	}
	out := make([]frameVar, 0, len(all))
	for _, v := range all {
		if v.name == symbols.DictName {
			continue
		}
		if v.dict != 0 {
			if t := p.decoder.Instance(v.dict, p.dictOf(all, v.fn, fr)); t != 0 {
				v.typ = t
			}
		}
		if v.lost && !p.found(&v, all, fr, words) {
			continue
		}
		if v.whole && len(v.parts) > 0 {
			size := p.types.Type(v.typ).Size
			if n, ok := p.im.Walker.StackObject(fr, fr.CFA()+uint64(v.parts[0].cfa)); ok && n == size {
				v.parts, v.parted = []varPart{{0, size, v.parts[0].cfa}}, false
			}
		}
		out = append(out, v)
	}
	return out
}

// found reports whether a variable that was lost is in its place in a frame: the live
// words there are its pointers, all of them and no others, and nothing else is known to
// be there.
func (p *stacks) found(v *frameVar, all []frameVar, fr *unwind.Frame, words []unwind.Slot) bool {
	w := uint64(p.im.Arch.PtrSize)
	part := v.parts[0]
	for i := range all {
		if all[i].name == v.name && all[i].fn == v.fn && all[i].lost {
			continue
		}
		for _, other := range all[i].parts {
			if part.cfa < other.cfa+int64(other.size) && other.cfa < part.cfa+int64(part.size) {
				return false
			}
		}
	}
	pointers := 0
	for off := uint64(0); off < part.size; off += w {
		is := p.types.PointerAt(v.typ, off)
		if is != unwind.LiveWord(words, fr.CFA()+uint64(part.cfa)+off) {
			return false
		}
		if is {
			pointers++
		}
	}
	return pointers > 0
}

// dictOf returns the address of the dictionary of a function in a frame, 0 where
// it is not known.
func (p *stacks) dictOf(vars []frameVar, fn string, fr *unwind.Frame) uint64 {
	for i := range vars {
		v := &vars[i]
		if v.name != symbols.DictName || v.fn != fn {
			continue
		}
		if len(v.fixed) > 0 {
			return v.fixed[0].value
		}
		if len(v.parts) > 0 {
			w, _ := p.im.Mem.Word(fr.CFA() + uint64(v.parts[0].cfa))
			return w
		}
	}
	return p.decoder.OnlyDictionary(fn)
}

// registers returns those that hold variables of the i-th frame of a goroutine: of the
// innermost, if a thread runs it.
func (p *stacks) registers(gi, i int) []uint64 {
	if s := &p.im.Goroutines[gi].State; i == 0 && s.Running {
		return s.Registers
	}
	return nil
}

// inRegister stands for the address of a word that is in a register.
const inRegister = ^uint64(0)

// bytesOf puts together the bytes of a variable in a frame, in buf: zeros where
// it is not known what they are. slots gets the address of each word that is in
// memory, or inRegister, by its offset. regs are the registers of the frame.
func (p *stacks) bytesOf(v *frameVar, fr *unwind.Frame, regs []uint64, buf []byte, slots map[uint64]uint64) []byte {
	w := uint64(p.im.Arch.PtrSize)
	size := p.types.Type(v.typ).Size
	data := append(buf[:0], make([]byte, size)...)
	for _, part := range v.parts {
		at := fr.CFA() + uint64(part.cfa)
		b, ok := p.im.Mem.Slice(at, part.size)
		if !ok || part.off > size {
			continue
		}
		copy(data[part.off:], b)
		for off := uint64(0); slots != nil && off < part.size; off += w {
			slots[part.off+off] = at + off
		}
	}
	for _, r := range v.regs {
		if r.reg < uint64(len(regs)) && r.off+w <= size {
			p.im.Arch.PutWord(data[r.off:], regs[r.reg])
			if slots != nil {
				slots[r.off] = inRegister
			}
		}
	}
	for _, f := range v.fixed {
		if f.off+w <= size {
			p.im.Arch.PutWord(data[f.off:], f.value)
		}
	}
	return data
}

// walkSlots returns the frames of a goroutine, innermost first, and the words of the
// stack that the collector follows.
func (p *stacks) walkSlots(gi int) ([]unwind.Frame, []unwind.Slot) {
	if p.im.Walker == nil || p.im.Goroutines[gi].Recorded {
		return nil, nil
	}
	if frames, slots, ok := p.im.Walks.Of(gi); ok {
		return frames, slots
	}
	p.walkMu.Lock()
	defer p.walkMu.Unlock()
	// What went wrong was reported when the stack was first walked.
	frames, slots, _ := p.im.Walker.Walk(p.im.Goroutines[gi].State, nil, nil)
	return frames, slots
}

// eachVariable calls f with the variables of a goroutine's frames: their bytes, as far
// as they are known and zero elsewhere, and the address of each word of them on the
// stack, or inRegister, by its offset. Bytes and slots are reused.
func (p *stacks) eachVariable(gi int, frames []unwind.Frame, words []unwind.Slot, f func(v *frameVar, data []byte, slots map[uint64]uint64)) {
	g := &p.im.Goroutines[gi]
	var data []byte
	slots := map[uint64]uint64{}
	for i := range frames {
		vars := p.variablesIn(&frames[i], words)
		for k := range vars {
			v := &vars[k]
			if v.parted || p.types.Type(v.typ).Size > g.StackHi-g.StackLo {
				continue
			}
			clear(slots)
			data = p.bytesOf(v, &frames[i], p.registers(gi, i), data, slots)
			f(v, data, slots)
		}
	}
}

// Goroutines returns the goroutines that have a stack, in the order in which
// the runtime keeps them.
func (p *Process) Goroutines() []Goroutine {
	defer p.caught(debug.SetPanicOnFault(true))
	out := make([]Goroutine, len(p.im.Goroutines))
	for i := range p.im.Goroutines {
		out[i] = p.stacks.goroutineInfo(i)
	}
	return out
}

func (p *stacks) goroutineInfo(i int) Goroutine {
	g := &p.im.Goroutines[i]
	o := Goroutine{
		ID: g.ID, Node: heap.Node(1 + g.Root), Status: image.StatusName(g.Status), WaitNanos: -1,
		ParentID: g.Parent, StackBytes: g.StackHi - g.StackLo, Thread: g.Thread, Func: g.Func, Locked: g.Locked,
	}
	if g.Status == image.GWaiting || g.Status == image.GLeaked {
		o.WaitReason = g.Why
		if g.Why == "" {
			o.WaitReason = p.decoder.WaitReason(g.WaitReason)
		}
		if g.WaitSince > 0 && p.recorded.LastGC > g.WaitSince {
			o.WaitNanos = p.recorded.LastGC - g.WaitSince
		}
	}
	if o.Func == "" {
		if fn, ok := p.decoder.Function(g.StartPC); ok {
			o.Func = fn.Name()
		}
	}
	// The first goroutine was created by none. Until Go 1.20 its number is all that
	// tells it from the others.
	layout := p.decoder.Layout
	created := g.Parent != 0 || (layout == nil || !layout.G.ParentGoid.Has()) && g.ID != 1
	if fn, ok := p.decoder.Function(g.GoPC - 1); ok && created {
		o.CreatedBy = fn.Name()
		file, line := fn.FileLine(g.GoPC - 1)
		o.CreatedAt = fmt.Sprintf("%s:%d", file, line)
	}
	return o
}

// maxName bounds strings that the runtime or the linker wrote.
const maxName = 1 << 12

// readString copies the string whose header stands at addr.
func (p *contents) readString(addr uint64) (string, bool) {
	return p.space.String(addr, maxName)
}

// Frames returns the calls on the stack of the goroutine with the given index in
// Goroutines, innermost first, and their variables.
func (p *Process) Frames(g int) []Frame {
	defer p.caught(debug.SetPanicOnFault(true))
	if g < 0 || g >= len(p.im.Goroutines) {
		return nil
	}
	return p.stacks.frames(g)
}

func (p *stacks) frames(g int) []Frame {
	r := &p.im.Roots[p.im.Goroutines[g].Root]
	if p.im.Goroutines[g].Recorded {
		return p.recordedFrames(g)
	}
	var out []Frame
	walked, words := p.walkSlots(g)
	for i, fr := range walked {
		vars := p.variablesIn(&fr, words)
		for _, call := range p.decoder.CallsAt(fr.LookupPC()) {
			f := callFrame(&fr, &call)
			for k := range vars {
				v := &vars[k]
				if v.fn != call.Name || len(v.parts) == 0 && p.registers(g, i) == nil {
					continue
				}
				x := Var{Name: v.name, Type: p.types.Type(v.typ).Name, Target: heap.None}
				if len(v.parts) > 0 && v.parts[0].off == 0 && !v.parted {
					x.Addr = fr.CFA() + uint64(v.parts[0].cfa)
				}
				for _, pc := range p.im.Pieces[r.First : r.First+r.N] {
					if _, ok := v.holds(&pc, fr.CFA()); ok && int(pc.Frame) == i {
						if n, ok := p.im.Pages.Lookup(pc.Value); ok {
							x.Target = n
							break
						}
					}
				}
				f.Vars = append(f.Vars, x)
			}
			out = append(out, f)
		}
	}
	return out
}

// variableOf names the place of a goroutine's piece: the frame and, where
// known, the variable that covers it with the offset in it.
func (p *stacks) variableOf(gi int, pc *image.Piece) (fr *unwind.Frame, v *frameVar, off uint64) {
	frames, words := p.walkSlots(gi)
	if pc.Frame < 0 || int(pc.Frame) >= len(frames) {
		return nil, nil, 0
	}
	fr = &frames[pc.Frame]
	vars := p.variablesIn(fr, words)
	// Of several that cover the slot, lexical blocks sharing it, the
	// innermost is declared last.
	for i := len(vars) - 1; i >= 0; i-- {
		if off, ok := vars[i].holds(pc, fr.CFA()); ok {
			return fr, &vars[i], off
		}
	}
	return fr, nil, 0
}

// shortFile returns the last element of a path.
func shortFile(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// Root is a holder of heap memory that is no object itself.
type Root struct {
	Node          heap.Node
	Kind          RootKind
	Name          string
	Type, Package string // of a global
	Addr, Size    uint64
	Goroutine     int // index in Goroutines, -1 for none
}

// Roots returns the roots that the file itself has, by node. Finalizers, cleanups and
// weak handles of objects that nothing reaches are among those of the Heap.
func (p *Process) Roots() []Root {
	defer p.caught(debug.SetPanicOnFault(true))
	return p.stacks.describeRoots(p.im.Roots)
}

func (p *stacks) describeRoots(roots []image.Root) []Root {
	out := make([]Root, len(roots))
	for i := range roots {
		r := &roots[i]
		out[i] = Root{Node: heap.Node(1 + i), Kind: rootKind(r.Kind), Name: p.rootName(r), Addr: r.Addr, Size: r.Size, Goroutine: int(r.Goroutine)}
		if r.Kind == image.GlobalRoot {
			out[i].Type, out[i].Package = p.rootTypeName(r), program.PackageOf(r.Name)
		}
	}
	return out
}

func (p *stacks) rootName(r *image.Root) string {
	if r.Kind == image.GoroutineRoot {
		return p.goroutineName(int(r.Goroutine))
	}
	return r.Name
}
