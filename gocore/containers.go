package gocore

import (
	"math/bits"

	"goheap/gocore/internal/types"
)

// maxContainer bounds what the header of a map or channel may speak of: the
// object that it leads to bounds it more tightly later.
const maxContainer = 1 << 48

// member returns the bytes of a field of the structure behind a map or channel,
// whose data are given; nil where it has no such field.
func (t *typer) member(typ *types.Type, data []byte, name string) []byte {
	for _, f := range typ.Fields {
		if f.Name == name {
			if size := t.table.Type(f.Type).Size; f.Offset+size <= uint64(len(data)) && size >= uint64(t.arch.PtrSize) {
				return data[f.Offset : f.Offset+size]
			}
		}
	}
	return nil
}

func (t *typer) memberWord(typ *types.Type, data []byte, name string) uint64 {
	if b := t.member(typ, data, name); b != nil {
		return t.arch.Word(b)
	}
	return 0
}

// containerSize returns the bytes that the header of a map or channel at p
// stands for: a channel of elements without pointers has them behind its header,
// in the same object (runtime/chan.go, makechan).
func (t *typer) containerSize(p uint64, id types.ID) (uint64, bool) {
	typ := t.table.Type(id)
	rt := t.table.Type(typ.Runtime)
	if typ.Kind != types.Chan || len(t.compile(typ.Elem).steps) > 0 {
		return rt.Size, true
	}
	n := t.memberWord(rt, t.bytes(p, rt.Size), "dataqsiz")
	hi, size := bits.Mul64(n, t.compile(typ.Elem).size)
	return rt.Size + size, hi == 0 && size < maxContainer
}

// walkContainer follows what the map or channel at addr holds.
func (t *typer) walkContainer(addr uint64, c *compiled) {
	if c.swiss != nil {
		t.walkSwissMap(addr, c.swiss)
		return
	}
	typ := t.table.Type(c.id)
	rt := t.table.Type(typ.Runtime)
	if typ.Kind == types.Map {
		c.swiss = t.swissMap(c.id, rt)
		t.walkSwissMap(addr, c.swiss)
		return
	}
	data := t.bytes(addr, rt.Size)
	if data == nil {
		return
	}
	if buf, n := t.memberWord(rt, data, "buf"), t.memberWord(rt, data, "dataqsiz"); buf != 0 && n > 0 {
		if elem := t.compile(typ.Elem); len(elem.steps) > 0 {
			t.point(claim{p: buf, n: n, x: elem, form: manyValues, evidence: byContainer})
		}
	}
}

// swissMap is what following the maps of one type needs (internal/runtime/maps).
type swissMap struct {
	size           uint64    // of the header, 0 where it is not understood
	dirPtr, dirLen uint64    // offsets in the header
	pointer        *compiled // *table, of which the directory consists
	table          *compiled
	groups         uint64 // offset in a table
	group          *compiled
	classic        *classicMap // where maps are not swiss
}

func (t *typer) swissMap(id types.ID, rt *types.Type) *swissMap {
	dir, ok1 := field(rt, "dirPtr")
	n, ok2 := field(rt, "dirLen")
	group := t.table.MapGroup(id)
	pointer := t.table.Type(dir.Type).Elem
	table := t.table.Type(pointer).Elem
	if t.table.Type(dir.Type).Kind == types.UnsafePointer {
		// The map type is known from a descriptor only.
		pointer, _ = t.table.Lookup("*internal/runtime/maps.table")
		table, _ = t.table.Lookup("internal/runtime/maps.table")
	}
	tt := t.table.Type(table)
	groups, ok3 := field(tt, "groups")
	w := uint64(t.arch.PtrSize)
	if classic := t.classicMap(id, rt); classic != nil {
		return &swissMap{classic: classic}
	}
	if !ok1 || !ok2 || !ok3 || group == 0 || dir.Offset+w > rt.Size || n.Offset+w > rt.Size || groups.Offset+2*w > tt.Size {
		return &swissMap{}
	}
	return &swissMap{rt.Size, dir.Offset, n.Offset, t.compile(pointer), t.compile(table), groups.Offset, t.compile(group), nil}
}

// walkSwissMap follows a map of Go 1.24 and later: a small one has a single
// group, others a directory of tables, in which a table may stand several times,
// and each table an array of groups.
func (t *typer) walkSwissMap(addr uint64, m *swissMap) {
	if m.classic != nil {
		t.walkClassicMap(addr, m.classic)
		return
	}
	data := t.bytes(addr, m.size)
	if len(data) == 0 {
		return
	}
	dir, n := t.arch.Word(data[m.dirPtr:]), t.arch.Word(data[m.dirLen:])
	if dir == 0 {
		return
	}
	if n == 0 {
		t.point(claim{p: dir, n: 1, x: m.group, evidence: byContainer})
		return
	}
	w := uint64(t.arch.PtrSize)
	if n > maxContainer {
		return
	}
	tables := t.bytes(dir, n*w)
	if tables == nil || !t.mayWalk(n*w) {
		return
	}
	t.point(claim{p: dir, n: n, x: m.pointer, form: manyValues, evidence: byContainer})
	last := uint64(0)
	for ; len(tables) > 0; tables = tables[w:] {
		p := t.arch.Word(tables)
		if p == 0 || p == last {
			continue
		}
		last = p
		t.point(claim{p: p, n: 1, x: m.table, evidence: byContainer})
		b := t.bytes(p, m.table.size)
		if len(b) == 0 {
			continue
		}
		// groupsReference{data unsafe.Pointer; lengthMask uint64}
		if groups, mask := t.arch.Word(b[m.groups:]), t.arch.Word(b[m.groups+w:]); groups != 0 && mask < maxContainer {
			t.point(claim{p: groups, n: mask + 1, x: m.group, form: manyValues, evidence: byContainer})
		}
	}
}
