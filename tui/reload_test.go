package tui

import (
	"context"
	"testing"

	"goheap/report"
)

// The key for the runtime's own pointers ends the program with where it is to go on, and
// says why where it cannot.
func TestReload(t *testing.T) {
	w := newWatched(t)
	load := func(ctx context.Context, _ func(report.Process)) (*report.Snapshot, error) {
		f := blockstore(10, 2)
		return report.New(ctx, f, f)
	}
	result := make(chan error, 1)
	go func() {
		result <- run(t.Context(), w, load, Options{Title: "core.1", Reload: func(bool) Load { return load }})
	}()
	w.wait(t, "Holders ")
	w.press("3jR")
	if err := <-result; err != (reload{"types?row=2"}) {
		t.Errorf("it ends with %#v", err)
	}
	s := snapshot(t, blockstore(4, 3))
	newTerminal(t, s, 80, 24, Options{}).press("R").has("cannot be loaded anew").hasNot("with the runtime")
	newTerminal(t, s, 160, 24, Options{Runtime: true}).has("with the runtime's own")
}
