package types_test

import (
	"strings"
	"testing"

	"goheap/gocore/internal/types"
	"goheap/internal/testcore"
)

// The buckets of every classic map have the size that DWARF says, the name of
// their map, and pointers exactly where keys, elements and chains are some.
func TestBuckets(t *testing.T) {
	builds := []testcore.Options{{Go: "go1.22.12"}}
	if testcore.EveryBuild() {
		builds = append(builds, testcore.Options{Go: "go1.23.12"}, testcore.Options{Go: "go1.25.0", Env: []string{"GOEXPERIMENT=noswissmap"}})
	}
	for _, opt := range builds {
		f := open(t, testcore.Build(t, "oldmaps", opt))
		table := f.Types()
		described := map[types.ID]types.ID{}
		for _, id := range table.All() {
			if table.Type(id).Kind == types.Map {
				described[id] = table.MapGroup(id) // without descriptors, DWARF's
			}
		}
		table.SetRuntime(types.Runtime{Memory: load(t, f.ELF()), Modules: []types.Module{moduleOf(t, f)}, Layout: types.LayoutOf(f.GoVersion)})
		large := 0
		for id, inDWARF := range described {
			if _, ok := table.RuntimeType(id); !ok && strings.Contains(table.Type(id).Name, "go.shape.") {
				continue // no map is made of this type
			}
			typ, bucket := table.Type(id), table.Type(table.MapGroup(id))
			key, elem := table.Type(typ.Key), table.Type(typ.Elem)
			if want := "map.bucket[" + key.Name + "]" + elem.Name; bucket.Name != want {
				t.Errorf("%s: buckets of %s are called %s, want %s", opt.Go, typ.Name, bucket.Name, want)
			}
			if size := table.Type(inDWARF).Size; bucket.Size != size || size == 0 {
				t.Errorf("%s: buckets of %s have %d bytes, %d in DWARF", opt.Go, typ.Name, bucket.Size, size)
			}
			words := table.Words(table.MapGroup(id))
			pointers := key.Size > 128 || elem.Size > 128 || len(table.Words(typ.Key))+len(table.Words(typ.Elem)) > 0
			if pointers != (len(words) > 0) {
				t.Errorf("%s: buckets of %s have %d words with pointers", opt.Go, typ.Name, len(words))
			}
			if pointers {
				if last := words[len(words)-1]; last.Kind != types.PointerWord || last.Target != table.MapGroup(id) || last.Offset != bucket.Size-8 {
					t.Errorf("%s: buckets of %s end in %+v", opt.Go, typ.Name, last)
				}
			}
			if key.Size > 128 || elem.Size > 128 {
				large++
			}
		}
		if len(described) < 20 || large < 3 {
			t.Errorf("%s has %d map types, %d with large parts", opt.Go, len(described), large)
		}
	}
}
