package gocore

import (
	"fmt"
	"math"
	"runtime/debug"
	"strings"

	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/library"
	"goheap/gocore/internal/members"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
	"goheap/gocore/member"
	"goheap/heap"
)

// Value is one value of the program's memory, described in a line. What it
// consists of or leads to is decoded when Children is asked for it, so that
// cyclic data costs nothing.
type Value struct {
	// Name is how the value is selected in the one that it is a part of: a
	// field's name, an index "[3]", a map's key `["abc"]`; "" for a whole object.
	Name string
	Type string
	// Addr and Size are where the value stands. Offset counts from the start of
	// the object or variable that was asked for, and is 0 where Outside says
	// that the value stands elsewhere.
	Addr, Size, Offset uint64
	Outside            bool
	// Text is printable, of one line and bounded, whatever the memory holds.
	Text string
	// Target is the object that the value points to, heap.None for none, and TargetAddr the
	// address of its value; of a string that of the first byte.
	Target     heap.Node
	TargetAddr uint64
	// Children is how many values it can be opened into. The program's memory
	// says so, and the method Children may find fewer. Of a container that has no
	// count and much in it they are those that were counted: More says so.
	Children int
	More     bool
	// Map says that it opens into the entries of a map or a sync.Map, from which Choose
	// can choose.
	Map bool
	// InPlace says that the value is nothing but its children, which stand in its
	// own memory: a struct or array without a text of its own, such as that of a
	// time.Time.
	InPlace bool

	parts parts
	whole region
}

// values shows what stands in memory.
type values struct{ *objects }

// Member finds a part of the objects of a type, which names of fields lead to.
func (p *values) Member(id heap.TypeID, path []string, ask member.Ask) (m member.Member, err error) {
	defer p.caught(debug.SetPanicOnFault(true))
	t, f := typing.SplitTypeID(id)
	container := f == typing.Container && len(path) == 0
	if f != typing.OneValue && !container || id == 0 || id >= typing.FirstFit {
		return m, fmt.Errorf("filters see fields of single values of known type, and not of %s", p.TypeInfo(id).Name)
	}
	r := members.Reader{Header: container, Reader: p.known(), Shown: func(t types.ID, addr uint64) string { return p.valueAt("", t, addr, region{}).Text }}
	kind, read, err := r.Find(t, path, ask)
	return member.Member{Kind: kind, Read: func(n heap.Node) (member.Scalar, bool) {
		defer p.caught(debug.SetPanicOnFault(true))
		return read(p.ValueAddr(n))
	}}, err
}

// stringDataType stands in the place of a type for the bytes of a string.
const stringDataType = "string data"

// region is the memory of the object that a tree of values starts at.
type region struct{ base, size uint64 }

// parts is what a value opens into.
type parts struct {
	how  opening
	t    types.ID // of the struct or closure, of an element, of the map or channel
	addr uint64   // of the first part, or of the header of a map or channel
	n    uint64
	more bool // n was not counted to its end
	// inPlace says that the parts are the value's own memory.
	inPlace bool

	key     types.ID // opensEntry
	keyAddr uint64

	chosen *chosen // opensChosen
}

type opening uint8

const (
	opensNothing  opening = iota
	opensFields           // of the struct at addr
	opensElements         // n of them from addr
	opensOne              // what a pointer points to
	opensMap              // its entries; of a sync.Map too
	opensItems            // of a sequence of the library
	opensChosen           // some entries of a map, in an order
	opensChan             // the queued elements, then the goroutines that wait
	opensEntry            // a map's key and element, where the key has parts too
	opensClosure          // the captured variables
	opensChunk            // the parts of the chunk of a user arena at addr
)

// Value describes the value of an object, or of a global variable. It fails for
// what has no known type.
func (p *values) Value(n heap.Node) (Value, bool) {
	defer p.caught(debug.SetPanicOnFault(true))
	if c := p.typing.ChunkOf(n); c != nil {
		return p.chunkValue(c), true
	}
	t, addr, count, ok := p.valueType(n)
	f := typing.OneValue
	whole := region{base: p.ValueAddr(n)}
	if r := p.root(n); r != nil {
		t, addr, count, ok = r.Type, r.Addr, r.Count, r.Type != 0
		whole.size = r.Size
		if r.Elements {
			f = typing.ManyValues
		}
	} else if ok {
		_, f = typing.SplitTypeID(p.typing.IDs[n])
		if e, slot, found := p.slot(n); found {
			whole.size = e.Elem - (whole.base - slot)
		}
	}
	if !ok {
		return Value{}, false
	}
	typ := p.types.Type(t)
	if f == typing.OneValue && count > 1 {
		f = typing.ManyValues
	}
	var v Value
	switch f {
	case typing.Container:
		v = Value{Type: typ.Name, Addr: addr, Size: p.types.Type(typ.Runtime).Size, parts: p.containerParts(t, addr)}
		l := p.newLine()
		l.container(t, addr, followOnce)
		v.Text = l.String()
	case typing.StringData:
		v = Value{Type: stringDataType, Addr: addr, whole: whole}
		return p.first(v, count), true
	case typing.ManyValues:
		v = Value{Type: "[]" + typ.Name, Addr: addr, whole: whole, parts: parts{how: opensElements, t: t, addr: addr, inPlace: true}}
		return p.first(v, count), true
	default:
		return p.valueAt("", t, addr, whole), true
	}
	v.Target, v.whole = heap.None, whole
	v.Children, v.More, v.Map = clampInt(v.parts.n), v.parts.more, v.parts.how == opensMap
	v.InPlace = v.parts.inPlace && !p.isBytes(&v)
	v.place()
	return v, true
}

// First is the value of an object, as Value has it, with at most count elements of an
// array behind slices, or bytes of a string: see HeldCount.
func (p *values) First(v Value, count uint64) Value {
	defer p.caught(debug.SetPanicOnFault(true))
	switch {
	case v.Type == stringDataType && v.parts.how == opensNothing && count < v.Size,
		v.parts.how == opensElements && v.parts.inPlace && strings.HasPrefix(v.Type, "[]") && count < v.parts.n:
		return p.first(v, count)
	}
	return v
}

// first gives the bytes of a string, or an array, count of them.
func (p *values) first(v Value, count uint64) Value {
	v.Target = heap.None
	if v.parts.how == opensNothing {
		v.Size, v.Text = count, p.quoted(v.Addr, count, maxStringShow)
	} else {
		l := p.newLine()
		l.elements(v.parts.t, v.Addr, count, 0)
		v.Size, v.Text = count*p.types.Type(v.parts.t).Size, l.String()
		v.parts.n = count
		v.Children = clampInt(count)
		v.InPlace = !p.isBytes(&v)
	}
	v.place()
	return v
}

// valueAt describes the value of type t at addr.
func (p *values) valueAt(name string, t types.ID, addr uint64, whole region) Value {
	typ := p.types.Type(t)
	v := Value{Name: name, Type: typ.Name, Addr: addr, Size: typ.Size, whole: whole}
	t, addr = p.known().Unwrap(t, addr)
	v.parts = p.partsOf(t, addr)
	l := p.newLine()
	l.counted = v.parts
	l.value(t, addr, 0, followOnce)
	v.Text = l.String()
	v.Target, v.TargetAddr = p.targetOf(p.types.Type(t), addr), 0
	if v.Target != heap.None {
		v.TargetAddr = p.ValueAddr(v.Target)
		if p.types.Type(t).Kind == types.String {
			v.TargetAddr, _ = p.im.Mem.Word(addr)
		}
	}
	v.Children, v.More, v.Map = clampInt(v.parts.n), v.parts.more, v.parts.how == opensMap
	_, known := p.known().Text(p.types.Type(t), addr)
	v.InPlace = v.parts.inPlace && !known && !p.isBytes(&v)
	v.place()
	return v
}

// isBytes reports whether the parts of a value are bytes, which its text shows
// together.
func (p *values) isBytes(v *Value) bool {
	return v.parts.how == opensElements && p.areBytes(v.parts.t)
}

// place sets Offset and Outside.
func (v *Value) place() {
	v.Outside = v.Addr < v.whole.base || v.Addr-v.whole.base >= max(v.whole.size, 1)
	if !v.Outside {
		v.Offset = v.Addr - v.whole.base
	}
}

// present reports whether the core has the start of a value: where it has not,
// there is nothing to show, and a part of it that is missing says so itself.
func (p *values) present(addr, size uint64) bool {
	return size == 0 || len(p.im.Mem.Prefix(addr, 1)) > 0
}

func clampInt(n uint64) int { return int(min(n, math.MaxInt)) }

// targetOf returns the object that a value points to.
func (p *values) targetOf(typ *types.Type, addr uint64) heap.Node {
	switch typ.Kind {
	case types.Interface:
		addr += uint64(p.im.Arch.PtrSize)
	case types.Pointer, types.UnsafePointer, types.Map, types.Chan, types.Func, types.Slice, types.String:
	default:
		return heap.None
	}
	if to, ok := p.im.Mem.Word(addr); ok {
		if n, ok := p.im.Pages.Lookup(to); ok {
			return n
		}
	}
	return heap.None
}

// partsOf says what the value of type t at addr opens into. It follows at most
// interfaces and then a pointer, and reads no more of what these lead to than
// a header, or what it takes to count to maxCounted.
func (p *values) partsOf(t types.ID, addr uint64) parts { return p.partsIn(t, addr, maxFieldDepth) }

// partsIn is partsOf with at most deep interfaces and reflect.Values to follow.
func (p *values) partsIn(t types.ID, addr uint64, deep int) parts {
	typ := p.types.Type(t)
	if !p.present(addr, typ.Size) || deep == 0 {
		return parts{}
	}
	if n, more, ok := inferior.Held(p.space, t, addr); ok {
		how := opensMap
		if p.space.IsSequence(typ) {
			how = opensItems
		}
		return parts{how: how, t: t, addr: addr, n: n, more: more}
	}
	w := uint64(p.im.Arch.PtrSize)
	word, _ := p.im.Mem.Word(addr)
	switch typ.Kind {
	case types.Struct:
		if of, at, ok := p.known().Reflected(typ, addr); ok && of != 0 {
			x := p.partsIn(of, at, deep-1)
			x.inPlace = false
			return x
		}
		return parts{how: opensFields, t: t, addr: addr, n: uint64(len(typ.Fields)), inPlace: true}
	case types.Array:
		return parts{how: opensElements, t: typ.Elem, addr: addr, n: typ.Len, inPlace: true}
	case types.Slice:
		if n, _ := p.im.Mem.Word(addr + w); word != 0 && n <= math.MaxInt {
			return parts{how: opensElements, t: typ.Elem, addr: word, n: n}
		}
	case types.Map, types.Chan:
		return p.containerParts(t, word)
	case types.Interface:
		if dyn, at, ok := p.space.Dynamic(typ, addr); ok {
			x := p.partsIn(dyn, at, deep-1)
			x.inPlace = false
			return x
		}
	case types.Func:
		code, ok := p.im.Mem.Word(word)
		if id := p.closureAt(code, word); ok && id != 0 {
			return parts{how: opensClosure, t: id, addr: word, n: uint64(len(p.types.Type(id).Fields) - 1)}
		}
	case types.Pointer:
		elem := p.types.Type(typ.Elem)
		if word == 0 || elem.Kind == types.Invalid || !p.present(word, elem.Size) {
			break
		}
		switch elem.Kind {
		case types.Struct:
			if inferior.Holds(p.space, typ.Elem) {
				return p.partsIn(typ.Elem, word, deep-1)
			}
			return parts{how: opensFields, t: typ.Elem, addr: word, n: uint64(len(elem.Fields))}
		case types.Array:
			return parts{how: opensElements, t: elem.Elem, addr: word, n: elem.Len}
		}
		return parts{how: opensOne, t: typ.Elem, addr: word, n: 1}
	}
	return parts{}
}

// closureAt is the type of the closure at addr whose code is at code, which may be
// anything; 0 for none.
func (p *values) closureAt(code, addr uint64) types.ID {
	if code == 0 || p.exe == nil {
		return 0
	}
	return p.closures.TypeOf(code, addr)
}

// containerParts is partsOf for the map or channel whose header stands at addr.
func (p *values) containerParts(t types.ID, addr uint64) parts {
	if addr == 0 {
		return parts{}
	}
	if p.types.Type(t).Kind == types.Map {
		n, ok := inferior.Entered(p.space, t, addr)
		if !ok {
			return parts{}
		}
		return parts{how: opensMap, t: t, addr: addr, n: n}
	}
	c, ok := p.space.Chan(nil, addr)
	if !ok {
		return parts{}
	}
	receivers, senders := p.space.ChanWaiting(addr)
	return parts{how: opensChan, t: t, addr: addr, n: c.Queued + uint64(len(receivers)+len(senders))}
}

// Children decodes up to limit of the values that v opens into, from the one
// with the given number on: fields and elements in order, a map's entries in the
// order of its table, a channel's elements in the order in which they will be
// received and behind them the goroutines that wait. Reaching entry n of a map
// means to pass the ones before it; the cost of all else is that of what is
// returned.
func (p *values) Children(v Value, from, limit int) []Value {
	defer p.caught(debug.SetPanicOnFault(true))
	x := v.parts
	n := clampInt(x.n)
	if x.more {
		n = math.MaxInt
	}
	if from < 0 || limit <= 0 || from >= n {
		return nil
	}
	limit = min(limit, n-from)
	var out []Value
	switch x.how {
	case opensFields, opensClosure:
		fields := p.types.Type(x.t).Fields
		if x.how == opensClosure {
			fields = fields[1:] // the code
		}
		for _, f := range fields[from : from+limit] {
			out = append(out, p.valueAt(f.Name, f.Type, x.addr+f.Offset, v.whole))
		}
	case opensElements:
		size := p.types.Type(x.t).Size
		for i := uint64(from); i < uint64(from+limit); i++ {
			out = append(out, p.valueAt(fmt.Sprintf("[%d]", i), x.t, x.addr+i*size, v.whole))
			if !p.present(x.addr+i*size, size) {
				break // one line says that the rest is missing
			}
		}
	case opensChunk:
		n, _ := p.NodeAt(x.addr)
		for _, part := range p.typing.ChunkOf(n).Parts[from : from+limit] {
			out = append(out, p.partValue(p.typing.ChunkOf(n), part, fmt.Sprintf("+%#x", part.Off)))
		}
	case opensOne:
		out = append(out, p.valueAt("*", x.t, x.addr, v.whole))
	case opensEntry:
		both := []Value{p.valueAt("key", x.key, x.keyAddr, v.whole), p.valueAt("value", x.t, x.addr, v.whole)}
		out = both[from : from+limit]
	case opensMap:
		i := 0
		p.space.Entries(x.t, x.addr, func(e inferior.Entry) bool {
			if i >= from {
				out = append(out, p.entryValue(x.t, e, v.whole))
			}
			i++
			return len(out) < limit
		})
	case opensChosen:
		for _, e := range x.chosen.List[from : from+limit] {
			out = append(out, p.entryValue(x.chosen.of.t, e.Entry, v.whole))
		}
	case opensItems:
		i := 0
		p.space.Items(p.types.Type(x.t), x.addr, func(t types.ID, addr uint64) bool {
			if i >= from {
				out = append(out, p.valueAt(fmt.Sprintf("[%d]", i), t, addr, v.whole))
			}
			i++
			return len(out) < limit
		})
	case opensChan:
		out = p.chanChildren(x, uint64(from), uint64(limit), v.whole)
	}
	return out
}

// entryValue is an entry of a map: its element, named by the key. One whose key
// has parts of its own opens into the two.
func (p *values) entryValue(m types.ID, e inferior.Entry, whole region) Value {
	typ := p.types.Type(m)
	name := "[" + p.keyText(e) + "]"
	// What is large stands behind a pointer (internal/runtime/maps, since Go
	// 1.24; runtime/map.go before).
	e.KeyType, e.Key = p.direct(e.KeyType, e.Key, typ.Key)
	e.ElemType, e.Elem = p.direct(e.ElemType, e.Elem, typ.Elem)
	v := p.valueAt(name, e.ElemType, e.Elem, whole)
	if p.partsOf(p.known().Unwrap(e.KeyType, e.Key)).n > 0 {
		v.parts = parts{how: opensEntry, t: e.ElemType, addr: e.Elem, n: 2, key: e.KeyType, keyAddr: e.Key}
		v.Children = 2
	}
	return v
}

func (p *values) chanChildren(x parts, from, limit uint64, whole region) []Value {
	c, ok := p.space.Chan(nil, x.addr)
	if !ok {
		return nil
	}
	receivers, senders := p.space.ChanWaiting(x.addr)
	elem := p.types.Type(x.t).Elem
	size := p.types.Type(elem).Size
	var out []Value
	var byAddr map[uint64]int
	for i := from; i < from+limit; i++ {
		if at, ok := c.Place(i); ok {
			out = append(out, p.valueAt(fmt.Sprintf("[%d]", i), elem, c.Buffer+at*size, whole))
			continue
		}
		name, k, list := "receiver", i-c.Queued, receivers
		if k >= uint64(len(list)) {
			name, k, list = "sender", k-uint64(len(list)), senders
		}
		if k >= uint64(len(list)) {
			break
		}
		if byAddr == nil {
			byAddr = p.im.GoroutinesByAddress()
		}
		v := Value{Name: name, Type: "goroutine", Addr: list[k], Text: fmt.Sprintf("%#x", list[k]), Target: heap.None, whole: whole}
		if gi, ok := byAddr[list[k]]; ok {
			v.Text = library.Bare(p.goroutineName(gi))
			v.Target = heap.Node(1 + p.im.Goroutines[gi].Root)
		}
		v.place()
		out = append(out, v)
	}
	return out
}
