package frames

import (
	"testing"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/program"
	"goheap/gocore/internal/types"
	"goheap/internal/arch"
)

// A variable whose type is of no possible size is not taken apart.
func TestPartedBounds(t *testing.T) {
	table := types.New(arch.AMD64(), nil, nil)
	p := New(&program.Program{Types: table}, &image.Image{Arch: arch.AMD64()}, nil)
	v := Var{Type: table.NewStruct("main.Huge", "main", 1<<62, nil), Parts: []Part{{0, 8, -16}}}
	if p.settleParts(&v); !v.Parted {
		t.Errorf("%+v", v)
	}
}

// A truth value does not hold what the word leads to that begins with it.
func TestHoldsWords(t *testing.T) {
	const cfa = 0x1000
	v := Var{Parts: []Part{{0, 1, -16}, {8, 8, -32}, {16, 8, -24}}}
	for _, x := range []struct {
		slot, off uint64
		ok        bool
	}{{cfa - 16, 0, false}, {cfa - 32, 8, true}, {cfa - 24, 16, true}, {cfa - 40, 0, false}, {cfa - 20, 0, false}} {
		if off, ok := v.Holds(&image.Piece{Slot: x.slot}, cfa, 8); ok != x.ok || ok && off != x.off {
			t.Errorf("the word at %#x is at %d, %v", x.slot, off, ok)
		}
	}
}
