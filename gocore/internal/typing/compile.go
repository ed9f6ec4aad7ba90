package typing

import (
	"strings"

	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/types"
)

// compiled is what the walk needs of a type. Apart from layout and what the steps
// lead to, it does not change once it is made.
type compiled struct {
	id      types.ID
	size    uint64
	steps   []step
	mask    uint64     // which of the first 64 words are pointers
	made    uint64     // likewise as a part of what package reflect has made; 0 until it is needed
	shape   bool       // see ShapePrefix
	direct  *step      // the word of a value that interfaces store directly
	runtime *compiled  // of a map or channel, the structure that it points to; nil where unknown
	refine  refinement // nil for nearly all types
	// embedded says that refine knows of values that are parts of others, too.
	embedded bool
	layout   *inferior.Map // of a map, once one was walked
}

// ShapePrefix starts the names of the types that stand for all type arguments of
// one shape in the code of a generic function. No value has such a type: a claim
// of one says nothing.
const ShapePrefix = "go.shape."

// step is a types.Word with the compiled form of its target.
type step struct {
	off    uint64
	kind   types.WordKind
	target types.ID
	to     *compiled // nil until it is needed

	// For types.RepeatWord; sub for types.BufferWord, and all for types.SockaddrWord too.
	count, stride uint64
	sub           []step
}

// stepsOf compiles the words of a type.
func stepsOf(words []types.Word) []step {
	steps := make([]step, len(words))
	for i, w := range words {
		steps[i] = step{off: w.Offset, kind: w.Kind, target: w.Target, count: w.Count, stride: w.Stride}
		if len(w.Sub) > 0 {
			steps[i].sub = stepsOf(w.Sub)
		}
	}
	return steps
}

func (t *judge) compile(id types.ID) *compiled {
	if int(id) < len(t.compiled) && t.compiled[id] != nil {
		return t.compiled[id]
	}
	if id >= maxType {
		id = 0
	}
	typ := t.table.Type(id)
	c := &compiled{id: id, shape: strings.Contains(typ.Name, ShapePrefix) && !strings.HasPrefix(typ.Name, ClosurePrefix)}
	if !c.shape {
		c.size, c.steps = typ.Size, stepsOf(t.table.Words(id))
	}
	if len(c.steps) > 0 {
		c.mask = t.pointerMask(id, c.size, (*types.Table).PointerAt)
	}
	if len(c.steps) == 1 && t.table.Direct(id) {
		c.direct = &c.steps[0]
	}
	for int(id) >= len(t.compiled) {
		t.compiled = append(t.compiled, make([]*compiled, 1+len(t.compiled))...)
	}
	t.compiled[id] = c
	if typ.Runtime != 0 {
		c.runtime = t.compile(typ.Runtime)
	}
	c.refine = t.refinementOf(typ)
	c.embedded = t.space.Layout.Library.RuntimeTimer.Name.Is(typ.Name)
	return c
}

// pointerMask returns which of the first 64 words of a type are pointers, which at says.
func (t *judge) pointerMask(id types.ID, size uint64, at func(*types.Table, types.ID, uint64) bool) (mask uint64) {
	w := uint64(t.arch.PtrSize)
	for i := uint64(0); i < 64 && (i+1)*w <= size; i++ {
		if at(t.table, id, i*w) {
			mask |= 1 << i
		}
	}
	return mask
}
