package gocore

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"goheap/gocore/internal/frames"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/notation"
	"goheap/gocore/internal/unwind"
	"goheap/heap"
)

// holder is where a piece of a goroutine stands, in words.
type holder struct {
	frame string // the call: "main.work work.go:12", "" for what is in none
	name  string // "job", "stack +0x18", "register RAX"
	fr    *unwind.Frame
	v     *frames.Var // nil for what is no variable
	// addr is where the variable stands, and slot where its word does that was asked for.
	// One that is in registers stands nowhere: its address is made up.
	addr, slot uint64
	regs       []uint64 // that hold variables of the frame
}

// madeUp is an address at which there is no memory.
const madeUp = 1 << 62

// String is the text of the holder behind the name of the goroutine.
func (h *holder) String() string {
	if h.frame == "" {
		return "· " + h.name
	}
	return h.frame + " · " + h.name
}

// holderOf names the place of a goroutine's piece.
func (p *stacks) holderOf(gi int, pc *image.Piece) holder {
	g := &p.im.Goroutines[gi]
	if g.Recorded && pc.Frame >= 0 {
		frame, name := frames.RecordedWord(p.im, gi, pc)
		return holder{frame: frame, name: name}
	}
	if pc.Register == image.InRecord {
		return holder{name: notation.Record}
	}
	fr, v, off := p.vars.Of(gi, pc)
	if pc.Slot == 0 {
		if v == nil {
			if name := p.im.Arch.Register(int(pc.Register)); name != "" {
				return holder{name: notation.InRegister + " " + name}
			}
			return holder{name: frames.Numbered(p.im, gi, pc, notation.InRegister)}
		}
		h := p.variableHolder(gi, fr, v, madeUp)
		h.slot, h.regs = madeUp+off, p.vars.Registers(gi, int(pc.Frame))
		return h
	}
	if fr == nil {
		if pc.Slot < g.StackLo || pc.Slot >= g.StackHi {
			// What else the collector scans for a goroutine are its deferred
			// calls and the closure that it will run (runtime/mgcmark.go,
			// scanstack).
			if pc.Slot == g.State.Ctxt {
				return holder{name: notation.Context}
			}
			return holder{name: frames.Numbered(p.im, gi, pc, notation.Deferred)}
		}
		return holder{name: fmt.Sprintf("%s%#x", notation.StackWord, pc.Slot)}
	}
	if v == nil {
		return holder{frame: p.vars.CallName(gi, fr, p.vars.OfWords(fr)), name: frames.StackSlot(pc, fr.SP)}
	}
	h := p.variableHolder(gi, fr, v, pc.Slot-off)
	h.slot, h.regs = pc.Slot, p.vars.Registers(gi, int(pc.Frame))
	return h
}

func (p *stacks) variableHolder(gi int, fr *unwind.Frame, v *frames.Var, addr uint64) holder {
	_, words := p.vars.Walk(gi)
	return holder{frame: p.vars.CallName(gi, fr, v.Func), name: frames.NameOf(p.vars.In(fr, words), v), fr: fr, v: v, addr: addr}
}

// hopFromPiece names how the word of a goroutine or a special that has the given number
// holds a node.
func (p *naming) hopFromPiece(r *image.Root, number int, to heap.Node, last *Hop) (s notation.Link, next view) {
	if r.Kind != image.GoroutineRoot {
		return keptHop(number), p.ownView(to)
	}
	pc := &p.im.Pieces[r.First+number]
	h := p.holderOf(int(r.Goroutine), pc)
	last.Detail = strings.TrimPrefix(h.String(), "· ")
	head := " " + strings.TrimSuffix(h.String(), h.name)
	switch {
	case h.v == nil:
		return notation.Link{Head: head, Suffix: h.name}, p.ownView(to)
	case h.v.Parted:
		return notation.Link{Head: head, Suffix: h.name + p.unknownParts(r, h.v, h.fr, number)}, p.ownView(to)
	case h.v.Escaped:
		return notation.Link{Head: head, Suffix: h.name}, view{t: p.types.Type(h.v.Type).Elem, addr: pc.Value, n: 1}
	}
	s, next = p.hopInValue(h.slot, pc.Value, to, p.variableView(&h, &p.im.Goroutines[r.Goroutine]), h.addr)
	return notation.Link{Head: head, Suffix: h.name}.Then(s), next
}

// keptHop names a piece of a root that is neither a variable nor a goroutine: the first
// one adds nothing to the name of the root, the others have their number.
func keptHop(number int) notation.Link {
	if number == 0 {
		return notation.Link{}
	}
	return notation.Link{Suffix: fmt.Sprintf("%s%d", arrow, number+1)}
}

// variableView is a variable of a frame.
func (p *naming) variableView(h *holder, g *image.Goroutine) view {
	whole := view{t: h.v.Type, addr: h.addr, n: 1}
	size := p.types.Type(h.v.Type).Size
	if size <= g.StackHi-g.StackLo {
		whole.bytes = p.vars.Bytes(h.v, h.fr, h.regs, nil, nil)
	}
	known := uint64(0)
	for _, part := range h.v.Parts {
		known += part.Size
	}
	if h.regs != nil {
		known += uint64(len(h.v.Regs) * p.im.Arch.PtrSize)
	}
	whole.gaps = known < size
	return whole
}

// local finds what an expression about a goroutine starts with: a variable of a frame, or
// a word by what goheap calls it.
func (e *evaluation) local(x *notation.Expr) (operand, error) {
	p := e.p
	g := &p.im.Goroutines[e.goroutine]
	if name, ok := strings.CutPrefix(x.Text, notation.InRegister+" "); ok && e.frame == "" {
		if o, ok := e.register(name); ok {
			return o, nil
		}
	}
	word, number, ok := notation.Numbered(x.Text)
	if ok && e.frame == "" {
		var o operand
		found := false
		frames.EachOutside(p.im, e.goroutine, word, func(pc *image.Piece) bool {
			if number--; number == 0 {
				o, found = e.object(pc.Value)
			}
			return number > 0
		})
		if found {
			return o, nil
		}
	}
	for _, prefix := range []string{notation.OnStack, notation.StackWord} {
		rest, ok := strings.CutPrefix(x.Text, prefix+"0x")
		rest, _, _ = strings.Cut(rest, " ")
		off, err := strconv.ParseUint(rest, 16, 64)
		if !ok || err != nil {
			continue
		}
		if prefix == notation.StackWord {
			return e.stackWord(g, off, x)
		}
		return e.stackSlot(g, off, x)
	}
	if g.Recorded {
		return operand{}, e.fail(x.Pos, "goroutine %d has no %q that holds anything; a heap dump has the words of stacks, but no variables", g.ID, x.Text)
	}
	return e.frameVariable(g, x)
}

// register is what the register of a name leads to, if a thread runs the goroutine.
func (e *evaluation) register(name string) (o operand, ok bool) {
	p := e.p
	frames.EachOutside(p.im, e.goroutine, notation.InRegister, func(pc *image.Piece) bool {
		if strings.EqualFold(p.im.Arch.Register(int(pc.Register)), name) {
			o, ok = e.object(pc.Value)
		}
		return !ok
	})
	return o, ok
}

// stackWord is what the word at an address of the stack leads to.
func (e *evaluation) stackWord(g *image.Goroutine, slot uint64, x *notation.Expr) (operand, error) {
	r := &e.p.im.Roots[g.Root]
	for _, pc := range e.p.im.Pieces[r.First : r.First+r.N] {
		if pc.Slot == slot && slot != 0 {
			if o, ok := e.object(pc.Value); ok {
				return o, nil
			}
		}
	}
	return operand{}, e.fail(x.Pos, "goroutine %d holds nothing by the word at %#x", g.ID, slot)
}

// stackSlot is what the word at an offset in a frame leads to.
func (e *evaluation) stackSlot(g *image.Goroutine, off uint64, x *notation.Expr) (operand, error) {
	p := e.p
	call := e.p.vars.Call(e.frame)
	if g.Recorded {
		for i, f := range frames.Recorded(p.im, e.goroutine) {
			if call.NextOf(f.Name) {
				return e.stackWord(g, frames.Recorded(p.im, e.goroutine)[i].SP+off, x)
			}
		}
	}
	frames, _ := p.vars.Walk(e.goroutine)
	for i := range frames {
		fr := &frames[i]
		if call.Next(fr) {
			return e.stackWord(g, fr.SP+off, x)
		}
	}
	return operand{}, e.noCall(g, x)
}

func (e *evaluation) noCall(g *image.Goroutine, x *notation.Expr) error {
	return e.fail(x.Pos, "goroutine %d has no such call; `goheap show FILE g:%d` lists its stack", g.ID, g.ID)
}

// frameVariable finds a variable of a frame by its name, innermost first.
func (e *evaluation) frameVariable(g *image.Goroutine, x *notation.Expr) (operand, error) {
	p := e.p
	name, number := notation.Ordinal(x.Text)
	line := 0
	if i := strings.Index(name, " (line "); i >= 0 {
		line, _ = strconv.Atoi(strings.TrimSuffix(name[i+len(" (line "):], ")"))
		name = name[:i]
	}
	call := e.p.vars.Call(e.frame)
	var names []string
	frames, words := p.vars.Walk(e.goroutine)
	for i := range frames {
		fr := &frames[i]
		meant := call.Next(fr)
		vars := p.vars.In(fr, words)
		left := number
		for k := range slices.Backward(vars) { // the innermost block is declared last
			v := &vars[k]
			if v.Name != name {
				names = append(names, v.Name)
				continue
			}
			if !meant || line != 0 && v.Decl != line || !call.Of(v.Func) {
				continue
			}
			if left--; left == 0 {
				return e.frameOperand(i, fr, v, x)
			}
		}
		if len(names) > maxName {
			slices.Sort(names)
			names = slices.Compact(names)
		}
	}
	return operand{}, e.fail(x.Pos, "no variable %s is in memory there%s; `goheap show FILE g:%d` lists the stack", notation.OneLine(x.Text), notation.DidYouMean(name, names), g.ID)
}

// frameOperand is the value of a variable of the i-th frame.
func (e *evaluation) frameOperand(i int, fr *unwind.Frame, v *frames.Var, x *notation.Expr) (operand, error) {
	p := e.p
	if v.Parted {
		return operand{parted: v, frame: fr}, nil
	}
	g := &p.im.Goroutines[e.goroutine]
	h := holder{fr: fr, v: v, addr: madeUp, regs: p.vars.Registers(e.goroutine, i)}
	switch {
	case len(v.Parts) > 0:
		h.addr = fr.CFA() + uint64(v.Parts[0].CFA) - v.Parts[0].Off
	case h.regs == nil:
		return operand{}, e.fail(len(e.text), "%s is in no memory at that place of the code", x.Text)
	}
	o := operand{view: p.variableView(&h, g)}
	if !v.Escaped {
		return o, nil
	}
	to, ok := e.load(o)
	if !ok {
		return o, e.fail(len(e.text), "%s is on the heap, but the pointer to it is nil", x.Text)
	}
	to.whole = true
	return to, nil
}

// unknownParts names the part of a variable that the word of a goroutine with the given
// number is, of which it is not known which it is: ".?", and ".?2" for the second word that
// the variable holds something by.
func (p *naming) unknownParts(r *image.Root, v *frames.Var, fr *unwind.Frame, number int) string {
	n := 0
	for i := range number + 1 {
		if _, ok := v.Holds(&p.im.Pieces[r.First+i], fr.CFA(), uint64(p.im.Arch.PtrSize)); ok {
			n++
		}
	}
	if n > 1 {
		return fmt.Sprintf(".?%d", n)
	}
	return ".?"
}

// unknownPart is what such a part leads to.
func (e *evaluation) unknownPart(o operand, s *notation.Step) (operand, error) {
	p := e.p
	text, ok := strings.CutPrefix(s.Text, "?")
	number := 1
	if text != "" && ok {
		n, err := strconv.Atoi(text)
		number, ok = n, err == nil
	}
	if !ok || s.Kind != notation.Field {
		return o, e.fail(s.Pos, "%s was taken apart, and which part of it is where is not known: write %s.? for the first that leads to anything, %s.?2 for the second", o.parted.Name, o.parted.Name, o.parted.Name)
	}
	r := &p.im.Roots[p.im.Goroutines[e.goroutine].Root]
	for _, pc := range p.im.Pieces[r.First : r.First+r.N] {
		if _, ok := o.parted.Holds(&pc, o.frame.CFA(), uint64(p.im.Arch.PtrSize)); !ok {
			continue
		}
		if number--; number > 0 {
			continue
		}
		if to, ok := e.object(pc.Value); ok && number == 0 {
			return to, nil
		}
	}
	return o, e.fail(s.Pos, "%s was taken apart, and no such part of it leads to anything", o.parted.Name)
}
