package gocore_test

import (
	"runtime/debug"
	"testing"

	"goheap/gocore"
	"goheap/internal/testcore"
)

// Close gives back all memory, also what is not on the Go heap.
func TestClose(t *testing.T) {
	core := testcore.Core(t, "sessions", testcore.Options{}, testcore.Kernel, "30000").Core
	once := func() uint64 {
		p, err := gocore.Open(t.Context(), core, gocore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Analyse(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		debug.FreeOSMemory()
		return status(t, "RssAnon") // of no file
	}
	first := once()
	last := first
	for range 5 {
		last = once()
	}
	if last > first+16<<20 {
		t.Errorf("%d bytes were in use when a process was closed for the first time, %d after the sixth", first, last)
	}
}
