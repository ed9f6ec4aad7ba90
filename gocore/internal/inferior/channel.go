package inferior

import (
	"math/bits"

	"goheap/gocore/internal/types"
)

// Chan is what the header of a channel says (runtime.hchan, runtime/chan.go).
type Chan struct {
	Queued, Capacity uint64
	First            uint64 // place in the buffer of the element that is received next
	Buffer           uint64 // address
	Closed           bool
}

// Chan reads the header of a channel at addr, and reports whether it can be one. r may
// be nil.
func (s *Space) Chan(r *Reader, addr uint64) (c Chan, ok bool) {
	l, a := &s.Layout.Hchan, s.Arch
	b := s.bytes(r, addr, uint64(l.Size))
	if len(b) == 0 {
		return c, false
	}
	c = Chan{
		Queued: l.Qcount.Uint(a, b), Capacity: l.Dataqsiz.Uint(a, b), First: l.Recvx.Uint(a, b),
		Buffer: l.Buf.Uint(a, b), Closed: l.Closed.Uint(a, b) != 0,
	}
	return c, c.Queued <= c.Capacity && c.Capacity < maxCount && (c.First == 0 || c.First < c.Capacity)
}

// bytes reads through r, or without one.
func (s *Space) bytes(r *Reader, addr, n uint64) []byte {
	if r != nil {
		return r.Bytes(addr, n)
	}
	b, _ := s.Mem.Slice(addr, n)
	return b
}

// ChanSize returns how many bytes the header of the channel at addr takes with what
// stands behind it: elements without pointers are in the same object (runtime/chan.go,
// makechan). elem is the size of an element, pointers says whether it has any.
func (s *Space) ChanSize(r *Reader, addr, elem uint64, pointers bool) (size uint64, ok bool) {
	header := uint64(s.Layout.Hchan.Size)
	if pointers {
		return header, true
	}
	c, _ := s.Chan(r, addr)
	hi, size := bits.Mul64(c.Capacity, elem)
	return header + size, hi == 0 && size < maxCount
}

// ChanBuffer returns the buffer of the channel at addr, whose elements are of type elem
// and have pointers: it is an object of its own.
func (s *Space) ChanBuffer(r *Reader, addr uint64, elem types.ID) (Part, bool) {
	c, _ := s.Chan(r, addr)
	return Part{Addr: c.Buffer, N: c.Capacity, Type: elem, Array: true}, c.Buffer != 0 && c.Capacity > 0
}

// ChanUntraced reports whether the runtime allocates the channel at addr as if it had
// no pointers, since what it points to is held elsewhere: its elements have none, or it
// has no buffer (runtime/chan.go, makechan). elem and pointers are those of ChanSize.
func (s *Space) ChanUntraced(r *Reader, addr, elem uint64, pointers bool) bool {
	if !pointers || elem == 0 {
		return true
	}
	c, _ := s.Chan(r, addr)
	return c.Capacity == 0
}

// Place returns where in the buffer the element stands that is received after i others.
func (c *Chan) Place(i uint64) (place uint64, ok bool) {
	if i >= c.Queued || i >= c.Capacity || c.First >= c.Capacity {
		return 0, false
	}
	if place = c.First + i; place >= c.Capacity {
		place -= c.Capacity
	}
	return place, true
}

// Queue returns how many others are received before the element at a place of the
// buffer, and whether it is in the queue.
func (c *Chan) Queue(place uint64) (i uint64, ok bool) {
	if place >= c.Capacity || c.First >= c.Capacity {
		return 0, false
	}
	i = place - c.First
	if place < c.First {
		i += c.Capacity
	}
	return i, i < c.Queued
}

// maxWaiting bounds the list of goroutines that wait at a channel.
const maxWaiting = 1 << 20

// ChanWaiting returns the addresses of the goroutines (runtime.g) that wait at the
// channel at addr to receive and to send, each once: one that selects may stand in a
// queue several times. A list that does not end is damaged and counts as empty.
func (s *Space) ChanWaiting(addr uint64) (receivers, senders []uint64) {
	l := &s.Layout.Hchan
	return s.waiting(s.wordAt(addr, l.RecvqFirst)), s.waiting(s.wordAt(addr, l.SendqFirst))
}

// Wait is a value that a goroutine waits to send to a channel, or a place for one that
// it waits to receive, which is mostly on its stack.
type Wait struct {
	Elem uint64 // its address
	Type uint64 // of the descriptor of its type
}

// Waits returns what a goroutine waits for at channels: several in a select. first is
// the address of its first runtime.sudog (g.waiting, runtime/runtime2.go). A list that
// does not end is damaged and counts as empty.
func (s *Space) Waits(first uint64) []Wait {
	l := &s.Layout.Sudog
	var out []Wait
	visited := map[uint64]bool{}
	for at := first; at != 0; {
		b, ok := s.Mem.Slice(at, uint64(l.Size))
		if visited[at] || len(visited) >= maxWaiting || !ok {
			return nil
		}
		visited[at] = true
		elem, channel := l.ElemAddr, l.CAddr
		if !elem.Has() || !channel.Has() {
			elem, channel = l.Elem, l.C
		}
		w := Wait{Elem: elem.Uint(s.Arch, b)}
		if c := channel.Uint(s.Arch, b); c != 0 && w.Elem != 0 {
			if w.Type = s.wordAt(c, s.Layout.Hchan.Elemtype); w.Type != 0 {
				out = append(out, w)
			}
		}
		at = l.Waitlink.Uint(s.Arch, b)
	}
	return out
}

// waiting follows a list of runtime.sudog.
func (s *Space) waiting(first uint64) []uint64 {
	l := &s.Layout.Sudog
	var out []uint64
	seen, visited := map[uint64]bool{}, map[uint64]bool{}
	for at := first; at != 0; {
		b, ok := s.Mem.Slice(at, uint64(l.Size))
		if visited[at] || len(visited) >= maxWaiting || !ok {
			return nil
		}
		visited[at] = true
		if g := l.G.Uint(s.Arch, b); !seen[g] {
			seen[g] = true
			out = append(out, g)
		}
		at = l.Next.Uint(s.Arch, b)
	}
	return out
}
