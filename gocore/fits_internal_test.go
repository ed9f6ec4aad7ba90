package gocore

import (
	"strings"
	"testing"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
	"goheap/heap"
	"goheap/internal/testcore"
)

// What only one type fits, by a part alone, is what it is: asked of objects whose type is
// known, one answer in a thousand may be wrong at most.
//
// The insides of maps are not asked of: no program has the address of one. Values of one
// type are what there is one of, whether by new or by make.
func TestFitsOfKnown(t *testing.T) {
	t.Parallel()
	var sum, leaves answers
	for _, version := range []string{"go1.21.13", "go1.26.8", "go1.27.0"} {
		for _, program := range []string{"kinds", "oldmaps", "quiet"} {
			dump := testcore.Core(t, program, testcore.Options{Go: version}, testcore.Kernel)
			sum.ask(t, dump.Core, dump.Exe, &leaves)
		}
	}
	t.Logf("%+v, without pointers %+v", sum, leaves)
	for _, s := range []struct {
		answers
		least int
	}{{sum, 2000}, {leaves, 100}} {
		if s.wrong*1000 > s.right || s.right < s.least {
			t.Errorf("%d are right, and %d wrong", s.right, s.wrong)
		}
	}
}

// answers counts what only one type fits, and what none or several do.
type answers struct{ right, wrong, other int }

// ask asks for each part of the objects of a core, up to three objects of each type; leaves
// counts those without pointers.
func (sum *answers) ask(t *testing.T, core, exe string, leaves *answers) {
	t.Helper()
	h, typer, free := typedHeap(t, core, exe)
	defer free()
	var asked []typing.Part
	seen := map[heap.TypeID]int{}
	for i := range h.im.Extents {
		e := &h.im.Extents[i]
		for k := range e.N {
			n := e.First + heap.Node(k)
			id, f := typing.SplitTypeID(h.typing.IDs[n])
			typ := h.types.Type(id)
			ev := h.typing.Evidence[n]
			inMap := strings.Contains(typ.Name, "map.bucket[") || strings.Contains(typ.Name, "map.group[") || strings.HasPrefix(typ.Name, "struct { Ctrl ")
			leaf := e.Pointers == image.NoPointers && e.Elem > 16
			if e.Pointers != image.HeapBits && !leaf || ev == 0 || ev >= typing.ByFit || f > typing.ManyValues || inMap {
				continue
			}
			if seen[h.typing.IDs[n]]++; seen[h.typing.IDs[n]] > 3 {
				continue
			}
			asked = append(asked, h.partsOf(n, id, 0, 0)...)
			if f == typing.ManyValues && typ.Size > 0 && e.Elem/typ.Size > 1 {
				asked = append(asked, typing.Part{Node: n, Type: id, Off: typ.Size, N: e.Elem/typ.Size - 1})
				asked = append(asked, typing.Part{Node: n, Type: id, N: e.Elem/typ.Size - 1})
				if half := e.Elem / typ.Size / 2; half > 1 {
					asked = append(asked, typing.Part{Node: n, Type: id, Off: half * typ.Size, N: half}, typing.Part{Node: n, Type: id, Off: half / 2 * typ.Size, N: half})
				}
				asked = append(asked, h.partsOf(n, id, typ.Size, 0)...)
			}
		}
	}
	questions := make([][]typing.Part, len(asked))
	for i := range asked {
		questions[i] = asked[i : i+1]
	}
	all := sum
	for i, fits := range typer.FitsOf(questions) {
		part := asked[i]
		sum := all
		if h.im.Extents[h.graph.ExtentOf(part.Node)].Pointers == image.NoPointers {
			sum = leaves
		}
		if len(fits) != 1 {
			sum.other++
			continue
		}
		id, _ := typing.SplitTypeID(h.typing.IDs[part.Node])
		if typ := h.types.Type(id); typ.Kind == types.Array {
			id = typ.Elem
		}
		if fits[0].Type == id {
			sum.right++
		} else if sum.wrong++; sum.wrong < 10 {
			t.Logf("%s: by a %s at %d, %s is said to be %s", core, h.types.Type(part.Type).Name, part.Off, h.types.Type(id).Name, h.types.Type(fits[0].Type).Name)
		}
	}
}

// partsOf returns the parts of a value of a type, off bytes behind the start of an
// object.
func (h *Heap) partsOf(n heap.Node, id types.ID, off uint64, depth int) (list []typing.Part) {
	typ := h.types.Type(id)
	if (off > 0 || depth > 0) && typ.Size > 0 {
		list = append(list, typing.Part{Node: n, Type: id, Off: off, N: 1})
	}
	if depth > 5 {
		return list
	}
	switch typ.Kind {
	case types.Struct:
		for _, f := range typ.Fields {
			list = append(list, h.partsOf(n, f.Type, off+f.Offset, depth+1)...)
		}
	case types.Array:
		if (off > 0 || depth > 0) && typ.Len > 1 {
			list = append(list, typing.Part{Node: n, Type: typ.Elem, Off: off, N: typ.Len})
		}
		for i := uint64(0); i < typ.Len; i += max(1, typ.Len-1) {
			list = append(list, h.partsOf(n, typ.Elem, off+i*h.types.Type(typ.Elem).Size, depth+1)...)
		}
	}
	return list
}

// TestUnnamedFitsOfKnown asks words of stacks that no variable has for the types of
// objects that are known.
func TestUnnamedFitsOfKnown(t *testing.T) {
	t.Parallel()
	var sum answers
	for _, version := range []string{"go1.21.13", "go1.26.8", "go1.27.0"} {
		for _, program := range []string{"kinds", "stacks", "goroutines"} {
			dump := testcore.Core(t, program, testcore.Options{Go: version}, testcore.Kernel)
			sum.askUnnamed(t, dump.Core, dump.Exe)
		}
	}
	t.Logf("%+v", sum)
	if sum.wrong > 0 || sum.right < 10 {
		t.Errorf("%d are right, and %d wrong", sum.right, sum.wrong)
	}
}

// askUnnamed asks all the words of stacks in a core that lead to an object whose type is
// known otherwise.
func (sum *answers) askUnnamed(t *testing.T, core, exe string) {
	t.Helper()
	h, typer, free := typedHeap(t, core, exe)
	defer free()
	var words []typing.StackWord
	h.vars.EachWords(func(goroutine int, addrs []uint64) {
		for _, a := range addrs {
			words = append(words, typing.StackWord{Goroutine: goroutine, Addr: a})
		}
	})
	for _, x := range typer.UnnamedFits(words) {
		id, form := typing.SplitTypeID(h.typing.IDs[x.Node])
		switch ev := h.typing.Evidence[x.Node]; {
		case ev == 0 || ev >= typing.ByFit:
			sum.other++
		case form == typing.OneValue && id == x.Type:
			sum.right++
		default:
			sum.wrong++
			t.Logf("%s: node %d, a %s by evidence %d, is said to be %s", core, x.Node, h.types.Type(id).Name, h.typing.Evidence[x.Node], h.types.Type(x.Type).Name)
		}
	}
}

// TestShapesOfKnown asks for the type that fits the size and the pointers of an object alone,
// of objects whose type is known, in programs without symbols.
func TestShapesOfKnown(t *testing.T) {
	t.Parallel()
	var sum answers
	for _, version := range []string{"go1.18.10", "go1.22.12", "go1.27.0"} { // as in TestStripped
		for _, program := range []string{"kinds", "quiet", "given"} {
			dump := testcore.Core(t, program, testcore.Options{Go: version}, testcore.Kernel)
			exe, err := testcore.Strip(dump.Exe, t.TempDir(), testcore.Symbols)
			if err != nil {
				t.Skip(err)
			}
			sum.askShapes(t, dump.Core, exe)
		}
	}
	t.Logf("%+v", sum)
	if sum.wrong > 0 || sum.right < 400 {
		t.Errorf("%d are right, and %d wrong", sum.right, sum.wrong)
	}
}

// askShapes asks for up to three objects of each type.
func (sum *answers) askShapes(t *testing.T, core, exe string) {
	t.Helper()
	h, typer, free := typedHeap(t, core, exe)
	defer free()
	var asked []heap.Node
	seen := map[heap.TypeID]int{}
	for i := range h.im.Extents {
		e := &h.im.Extents[i]
		for k := range e.N {
			n := e.First + heap.Node(k)
			if ev := h.typing.Evidence[n]; e.Pointers != image.HeapBits || ev == 0 || ev >= typing.ByFit {
				continue
			}
			if seen[h.typing.IDs[n]]++; seen[h.typing.IDs[n]] <= 3 {
				asked = append(asked, n)
			}
		}
	}
	for i, fit := range typing.ShapesOf(typer, asked) {
		id, form := typing.SplitTypeID(h.typing.IDs[asked[i]])
		if typ := h.types.Type(id); typ.Kind == types.Array {
			id, form = typ.Elem, typing.ManyValues
		}
		switch {
		case fit.Type == 0 || form == typing.Container:
			sum.other++
		case fit.Type == id:
			sum.right++
		default:
			sum.wrong++
			t.Logf("%s: %s form %d by %s is said to be %s", core, h.types.Type(id).Name, form, h.typing.Evidence[asked[i]], h.types.Type(fit.Type).Name)
		}
	}
}

// typedHeap is the heap of a core as far as it has types, and who found these.
func typedHeap(t *testing.T, core, exe string) (h *Heap, typer *typing.Typer, free func()) {
	t.Helper()
	p, err := Open(t.Context(), core, Options{Exe: exe})
	if err != nil {
		t.Fatal(err)
	}
	h = newHeap(p.stacks)
	free = func() {
		h.free()
		p.Close()
	}
	for _, err := range []error{h.scan(t.Context()), h.findLive(t.Context())} {
		if err != nil {
			free()
			t.Fatal(err)
		}
	}
	typer = h.newTyper(func() error { return nil })
	if err := h.runTyper(t.Context(), typer); err != nil {
		free()
		t.Fatal(err)
	}
	return h, typer, free
}
