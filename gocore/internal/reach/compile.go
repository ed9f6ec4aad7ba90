package reach

import (
	"strings"

	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
)

// compiled is what the walk needs of a type.
type compiled struct {
	id    types.ID
	size  uint64
	steps []step
	// opaque says that a pointer to a value of the type may lead further than the value: a
	// type that is not known, and those that the runtime and its library declare, who put
	// larger structures behind pointers to their first part.
	opaque bool
	direct *step // the word of a value that interfaces store directly
	bufio  bool  // see walker.buffer
}

// step is a types.Word with the compiled form of its target.
type step struct {
	off    uint64
	kind   types.WordKind
	target types.ID
	to     *compiled // nil until it is needed

	count, stride uint64 // of a types.RepeatWord
	sub           []step
}

func stepsOf(words []types.Word) []step {
	steps := make([]step, len(words))
	for i, w := range words {
		steps[i] = step{off: w.Offset, kind: w.Kind, target: w.Target}
		if w.Kind == types.RepeatWord {
			steps[i].count, steps[i].stride, steps[i].sub = w.Count, w.Stride, stepsOf(w.Sub)
		}
	}
	return steps
}

func (w *walker) compile(id types.ID) *compiled {
	if int(id) < len(w.compiled) && w.compiled[id] != nil {
		return w.compiled[id]
	}
	typ := w.Types.Type(id)
	c := &compiled{id: id, size: typ.Size}
	if strings.Contains(typ.Name, typing.ShapePrefix) && !strings.HasPrefix(typ.Name, typing.ClosurePrefix) {
		c.opaque = true
	} else {
		c.steps = stepsOf(w.Types.Words(id))
	}
	c.opaque = c.opaque || typ.Kind == types.Invalid || w.Space.Layout.Casts(typ.Package, typ.Name)
	if len(c.steps) == 1 && c.steps[0].off == 0 && w.Types.Direct(id) {
		c.direct = &c.steps[0]
	}
	l := &w.Space.Layout.Library
	c.bufio = l.BufioReader.Name.Is(typ.Name) || l.BufioWriter.Name.Is(typ.Name)
	for int(id) >= len(w.compiled) {
		w.compiled = append(w.compiled, make([]*compiled, 1+len(w.compiled))...)
	}
	w.compiled[id] = c
	return c
}

// find returns the step of which the collector follows the word at off, and where the
// step's value begins.
func find(steps []step, off, word uint64) (x *step, at uint64, ok bool) {
	lo, hi := 0, len(steps)
	for lo < hi {
		if mid := (lo + hi) / 2; steps[mid].off <= off {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 {
		return nil, 0, false
	}
	x = &steps[lo-1]
	rest := off - x.off
	switch {
	case x.kind == types.RepeatWord:
		if x.stride == 0 || rest/x.stride >= x.count {
			return nil, 0, false
		}
		in, at, ok := find(x.sub, rest%x.stride, word)
		return in, x.off + rest/x.stride*x.stride + at, ok
	case x.kind == types.EfaceWord || x.kind == types.IfaceWord:
		return x, x.off, rest == word
	case x.kind == types.TracedEfaceWord:
		return x, x.off, rest == word || rest == 0
	}
	return x, x.off, rest == 0
}
