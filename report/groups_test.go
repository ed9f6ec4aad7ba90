package report

import (
	"testing"

	"goheap/heap"
	"goheap/heap/heaptest"
)

// What the roots of a group retain is what is lost without them; every root is in
// one group.
func TestRootGroups(t *testing.T) {
	s := analyse(t, blockstore())
	for _, byPackage := range []bool{false, true} {
		groups, err := s.RootGroups(t.Context(), byPackage)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[heap.Node]bool{}
		for _, g := range groups {
			bytes, objects := heaptest.Retained(s.Graph, g.Roots...)
			if g.Retained != bytes || g.Objects != objects {
				t.Errorf("%s: %d bytes in %d objects, want %d in %d", g.Name, g.Retained, g.Objects, bytes, objects)
			}
			for i, n := range g.Roots {
				if seen[n] || !s.Graph.IsRoot(n) {
					t.Errorf("%s: root %d is listed twice, or none", g.Name, n)
				}
				seen[n] = true
				if i > 0 && s.Dominators.Retained(n) > s.Dominators.Retained(g.Roots[i-1]) {
					t.Errorf("%s: root %d in the wrong place", g.Name, n)
				}
			}
		}
		if len(seen) != s.Graph.Roots {
			t.Errorf("%d of %d roots are in groups", len(seen), s.Graph.Roots)
		}
		table, err := RootGroupTable(t.Context(), s, byPackage)
		if err != nil || table.Len() != len(groups) {
			t.Errorf("%d rows, %v; want %d", table.Len(), err, len(groups))
		}
	}
}

// A package is its types: their objects and bytes add up, and what it retains is
// no more than what all its objects do as a set, and no less than one type of it.
func TestPackages(t *testing.T) {
	s := analyse(t, blockstore())
	types, err := s.Types(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	packages, err := s.Packages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	objects := uint64(0)
	for _, p := range packages {
		want := PackageRow{}
		least := uint64(0)
		for _, r := range types {
			if r.Package == p.Name {
				want.Objects += r.Objects
				want.Shallow += r.Shallow
				least = max(least, r.Retained)
			}
		}
		exact, err := s.RetainedTypes(t.Context(), p.IDs)
		if err != nil {
			t.Fatal(err)
		}
		if p.Objects != want.Objects || p.Shallow != want.Shallow || p.Retained < least || p.Retained > exact.Retained || exact.Objects != p.Objects {
			t.Errorf("%+v, want %d objects of %d bytes that retain %d to %d", p, want.Objects, want.Shallow, least, exact.Retained)
		}
		objects += p.Objects
	}
	if live, _ := s.Live(); objects != live {
		t.Errorf("packages have %d objects of %d", objects, live)
	}
}
