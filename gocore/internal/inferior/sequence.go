package inferior

import "goheap/gocore/internal/types"

// Sequences are containers of the library whose items have a place and no key: a
// container/list.List, the ring that a container/ring.Ring is one of, and what a sync.Pool
// keeps, in the caches of the processors and in those that the next collection drops.
//
// Lists and rings are followed forwards, and each link must lead back: so none is met
// twice, whatever a damaged core holds.

// IsSequence reports whether values of a type are sequences.
func (s *Space) IsSequence(typ *types.Type) bool {
	l := &s.Layout.Library
	return typ.Kind == types.Struct && (l.List.Name.Is(typ.Name) || l.Ring.Name.Is(typ.Name) || l.Pool.Name.Is(typ.Name))
}

// ListLen returns how many items a container/list.List says that it has, and whether that
// can be. is says that it is one: other sequences have no count.
func (s *Space) ListLen(typ *types.Type, addr uint64) (n uint64, ok, is bool) {
	l := &s.Layout.Library
	if !l.List.Name.Is(typ.Name) {
		return 0, false, false
	}
	length, at, ok1 := s.Part(typ, addr, l.List.Len)
	root, to, ok2 := s.Part(typ, addr, l.List.Root)
	if !ok1 || !ok2 || length.Kind != types.Int {
		return 0, false, true
	}
	n, ok = s.Mem.Word(at)
	first, _ := link(s, root, to, l.ListElement.Next.Paths()[0])
	if first == 0 {
		return 0, ok && n == 0, true // nothing was put into it yet
	}
	back, _ := link(s, root, first, l.ListElement.Prev.Paths()[0])
	return n, ok && n < maxCount && back == to && (n == 0) == (first == to), true
}

// link reads a pointer of a structure at addr.
func link(s *Space, typ *types.Type, addr uint64, field string) (uint64, bool) {
	part, at, ok := s.follow(typ, addr, field)
	if !ok || part.Kind != types.Pointer && part.Kind != types.UnsafePointer {
		return 0, false
	}
	return s.Mem.Word(at)
}

// Items calls f with the type and the place of each item of a sequence, in its order,
// until it returns false.
func (s *Space) Items(typ *types.Type, addr uint64, f func(t types.ID, addr uint64) bool) {
	l := &s.Layout.Library
	switch {
	case l.List.Name.Is(typ.Name):
		n, ok, _ := s.ListLen(typ, addr)
		root, to, ok2 := s.Part(typ, addr, l.List.Root)
		if !ok || !ok2 {
			return
		}
		value, ok := FieldOf(root, l.ListElement.Value)
		owner, ok2 := FieldOf(root, l.ListElement.List)
		if !ok || !ok2 {
			return
		}
		linked(s, root, to, l.ListElement.Next.Paths()[0], l.ListElement.Prev.Paths()[0], func(at uint64) bool {
			of, _ := s.Mem.Word(at + owner.Offset)
			if n == 0 || of != addr {
				return false
			}
			n--
			return f(value.Type, at+value.Offset)
		})
	case l.Ring.Name.Is(typ.Name):
		value, ok := FieldOf(typ, l.Ring.Value)
		if !ok || !f(value.Type, addr+value.Offset) {
			return
		}
		linked(s, typ, addr, l.Ring.Next.Paths()[0], l.Ring.Prev.Paths()[0], func(at uint64) bool {
			return f(value.Type, at+value.Offset)
		})
	case l.Pool.Name.Is(typ.Name):
		Pooled(s, addr, func(t types.ID, addr uint64, _ bool) bool { return f(t, addr) })
	}
}

// Pooled calls f with the type and the place of each item of the sync.Pool at addr, until
// it returns false: last the victims, which the next collection drops.
func Pooled(s *Space, addr uint64, f func(t types.ID, addr uint64, victim bool) bool) {
	l := &s.Layout.Library
	victim := false
	p := pool{Space: s, seen: map[uint64]bool{}, f: func(t types.ID, addr uint64) bool { return f(t, addr, victim) }}
	if p.caches(s.wordAt(addr, l.Pool.Local), s.wordAt(addr, l.Pool.LocalSize)) {
		victim = true
		p.caches(s.wordAt(addr, l.Pool.Victim), s.wordAt(addr, l.Pool.VictimSize))
	}
}

// linked calls f with the nodes behind the one at first, until it is that again.
func linked(s *Space, typ *types.Type, first uint64, next, prev string, f func(at uint64) bool) {
	for from := first; ; {
		at, ok := link(s, typ, from, next)
		if !ok || at == 0 || at == first {
			return
		}
		if back, ok := link(s, typ, at, prev); !ok || back != from || !f(at) {
			return
		}
		from = at
	}
}

const (
	// maxQueues is more than the pool of a processor has: each is twice as large as
	// the one before (sync/poolqueue.go, pushHead).
	maxQueues = 64
	// maxProcs is more processors than any machine has.
	maxProcs = 1 << 16
)

// pool calls f with what a sync.Pool keeps.
type pool struct {
	*Space
	seen map[uint64]bool // the arrays that were looked at
	f    func(t types.ID, addr uint64) bool
}

// caches calls f with what n caches keep, and reports whether to go on.
func (s *pool) caches(locals, n uint64) bool {
	l := &s.Layout.Library
	id, _ := s.Types.Lookup(string(l.PoolLocal.Name))
	local := s.Types.Type(id)
	start, room, ok := s.Slot(locals)
	if !ok || local.Size == 0 || n > maxProcs || n > (room-(locals-start))/local.Size {
		return true
	}
	chain, _ := s.Types.Lookup(string(l.PoolChainElt.Name))
	for i := range n {
		at := locals + i*local.Size
		private, to, ok := s.Part(local, at, l.PoolLocal.Private)
		if !ok || private.Kind != types.Interface {
			return true
		}
		empty, _ := s.Types.Lookup("interface {}")
		if word, _ := s.Mem.Word(to); word != 0 && !s.f(empty, to) {
			return false
		}
		queue := s.wordAt(at, l.PoolLocal.Tail)
		for k := 0; k < maxQueues && queue != 0; k++ {
			if !s.queue(s.Types.Type(chain), queue, empty) {
				return false
			}
			queue = s.wordAt(queue, l.PoolChainElt.Next)
		}
	}
	return true
}

// queue is caches for one queue, a ring whose free places are zero (sync/poolqueue.go,
// poolDequeue). A slot is a sync.eface, which is as an empty interface.
func (s *pool) queue(chain *types.Type, addr uint64, item types.ID) bool {
	vals, at, ok := s.Part(chain, addr, s.Layout.Library.PoolChainElt.Vals)
	w := uint64(s.Arch.PtrSize)
	if !ok || vals.Kind != types.Slice || s.Types.Type(vals.Elem).Size != 2*w {
		return true
	}
	data, _ := s.Mem.Word(at)
	n, _ := s.Mem.Word(at + w)
	start, room, ok := s.Slot(data)
	if !ok || s.seen[start] || n > (room-(data-start))/(2*w) {
		return true
	}
	s.seen[start] = true
	for i := range n {
		if word, _ := s.Mem.Word(data + i*2*w); word != 0 && !s.f(item, data+i*2*w) {
			return false
		}
	}
	return true
}
