package types

import (
	"testing"

	"goheap/internal/arch"
)

// Modules say how many descriptors they have. What is remembered of all of them has
// a bound, however many modules there are.
func TestModuleBounds(t *testing.T) {
	table := New(arch.AMD64(), nil, nil)
	var r Runtime
	for i := range uint64(64) {
		r.Modules = append(r.Modules, Module{Types: i << 40, ETypes: i<<40 + maxModuleTypes/16})
	}
	r.Modules = append(r.Modules, Module{Types: 1 << 50, ETypes: ^uint64(0)}, Module{Types: 1 << 50, ETypes: 1})
	table.SetRuntime(r)
	cells := 0
	for _, known := range table.runtime.known {
		cells += len(known)
	}
	if len(table.runtime.known) != len(r.Modules) || cells != maxModuleTypes/8 {
		t.Errorf("%d cells for %d modules", cells, len(r.Modules))
	}
}
