package inferior

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"testing"

	"goheap/gocore/internal/types"
	"goheap/internal/arch"
)

// common declares what maps of all kinds are made of.
func (p *program) common() {
	p.structure("main.Item", "n int", "next "+p.pointer("main.Item"))
	p.structure("struct {}")
	p.structure("main.Pair", "a uint8", "p *main.Item", "b uint16")
	p.structure("main.Wide", "a "+p.array(24, "uint64"))
	p.pointer("main.Wide")
}

// keysAndElems are the types that stand in the slots of maps.
func keysAndElems() [][2]string {
	return [][2]string{
		{"int", "int"}, {"int", "*main.Item"}, {"uint8", "struct {}"}, {"main.Pair", "uint16"}, {"uint64", "main.Pair"},
		{"*main.Wide", "int"}, {"uint16", "*main.Wide"}, {"*main.Item", "uint8"}, {"struct {}", "*main.Item"},
		{"struct {}", "struct {}"},
	}
}

// mapped is a map in the memory of a hand-made program, and what is known of it.
type mapped struct {
	typ     string // of the map
	header  uint64
	entries []Entry
	parts   []uint64        // what it consists of, by address
	chain   map[uint64]bool // overflow buckets that are found where others point to them
	only    bool            // its entries stand nowhere else
}

// swissTypes declares the swiss maps of a key and an element.
func (p *program) swissTypes(key, elem string, split bool) (typ string) {
	p.pointer("uint8")
	typ = "map[" + key + "]" + elem
	slot := p.structure("noalg.struct { key "+key+"; elem "+elem+" }", "key "+key, "elem "+elem)
	group := "noalg.map.group[" + key + "]" + elem
	if split {
		p.structure(group, "ctrl uint64", "keys "+p.array(8, key), "elems "+p.array(8, elem))
	} else {
		p.structure(group, "ctrl uint64", "slots "+p.array(8, slot))
	}
	in := "<" + key + "," + elem + ">"
	groups := p.structure("groupReference"+in, "data "+p.pointer(group), "lengthMask uint64")
	table := p.structure("table"+in, "used uint16", "capacity uint16", "growthLeft uint16", "localDepth uint8", "index int", "groups "+groups)
	dir := p.pointer(p.pointer(table))
	header := p.structure("map"+in, "used uint64", "seed uintptr", "dirPtr "+dir, "dirLen int", "globalDepth uint8", "globalShift uint8", "writing uint8", "clearSeq uint64")
	return p.typedef(typ, p.pointer(header), types.Map, key, elem)
}

// swissRuntime declares the runtime's own structures of swiss maps.
func (p *program) swissRuntime() {
	groups := p.structure("internal/runtime/maps.groupsReference", "data unsafe.Pointer", "lengthMask uint64")
	p.structure("internal/runtime/maps.table", "used uint16", "capacity uint16", "growthLeft uint16", "localDepth uint8", "index int", "groups "+groups)
	p.structure("internal/runtime/maps.Map", "used uint64", "seed uintptr", "dirPtr unsafe.Pointer", "dirLen int", "globalDepth uint8", "globalShift uint8", "writing uint8", "clearSeq uint64")
}

// swissMap makes a map with a directory of 1<<depth pointers, or with one group for a
// depth below 0.
func (p *program) swissMap(key, elem string, split bool, depth int) *mapped {
	const runtimeMap, runtimeTable = "internal/runtime/maps.Map", "internal/runtime/maps.table"
	group := "noalg.map.group[" + key + "]" + elem
	slot := "noalg.struct { key " + key + "; elem " + elem + " }"
	m := &mapped{typ: "map[" + key + "]" + elem, header: p.alloc(runtimeMap, 1), only: true}
	// fill makes the slots of groups full, deleted and empty.
	fill := func(n uint64) (at uint64) {
		at = p.alloc(group, n)
		for g := range n {
			base := at + g*p.size(group)
			control := uint64(0)
			for i := range uint64(8) {
				c := [...]uint64{0x80, 0xfe, p.r.Uint64N(0x80)}[p.r.IntN(3)]
				control |= c << (8 * i) // byte i of the number is that of slot i
				if c >= 0x80 {
					continue
				}
				e := Entry{KeyType: p.id(key), ElemType: p.id(elem), Map: p.id(m.typ)}
				if split {
					e.Key = base + p.at(group, "keys") + i*p.size(key)
					e.Elem = base + p.at(group, "elems") + i*p.size(elem)
				} else {
					e.Key = base + p.at(group, "slots") + i*p.size(slot) + p.at(slot, "key")
					e.Elem = base + p.at(group, "slots") + i*p.size(slot) + p.at(slot, "elem")
				}
				m.entries = append(m.entries, e)
			}
			p.put(base, group, "ctrl", control)
		}
		m.parts = append(m.parts, at)
		return at
	}
	if depth < 0 {
		p.put(m.header, runtimeMap, "dirPtr", fill(1))
	} else {
		n := uint64(1) << depth
		dir := p.alloc("unsafe.Pointer", n)
		m.parts = append(m.parts, dir)
		// A table stands at all places of the directory whose high bits are its own; a
		// large directory has several.
		var split func(from, n uint64)
		split = func(from, n uint64) {
			if n > 1 && (n == 1<<4 || p.r.IntN(3) > 0) {
				split(from, n/2)
				split(from+n/2, n/2)
				return
			}
			table := p.alloc(runtimeTable, 1)
			m.parts = append(m.parts, table)
			for i := range n {
				p.putWord(dir+(from+i)*p.word(), table)
			}
			groups := uint64(1) << p.r.IntN(4)
			p.put(table, runtimeTable, "groups.data", fill(groups))
			p.put(table, runtimeTable, "groups.lengthMask", groups-1)
		}
		split(0, n)
		p.put(m.header, runtimeMap, "dirPtr", dir)
		p.put(m.header, runtimeMap, "dirLen", n)
		p.put(m.header, runtimeMap, "globalDepth", uint64(depth))
	}
	p.put(m.header, runtimeMap, "used", uint64(len(m.entries)))
	return m
}

// object returns the object that starts at addr.
func (p *program) object(addr uint64) (o object, ok bool) {
	for _, o := range p.objects {
		if o.addr == addr {
			return o, true
		}
	}
	return object{}, false
}

func sortEntries(e []Entry) []Entry {
	e = slices.Clone(e)
	slices.SortFunc(e, func(a, b Entry) int { return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Elem, b.Elem)) })
	return e
}

// checkMap compares the three views of a map with what is known of it: the entries that
// values ask for, the parts that typing asks for, and the entry or part of each word,
// for which naming asks.
func (p *program) checkMap(m *mapped) {
	p.t.Helper()
	s := p.space
	view := s.Map(p.id(m.typ))
	if view == nil {
		p.t.Fatalf("%s is no map", m.typ)
	}
	if n, ok := s.MapLen(view, m.header); !ok || n != uint64(len(m.entries)) {
		p.t.Errorf("%s has %d entries, %t, want %d", m.typ, n, ok, len(m.entries))
	}
	var got []Entry
	s.Entries(p.id(m.typ), m.header, func(e Entry) bool { got = append(got, e); return true })
	if !slices.Equal(sortEntries(got), sortEntries(m.entries)) {
		p.t.Fatalf("%s: entries\n%+v\nwant\n%+v", m.typ, sortEntries(got), sortEntries(m.entries))
	}
	if n := len(got); n > 0 {
		stop, seen := p.r.IntN(n), 0
		s.Entries(p.id(m.typ), m.header, func(Entry) bool { seen++; return seen <= stop })
		if seen != stop+1 {
			p.t.Errorf("%s: %d entries were visited, although the walk was to end at %d", m.typ, seen, stop+1)
		}
	}

	parts := map[uint64]bool{}
	s.MapParts(p.reader(), view, m.header, func(part Part) {
		if o, ok := p.object(part.Addr); !ok || part.N*s.Types.Type(part.Type).Size != o.size {
			p.t.Errorf("%s: the part %+v is in an object of %d bytes at %#x", m.typ, part, o.size, o.addr)
		}
		parts[part.Addr] = true
	})
	want := map[uint64]bool{}
	for _, addr := range m.parts {
		if !m.chain[addr] {
			want[addr] = true
		}
	}
	if !maps.Equal(parts, want) {
		p.t.Errorf("%s: parts %#x, want %#x", m.typ, slices.Sorted(maps.Keys(parts)), slices.Sorted(maps.Keys(want)))
	}

	// From the header along all words that lead to parts.
	type at struct {
		place Place
		addr  uint64
	}
	type word struct {
		entry Entry
		inKey bool
	}
	reached := map[uint64]bool{}
	words := map[uint64]word{} // in entries, by address
	seen := map[at]bool{}
	for queue := []at{{Header(p.id(m.typ)), m.header}}; len(queue) > 0; queue = queue[1:] {
		here := queue[0]
		o, ok := p.object(here.addr)
		if seen[here] || !ok {
			continue
		}
		seen[here] = true
		for off := uint64(0); off < o.size; off++ {
			if off%p.word() != 0 && here.place.Stage != atGroups {
				continue // entries may start anywhere
			}
			slot := here.addr + off
			step := s.Step(here.place, here.addr, slot)
			if again := s.Step(here.place, here.addr, slot); again != step {
				p.t.Fatalf("%s: %+v and %+v", m.typ, step, again)
			}
			switch step.Kind {
			case InEntry:
				words[slot] = word{step.Entry, step.InKey}
			case ToPart:
				if off%p.word() != 0 || !p.followed(o, off) {
					continue
				}
				if to, _ := s.Mem.Word(slot); to != 0 {
					if step.Next.Stage != atBucketSlice && step.Next.Stage != atBucketList {
						reached[to] = true
					}
					queue = append(queue, at{step.Next, to})
				}
			}
		}
	}
	for addr := range want {
		if !reached[addr] {
			p.t.Errorf("%s: no word leads to the part at %#x", m.typ, addr)
		}
	}
	for addr := range reached {
		if start, _, _ := p.slot(addr); !parts[start] && !m.chain[start] {
			p.t.Errorf("%s: a word leads to %#x, which is no part", m.typ, addr)
		}
	}
	for _, e := range m.entries {
		for _, side := range []struct {
			addr  uint64
			typ   types.ID
			inKey bool
		}{{e.Key, e.KeyType, true}, {e.Elem, e.ElemType, false}} {
			for off := range s.Types.Type(side.typ).Size {
				if got, ok := words[side.addr+off]; !ok || got.entry != e || got.inKey != side.inKey {
					p.t.Fatalf("%s: the byte %d at %#x (key %t) is in %+v, %t, want %+v", m.typ, off, side.addr, side.inKey, got, ok, e)
				}
			}
		}
	}
	entries := map[uint64]bool{}
	for _, e := range m.entries {
		entries[e.Key], entries[e.Elem] = true, true
	}
	for at, w := range words {
		typ, from := w.entry.ElemType, w.entry.Elem
		if w.inKey {
			typ, from = w.entry.KeyType, w.entry.Key
		}
		if at < from || at-from >= s.Types.Type(typ).Size {
			p.t.Fatalf("%s: the byte at %#x is in %d bytes at %#x", m.typ, at, s.Types.Type(typ).Size, from)
		}
	}
}

// followed reports whether the collector follows the word of an object.
func (p *program) followed(o object, off uint64) bool {
	return p.space.Types.PointerAt(p.id(o.typ), off%p.size(o.typ))
}

func TestSwissMaps(t *testing.T) {
	eachArch(t, func(t *testing.T, a arch.Arch) {
		for _, split := range []bool{false, true} {
			for _, pair := range keysAndElems() {
				t.Run(fmt.Sprintf("%s %s split %t", pair[0], pair[1], split), func(t *testing.T) {
					for depth := -1; depth < 5; depth++ {
						p := newProgram(t, a, uint64(depth+1))
						p.common()
						p.swissRuntime()
						p.swissTypes(pair[0], pair[1], split)
						p.link()
						p.checkMap(p.swissMap(pair[0], pair[1], split, depth))
					}
				})
			}
		}
	})
}

// A map without memory, and headers that contradict themselves.
func TestSwissMapDamage(t *testing.T) {
	a := arch.AMD64()
	p := newProgram(t, a, 1)
	p.common()
	p.swissRuntime()
	typ := p.swissTypes("int", "*main.Item", false)
	s := p.link()
	const runtimeMap, runtimeTable = "internal/runtime/maps.Map", "internal/runtime/maps.table"
	view := s.Map(p.id(typ))
	count := func(header uint64) (n int) {
		seen := map[uint64]bool{}
		s.Entries(p.id(typ), header, func(e Entry) bool {
			if seen[e.Key] {
				t.Fatalf("the entry at %#x was visited twice", e.Key)
			}
			seen[e.Key] = true
			n++
			return true
		})
		return n
	}
	empty := p.alloc(runtimeMap, 1)
	if n, ok := s.MapLen(view, empty); !ok || n != 0 || count(empty) != 0 {
		t.Errorf("a map that was never written to: %d, %t", n, ok)
	}
	if n, ok := s.MapLen(view, 1<<20); ok || count(1<<20) != 0 {
		t.Errorf("a header that is not in the core: %d", n)
	}
	for name, c := range map[string]struct {
		damage func(m *mapped)
		len    bool // the header may be that of a map
		most   int
	}{
		"more than a group holds":      {func(m *mapped) { p.put(m.header, runtimeMap, "dirLen", 0); p.put(m.header, runtimeMap, "used", 9) }, false, 8},
		"absurdly many entries":        {func(m *mapped) { p.put(m.header, runtimeMap, "used", 1<<60) }, false, 1 << 30},
		"length without its logarithm": {func(m *mapped) { p.put(m.header, runtimeMap, "globalDepth", 1) }, false, 1 << 30},
		"directory elsewhere":          {func(m *mapped) { p.put(m.header, runtimeMap, "dirPtr", 1<<20) }, false, 0},
		"directory beyond its object": {func(m *mapped) {
			p.put(m.header, runtimeMap, "dirLen", 1<<40)
			p.put(m.header, runtimeMap, "globalDepth", 40)
		}, true, 1 << 30},
		"groups beyond their object": {func(m *mapped) {
			for _, part := range m.parts {
				if o, _ := p.object(part); o.typ == runtimeTable {
					p.put(part, runtimeTable, "groups.lengthMask", 1<<40-1)
				}
			}
		}, true, 0},
		"no groups": {func(m *mapped) {
			for _, part := range m.parts {
				if o, _ := p.object(part); o.typ == runtimeTable {
					p.put(part, runtimeTable, "groups.lengthMask", ^uint64(0))
				}
			}
		}, true, 0},
		"tables that share their groups": {func(m *mapped) {
			first := uint64(0)
			for _, part := range m.parts {
				if o, _ := p.object(part); o.typ == runtimeTable {
					data, _ := s.Mem.Word(part + p.at(runtimeTable, "groups.data"))
					first = cmp.Or(first, data)
					p.put(part, runtimeTable, "groups.data", first)
					p.put(part, runtimeTable, "groups.lengthMask", 0)
				}
			}
		}, true, 8},
	} {
		m := p.swissMap("int", "*main.Item", false, 4)
		c.damage(m)
		if _, ok := s.MapLen(view, m.header); ok != c.len {
			t.Errorf("%s: is a map: %t, want %t", name, ok, c.len)
		}
		if n := count(m.header); n > c.most {
			t.Errorf("%s: %d entries, at most %d", name, n, c.most)
		}
		r := p.reader()
		before := r.Left
		s.MapParts(r, view, m.header, func(Part) {})
		if before-r.Left > 1<<12 {
			t.Errorf("%s: %d bytes were followed", name, before-r.Left)
		}
	}
}

// classicTypes declares the classic maps of a key and an element.
func (p *program) classicTypes(key, elem string, chained bool) (typ string) {
	overflow := "uintptr"
	if chained {
		overflow = "unsafe.Pointer"
	}
	bucket := p.structure("map.bucket["+key+"]"+elem, "topbits "+p.array(8, "uint8"), "keys "+p.array(8, key), "elems "+p.array(8, elem), "overflow "+overflow)
	header := p.structure("hash<"+key+","+elem+">", "count int", "flags uint8", "B uint8", "noverflow uint16", "hash0 uint32",
		"buckets "+p.pointer(bucket), "oldbuckets "+p.pointer(bucket), "nevacuate uintptr", "extra *runtime.mapextra")
	return p.typedef("map["+key+"]"+elem, p.pointer(header), types.Map, key, elem)
}

func (p *program) classicRuntime() {
	bmap := p.pointer(p.structure("runtime.bmap", "tophash "+p.array(8, "uint8")))
	slice := p.structure("[]*runtime.bmap", "array "+p.pointer(bmap), "len int", "cap int")
	p.pointer(p.structure("runtime.mapextra", "overflow "+p.pointer(slice), "oldoverflow "+p.pointer(slice), "nextOverflow "+bmap))
	p.structure("runtime.hmap", "count int", "flags uint8", "B uint8", "noverflow uint16", "hash0 uint32",
		"buckets unsafe.Pointer", "oldbuckets unsafe.Pointer", "nevacuate uintptr", "extra *runtime.mapextra")
}

// classicMap makes a map of 1<<b buckets. It grows from an array of the same size or of
// half of it where grows is 1 or 2.
func (p *program) classicMap(key, elem string, chained bool, b, grows int) *mapped {
	const hmap = "runtime.hmap"
	bucket := "map.bucket[" + key + "]" + elem
	m := &mapped{typ: "map[" + key + "]" + elem, header: p.alloc("hash<"+key+","+elem+">", 1), chain: map[uint64]bool{}, only: true}
	extra := p.alloc("runtime.mapextra", 1)
	// cells makes those of a bucket: full, empty and evacuated.
	cells := func(at uint64, evacuated bool) {
		for i := range uint64(8) {
			top := byte(p.r.IntN(2)) // empty, with more cells behind it or none
			switch {
			case evacuated:
				top = byte(2 + p.r.IntN(3))
			case p.r.IntN(2) == 0:
				top = byte(5 + p.r.IntN(251))
				m.entries = append(m.entries, Entry{
					Key:     at + p.at(bucket, "keys") + i*p.size(key),
					Elem:    at + p.at(bucket, "elems") + i*p.size(elem),
					KeyType: p.id(key), ElemType: p.id(elem), Map: p.id(m.typ),
				})
			}
			p.bytes(at + p.at(bucket, "topbits"))[i] = top
		}
	}
	array := func(n uint64, field string, evacuated func(i uint64) bool) {
		spare := uint64(0)
		if n >= 16 {
			spare = n / 16
		}
		at := p.alloc(bucket, n+spare)
		m.parts = append(m.parts, at)
		free := at + n*p.size(bucket) // the overflow buckets that were made with the array
		var list []uint64
		for i := range n {
			here := at + i*p.size(bucket)
			cells(here, evacuated(i))
			for p.r.IntN(3) == 0 {
				more := free
				if free < at+(n+spare)*p.size(bucket) {
					free += p.size(bucket)
				} else {
					more = p.alloc(bucket, 1)
					m.parts = append(m.parts, more)
					if m.chain[more] = chained; !chained {
						delete(m.chain, more)
						list = append(list, more)
					}
				}
				p.put(here, bucket, "overflow", more)
				here = more
				cells(here, evacuated(i))
			}
		}
		p.put(m.header, hmap, field, at)
		if chained {
			return
		}
		header := p.alloc("[]*runtime.bmap", 1)
		if len(list) > 0 {
			chain := p.alloc("*runtime.bmap", uint64(len(list)))
			for i, to := range list {
				p.putWord(chain+uint64(i)*p.word(), to)
			}
			p.put(header, "[]*runtime.bmap", "array", chain)
			p.put(header, "[]*runtime.bmap", "len", uint64(len(list)))
		}
		p.put(extra, "runtime.mapextra", map[string]string{"buckets": "overflow", "oldbuckets": "oldoverflow"}[field], header)
		if free < at+(n+spare)*p.size(bucket) {
			p.put(extra, "runtime.mapextra", "nextOverflow", free)
		}
	}
	n := uint64(1) << b
	gone := map[uint64]bool{}
	if grows > 0 {
		old := n >> (grows - 1)
		for i := range old {
			gone[i] = p.r.IntN(2) == 0
		}
		array(old, "oldbuckets", func(i uint64) bool { return gone[i] })
		array(n, "buckets", func(i uint64) bool { return !gone[i%old] }) // has nothing yet
	} else {
		array(n, "buckets", func(uint64) bool { return false })
	}
	if grows == 1 {
		p.put(m.header, hmap, "flags", 8|1)
	}
	p.put(m.header, hmap, "B", uint64(b))
	p.put(m.header, hmap, "count", uint64(len(m.entries)))
	if !chained || b >= 4 {
		p.put(m.header, hmap, "extra", extra)
		m.parts = append(m.parts, extra)
	}
	return m
}

func TestClassicMaps(t *testing.T) {
	eachArch(t, func(t *testing.T, a arch.Arch) {
		for _, pair := range keysAndElems() {
			for _, b := range []int{0, 1, 3, 4, 5} {
				for grows := range 3 {
					if b == 0 && grows == 2 {
						continue
					}
					t.Run(fmt.Sprintf("%s %s B=%d grows %d", pair[0], pair[1], b, grows), func(t *testing.T) {
						p := newProgram(t, a, uint64(b))
						p.common()
						p.classicRuntime()
						chained := pair[0][0] == '*' || pair[1][0] == '*' || pair[0] == "main.Pair" || pair[1] == "main.Pair"
						p.classicTypes(pair[0], pair[1], chained)
						p.link()
						p.checkMap(p.classicMap(pair[0], pair[1], chained, b, grows))
					})
				}
			}
		}
	})
}

// A large map may have more overflow buckets than a small one is believed to.
func TestClassicMapChains(t *testing.T) {
	p := newProgram(t, arch.AMD64(), 4)
	p.common()
	p.classicRuntime()
	typ := p.classicTypes("uint8", "struct {}", false)
	s := p.link()
	const bucket = "map.bucket[uint8]struct {}"
	const b, chain = 9, 12 // 512 chains of 12 buckets, one entry in each
	header := p.alloc("runtime.hmap", 1)
	buckets := p.alloc(bucket, 1<<b)
	p.put(header, "runtime.hmap", "B", b)
	p.put(header, "runtime.hmap", "buckets", buckets)
	want := map[uint64]bool{}
	for i := range uint64(1 << b) {
		for at, n := buckets+i*p.size(bucket), 0; ; n++ {
			p.bytes(at)[i%8] = 5
			want[at+p.at(bucket, "keys")+i%8] = true
			if n == chain {
				break
			}
			next := p.alloc(bucket, 1)
			p.put(at, bucket, "overflow", next)
			at = next
		}
	}
	s.Entries(p.id(typ), header, func(e Entry) bool {
		if !want[e.Key] {
			t.Fatalf("the key at %#x is none, or was visited before", e.Key)
		}
		delete(want, e.Key)
		return true
	})
	if len(want) > 0 {
		t.Errorf("%d entries were not visited", len(want))
	}
}

// Overflow buckets that lead back to one another end.
func TestClassicMapLoops(t *testing.T) {
	p := newProgram(t, arch.AMD64(), 3)
	p.common()
	p.classicRuntime()
	typ := p.classicTypes("int", "int", false)
	s := p.link()
	bucket := "map.bucket[int]int"
	for _, b := range []int{0, 4} {
		m := p.classicMap("int", "int", false, b, 0)
		first, _ := s.Mem.Word(m.header + p.at("runtime.hmap", "buckets"))
		for i := range uint64(1) << b {
			p.put(first+i*p.size(bucket), bucket, "overflow", first)
		}
		n := 0
		s.Entries(p.id(typ), m.header, func(Entry) bool { n++; return true })
		if most := 8 * (firstChain + (1<<b)*(maxChain+1)); n > most {
			t.Errorf("%d entries of %d buckets in a loop, at most %d", n, 1<<b, most)
		}
		// Lists that are not of this map, or none.
		for _, list := range []uint64{1 << 20, m.header, first} {
			extra, _ := s.Mem.Word(m.header + p.at("runtime.hmap", "extra"))
			p.put(extra, "runtime.mapextra", "overflow", list)
			r := p.reader()
			parts := 0
			s.MapParts(r, s.Map(p.id(typ)), m.header, func(Part) { parts++ })
			if uint64(parts) > 3+(1<<20-r.Left)/8 {
				t.Errorf("%d parts for %d bytes", parts, 1<<20-r.Left)
			}
		}
	}
	m := p.classicMap("int", "int", false, 1, 0)
	p.put(m.header, "runtime.hmap", "B", 60)
	if _, ok := s.MapLen(s.Map(p.id(typ)), m.header); ok {
		t.Error("a map has 1<<60 buckets")
	}
	s.Entries(p.id(typ), m.header, func(Entry) bool { t.Error("it has entries"); return false })
}
