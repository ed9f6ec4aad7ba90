package gocore

import (
	"strings"

	"goheap/gocore/internal/types"
	"goheap/heap"
)

// inside says that a chain is inside the implementation of a map or channel of
// type t: what leads on from there is named by the key or the place in the
// queue, and the steps in between add nothing.
type inside struct {
	t      types.ID
	stage  containerStage
	header uint64 // address, in the buffer of a channel
}

type containerStage uint8

const (
	atHeader containerStage = iota + 1
	atDirectory
	atTable
	atGroups
	atBuffer
	atTrie // a node of a concurrent hash trie; t is the type of the trie
)

// containerView is the header of a map or channel at addr.
func containerView(t types.ID, addr uint64) view {
	return view{addr: addr, inside: inside{t: t, stage: atHeader}}
}

// hopInContainer names the word at slot of a part of a container.
func (p *Process) hopInContainer(slot, value uint64, to heap.Node, v view) (s link, next view) {
	typ := p.types.Type(v.inside.t)
	next = view{addr: value, inside: v.inside}
	if next, ok := p.hopInClassicMap(slot, value, v); ok {
		return link{}, next
	}
	switch v.inside.stage {
	case atHeader:
		rt := p.types.Type(typ.Runtime)
		f, _ := p.fieldAt(rt, slot-v.addr)
		switch {
		case f.Name == "buf" && typ.Kind == types.Chan:
			next.inside.stage, next.inside.header = atBuffer, v.addr
		case f.Name == "dirPtr" && p.structWord(rt, v.addr, "dirLen") == 0:
			next.inside.stage, next.n = atGroups, 1
		case f.Name == "dirPtr":
			next.inside.stage = atDirectory
		default:
			return p.hopInValue(slot, value, to, view{t: typ.Runtime, addr: v.addr, n: 1}, v.addr)
		}
		return link{}, next
	case atDirectory:
		next.inside.stage = atTable
		return link{}, next
	case atTable:
		next.inside.stage, next.n = atGroups, anyCount
		return link{}, next
	case atBuffer:
		if i, elem, ok := p.queued(v, slot); ok {
			s, next = p.hopInValue(slot, value, to, view{t: typ.Elem, addr: elem, n: 1}, v.addr)
			s.receive, s.index = true, i
			return s, next
		}
	case atGroups:
		if e, ok := p.entryAt(v.inside.t, v.addr, slot); ok {
			return p.hopInEntry(e, slot, value, to, v.addr)
		}
	case atTrie:
		return p.hopInTrie(slot, value, to, v)
	}
	return p.offsetHop(slot-v.addr, to)
}

// queued returns the place in a channel's queue of the element that the word at
// slot of its buffer v is in, 0 for the one to be received next, and where that
// element stands.
func (p *Process) queued(v view, slot uint64) (i, elem uint64, ok bool) {
	typ := p.types.Type(v.inside.t)
	size := p.types.Type(typ.Elem).Size
	rt := p.types.Type(typ.Runtime)
	n, first := p.structWord(rt, v.inside.header, "dataqsiz"), p.structWord(rt, v.inside.header, "recvx")
	if size == 0 || slot < v.addr || n == 0 || first >= n {
		return 0, 0, false
	}
	at := (slot - v.addr) / size
	if at >= n {
		return 0, 0, false
	}
	i = at - first
	if at < first {
		i += n
	}
	return i, v.addr + at*size, i < p.structWord(rt, v.inside.header, "qcount")
}

// hopInEntry names the word at slot of an entry of a map.
func (p *Process) hopInEntry(e mapEntry, slot, value uint64, to heap.Node, base uint64) (s link, next view) {
	key := p.keyText(e)
	if !(slot < e.elem || e.elem < e.key && slot >= e.key) {
		s, next = p.hopInValue(slot, value, to, view{t: e.elemType, addr: e.elem, n: 1}, base)
		return keyLink(key).then(s), p.syncEntryView(next)
	}
	s, next = p.hopInValue(slot, value, to, view{t: e.keyType, addr: e.key, n: 1}, base)
	if p.types.Type(e.keyType).Kind == types.Interface {
		s.suffix = "" // the key is shown as what the interface holds
	}
	if s.star = s.star && s.suffix != ""; s.suffix == "" {
		s.star = false
	}
	return keyLink("key " + key).then(s), next
}

// keyLink is an index by a key.
func keyLink(key string) link {
	return link{suffix: "[" + key + "]", keyAt: 1, keyEnd: 1 + len(key)}
}

// trieName starts the names of the concurrent hash tries behind sync.Map
// (internal/sync.HashTrieMap).
const trieName = "internal/sync.HashTrieMap["

// trieOf returns the type of the trie that a value of type t is, or that it
// consists of, as a sync.Map does; 0 for none.
func (p *Process) trieOf(t types.ID) types.ID {
	typ := p.types.Type(t)
	if strings.HasPrefix(typ.Name, trieName) {
		return t
	}
	if typ.Name == "sync.Map" {
		for _, f := range typ.Fields {
			if f.Offset == 0 && strings.HasPrefix(p.types.Type(f.Type).Name, trieName) && p.types.Type(f.Type).Size > 0 {
				return f.Type
			}
		}
	}
	return 0
}

// holdsTrie reports whether the byte at off of a value of type t leads to the
// nodes of a trie.
func (p *Process) holdsTrie(t types.ID, off uint64) bool {
	trie := p.trieOf(t)
	if trie == 0 {
		_, ok := p.readMap(t, off)
		return ok
	}
	f, ok := p.fieldAt(p.types.Type(trie), off)
	return ok && f.Name == "root"
}

// trieEntry returns the type of the entries of a trie, and how an entry at addr is
// an entry of a map.
func (p *Process) trieEntry(trie types.ID, addr uint64) (entry *types.Type, e mapEntry, ok bool) {
	params := strings.TrimPrefix(p.types.Type(trie).Name, trieName)
	id, ok := p.types.LookupInstance("internal/sync.entry", params)
	if !ok {
		return nil, e, false
	}
	entry = p.types.Type(id)
	key, ok1 := field(entry, "key")
	value, ok2 := field(entry, "value")
	return entry, mapEntry{key: addr + key.Offset, elem: addr + value.Offset, keyType: key.Type, elemType: value.Type}, ok1 && ok2
}

// isTrieEntry reports whether the node of a trie at addr is an entry: its first
// field says so.
func (p *Process) isTrieEntry(addr uint64) bool {
	b, ok := p.im.mem.Slice(addr, 1)
	return ok && b[0]&1 != 0
}

// hopInTrie names the word at slot of a node of a trie.
func (p *Process) hopInTrie(slot, value uint64, to heap.Node, v view) (link, view) {
	if !p.isTrieEntry(v.addr) {
		return link{}, view{addr: value, inside: v.inside}
	}
	entry, e, ok := p.trieEntry(v.inside.t, v.addr)
	if !ok {
		return p.offsetHop(slot-v.addr, to)
	}
	if f, ok := p.fieldAt(entry, slot-v.addr); ok && f.Name == "overflow" {
		return link{}, view{addr: value, inside: v.inside}
	}
	return p.hopInEntry(e, slot, value, to, v.addr)
}

// structWord reads a word-sized field of the structure at addr; 0 where there is
// none.
func (p *Process) structWord(typ *types.Type, addr uint64, name string) uint64 {
	for _, f := range typ.Fields {
		if f.Name == name {
			w, _ := p.im.mem.Word(addr + f.Offset)
			return w
		}
	}
	return 0
}

// mapEntry is a slot of a map's group, or an entry of a trie. The types are those
// in the slot: pointers where the map m keeps its keys or elements outside.
type mapEntry struct {
	key, elem         uint64 // addresses
	keyType, elemType types.ID
	m                 types.ID // the map's type, 0 for none
}

// groupLayout is how a map's groups lie in memory.
type groupLayout struct {
	size, slots, count  uint64 // slots is where they start
	keyOff, keyStride   uint64
	elemOff, elemStride uint64
	overflow            uint64 // of a bucket of a classic map, 0 in groups
	key, elem           types.ID
	m                   types.ID // the map's type
}

// layoutOfGroup reads a group type: control bytes, then an array of {key, elem}, or,
// with GOEXPERIMENT=mapsplitgroup in Go 1.27, an array of keys and one of elements
// (internal/runtime/maps/group.go).
func (p *Process) layoutOfGroup(m types.ID) (l groupLayout, ok bool) {
	group := p.types.Type(p.types.MapGroup(m))
	if _, ok := field(group, "overflow"); ok {
		l, ok = p.bucketLayout(group)
		l.m = m
		return l, ok
	}
	l.size, l.m = group.Size, m
	for _, f := range group.Fields {
		array := p.types.Type(f.Type)
		if array.Kind != types.Array {
			continue
		}
		slot := p.types.Type(array.Elem)
		switch strings.ToLower(f.Name) { // package reflect writes them with capitals
		case "keys":
			l.slots, l.count = f.Offset, array.Len
			l.keyOff, l.keyStride, l.key = f.Offset, slot.Size, array.Elem
			continue
		case "elems":
			l.elemOff, l.elemStride, l.elem = f.Offset, slot.Size, array.Elem
			continue
		}
		l.slots, l.count, l.keyStride, l.elemStride = f.Offset, array.Len, slot.Size, slot.Size
		for _, f := range slot.Fields {
			switch strings.ToLower(f.Name) {
			case "key":
				l.keyOff, l.key = l.slots+f.Offset, f.Type
			case "elem":
				l.elemOff, l.elem = l.slots+f.Offset, f.Type
			}
		}
	}
	return l, l.size > 0 && l.keyStride > 0 && l.key != 0 && l.elem != 0
}

func (l *groupLayout) entry(group, i uint64) mapEntry {
	return mapEntry{group + l.keyOff + i*l.keyStride, group + l.elemOff + i*l.elemStride, l.key, l.elem, l.m}
}

// entryAt returns the entry of a map whose groups start at groups that holds the
// word at slot.
func (p *Process) entryAt(m types.ID, groups, slot uint64) (mapEntry, bool) {
	l, ok := p.layoutOfGroup(m)
	if !ok {
		return mapEntry{}, false
	}
	off := l.offset(groups, slot)
	for _, part := range []struct {
		first, stride uint64
		t             types.ID
	}{{l.keyOff, l.keyStride, l.key}, {l.elemOff, l.elemStride, l.elem}} {
		if off < part.first || part.stride == 0 {
			continue
		}
		i := (off - part.first) / part.stride
		if i < l.count && (off-part.first)%part.stride < p.types.Type(part.t).Size {
			return l.entry(slot-off, i), true
		}
	}
	return mapEntry{}, false
}

// eachEntry calls f with the entries of the map whose header stands at addr, until
// it returns false.
func (p *Process) eachEntry(m types.ID, addr uint64, f func(mapEntry) bool) {
	l, ok := p.layoutOfGroup(m)
	rt := p.types.Type(p.types.Type(m).Runtime)
	if !ok || addr == 0 {
		return
	}
	if p.isClassicMap(rt) {
		p.eachBucketEntry(l, rt, addr, f)
		return
	}
	groups := func(first, n uint64) bool {
		for g := range n {
			at := first + g*l.size
			ctrl, ok := p.im.mem.Slice(at, l.slots)
			if !ok {
				return false
			}
			for i := range min(l.count, uint64(len(ctrl))) {
				// A control byte with its high bit set is empty or deleted. They
				// are the bytes of a number, the lowest first
				// (internal/runtime/maps/group.go, ctrlGroup.get).
				c := ctrl[i]
				if p.im.arch.BigEndian {
					c = ctrl[uint64(len(ctrl))-1-i]
				}
				if c&0x80 == 0 && !f(l.entry(at, i)) {
					return false
				}
			}
		}
		return true
	}
	dir, n := p.structWord(rt, addr, "dirPtr"), p.structWord(rt, addr, "dirLen")
	if n == 0 {
		groups(dir, 1)
		return
	}
	w := uint64(p.im.arch.PtrSize)
	ref, ok := field(p.tableType(rt), "groups")
	if !ok {
		return
	}
	// The directory is an object. A table may stand in it several times, but has an
	// array of groups for itself (internal/runtime/maps/map.go, table.go, Go 1.26).
	// What a damaged core has of anything else is left out, so that no byte is
	// visited twice.
	directory, _ := p.NodeAt(dir)
	e, start, ok := p.slot(directory)
	if !ok {
		return
	}
	n = min(n, (e.elem-(dir-start))/w)
	seen := map[heap.Node]bool{}
	var last uint64
	for i := uint64(0); i < n; i++ {
		t, ok := p.im.mem.Word(dir + i*w)
		if !ok {
			return
		}
		if t == last {
			continue
		}
		last = t
		data, _ := p.im.mem.Word(t + ref.Offset)
		mask, _ := p.im.mem.Word(t + ref.Offset + w)
		array, _ := p.NodeAt(data)
		e, start, ok := p.slot(array)
		if !ok || seen[array] || mask >= (e.elem-(data-start))/l.size {
			continue
		}
		seen[array] = true
		if !groups(data, mask+1) {
			return
		}
	}
}

// eachTrieEntry calls f with the entries of the trie that stands at addr, or at the
// start of the value there, until it returns false.
func (p *Process) eachTrieEntry(trie types.ID, addr uint64, f func(mapEntry) bool) {
	params := strings.TrimPrefix(p.types.Type(trie).Name, trieName)
	inner, ok := p.types.LookupInstance("internal/sync.indirect", params)
	children, ok2 := field(p.types.Type(inner), "children")
	size := p.types.Type(children.Type).Size
	if !ok || !ok2 {
		return
	}
	w := uint64(p.im.arch.PtrSize)
	seen := map[uint64]bool{}
	waiting := []uint64{p.structWord(p.types.Type(trie), addr, "root")}
	for len(waiting) > 0 {
		at := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		if _, ok := p.NodeAt(at); !ok || seen[at] {
			continue
		}
		if seen[at] = true; len(seen) > p.im.nodes {
			return // a damaged core
		}
		if !p.isTrieEntry(at) {
			b, ok := p.im.mem.Slice(at+children.Offset, size)
			if !ok {
				continue
			}
			for ; uint64(len(b)) >= w; b = b[w:] {
				waiting = append(waiting, p.im.arch.Word(b))
			}
			continue
		}
		entry, e, ok := p.trieEntry(trie, at)
		if !ok || !f(e) {
			return
		}
		waiting = append(waiting, p.structWord(entry, at, "overflow"))
	}
}

// tableType returns the type of a map's tables, to which its directory leads.
func (p *Process) tableType(rt *types.Type) *types.Type {
	for _, f := range rt.Fields {
		if f.Name != "dirPtr" {
			continue
		}
		if p.types.Type(f.Type).Kind == types.UnsafePointer {
			// The map type is known from a descriptor only.
			table, _ := p.types.Lookup("internal/runtime/maps.table")
			return p.types.Type(table)
		}
		return p.types.Type(p.types.Type(p.types.Type(f.Type).Elem).Elem)
	}
	return p.types.Type(0)
}

// closureName returns what a Go programmer sees of a closure's function: the part
// of its name behind the function that it stands in, such as "func1" or "func1.2",
// or the name of a method that is bound to its receiver.
func closureName(typ string) (string, bool) {
	name, ok := strings.CutPrefix(typ, closurePrefix)
	if !ok {
		return "", false
	}
	name = withoutTypeArguments(name)
	if method, ok := strings.CutSuffix(name, "-fm"); ok {
		return method[strings.LastIndexByte(method, '.')+1:], true
	}
	for i := strings.LastIndexByte(name, '/') + 1; i < len(name); i++ {
		if name[i] != '.' {
			continue
		}
		for _, prefix := range []string{"func", "gowrap", "deferwrap"} {
			if rest, ok := strings.CutPrefix(name[i+1:], prefix); ok && rest != "" && rest[0] >= '0' && rest[0] <= '9' {
				return name[i+1:], true
			}
		}
	}
	return name[strings.LastIndexByte(name, '.')+1:], true
}

// withoutTypeArguments drops what stands in brackets.
func withoutTypeArguments(name string) string {
	var b strings.Builder
	depth := 0
	for _, r := range name {
		switch {
		case r == '[':
			depth++
		case r == ']':
			depth--
		case depth == 0:
			b.WriteRune(r)
		}
	}
	return b.String()
}
