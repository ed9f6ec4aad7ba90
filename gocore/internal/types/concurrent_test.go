package types_test

import (
	"sync"
	"testing"

	"goheap/gocore/internal/types"
)

// TestConcurrentReaders asks for everything from several goroutines in
// different orders, and compares with a table that one goroutine asked.
func TestConcurrentReaders(t *testing.T) {
	exe := kinds.path(t, builds[2])
	read := func(workers int) (*types.Table, []types.ID) {
		f := open(t, exe)
		mem, m := load(t, f.ELF()), moduleOf(t, f)
		table := f.Types()
		table.SetRuntime(types.Runtime{Memory: mem, Modules: []types.Module{m}, Layout: types.LayoutOf(f.GoVersion)})
		ids := table.All()
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() {
				for i := range ids {
					id := ids[(i+w*len(ids)/workers)%len(ids)]
					if addr, ok := table.RuntimeType(id); ok {
						if back, ok := table.ByRuntimeType(addr); !ok || back != id {
							t.Errorf("type %d is %d by its descriptor", id, back)
						}
					}
					table.Words(id)
					table.PointerAt(id, 0)
					table.Type(table.MapGroup(id))
				}
				for addr := m.Types; addr < m.ETypes; addr += 8 {
					if id, ok := table.ByRuntimeType(addr); ok {
						table.Words(id)
					}
				}
			})
		}
		wg.Wait()
		return table, ids
	}
	one, ids := read(1)
	many, manyIDs := read(4)
	if one.Len() != many.Len() || len(ids) != len(manyIDs) {
		t.Fatalf("%d and %d types", one.Len(), many.Len())
	}
	for i, id := range ids {
		if manyIDs[i] != id || one.Type(id).Name != many.Type(id).Name || len(one.Words(id)) != len(many.Words(id)) {
			t.Fatalf("type %d is %s with %d words, or %s with %d", id, one.Type(id).Name, len(one.Words(id)), many.Type(id).Name, len(many.Words(id)))
		}
	}
}

// TestLargeArrays checks that the length of an array costs nothing.
func TestLargeArrays(t *testing.T) {
	f := open(t, kinds.path(t, builds[0]))
	table := f.Types()
	id, ok := table.Lookup("main.Everything")
	if !ok {
		t.Fatal("no main.Everything")
	}
	repeats := 0
	for _, w := range table.Words(id) {
		if w.Kind == types.RepeatWord {
			repeats++
			if path, _, _ := table.FieldPath(id, w.Offset); w.Count*w.Stride < 3000*8 && w.Count < 5 {
				t.Errorf("%s is a repetition of %d × %d", path, w.Count, w.Stride)
			}
		}
	}
	if n := len(table.Words(id)); n > 1000 || repeats != 2 {
		t.Errorf("%d words, %d of them repetitions", n, repeats)
	}
}
