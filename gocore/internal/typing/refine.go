package typing

import (
	"fmt"
	"strings"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/types"
)

// refinement makes a claim of one value at the start of an object more precise,
// for types that stand for others in the runtime's and the library's own
// declarations. What it does not understand it returns as it is.
type refinement func(t *Typer, c claim, at image.SlotAt) claim

// The names of the types of the headers of maps, since Go 1.24 and before, and of channels
// (internal/runtime/maps/map.go, runtime/map.go, runtime/chan.go).
const (
	swissHeader   = "internal/runtime/maps.Map"
	classicHeader = "runtime.hmap"
	chanHeader    = "runtime.hchan"
)

// headerOf returns where in its slot an object that is found there starts.
func (t *judge) headerOf(at image.SlotAt) uint64 {
	if at.Pointers == image.Headers {
		return image.MallocHeader
	}
	return 0
}

func (t *judge) refinementOf(typ *types.Type) refinement {
	switch typ.Name {
	case "time.Timer", "time.Ticker":
		return refineTimer
	case "runtime.timer":
		return refineRuntimeTimer
	case "internal/abi.Type", "reflect.rtype":
		return refineDescriptor
	case chanHeader:
		return refineChan
	case swissHeader, classicHeader:
		return refineMap
	case "runtime.itabTableType":
		return refineItabTable
	}
	if pkg, params, ok := strings.Cut(typ.LinkerName(), ".node["); ok && (pkg == "internal/sync" || pkg == "unique") {
		return t.trieNode(pkg, params)
	}
	return nil
}

// as returns the claim for the type of the given name, if DWARF has it and its
// values are larger.
func (t *Typer) as(c claim, name string) claim {
	id, ok := t.table.Lookup(name)
	if !ok {
		return c
	}
	if x := t.compile(id); x.size >= c.x.size {
		c.x = x
	}
	return c
}

// trieNode returns the refinement of the nodes of a concurrent hash trie: inner
// nodes and entries, as the first byte says (internal/sync.HashTrieMap, behind
// sync.Map, and the older one of package unique).
func (t *judge) trieNode(pkg, params string) refinement {
	inner, ok1 := t.table.LookupInstance(pkg+".indirect", params)
	entry, ok2 := t.table.LookupInstance(pkg+".entry", params)
	if !ok1 || !ok2 {
		return nil
	}
	return func(t *Typer, c claim, at image.SlotAt) claim {
		if b := t.Mem.Bytes(c.p, 1); len(b) == 1 {
			c.x = t.compile([2]types.ID{inner, entry}[b[0]&1])
		}
		return c
	}
}

// refineTimer tells timers of their own from those that the runtime made: it
// allocates a larger structure and hands it out as a *time.Timer or *time.Ticker
// (runtime/time.go, newTimer, Go 1.23).
func refineTimer(t *Typer, c claim, at image.SlotAt) claim {
	r := t.as(c, "runtime.timeTimer")
	if at.Elem < r.x.size || t.im.SmallerClass(at.Elem) >= r.x.size {
		return c
	}
	return r
}

// refineRuntimeTimer tells what a timer that the runtime's heaps of timers lead to is
// a part of: of what newTimer allocates (runtime/time.go, Go 1.23), or until Go 1.22
// of a time.Ticker, which has a period, or a time.Timer, which has none (time/sleep.go,
// tick.go).
func refineRuntimeTimer(t *Typer, c claim, at image.SlotAt) claim {
	l := &t.space.Layout.Library
	outer, name := l.TimeTimer.Timer, string(l.TimeTimer.Name)
	if !outer.Has() {
		outer, name = l.Timer.R, string(l.Timer.Name)
		if b := t.Mem.Bytes(c.p, c.x.size); l.RuntimeTimer.Period.Uint(t.arch, b) != 0 {
			name = string(l.Ticker.Name)
		}
	}
	if outer.Has() && at.Off == t.headerOf(at)+outer.Offset {
		if r := t.as(c, name); r.x != c.x {
			r.p -= outer.Offset
			return r
		}
	}
	return c
}

// refineDescriptor returns the whole descriptor of a type made by package reflect,
// of which abi.Type is the beginning (internal/abi/type.go). Until Go 1.20 the
// structures are those of package reflect, without capitals (reflect/type.go).
func refineDescriptor(t *Typer, c claim, at image.SlotAt) claim {
	l := &t.space.Layout.Library.AbiType
	named := func(name string) string { return "internal/abi." + name }
	id, ok := t.table.Lookup(string(l.Name))
	if !ok {
		named = func(name string) string { return "reflect." + strings.ToLower(name[:1]) + name[1:] }
		id, ok = t.table.Lookup("reflect.rtype")
	}
	if !ok {
		return c
	}
	f, ok := inferior.FieldOf(t.table.Type(id), l.Kind)
	b := t.Mem.Bytes(c.p+f.Offset, 1)
	if !ok || len(b) == 0 || at.Elem <= t.table.Type(id).Size {
		return c // the descriptor of a classic map's buckets ends here, see reflect.bucketOf
	}
	switch types.Kind(b[0] & 31) {
	case types.Array:
		return t.as(c, named("ArrayType"))
	case types.Chan:
		return t.as(c, named("ChanType"))
	case types.Func:
		return t.funcDescriptor(t.as(c, named("FuncType")))
	case types.Interface:
		return t.as(c, named("InterfaceType"))
	case types.Map:
		return t.as(t.as(c, named("SwissMapType")), named("MapType"))
	case types.Pointer:
		return t.as(c, named("PtrType"))
	case types.Slice:
		return t.as(c, named("SliceType"))
	case types.Struct:
		return t.as(c, named("StructType"))
	}
	return c
}

// funcDescriptor returns the claim for a func type with the descriptors of its
// parameters behind it (reflect/type.go, FuncOf). Until Go 1.19 they are in an array
// of one of several sizes; since, package reflect makes a struct type for each number
// of parameters, and keeps it in funcTypes.
func (t *Typer) funcDescriptor(c claim) claim {
	typ := t.table.Type(c.x.id)
	l := &t.space.Layout.Library.AbiFuncType
	in, ok1 := inferior.FieldOf(typ, l.In)
	out, ok2 := inferior.FieldOf(typ, l.Out)
	b := t.Mem.Bytes(c.p, c.x.size)
	if !ok1 || !ok2 || uint64(len(b)) < max(in.Offset, out.Offset)+2 {
		return c
	}
	order := t.arch.Order()
	n := order.Uint16(b[in.Offset:]) + order.Uint16(b[out.Offset:])&(1<<15-1)
	for _, fixed := range []uint16{4, 8, 16, 32, 64, 128} {
		if n <= fixed {
			if x := t.as(c, fmt.Sprintf("reflect.funcTypeFixed%d", fixed)); x.x != c.x {
				return x
			}
			break
		}
	}
	if made := t.funcType(uint64(n)); made != 0 {
		if x := t.compile(made); x.size >= c.x.size {
			c.x = x
		}
	}
	return c
}

// funcType returns reflect.funcTypes[n]: a reflect.Type, whose second word leads to
// the descriptor.
func (t *Typer) funcType(n uint64) types.ID {
	addr, err := t.Config.Global("reflect.funcTypes")
	w := uint64(t.arch.PtrSize)
	header := t.Mem.Bytes(addr, 2*w)
	if err != nil || n >= t.wordAt(header, 0, 1) {
		return 0
	}
	elem := t.Mem.Bytes(t.arch.Word(header)+n*2*w, 2*w)
	return t.byDescriptor(t.wordAt(elem, 0, 1))
}

// refineChan finds out what a channel is one of: its header has the descriptor of
// its elements (runtime/chan.go).
func refineChan(t *Typer, c claim, at image.SlotAt) claim {
	elem := t.byDescriptor(t.space.Layout.Hchan.Elemtype.Uint(t.arch, t.Mem.Bytes(c.p, c.x.size)))
	if elem == 0 {
		return c
	}
	if id, ok := t.table.Lookup("chan " + t.table.Type(elem).Name); ok {
		if x := t.compile(id); x.runtime != nil {
			c.x, c.Form, c.evidence = x, Container, ByContainer
		}
	}
	return c
}

// refineMap finds out what a map is one of by its groups, or buckets, where their type is
// known and is that of one map type alone. Types that a program declares for the same keys
// and elements share it.
func refineMap(t *Typer, c claim, at image.SlotAt) claim {
	if !t.Config.Complete {
		return c
	}
	if t.groupsOf == nil {
		t.groupsOf = map[types.ID]types.ID{}
		for _, id := range t.table.All() {
			if t.table.Type(id).Kind != types.Map {
				continue
			}
			if group := t.table.MapGroup(id); t.groupsOf[group] == 0 {
				t.groupsOf[group], t.anyMap = id, id
			} else {
				t.groupsOf[group] = noMap
			}
		}
	}
	l := t.space.Map(t.anyMap)
	if l == nil {
		return c
	}
	found := types.ID(0)
	// Where the parts of a map stand is the same in all types.
	t.space.MapParts(&t.Mem, l, c.p, func(p inferior.Part) {
		part, ok := t.im.Pages.Find(p.Addr)
		if !ok || p.Type != l.Group || found != 0 {
			return
		}
		group, _ := SplitTypeID(t.idOf(part.Node))
		found = t.groupsOf[group]
	})
	if found != 0 && found != noMap {
		if x := t.compile(found); x.runtime != nil {
			c.x, c.Form, c.evidence = x, Container, ByContainer
		}
	}
	return c
}

// refineItabTable gives the table of itabs the entries that it has: the type is
// that of the first one (runtime/iface.go, itabAdd).
func refineItabTable(t *Typer, c claim, at image.SlotAt) claim {
	typ := t.table.Type(c.x.id)
	l := &t.space.Layout.ItabTable
	n := l.Length.Uint(t.arch, t.Mem.Bytes(c.p, c.x.size))
	w := uint64(t.arch.PtrSize)
	if !l.Entries.Has() || n > maxContainer || l.Entries.Offset+w > typ.Size {
		return c
	}
	c.x = t.compile(t.table.NewStruct(typ.Name, typ.Package, l.Entries.Offset+n*w, typ.Fields))
	return c
}
