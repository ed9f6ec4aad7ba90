package gocore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/bits"
	"runtime/debug"
	"sync"

	"goheap/dump"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/types"
	"goheap/heap"
	"goheap/internal/flat"
)

// TypeInfo names a type of objects.
type TypeInfo struct {
	// Name is as a Go programmer writes the type: "main.Session", and
	// "[]main.Session" for the array behind a slice. The bytes of strings are
	// "string data". An unknown type is described by size and pointers.
	Name    string
	Package string // that declares it; "" for unnamed and predeclared types
	Known   bool
}

// TypeObjects finds the types of all live objects, once. It builds the graph if
// need be, and may run beside Graph and the graph's own algorithms. Everything
// that tells a type calls it if need be.
func (p *Process) TypeObjects(ctx context.Context) error {
	p.typeOnce.Do(func() {
		g, err := p.scan(ctx)
		if err != nil {
			p.typeErr = err
			return
		}
		p.typeErr = dump.Guard(func() error {
			return p.runTyper(ctx, p.newTyper(g))
		})
		if !errors.Is(p.typeErr, dump.ErrChanged) {
			return
		}
		p.vanished(p.typeErr)
		if p.typing != nil { // half of the claims decide nothing
			clear(p.typing.id)
			clear(p.typing.evidence)
			*p.typing = typing{id: p.typing.id, evidence: p.typing.evidence}
		}
	})
	return p.typeErr
}

func (p *Process) runTyper(ctx context.Context, t *typer) error {
	t.reached = sync.OnceValues(func() (*heap.Marker, error) {
		_, err := p.Graph(ctx)
		return p.live, err
	})
	go t.reached()
	defer t.reached() // it reads the file that the caller may close
	if p.decoder.described != nil {
		// seedRecorded looks at all objects: it must not see dead ones.
		live, err := t.reached()
		if err != nil {
			return err
		}
		t.alive = live.Bits().Words()
	}
	p.typing = t.out
	err := t.run(ctx, p.progress, p.seedTypes)
	p.problem(dump.Error, t.mem.Refused, "values were not followed to find types: "+overlap)
	return err
}

// overlap says why a reader refuses.
const overlap = "there is more to follow than memory, so that the core is damaged"

// typed returns the types, which are empty where typing failed.
func (p *Process) typed() *typing {
	if err := p.TypeObjects(context.Background()); err != nil && p.typing == nil {
		return &typing{id: make([]heap.TypeID, p.im.Nodes), evidence: make([]evidence, p.im.Nodes)}
	}
	return p.typing
}

func (p *Process) newTyper(g *heap.Graph) *typer {
	t := &typer{
		im: p.im, g: g, table: p.types, arch: p.im.Arch, modules: p.decoder.modules, space: p.space,
		out: &typing{
			id: flat.Make[heap.TypeID](p.im.Nodes), evidence: flat.Make[evidence](p.im.Nodes),
		},
		dynamic: map[uint64]types.ID{}, itabs: map[uint64]types.ID{},
	}
	maps.Copy(t.dynamic, p.decoder.described)
	t.capture, t.global = p.closureType, p.decoder.global
	t.readAnew()
	text, _ := t.table.Lookup("string")
	t.strings = t.compile(text)
	return t
}

// seedTypes starts the walk at the typed variables of the program: globals, and
// the variables of frames where the collector finds a live pointer. A variable
// that is dead by the stack map may hold anything.
func (p *Process) seedTypes(t *typer) {
	if p.decoder.described != nil {
		p.seedRecorded(t)
		return
	}
	for _, v := range p.exe.variables {
		t.walkRange(v.Addr+p.exe.bias, v.Type, 1)
	}
	for _, s := range p.decoder.statics {
		t.walkRange(s.addr, s.t, s.n)
	}
	for _, s := range p.im.Specials {
		for _, k := range s.Keeps {
			t.pointClosure(k) // what a finalizer or cleanup calls
		}
	}
	for i := range p.im.Goroutines {
		g := &p.im.Goroutines[i]
		p.eachLiveVariable(i, func(v *frameVar, data []byte, slots map[uint64]uint64, live map[uint64]bool) {
			if t.onStack == nil {
				t.onStack = newStackWalk(g.StackLo, g.StackHi, live)
			}
			t.walkLive(data, t.compile(v.typ), func(off uint64) bool { return live[slots[off]] })
		})
		t.onStack = nil
	}
}

// walkLive follows those pointers of a value on a stack that live reports.
func (t *typer) walkLive(data []byte, c *compiled, live func(off uint64) bool) {
	w := uint64(t.arch.PtrSize)
	for i := range c.steps {
		x := &c.steps[i]
		if x.kind == types.RepeatWord || x.off+w > uint64(len(data)) {
			continue
		}
		at := x.off
		if x.kind == types.EfaceWord || x.kind == types.IfaceWord {
			at += w
		}
		p := t.arch.Word(data[x.off:])
		if p == 0 || !live(at) {
			continue
		}
		if x.kind == types.SliceWord && t.wordAt(data, x.off, 2) == 0 {
			// A live slice whose capacity is in a register, or nowhere, has
			// at least its length, and one element.
			n := max(1, t.wordAt(data, x.off, 1))
			t.point(claim{p: p, n: n, x: t.compile(x.target), form: manyValues, evidence: byPointer})
			continue
		}
		t.follow(x, p, data)
	}
}

// TypeIDs returns the type of each node, 0 for what is no live object. The
// slice belongs to the process.
func (p *Process) TypeIDs() []heap.TypeID { return p.typed().id }

// TypeOf describes the type of an object; the zero TypeInfo for a node that is
// no live object.
func (p *Process) TypeOf(n heap.Node) TypeInfo {
	defer p.caught(debug.SetPanicOnFault(true))
	if ids := p.TypeIDs(); int(n) < len(ids) {
		return p.TypeInfo(ids[n])
	}
	return TypeInfo{}
}

// TypeInfo describes a type.
func (p *Process) TypeInfo(id heap.TypeID) TypeInfo {
	defer p.caught(debug.SetPanicOnFault(true))
	if id == 0 {
		return TypeInfo{}
	}
	if id >= firstUnknown {
		u := p.typed().unknown[id-firstUnknown]
		what := "no pointers"
		if n := bits.OnesCount64(u.mask); n > 0 {
			what = fmt.Sprintf("pointers %#x", u.mask)
		}
		if u.part != 0 {
			what += ", contains " + p.types.Type(u.part).Name
		}
		return TypeInfo{Name: fmt.Sprintf("(unknown %d B, %s)", u.size, what)}
	}
	t, f := splitTypeID(id)
	typ := p.types.Type(t)
	info := TypeInfo{Name: typ.Name, Package: typ.Package, Known: true}
	switch f {
	case manyValues:
		info.Name, info.Package = "[]"+typ.Name, ""
	case stringData:
		info.Name = "string data"
	}
	return info
}

// Typing sums up how much of the heap has a type.
func (p *Process) Typing() Typing { return p.typed().totals }

// Evidence says why an object has its type: "header", "span", "interface",
// "container", "pointer", "interior" or "none"; "" for what is no live object.
func (p *Process) Evidence(n heap.Node) string {
	if ev := p.typed().evidence; int(n) < len(ev) && ev[n] != 0 {
		return ev[n].String()
	}
	return ""
}

// valueType returns the type of the values in an object, the address of the
// first, and how many there are; ok is false where the type is unknown.
func (p *Process) valueType(n heap.Node) (t types.ID, addr, count uint64, ok bool) {
	ty := p.typed()
	if int(n) >= len(ty.id) || ty.id[n] == 0 || ty.id[n] >= firstUnknown {
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
	t, f := splitTypeID(ty.id[n])
	count = 1
	switch f {
	case manyValues:
		if size := p.types.Type(t).Size; size > 0 {
			count = p.im.Filled(e, slot, usable, size) / size
		}
	case stringData:
		count = usable
	}
	return t, slot + head, count, true
}

// Count returns how many values of its type fit into an object: 1 for a single
// value, the capacity for the array behind a slice, bytes for string data.
func (p *Process) Count(n heap.Node) uint64 {
	defer p.caught(debug.SetPanicOnFault(true))
	if _, _, count, ok := p.valueType(n); ok {
		return count
	}
	return 1
}

// slot returns the extent of an object and the address of its slot.
func (p *Process) slot(n heap.Node) (*image.Extent, uint64, bool) {
	g, err := p.Graph(context.Background())
	if err != nil || int(n) >= p.im.Nodes {
		return nil, 0, false
	}
	i := g.ExtentOf(n)
	if i < 0 {
		return nil, 0, false
	}
	e := &p.im.Extents[i]
	return e, e.Base + uint64(n-e.First)*e.Elem, true
}

// NodeAt returns the node of the slot that holds addr, interior addresses
// included.
func (p *Process) NodeAt(addr uint64) (heap.Node, bool) { return p.im.Pages.Lookup(addr) }

// Addr returns the address of an object's slot or of a root, 0 for what has
// none.
func (p *Process) Addr(n heap.Node) uint64 {
	if r := p.root(n); r != nil {
		return r.Addr
	}
	_, addr, _ := p.slot(n)
	return addr
}

func (p *Process) root(n heap.Node) *image.Root {
	if n == heap.SuperRoot || int(n) > len(p.im.Roots) {
		return nil
	}
	return &p.im.Roots[n-1]
}
