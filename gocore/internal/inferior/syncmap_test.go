package inferior

import (
	"slices"
	"testing"

	"goheap/gocore/internal/types"
	"goheap/internal/arch"
)

const (
	anyType = "interface {}"
	// The linker's names of types that a programmer writes in another way.
	escapedType = "gopkg.in/yaml%2ev3.Node"
	localType   = "main.local·1"
)

// tries declares hash tries and a sync.Map that is one.
func (p *program) tries(key, elem string) (trie string) {
	in := "[" + key + "," + elem + "]"
	node := p.structure("internal/sync.node"+in, "isEntry bool")
	indirect := "internal/sync.indirect" + in
	p.structure(indirect, "node "+node, "dead uint32", "mu uint64", "parent "+p.pointer(indirect), "children "+p.array(16, p.pointer(node)))
	entry := "internal/sync.entry" + in
	p.structure(entry, "node "+node, "overflow "+p.pointer(entry), "key "+key, "value "+elem)
	return p.structure("internal/sync.HashTrieMap"+in, "inited uint32", "root *"+indirect, "seed uintptr")
}

// anything declares the empty interface.
func (p *program) anything() {
	p.structure("runtime.eface", "_type unsafe.Pointer", "data unsafe.Pointer")
	p.typedef(anyType, "runtime.eface", types.Interface, "", "")
}

// trie makes a hash trie at addr.
func (p *program) trie(addr uint64, key, elem string) (entries []Entry, nodes []uint64) {
	in := "[" + key + "," + elem + "]"
	indirect, entry := "internal/sync.indirect"+in, "internal/sync.entry"+in
	var grow func(parent uint64, depth int) uint64
	grow = func(parent uint64, depth int) uint64 {
		at := p.alloc(indirect, 1)
		nodes = append(nodes, at)
		p.put(at, indirect, "parent", parent)
		for i := range uint64(16) {
			child := uint64(0)
			switch p.r.IntN(5) {
			case 0:
				if depth < 3 {
					child = grow(at, depth+1)
				}
			case 1, 2:
				for range 1 + p.r.IntN(2)*p.r.IntN(3) { // of equal hashes, the last one first
					next := child
					child = p.alloc(entry, 1)
					nodes = append(nodes, child)
					p.put(child, entry, "node.isEntry", 1)
					p.put(child, entry, "overflow", next)
					entries = append(entries, Entry{Key: child + p.at(entry, "key"), Elem: child + p.at(entry, "value"), KeyType: p.id(key), ElemType: p.id(elem)})
				}
			}
			p.putWord(at+p.at(indirect, "children")+i*p.word(), child)
		}
		return at
	}
	p.put(addr, "internal/sync.HashTrieMap"+in, "root", grow(0, 0))
	return entries, nodes
}

// The entries of a trie are those that were put there; every node is found along the
// words that lead on, and every word of an entry belongs to its key or its value.
func TestTries(t *testing.T) {
	eachArch(t, func(t *testing.T, a arch.Arch) {
		for _, pair := range [][2]string{{"int", "int"}, {"main.Pair", "*main.Item"}, {anyType, anyType}, {"uint8", "struct {}"}, {escapedType, "int"}, {"int", localType}} {
			for seed := range uint64(3) {
				p := newProgram(t, a, seed)
				p.common()
				p.anything()
				p.structure(escapedType, "a int")
				p.structure(localType, "a int")
				trie := p.tries(pair[0], pair[1])
				p.structure("sync.Map", "_ struct {}", "m "+trie)
				s := p.link()
				variable := p.alloc("sync.Map", 1)
				entries, nodes := p.trie(variable, pair[0], pair[1])
				for _, typ := range []string{trie, "sync.Map"} {
					id := p.id(typ)
					if !s.IsSyncMap(id) || s.Trie(id) != p.id(trie) {
						t.Fatalf("%s is no trie", typ)
					}
					var got []Entry
					s.Entries(id, variable, func(e Entry) bool { got = append(got, e); return true })
					if !slices.Equal(sortEntries(got), sortEntries(entries)) {
						t.Fatalf("entries\n%+v\nwant\n%+v", sortEntries(got), sortEntries(entries))
					}
					for off := range p.size(typ) {
						_, ok := s.Inside(id, off)
						if want := off-p.at(trie, "root") < p.word(); ok != want {
							t.Fatalf("the byte %d of %s leads inside: %t", off, typ, ok)
						}
					}
				}
				place, _ := s.Inside(p.id(trie), p.at(trie, "root"))
				root, _ := s.Mem.Word(variable + p.at(trie, "root"))
				reached := map[uint64]bool{}
				in := map[uint64]Step{}
				for queue := []uint64{root}; len(queue) > 0; queue = queue[1:] {
					o, ok := p.object(queue[0])
					if !ok || reached[o.addr] {
						continue
					}
					reached[o.addr] = true
					for off := range o.size {
						step := s.Step(place, o.addr, o.addr+off)
						switch {
						case step.Kind == InEntry:
							in[o.addr+off] = step
						case off%p.word() == 0 && p.followed(o, off):
							if step.Kind != ToPart || step.Next != place {
								t.Fatalf("the word at %d of %s: %+v", off, o.typ, step)
							}
							to, _ := s.Mem.Word(o.addr + off)
							queue = append(queue, to)
						}
					}
				}
				for _, at := range nodes {
					if !reached[at] {
						t.Errorf("no word leads to the node at %#x", at)
					}
				}
				if len(reached) != len(nodes) {
					t.Errorf("%d nodes are reached, there are %d", len(reached), len(nodes))
				}
				for _, e := range entries {
					for off := range s.Types.Type(e.KeyType).Size {
						if got := in[e.Key+off]; got.Entry != e || !got.InKey {
							t.Fatalf("the byte %d of a key is in %+v, want %+v", off, got, e)
						}
					}
					for off := range s.Types.Type(e.ElemType).Size {
						if got := in[e.Elem+off]; got.Entry != e || got.InKey {
							t.Fatalf("the byte %d of a value is in %+v, want %+v", off, got, e)
						}
					}
				}
			}
		}
	})
}

// A trie is a struct like others where DWARF lacks the type of its nodes: no word of it
// leads into a container whose keys could not be read.
func TestTrieWithoutNodes(t *testing.T) {
	p := newProgram(t, arch.AMD64(), 1)
	p.common()
	p.tries("int", "int") // the runtime's names are found
	const indirect = "internal/sync.indirect[uint8,int]"
	p.structure(indirect, "dead uint32", "children "+p.array(16, p.pointer("uint64")))
	lacking := p.structure("internal/sync.HashTrieMap[uint8,int]", "inited uint32", "root "+p.pointer(indirect), "seed uintptr")
	p.structure("sync.Map", "_ struct {}", "m "+lacking)
	s := p.link()
	for _, typ := range []string{lacking, "sync.Map"} {
		variable := p.alloc(typ, 1)
		p.put(variable, lacking, "root", p.alloc(indirect, 1))
		if id := p.id(typ); s.IsSyncMap(id) || s.Trie(id) != 0 {
			t.Errorf("%s is a trie", typ)
		}
		for off := range p.size(typ) {
			if place, ok := s.Inside(p.id(typ), off); ok {
				t.Errorf("the byte %d of %s leads to %+v", off, typ, place)
			}
		}
	}
}

// Nodes that lead back, or into themselves, are visited once, and only as objects that
// have room for them.
func TestTrieDamage(t *testing.T) {
	p := newProgram(t, arch.AMD64(), 1)
	p.common()
	trie := p.tries("int", "int")
	s := p.link()
	variable := p.alloc(trie, 1)
	entries, nodes := p.trie(variable, "int", "int")
	const indirect, entry = "internal/sync.indirect[int,int]", "internal/sync.entry[int,int]"
	small := p.alloc("uint64", 1) // has no room for an entry
	p.bytes(small)[0] = 1
	for _, at := range nodes {
		o, _ := p.object(at)
		if o.typ == entry {
			p.put(at, entry, "overflow", nodes[p.r.IntN(len(nodes))])
			continue
		}
		for i := range uint64(16) {
			// Into nodes, and beside them: no byte is two entries.
			child := at + p.at(indirect, "children") + i*8
			if v, _ := s.Mem.Word(child); v == 0 {
				p.putWord(child, []uint64{nodes[p.r.IntN(len(nodes))], nodes[p.r.IntN(len(nodes))] + 8*p.r.Uint64N(3), small, 1 << 20}[p.r.IntN(4)])
			}
		}
	}
	seen := map[uint64]bool{}
	s.Entries(p.id(trie), variable, func(e Entry) bool {
		start, size, ok := p.slot(e.Key)
		if seen[start] || !ok || e.Elem+8 > start+size {
			t.Errorf("an entry with its key at %#x, in %d bytes at %#x, visited before: %t", e.Key, size, start, seen[start])
		}
		seen[start] = true
		return true
	})
	if len(seen) == 0 || len(seen) > len(nodes) {
		t.Errorf("%d entries, %d nodes of which %d are entries", len(seen), len(nodes), len(entries))
	}
}

// An older sync.Map has its entries in the dirty map if there is one, else in the one
// that is read without a lock; those that were deleted are none.
func TestOlderSyncMap(t *testing.T) {
	eachArch(t, func(t *testing.T, a arch.Arch) {
		for _, dirty := range []bool{false, true} {
			p := newProgram(t, a, 5)
			p.common()
			p.anything()
			p.classicRuntime()
			p.array(0, p.pointer(anyType))
			p.structure("sync/atomic.Pointer["+anyType+"]", "_ [0]*"+anyType, "v unsafe.Pointer")
			p.pointer(p.structure("sync.entry", "p sync/atomic.Pointer["+anyType+"]"))
			entryMap := p.classicTypes("int", "*sync.entry", true)
			p.array(0, p.pointer(p.structure("sync.readOnly", "m "+entryMap, "amended bool")))
			p.structure("sync/atomic.Pointer[sync.readOnly]", "_ [0]*sync.readOnly", "v unsafe.Pointer")
			p.structure("sync.Map", "mu uint64", "read sync/atomic.Pointer[sync.readOnly]", "dirty "+entryMap, "misses int")
			s := p.link()

			variable, readOnly := p.alloc("sync.Map", 1), p.alloc("sync.readOnly", 1)
			p.put(variable, "sync.Map", "read", readOnly)
			fill := func() (header uint64, want []Entry) {
				m := p.classicMap("int", "*sync.entry", true, 2, 0)
				for _, e := range m.entries {
					at := p.alloc("sync.entry", 1)
					p.putWord(e.Elem, at)
					value := p.alloc(anyType, 1)
					if p.r.IntN(3) == 0 {
						continue // deleted
					}
					p.put(at, "sync.entry", "p", value)
					want = append(want, Entry{Key: e.Key, Elem: value, KeyType: e.KeyType, ElemType: p.id(anyType)})
				}
				return m.header, want
			}
			header, want := fill()
			p.put(readOnly, "sync.readOnly", "m", header)
			if dirty {
				header, want = fill()
				p.put(variable, "sync.Map", "dirty", header)
			}
			id := p.id("sync.Map")
			var got []Entry
			s.Entries(id, variable, func(e Entry) bool { got = append(got, e); return true })
			if !s.IsSyncMap(id) || s.Trie(id) != 0 || len(want) == 0 || !slices.Equal(sortEntries(got), sortEntries(want)) {
				t.Errorf("dirty %t: entries\n%+v\nwant\n%+v", dirty, sortEntries(got), sortEntries(want))
			}
			// Along the words: the variable, the read-only part, the map, an entry.
			place, ok := s.Inside(id, p.at("sync.Map", "dirty"))
			if !ok || place != Header(p.id(entryMap)) {
				t.Errorf("dirty leads to %+v, %t", place, ok)
			}
			place, ok = s.Inside(id, p.at("sync.Map", "read"))
			if step := s.Step(place, readOnly, readOnly); !ok || step.Kind != ToPart || step.Next != Header(p.id(entryMap)) {
				t.Errorf("read leads to %+v, and that to %+v", place, step)
			}
			if step := s.Step(place, readOnly, readOnly+p.word()); step.Kind != Unknown {
				t.Errorf("the flag behind the map is %+v", step)
			}
			for _, off := range []uint64{0, p.at("sync.Map", "misses")} {
				if place, ok := s.Inside(id, off); ok {
					t.Errorf("the word at %d leads to %+v", off, place)
				}
			}
			place, ok = s.SyncEntry(p.id("sync.entry"))
			if step := s.Step(place, readOnly, readOnly); !ok || step.Kind != ToValue || step.Type != p.id(anyType) {
				t.Errorf("an entry leads to %+v", step)
			}
			if _, ok := s.SyncEntry(p.id("main.Item")); ok {
				t.Error("main.Item is an entry of a sync.Map")
			}
			p.put(variable, "sync.Map", "dirty", 0)
			p.put(variable, "sync.Map", "read", 0)
			s.Entries(id, variable, func(e Entry) bool { t.Errorf("an empty map has %+v", e); return true })
		}
	})
}

// The value of an interface stands in its data word if its only word is a pointer, and
// where that word leads to otherwise.
func TestDynamic(t *testing.T) {
	eachArch(t, func(t *testing.T, a arch.Arch) {
		p := newProgram(t, a, 1)
		p.common()
		p.anything()
		p.pointer(p.structure("runtime.itab", "inter unsafe.Pointer", "_type unsafe.Pointer", "hash uint32"))
		p.structure("runtime.iface", "tab *runtime.itab", "data unsafe.Pointer")
		const methods = "main.Doer"
		p.typedef(methods, "runtime.iface", types.Interface, "", "")
		p.structure("main.One", "p *main.Item")
		p.structure("main.Two", "p *main.Item", "n int")
		s := p.link()
		w := p.word()
		for _, c := range []struct {
			typ    string
			direct bool
		}{{"int", false}, {"*main.Item", true}, {"main.One", true}, {"main.Two", false}, {"uintptr", false}, {"struct {}", false}} {
			value := p.alloc("main.Two", 1)
			itab := p.alloc("runtime.itab", 1)
			p.put(itab, "runtime.itab", "_type", p.descriptorOf(c.typ))
			for _, i := range []struct {
				typ  string
				word uint64
			}{{anyType, p.descriptorOf(c.typ)}, {methods, itab}} {
				at := p.alloc(anyType, 1)
				p.putWord(at, i.word)
				p.putWord(at+w, value)
				want := value
				if c.direct {
					want = at + w
				}
				typ := s.Types.Type(p.id(i.typ))
				dyn, where, ok := s.Dynamic(typ, at)
				if !ok || dyn != p.id(c.typ) || where != want {
					t.Errorf("%s in a %s: type %d at %#x, %t, want %d at %#x", c.typ, i.typ, dyn, where, ok, p.id(c.typ), want)
				}
				if id, ok := s.DynamicType(typ, i.word); !ok || id != p.id(c.typ) {
					t.Errorf("%s in a %s: %d, %t", c.typ, i.typ, id, ok)
				}
			}
			if word := s.DirectWord(p.id(c.typ)); (word != nil) != c.direct || word != nil && (word.Kind != types.PointerWord || word.Target != p.id("main.Item")) {
				t.Errorf("the word of %s is %+v", c.typ, word)
			}
		}
		// What no interface holds, and what is not there.
		for _, word := range []uint64{0, 1 << 20, p.descriptorOf(anyType), p.descriptorOf("int") + w} {
			if id, ok := s.DynamicType(s.Types.Type(p.id(anyType)), word); ok {
				t.Errorf("the word %#x stands for type %d", word, id)
			}
			if id, ok := s.DynamicType(s.Types.Type(p.id(methods)), word); ok {
				t.Errorf("the itab %#x stands for type %d", word, id)
			}
		}
		if got := s.ItabType(0); got != 0 {
			t.Errorf("no itab is for %#x", got)
		}
		if _, _, ok := s.Dynamic(s.Types.Type(p.id(anyType)), 1<<20); ok {
			t.Error("an interface that is not in the core has a value")
		}
		last := memoryAt + uint64(len(p.memory)) - w
		p.putWord(last, p.descriptorOf("int"))
		if _, _, ok := s.Dynamic(s.Types.Type(p.id(anyType)), last); ok {
			t.Error("an interface without its data has a value")
		}
	})
}
