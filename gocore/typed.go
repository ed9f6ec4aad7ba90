package gocore

import (
	"runtime/debug"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
	"goheap/heap"
)

// Typing sums up how much of the live heap has a type.
type Typing struct {
	TypedObjects, TypedBytes uint64
	CoveredBytes             uint64 // of TypedBytes, what the types explain
	Conflicts                uint64 // claims that contradicted a pointer map
	EvidenceBytes            map[Evidence]uint64
	// FitObjects and FitBytes count the objects of which no more is known than that one
	// type alone fits: they are not typed, and not unknown either.
	FitObjects, FitBytes uint64
	// BehindUnknown is the bytes of the live objects of unknown type and of those that
	// one of these dominates: what would be freed without one unknown object or another.
	// Whatever leads there has a hop that nobody can name. What several unknown objects
	// hold together, and none alone, is not in it.
	BehindUnknown uint64
}

// TypeInfo names a type of objects.
type TypeInfo struct {
	// Name is as a Go programmer writes the type: "main.Session", and
	// "[]main.Session" for the array behind a slice. The bytes of strings are
	// "string data". An unknown type is described by size and pointers; "≈ " stands
	// before one of which no more is known than that no other fits.
	Name    string
	Package string // that declares it; "" for unnamed and predeclared types
	Known   bool
	Fits    bool // no other type fits; it is not known then
}

// Approximately stands before the name of a type of which no more is known than that no
// other fits.
const Approximately = "≈ "

// objects are the slots of the heap and their types, and the roots.
type objects struct {
	*stacks
	im     *image.Image // with all roots
	graph  *heap.Graph
	live   *heap.Marker
	typing *typing.Result
}

// TypeIDs returns the type of each node, 0 for what is no live object. The
// slice belongs to the process.
func (p *objects) TypeIDs() []heap.TypeID { return p.typing.IDs }

// TypeOf describes the type of an object; the zero TypeInfo for a node that is
// no live object.
func (p *objects) TypeOf(n heap.Node) TypeInfo {
	defer p.caught(debug.SetPanicOnFault(true))
	if ids := p.TypeIDs(); int(n) < len(ids) {
		return p.TypeInfo(ids[n])
	}
	return TypeInfo{}
}

// RecordedType returns the name of the type that the allocator recorded for an object, live
// or garbage, "" for none: since Go 1.22 it records that of objects with pointers that are
// larger than 512 bytes. Generic code allocates shapes of types.
func (p *objects) RecordedType(n heap.Node) string {
	defer p.caught(debug.SetPanicOnFault(true))
	if e, slot, ok := p.slot(n); ok {
		return typing.RecordedName(p.im, p.types, e, slot)
	}
	return ""
}

// TypeInfo describes a type.
func (p *objects) TypeInfo(id heap.TypeID) TypeInfo {
	defer p.caught(debug.SetPanicOnFault(true))
	if id == 0 {
		return TypeInfo{}
	}
	if id >= typing.FirstUnknown {
		return TypeInfo{Name: p.typing.UnknownName(p.types, id)}
	}
	t, f := typing.SplitTypeID(id)
	typ := p.types.Type(t)
	info := TypeInfo{Name: typ.Name, Package: typ.Package, Known: true}
	switch f {
	case typing.ManyValues:
		info.Name, info.Package = "[]"+typ.Name, ""
	case typing.StringData:
		info.Name = "string data"
	}
	if id >= typing.FirstFit {
		info.Name, info.Known, info.Fits = Approximately+info.Name, false, true
	}
	return info
}

// Typing sums up how much of the heap has a type.
func (p *Heap) Typing() Typing {
	t := &p.typing.Totals
	out := Typing{
		TypedObjects: t.TypedObjects, TypedBytes: t.TypedBytes, CoveredBytes: t.CoveredBytes, Conflicts: t.Conflicts,
		FitObjects: t.FitObjects, FitBytes: t.FitBytes, BehindUnknown: p.behindUnknown,
	}
	if t.EvidenceBytes != nil {
		out.EvidenceBytes = map[Evidence]uint64{}
		for ev, n := range t.EvidenceBytes {
			out.EvidenceBytes[Evidence(ev)] = n
		}
	}
	return out
}

// Fits returns the names of the types that an object of unknown type may have, where of
// all types of the program several fit, as far as they are remembered.
func (p *objects) Fits(n heap.Node) []string { return p.typing.FitNames(p.types, n) }

// Evidence says why an object has its type, 0 for what is no live object.
func (p *objects) Evidence(n heap.Node) Evidence {
	if ev := p.typing.Evidence; int(n) < len(ev) {
		return Evidence(ev[n])
	}
	return 0
}

// valueType returns the type of the values in an object, the address of the
// first, and how many there are; ok is false where the type is unknown.
func (p *objects) valueType(n heap.Node) (t types.ID, addr, count uint64, ok bool) {
	return p.valueTypeBelow(n, typing.FirstFit)
}

// valueTypeBelow is valueType for types with numbers below one.
func (p *objects) valueTypeBelow(n heap.Node, limit heap.TypeID) (t types.ID, addr, count uint64, ok bool) {
	ty := p.typing
	if int(n) >= len(ty.IDs) || ty.IDs[n] == 0 || ty.IDs[n] >= limit {
		return 0, 0, 0, false
	}
	e, slot, ok := p.slot(n)
	if !ok {
		return 0, 0, 0, false
	}
	usable, head := e.Elem, uint64(0)
	if e.Pointers == image.Headers {
		head = image.MallocHeader
		usable -= head
	}
	t, f := typing.SplitTypeID(ty.IDs[n])
	count = 1
	switch f {
	case typing.ManyValues:
		if size := p.types.Type(t).Size; size > 0 {
			count = p.im.Filled(e, slot, usable, size) / size
		}
	case typing.StringData:
		count = usable
	}
	return t, slot + head, count, true
}

// Count returns how many values of its type fit into an object: 1 for a single
// value, the capacity for the array behind a slice, bytes for string data.
func (p *objects) Count(n heap.Node) uint64 {
	defer p.caught(debug.SetPanicOnFault(true))
	if _, _, count, ok := p.valueType(n); ok {
		return count
	}
	return 1
}

// slot returns the extent of an object and the address of its slot.
func (p *objects) slot(n heap.Node) (*image.Extent, uint64, bool) {
	if int(n) >= p.im.Nodes {
		return nil, 0, false
	}
	i := p.graph.ExtentOf(n)
	if i < 0 {
		return nil, 0, false
	}
	e := &p.im.Extents[i]
	return e, e.Base + uint64(n-e.First)*e.Elem, true
}

// NodeAt returns the node of the slot that holds addr, interior addresses
// included.
func (p *objects) NodeAt(addr uint64) (heap.Node, bool) { return p.im.Pages.Lookup(addr) }

// Addr returns the address of an object's slot or of a root, 0 for what has
// none.
func (p *objects) Addr(n heap.Node) uint64 {
	if r := p.root(n); r != nil {
		return r.Addr
	}
	_, addr, _ := p.slot(n)
	return addr
}

// ValueAddr returns the address at which the value of an object begins: behind the header
// that the allocator puts in front of objects of some sizes, which have pointers, since Go
// 1.22 (runtime/malloc.go, mallocgcSmallScanHeader). For other nodes it is Addr.
func (p *objects) ValueAddr(n heap.Node) uint64 {
	if e, addr, ok := p.slot(n); ok && p.root(n) == nil {
		if e.Pointers == image.Headers {
			addr += image.MallocHeader
		}
		return addr
	}
	return p.Addr(n)
}

func (p *objects) root(n heap.Node) *image.Root {
	if n == heap.SuperRoot || int(n) > len(p.im.Roots) {
		return nil
	}
	return &p.im.Roots[n-1]
}
