package gocore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/reach"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
	"goheap/gocore/waste"
	"goheap/heap"
	"goheap/internal/testcore"
)

// tracer finds out which bytes of objects can be reached, byte by byte: it looks at each
// word that the collector follows by itself, and finds the type of what is there by going
// down the declarations.
type tracer struct {
	h       *Heap
	objects map[heap.Node]*tracedObject
	text    func(p, n uint64, isString bool) // is told of strings and slices of bytes; nil for nobody
}

type tracedObject struct {
	bytes []byte // of the slot: 1 for used, 2 for room
	whole bool
	skip  bool // a variable of which some words are not known leads to it
}

func (t *tracer) object(n heap.Node) *tracedObject {
	o := t.objects[n]
	if o == nil {
		lo, hi := t.h.im.Bounds(n)
		o = &tracedObject{bytes: make([]byte, hi-lo)}
		t.objects[n] = o
	}
	return o
}

func (t *tracer) mark(p uint64) {
	if n, ok := t.h.im.Pages.Lookup(p); ok {
		t.object(n).whole = true
	}
}

// bytes covers n bytes from p on, and room up to most.
func (t *tracer) bytes(p, n, most uint64) {
	node, ok := t.h.im.Pages.Lookup(p)
	if !ok || most == 0 {
		return
	}
	o := t.object(node)
	lo, hi := t.h.im.Bounds(node)
	e, _, _ := t.h.slot(node)
	first := lo
	if e.Pointers == image.Headers {
		first += image.MallocHeader
	}
	if p+most > hi || n > most || p < first || p+most < p {
		o.whole = true
		return
	}
	// Had it been less, the slot would be smaller.
	if p == first && n == most && p+n-lo > t.h.im.SmallerClass(hi-lo) {
		o.whole = true
	}
	for i := p; i < p+most; i++ {
		if i < p+n {
			o.bytes[i-lo] |= 1
		} else {
			o.bytes[i-lo] |= 2
		}
	}
}

// leaf is the part of a value that has the byte at off, and where in it that is.
func (t *tracer) leaf(id types.ID, off uint64) (*types.Type, uint64) {
	for {
		typ := t.h.types.Type(id)
		switch {
		case strings.HasPrefix(typ.Name, "sync/atomic.Pointer["):
			for _, f := range typ.Fields {
				if a := t.h.types.Type(f.Type); a.Kind == types.Array && a.Len == 0 {
					return t.h.types.Type(a.Elem), 0
				}
			}
			return typ, off
		case typ.Kind == types.Array && typ.Len > 0 && t.h.types.Type(typ.Elem).Size > 0:
			size := t.h.types.Type(typ.Elem).Size
			id, off = typ.Elem, off%size
			continue
		case typ.Kind == types.Struct:
			found := false
			for _, f := range typ.Fields {
				if size := t.h.types.Type(f.Type).Size; off >= f.Offset && off < f.Offset+size {
					id, off, found = f.Type, off-f.Offset, true
					break
				}
			}
			if found {
				continue
			}
		}
		return typ, off
	}
}

// word follows the word at off in a value of a type whose bytes word reads.
func (t *tracer) word(id types.ID, off, p uint64, word func(off uint64) uint64) {
	w := uint64(t.h.im.Arch.PtrSize)
	typ, rest := t.leaf(id, off)
	value := func(id types.ID, p uint64) {
		elem := t.h.types.Type(id)
		if elem.Kind == types.Invalid || t.h.space.Layout.Casts(elem.Package, elem.Name) || strings.Contains(elem.Name, typing.ShapePrefix) {
			t.mark(p)
		} else {
			t.bytes(p, elem.Size, elem.Size)
		}
	}
	switch {
	case typ.Kind == types.Pointer && rest == 0 && !strings.HasPrefix(typ.Name, "go.shape."):
		value(typ.Elem, p)
	case typ.Kind == types.Slice && rest == 0:
		size := t.h.types.Type(typ.Elem).Size
		n, most := word(off+w), word(off+2*w)
		if size > 0 && (n > 1<<40 || most > 1<<40) {
			t.mark(p)
			return
		}
		if size == 1 && t.text != nil {
			t.text(p, n, false)
		}
		t.bytes(p, n*size, most*size)
	case typ.Kind == types.String && rest == 0:
		if t.text != nil {
			t.text(p, word(off+w), true)
		}
		t.bytes(p, word(off+w), word(off+w))
	case typ.Kind == types.Interface && rest == w:
		dyn, ok := t.h.space.DynamicType(typ, word(off-w))
		switch {
		case !ok:
			t.mark(p)
		case t.h.types.Direct(dyn):
			t.word(dyn, 0, p, func(uint64) uint64 { return p })
		default:
			value(dyn, p)
		}
	default:
		t.mark(p)
	}
}

func (t *tracer) memory(addr uint64) uint64 {
	v, _ := t.h.im.Mem.Word(addr)
	return v
}

func (t *tracer) run() {
	h := t.h
	g := h.graph
	for n := heap.Node(g.Roots) + 1; int(n) < h.im.Nodes; n++ {
		e, slot, ok := h.slot(n)
		if !ok || uint32(n-e.First) >= e.N || !h.live.Has(n) {
			continue
		}
		typ, at, count, known := h.valueType(n)
		size := h.types.Type(typ).Size
		container := false
		if known {
			_, form := typing.SplitTypeID(h.typing.IDs[n])
			container = form == typing.Container || form == typing.StringData
		}
		for _, off := range h.im.PointerWords(h.gcTypes, e, slot) {
			p := t.memory(slot + off)
			rel := slot + off - at
			switch {
			case !known || container || size == 0 || slot+off < at || rel/size >= count:
				t.mark(p)
			default:
				start := at + rel/size*size
				t.word(typ, rel%size, p, func(off uint64) uint64 { return t.memory(start + off) })
			}
		}
	}
	for i := range h.im.Roots {
		r := &h.im.Roots[i]
		for k := range h.im.Pieces[r.First : r.First+r.N] {
			t.piece(r, &h.im.Pieces[r.First+k])
		}
	}
	for _, list := range [][]image.Special{h.im.Specials, h.im.Queued} {
		for _, s := range list {
			for _, p := range s.Keeps {
				t.mark(p)
			}
		}
	}
	// What containers consist of is reached as a whole.
	for n := range t.objects {
		if name := h.TypeOf(n).Name; h.Evidence(n) == EvidenceContainer || strings.HasPrefix(name, "[]map.group[") || strings.HasPrefix(name, "[]map.bucket[") {
			t.objects[n].whole = true
		}
	}
}

func (t *tracer) piece(r *image.Root, pc *image.Piece) {
	h := t.h
	switch r.Kind {
	case image.GlobalRoot:
		size := h.types.Type(r.Type).Size
		if r.Type == 0 || size == 0 || pc.Slot < r.Addr || (pc.Slot-r.Addr)/size >= max(r.Count, 1) {
			t.mark(pc.Value)
			return
		}
		start := pc.Slot - (pc.Slot-r.Addr)%size
		t.word(r.Type, pc.Slot-start, pc.Value, func(off uint64) uint64 { return t.memory(start + off) })
	case image.GoroutineRoot:
		v := h.pieceView(int(r.Goroutine), pc)
		if v.t == 0 || pc.Conservative {
			if n, ok := h.im.Pages.Lookup(pc.Value); ok {
				t.object(n).skip = true
			}
			return
		}
		if n, ok := h.im.Pages.Lookup(pc.Value); ok && (v.gaps || pc.Slot == 0) {
			t.object(n).skip = true
			return
		}
		t.word(v.t, pc.Slot-v.addr, pc.Value, func(off uint64) uint64 { return h.wordOf(v, v.addr+off) })
	default:
		t.mark(pc.Value)
	}
}

// What can be reached of every object is what following each word byte by byte finds.
func TestReachable(t *testing.T) {
	t.Parallel()
	compared, partial := 0, 0
	for _, program := range []string{"kinds", "values", "blockstore", "interfaces", "reflected", "typed", "quiet", "sampled"} {
		core := testcore.Core(t, program, testcore.Options{}, testcore.Kernel)
		p, err := Open(t.Context(), core.Core, Options{Exe: core.Exe})
		if err != nil {
			t.Fatal(err)
		}
		h, err := p.Analyse(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		c, n := compareReach(t, program, h)
		compared, partial = compared+c, partial+n
		p.Close()
	}
	if compared < 10_000 || partial < 200 {
		t.Errorf("only %d objects were compared, %d of them in part", compared, partial)
	}
}

func compareReach(t *testing.T, program string, h *Heap) (compared, partial int) {
	t.Helper()
	tr := &tracer{h: h, objects: map[heap.Node]*tracedObject{}}
	tr.run()
	got := map[heap.Node]reach.Partial{}
	err := reach.Partly(context.Background(), reach.Config{
		Image: h.im, Live: h.live.Bits().Words(), Graph: h.graph, Types: h.types, IDs: h.typing.IDs, Space: h.space, GCTypes: h.gcTypes, Frames: h.vars,
	}, func(p reach.Partial) { got[p.Node] = p })
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	for n, o := range tr.objects {
		e, slot, _ := h.slot(n)
		if o.skip || !h.live.Has(n) || e.Pointers == image.NoPointers && e.Elem == 16 {
			continue
		}
		compared++
		covered := false
		for _, b := range o.bytes {
			covered = covered || b != 0
		}
		part, is := got[n]
		if want := covered && !o.whole; is != want {
			if failed++; failed < 10 {
				t.Errorf("%s: %s at %#x (%d bytes) is reached in part: %t, want %t", program, h.TypeOf(n).Name, slot, e.Elem, is, want)
			}
			continue
		}
		if !is {
			continue
		}
		partial++
		marks := make([]byte, e.Elem)
		for _, s := range part.All {
			for i := s.Lo; i < s.Hi; i++ {
				marks[i-slot] |= 2
			}
		}
		for _, s := range part.Used {
			for i := s.Lo; i < s.Hi; i++ {
				marks[i-slot] = 1
			}
		}
		for i, b := range o.bytes {
			if b&1 != 0 {
				b = 1
			}
			if b != marks[i] {
				if failed++; failed < 10 {
					t.Errorf("%s: %s at %#x (%d bytes): byte %d is %d, want %d: %v", program, h.TypeOf(n).Name, slot, e.Elem, i, marks[i], b, part)
				}
				break
			}
		}
	}
	for n := range got {
		if tr.objects[n] == nil {
			t.Errorf("%s: nothing leads to %s at %#x", program, h.TypeOf(n).Name, h.Addr(n))
		}
	}
	return compared, partial
}

// What is found of an object by its holders alone is what the search of the whole heap
// finds, and the bytes of a rule are where it says.
func TestWasteOfOne(t *testing.T) {
	t.Parallel()
	rules := map[waste.Rule]int{}
	asked := 0
	for _, program := range []string{"kinds", "values", "blockstore", "reflected", "typed", "wasted"} {
		core := testcore.Core(t, program, testcore.Options{}, testcore.Kernel)
		p, err := Open(t.Context(), core.Core, Options{Exe: core.Exe})
		if err != nil {
			t.Fatal(err)
		}
		h, err := p.Analyse(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		all := map[heap.Node]map[waste.Finding]bool{}
		err = h.Waste(t.Context(), waste.Visitor{Pointer: func(_, _ heap.Node) {}, Type: func(waste.Type) {}, Finding: func(f waste.Finding) {
			if f.Rule == waste.Duplicate {
				return
			}
			if all[f.Node] == nil {
				all[f.Node] = map[waste.Finding]bool{}
			}
			all[f.Node][f] = true
			rules[f.Rule]++
		}})
		if err != nil {
			t.Fatal(err)
		}
		referrers, err := h.Dominators().Referrers(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		per := map[waste.Rule]int{}
		for n := heap.Node(h.graph.Roots) + 1; int(n) < h.im.Nodes; n++ {
			e, slot, ok := h.slot(n)
			if !ok || uint32(n-e.First) >= e.N || !h.live.Has(n) {
				continue
			}
			// Some that are alike are enough.
			want, few := all[n], n%151 == 0
			for f := range want {
				per[f.Rule]++
				few = few || per[f.Rule] < 20
			}
			if !few {
				continue
			}
			asked++
			got := map[waste.Finding]bool{}
			sums := map[waste.Rule]uint64{}
			taken := make([]bool, e.Elem)
			err := h.Waste(t.Context(), waste.Visitor{
				Only:    &waste.Object{Node: n, Holders: referrers.Of(n)},
				Finding: func(f waste.Finding) { got[f] = true },
				Range: func(r waste.Range) {
					if r.Addr < slot || r.N == 0 || r.Addr+r.N > slot+e.Elem {
						t.Fatalf("%s: %s in %#x to %#x of %d bytes at %#x", program, r.Rule, r.Addr, r.Addr+r.N, e.Elem, slot)
					}
					for i := r.Addr - slot; i < r.Addr+r.N-slot && r.Rule.Kind() != waste.Gain; i++ {
						if taken[i] {
							t.Fatalf("%s: byte %d of %s at %#x is charged twice", program, i, h.TypeOf(n).Name, slot)
						}
						taken[i] = true
					}
					sums[r.Rule] += r.N
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			if !maps.Equal(got, want) {
				t.Errorf("%s: of %s at %#x alone: %v, of all: %v", program, h.TypeOf(n).Name, slot, got, want)
			}
			for f := range got {
				inside := f.Rule != waste.MapRoom && f.Rule != waste.ChannelRoom && h.Evidence(n) != EvidenceContainer
				if _, form := typing.SplitTypeID(h.typing.IDs[n]); inside && form != typing.Container && sums[f.Rule] != f.Bytes {
					t.Errorf("%s: %d bytes of %s at %#x are %s, in ranges %d", program, f.Bytes, h.TypeOf(n).Name, slot, f.Rule, sums[f.Rule])
				}
			}
		}
		p.Close()
	}
	for r := waste.Rule(1); r < waste.Rules; r++ {
		if r != waste.Duplicate && r != waste.Padding && r != waste.Rounding && rules[r] == 0 {
			t.Errorf("nothing is %s", r)
		}
	}
	if asked < 400 {
		t.Errorf("only %d objects were asked for", asked)
	}
}

// A map takes what is said of a fresh one when it is made for so many entries.
func TestFreshMap(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"go1.18.10", "go1.22.12", "", "go1.27.0"} {
		core := testcore.Core(t, "wasted", testcore.Options{Go: version}, testcore.Kernel, "clean")
		var said struct {
			Case  string
			Sizes []uint64
		}
		for _, line := range core.Output {
			if said.Case != "made" {
				_ = json.Unmarshal([]byte(line), &said)
			}
		}
		p, err := Open(t.Context(), core.Core, Options{Exe: core.Exe})
		if err != nil {
			t.Fatal(err)
		}
		h, err := p.Analyse(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, n := range said.Sizes {
			place, err := h.Resolve(fmt.Sprintf("main.made[%d]", i))
			if err != nil {
				t.Fatal(err)
			}
			typ, at, _, ok := h.valueType(place.Node)
			m := h.space.Map(typ)
			if !ok || m == nil {
				t.Fatalf("%s: main.made[%d] is %s", version, i, h.TypeOf(place.Node).Name)
			}
			got, want := uint64(0), uint64(0)
			seen := map[heap.Node]bool{}
			h.space.MapParts(&inferior.Reader{Mem: h.im.Mem, Left: 1 << 40}, m, at, func(part inferior.Part) {
				if n, ok := h.im.Pages.Lookup(part.Addr); ok && !seen[n] {
					seen[n] = true
					got += h.graph.Size(n)
				}
			})
			for _, a := range inferior.FreshMap(h.space, m, n) {
				want += a.N * h.im.SlotFor(a.Size, a.Pointers)
			}
			if got != want || got == 0 {
				t.Errorf("%s: a map made for %d entries takes %d bytes, want %d", version, n, got, want)
			}
		}
		if len(said.Sizes) == 0 {
			t.Error("the program says nothing")
		}
		p.Close()
	}
}

// A context that ends, at once or in any phase, ends the search with its error.
func TestWasteCancelled(t *testing.T) {
	t.Parallel()
	core := testcore.Core(t, "blockstore", testcore.Options{}, testcore.Kernel)
	p, err := Open(t.Context(), core.Core, Options{Exe: core.Exe})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	h, err := p.Analyse(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	visit := waste.Visitor{Finding: func(waste.Finding) {}, Pointer: func(_, _ heap.Node) {}, Type: func(waste.Type) {}}
	phases := map[string]bool{}
	if err := h.Waste(heap.WithProgress(t.Context(), func(phase string, _, _ int64) { phases[phase] = true }), visit); err != nil {
		t.Fatal(err)
	}
	if len(phases) < 3 {
		t.Errorf("phases %v", phases)
	}
	for phase := range phases {
		ctx, cancel := context.WithCancel(t.Context())
		ctx = heap.WithProgress(ctx, func(now string, _, _ int64) {
			if now == phase {
				cancel()
			}
		})
		if err := h.Waste(ctx, visit); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled in %q: %v", phase, err)
		}
		cancel()
	}
}
