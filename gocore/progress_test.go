package gocore_test

import (
	"slices"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/progress"
	"goheap/internal/testcore"
)

// What a process does is told to whom its context names, and else to whom it was
// opened for.
func TestProgress(t *testing.T) {
	t.Parallel()
	core := testcore.Core(t, "quiet", testcore.Options{}, testcore.Kernel).Core
	phases := []string{"dominators", "live set", "mark", "predecessors", "retained sizes", "scan heap", "type objects"} // some side by side
	var options, context progress.Tracker
	told := func() [2][]string {
		t.Helper()
		var names [2][]string
		for i, tr := range []*progress.Tracker{&options, &context} {
			for _, s := range tr.Snapshot() {
				names[i] = append(names[i], s.Name)
				if !s.Finished {
					t.Errorf("%s has not ended", s.Name)
				}
			}
		}
		options, context = progress.Tracker{}, progress.Tracker{}
		return names
	}
	check := func(when string, want [2][]string) {
		t.Helper()
		got := told()
		if slices.Sort(got[0]); len(got[1]) > 2 {
			slices.Sort(got[1])
		}
		if !slices.Equal(got[0], want[0]) || !slices.Equal(got[1], want[1]) {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	ctx := heap.WithProgress(t.Context(), context.Report)
	opt := gocore.Options{Progress: options.Report}
	if _, err := gocore.Open(t.Context(), core+".gone", opt); err == nil {
		t.Error("no file, and no error")
	}
	check("a file that there is not", [2][]string{{"open"}, nil})
	first, err := gocore.Open(t.Context(), core, opt)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	check("opening", [2][]string{{"open", "read runtime"}, nil})
	h, err := first.Analyse(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	check("an analysis under a context", [2][]string{nil, phases})
	if _, err := h.FindWord(t.Context(), 1, 1); err != nil {
		t.Fatal(err)
	}
	check("a search", [2][]string{{"search"}, nil})
	if _, err := h.FindWord(ctx, 1, 1); err != nil {
		t.Fatal(err)
	}
	check("a search under a context", [2][]string{nil, {"search"}})
	second, err := gocore.Open(ctx, core, opt)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	check("opening under a context", [2][]string{nil, {"open", "read runtime"}})
	if _, err := second.Analyse(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	check("an analysis", [2][]string{phases, nil})
}
