package inferior

import (
	"encoding/binary"
	"slices"
	"testing"

	"goheap/gocore/internal/types"
	"goheap/internal/arch"
)

// container is one of a hand-made program.
type container struct {
	typ   string
	at    uint64 // the header, or the variable
	elem  string // of a channel
	group string // of a map: its group or bucket
}

// FuzzContainers damages containers of all kinds. Whatever stands in them, the work is
// bounded, entries of swiss maps and tries lie in whole objects and are visited once,
// and what a word is said to belong to holds it.
func FuzzContainers(f *testing.F) {
	const op = 8
	type sample struct {
		p          *program
		containers []container
		before     []byte
	}
	var samples []sample
	for _, like := range []struct {
		name      string
		bigEndian bool
		ptrSize   int
	}{{"amd64", false, 8}, {"386", false, 4}, {"s390x", true, 8}} {
		a, _ := arch.Named(like.name, like.bigEndian, like.ptrSize)
		for _, classic := range []bool{false, true} {
			p := newProgram(f, a, 7)
			p.memory = p.memory[:1<<17]
			p.common()
			p.anything()
			p.channels()
			var list []container
			if classic {
				p.classicRuntime()
				p.classicTypes("int", "int", false)
				p.classicTypes("int", "*main.Item", true)
			} else {
				p.swissRuntime()
				p.swissTypes("int", "*main.Item", false)
				p.swissTypes("main.Pair", "int", true)
				p.tries("int", "int")
			}
			p.link()
			add := func(m *mapped, group string) { list = append(list, container{typ: m.typ, at: m.header, group: group}) }
			if classic {
				for b := range 5 {
					add(p.classicMap("int", "int", false, b, b%3), "map.bucket[int]int")
					add(p.classicMap("int", "*main.Item", true, b, b%2), "map.bucket[int]*main.Item")
				}
			} else {
				for depth := range 4 {
					add(p.swissMap("int", "*main.Item", false, depth-1), "noalg.map.group[int]*main.Item")
					add(p.swissMap("main.Pair", "int", true, depth-1), "noalg.map.group[main.Pair]int")
				}
				trie := "internal/sync.HashTrieMap[int,int]"
				variable := p.alloc(trie, 1)
				p.trie(variable, "int", "int")
				list = append(list, container{typ: trie, at: variable})
			}
			header := p.alloc("runtime.hchan", 1)
			p.put(header, "runtime.hchan", "dataqsiz", 5)
			p.put(header, "runtime.hchan", "qcount", 4)
			p.put(header, "runtime.hchan", "recvx", 3)
			p.put(header, "runtime.hchan", "buf", p.alloc("main.Item", 5))
			waiting := p.alloc("runtime.sudog", 1)
			p.put(header, "runtime.hchan", "recvq.first", waiting)
			list = append(list, container{typ: "chan main.Item", at: header, elem: "main.Item"})
			samples = append(samples, sample{p, list, slices.Clone(p.memory)})
		}
	}
	for i := range uint8(6) {
		f.Add(i, []byte{})
		f.Add(i, []byte{0, 1, 2, 0, 1, 2, 3, 4, 3, 9, 0, 9, 1, 0, 0, 0, 5, 7, 1, 0, 60, 0, 0, 0})
	}
	f.Fuzz(func(t *testing.T, which uint8, ops []byte) {
		sm := &samples[int(which)%len(samples)]
		p := sm.p
		p.t = t
		s := p.space
		defer copy(p.memory, sm.before)
		for n := 0; len(ops) >= op && n < 60; ops, n = ops[op:], n+1 {
			o := p.objects[(int(ops[1])|int(ops[2])<<8)%len(p.objects)]
			if ops[0]&0x80 != 0 { // a header
				o, _ = p.object(sm.containers[int(ops[1])%len(sm.containers)].at)
			}
			if o.size < p.word() {
				continue
			}
			at := o.addr + uint64(ops[3])*p.word()%(o.size-p.word()+1)/p.word()*p.word()
			v := uint64(binary.LittleEndian.Uint16(ops[4:])) | uint64(ops[6])<<16
			was := p.a.Word(p.bytes(at))
			switch ops[0] % 8 {
			case 0:
				p.putWord(at, v)
			case 1:
				p.putWord(at, ^uint64(0)>>(v%64))
			case 2, 3:
				p.putWord(at, p.objects[v%uint64(len(p.objects))].addr)
			case 4:
				p.putWord(at, p.objects[v%uint64(len(p.objects))].addr+uint64(ops[7]))
			case 5:
				p.putWord(at, was^1<<(v%64))
			case 6:
				p.putWord(at, was+v)
			case 7:
				p.bytes(at)[ops[7]%byte(p.word())] = byte(v)
			}
		}
		for i := range sm.containers {
			c := &sm.containers[i]
			if c.elem != "" {
				p.checkDamagedChan(c)
				continue
			}
			p.checkDamagedEntries(c)
			view := s.Map(p.id(c.typ))
			if view == nil {
				continue
			}
			s.MapLen(view, c.at)
			r := &Reader{Mem: s.Mem, Left: 1 << 14}
			parts := 0
			s.MapParts(r, view, c.at, func(Part) { parts++ })
			// A pointer of a directory names two parts.
			if taken := 1<<14 - r.Left; uint64(parts) > 4+2*taken/p.word() {
				t.Fatalf("%s: %d parts for %d bytes", c.typ, parts, taken)
			}
		}
		p.checkDamagedSteps(sm.containers)
	})
}

// checkDamagedEntries counts what the entries of a damaged container cost.
func (p *program) checkDamagedEntries(c *container) {
	s := p.space
	view := s.Map(p.id(c.typ))
	classic := view != nil && view.classic
	most := len(p.memory) // each has a byte of its own at least
	if classic {
		// An array has as many buckets as the memory, and each chain its bound.
		buckets := 2 * len(p.memory) / int(p.size(c.group))
		most = 8 * (firstChain + buckets*(maxChain+1))
	}
	n := 0
	seen := map[Entry]bool{}
	group := uint64(0) // of a small map, which may stand anywhere
	if view != nil && !classic {
		if dir, tables, _ := s.directory(nil, c.at); tables == 0 {
			group = dir
		}
	}
	s.Entries(p.id(c.typ), c.at, func(e Entry) bool {
		if n++; n > most {
			p.t.Fatalf("%s: more than %d entries", c.typ, most)
		}
		if classic {
			return true
		}
		if seen[e] {
			p.t.Fatalf("%s: %+v is visited twice", c.typ, e)
		}
		seen[e] = true
		for _, side := range []struct {
			addr uint64
			typ  types.ID
		}{{e.Key, e.KeyType}, {e.Elem, e.ElemType}} {
			size := s.Types.Type(side.typ).Size
			start, room, ok := p.slot(side.addr)
			inGroup := group != 0 && side.addr-group+size <= p.size(c.group)
			if (!ok || side.addr+size > start+room) && !inGroup {
				p.t.Fatalf("%s: %d bytes at %#x are in an object of %d bytes at %#x", c.typ, size, side.addr, room, start)
			}
		}
		return true
	})
}

func (p *program) checkDamagedChan(c *container) {
	s := p.space
	for _, r := range []*Reader{nil, p.reader()} {
		ch, ok := s.Chan(r, c.at)
		if ok && (ch.Queued > ch.Capacity || ch.First > ch.Capacity) {
			p.t.Fatalf("%+v is a channel", ch)
		}
		for i := range uint64(10) {
			place, ok := ch.Place(i)
			if back, found := ch.Queue(place); ok && (place >= ch.Capacity || !found || back != i) {
				p.t.Fatalf("%+v: element %d is at %d, where element %d is, %t", ch, i, place, back, found)
			}
		}
	}
	receivers, senders := s.ChanWaiting(c.at)
	if len(receivers)+len(senders) > len(p.memory) {
		p.t.Fatalf("%d goroutines wait", len(receivers)+len(senders))
	}
	s.ChanSize(nil, c.at, p.size(c.elem), false)
	s.ChanBuffer(nil, c.at, p.id(c.elem))
}

// checkDamagedSteps goes along all words from the headers, each word once.
func (p *program) checkDamagedSteps(containers []container) {
	s := p.space
	type at struct {
		place Place
		addr  uint64
	}
	var queue []at
	for _, c := range containers {
		if place, ok := s.Inside(p.id(c.typ), p.word()); ok {
			to, _ := s.Mem.Word(c.at + p.word())
			queue = append(queue, at{place, to})
		} else if s.Trie(p.id(c.typ)) == 0 {
			queue = append(queue, at{Header(p.id(c.typ)), c.at})
		}
	}
	seen := map[at]bool{}
	for ; len(queue) > 0 && len(seen) < 500; queue = queue[1:] {
		here := queue[0]
		start, size, ok := p.slot(here.addr)
		if seen[here] || !ok {
			continue
		}
		seen[here] = true
		for slot := start; slot < start+size; slot += p.word() {
			step := s.Step(here.place, here.addr, slot)
			switch step.Kind {
			case ToPart:
				to, _ := s.Mem.Word(slot)
				queue = append(queue, at{step.Next, to})
			case InEntry:
				e, from, typ := step.Entry, step.Entry.Elem, step.Entry.ElemType
				if step.InKey {
					from, typ = e.Key, e.KeyType
				}
				// A trie is asked for its nodes alone, whose other words are none.
				if here.place.Stage != atTrie && slot-from >= s.Types.Type(typ).Size {
					p.t.Fatalf("the word at %#x is in %d bytes at %#x: %+v", slot, s.Types.Type(typ).Size, from, step)
				}
			case InQueue:
				if slot-step.Addr >= s.Types.Type(step.Type).Size {
					p.t.Fatalf("the word at %#x is in an element at %#x: %+v", slot, step.Addr, step)
				}
			}
		}
	}
}
