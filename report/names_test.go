package report

import (
	"slices"
	"testing"

	"goheap/internal/testcore"
)

// What the lists print as a name can be given back: types, holders, and groups of objects
// and of goroutines.
func TestNamesBack(t *testing.T) {
	for _, program := range []string{"kinds", "blockstore"} {
		t.Run(program, func(t *testing.T) {
			dump := testcore.Core(t, program, testcore.Options{}, testcore.Kernel)
			s, err := Load(t.Context(), dump.Core, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			s.Disclosure = Shown
			types, err := s.Types(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range types {
				if n, err := s.Find(t.Context(), "type:"+row.Name); err != nil || s.Heap.Type(n) != row.Name {
					t.Errorf("type:%s is found to be %s (%v)", row.Name, s.Heap.Name(n), err)
				}
			}
			holders, err := s.Holders(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			groups := 0
			for i := range holders {
				h := &holders[i]
				for _, name := range []string{h.Name, s.HeldBy(h)} {
					n, err := s.Find(t.Context(), name)
					path := s.Dominators.PathTo(h.At)
					switch {
					case err != nil:
						t.Errorf("%s: %v", name, err)
					case h.Members != nil:
						// Where several groups have one name, the first is meant.
						first := slices.IndexFunc(holders, func(o Holder) bool { return o.Name == name || s.HeldBy(&o) == name })
						if groups++; !slices.Contains(holders[first].Members, n) {
							t.Errorf("%s is found to be %s", name, s.Heap.Name(n))
						}
					case n != h.Node && n != h.At && !(slices.Contains(path, n) && s.Expression(path[:slices.Index(path, n)+1]) == name):
						t.Errorf("%s is found to be %s", name, s.Heap.Name(n))
					}
				}
			}
			if len(types) < 50 || len(holders) < 20 || groups == 0 {
				t.Errorf("%d types, %d holders and %d groups: nothing was tried", len(types), len(holders), groups)
			}
		})
	}
}
