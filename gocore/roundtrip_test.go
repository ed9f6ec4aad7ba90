package gocore_test

import (
	"os"
	"strings"
	"testing"

	"goheap/internal/testcore"
	"goheap/internal/testcore/said"
)

// everyName is the draw of names: all of a program with fewer than 100,000 objects.
func everyName() said.Draw {
	if testcore.EveryBuild() {
		return said.Draw{All: 100_000, Some: 100_000}
	}
	return said.Draw{All: 100_000, Some: 5_000}
}

// roundTrip fails the test for names that do not lead back.
func (p process) roundTrip(t *testing.T, d said.Draw) said.Names {
	t.Helper()
	names := p.asSaid().RoundTrip(d)
	for i, w := range names.Wrong {
		if i == 15 {
			break
		}
		t.Error(w)
	}
	if len(names.Wrong) > 0 {
		t.Errorf("%d of %d names are wrong", len(names.Wrong), names.Tried)
	}
	t.Logf("%d names", names.Tried)
	if names.Left > 0 {
		t.Logf("%d long ones were not looked up", names.Left)
	}
	return names
}

// Each name that is printed leads back to what it was printed for; TestBusy and TestSince
// hold it too, of frames that are scanned conservatively and of dropped objects.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, program := range []string{
		"blockstore", "goroutines", "interfaces", "kinds", "oldmaps", "opened", "probe", "quiet", "reflected", "registers", "sampled", "stacks", "typed", "values",
	} {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			open(t, program, testcore.Options{}, testcore.Kernel).roundTrip(t, everyName())
		})
	}
	t.Run("oldmaps-go1.23", func(t *testing.T) { // with a sync.Map of two maps
		t.Parallel()
		open(t, "oldmaps", testcore.Options{Go: "go1.23.12"}, testcore.Kernel).roundTrip(t, everyName())
	})
	for _, program := range []string{"probe", "stacks"} {
		t.Run(program+"-heapdump", func(t *testing.T) {
			t.Parallel()
			dump := testcore.Core(t, program, testcore.Options{}, testcore.HeapDump)
			openFile(t, dump.Heap, dump.Exe, dump.Output).roundTrip(t, everyName())
		})
	}
}

// TestRoundTripOf tries the cores that GOHEAP_CORES names, separated by colons.
func TestRoundTripOf(t *testing.T) {
	files := os.Getenv("GOHEAP_CORES")
	if files == "" {
		t.Skip("GOHEAP_CORES names no cores")
	}
	for _, file := range strings.Split(files, ":") {
		t.Run(strings.TrimPrefix(file, "/"), func(t *testing.T) {
			openFile(t, file, "", nil).roundTrip(t, everyName())
		})
	}
}
