package gocore

import (
	"slices"
	"strings"
	"testing"

	"goheap/gocore/internal/frames"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
	"goheap/gocore/internal/unwind"
	"goheap/internal/testcore"
)

// What the code says of the words of frames is compared with what debugging information
// says of the same words, and with the types of the objects that they lead to.
func TestStoredAgrees(t *testing.T) {
	t.Parallel()
	var sum storedAnswers
	for _, version := range []string{"go1.18.10", "go1.22.12", "go1.26.8", "go1.27.0"} {
		for _, program := range []string{"kinds", "stacks", "goroutines"} {
			dump := testcore.Core(t, program, testcore.Options{Go: version}, testcore.Kernel)
			sum.ask(t, dump.Core, dump.Exe)
		}
	}
	t.Logf("%+v", sum)
	if sum.wrong > 0 || sum.variables < 100 || sum.objects < 100 {
		t.Errorf("%d words of variables and %d objects agree, %d do not", sum.variables, sum.objects, sum.wrong)
	}
}

type storedAnswers struct{ frames, words, variables, objects, wrong int }

// ask asks for all the words of the frames in a core.
func (sum *storedAnswers) ask(t *testing.T, core, exe string) {
	t.Helper()
	h, typer, free := typedHeap(t, core, exe)
	defer free()
	c := frames.NewStoredReader(h.vars, typer.ByDescriptor)
	for gi := range h.im.Goroutines {
		list, words := h.vars.Walk(gi)
		for i := range list {
			fr := &list[i]
			vars := h.vars.In(fr, words)
			values := c.Values(fr, words)
			if len(values) > 0 {
				sum.frames++
			}
			for _, v := range values {
				for _, w := range v.Words {
					sum.words++
					to := pointedTo(h, v, w.Off)
					if to == 0 || !unwind.LiveWord(words, w.Addr) {
						continue
					}
					sum.compare(t, h, core, fr, vars, w.Addr, to)
				}
			}
		}
	}
}

// pointedTo returns the type that the word at an offset in a value points to, 0 where it
// is no pointer to a value.
func pointedTo(h *Heap, v frames.StoredValue, off uint64) types.ID {
	if v.IsMade {
		if x := h.types.Type(v.Type); v.Made != typing.OneValue || len(x.Fields) > 0 && strings.TrimPrefix(x.Fields[0].Name, ".") == "F" { // a closure
			return 0
		}
		return v.Type
	}
	for _, w := range h.types.Words(v.Type) {
		if w.Offset == off && w.Kind == types.PointerWord {
			return w.Target
		}
	}
	return 0
}

// begins reports whether a value of a type begins with one of another.
func begins(h *Heap, typ, with types.ID) bool {
	for range 10 {
		x := h.types.Type(typ)
		switch {
		case typ == with:
			return true
		case len(x.Fields) == 0:
			return false
		}
		first := slices.IndexFunc(x.Fields, func(f types.Field) bool { return h.types.Type(f.Type).Size > 0 })
		if first < 0 {
			return false
		}
		typ = x.Fields[first].Type
	}
	return false
}

func (sum *storedAnswers) compare(t *testing.T, h *Heap, core string, fr *unwind.Frame, vars []frames.Var, addr uint64, to types.ID) {
	t.Helper()
	name := h.types.Type(to).Name
	for i := range vars {
		v := &vars[i]
		for _, part := range v.Parts {
			at := fr.CFA() + uint64(part.CFA)
			if v.Parted || addr < at || addr-at >= part.Size {
				continue
			}
			for _, w := range h.types.Words(v.Type) {
				if w.Offset != part.Off+addr-at || w.Kind != types.PointerWord {
					continue
				}
				switch elem := h.types.Type(w.Target); {
				case w.Target == to:
					sum.variables++
				case elem.Kind == types.Array && elem.Elem == to: // it was converted
				default:
					sum.wrong++
					t.Logf("%s: %s %s: the word at %#x points to a %s by its variable and to a %s by the code", core, fr.Func.Name(), v.Name, addr, h.types.Type(w.Target).Name, name)
				}
			}
		}
	}
	p, _ := h.im.Mem.Word(addr)
	at, ok := h.im.Pages.Find(p)
	if !ok || at.Off != 0 {
		return
	}
	id, form := typing.SplitTypeID(h.typing.IDs[at.Node])
	if ev := h.typing.Evidence[at.Node]; ev == 0 || ev >= typing.ByFit || form != typing.OneValue {
		return
	}
	switch typ := h.types.Type(id); {
	case id == to:
		sum.objects++
	case begins(h, id, to):
	case typ.Name == "runtime.timeTimer" && (name == "time.Timer" || name == "time.Ticker"): // which time takes it for
	default:
		sum.wrong++
		t.Logf("%s: %s: the object at %#x is a %s, and a %s by the code", core, fr.Func.Name(), p, typ.Name, name)
	}
}
