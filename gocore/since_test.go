package gocore_test

import (
	"slices"
	"testing"

	"goheap/gocore"
	"goheap/internal/testcore"
	"goheap/internal/testcore/said"
)

// What a sound program does after its last collection is no difference: it opens and
// closes files, drops what it held, and lets finalizers run.
func TestSince(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"nothing", "started", "dropped", "opened", "closed", "ran", "queued", "collected early"} {
		t.Run(name, func(t *testing.T) { since(t, name, testcore.Options{}) })
	}
}

func since(t *testing.T, name string, opt testcore.Options) said.Names {
	t.Parallel()
	p := open(t, "since", opt, testcore.Kernel, name)
	checks, err := p.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// That a program held on to what it has is exact even so.
	mayDiffer := []string{checkNames[3], checkNames[5]}
	switch name {
	case "nothing":
		mayDiffer = nil
	case "started", "never":
		mayDiffer = checkNames[3:5]
	}
	for _, c := range checks {
		if c.Status == gocore.CheckDiffers || c.Status != gocore.CheckOK && (c.Reason == "" || !slices.Contains(mayDiffer, c.Name)) {
			t.Errorf("%+v", c)
		}
		switch {
		case name == "dropped" && c.Name == checkNames[3]:
			// The nodes and the array that held them: nothing was allocated since.
			if c.Status != gocore.CheckNotComparable || c.Difference < 1001 {
				t.Errorf("%+v", c)
			}
		case (name == "opened" || name == "set new") && c.Name == checkNames[5]:
			if c.Status != gocore.CheckOK || c.Difference < -4096 || c.Difference > 4096 {
				t.Errorf("finalizers that were set since count: %+v", c)
			}
		}
		t.Logf("%s: %d and %d: %s %s", c.Name, c.Ours, c.Runtime, c.Status, c.Reason)
	}
	for _, pr := range p.Problems() {
		t.Errorf("a whole core has a problem: %+v", pr)
	}
	return p.roundTrip(t, everyName())
}
