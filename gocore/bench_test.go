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
// it runs beside graph and dominators, as it does in every verb.
func BenchmarkTypes(b *testing.B) {
	sessions := "200000"
	if s := os.Getenv("BENCH_SESSIONS"); s != "" {
		sessions = s
	}
	if _, err := strconv.Atoi(sessions); err != nil {
		b.Fatalf("BENCH_SESSIONS: %v", err)
	}
	dump := testcore.Core(b, "sessions", testcore.Options{}, testcore.Kernel, sessions)
	var graph, without, alone, with time.Duration
	for b.Loop() {
		g, w, a := openAll(b, dump.Core, false)
		graph, without, alone = graph+g, without+w, alone+a
		_, w, _ = openAll(b, dump.Core, true)
		with += w
	}
	n := float64(b.N)
	b.ReportMetric(float64(graph.Milliseconds())/n, "graph-ms")
	b.ReportMetric(float64((without-graph).Milliseconds())/n, "dominators-ms")
	b.ReportMetric(float64(alone.Milliseconds())/n, "types-ms")
	b.ReportMetric(float64((with-without).Milliseconds())/n, "types-add-ms")
	b.ReportMetric(float64(with-without)/float64(graph), "added/graph")
}

// openAll opens a core, builds its graph and finds dominators, beside that types or
// after it. It returns the time until the graph was built, until all but types
// that were left for later was done, and what they then took.
func openAll(b *testing.B, core string, beside bool) (graph, all, types time.Duration) {
	start := time.Now()
	p, err := gocore.Open(b.Context(), core, gocore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	var found *gocore.Parts
	if beside {
		_, err = p.Analyse(b.Context(), func(s gocore.Stage) {
			if s == gocore.StageGraph {
				graph = time.Since(start)
			}
		})
	} else if found, err = gocore.Graph(b.Context(), p); err == nil {
		defer found.Close()
		graph = time.Since(start)
		err = found.Dominate(b.Context())
	}
	all = time.Since(start)
	if err == nil && !beside {
		err = found.Type(b.Context())
	}
	if err != nil {
		b.Fatal(err)
	}
	return graph, all, time.Since(start) - all
}
