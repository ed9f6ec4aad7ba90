package inferior

import "goheap/gocore/internal/types"

// Map says how the maps of one type lie in memory, of whichever of the two families
// the program's are: see swissmap.go and classicmap.go.
type Map struct {
	Type types.ID
	// Group is the type of the groups of a swiss map, of the buckets of a classic one.
	Group types.ID

	classic bool
	slots   slots
	parts   bool // what the map consists of is understood

	// Of a swiss map: what its directory consists of, its tables, and where in one the
	// groupsReference is.
	directory, table types.ID
	groupsAt         uint64
	// Of a classic map: runtime.mapextra, and whether its buckets are scanned, so that
	// each holds the next one.
	extra   types.ID
	chained bool
}

// slots is how entries lie in a group or bucket.
type slots struct {
	size         uint64 // of the group
	first, count uint64 // where the entries start, and how many there are
	key, elem    run
	overflow     uint64 // of a bucket, the pointer to the next one; 0 in groups
}

// run is where the keys of a group, or its elements, stand.
type run struct {
	at, stride uint64
	t          types.ID
}

// Map returns how the maps of type t are read, nil for what is no map or is not
// understood at all.
func (s *Space) Map(t types.ID) *Map {
	typ := s.Types.Type(t)
	if typ.Kind != types.Map {
		return nil
	}
	m := &Map{Type: t, Group: s.Types.MapGroup(t)}
	header := s.Types.Type(typ.Runtime)
	if _, m.classic = FieldOf(header, s.Layout.Hmap.Oldbuckets); m.classic {
		s.classicMap(m)
	} else {
		s.swissMap(m, header)
	}
	if m.slots.size == 0 && !m.parts {
		return nil
	}
	return m
}

// MapParts calls f with what the map with its header at addr consists of.
func (s *Space) MapParts(r *Reader, m *Map, addr uint64, f func(Part)) {
	switch {
	case !m.parts:
	case m.classic:
		s.classicParts(r, m, addr, f)
	default:
		s.swissParts(r, m, addr, f)
	}
}

// MapLen returns the number of entries by the header at addr of a map, and whether it
// can be the header of one.
func (s *Space) MapLen(m *Map, addr uint64) (n uint64, ok bool) {
	if m.classic {
		return s.classicLen(addr)
	}
	return s.swissLen(addr)
}

// Entered returns the number of entries of the map of type m whose header stands at addr, and
// whether the header can be one.
func Entered(s *Space, m types.ID, addr uint64) (n uint64, ok bool) {
	if layout := s.Map(m); layout != nil {
		return s.MapLen(layout, addr)
	}
	return 0, false
}

// Length returns how many entries or elements the map or channel of type t has whose header
// stands at addr, and how many a channel has room for: none of either where addr is 0.
func Length(s *Space, t types.ID, addr uint64) (n, room uint64, ok bool) {
	if addr == 0 {
		return 0, 0, true
	}
	if s.Types.Type(t).Kind == types.Map {
		n, ok = Entered(s, t, addr)
		return n, 0, ok
	}
	c, ok := s.Chan(nil, addr)
	return c.Queued, c.Capacity, ok
}

// mapEntries calls f with the entries of the map whose header stands at addr, until it
// returns false.
func (s *Space) mapEntries(m *Map, addr uint64, f func(Entry) bool) {
	switch {
	case m.slots.size == 0 || addr == 0:
	case m.classic:
		s.classicEntries(m, addr, f)
	default:
		s.swissEntries(m, addr, f)
	}
}

func (m *Map) entry(group, i uint64) Entry {
	l := &m.slots
	return Entry{group + l.key.at + i*l.key.stride, group + l.elem.at + i*l.elem.stride, l.key.t, l.elem.t, m.Type}
}

// offset returns the distance of the address at from the start of the group that it
// lies in, where one of them starts at groups.
func (l *slots) offset(groups, at uint64) uint64 {
	if at < groups {
		// The array was reached by a pointer into it.
		return (l.size - (groups-at)%l.size) % l.size
	}
	return (at - groups) % l.size
}

// entryAt returns the entry of a map whose groups start at groups that holds the word
// at slot.
func (s *Space) entryAt(m *Map, groups, slot uint64) (Entry, bool) {
	l := &m.slots
	if l.size == 0 {
		return Entry{}, false
	}
	off := l.offset(groups, slot)
	for _, part := range []run{l.key, l.elem} {
		if off < part.at || part.stride == 0 {
			continue
		}
		i := (off - part.at) / part.stride
		if i < l.count && (off-part.at)%part.stride < s.Types.Type(part.t).Size {
			return m.entry(slot-off, i), true
		}
	}
	return Entry{}, false
}

// understood keeps the slots only if they say where keys and elements are, which may have
// no size.
func (l *slots) understood() {
	if l.size == 0 || l.count == 0 || l.key.t == 0 || l.elem.t == 0 {
		*l = slots{}
	}
}
