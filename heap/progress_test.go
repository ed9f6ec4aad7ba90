package heap_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"goheap/heap"
)

// Every question tells of its phases, in the order of the contract, and also where
// its context has ended.
func TestProgress(t *testing.T) {
	g := heap.NewGraph(2,
		[]uint64{0, 2, 3, 4, 4, 4, 4, 4, 4, 5, 6, 6},
		[]heap.Node{1, 2, 8, 9, 9, 10},
		[]heap.Extent{{First: 8, Count: 3, Size: 16}})
	for _, test := range []struct {
		name   string
		ask    func(ctx context.Context, d *heap.Dominators) error
		phases []string
	}{
		{"Dominators", func(ctx context.Context, _ *heap.Dominators) error {
			d, err := g.Dominators(ctx)
			if err == nil {
				d.Close()
			}
			return err
		}, []string{"mark", "predecessors", "dominators", "retained sizes"}},
		{"Reachable", func(ctx context.Context, _ *heap.Dominators) error {
			set, err := g.Reachable(ctx)
			if err == nil {
				set.Close()
			}
			return err
		}, []string{"mark"}},
		{"Joint", func(ctx context.Context, d *heap.Dominators) error { _, err := d.Joint(ctx, nil); return err }, []string{"joint holders"}},
		{"RetainedSet", func(ctx context.Context, d *heap.Dominators) error {
			_, err := d.RetainedSet(ctx, []heap.Node{9})
			return err
		}, []string{"retained set"}},
		{"RetainedByClass", func(ctx context.Context, d *heap.Dominators) error {
			_, err := d.RetainedByClass(ctx, make([]uint32, g.Len()), 1)
			return err
		}, []string{"retained by class"}},
		{"PreparePaths", func(ctx context.Context, d *heap.Dominators) error { return d.PreparePaths(ctx) }, []string{"paths"}},
		{"MergePaths", func(ctx context.Context, d *heap.Dominators) error {
			_, err := d.MergePaths(ctx, []heap.Node{9})
			return err
		}, []string{"paths", "merged paths"}},
		{"Ways", func(ctx context.Context, d *heap.Dominators) error {
			w, err := d.WaysTo(ctx, []heap.Node{9})
			if err == nil {
				_, err = w.Count(ctx, [][]heap.Node{{1}}, nil)
			}
			return err
		}, []string{"referrers", "ways", "ways"}},
		{"Referrers", func(ctx context.Context, d *heap.Dominators) error { _, err := d.Referrers(ctx); return err }, []string{"referrers"}},
		{"Cut", func(ctx context.Context, d *heap.Dominators) error {
			c, err := d.Cut(ctx, nil)
			if err == nil {
				c.Close()
			}
			return err
		}, []string{"cut"}},
	} {
		var phases []string
		open := false
		report := func(phase string, done, total int64) {
			switch {
			case done == 0 && !open:
				phases, open = append(phases, phase), true
			case !open || phases[len(phases)-1] != phase || done < 0 || total != 0 && done > total:
				t.Errorf("%s tells of %s %d/%d after %v, running %t", test.name, phase, done, total, phases, open)
			case done == total:
				open = false
			}
		}
		d, err := g.Dominators(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := test.ask(heap.WithProgress(t.Context(), report), d); err != nil || open || !slices.Equal(phases, test.phases) {
			t.Errorf("%s: %v, running %t, phases %v, want %v", test.name, err, open, phases, test.phases)
		}
		d.Close()
		if d, err = g.Dominators(t.Context()); err != nil {
			t.Fatal(err)
		}
		phases = nil
		ctx, cancel := context.WithCancel(heap.WithProgress(t.Context(), report))
		cancel()
		if err := test.ask(ctx, d); err != nil && !errors.Is(err, context.Canceled) || open || len(phases) == 0 {
			t.Errorf("%s, cancelled: %v, running %t, phases %v", test.name, err, open, phases)
		}
		d.Close()
	}
}
