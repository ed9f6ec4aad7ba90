package typing

import (
	"math/bits"
	"strings"

	"goheap/gocore/internal/types"
)

// Stack is what following typed pointers from the variables of a goroutine
// into its own stack needs. Most of what stands there has no name: composite
// literals and the headers of maps that do not escape.
type Stack struct {
	lo, hi uint64
	live   map[uint64]bool // addresses of words that the collector follows
	seen   map[Static]bool
	words  uint64 // that may still be read
}

// NewStack is of the stack [lo, hi). live, which it keeps, has the addresses of the words
// that the collector follows.
func NewStack(lo, hi uint64, live map[uint64]bool) *Stack {
	// Values overlap where a structure and its first field are both pointed to,
	// but no program makes much of that.
	return &Stack{lo: lo, hi: hi, live: live, seen: map[Static]bool{}, words: 4 * (hi - lo)}
}

// WalkVariable follows those pointers of a variable on a stack, given by its bytes, that
// live reports, by their offsets.
func (t *Typer) WalkVariable(s *Stack, typ types.ID, data []byte, live func(off uint64) bool) {
	t.onStack = s
	t.walkLive(data, t.compile(typ), live)
	t.onStack = nil
}

// PointVariable claims a value of a type at p, which may be on a stack.
func (t *Typer) PointVariable(s *Stack, typ types.ID, p uint64) {
	t.onStack = s
	t.point(claim{p: p, n: 1, x: t.compile(typ), evidence: ByPointer})
	t.onStack = nil
}

// PointMap claims the map at p, which may be on a stack; typ is of a map.
func (t *Typer) PointMap(s *Stack, typ types.ID, p uint64) {
	if x := t.compile(typ); x.runtime != nil {
		t.onStack = s
		t.point(claim{p: p, n: 1, x: x, Form: Container, evidence: ByContainer})
		t.onStack = nil
	}
}

// PointMade claims what was made at p: a value of a type, as many of them as there is room
// for, or a map or channel. Only the runtime says so much of the whole of an object.
func PointMade(t *Typer, s *Stack, typ types.ID, form Form, p uint64) {
	x := t.compile(typ)
	c := claim{p: p, n: 1, x: x, Form: form, evidence: ByPointer}
	switch form {
	case Container:
		if x.runtime == nil {
			return
		}
		c.evidence = ByContainer
	case OneValue:
		if IsClosure(t.table, typ) {
			t.PointClosure(p)
			return
		}
	case ManyValues:
		if c.n = t.capacity(p, x.size); c.n == 0 {
			return
		}
	}
	t.onStack = s
	t.point(c)
	t.onStack = nil
}

// IsClosure reports whether a type is the structure that the compiler makes closures of
// (cmd/compile/internal/typecheck, ClosureType, Go 1.26; in Go 1.18 the field is .F).
func IsClosure(table *types.Table, typ types.ID) bool {
	x := table.Type(typ)
	return x.Kind == types.Struct && x.Package == "" && len(x.Fields) > 0 &&
		strings.TrimPrefix(x.Fields[0].Name, ".") == "F" && table.Type(x.Fields[0].Type).Kind == types.Uintptr
}

// PointValue claims a value of a type at p.
func (t *Typer) PointValue(typ types.ID, p uint64) {
	t.point(claim{p: p, n: 1, x: t.compile(typ), evidence: ByPointer})
}

// ByDescriptor returns the type that the descriptor at addr describes; 0 for none.
func (t *Typer) ByDescriptor(addr uint64) types.ID { return t.byDescriptor(addr) }

// pointStack follows the live pointers of values on the stack that something
// typed on the same stack points to.
func (t *Typer) pointStack(c claim) {
	s := t.onStack
	at := Static{c.p, c.x.id, c.n}
	if c.Form == StringData || s.seen[at] {
		return
	}
	s.seen[at] = true
	x := c.x
	if c.Form == Container {
		x = c.x.runtime
	}
	hi, size := bits.Mul64(x.size, c.n)
	if hi != 0 || size == 0 || size > s.hi-c.p || size > s.words {
		return
	}
	s.words -= size
	data := t.Mem.Bytes(c.p, size)
	if uint64(len(data)) < size {
		return
	}
	if c.Form == Container {
		for off := uint64(0); off < size; off += uint64(t.arch.PtrSize) {
			if t.table.PointerAt(x.id, off) && t.arch.Word(data[off:]) != 0 && !s.live[c.p+off] {
				return
			}
		}
		t.walkContainer(c.p, c.x)
		return
	}
	for addr := c.p; uint64(len(data)) >= x.size; addr, data = addr+x.size, data[x.size:] {
		t.walkLive(data[:x.size], x, func(off uint64) bool { return s.live[addr+off] })
	}
}

// PointInterface claims what an interface with methods holds, by its two words.
func (t *Typer) PointInterface(s *Stack, itab, p uint64) {
	to := t.dynamicType(itab, types.IfaceWord)
	if to.id == 0 || p == 0 {
		return
	}
	t.onStack = s
	if d := to.direct; d != nil {
		t.follow(d, p, nil)
	} else {
		t.point(claim{p: p, n: 1, x: to, evidence: ByInterface})
	}
	t.onStack = nil
}
