package gocore

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"goheap/dump"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/keys"
	"goheap/gocore/internal/notation"
	"goheap/gocore/internal/recent"
	"goheap/gocore/internal/types"
	"goheap/heap"
)

// ErrNotFound is wrapped by the errors of Lookup and Resolve. Those that have keys of maps
// in their text have a method WithoutValues, which returns it without.
var ErrNotFound = errors.New("not found")

// Place is what a target names: a node of the graph, or a value within or outside of one.
type Place struct {
	// Node is the object, the variable or the goroutine that is named. Where Part is set it
	// is what the value stands in, and heap.None for one in data that holds nothing on the
	// heap.
	Node heap.Node
	// Part says that Value is meant, which is no node of its own: a field, an element, a
	// variable of a frame, static data.
	Part  bool
	Value Value
	// Variable names the global variable that Value stands in, or that leads to it: "" for
	// none.
	Variable string
}

// Lookup finds the node that a target names or, of a part of one, the node that it is in.
// It fails for what is in none.
func (p *naming) Lookup(text string) (heap.Node, error) {
	place, err := p.Resolve(text)
	if err == nil && place.Node == heap.None {
		err = fmt.Errorf("%w: %s is data of the program that holds nothing on the heap (%s at %#x)", ErrNotFound, notation.OneLine(text), place.Value.Type, place.Value.Addr)
	}
	return place.Node, err
}

// Resolve finds what a person names, or goheap has printed: an address ("0xc000012345"), a
// goroutine ("g:17"), a variable in one ("g:17 main.work work.go:12 · job"), or a Go
// expression from a global variable ("main.cache.byID[3]",
// "main.srv.store.(*main.memory).blocks", "(<-main.queue[0]).name"). An expression whose
// value is a pointer, slice, string or interface stands for the object that it leads to, a
// global variable for itself. The page `goheap help targets` has the grammar.
func (p *naming) Resolve(text string) (place Place, err error) {
	place.Node = heap.None
	err = dump.GuardFaults(func() (err error) {
		place, err = p.resolve(text)
		return err
	})
	if err != nil {
		place = Place{Node: heap.None}
	}
	return place, err
}

func (p *naming) resolve(text string) (Place, error) {
	t, err := notation.Parse(text, p.nameLength)
	if err != nil {
		e := evaluation{p: p, text: text}
		var wrong *notation.Error
		if errors.As(err, &wrong) {
			return Place{}, e.fail(wrong.Pos, "%s", wrong.What)
		}
		return Place{}, err
	}
	e := evaluation{p: p, text: text, goroutine: -1, mentions: new(int)}
	switch t.Kind {
	case notation.AtAddress:
		return p.atAddress(t)
	case notation.InGoroutine:
		e.goroutine = slices.IndexFunc(p.im.Goroutines, func(g image.Goroutine) bool { return g.ID == t.Goroutine })
		if e.goroutine < 0 {
			return Place{}, fmt.Errorf("%w: there is no goroutine %d with a stack; see `goheap goroutines`", ErrNotFound, t.Goroutine)
		}
		e.frame = t.Frame
		e.home, _ = notation.PackageOf(e.frame)
		if t.Expr == nil {
			return Place{Node: heap.Node(1 + p.im.Goroutines[e.goroutine].Root)}, nil
		}
	}
	if t.Expr.Op == notation.Len || t.Expr.Op == notation.Cap {
		return e.count(t.Expr)
	}
	o, err := e.value(t.Expr)
	if err != nil {
		return Place{}, err
	}
	return e.place(o)
}

// atAddress finds what stands at an address: an object, a variable or static data, the
// stack of a goroutine, or a root that is none of these.
func (p *naming) atAddress(t *notation.Target) (Place, error) {
	if n, ok := p.NodeAt(t.Addr); ok {
		if t.Type != "" || t.Addr != p.Addr(n) {
			if place, ok := partOfChunk(p, t.Addr, t.Type); ok {
				return place, nil
			}
		}
		if name := p.Type(n); t.Type != "" && !p.sameType(name, t.Type) {
			return Place{}, fmt.Errorf("%w: at %#x stands a %s, no %s", ErrNotFound, t.Addr, name, notation.OneLine(t.Type))
		}
		return Place{Node: n}, nil
	}
	for i := range p.im.Roots {
		if r := &p.im.Roots[i]; r.Kind != image.GlobalRoot && r.Addr == t.Addr && r.Addr != 0 {
			return Place{Node: heap.Node(1 + i)}, nil
		}
	}
	if r, n := p.dataAt(t.Addr); r != nil {
		if n != heap.None {
			return Place{Node: n}, nil
		}
		e := evaluation{p: p, text: fmt.Sprintf("%#x", t.Addr)}
		return e.place(operand{view: rootView(r), whole: true})
	}
	if gi := p.stackAt(t.Addr); gi >= 0 {
		return Place{Node: heap.Node(1 + p.im.Goroutines[gi].Root)}, nil
	}
	return Place{}, fmt.Errorf("%w: %#x is neither in a slot of the heap, nor in a variable of the program, nor on a stack; `goheap find FILE %#x` says who has this word", ErrNotFound, t.Addr, t.Addr)
}

// dataAt returns the global variable, or other data, that covers addr, and its node;
// heap.None where it holds nothing on the heap.
func (p *naming) dataAt(addr uint64) (*image.Root, heap.Node) {
	if r, n := p.rootAt(addr); r != nil {
		return r, n
	}
	for _, find := range []func(uint64) (image.Root, bool){p.decoder.VariableRoot, p.decoder.StaticRoot} {
		if r, ok := find(addr); ok {
			return &r, heap.None
		}
	}
	return nil, heap.None
}

// stackAt returns the index of the goroutine whose stack covers addr, -1 for none.
func (p *naming) stackAt(addr uint64) int {
	return slices.IndexFunc(p.im.Goroutines, func(g image.Goroutine) bool { return addr >= g.StackLo && addr < g.StackHi })
}

// nameIndex finds roots, and what is in large objects and maps, and knows what was named
// and looked up last.
type nameIndex struct {
	once sync.Once
	of   *image.RootIndex
	// short has the variables of packages by the last element of their paths:
	// "server.cache" for "example.com/x/server.cache".
	short   map[string][]string
	keys    keys.Index      // of maps
	words   image.WordIndex // of large objects
	chains  recent.Chains[chain]
	repeats recent.Repeats[reached]
	// reaches are those of values in chunks of user arenas.
	reaches image.Reaches[view]
}

func (p *naming) roots() *nameIndex {
	x := p.index
	x.once.Do(func() {
		x.of, x.short = image.NewRootIndex(p.im.Roots), map[string][]string{}
		for _, v := range p.exe.Variables {
			if short := v.Name[strings.LastIndexByte(v.Name, '/')+1:]; short != v.Name {
				x.short[short] = append(x.short[short], v.Name)
			}
		}
	})
	return x
}

// rootAt returns the global variable, or other data, that covers addr and holds
// something on the heap, and its node.
func (p *naming) rootAt(addr uint64) (*image.Root, heap.Node) {
	i, ok := p.roots().of.At(addr)
	if !ok {
		return nil, heap.None
	}
	return &p.im.Roots[i], heap.Node(1 + i)
}

// nameLength is the notation.Names of the program: its variables, by their names with the
// path of the package, which may stand in quotes, or with its last element; what else is
// a root; and places in data sections.
func (p *naming) nameLength(s string) int {
	for end := min(len(s), maxName); end > 0; end-- {
		if !notation.Boundary(s[end:]) {
			continue
		}
		if _, err := p.named(s[:end]); err == nil {
			return end
		}
	}
	return 0
}

// named finds what nameLength accepts.
func (p *naming) named(name string) (operand, error) {
	if v, ok := p.exe.Global(notation.OwnName(name, p.exe.OwnPath())); ok {
		return operand{view: view{t: v.Type, addr: v.Addr + p.exe.Bias, n: 1}, whole: true}, nil
	}
	x := p.roots()
	if i, ok := x.of.Named(name); ok {
		r := &p.im.Roots[i]
		return operand{view: rootView(r), whole: true, root: heap.Node(1 + i)}, nil
	}
	if r, ok := p.decoder.StaticNamed(name); ok {
		return operand{view: rootView(&r), whole: true}, nil
	}
	if addr, ok := p.decoder.InSection(name); ok {
		if r, _ := p.dataAt(addr); r != nil && r.Addr == addr {
			return operand{view: rootView(r), whole: true}, nil
		}
		return operand{view: view{addr: addr}, whole: true}, nil
	}
	switch all := x.short[name]; len(all) {
	case 0:
		return operand{}, ErrNotFound
	case 1:
		return p.named(all[0])
	default:
		return operand{}, fmt.Errorf("%w: %q may be %s", ErrNotFound, name, notation.AnyOf(all))
	}
}

// sameType is notation.SameType for a type as a person writes it.
func (p *naming) sameType(typ, written string) bool {
	return notation.SameType(typ, notation.OwnType(written, p.exe.OwnPath()))
}

// unknownName says that there is no variable of that name, and which are spelled like it.
func (p *naming) unknownName(name string) error {
	if all := p.roots().short[name]; len(all) > 1 {
		return fmt.Errorf("%w: %q is in several packages: write %s", ErrNotFound, name, notation.AnyOf(all))
	}
	scope := (&evaluation{p: p, home: "main"}).scope()
	if n, ok, err := scope.Constant(notation.OwnName(name, p.exe.OwnPath())); ok && err == nil && strings.Contains(name, ".") {
		return fmt.Errorf("%w: %s is the constant %s, and no place in the program's memory", ErrNotFound, notation.OneLine(name), n)
	}
	return fmt.Errorf("%w: %s", ErrNotFound, notation.UnknownVariable(name, scope.Variables))
}

// place says what a value stands for.
func (e *evaluation) place(o operand) (Place, error) {
	p := e.p
	if o.parted != nil {
		_, err := e.unknownPart(o, &notation.Step{Pos: len(e.text)})
		return Place{}, err
	}
	if o.root != heap.SuperRoot {
		return Place{Node: o.root}, nil
	}
	if o.whole && o.bytes == nil {
		if r, n := p.rootAt(o.addr); r != nil && r.Addr == o.addr && (r.Type == o.t || r.Type == 0 || o.t == 0) {
			return Place{Node: n}, nil
		}
		if n, ok := p.NodeAt(o.addr); ok {
			if p.isObject(n, o) {
				return Place{Node: n}, nil
			}
			if o.pointee {
				return e.partPlace(o) // a pointer into an object
			}
		}
	}
	if to, ok := e.reached(o); ok && !o.exact {
		return to, nil
	}
	return e.partPlace(o)
}

// isObject reports whether o is all of an object, or a container whose header that is.
func (p *naming) isObject(n heap.Node, o operand) bool {
	own := p.ownView(n)
	if own.t == 0 && own.inside.Stage == 0 {
		return o.t == 0 // nothing is known of it, or it has several values
	}
	return own.addr == o.addr && own.inside == o.inside && own.t == o.t
}

// reached is the place that a pointer, or what has one in it, leads to; ok is false for
// another value, and where it leads to nothing.
func (e *evaluation) reached(o operand) (place Place, ok bool) {
	p := e.p
	for {
		if e.followed++; e.followed > maxIndirections {
			return place, false
		}
		typ := p.types.Type(o.t)
		if o.inside.Stage != 0 || o.elements {
			break
		}
		if typ.Kind == types.Interface {
			if o, ok = e.dynamic(o); !ok {
				return place, false
			}
			if o.whole {
				return e.whole(o)
			}
			continue
		}
		switch typ.Kind {
		case types.Pointer, types.Slice, types.String, types.Map, types.Chan, types.Func, types.UnsafePointer:
		default:
			return place, false
		}
		at := p.wordOf(o.view, o.addr)
		if n, ok := p.NodeAt(at); ok && typ.Kind != types.Pointer {
			if c := p.typing.ChunkOf(n); c != nil && (typ.Kind == types.Slice || typ.Kind == types.String) {
				v := p.arrayIn(c, typ.Elem, at)
				return Place{Node: n, Part: true, Value: p.first(v, p.wordOf(o.view, o.addr+uint64(p.im.Arch.PtrSize)))}, true
			}
			return Place{Node: n}, true
		}
		to, ok := e.load(o)
		if at == 0 || !ok || typ.Kind == types.Func {
			return place, false
		}
		to.whole, to.pointee = true, true
		return e.whole(to)
	}
	if n, ok := p.NodeAt(o.addr); ok {
		return Place{Node: n}, true
	}
	return place, false
}

// whole is the place of what a pointer leads to.
func (e *evaluation) whole(o operand) (Place, bool) {
	place, err := e.place(o)
	return place, err == nil
}

// maxIndirections bounds how many pointers and interfaces lead from one to the next: a
// pointer may lead to itself.
const maxIndirections = 100

// partPlace is the place of a value that is no node.
func (e *evaluation) partPlace(o operand) (Place, error) {
	p := e.p
	place := Place{Node: heap.None, Part: true}
	whole := region{base: o.addr, size: p.sizeOf(o)}
	if n, ok := p.NodeAt(o.addr); ok {
		place.Node = n
	} else if r, n := p.dataAt(o.addr); r != nil {
		place.Node, place.Variable = n, r.Name
	} else if gi := p.stackAt(o.addr); gi >= 0 {
		place.Node = heap.Node(1 + p.im.Goroutines[gi].Root)
	}
	v, ok := p.describe(o, whole)
	if !ok {
		return place, e.fail(len(e.text), "it leads to nothing that is known (%s at %#x)", p.typeName(o), o.addr)
	}
	place.Value = v
	return place, nil
}

func (p *naming) sizeOf(o operand) uint64 { return p.types.Type(o.t).Size * max(o.n, 1) }

func (p *naming) typeName(o operand) string {
	switch {
	case o.inside.Stage != 0:
		return p.types.Type(o.inside.Type).Name
	case o.elements:
		return "[]" + p.types.Type(o.t).Name
	}
	return p.types.Type(o.t).Name
}

// describe is the value of an operand.
func (p *naming) describe(o operand, whole region) (Value, bool) {
	switch {
	case o.gaps:
		return Value{}, false
	case o.elements:
		return p.elementsValue(o, whole), true
	case o.inside.Stage != 0, o.t == 0, o.bytes != nil && !p.inMemory(o):
		return Value{}, false
	}
	return p.valueAt("", o.t, o.addr, whole), true
}

// inMemory reports whether the bytes of a variable of a frame stand together in memory.
func (p *naming) inMemory(o operand) bool {
	size := p.types.Type(o.t).Size
	b, ok := p.im.Mem.Slice(o.addr, size)
	return ok && uint64(len(o.bytes)) >= size && string(b) == string(o.bytes[:size])
}

// elementsValue is the value of the array behind a slice.
func (p *naming) elementsValue(o operand, whole region) Value {
	v := Value{
		Type: p.typeName(o), Addr: o.addr, Size: p.sizeOf(o), Target: heap.None, Children: clampInt(o.n), whole: whole,
		parts: parts{how: opensElements, t: o.t, addr: o.addr, n: o.n, inPlace: true},
	}
	l := p.newLine()
	l.elements(o.t, o.addr, o.n, 0)
	v.Text = l.String()
	v.InPlace = !p.isBytes(&v)
	v.place()
	return v
}

// ShortType is the name of a type with but the last elements of the paths of packages,
// without spaces that mean nothing.
func ShortType(name string) string { return notation.ShortType(name) }

// BareType is ShortType without packages at all: "[]*Session".
func BareType(name string) string { return notation.BareType(name) }

// NearestTypes returns those of the names of types that are most like name, up to most.
func NearestTypes(name string, all []string, most int) []string {
	return notation.NearestTypes(name, all, most)
}
