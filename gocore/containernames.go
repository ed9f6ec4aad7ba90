package gocore

import (
	"fmt"
	"strings"

	"goheap/gocore/internal/types"
	"goheap/heap"
)

// inside says that a chain is inside the implementation of a map or channel of
// type t: what leads on from there is named by the key or the place in the
// buffer, and the steps in between add nothing.
type inside struct {
	t     types.ID
	stage containerStage
}

type containerStage uint8

const (
	atHeader containerStage = iota + 1
	atDirectory
	atTable
	atGroups
	atBuffer
)

// containerView is the header of a map or channel at addr.
func containerView(t types.ID, addr uint64) view {
	return view{addr: addr, inside: inside{t, atHeader}}
}

// hopInContainer names the word at slot of a part of a container.
func (p *Process) hopInContainer(slot, value uint64, to heap.Node, v view) (expr string, star bool, next view) {
	typ := p.types.Type(v.inside.t)
	next = view{addr: value, inside: v.inside}
	switch v.inside.stage {
	case atHeader:
		rt := p.types.Type(typ.Runtime)
		switch {
		case typ.Kind == types.Chan:
			next.inside.stage = atBuffer
		case p.structWord(rt, v.addr, "dirLen") == 0:
			next.inside.stage, next.n = atGroups, 1
		default:
			next.inside.stage = atDirectory
		}
		return "", false, next
	case atDirectory:
		next.inside.stage = atTable
		return "", false, next
	case atTable:
		next.inside.stage, next.n = atGroups, anyCount
		return "", false, next
	case atBuffer:
		size := p.types.Type(typ.Elem).Size
		if size == 0 || slot < v.addr {
			break
		}
		i := (slot - v.addr) / size
		expr, star, next = p.hopInValue(slot, value, to, view{t: typ.Elem, addr: v.addr + i*size, n: 1}, v.addr)
		return fmt.Sprintf("<-[%d]", i) + expr, star, next
	case atGroups:
		if e, ok := p.entryAt(v.inside.t, v.addr, slot); ok {
			if slot < e.elem || e.elem < e.key && slot >= e.key {
				expr, star, next = p.hopInValue(slot, value, to, view{t: e.keyType, addr: e.key, n: 1}, v.addr)
				return "[key " + p.keyText(e) + "]" + expr, star, next
			}
			expr, star, next = p.hopInValue(slot, value, to, view{t: e.elemType, addr: e.elem, n: 1}, v.addr)
			return "[" + p.keyText(e) + "]" + expr, star, next
		}
	}
	return fmt.Sprintf(" → +%#x", slot-v.addr), false, p.ownView(to)
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

// mapEntry is a slot of a map's group.
type mapEntry struct {
	key, elem         uint64 // addresses
	keyType, elemType types.ID
}

// groupLayout is how a map's groups lie in memory.
type groupLayout struct {
	size, slots, stride, count uint64
	keyOff, elemOff            uint64
	key, elem                  types.ID
}

// layoutOfGroup reads a group type: control bytes, then an array of {key, elem}
// (internal/runtime/maps/group.go).
func (p *Process) layoutOfGroup(m types.ID) (l groupLayout, ok bool) {
	group := p.types.Type(p.types.MapGroup(m))
	l.size = group.Size
	for _, f := range group.Fields {
		array := p.types.Type(f.Type)
		if array.Kind != types.Array {
			continue
		}
		slot := p.types.Type(array.Elem)
		l.slots, l.count, l.stride = f.Offset, array.Len, slot.Size
		for _, f := range slot.Fields {
			switch f.Name {
			case "key":
				l.keyOff, l.key = f.Offset, f.Type
			case "elem":
				l.elemOff, l.elem = f.Offset, f.Type
			}
		}
	}
	return l, l.size > 0 && l.stride > 0 && l.key != 0 && l.elem != 0
}

func (l *groupLayout) entry(group, i uint64) mapEntry {
	at := group + l.slots + i*l.stride
	return mapEntry{at + l.keyOff, at + l.elemOff, l.key, l.elem}
}

// entryAt returns the entry of a map whose groups start at groups that holds the
// word at slot.
func (p *Process) entryAt(m types.ID, groups, slot uint64) (mapEntry, bool) {
	l, ok := p.layoutOfGroup(m)
	if !ok || slot < groups {
		return mapEntry{}, false
	}
	off := (slot - groups) % l.size
	if off < l.slots || (off-l.slots)/l.stride >= l.count {
		return mapEntry{}, false
	}
	return l.entry(slot-off, (off-l.slots)/l.stride), true
}

// keyText is a map's key as it stands between the brackets of an index.
func (p *Process) keyText(e mapEntry) string {
	typ := p.types.Type(e.keyType)
	text, _ := p.scalar(typ, e.key)
	if text == "" {
		return typ.Name
	}
	return text
}

// eachEntry calls f with the entries of the map whose header stands at addr, until
// it returns false.
func (p *Process) eachEntry(m types.ID, addr uint64, f func(mapEntry) bool) {
	l, ok := p.layoutOfGroup(m)
	rt := p.types.Type(p.types.Type(m).Runtime)
	if !ok || addr == 0 {
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
				// A control byte with its high bit set is empty or deleted.
				if ctrl[i]&0x80 == 0 && !f(l.entry(at, i)) {
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
	table := p.tableType(rt)
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
		for _, f := range table.Fields {
			if f.Name == "groups" {
				data, _ := p.im.mem.Word(t + f.Offset)
				mask, _ := p.im.mem.Word(t + f.Offset + w)
				if mask < maxContainer && !groups(data, mask+1) {
					return
				}
			}
		}
	}
}

// tableType returns the type of a map's tables, to which its directory leads.
func (p *Process) tableType(rt *types.Type) *types.Type {
	for _, f := range rt.Fields {
		if f.Name == "dirPtr" {
			return p.types.Type(p.types.Type(p.types.Type(f.Type).Elem).Elem)
		}
	}
	return p.types.Type(0)
}

// closureName returns what a Go programmer sees of a closure's function: the part
// of its name behind the function that it stands in, such as "func1".
func closureName(typ string) (string, bool) {
	name, ok := strings.CutPrefix(typ, closurePrefix)
	return name[strings.LastIndexByte(name, '.')+1:], ok
}
