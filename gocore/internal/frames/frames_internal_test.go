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
