package gocore_test

import (
	"os"
	"strconv"
	"testing"
	"time"

	"goheap/gocore"
	"goheap/internal/testcore"
)

// BenchmarkTypes opens a core of testdata/programs/sessions, whose number of
// sessions is BENCH_SESSIONS, and tells how long finding types takes beside
// building the graph, the file's reading included: alone, and what it adds where
// it runs beside the dominators, as it does in every verb.
func BenchmarkTypes(b *testing.B) {
	sessions := "200000"
	if s := os.Getenv("BENCH_SESSIONS"); s != "" {
		sessions = s
	}
	if _, err := strconv.Atoi(sessions); err != nil {
		b.Fatalf("BENCH_SESSIONS: %v", err)
	}
	dump := testcore.Core(b, "sessions", testcore.Options{}, testcore.Kernel, sessions)
	var graph, alone, without, with time.Duration
	for b.Loop() {
		for _, beside := range []bool{false, true} {
			start := time.Now()
			p, err := gocore.Open(b.Context(), dump.Core, gocore.Options{})
			if err != nil {
				b.Fatal(err)
			}
			g, err := p.Graph(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			graph += time.Since(start) / 2
			done := make(chan error, 1)
			start = time.Now()
			if beside {
				go func() { done <- p.TypeObjects(b.Context()) }()
			} else {
				done <- nil
			}
			d, err := g.Dominators(b.Context(), nil)
			if err == nil {
				err = <-done
			}
			if err != nil {
				b.Fatal(err)
			}
			if beside {
				with += time.Since(start)
			} else {
				without += time.Since(start)
				start = time.Now()
				if err := p.TypeObjects(b.Context()); err != nil {
					b.Fatal(err)
				}
				alone += time.Since(start)
			}
			d.Close()
			p.Close()
		}
	}
	n := float64(b.N)
	b.ReportMetric(float64(graph.Milliseconds())/n, "graph-ms")
	b.ReportMetric(float64(without.Milliseconds())/n, "dominators-ms")
	b.ReportMetric(float64(alone.Milliseconds())/n, "types-ms")
	b.ReportMetric(float64((with-without).Milliseconds())/n, "types-add-ms")
	b.ReportMetric(float64(with-without)/float64(graph), "added/graph")
}
