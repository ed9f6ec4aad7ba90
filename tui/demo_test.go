package tui

import (
	"context"
	"fmt"
	"testing"

	"goheap/internal/testcore"
	"goheap/report"
)

// The same on the core of the demo program: what a real program says of itself is
// slower, and odder, than what a test makes up.
func TestRandomKeysDemo(t *testing.T) {
	if testing.Short() {
		return // it takes a core
	}
	c := testcore.Core(t, "blockstore", testcore.Options{}, testcore.Kernel)
	s, err := report.Load(context.Background(), c.Core, report.Options{Exe: c.Exe})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for seed := range uint64(5) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			randomWalk(t, s, new(int), seed, 150)
		})
	}
}
