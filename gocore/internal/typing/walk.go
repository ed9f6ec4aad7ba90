package typing

import (
	"math/bits"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/types"
	"goheap/heap"
)

// dynCached remembers the dynamic type behind the first word of an interface.
type dynCached struct {
	word uint64
	to   *compiled
}

const dynCacheLen = 64

// byItab returns the dynamic type that an itab stands for: its second word
// (internal/abi.ITab).
func (t *Typer) byItab(addr uint64) types.ID {
	if id, ok := t.itabs[addr]; ok {
		return id
	}
	var id types.ID
	if typ := t.space.ItabType(addr); typ != 0 {
		id = t.byDescriptor(typ)
	}
	t.itabs[addr] = id
	return id
}

// walkObject follows the pointers in an object by its type.
func (t *Typer) walkObject(n heap.Node) {
	id, f := SplitTypeID(t.idOf(n))
	e := &t.im.Extents[t.near]
	if uint32(n-e.First) >= e.N {
		t.near = t.g.ExtentOf(n)
		e = &t.im.Extents[t.near]
	}
	slot, head := e.Base+uint64(n-e.First)*e.Elem, t.headerSize(e)
	c := t.compile(id)
	if f == Container {
		t.walkContainer(slot+head, c)
		return
	}
	if len(c.steps) == 0 || c.size == 0 || f == StringData {
		return
	}
	size := c.size
	if f == ManyValues {
		size = t.im.Filled(e, slot, e.Elem-head, c.size)
	}
	t.walkValues(t.Mem.Bytes(slot+head, min(size, e.Elem-head)), c)
}

// WalkStatic follows the pointers in a value outside the heap.
func (t *Typer) WalkStatic(s Static) {
	t.within = s
	t.WalkRange(s.Addr, s.Type, s.N)
	t.within = Static{}
}

// WalkRange follows the pointers in n values of type id at addr.
func (t *Typer) WalkRange(addr uint64, id types.ID, n uint64) {
	c := t.compile(id)
	if len(c.steps) == 0 || c.size == 0 {
		return
	}
	hi, size := bits.Mul64(c.size, n)
	if hi != 0 {
		return
	}
	t.walkValues(t.Mem.Bytes(addr, size), c)
}

// Overlap says, in words for people, why the reader of a walk refuses: see
// inferior.Reader.Take.
const Overlap = "there is more to follow than memory, so that the core is damaged"

// walkTimes is how many times as much as the core holds is walked at most. A value
// is walked again when a better claim finds it, and some overlap, but only in a
// damaged core do they overlap without end.
const walkTimes = 16

// maxPiece is how many bytes of one array are walked between looks at the context.
const maxPiece = 1 << 20

func (t *Typer) walkValues(data []byte, c *compiled) {
	for uint64(len(data)) > maxPiece {
		piece := max(maxPiece/c.size, 1) * c.size
		piece = min(piece, uint64(len(data)))
		if !t.walkPiece(data[:piece], c) {
			return
		}
		data = data[piece:]
	}
	t.walkPiece(data, c)
}

func (t *Typer) walkPiece(data []byte, c *compiled) bool {
	if !t.Mem.Take(uint64(len(data))) {
		return false
	}
	for uint64(len(data)) >= c.size {
		t.walkSteps(data[:c.size], c.steps)
		data = data[c.size:]
	}
	return true
}

func (t *Typer) walkSteps(data []byte, steps []step) {
	w := uint64(t.arch.PtrSize)
	for i := range steps {
		x := &steps[i]
		if x.off+w > uint64(len(data)) {
			return
		}
		if x.kind == types.RepeatWord {
			for k := range x.count {
				at := x.off + k*x.stride
				if at+x.stride > uint64(len(data)) {
					break
				}
				t.walkSteps(data[at:at+x.stride], x.sub)
			}
			continue
		}
		if p := t.arch.Word(data[x.off:]); p != 0 {
			t.follow(x, p, data)
		}
	}
}

// wordAt reads the word i words behind off; 0 where there is none.
func (t *Typer) wordAt(data []byte, off, i uint64) uint64 {
	w := uint64(t.arch.PtrSize)
	if at := off + i*w; at+w <= uint64(len(data)) {
		return t.arch.Word(data[at:])
	}
	return 0
}

// follow claims what the step x of a value, which holds p, leads to.
func (t *Typer) follow(x *step, p uint64, data []byte) {
	if x.to == nil {
		x.to = t.compile(x.target)
	}
	switch x.kind {
	case types.PointerWord:
		t.point(claim{p: p, n: 1, x: x.to, evidence: ByPointer})
	case types.SliceWord, types.BufferWord:
		n := t.wordAt(data, x.off, 2)
		if n == 0 {
			return
		}
		if x.kind == types.BufferWord {
			outer := &x.sub[0]
			if at, ok := t.im.Pages.Find(p); ok && at.Pointers != image.NoPointers && at.Off == outer.off && !isChunk(t, at.Node) {
				t.point(claim{p: p - at.Off, n: 1, x: t.compile(outer.target), evidence: ByPointer})
				return
			}
		}
		t.point(claim{p: p, n: n, x: x.to, Form: ManyValues, evidence: ByPointer})
	case types.SockaddrWord:
		n := t.wordAt(data, x.off, 2)
		if n == 0 {
			return
		}
		if !t.pointSockaddr(x, p, n, data) {
			t.point(claim{p: p, n: n, x: x.to, Form: ManyValues, evidence: ByPointer})
		}
	case types.StringWord:
		if n := t.wordAt(data, x.off, 1); n > 0 {
			t.point(claim{p: p, n: n, x: t.strings, Form: StringData, evidence: ByPointer})
		}
	case types.EfaceWord, types.TracedEfaceWord, types.IfaceWord:
		v := t.wordAt(data, x.off, 1)
		if v == 0 {
			return
		}
		to := t.dynamicType(p, x.kind)
		if to.id == 0 {
			return
		}
		if d := to.direct; d != nil {
			t.follow(d, v, nil)
			return
		}
		t.point(claim{p: v, n: 1, x: to, evidence: ByInterface})
	case types.ArrayWord:
		n := t.wordAt(data, x.off, 1)
		if n == 0 {
			// The victims of a sync.Pool whose size was set to 0 are alive
			// until the next collection (sync/pool.go, getSlow).
			n = t.capacity(p, x.to.size)
		}
		if n > 0 {
			t.point(claim{p: p, n: n, x: x.to, Form: ManyValues, evidence: ByContainer})
		}
	case types.ReflectWord:
		w := uint64(t.arch.PtrSize)
		desc := t.wordAt(data, x.off-w, 0)
		if desc == 0 {
			return
		}
		to := t.dynamicType(desc, types.EfaceWord)
		if to.id == 0 {
			return
		}
		if t.wordAt(data, x.off, 1)&reflectIndirect != 0 {
			t.point(claim{p: p, n: 1, x: to, evidence: ByInterface})
		} else if d := to.direct; d != nil {
			t.follow(d, p, nil)
		}
	case types.FuncWord:
		t.PointClosure(p)
	case types.MapWord, types.ChanWord:
		if x.to.runtime != nil {
			t.point(claim{p: p, n: 1, x: x.to, Form: Container, evidence: ByContainer})
		}
	}
}

// pointSockaddr claims the socket address that the n bytes of an IP address at p are a
// part of, if they are one that has the same port: see types.SockaddrWord.
func (t *Typer) pointSockaddr(x *step, p, n uint64, data []byte) bool {
	at, ok := t.im.Pages.Find(p)
	if !ok {
		return false
	}
	w := uint64(t.arch.PtrSize)
	for i := range x.sub {
		of := &x.sub[i]
		if n != of.count || at.Off != of.off || at.Pointers != image.NoPointers {
			continue
		}
		port := t.wordAt(data, x.off+of.stride, 0)
		if b := t.Mem.Bytes(p-of.off, w); b != nil && t.arch.Word(b) == port {
			t.point(claim{p: p - of.off, n: 1, x: t.compile(of.target), evidence: ByPointer})
			return true
		}
	}
	return false
}

// reflectIndirect is the flag of a reflect.Value that holds a pointer to the value
// (reflect/value.go, flagIndir).
const reflectIndirect = 1 << 7

// capacity returns how many values of the given size fit into the object at p, up to its
// last pointer; 0 where p is not the start of one.
func (t *Typer) capacity(p, size uint64) uint64 {
	at, ok := t.im.Pages.Find(p)
	if !ok || at.Off != 0 || size == 0 {
		return 0
	}
	e := &t.im.Extents[t.g.ExtentOf(at.Node)]
	return t.im.Filled(e, p, t.usable(e), size) / size
}

// dynamicType returns the type of the value in an interface whose first word is
// given: a descriptor, or an itab. Its id is 0 where it is not known.
func (t *Typer) dynamicType(word uint64, kind types.WordKind) *compiled {
	// Descriptors and itabs are aligned, and never at the same address.
	at := &t.cached[word/16%dynCacheLen]
	if at.word == word {
		return at.to
	}
	id := types.ID(0)
	if kind == types.IfaceWord {
		id = t.byItab(word)
	} else {
		id = t.byDescriptor(word)
	}
	if id == 0 {
		return t.compile(0) // it may be the other: types that may fit ask for both
	}
	*at = dynCached{word, t.compile(id)}
	return at.to
}

// walkLive follows those pointers of a value on a stack that live reports.
func (t *Typer) walkLive(data []byte, c *compiled, live func(off uint64) bool) {
	w := uint64(t.arch.PtrSize)
	for i := range c.steps {
		x := &c.steps[i]
		if x.kind == types.RepeatWord || x.off+w > uint64(len(data)) {
			continue
		}
		at := x.off
		if x.kind == types.EfaceWord || x.kind == types.IfaceWord {
			at += w
		}
		p := t.arch.Word(data[x.off:])
		if p == 0 || !live(at) {
			continue
		}
		if x.kind == types.SliceWord && t.wordAt(data, x.off, 2) == 0 {
			// A live slice whose capacity is in a register, or nowhere, has
			// at least its length, and one element.
			n := max(1, t.wordAt(data, x.off, 1))
			t.point(claim{p: p, n: n, x: t.compile(x.target), Form: ManyValues, evidence: ByPointer})
			continue
		}
		t.follow(x, p, data)
	}
}
