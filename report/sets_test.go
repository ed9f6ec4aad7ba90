package report

import (
	"context"
	"errors"
	"slices"
	"testing"

	"goheap/heap"
	"goheap/heap/heaptest"
	"goheap/internal/progress"
)

// The numbers of a set are those of removing it.
func TestRetainedSet(t *testing.T) {
	f := blockstore()
	s := analyse(t, f)
	for _, ids := range [][]string{{"block0"}, {"block8"}, {"srv"}, {"srv", "index"}, {"garbage", "block8", "block8", "data8"}, {"g17", "g18", "block1"}, {}} {
		var nodes []heap.Node
		want := SetSize{}
		for _, id := range ids {
			n := f.Node[id]
			if !slices.Contains(nodes, n) && s.Dominators.Live(n) && !s.Graph.IsRoot(n) {
				want.Objects++
				want.Shallow += s.Graph.Size(n)
			}
			nodes = append(nodes, n)
		}
		want.Retained, want.RetainedObjects = heaptest.Retained(s.Graph, nodes...)
		got, err := s.RetainedSet(t.Context(), nodes)
		if err != nil || got != want {
			t.Errorf("%v: %+v, %v; want %+v", ids, got, err, want)
		}
	}
	// Blocks 7 to 9 have two holders, but no block outlives all blocks.
	types, err := s.Types(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(types, func(r TypeRow) bool { return r.Name == "main.Block" })
	got, err := s.RetainedTypes(t.Context(), types[i].IDs)
	if want := (SetSize{10, 1280, 20, 10 * (128 + 4096)}); err != nil || got != want {
		t.Errorf("all blocks: %+v, %v; want %+v", got, err, want)
	}
}

func TestCut(t *testing.T) {
	f := blockstore()
	s := analyse(t, f)
	edge := func(from, to string) heap.Edge {
		if from == "" {
			return heap.Edge{To: f.Node[to]}
		}
		return heap.Edge{From: f.Node[from], To: f.Node[to]}
	}
	for _, test := range []struct {
		name string
		node string
		cut  []heap.Edge
		want CutAnswer
	}{
		{"one of two holders", "data8", []heap.Edge{edge("index", "block8")},
			CutAnswer{Live: true, Paths: [][]heap.Node{{f.Node["srv"], f.Node["storage"], f.Node["blocks"], f.Node["block8"], f.Node["data8"]}}}},
		{"both holders", "data8", []heap.Edge{edge("index", "block8"), edge("blocks", "block8")},
			CutAnswer{Freed: heap.Total{Objects: 2, Bytes: 128 + 4096}}},
		{"the store", "data8", []heap.Edge{edge("srv", "storage")},
			CutAnswer{Freed: heap.Total{Objects: 2 + 14, Bytes: 64 + 256 + 7*(128+4096)}, Live: true,
				Paths: [][]heap.Node{{f.Node["index"], f.Node["block8"], f.Node["data8"]}}}},
		{"a root", "buf0", []heap.Edge{edge("", "g17")}, CutAnswer{Freed: heap.Total{Objects: 1, Bytes: 1024}}},
		{"nothing", "garbage", nil, CutAnswer{}},
	} {
		got, err := s.Cut(t.Context(), f.Node[test.node], test.cut, 3)
		if err != nil {
			t.Fatal(err)
		}
		if got.Freed != test.want.Freed || got.Live != test.want.Live || got.More || !slices.EqualFunc(got.Paths, test.want.Paths, slices.Equal) {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

func TestMergedPaths(t *testing.T) {
	f := blockstore()
	s := analyse(t, f)
	var all []heap.Node
	for _, o := range f.Objects {
		if o.Type == "main.Block" {
			all = append(all, f.Node[o.ID])
		}
	}
	d := s.Dominators
	m, err := d.MergePaths(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	// By their shortest paths, the index holds three and the store the others.
	var got [][2]any
	for i := range m.ChildCount(heap.SuperRoot) {
		root := m.Child(heap.SuperRoot, i)
		got = append(got, [2]any{m.Of(root).Objects, s.Heap.Name(root)})
	}
	if want := [][2]any{{uint64(7), "main.srv"}, {uint64(3), "main.index"}}; !slices.Equal(got, want) {
		t.Errorf("roots: %v, want %v", got, want)
	}
	if m.ChildCount(f.Node["srv"]) != 1 || m.Child(f.Node["srv"], 0) != f.Node["storage"] {
		t.Errorf("after main.srv: %d ways", m.ChildCount(f.Node["srv"]))
	}
	if at, err := d.Gather(t.Context(), all); err != nil || at != heap.SuperRoot {
		t.Errorf("gathered at %d, %v, but no root holds more than 0.8", at, err)
	}
	if at, err := d.Gather(t.Context(), all[:7]); err != nil || at != f.Node["blocks"] {
		t.Errorf("gathered at %d, %v; want the list", at, err)
	}
}

func TestNeighbours(t *testing.T) {
	f := blockstore()
	s := analyse(t, f)
	s.Disclosure = Shown
	referrers, err := ReferrerTable(t.Context(), s, f.Node["block8"])
	if err != nil {
		t.Fatal(err)
	}
	references, err := ReferenceTable(t.Context(), s, f.Node["blocks"])
	if err != nil {
		t.Fatal(err)
	}
	through := referrers.Column("through")
	if referrers.Len() != 2 || referrers.Node(0) != f.Node["blocks"] || referrers.Cell(0, through).Text != "[8]" ||
		referrers.Node(1) != f.Node["index"] || referrers.Cell(1, through).Text != `["secret8"]` {
		t.Errorf("referrers: %d rows, %q", referrers.Len(), referrers.Cell(0, through).Text)
	}
	if references.Len() != 10 || references.Node(9) != f.Node["block9"] || references.Cell(9, through).Text != "[9]" {
		t.Errorf("references: %d rows", references.Len())
	}
	types, err := s.Types(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range types {
		table, err := InstanceTable(t.Context(), s, r.IDs)
		if err != nil || uint64(table.Len()) != r.Objects {
			t.Fatalf("%s has %d rows, %v; want %d", r.Name, table.Len(), err, r.Objects)
		}
		for i := range table.Len() - 1 {
			a, b := table.Node(i), table.Node(i+1)
			if x, y := s.Dominators.Retained(a), s.Dominators.Retained(b); x < y || x == y && a > b {
				t.Errorf("%s: rows %d and %d in the wrong order", r.Name, i, i+1)
			}
		}
	}
}

// Each question ends when its context does, and tells whom the context names.
func TestQuestionsCancelledAndFollowed(t *testing.T) {
	f := blockstore()
	s := analyse(t, f)
	n := f.Node["block8"]
	for name, ask := range map[string]func(ctx context.Context) error{
		"RetainedSet": func(ctx context.Context) error { _, err := s.RetainedSet(ctx, []heap.Node{n}); return err },
		"Cut":         func(ctx context.Context) error { _, err := s.Cut(ctx, n, nil, 1); return err },
		"WaysTo":      func(ctx context.Context) error { _, err := WaysTo(ctx, s, []heap.Node{n}); return err },
		"Gather": func(ctx context.Context) error {
			_, err := s.Dominators.Gather(s.within(ctx), []heap.Node{n})
			return err
		},
	} {
		tracker := new(progress.Tracker)
		if err := ask(progress.With(t.Context(), tracker.Report)); err != nil || len(tracker.Snapshot()) == 0 {
			t.Errorf("%s: %v, %d phases", name, err, len(tracker.Snapshot()))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := ask(ctx); !errors.Is(err, context.Canceled) && name != "Cut" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Questions under a context that names nobody tell whom the Snapshot was made for.
func TestQuestionsTellWhoLoaded(t *testing.T) {
	var loading, asking progress.Tracker
	f := blockstore()
	s, err := New(progress.With(t.Context(), loading.Report), f, f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	before := len(loading.Snapshot())
	if before == 0 || len(s.Phases) != before {
		t.Errorf("%d phases were told of loading, %d are kept", before, len(s.Phases))
	}
	nodes := []heap.Node{f.Node["block8"]}
	if _, err := s.RetainedSet(progress.With(t.Context(), asking.Report), nodes); err != nil {
		t.Fatal(err)
	}
	if n := len(loading.Snapshot()); n != before || len(asking.Snapshot()) == 0 {
		t.Errorf("a question of its own context: %d phases more for who loaded, %d for who asked", n-before, len(asking.Snapshot()))
	}
	if _, err := s.RetainedSet(t.Context(), nodes); err != nil {
		t.Fatal(err)
	}
	if n := len(loading.Snapshot()); n == before {
		t.Error("a question of no context tells nobody")
	}
}
