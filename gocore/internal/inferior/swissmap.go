package inferior

import "goheap/gocore/internal/types"

// Swiss maps are those of Go 1.24 and later (internal/runtime/maps). Their own terms:
//
//   - slot: the place of one entry.
//   - group: eight slots, and a control word with a byte for each: empty, deleted, or
//     the low bits of the key's hash.
//   - table: an array of groups, whose length is a power of two, with what growing it
//     needs.
//   - directory: an array of pointers to tables, by the high bits of the hash. A table
//     stands in it several times until it is split.
//
// A map of up to eight entries has one group, to which the header points where others
// have their directory; its directory has the length 0.

// groupSlots is the number of slots in a group (internal/abi, SwissMapGroupSlots, or
// MapGroupSlots since Go 1.26).
const groupSlots = 8

// emptyOrDeleted is the bit of a control byte that says that its slot has no entry.
const emptyOrDeleted = 0x80

// swissMap fills in how maps of a type lie in memory; header is the type of theirs.
func (s *Space) swissMap(m *Map, header *types.Type) {
	m.slots = s.groupOf(m.Group)
	l := s.Layout
	w := uint64(s.Arch.PtrSize)
	dir, ok := FieldOf(header, l.SwissMap.DirPtr)
	if !ok || m.Group == 0 {
		return
	}
	m.directory = s.Types.Type(dir.Type).Elem
	m.table = s.Types.Type(m.directory).Elem
	if s.Types.Type(dir.Type).Kind == types.UnsafePointer {
		// The map type is known from a descriptor only.
		m.directory, _ = s.Types.Lookup("*" + string(l.SwissTable.Name))
		m.table, _ = s.Types.Lookup(string(l.SwissTable.Name))
	}
	groups, ok := FieldOf(s.Types.Type(m.table), l.SwissTable.Groups)
	m.groupsAt = groups.Offset
	m.parts = ok && groups.Offset+2*w <= s.Types.Type(m.table).Size && l.SwissMap.Size > 0
}

// groupOf reads the type of a group: control bytes, then an array of {key, elem}, or,
// with GOEXPERIMENT=mapsplitgroup in Go 1.27, an array of keys and one of elements
// (internal/runtime/maps/group.go).
func (s *Space) groupOf(t types.ID) (l slots) {
	names := &s.Layout.MapGroup
	group := s.Types.Type(t)
	l.size = group.Size
	for _, f := range group.Fields {
		array := s.Types.Type(f.Type)
		if array.Kind != types.Array {
			continue
		}
		slot := s.Types.Type(array.Elem)
		switch {
		case names.Keys.Named(f.Name):
			l.first, l.count = f.Offset, array.Len
			l.key = run{f.Offset, slot.Size, array.Elem}
		case names.Elems.Named(f.Name):
			l.elem = run{f.Offset, slot.Size, array.Elem}
		case names.Slots.Named(f.Name):
			l.first, l.count = f.Offset, array.Len
			key, _ := FieldOf(slot, s.Layout.MapSlot.Key)
			elem, _ := FieldOf(slot, s.Layout.MapSlot.Elem)
			l.key = run{f.Offset + key.Offset, slot.Size, key.Type}
			l.elem = run{f.Offset + elem.Offset, slot.Size, elem.Type}
		}
	}
	l.understood()
	return l
}

// directory reads from the header of a map where its directory stands and how many
// pointers it has, or where its only group is and 0.
func (s *Space) directory(r *Reader, addr uint64) (dir, tables uint64, ok bool) {
	l := &s.Layout.SwissMap
	b := s.bytes(r, addr, uint64(l.Size))
	if len(b) == 0 {
		return 0, 0, false
	}
	return l.DirPtr.Word(&s.Arch, b), l.DirLen.Word(&s.Arch, b), true
}

func (s *Space) swissLen(addr uint64) (uint64, bool) {
	l := &s.Layout.SwissMap
	b, _ := s.Mem.Slice(addr, uint64(l.Size))
	dir, tables, ok := s.directory(nil, addr)
	used, depth := l.Used.Uint(s.Arch, b), l.GlobalDepth.Uint(s.Arch, b)
	if !ok || used >= maxCount {
		return 0, false
	}
	if tables == 0 {
		return used, used <= groupSlots && (used == 0 || s.present(dir))
	}
	return used, tables < maxCount && tables == 1<<depth && s.present(dir)
}

// groupsOf reads where a table has its groups, and how many these are
// (groupsReference).
func (s *Space) groupsOf(m *Map, table []byte) (groups, n uint64) {
	l, a := &s.Layout.GroupsReference, s.Arch
	b := table[m.groupsAt:]
	return l.Data.Uint(a, b), l.LengthMask.Uint(a, b) + 1
}

func (s *Space) swissParts(r *Reader, m *Map, addr uint64, f func(Part)) {
	dir, tables, ok := s.directory(r, addr)
	if !ok || dir == 0 {
		return
	}
	if tables == 0 {
		f(Part{Addr: dir, N: 1, Type: m.Group})
		return
	}
	w := uint64(s.Arch.PtrSize)
	// The directory is an object: what a damaged header has beyond that is no table.
	start, size, ok := s.Slot(dir)
	if !ok || tables > (size-(dir-start))/w {
		return
	}
	pointers := r.Bytes(dir, tables*w)
	if pointers == nil {
		return
	}
	f(Part{Addr: dir, N: tables, Type: m.directory, Array: true})
	size = s.Types.Type(m.table).Size
	last := uint64(0)
	for ; len(pointers) > 0; pointers = pointers[w:] {
		p := s.Arch.Word(pointers)
		if !r.Take(w) {
			return
		}
		if p == 0 || p == last {
			continue
		}
		last = p
		if !r.Take(size) {
			return
		}
		f(Part{Addr: p, N: 1, Type: m.table})
		table := r.Bytes(p, size)
		if len(table) == 0 {
			continue
		}
		if groups, n := s.groupsOf(m, table); groups != 0 && n-1 < maxCount {
			f(Part{Addr: groups, N: n, Type: m.Group, Array: true})
		}
	}
}

func (s *Space) swissEntries(m *Map, addr uint64, f func(Entry) bool) {
	dir, tables, ok := s.directory(nil, addr)
	if !ok {
		return
	}
	if tables == 0 {
		s.groupEntries(m, dir, 1, f)
		return
	}
	if !m.parts {
		return
	}
	w := uint64(s.Arch.PtrSize)
	// The directory is an object. A table may stand in it several times, but has an
	// array of groups for itself (internal/runtime/maps/map.go, table.go, Go 1.26).
	// What a damaged core has of anything else is left out, so that no byte is
	// visited twice.
	start, size, ok := s.Slot(dir)
	if !ok {
		return
	}
	n := min(tables, (size-(dir-start))/w)
	tableSize := s.Types.Type(m.table).Size
	seen := map[uint64]bool{}
	var last uint64
	for i := range n {
		t, ok := s.Mem.Word(dir + i*w)
		if !ok {
			return
		}
		if t == last {
			continue
		}
		last = t
		table, ok := s.Mem.Slice(t, tableSize)
		if !ok {
			continue
		}
		groups, n := s.groupsOf(m, table)
		start, size, ok := s.Slot(groups)
		if !ok || seen[start] || n-1 >= (size-(groups-start))/m.slots.size {
			continue
		}
		seen[start] = true
		if !s.groupEntries(m, groups, n, f) {
			return
		}
	}
}

// groupEntries visits n groups from first, until f returns false or something is not
// in the core.
func (s *Space) groupEntries(m *Map, first, n uint64, f func(Entry) bool) bool {
	l := &m.slots
	for g := range n {
		at := first + g*l.size
		ctrl, ok := s.Mem.Slice(at, l.first)
		if !ok {
			return false
		}
		for i := range min(l.count, uint64(len(ctrl))) {
			// Control bytes are the bytes of a number, the lowest first
			// (internal/runtime/maps/group.go, ctrlGroup.get).
			c := ctrl[i]
			if s.Arch.BigEndian {
				c = ctrl[uint64(len(ctrl))-1-i]
			}
			if c&emptyOrDeleted == 0 && !f(m.entry(at, i)) {
				return false
			}
		}
	}
	return true
}
