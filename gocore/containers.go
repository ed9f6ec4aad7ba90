package gocore

import (
	"math/bits"
	"strings"

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
			if size := t.table.Type(f.Type).Size; f.Offset+size <= uint64(len(data)) && size >= 8 {
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
}

func (t *typer) swissMap(id types.ID, rt *types.Type) *swissMap {
	dir, ok1 := field(rt, "dirPtr")
	n, ok2 := field(rt, "dirLen")
	group := t.table.MapGroup(id)
	pointer := t.table.Type(dir.Type).Elem
	table := t.table.Type(pointer).Elem
	tt := t.table.Type(table)
	groups, ok3 := field(tt, "groups")
	w := uint64(t.arch.PtrSize)
	if !ok1 || !ok2 || !ok3 || group == 0 || dir.Offset+w > rt.Size || n.Offset+w > rt.Size || groups.Offset+2*w > tt.Size {
		return &swissMap{}
	}
	return &swissMap{rt.Size, dir.Offset, n.Offset, t.compile(pointer), t.compile(table), groups.Offset, t.compile(group)}
}

// walkSwissMap follows a map of Go 1.24 and later: a small one has a single
// group, others a directory of tables, in which a table may stand several times,
// and each table an array of groups.
func (t *typer) walkSwissMap(addr uint64, m *swissMap) {
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
	if tables == nil {
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

// trieNode returns, of the nodes of a concurrent hash trie, the types that a node
// really has: an inner node, and an entry, as its first byte says
// (internal/sync.HashTrieMap, behind sync.Map).
func (t *typer) trieNode(typ *types.Type) *[2]types.ID {
	params, ok := strings.CutPrefix(typ.Name, "internal/sync.node[")
	if !ok {
		return nil
	}
	inner, ok1 := t.table.Lookup("internal/sync.indirect[" + params)
	entry, ok2 := t.table.Lookup("internal/sync.entry[" + params)
	if !ok1 || !ok2 {
		return nil
	}
	return &[2]types.ID{inner, entry}
}

// pointClosure claims a closure, whose first word is the address of its code.
func (t *typer) pointClosure(p uint64) {
	if t.capture == nil {
		return
	}
	b := t.bytes(p, uint64(t.arch.PtrSize))
	if b == nil {
		return
	}
	if id := t.capture(t.arch.Word(b)); id != 0 {
		t.point(claim{p: p, n: 1, x: t.compile(id), evidence: byContainer})
	}
}

// closurePrefix starts the names of the types of closures.
const closurePrefix = "closure "

// closureType returns the type of the closures of the function at entry: a
// structure of its code and of the variables that it captured.
func (p *Process) closureType(entry uint64) types.ID {
	p.varsMu.Lock()
	defer p.varsMu.Unlock()
	if id, ok := p.closures[entry]; ok {
		return id
	}
	id := types.ID(0)
	fn, ok := p.function(entry)
	if ok && fn.Entry == entry {
		id = p.describeClosure(fn.Name(), entry)
	}
	p.closures[entry] = id
	return id
}

func (p *Process) describeClosure(name string, entry uint64) types.ID {
	captures, ok := p.exe.file.Captures(entry - p.exe.bias)
	if !ok || len(captures) == 0 {
		return 0
	}
	code, _ := p.types.Lookup("uintptr")
	fields := []types.Field{{Name: "F", Type: code}}
	size := uint64(p.im.arch.PtrSize)
	for _, c := range captures {
		if c.Offset < size {
			return 0 // two captures in one place: not understood
		}
		fields = append(fields, types.Field{Name: c.Name, Offset: c.Offset, Type: c.Type})
		size = c.Offset + p.types.Type(c.Type).Size
	}
	return p.types.NewStruct(closurePrefix+name, packageOf(name), alignUp(size, uint64(p.im.arch.PtrSize)), fields)
}
