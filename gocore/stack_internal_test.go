package gocore

import (
	"testing"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/types"
	"goheap/internal/arch"
)

// A variable whose type is of no possible size is not taken apart.
func TestPartedBounds(t *testing.T) {
	table := types.New(arch.AMD64(), nil, nil)
	p := &stacks{contents: &contents{im: &image.Image{Arch: arch.AMD64()}, types: table}}
	v := frameVar{typ: table.NewStruct("main.Huge", "main", 1<<62, nil), parts: []varPart{{0, 8, -16}}}
	if p.settleParts(&v); !v.parted {
		t.Errorf("%+v", v)
	}
}
