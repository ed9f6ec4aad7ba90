package gocore

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"runtime/debug"
	"sync"

	"goheap/dump"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
	"goheap/heap"
	"goheap/internal/progress"
)

// Typing sums up how much of the live heap has a type.
type Typing struct {
	TypedObjects, TypedBytes uint64
	CoveredBytes             uint64 // of TypedBytes, what the types explain
	Conflicts                uint64 // claims that contradicted a pointer map
	EvidenceBytes            map[Evidence]uint64
}

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
	ctx = progress.Or(ctx, p.progress)
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
			p.typing.Clear()
		}
	})
	return p.typeErr
}

func (p *Process) runTyper(ctx context.Context, t *typing.Typer) error {
	t.Reached = sync.OnceValues(func() (*heap.Marker, error) {
		_, err := p.Graph(ctx)
		return p.live, err
	})
	go t.Reached()
	defer t.Reached() // it reads the file that the caller may close
	if p.decoder.Described != nil {
		// seedRecorded looks at all objects: it must not see dead ones.
		live, err := t.Reached()
		if err != nil {
			return err
		}
		t.Alive = live.Bits().Words()
	}
	p.typing = t.Out
	err := t.Run(ctx, p.seedTypes)
	p.problem(dump.Error, t.Mem.Refused, "values were not followed to find types: "+typing.Overlap)
	return err
}

// typed returns the types, which are empty where typing failed.
func (p *Process) typed() *typing.Result {
	if err := p.TypeObjects(context.Background()); err != nil && p.typing == nil {
		return &typing.Result{IDs: make([]heap.TypeID, p.im.Nodes), Evidence: make([]typing.Evidence, p.im.Nodes)}
	}
	return p.typing
}

func (p *Process) newTyper(g *heap.Graph) *typing.Typer {
	c := p.decoder.TypingConfig()
	c.Capture, c.Global = p.closures.TypeOf, p.decoder.Global
	return typing.New(c, g)
}

// seedTypes starts the walk at the typed variables of the program: globals, and
// the variables of frames where the collector finds a live pointer. A variable
// that is dead by the stack map may hold anything.
func (p *Process) seedTypes(t *typing.Typer) {
	if p.decoder.Described != nil {
		t.SeedRecorded(p.decoder.ItabTypes)
		return
	}
	for _, v := range p.exe.Variables {
		t.WalkRange(v.Addr+p.exe.Bias, v.Type, 1)
	}
	for _, s := range p.decoder.Statics {
		t.WalkRange(s.Addr, s.Type, s.N)
	}
	for _, s := range p.im.Specials {
		for _, k := range s.Keeps {
			t.PointClosure(k) // what a finalizer or cleanup calls
		}
	}
	for i := range p.im.Goroutines {
		g := &p.im.Goroutines[i]
		var stack *typing.Stack
		p.eachLiveVariable(i, func(v *frameVar, data []byte, slots map[uint64]uint64, live map[uint64]bool) {
			if stack == nil {
				stack = typing.NewStack(g.StackLo, g.StackHi, live)
			}
			t.WalkVariable(stack, v.typ, data, func(off uint64) bool { return live[slots[off]] })
		})
	}
}

// TypeIDs returns the type of each node, 0 for what is no live object. The
// slice belongs to the process.
func (p *Process) TypeIDs() []heap.TypeID { return p.typed().IDs }

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
	if id >= typing.FirstUnknown {
		u := p.typed().Unknown[id-typing.FirstUnknown]
		what := "no pointers"
		if n := bits.OnesCount64(u.Mask); n > 0 {
			what = fmt.Sprintf("pointers %#x", u.Mask)
		}
		if u.Part != 0 {
			what += ", contains " + p.types.Type(u.Part).Name
		}
		return TypeInfo{Name: fmt.Sprintf("(unknown %d B, %s)", u.Size, what)}
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
	return info
}

// Typing sums up how much of the heap has a type.
func (p *Process) Typing() Typing {
	t := &p.typed().Totals
	out := Typing{TypedObjects: t.TypedObjects, TypedBytes: t.TypedBytes, CoveredBytes: t.CoveredBytes, Conflicts: t.Conflicts}
	if t.EvidenceBytes != nil {
		out.EvidenceBytes = map[Evidence]uint64{}
		for ev, n := range t.EvidenceBytes {
			out.EvidenceBytes[Evidence(ev)] = n
		}
	}
	return out
}

// Evidence says why an object has its type, 0 for what is no live object.
func (p *Process) Evidence(n heap.Node) Evidence {
	if ev := p.typed().Evidence; int(n) < len(ev) {
		return Evidence(ev[n])
	}
	return 0
}

// valueType returns the type of the values in an object, the address of the
// first, and how many there are; ok is false where the type is unknown.
func (p *Process) valueType(n heap.Node) (t types.ID, addr, count uint64, ok bool) {
	ty := p.typed()
	if int(n) >= len(ty.IDs) || ty.IDs[n] == 0 || ty.IDs[n] >= typing.FirstUnknown {
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
