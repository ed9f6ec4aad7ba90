package inferior

import (
	"slices"
	"testing"

	"goheap/gocore/internal/types"
	"goheap/internal/arch"
)

// channels declares channels of pointers and of numbers.
func (p *program) channels() {
	p.structure("runtime.g", "goid uint64")
	p.pointer("runtime.g")
	p.pointer("runtime.sudog")
	p.structure("runtime.sudog", "g *runtime.g", "next *runtime.sudog", "prev *runtime.sudog", "elem unsafe.Pointer", "waitlink *runtime.sudog", "c unsafe.Pointer")
	p.structure("runtime.waitq", "first *runtime.sudog", "last *runtime.sudog")
	p.structure("runtime.hchan", "qcount int", "dataqsiz int", "buf unsafe.Pointer", "elemsize uint16", "closed uint32",
		"timer unsafe.Pointer", "elemtype unsafe.Pointer", "sendx int", "recvx int", "recvq runtime.waitq", "sendq runtime.waitq")
	p.pointer("runtime.hchan")
	p.structure("main.Item", "n int", "next "+p.pointer("main.Item"))
	p.typedef("chan main.Item", "*runtime.hchan", types.Chan, "", "main.Item")
	p.typedef("chan int", "*runtime.hchan", types.Chan, "", "int")
}

// What waits in a channel is told in the order in which it is received, by place and
// by queue, wherever the buffer has wrapped around.
func TestChan(t *testing.T) {
	eachArch(t, func(t *testing.T, a arch.Arch) {
		p := newProgram(t, a, 1)
		p.channels()
		s := p.link()
		id := p.id("chan main.Item")
		size := p.size("main.Item")
		header := p.alloc("runtime.hchan", 1)
		for _, capacity := range []uint64{0, 1, 2, 7} {
			buffer := p.alloc("main.Item", max(1, capacity))
			for first := range max(1, capacity) {
				for queued := range capacity + 1 {
					closed := p.r.Uint64N(2)
					p.put(header, "runtime.hchan", "qcount", queued)
					p.put(header, "runtime.hchan", "dataqsiz", capacity)
					p.put(header, "runtime.hchan", "buf", buffer)
					p.put(header, "runtime.hchan", "closed", closed)
					p.put(header, "runtime.hchan", "recvx", first)
					want := Chan{Queued: queued, Capacity: capacity, First: first, Buffer: buffer, Closed: closed != 0}
					for _, r := range []*Reader{nil, p.reader()} {
						if c, ok := s.Chan(r, header); !ok || c != want {
							t.Fatalf("%+v, %t, want %+v", c, ok, want)
						}
					}
					// A queue as a plain list of places.
					var queue []uint64
					for i := range queued {
						queue = append(queue, (first+i)%capacity)
					}
					for i := range capacity + 2 {
						got, ok := want.Place(i)
						if ok != (i < queued) || ok && got != queue[i] {
							t.Fatalf("%+v: element %d is at place %d, %t, want %d", want, i, got, ok, queue)
						}
						at := slices.Index(queue, i)
						if got, ok := want.Queue(i); ok != (at >= 0) || ok && got != uint64(at) {
							t.Fatalf("%+v: place %d is element %d, %t, want %d", want, i, got, ok, at)
						}
					}
					// The same for whoever comes along a chain of pointers.
					step := s.Step(Header(id), header, header+p.at("runtime.hchan", "buf"))
					if step.Kind != ToPart {
						t.Fatalf("the buffer: %+v", step)
					}
					for off := uint64(0); off < (capacity+1)*size; off += p.word() {
						at := slices.Index(queue, off/size)
						got := s.Step(step.Next, buffer, buffer+off)
						want := Step{}
						if at >= 0 {
							want = Step{Kind: InQueue, Index: uint64(at), Addr: buffer + off/size*size, Type: p.id("main.Item")}
						}
						if got != want {
							t.Fatalf("the word at %d of the buffer is %+v, want %+v", off, got, want)
						}
					}
					part, ok := s.ChanBuffer(p.reader(), header, p.id("main.Item"))
					if ok != (capacity > 0) || ok && part != (Part{Addr: buffer, N: capacity, Type: p.id("main.Item"), Array: true}) {
						t.Fatalf("the buffer is %+v, %t", part, ok)
					}
					for _, pointers := range []bool{false, true} {
						want := p.size("runtime.hchan")
						if !pointers {
							want += capacity * size
						}
						if n, ok := s.ChanSize(p.reader(), header, size, pointers); !ok || n != want {
							t.Fatalf("the header takes %d bytes, %t, want %d", n, ok, want)
						}
						if got := s.ChanUntraced(nil, header, size, pointers); got != (!pointers || capacity == 0) {
							t.Fatalf("%+v with pointers %t is untraced: %t", want, pointers, got)
						}
					}
				}
			}
		}
		if s.Step(Header(id), header, header+p.at("runtime.hchan", "sendq.first")).Kind != InHeader {
			t.Error("a queue of goroutines is no field of the header")
		}
		for _, damage := range []struct{ queued, capacity, first uint64 }{
			{3, 2, 0}, {0, 2, 2}, {0, 0, 1}, {1, 1 << 30, 1 << 31}, {1<<31 - 1, 5, 0},
		} {
			p.put(header, "runtime.hchan", "qcount", damage.queued)
			p.put(header, "runtime.hchan", "dataqsiz", damage.capacity)
			p.put(header, "runtime.hchan", "recvx", damage.first)
			c, ok := s.Chan(nil, header)
			if ok {
				t.Errorf("%+v is a channel", damage)
			}
			for i := range uint64(8) {
				if place, ok := c.Place(i); ok && place >= damage.capacity {
					t.Errorf("%+v: element %d is at %d", damage, i, place)
				}
			}
			if step := s.Step(Place{Type: id, Stage: atBuffer, header: header}, header, header); step != (Step{}) {
				t.Errorf("%+v: %+v", damage, step)
			}
		}
		if _, ok := s.Chan(nil, 1<<20); ok {
			t.Error("a channel is where there is no memory")
		}
	})
}

// A goroutine that waits has the values of all channels that it waits at, in the order of
// the list; what waits at no channel, or without a value, is left out. A list that does
// not end, or leaves the memory, has none.
func TestWaits(t *testing.T) {
	eachArch(t, func(t *testing.T, a arch.Arch) {
		for _, loop := range []int{-1, 0, 1, 3, -2} {
			p := newProgram(t, a, 1)
			p.channels()
			s := p.link()
			list := make([]uint64, 4)
			for i := range list {
				list[i] = p.alloc("runtime.sudog", 1)
			}
			var want []Wait
			for i := range list {
				header := p.alloc("runtime.hchan", 1)
				p.put(header, "runtime.hchan", "elemtype", uint64(1000+i))
				if i != 1 {
					p.put(list[i], "runtime.sudog", "c", header)
				}
				if i != 2 {
					p.put(list[i], "runtime.sudog", "elem", uint64(2000+i))
				}
				if i+1 < len(list) {
					p.put(list[i], "runtime.sudog", "waitlink", list[i+1])
				}
				if i == 0 || i == 3 {
					want = append(want, Wait{uint64(2000 + i), uint64(1000 + i)})
				}
			}
			switch {
			case loop >= 0:
				p.put(list[3], "runtime.sudog", "waitlink", list[loop])
				want = nil
			case loop == -2:
				p.put(list[3], "runtime.sudog", "waitlink", 1<<20)
				want = nil
			}
			if got := s.Waits(list[0]); !slices.Equal(got, want) {
				t.Errorf("%d: %+v, want %+v", loop, got, want)
			}
		}
	})
}

// A goroutine waits once however often it stands in the queue; a list that does not
// end, or leaves the memory, has nobody.
func TestChanWaiting(t *testing.T) {
	eachArch(t, func(t *testing.T, a arch.Arch) {
		for _, c := range []struct {
			queue []uint64 // goroutines in the order of the list
			loop  int      // what the last one leads to: a place in the list, -1 for its end, -2 for nowhere
			want  []uint64
		}{
			{nil, -1, nil},
			{[]uint64{7}, -1, []uint64{7}},
			{[]uint64{7, 9, 7, 7, 8, 9}, -1, []uint64{7, 9, 8}},
			{[]uint64{7}, 0, nil},
			{[]uint64{7, 8, 9}, 1, nil},
			{[]uint64{7, 8, 9}, -2, nil},
		} {
			p := newProgram(t, a, 1)
			p.channels()
			s := p.link()
			header := p.alloc("runtime.hchan", 1)
			var list []uint64
			for range c.queue {
				list = append(list, p.alloc("runtime.sudog", 1))
			}
			for i, g := range c.queue {
				p.put(list[i], "runtime.sudog", "g", g)
				switch {
				case i+1 < len(list):
					p.put(list[i], "runtime.sudog", "next", list[i+1])
				case c.loop >= 0:
					p.put(list[i], "runtime.sudog", "next", list[c.loop])
				case c.loop == -2:
					p.put(list[i], "runtime.sudog", "next", 1<<20)
				}
			}
			for _, field := range []string{"recvq.first", "sendq.first"} {
				other := "sendq.first"
				if field == other {
					other = "recvq.first"
				}
				p.put(header, "runtime.hchan", other, 0)
				p.put(header, "runtime.hchan", field, 0)
				if len(list) > 0 {
					p.put(header, "runtime.hchan", field, list[0])
				}
				receivers, senders := s.ChanWaiting(header)
				if field == "sendq.first" {
					receivers, senders = senders, receivers
				}
				if !slices.Equal(receivers, c.want) || senders != nil {
					t.Errorf("%+v in %s: %d, and in the other %d", c, field, receivers, senders)
				}
			}
		}
	})
}
