package report_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"goheap/heap"
	"goheap/heap/heaptest"
	"goheap/internal/testcore"
	"goheap/report"
)

func load(t *testing.T, program string, kind testcore.Kind) (*report.Snapshot, []string) {
	t.Helper()
	dump := testcore.Core(t, program, testcore.Options{}, kind)
	s, err := report.Load(t.Context(), dump.Core, report.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, dump.Output
}

// Whenever the context ends, Load returns its cause; what was opened by then is kept
// where somebody wants it.
func TestLoadEnds(t *testing.T) {
	core := testcore.Core(t, "quiet", testcore.Options{}, testcore.Kernel).Core
	for phase, open := range map[string]bool{"": false, "read runtime": false, "scan heap": true, "live set": true, "type objects": true, "retained sizes": true, "check": true} {
		wrong := errors.New("enough of " + phase)
		ctx, cancel := context.WithCancelCause(t.Context())
		if phase == "" {
			cancel(wrong)
		}
		var kept report.Process
		s, err := report.Load(ctx, core, report.Options{
			Progress: func(name string, done, _ int64) {
				if name == phase && done == 0 {
					cancel(wrong)
				}
			},
			Keep: func(p report.Process) { kept = p },
		})
		if s != nil || err != wrong || (kept != nil) != open {
			t.Errorf("cancelled in %q: %v, kept %t", phase, err, kept != nil)
		}
		if kept != nil {
			if len(kept.Goroutines()) == 0 || len(kept.Roots()) == 0 {
				t.Errorf("cancelled in %q: nothing is left", phase)
			}
			kept.Close()
		}
		cancel(nil)
	}
}

// What the leaking server says of itself: 16,000 blocks behind main.srv, of which
// main.recent shares every tenth, and 200 goroutines that wait for ever.
func TestQuestionsOfDemo(t *testing.T) {
	s, _ := load(t, "blockstore", testcore.Captured)
	ctx := t.Context()
	const blocks, shared, leaked = 16_000, 1_600, 200

	query, err := s.Query(ctx, `= type == "main.Block" && kind == "object"`)
	if err != nil || query.Len() != blocks {
		t.Fatalf("%d blocks, %v", query.Len(), err)
	}
	var all []heap.Node
	for i := range query.Len() {
		all = append(all, query.Node(i))
	}
	types, err := s.Types(ctx)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(types, func(r report.TypeRow) bool { return r.Name == "main.Block" })
	size, err := s.RetainedTypes(ctx, types[i].IDs)
	bytes, objects := heaptest.Retained(s.Graph, all...)
	if want := (report.SetSize{Objects: blocks, Shallow: types[i].Shallow, RetainedObjects: objects, Retained: bytes}); err != nil || size != want || size.Retained < types[i].Retained {
		t.Errorf("all blocks: %+v, %v; want %+v, at least %d", size, err, want, types[i].Retained)
	}

	// The store leads to all of them by the shortest path, and there they meet.
	merged, err := s.Dominators.MergePaths(ctx, all)
	if err != nil {
		t.Fatal(err)
	}
	if first := merged.Child(heap.SuperRoot, 0); merged.Members.Objects != blocks || s.Heap.Name(first) != "main.srv" || merged.Of(first).Objects < blocks-leaked-shared {
		t.Errorf("%+v members, most through %s: %+v", merged.Members, s.Heap.Name(first), merged.Of(first))
	}
	gathered, err := s.Dominators.Gather(ctx, all)
	if got := s.Expression(s.Dominators.PathTo(gathered)); err != nil || got != "main.srv.storage.(*main.memStorage).blocks" {
		t.Errorf("gathered at %s, %v", got, err)
	}

	// By all ways it leads to each of them, and what shares some to these.
	ways, err := report.WaysTo(ctx, s, all)
	if err != nil {
		t.Fatal(err)
	}
	level, err := ways.Level(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	leads := map[string]uint64{}
	for _, row := range level {
		leads[row.Word] = row.Leads.Objects
		reached := map[heap.Node]bool{}
		for _, n := range row.Nodes {
			for to, is := range heaptest.Reach(s.Graph, n) {
				if is {
					reached[heap.Node(to)] = true
				}
			}
		}
		want := uint64(0)
		for _, n := range all {
			if reached[n] {
				want++
			}
		}
		if row.Leads.Objects != want || want == 0 {
			t.Errorf("%s leads to %d blocks, want %d", row.Word, row.Leads.Objects, want)
		}
	}
	if leads["main.srv"] != blocks || leads["main.recent"] != shared {
		t.Errorf("the ways to blocks are %v", leads)
	}

	// Without main.srv, what it dominates is gone, and what is shared is held by
	// the index.
	srv, err := s.Find(ctx, "main.srv")
	if err != nil {
		t.Fatal(err)
	}
	cut, err := s.Cut(ctx, all[0], []heap.Edge{{From: srv, To: s.Graph.Targets(srv)[0]}}, 2)
	if want := (heap.Total{Objects: s.Dominators.Objects(srv), Bytes: s.Dominators.Retained(srv)}); err != nil || cut.Freed != want || want.Bytes == 0 {
		t.Errorf("without main.srv %+v are freed, %v; it retains %+v", cut.Freed, err, want)
	}
	joint := 0
	for _, n := range all {
		if s.Dominators.Idom(n) == heap.SuperRoot {
			joint++
		}
	}
	if joint != shared {
		t.Errorf("%d blocks are shared", joint)
	}

	groups, err := s.CreatorGroups(ctx)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := s.Goroutines(ctx)
	if err != nil {
		t.Fatal(err)
	}
	stuck := groups[0]
	var nodes []heap.Node
	for _, m := range stuck.Members {
		nodes = append(nodes, rows[m].Node)
	}
	bytes, objects = heaptest.Retained(s.Graph, nodes...)
	if len(nodes) != leaked || stuck.State != "chan send" || stuck.Exclusive != (heap.Total{Objects: objects, Bytes: bytes}) || bytes < leaked*4096 {
		t.Errorf("%d goroutines in %q hold %+v, want %d bytes in %d", len(nodes), stuck.State, stuck.Exclusive, bytes, objects)
	}

	suspects, err := report.Suspects(ctx, s)
	if err != nil || len(suspects) != 2 || suspects[0].Name != "main.srv" || suspects[1].Rule != report.RuleGroup || suspects[1].Count != shared || !suspects[1].Gathered {
		t.Errorf("suspects %+v, %v", suspects, err)
	}
	holders, err := report.ReferrerTable(ctx, s, all[0])
	if err != nil || holders.Len() == 0 || !strings.HasPrefix(holders.Cell(0, holders.Column("through")).Text, "[") {
		t.Errorf("%d referrers of a block, %v", holders.Len(), err)
	}
}

// What the program says that its objects retain is what dies with the set of one.
func TestRetainedSetOfProbe(t *testing.T) {
	s, said := load(t, "probe", testcore.Kernel)
	tried := 0
	for _, line := range said {
		var c struct {
			Case, Addr, Kind string
			Live             bool
			Retained         *uint64
			Only             string
		}
		if err := json.Unmarshal([]byte(line), &c); err != nil || c.Retained == nil || !c.Live || c.Only != "" && c.Only != "kernel" {
			continue
		}
		addr, err := strconv.ParseUint(c.Addr, 0, 64)
		if err != nil {
			t.Fatal(err)
		}
		n, ok := s.Heap.NodeAt(addr)
		if !ok {
			continue // not in the heap
		}
		tried++
		got, err := s.RetainedSet(t.Context(), []heap.Node{n})
		if err != nil || got.Retained != *c.Retained {
			t.Errorf("%s: %+v, %v; the program says %d", c.Case, got, err, *c.Retained)
		}
	}
	if tried < 5 {
		t.Errorf("only %d cases were tried", tried)
	}
}
