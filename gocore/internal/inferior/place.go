package inferior

import "goheap/gocore/internal/types"

// Place is where in a container a chain of pointers has come to: at its header or a
// part. The zero Place is none.
type Place struct {
	Type   types.ID // of the map, channel or trie; of a sync.readOnly or sync.entry themselves
	Stage  Stage
	header uint64 // address of the channel's header, in its buffer
}

// Stage is a kind of header or part.
type Stage uint8

const (
	AtHeader Stage = iota + 1 // of a map or channel

	atDirectory // swiss maps
	atTable
	atGroups // or buckets

	atMapExtra    // classic maps
	atBucketSlice // the header of a slice of overflow buckets
	atBucketList  // its array

	atBuffer // of a channel

	atTrie // a node

	atReadOnly  // older sync.Maps
	atSyncEntry // what an element of their maps points to
)

// Header is the place at the header of a map or channel of type t.
func Header(t types.ID) Place { return Place{Type: t, Stage: AtHeader} }

// IsInside reports whether Inside returns a place.
func IsInside(s *Space) func(t types.ID, off uint64) bool {
	return func(t types.ID, off uint64) bool {
		_, ok := s.Inside(t, off)
		return ok
	}
}

// Inside returns the place that the word at off of a value of type t leads to, if that
// is a node of a hash trie or a part of a sync.Map.
func (s *Space) Inside(t types.ID, off uint64) (Place, bool) {
	if trie := s.Trie(t); trie != 0 {
		root, ok := FieldOf(s.Types.Type(trie), s.Layout.HashTrieMap.Root)
		if !ok || off-root.Offset >= s.Types.Type(root.Type).Size {
			return Place{}, false
		}
		return Place{Type: trie, Stage: atTrie}, true
	}
	o, ok := s.olderSyncMap(t)
	switch {
	case !ok:
		return Place{}, false
	case off-o.dirty.Offset < s.Types.Type(o.dirty.Type).Size:
		return Header(o.dirty.Type), true
	case s.inRead(t, off):
		return Place{Type: o.read.Target, Stage: atReadOnly}, true
	}
	return Place{}, false
}

// inRead reports whether the byte at off of a sync.Map is in its field read.
func (s *Space) inRead(t types.ID, off uint64) bool {
	read, ok := FieldOf(s.Types.Type(t), s.Layout.SyncMap.Read)
	return ok && off-read.Offset < s.Types.Type(read.Type).Size
}

// Step is what a word of a header or part is, or leads to.
type Step struct {
	Kind StepKind
	Next Place // ToPart

	Entry Entry // InEntry
	InKey bool  // the word is in its key

	Index uint64   // InQueue: how many elements are received before this one
	Addr  uint64   // InQueue: where the element stands
	Type  types.ID // InQueue: of the element; ToValue: of the value
}

// StepKind says what a Step is.
type StepKind uint8

const (
	Unknown  StepKind = iota
	ToPart            // the word leads to another part
	ToValue           // it leads to a value of the container
	InEntry           // it is in an entry
	InQueue           // it is in an element that waits in a channel
	InHeader          // it is a field of the header that is none of the above
)

// Step looks at the word at slot of the header or part at addr.
func (s *Space) Step(at Place, addr, slot uint64) Step {
	off := slot - addr
	switch typ := s.Types.Type(at.Type); at.Stage {
	case atBuffer:
		return s.queueStep(at, typ, addr, slot)
	case atTrie:
		return s.trieStep(at, addr, off)
	case atReadOnly:
		if m, ok := FieldOf(typ, s.Layout.SyncReadOnly.M); ok && off-m.Offset < s.Types.Type(m.Type).Size && s.Types.Type(m.Type).Kind == types.Map {
			return Step{Kind: ToPart, Next: Header(m.Type)}
		}
	case atSyncEntry:
		if x, ok := s.syncEntryWord(at.Type); ok && x.Offset == off {
			return Step{Kind: ToValue, Type: x.Target}
		}
	case AtHeader:
		if typ.Kind == types.Chan {
			if holds(s.Layout.Hchan.Buf, off) {
				return Step{Kind: ToPart, Next: Place{Type: at.Type, Stage: atBuffer, header: addr}}
			}
			return Step{Kind: InHeader}
		}
		if m := s.Map(at.Type); m != nil {
			return s.mapStep(m, at, addr, slot)
		}
		return Step{Kind: InHeader}
	default:
		if m := s.Map(at.Type); m != nil {
			return s.mapStep(m, at, addr, slot)
		}
	}
	return Step{}
}

// SyncEntry returns the place of what an element of type *t leads to, if that is what
// an older sync.Map has in its maps.
func (s *Space) SyncEntry(t types.ID) (Place, bool) {
	_, ok := s.syncEntryWord(t)
	return Place{Type: t, Stage: atSyncEntry}, ok
}

func (s *Space) mapStep(m *Map, at Place, addr, slot uint64) Step {
	off := slot - addr
	to := func(stage Stage) Step { return Step{Kind: ToPart, Next: Place{Type: at.Type, Stage: stage}} }
	l := s.Layout
	switch at.Stage {
	case AtHeader:
		switch {
		case m.classic && holds(l.Hmap.Extra, off):
			return to(atMapExtra)
		case m.classic:
			return to(atGroups)
		case holds(l.SwissMap.DirPtr, off):
			if _, tables, _ := s.directory(nil, addr); tables == 0 {
				return to(atGroups)
			}
			return to(atDirectory)
		}
		return Step{Kind: InHeader}
	case atDirectory:
		return to(atTable)
	case atTable:
		return to(atGroups)
	case atMapExtra:
		// The lists of overflow buckets without pointers, and the next bucket of the
		// array that may become one.
		if holds(l.Mapextra.NextOverflow, off) {
			return to(atGroups)
		}
		return to(atBucketSlice)
	case atBucketSlice:
		return to(atBucketList)
	case atBucketList:
		return to(atGroups)
	case atGroups:
		if g := &m.slots; g.size > 0 && g.overflow != 0 && g.offset(addr, slot) == g.overflow {
			return to(atGroups)
		}
		if e, ok := s.entryAt(m, addr, slot); ok {
			return entryStep(e, slot)
		}
	}
	return Step{}
}

func entryStep(e Entry, slot uint64) Step {
	inElem := slot >= e.Elem && (e.Elem >= e.Key || slot < e.Key)
	return Step{Kind: InEntry, Entry: e, InKey: !inElem}
}

func (s *Space) queueStep(at Place, typ *types.Type, addr, slot uint64) Step {
	size := s.Types.Type(typ.Elem).Size
	c, ok := s.Chan(nil, at.header)
	if !ok || size == 0 || slot < addr {
		return Step{}
	}
	place := (slot - addr) / size
	i, ok := c.Queue(place)
	if !ok {
		return Step{}
	}
	return Step{Kind: InQueue, Index: i, Addr: addr + place*size, Type: typ.Elem}
}

func (s *Space) trieStep(at Place, addr, off uint64) Step {
	if !s.IsTrieEntry(addr) {
		return Step{Kind: ToPart, Next: at}
	}
	leaf, ok := s.trieType(at.Type, s.Layout.TrieEntry.Name)
	if !ok {
		return Step{}
	}
	if f, ok := FieldOf(leaf, s.Layout.TrieEntry.Overflow); ok && off-f.Offset < s.Types.Type(f.Type).Size {
		return Step{Kind: ToPart, Next: at}
	}
	e, ok := s.trieEntry(leaf, addr)
	if !ok {
		return Step{}
	}
	return entryStep(e, addr+off)
}
