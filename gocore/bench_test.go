package gocore_test

import (
	"os"
	"strconv"
	"testing"
	"time"

	"goheap/gocore"
	"goheap/internal/testcore"
)

// BenchmarkTypes opens a core of testdata/programs/sessions and tells how long
// the graph takes, reading the file included, how long the types take after it,
// with nothing beside them, and how one compares with the other. BENCH_SESSIONS
// is the number of sessions.
func BenchmarkTypes(b *testing.B) {
	sessions := "200000"
	if s := os.Getenv("BENCH_SESSIONS"); s != "" {
		sessions = s
	}
	if _, err := strconv.Atoi(sessions); err != nil {
		b.Fatalf("BENCH_SESSIONS: %v", err)
	}
	dump := testcore.Core(b, "sessions", testcore.Options{}, testcore.Kernel, sessions)
	var graph, types time.Duration
	for b.Loop() {
		start := time.Now()
		p, err := gocore.Open(b.Context(), dump.Core, gocore.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := p.Graph(b.Context()); err != nil {
			b.Fatal(err)
		}
		graph += time.Since(start)
		start = time.Now()
		if err := p.TypeObjects(b.Context()); err != nil {
			b.Fatal(err)
		}
		types += time.Since(start)
		p.Close()
	}
	n := float64(b.N)
	b.ReportMetric(float64(graph.Milliseconds())/n, "graph-ms")
	b.ReportMetric(float64(types.Milliseconds())/n, "types-ms")
	b.ReportMetric(float64(types)/float64(graph), "types/graph")
}
