package reach

import (
	"goheap/gocore/internal/frames"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/types"
)

// roots covers what the roots hold, and what specials keep.
func (w *walker) roots() {
	for i := range w.Image.Roots {
		w.root(i)
	}
	w.specials()
}

// root covers what a root holds.
func (w *walker) root(i int) {
	r := &w.Image.Roots[i]
	pieces := w.Image.Pieces[r.First : r.First+r.N]
	switch r.Kind {
	case image.GoroutineRoot:
		w.goroutine(int(r.Goroutine), pieces)
	case image.GlobalRoot:
		w.global(r, pieces)
	default:
		w.pieces(pieces)
	}
}

// specials covers what specials keep.
func (w *walker) specials() {
	im := w.Image
	for _, list := range [...][]image.Special{im.Specials, im.Queued} {
		for i := range list {
			for _, p := range list[i].Keeps {
				w.mark(p)
			}
		}
	}
}

// pieces makes whole what words hold of which no more is known. A word that the collector
// only suspects to be a pointer is none where the slot is free.
func (w *walker) pieces(pieces []image.Piece) {
	for i := range pieces {
		w.mark(pieces[i].Value)
	}
}

// global covers what a variable of a package holds.
func (w *walker) global(r *image.Root, pieces []image.Piece) {
	c := w.compile(r.Type)
	for i := range pieces {
		pc := &pieces[i]
		off := pc.Slot - r.Addr
		if r.Type == 0 || c.size == 0 || pc.Slot < r.Addr || off/c.size >= max(r.Count, 1) {
			w.mark(pc.Value)
			continue
		}
		at := r.Addr + off/c.size*c.size
		data := w.mem.Bytes(at, c.size)
		x, in, ok := find(c.steps, pc.Slot-at, w.word)
		if !ok || uint64(len(data)) < c.size {
			w.mark(pc.Value)
			continue
		}
		w.follow(x, w.at(data, in, 0), data, in)
	}
}

// goroutine covers what the words of a stack hold: by the variables that they are in, and
// wholly where they are in none.
func (w *walker) goroutine(gi int, pieces []image.Piece) {
	if len(pieces) == 0 || gi < 0 {
		w.pieces(pieces)
		return
	}
	w.stacks = true
	defer func() { w.stacks = false }()
	s := stack{walker: w, open: map[uint64]bool{}, done: map[uint64]bool{}, registers: map[uint64]bool{}}
	for i := range pieces {
		if pc := &pieces[i]; pc.Slot != 0 && !pc.Conservative {
			s.open[pc.Slot] = true
		}
	}
	walked, words := w.Frames.Walk(gi)
	w.Frames.Each(gi, walked, words, func(v *frames.Var, data []byte, slots map[uint64]uint64) {
		s.v, s.slots = v, slots
		s.variable(data, w.compile(v.Type).steps, 0)
	})
	for i := range pieces {
		pc := &pieces[i]
		if pc.Slot != 0 && s.done[pc.Slot] && !pc.Conservative || pc.Slot == 0 && s.registers[pc.Value] {
			continue
		}
		w.mark(pc.Value)
	}
}

// stack is what is being found out about the words of one.
type stack struct {
	*walker
	open      map[uint64]bool // addresses of words that hold something, and that the collector follows
	done      map[uint64]bool // of these, those that are in variables
	registers map[uint64]bool // words in registers that are in variables
	v         *frames.Var
	slots     map[uint64]uint64 // see frames.Reader.Each
}

// variable covers what the words of a variable lead to; data begins at an offset in it.
func (s *stack) variable(data []byte, steps []step, base uint64) {
	for i := range steps {
		x := &steps[i]
		if x.kind == types.RepeatWord {
			for k := range x.count {
				if x.off+(k+1)*x.stride > uint64(len(data)) {
					break
				}
				s.variable(data, x.sub, base+x.off+k*x.stride)
			}
			continue
		}
		off := base + x.off
		at := off
		if x.kind == types.EfaceWord || x.kind == types.IfaceWord || x.kind == types.TracedEfaceWord {
			at += s.word
		}
		p := s.at(data, at, 0)
		slot, ok := s.slots[at]
		switch {
		case p == 0 || !ok:
			continue
		case slot == frames.InRegister:
			s.registers[p] = true
		case !s.open[slot]:
			continue
		default:
			s.done[slot] = true
		}
		s.held(x, p, data, off)
	}
}

// held is follow for a variable of which some words are not known.
func (s *stack) held(x *step, p uint64, data []byte, off uint64) {
	switch x.kind {
	case types.StringWord:
		if !s.known(off + s.word) {
			s.onwards(p)
			return
		}
	case types.SliceWord, types.BufferWord, types.SockaddrWord:
		if !s.known(off+s.word) || !s.known(off+2*s.word) {
			s.onwards(p)
			return
		}
	case types.EfaceWord, types.IfaceWord, types.TracedEfaceWord, types.ReflectWord:
		if !s.known(off) || x.kind == types.ReflectWord {
			s.mark(p)
			return
		}
		p = s.at(data, off, 0)
	}
	s.follow(x, p, data, off)
}

// known reports whether it is known what the word at an offset in the variable is.
func (s *stack) known(off uint64) bool {
	for _, p := range s.v.Parts {
		if off >= p.Off && off+s.word <= p.Off+p.Size {
			return true
		}
	}
	for _, r := range s.v.Regs {
		if r.Off == off {
			return true
		}
	}
	for _, f := range s.v.Fixed {
		if f.Off == off {
			return true
		}
	}
	return false
}
