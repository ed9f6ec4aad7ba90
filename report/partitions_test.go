package report

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/heap/heaptest"
)

// randomProgram is goroutines of a few stacks, creators and labels, and variables of a few
// packages, in all combinations, that lead to some objects each, which lead to others.
func randomProgram(r *rand.Rand, roots, objects int) *fake {
	f := &fake{Labelled: map[int][]gocore.Label{}}
	edges := func(least int) (to []fakeEdge) {
		for i := range least + r.IntN(3) {
			to = append(to, fakeEdge{fmt.Sprint(".f", i), fmt.Sprint("o", r.IntN(objects))})
		}
		return to
	}
	for i := range objects {
		f.Objects = append(f.Objects, fakeNode{ID: fmt.Sprint("o", i), Kind: "object", Type: "main.T",
			Addr: 0xc000000000 + uint64(i)*64, Size: 16 << r.IntN(3), To: edges(0)})
	}
	for i := range roots {
		if r.IntN(3) == 0 {
			f.RootNodes = append(f.RootNodes, fakeNode{ID: fmt.Sprint("v", i), Kind: "global",
				Name: fmt.Sprintf("%s.v%d", []string{"main", "net/http", "sync"}[r.IntN(3)], i), To: edges(1)})
			continue
		}
		f.RootNodes = append(f.RootNodes, fakeNode{ID: fmt.Sprint("g", i), Kind: "goroutine", Name: fmt.Sprint("goroutine ", i), To: edges(1)})
		at := len(f.Running)
		f.Running = append(f.Running, gocore.Goroutine{ID: uint64(i), Node: heap.Node(i + 1), Status: "waiting",
			WaitReason: []string{"select", "chan send"}[r.IntN(2)], Func: "main.work",
			CreatedBy: "main.start", CreatedAt: fmt.Sprint("/src/main.go:", r.IntN(3))})
		f.Stacks = append(f.Stacks, []gocore.Frame{{Func: "main.work", File: "/src/work.go", Line: r.IntN(3)}})
		for k := range r.IntN(3) {
			f.Labelled[at] = append(f.Labelled[at], gocore.Label{Key: fmt.Sprint("key", k), Value: fmt.Sprint("secret", r.IntN(2))})
		}
	}
	return f.Build()
}

// Every goroutine is in one group and in one stack of it, has in common with the others
// what the group is by, and with no other group; what groups and stacks hold is what is
// lost without them.
func TestGoroutineGroups(t *testing.T) {
	r := rand.New(rand.NewPCG(71, 72))
	shared := 0
	for i := range 150 {
		s := analyse(t, randomProgram(r, 2+i/10, 3+i/5))
		rows, err := s.Goroutines(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		common := map[GroupBy]func(r *GoroutineRow) string{
			ByStack:   func(r *GoroutineRow) string { return fmt.Sprint(r.State(), s.Process.Frames(r.Index)) },
			ByCreator: func(r *GoroutineRow) string { return r.CreatedAt },
			ByLabel:   func(r *GoroutineRow) string { return fmt.Sprint(r.Labels) },
		}
		check := func(by GroupBy, groups []StackGroup, among []int) {
			t.Helper()
			var all []int
			seen := map[string]bool{}
			for _, g := range groups {
				word := common[by](&rows[g.Members[0]])
				if seen[word] {
					t.Errorf("two groups by %s of %s", by, word)
				}
				seen[word] = true
				var nodes []heap.Node
				for _, m := range g.Members {
					nodes = append(nodes, rows[m].Node)
					if got := common[by](&rows[m]); got != word {
						t.Errorf("%s and %s in one group by %s", word, got, by)
					}
				}
				all = append(all, g.Members...)
				bytes, objects := heaptest.Retained(s.Graph, nodes...)
				if want := (heap.Total{Objects: objects, Bytes: bytes}); g.Exclusive != want {
					t.Errorf("by %s: %s holds %+v, want %+v", by, word, g.Exclusive, want)
				}
			}
			if slices.Sort(all); !slices.Equal(all, among) {
				t.Errorf("by %s: goroutines %d are in groups, want %d", by, all, among)
			}
		}
		var every []int
		for m := range rows {
			every = append(every, m)
		}
		for _, by := range GroupBys() {
			groups, err := GoroutineGroups(t.Context(), s, by)
			if err != nil {
				t.Fatal(err)
			}
			check(by, groups, every)
			within, err := StacksWithin(t.Context(), s, by)
			if err != nil || len(within) != len(groups) {
				t.Fatal(len(within), err)
			}
			for k, stacks := range within {
				check(ByStack, stacks, groups[k].Members)
				sum := uint64(0)
				for _, g := range stacks {
					sum += g.Exclusive.Bytes
				}
				if sum < groups[k].Exclusive.Bytes {
					shared++
				}
			}
			table, err := GoroutineGroupTable(t.Context(), s, by)
			if err != nil || table.Len() != len(groups) {
				t.Fatalf("%d rows by %s, %v; want %d", table.Len(), by, err, len(groups))
			}
		}
	}
	if shared == 0 {
		t.Error("no group holds more than its stacks")
	}
}

// Roots by kind and by package, on many graphs.
func TestRootGroupsOfMany(t *testing.T) {
	r := rand.New(rand.NewPCG(73, 74))
	for i := range 150 {
		s := analyse(t, randomProgram(r, 2+i/10, 3+i/5))
		for _, byPackage := range []bool{false, true} {
			d, err := NewRootGroupsDocument(t.Context(), s, List{Top: -1}, byPackage)
			if err != nil {
				t.Fatal(err)
			}
			groups, err := s.RootGroups(t.Context(), byPackage)
			if err != nil || len(groups) != len(d.Groups) {
				t.Fatal(len(groups), err)
			}
			roots := 0
			for k, g := range groups {
				bytes, objects := heaptest.Retained(s.Graph, g.Roots...)
				if of := d.Groups[k]; of.Retained != bytes || of.Objects != objects || of.Count != len(of.Roots)+of.More || len(of.Roots) != len(g.Roots) {
					t.Errorf("%s: %+v, want %d bytes in %d objects", g.Name, of, bytes, objects)
				}
				roots += len(g.Roots)
			}
			if roots != s.Graph.Roots {
				t.Errorf("%d of %d roots are in groups", roots, s.Graph.Roots)
			}
		}
	}
}

// Labels are values of the program: groups by them hide these.
func TestLabelGroupsAreHidden(t *testing.T) {
	r := rand.New(rand.NewPCG(75, 76))
	f := randomProgram(r, 20, 10)
	for _, disclosure := range []Disclosure{Hidden, Shown} {
		s := analyse(t, f)
		s.Disclosure = disclosure
		d, err := NewGoroutineGroupsDocument(t.Context(), s, List{Top: -1}, ByLabel)
		if err != nil {
			t.Fatal(err)
		}
		table, err := GoroutineGroupTable(t.Context(), s, ByLabel)
		if err != nil {
			t.Fatal(err)
		}
		for what, write := range map[string]func(b *bytes.Buffer) error{
			"text":     func(b *bytes.Buffer) error { return WriteGoroutines(t.Context(), b, s, List{Top: -1}, ByLabel) },
			"document": func(b *bytes.Buffer) error { return WriteJSON(b, d) },
			"table":    func(b *bytes.Buffer) error { return WriteCSV(b, table) },
		} {
			var b bytes.Buffer
			if err := errors.Join(write(&b)); err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{"secret0", "key1"} {
				if got := strings.Contains(b.String(), secret); got != (disclosure == Shown) {
					t.Errorf("%s of disclosure %d: %q is there: %t\n%s", what, disclosure, secret, got, b.String())
				}
			}
		}
	}
}

// Of more holders than are told apart, the others have one part together, in a row of its
// own: the parts add up all the same.
func TestSplitOfMany(t *testing.T) {
	f := &fake{}
	const holders = 80
	for i := range holders {
		f.RootNodes = append(f.RootNodes, fakeNode{ID: fmt.Sprint("v", i), Kind: "global", Name: fmt.Sprint("main.v", i),
			To: []fakeEdge{{".a", fmt.Sprint("o", i)}, {".b", fmt.Sprint("o", (i+1)%holders)}}})
		f.Objects = append(f.Objects, fakeNode{ID: fmt.Sprint("o", i), Kind: "object", Type: "main.T", Addr: 0xc000000000 + uint64(i)*4096, Size: 48})
	}
	s := analyse(t, f.Build())
	rows, err := Splitting(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	_, live := s.Live()
	sum, rest := uint64(0), 0
	for i := range rows {
		h := &rows[i]
		sum += h.Split
		if h.Kind == RetainerRest {
			rest++
			if i != len(rows)-1 || s.HeldBy(h) != "holders that are not told apart" || s.HolderType(h) != "" {
				t.Errorf("row %d is of %q", i, s.HeldBy(h))
			}
		} else if h.Splits == (h.Kind == RetainerJoint || h.Kind == RetainerObject) {
			t.Errorf("a %s has a part: %t", h.Kind, h.Splits)
		}
	}
	if sum != live || rest != 1 {
		t.Errorf("%d of %d bytes in the parts, %d rows of the rest", sum, live, rest)
	}
	table, err := HolderTable(t.Context(), s)
	if err != nil || table.Len() != len(rows) {
		t.Fatal(table.Len(), err)
	}
	for _, write := range []func(b *bytes.Buffer) error{
		func(b *bytes.Buffer) error { return WriteText(b, table) }, func(b *bytes.Buffer) error { return WriteCSV(b, table) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil || strings.Count(b.String(), "holders that are not told apart") != 1 {
			t.Errorf("%v\n%s", err, b.String())
		}
	}
}
