package gocore_test

import (
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"goheap/gocore"
	"goheap/internal/testcore"
)

// BenchmarkHeapDump opens heap dumps of testdata/programs/sessions, up to dominators
// and types: that of 100,000 sessions has 95 MB. The time grows as the dump does.
func BenchmarkHeapDump(b *testing.B) {
	for _, sessions := range []string{"25000", "100000"} {
		b.Run(sessions, func(b *testing.B) { benchmarkHeapDump(b, sessions) })
	}
}

func benchmarkHeapDump(b *testing.B, sessions string) {
	d := testcore.Core(b, "sessions", testcore.Options{}, testcore.HeapDump, sessions)
	st, err := os.Stat(d.Heap)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(st.Size())
	var opened time.Duration
	for b.Loop() {
		start := time.Now()
		p, err := gocore.Open(b.Context(), d.Heap, gocore.Options{Exe: d.Exe})
		if err != nil {
			b.Fatal(err)
		}
		opened += time.Since(start)
		if _, err := p.Analyse(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
		p.Close()
	}
	b.ReportMetric(float64(opened.Milliseconds())/float64(b.N), "open-ms")
}

// What a dump needs beside the graph is little for each object.
func TestHeapDumpMemory(t *testing.T) {
	d := testcore.Core(t, "sessions", testcore.Options{}, testcore.HeapDump, "30000")
	var before, after runtime.MemStats
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // what was needed in between counts
	runtime.GC()
	runtime.ReadMemStats(&before)
	p, err := gocore.Open(t.Context(), d.Heap, gocore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	runtime.ReadMemStats(&after)
	objects, _ := analysed(t, p).AllocatedSlots()
	used := after.HeapAlloc - before.HeapAlloc
	t.Logf("%d objects, %.1f bytes for each", objects, float64(used)/float64(objects))
	if objects < 300_000 || used > 48*objects {
		t.Errorf("%d bytes for %d objects", used, objects)
	}
}

// What is found in a heap dump does not depend on how many processors look.
func TestHeapDumpSameWhateverGOMAXPROCS(t *testing.T) {
	for _, program := range [][]string{{"quiet"}, {"sessions", "2000"}, {"stacks"}} {
		d := testcore.Core(t, program[0], testcore.Options{}, testcore.HeapDump, program[1:]...)
		for _, exe := range []string{d.Exe, ""} {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
			want := take(t, d.Heap, gocore.Options{Exe: exe})
			for _, procs := range []int{2, 4} {
				runtime.GOMAXPROCS(procs)
				got := take(t, d.Heap, gocore.Options{Exe: exe})
				if !slices.Equal(got.offset, want.offset) || !slices.Equal(got.target, want.target) || !slices.Equal(got.types, want.types) ||
					got.names != want.names || got.roots != want.roots || got.checks != want.checks {
					t.Errorf("%s, executable %q, GOMAXPROCS=%d: not the same", program[0], exe, procs)
				}
			}
		}
	}
}
