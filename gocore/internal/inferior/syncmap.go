package inferior

import (
	"strings"

	"goheap/gocore/internal/layout"
	"goheap/gocore/internal/types"
)

// A sync.Map is a concurrent hash trie since Go 1.24 (internal/sync.HashTrieMap, which
// is behind package unique too), unless GOEXPERIMENT=nosynchashtriemap. Before, it is a
// sync.readOnly with a map, and a second map, dirty, that has more (sync/map.go). The
// terms of the trie:
//
//   - indirect: an inner node, an array of nodes by some bits of the hash.
//   - entry: a key with its value; those of equal hashes are chained by overflow.
//   - node: what both begin with, a byte that says which of them it is.

// Trie returns the type of the hash trie that a value of type t is, or consists of, as
// a sync.Map does; 0 for none. One whose nodes are of types that DWARF lacks is none: it
// has the fields of any struct, since no key would name what its nodes lead to.
func (s *Space) Trie(t types.ID) types.ID {
	typ := s.Types.Type(t)
	l := s.Layout
	trie := types.ID(0)
	if l.HashTrieMap.Name.Is(typ.Name) {
		trie = t
	}
	if l.SyncMap.Name.Is(typ.Name) {
		for _, f := range typ.Fields {
			if part := s.Types.Type(f.Type); f.Offset == 0 && l.HashTrieMap.Name.Is(part.Name) && part.Size > 0 {
				trie = f.Type
			}
		}
	}
	if trie != 0 {
		if _, ok := nodesOf(s, trie); !ok {
			return 0
		}
	}
	return trie
}

// trieNodes has what is needed of the types of a trie and of its nodes.
type trieNodes struct {
	root, children, overflow types.Field
	leaf                     *types.Type
}

// nodesOf returns the trieNodes of a trie; ok is false where DWARF lacks one of them.
func nodesOf(s *Space, trie types.ID) (n trieNodes, ok bool) {
	l := s.Layout
	indirect, ok1 := s.trieType(trie, l.TrieIndirect.Name)
	leaf, ok2 := s.trieType(trie, l.TrieEntry.Name)
	root, ok3 := FieldOf(s.Types.Type(trie), l.HashTrieMap.Root)
	children, ok4 := FieldOf(indirect, l.TrieIndirect.Children)
	overflow, ok5 := FieldOf(leaf, l.TrieEntry.Overflow)
	_, ok6 := s.trieEntry(leaf, 0)
	return trieNodes{root, children, overflow, leaf}, ok1 && ok2 && ok3 && ok4 && ok5 && ok6
}

// trieType returns the instance of a generic type, whose name begins so, that has the
// type arguments of a trie.
func (s *Space) trieType(trie types.ID, generic layout.TypeName) (*types.Type, bool) {
	params := strings.TrimPrefix(s.Types.Type(trie).LinkerName(), string(s.Layout.HashTrieMap.Name))
	id, ok := s.Types.LookupInstance(strings.TrimSuffix(string(generic), "["), params)
	return s.Types.Type(id), ok
}

// trieEntry is the entry of a trie at addr, of the given type.
func (s *Space) trieEntry(typ *types.Type, addr uint64) (e Entry, ok bool) {
	key, ok1 := FieldOf(typ, s.Layout.TrieEntry.Key)
	value, ok2 := FieldOf(typ, s.Layout.TrieEntry.Value)
	return Entry{Key: addr + key.Offset, Elem: addr + value.Offset, KeyType: key.Type, ElemType: value.Type}, ok1 && ok2
}

// IsTrieEntry reports whether the node of a trie at addr is an entry.
func (s *Space) IsTrieEntry(addr uint64) bool {
	b, ok := s.Mem.Slice(addr+s.Layout.TrieNode.IsEntry.Offset, 1)
	return ok && b[0]&1 != 0
}

// trieEntries calls f with the entries of the trie that stands at addr, or at the start
// of the value there, until it returns false.
func (s *Space) trieEntries(trie types.ID, addr uint64, f func(Entry) bool) {
	n, ok := nodesOf(s, trie)
	if !ok {
		return
	}
	w := uint64(s.Arch.PtrSize)
	size := s.Types.Type(n.children.Type).Size
	seen := map[uint64]bool{}
	at, _ := s.Mem.Word(addr + n.root.Offset)
	for waiting := []uint64{at}; len(waiting) > 0; {
		at := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		// Nodes are objects, so that a damaged core has no more than there are, and no
		// byte is visited twice.
		start, room, ok := s.Slot(at)
		if !ok || start != at || seen[at] {
			continue
		}
		seen[at] = true
		if !s.IsTrieEntry(at) {
			if n.children.Offset+size > room {
				continue
			}
			b, ok := s.Mem.Slice(at+n.children.Offset, size)
			if !ok {
				continue
			}
			for ; uint64(len(b)) >= w; b = b[w:] {
				waiting = append(waiting, s.Arch.Word(b))
			}
			continue
		}
		if n.leaf.Size > room {
			continue
		}
		if e, ok := s.trieEntry(n.leaf, at); !ok || !f(e) {
			return
		}
		next, _ := s.Mem.Word(at + n.overflow.Offset)
		waiting = append(waiting, next)
	}
}

// olderSyncMap returns the fields of a sync.Map that is made of classic parts.
type olderSyncMap struct {
	read    types.Word  // leads to a sync.readOnly
	entries types.Field // of that: the map
	dirty   types.Field // the second map
}

func (s *Space) olderSyncMap(t types.ID) (o olderSyncMap, ok bool) {
	l := &s.Layout.SyncMap
	typ := s.Types.Type(t)
	if !l.Name.Is(typ.Name) {
		return o, false
	}
	if o.dirty, ok = FieldOf(typ, l.Dirty); !ok || s.Types.Type(o.dirty.Type).Kind != types.Map {
		return o, false
	}
	read, ok := FieldOf(typ, l.Read)
	if !ok {
		return o, false
	}
	for _, x := range s.Types.Words(t) {
		if x.Kind == types.PointerWord && x.Offset-read.Offset < s.Types.Type(read.Type).Size {
			o.read = x
			o.entries, ok = FieldOf(s.Types.Type(x.Target), s.Layout.SyncReadOnly.M)
			return o, ok && s.Types.Type(o.entries.Type).Kind == types.Map
		}
	}
	return o, false
}

// syncEntryWord returns the word of a sync.entry that leads to a value, as a map of an older
// sync.Map has them.
func (s *Space) syncEntryWord(t types.ID) (types.Word, bool) {
	if !s.Layout.SyncEntry.Name.Is(s.Types.Type(t).Name) {
		return types.Word{}, false
	}
	for _, x := range s.Types.Words(t) {
		if x.Kind == types.PointerWord {
			return x, true
		}
	}
	return types.Word{}, false
}

// olderEntries is trieEntries for an older sync.Map.
func (s *Space) olderEntries(o olderSyncMap, addr uint64, f func(Entry) bool) {
	// The dirty map, where there is one, has all that the other has; otherwise no
	// entry is sync.expunged.
	header, _ := s.Mem.Word(addr + o.dirty.Offset)
	if header == 0 {
		at, _ := s.Mem.Word(addr + o.read.Offset)
		if at == 0 {
			return
		}
		header, _ = s.Mem.Word(at + o.entries.Offset)
	}
	s.Entries(o.entries.Type, header, func(e Entry) bool {
		x, ok := s.syncEntryWord(s.Types.Type(e.ElemType).Elem)
		at, _ := s.Mem.Word(e.Elem)
		if to, _ := s.Mem.Word(at + x.Offset); ok && at != 0 && to != 0 {
			return f(Entry{Key: e.Key, Elem: to, KeyType: e.KeyType, ElemType: x.Target})
		}
		return true
	})
}

// Emptied calls f with the keys of an older sync.Map of type t at addr that have no value
// any more, until it returns false: their entries remain until the map is copied. Those
// that the dirty map was made without are in the other one alone, and lead to
// sync.expunged. Elem is where the pointer to such an entry stands.
func (s *Space) Emptied(t types.ID, addr uint64, f func(Entry) bool) {
	o, ok := s.olderSyncMap(t)
	if !ok {
		return
	}
	dirty, _ := s.Mem.Word(addr + o.dirty.Offset)
	read := uint64(0)
	if at, _ := s.Mem.Word(addr + o.read.Offset); at != 0 {
		read, _ = s.Mem.Word(at + o.entries.Offset)
	}
	more := true
	inDirty := map[uint64]bool{}
	for _, header := range []uint64{dirty, read} {
		if header == 0 || !more {
			continue
		}
		s.Entries(o.entries.Type, header, func(e Entry) bool {
			x, ok := s.syncEntryWord(s.Types.Type(e.ElemType).Elem)
			at, _ := s.Mem.Word(e.Elem)
			if !ok || at == 0 {
				return true
			}
			if header == dirty {
				inDirty[at] = true
			}
			if to, _ := s.Mem.Word(at + x.Offset); to != 0 && (dirty == 0 || inDirty[at]) {
				return true
			}
			more = f(e)
			return more
		})
	}
}

// Entries calls f with the entries of a container of type t until it returns false: of
// a map with its header at addr, or of the hash trie or sync.Map that stands there.
func (s *Space) Entries(t types.ID, addr uint64, f func(Entry) bool) {
	if m := s.Map(t); m != nil {
		s.mapEntries(m, addr, f)
	} else if trie := s.Trie(t); trie != 0 {
		s.trieEntries(trie, addr, f)
	} else if o, ok := s.olderSyncMap(t); ok {
		s.olderEntries(o, addr, f)
	}
}

// IsSyncMap reports whether values of type t are hash tries, or sync.Maps of either
// kind.
func (s *Space) IsSyncMap(t types.ID) bool {
	if s.Trie(t) != 0 {
		return true
	}
	_, ok := s.olderSyncMap(t)
	return ok
}
