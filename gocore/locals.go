package gocore

import (
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"goheap/gocore/internal/frames"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/library"
	"goheap/gocore/internal/program"
	"goheap/gocore/internal/symbols"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
	"goheap/gocore/internal/unwind"
	"goheap/heap"
)

// StackCall is a call on a goroutine's stack with its variables, arguments first, then
// results, then the others in the order of their declarations, and the calls that it
// has deferred, those that will be made first in front. Vars is nil.
type StackCall struct {
	Frame
	Locals   []Local
	Deferred []Deferred
}

// Deferred is a call that a defer statement has put off, or several of one statement.
type Deferred struct {
	Func  string // that is called; where that is not known, the wrapper that the compiler made of the call
	File  string // of the defer statement, "" for unknown
	Line  int
	Count int
}

// Local is a variable of a call with its value.
type Local struct {
	Name, Type  string
	As          string // what a target calls it in its call: Name, with the line or a number where others there have it too
	Arg, Result bool
	Unnamed     bool   // it is no variable: what the code says to be in a word of the frame, see docs/types.md
	Line        int    // of the declaration, 0 for unknown
	Addr        uint64 // where all of it stands together, 0 for nowhere
	State       LocalState
	Text        string    // of the value, as Value has it; "" where nothing is known of it
	Target      heap.Node // the object that the value points to, heap.None for none
}

// LocalState says how much is known of the value of a variable at the place where its
// function is.
type LocalState string

const (
	LocalKnown      LocalState = "known"
	LocalPartly     LocalState = "partly optimised out" // parts of it are nowhere
	LocalDead       LocalState = "optimised out"        // it is nowhere: nothing uses it any more
	LocalUnreadable LocalState = "unreadable"           // where it stands is not in the file
)

// Stack returns the calls on the stack of the goroutine with the given index in
// Goroutines, innermost first: of more than most of them, half from each end, with
// elided calls left out behind the first half. Where most is negative, there are all.
func (p *Heap) Stack(g, most int) (calls []StackCall, elided, behind int) {
	defer p.caught(debug.SetPanicOnFault(true))
	if g < 0 || g >= len(p.im.Goroutines) {
		return nil, 0, 0
	}
	goroutine := &p.im.Goroutines[g]
	if goroutine.Recorded {
		for _, f := range p.recordedFrames(g) {
			calls = append(calls, StackCall{Frame: f})
		}
		from, to := unwind.Elision(len(calls), most)
		return slices.Delete(calls, from, to), to - from, from
	}
	stored := frames.NewStoredReader(p.vars, nil)
	frames, words := p.vars.Walk(g)
	inlined := map[uint64][]program.Call{}
	total := 0
	for i := range frames {
		pc := frames[i].LookupPC()
		if _, ok := inlined[pc]; !ok {
			inlined[pc] = p.decoder.CallsAt(pc)
		}
		total += len(inlined[pc])
	}
	from, to := unwind.Elision(total, most)
	deferred := p.decoder.DeferredCalls(goroutine, frames)
	w := localWriter{words: words, stored: stored}
	n := 0
	for i := range frames {
		list := inlined[frames[i].LookupPC()]
		at := make([]int, len(list)) // in calls, -1 for those that are left out
		for k, c := range list {
			at[k] = -1
			if n++; n > from && n <= to {
				continue
			}
			at[k] = len(calls)
			calls = append(calls, StackCall{Frame: callFrame(&frames[i], &c)})
			for _, d := range deferred[i] {
				if k == len(list)-1 {
					calls[len(calls)-1].Deferred = append(calls[len(calls)-1].Deferred, Deferred(d))
				}
			}
		}
		if slices.Max(append(at, -1)) >= 0 {
			w.regs = p.vars.Registers(g, i)
			p.addLocals(&w, goroutine, &frames[i], list, calls, at)
			if k := at[len(at)-1]; k >= 0 {
				p.addUnnamed(&w, &frames[i], &calls[k], k)
			}
		}
	}
	p.writeLocals(&w, calls)
	return calls, to - from, from
}

func callFrame(fr *unwind.Frame, c *program.Call) Frame {
	return Frame{Func: program.WithoutShapes(c.Name), File: c.File, Line: c.Line, PC: fr.PC, SP: fr.SP, Inlined: c.Inlined, Conservative: fr.Conservative}
}

// localWriter keeps the variables whose text is not written yet: those that stand
// nowhere as a whole get a place beside the memory, all at once.
type localWriter struct {
	words  []unwind.Slot // of the stack that the collector follows
	regs   []uint64      // that hold variables of the frame
	stored *frames.StoredReader
	jobs   []localJob
	data   []byte
}

// add puts a value in line whose bytes stand in no one place.
func (w *localWriter) add(j localJob, data []byte) localJob {
	for len(w.data)%16 != 0 {
		w.data = append(w.data, 0)
	}
	j.at = len(w.data)
	w.data = append(w.data, data...)
	return j
}

// addUnnamed adds to the call with index k of a frame the words that are no variable's,
// with what its code says of them.
func (p *values) addUnnamed(w *localWriter, fr *unwind.Frame, c *StackCall, k int) {
	for _, v := range w.stored.Unnamed(fr, w.words) {
		x := Local{Type: p.types.Type(v.Type).Name, Unnamed: true, State: LocalKnown, Target: heap.None}
		x.Name = frames.StackSlot(&image.Piece{Slot: v.At}, fr.SP)
		x.As = x.Name
		word, _ := p.im.Mem.Word(v.At)
		n, ok := p.NodeAt(word)
		switch {
		case v.Type != 0 && !v.IsMade:
			if slices.Contains(v.Known, false) {
				x.State = LocalPartly
			}
			w.jobs = append(w.jobs, w.add(localJob{call: k, local: len(c.Locals), typ: v.Type, known: v.Known}, v.Data))
		case ok:
			object, _ := p.Value(n)
			x.Type, x.Target = p.TypeOf(n).Name, n
			if _, f := typing.SplitTypeID(p.typing.IDs[n]); f != typing.Container || !p.TypeOf(n).Known {
				x.Type = "*" + x.Type
			}
			x.Text = strings.TrimSuffix(fmt.Sprintf("%#x → %s", word, object.Text), " → ")
			if at := p.ValueAddr(n); word != at && word != p.Addr(n) {
				x.Text, x.Type = fmt.Sprintf("%#x in %#x %s", word, at, p.TypeOf(n).Name), ""
			}
		default:
			continue
		}
		c.Locals = append(c.Locals, x)
	}
}

type localJob struct {
	call, local int // which one
	typ         types.ID
	addr        uint64 // 0: at
	at          int    // in data
	known       []bool // the bytes that are; nil for all
}

// addLocals adds to calls the variables of the frame in which those of list are; at says
// where in calls.
func (p *values) addLocals(w *localWriter, g *image.Goroutine, fr *unwind.Frame, list []program.Call, calls []StackCall, at []int) {
	placed, all := p.vars.In(fr, w.words), p.vars.At(frames.PlaceOf(fr))
	for _, l := range p.decoder.Locals(fr.LookupPC(), fr.CFA(), frames.PlaceOf(fr).InCall) {
		k := len(list) - 1 - l.Inlined // a function may be inlined into itself
		if k < 0 || list[k].Name != l.Func {
			k = slices.IndexFunc(list, func(c program.Call) bool { return c.Name == l.Func })
		}
		if k < 0 || at[k] < 0 || strings.ContainsAny(l.Name, ".#") || l.Name == "" {
			continue // the compiler's own: .this, #yield1
		}
		c := &calls[at[k]]
		as := l.Name
		v := frames.Var{Name: l.Name, Func: l.Func, Type: l.Type, Escaped: l.Escaped, Dict: l.Dict, Decl: l.DeclLine, Parted: l.Parted}
		if i := slices.IndexFunc(placed, func(x frames.Var) bool { return x.Is(&l, fr.CFA()) }); i >= 0 {
			v = placed[i]
			as = frames.NameOf(placed, &v)
		} else if v.Dict != 0 {
			if t := p.decoder.Instance(v.Dict, p.vars.DictOf(all, v.Func, fr, w.words)); t != 0 {
				v.Type = t
			}
		}
		typ := p.types.Type(v.Type)
		if !l.Declared(c.Line) || typ.Size > g.StackHi-g.StackLo {
			continue // nothing on a stack is larger
		}
		x := Local{Name: l.Name, As: as, Type: typ.Name, Arg: l.Param, Result: l.Result, Line: l.DeclLine, Target: heap.None}
		j := p.placeLocal(&v, &l, fr, &x, w)
		if x.State == LocalDead && strings.HasPrefix(l.Name, "~") {
			continue // a result without a name
		}
		if j.typ != 0 {
			j.call, j.local = at[k], len(c.Locals)
			w.jobs = append(w.jobs, j)
		}
		c.Locals = append(c.Locals, x)
	}
}

// placeLocal finds the bytes of a variable, sets what x says of where they are, and
// returns what there is to write; of type 0 for nothing.
func (p *values) placeLocal(v *frames.Var, l *symbols.LocalVar, fr *unwind.Frame, x *Local, w *localWriter) localJob {
	typ := p.types.Type(v.Type)
	if at, whole := v.WholePlace(l, fr.CFA(), typ.Size); whole {
		x.State = LocalKnown
		if !p.im.Mem.Present(at, typ.Size) {
			x.State = LocalUnreadable
			return localJob{}
		}
		if !v.Escaped {
			x.Addr = at
			return localJob{typ: v.Type, addr: at}
		}
	}
	if typ.Size > frames.MaxParted {
		x.State = LocalPartly // nothing so large is taken apart
		if len(v.Parts)+len(l.Pieces) == 0 {
			x.State = LocalDead
		}
		return localJob{}
	}
	b := p.decoder.Compose(typ.Size)
	for _, part := range v.Parts {
		b.InMemory(part.Off, fr.CFA()+uint64(part.CFA), part.Size)
	}
	for _, f := range v.Fixed {
		b.Number(f.Off, uint64(p.im.Arch.PtrSize), f.Value)
	}
	for _, r := range v.Regs {
		if r.Reg < uint64(len(w.regs)) {
			b.Number(r.Off, uint64(p.im.Arch.PtrSize), w.regs[r.Reg])
		}
	}
	nowhere := true
	for i := range l.Pieces {
		piece := &l.Pieces[i]
		nowhere = nowhere && piece.Kind == symbols.InRegister
		if !v.Parted && !l.Parted && (len(v.Parts) == 0 || piece.Kind != symbols.InMemory) {
			b.Piece(piece)
		}
	}
	switch {
	case typ.Kind != types.Invalid && b.All():
		x.State, x.Addr = LocalKnown, b.Addr
	case b.Missing:
		x.State = LocalUnreadable
	case b.Some() && !v.Parted:
		x.State = LocalPartly
	case nowhere && !v.Parted:
		x.State = LocalDead
	default:
		x.State = LocalPartly
		return localJob{}
	}
	if v.Escaped && typ.Kind == types.Pointer {
		// The variable is on the heap, and this is its address.
		x.Type, x.Addr = p.types.Type(typ.Elem).Name, 0
		if x.State == LocalKnown {
			x.Addr = p.im.Arch.Word(b.Data)
		}
		if x.Addr == 0 {
			if x.State == LocalKnown {
				x.State = LocalDead // it was not made yet
			}
			return localJob{}
		}
		x.Target, _ = p.im.Pages.Lookup(x.Addr)
		return localJob{typ: typ.Elem, addr: x.Addr}
	}
	switch {
	case x.State == LocalDead || x.State == LocalUnreadable:
		return localJob{}
	case x.Addr != 0:
		return localJob{typ: v.Type, addr: x.Addr}
	}
	return w.add(localJob{typ: v.Type, known: b.Known}, b.Data)
}

// writeLocals writes the texts.
func (p *values) writeLocals(w *localWriter, calls []StackCall) {
	aside, base := p.beside(w.data)
	for _, j := range w.jobs {
		x, from := &calls[j.call].Locals[j.local], p
		if j.addr == 0 {
			from, j.addr = aside, base+uint64(j.at)
		}
		if from == nil {
			x.State = LocalUnreadable
			continue
		}
		if slices.Contains(j.known, false) {
			x.Text = from.partText(j.typ, j.addr, j.known)
			continue
		}
		v := from.valueAt("", j.typ, j.addr, region{j.addr, p.types.Type(j.typ).Size})
		x.Text = v.Text
		if x.Target == heap.None {
			x.Target = v.Target
		}
		if x.Text == notInCore {
			x.State, x.Text = LocalUnreadable, ""
		}
	}
}

// beside is p with a memory that has data too, and where; nil where that has no room.
func (p *values) beside(data []byte) (*values, uint64) {
	mem, addr, ok := p.im.Mem.Beside(data)
	if !ok {
		return nil, 0
	}
	im, space := *p.im, *p.space
	im.Mem, space.Mem = mem, mem
	c, o := *p.contents, *p.objects
	c.im, c.space = &im, &space
	o.im, o.stacks = &im, &stacks{contents: &c, vars: frames.New(p.decoder, &im, p.closures)}
	return &values{&o}, addr
}

// partText is the text of a value of which some bytes are not known.
func (p *values) partText(t types.ID, addr uint64, known []bool) string {
	typ := p.types.Type(t)
	switch {
	case !slices.Contains(known, false):
		return p.valueAt("", t, addr, region{addr, typ.Size}).Text
	case !slices.Contains(known, true):
		return "(" + string(LocalDead) + ")"
	}
	if of, at := p.known().Unwrap(t, addr); of != t && at >= addr && at-addr+p.types.Type(of).Size <= uint64(len(known)) {
		return p.partText(of, at, known[at-addr:at-addr+p.types.Type(of).Size])
	}
	if typ.Kind != types.Struct {
		return "(" + string(LocalPartly) + ")"
	}
	var b strings.Builder
	for i, f := range typ.Fields {
		if i > 0 {
			b.WriteString(", ")
		}
		end := f.Offset + p.types.Type(f.Type).Size
		if end > uint64(len(known)) || b.Len() > maxLine {
			b.WriteString("…")
			break
		}
		b.WriteString(library.Bare(f.Name) + ": " + p.partText(f.Type, addr+f.Offset, known[f.Offset:end]))
	}
	return "{" + b.String() + "}"
}
