package gocore

import (
	"goheap/gocore/internal/types"
)

// classicMap is what following the classic maps of one type needs: a header
// (runtime.hmap) with an array of buckets, each of which may start a chain of
// overflow buckets. While a map grows it has its old array too. This is how maps
// are made until Go 1.23, and with GOEXPERIMENT=noswissmap until 1.25.
type classicMap struct {
	size                uint64 // of the header
	b, flags            uint64 // offsets in the header
	buckets, oldbuckets uint64
	extra               uint64
	bucket              *compiled
	mapextra            *compiled
	lists               [2]uint64 // offsets in a mapextra of overflow and oldoverflow
}

// Of runtime/map.go, the same from Go 1.18 to runtime/map_noswiss.go of Go 1.25.
const (
	sameSizeGrow = 8 // flag: the old buckets are as many as the new ones
	minTopHash   = 5 // of an entry; less is an empty cell, or one that was evacuated

	// A map of less than 1<<preallocFrom buckets is made without overflow
	// buckets behind them (makeBucketArray).
	preallocFrom = 4
	// maxB bounds the logarithm of the number of buckets.
	maxB = 44
)

// classicMap returns nil where maps of the type are not of this kind.
func (t *typer) classicMap(id types.ID, rt *types.Type) *classicMap {
	bucket := t.table.MapGroup(id)
	m := &classicMap{size: rt.Size, bucket: t.compile(bucket)}
	w := uint64(t.arch.PtrSize)
	var extra types.ID
	for _, f := range []struct {
		name string
		to   *uint64
		size uint64
	}{{"B", &m.b, 1}, {"flags", &m.flags, 1}, {"buckets", &m.buckets, w}, {"oldbuckets", &m.oldbuckets, w}, {"extra", &m.extra, w}} {
		in, ok := field(rt, f.name)
		if !ok || in.Offset > rt.Size || f.size > rt.Size-in.Offset {
			return nil
		}
		*f.to, extra = in.Offset, t.table.Type(in.Type).Elem
	}
	m.mapextra = t.compile(extra)
	if bucket == 0 || m.bucket.size == 0 {
		return nil
	}
	if overflow, ok := field(t.table.Type(bucket), "overflow"); ok && len(m.bucket.steps) == 1 && t.table.Type(overflow.Type).Kind == types.Pointer {
		// A bucket of DWARF points to the next one, while the real one may not:
		// see types.Table.MapGroup.
		return nil
	}
	for i, name := range []string{"overflow", "oldoverflow"} {
		f, ok := field(t.table.Type(extra), name)
		if !ok || f.Offset > m.mapextra.size || w > m.mapextra.size-f.Offset {
			return nil
		}
		m.lists[i] = f.Offset
	}
	return m
}

// walkClassicMap follows the map whose header is at addr.
func (t *typer) walkClassicMap(addr uint64, m *classicMap) {
	data := t.bytes(addr, m.size)
	if len(data) == 0 || data[m.b] > maxB {
		return
	}
	b, old := data[m.b], data[m.b]
	if data[m.flags]&sameSizeGrow == 0 && b > 0 {
		old--
	}
	buckets, oldbuckets, extra := t.arch.Word(data[m.buckets:]), t.arch.Word(data[m.oldbuckets:]), t.arch.Word(data[m.extra:])
	t.pointBuckets(buckets, b, m.bucket)
	t.pointBuckets(oldbuckets, old, m.bucket)
	if extra == 0 {
		return
	}
	t.point(claim{p: extra, n: 1, x: m.mapextra, evidence: byContainer})
	if len(m.bucket.steps) > 0 {
		return // each overflow bucket is found where the one before it points to it
	}
	// Buckets without pointers are not scanned: lists hold the overflow buckets
	// (runtime/map.go, mapextra).
	w := uint64(t.arch.PtrSize)
	for _, off := range m.lists {
		list, _ := t.im.mem.Word(extra + off)
		header := t.bytes(list, 2*w)
		if list == 0 || len(header) == 0 {
			continue
		}
		n := t.arch.Word(header[w:])
		if n > maxContainer {
			continue
		}
		chain := t.bytes(t.arch.Word(header), n*w)
		if !t.mayWalk(uint64(len(chain))) {
			continue
		}
		for ; len(chain) > 0; chain = chain[w:] {
			if p := t.arch.Word(chain); p != 0 {
				t.point(claim{p: p, n: 1, x: m.bucket, evidence: byContainer})
			}
		}
	}
}

// pointBuckets claims an array of 1<<b buckets. One of at least 1<<preallocFrom
// is made with overflow buckets behind it, as many as its slot has room for.
func (t *typer) pointBuckets(p uint64, b uint8, bucket *compiled) {
	if p == 0 {
		return
	}
	n := uint64(1) << b
	if at, ok := t.im.pages.find(p); ok && b >= preallocFrom {
		e := &t.im.extents[t.g.ExtentOf(at.node)]
		n = max(n, t.usable(e)/bucket.size)
	}
	t.point(claim{p: p, n: n, x: bucket, form: manyValues, evidence: byContainer})
}

// isClassicMap reports whether the header of a map is that of a classic one.
func (p *Process) isClassicMap(rt *types.Type) bool {
	_, ok := field(rt, "oldbuckets")
	return ok
}

// bucketLayout reads the type of a classic map's buckets: tophash bytes, all keys,
// all elements, and a pointer to the next bucket (runtime.bmap).
func (p *Process) bucketLayout(bucket *types.Type) (l groupLayout, ok bool) {
	overflow, ok := field(bucket, "overflow")
	keys, ok1 := field(bucket, "keys")
	elems, ok2 := field(bucket, "elems")
	if !ok2 {
		elems, ok2 = field(bucket, "values") // in DWARF
	}
	k, v := p.types.Type(keys.Type), p.types.Type(elems.Type)
	if !ok || !ok1 || !ok2 || k.Kind != types.Array || v.Kind != types.Array || k.Len != v.Len || keys.Offset < k.Len {
		return l, false
	}
	l = groupLayout{
		size: bucket.Size, slots: k.Len, count: k.Len,
		keyOff: keys.Offset, keyStride: p.types.Type(k.Elem).Size, key: k.Elem,
		elemOff: elems.Offset, elemStride: p.types.Type(v.Elem).Size, elem: v.Elem,
		overflow: overflow.Offset,
	}
	return l, l.key != 0 && l.elem != 0
}

// Where a chain may be inside a classic map or an older sync.Map, apart from a
// header and atGroups.
const (
	atMapExtra    containerStage = iota + 32
	atBucketSlice                // the header of a slice of overflow buckets
	atBucketList                 // its array
	atReadOnly                   // a sync.readOnly
	atSyncEntry                  // a sync.entry
)

// hopInClassicMap returns what the word at slot leads to, where v is a part of a
// classic map or of an older sync.Map, and the word is not in an entry of a map.
func (p *Process) hopInClassicMap(slot, value uint64, v view) (next view, ok bool) {
	typ := p.types.Type(v.inside.t)
	next = view{addr: value, inside: v.inside, n: anyCount}
	switch v.inside.stage {
	case atHeader, atGroups, atMapExtra:
		if typ.Kind != types.Map || !p.isClassicMap(p.types.Type(typ.Runtime)) {
			return v, false
		}
	}
	switch v.inside.stage {
	case atHeader:
		next.inside.stage = atGroups
		if f, ok := p.fieldAt(p.types.Type(typ.Runtime), slot-v.addr); ok && f.Name == "extra" {
			next.inside.stage = atMapExtra
		}
	case atGroups:
		l, ok := p.layoutOfGroup(v.inside.t)
		return next, ok && l.overflow != 0 && l.offset(v.addr, slot) == l.overflow
	case atMapExtra:
		// The lists of overflow buckets without pointers, and the next bucket of
		// the array that may become one.
		extra, _ := field(p.types.Type(typ.Runtime), "extra")
		next.inside.stage = atBucketSlice
		if f, ok := p.fieldAt(p.types.Type(p.types.Type(extra.Type).Elem), slot-v.addr); ok && f.Name == "nextOverflow" {
			next.inside.stage = atGroups
		}
	case atBucketSlice:
		next.inside.stage = atBucketList
	case atBucketList:
		next.inside.stage = atGroups
	case atReadOnly:
		f, ok := p.fieldAt(typ, slot-v.addr)
		if !ok || p.types.Type(f.Type).Kind != types.Map {
			return v, false
		}
		return containerView(f.Type, value), true
	case atSyncEntry:
		for _, x := range p.types.Words(v.inside.t) {
			if x.Kind == types.PointerWord && x.Offset == slot-v.addr {
				return view{t: x.Target, addr: value, n: 1}, true
			}
		}
		return v, false
	default:
		return v, false
	}
	return next, true
}

// readMap returns the type of the entries that the byte at off of an older
// sync.Map leads to: a sync.readOnly, or a map[any]*entry that has more (sync/map.go,
// until Go 1.23 and with GOEXPERIMENT=nosynchashtriemap until 1.25). It fails for the rest of one, and for other types.
func (p *Process) readMap(t types.ID, off uint64) (types.ID, bool) {
	typ := p.types.Type(t)
	if typ.Name != "sync.Map" {
		return 0, false
	}
	f, ok := p.fieldAt(typ, off)
	switch {
	case ok && f.Name == "dirty" && p.types.Type(f.Type).Kind == types.Map:
		return f.Type, true
	case ok && f.Name == "read":
		x, ok := p.readOnlyWord(t)
		return x.Target, ok
	}
	return 0, false
}

// readOnlyWord returns the word of an older sync.Map that leads to its
// sync.readOnly.
func (p *Process) readOnlyWord(t types.ID) (types.Word, bool) {
	read, ok := field(p.types.Type(t), "read")
	for _, x := range p.types.Words(t) {
		if ok && x.Kind == types.PointerWord && x.Offset-read.Offset < p.types.Type(read.Type).Size {
			return x, true
		}
	}
	return types.Word{}, false
}

// syncMapView is what a pointer in an older sync.Map leads to: see readMap.
func (p *Process) syncMapView(entries types.ID, value uint64) view {
	if p.types.Type(entries).Kind == types.Map {
		return containerView(entries, value)
	}
	return view{addr: value, inside: inside{t: entries, stage: atReadOnly}}
}

// syncEntryView makes the view of an element of a map the view of a value of a
// sync.Map, where the element is a pointer to one.
func (p *Process) syncEntryView(v view) view {
	if v.t != 0 && p.types.Type(v.t).Name == "sync.entry" {
		return view{addr: v.addr, inside: inside{t: v.t, stage: atSyncEntry}}
	}
	return v
}

// offset returns the distance of the address at from the start of the group that
// it lies in, where one of them starts at groups.
func (l *groupLayout) offset(groups, at uint64) uint64 {
	if at < groups {
		// The array was reached by a pointer into it.
		return (l.size - (groups-at)%l.size) % l.size
	}
	return (at - groups) % l.size
}

// eachBucketEntry is eachEntry for a classic map.
func (p *Process) eachBucketEntry(l groupLayout, rt *types.Type, addr uint64, f func(mapEntry) bool) {
	b, ok := p.uintPart(rt, addr, types.Uint8, "B")
	flags, ok2 := p.uintPart(rt, addr, types.Uint8, "flags")
	if !ok || !ok2 || b > maxB || l.size == 0 {
		return
	}
	each := bucketWalk{p: p, l: l, f: f, left: firstChain}
	old := uint64(1) << b
	if flags&sameSizeGrow == 0 {
		old = max(old/2, 1)
	}
	// An old bucket was emptied into the new ones, or they have nothing of it yet
	// (runtime/map.go, evacuate).
	if oldbuckets := p.structWord(rt, addr, "oldbuckets"); oldbuckets != 0 && !each.array(oldbuckets, old) {
		return
	}
	if buckets := p.structWord(rt, addr, "buckets"); buckets != 0 {
		each.array(buckets, uint64(1)<<b)
	}
}

// Chains in a damaged core may form loops: after firstChain overflow buckets, no
// more than maxChain to each bucket of the array are believed. Maps grow when they
// have one to each (runtime/map.go, tooManyOverflowBuckets).
const (
	firstChain = 1 << 12
	maxChain   = 16
)

// bucketWalk visits the entries of a map's buckets.
type bucketWalk struct {
	p    *Process
	l    groupLayout
	f    func(mapEntry) bool
	left uint64 // how many more overflow buckets are believed
}

// array visits n buckets from first and what is chained to them, until f returns
// false or something is not in the core.
func (w *bucketWalk) array(first, n uint64) bool {
	for i := range n {
		w.left += maxChain
		for at := first + i*w.l.size; at != 0 && w.left > 0; w.left-- {
			tophash, ok := w.p.im.mem.Slice(at, w.l.slots)
			if !ok {
				return false
			}
			for k, top := range tophash {
				if top >= minTopHash && !w.f(w.l.entry(at, uint64(k))) {
					return false
				}
			}
			if at, ok = w.p.im.mem.Word(at + w.l.overflow); !ok {
				return false
			}
		}
	}
	return true
}

// isOlderSyncMap reports whether t is a sync.Map made of classic parts: see
// readMap.
func (p *Process) isOlderSyncMap(t types.ID) bool {
	f, ok := field(p.types.Type(t), "dirty")
	if !ok {
		return false
	}
	_, ok = p.readMap(t, f.Offset)
	return ok
}

// eachSyncEntry calls f with the entries of the older sync.Map at addr, until it
// returns false. One is a pointer to the interface that was stored, nil where it
// was deleted (sync/map.go, entry, Go 1.23).
func (p *Process) eachSyncEntry(t types.ID, addr uint64, f func(mapEntry) bool) {
	typ := p.types.Type(t)
	read, ok := p.readOnlyWord(t)
	m, ok2 := field(p.types.Type(read.Target), "m")
	if !ok || !ok2 {
		return
	}
	// The dirty map, where there is one, has all that the other has; otherwise no
	// entry is sync.expunged.
	header := p.structWord(typ, addr, "dirty")
	if header == 0 {
		at, _ := p.im.mem.Word(addr + read.Offset)
		if at == 0 {
			return
		}
		header, _ = p.im.mem.Word(at + m.Offset)
	}
	p.eachEntry(m.Type, header, func(e mapEntry) bool {
		at, _ := p.im.mem.Word(e.elem)
		for _, x := range p.types.Words(p.types.Type(e.elemType).Elem) {
			if to, _ := p.im.mem.Word(at + x.Offset); at != 0 && x.Kind == types.PointerWord && to != 0 {
				return f(mapEntry{key: e.key, elem: to, keyType: e.keyType, elemType: x.Target})
			}
		}
		return true
	})
}
