package report_test

import (
	"context"
	"os"
	"testing"

	"goheap/heap"
	"goheap/internal/testcore"
	"goheap/report"
)

// BenchmarkQuestions asks about a core of testdata/programs/sessions, whose number
// of sessions is BENCH_SESSIONS, what a person waits for who asks it: filters of all
// objects, lists of the instances of a type and their order, and what marks the
// graph anew.
func BenchmarkQuestions(b *testing.B) {
	sessions := "200000"
	if s := os.Getenv("BENCH_SESSIONS"); s != "" {
		sessions = s
	}
	dump := testcore.Core(b, "sessions", testcore.Options{}, testcore.Kernel, sessions)
	s, err := report.Load(b.Context(), dump.Core, report.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	types, err := s.Types(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	var most report.TypeRow
	for _, t := range types {
		if t.Objects > most.Objects {
			most = t
		}
	}
	ctx := b.Context()
	all, err := s.Query(ctx, "")
	if err != nil {
		b.Fatal(err)
	}
	instances, err := s.Instances(ctx, most.IDs)
	if err != nil {
		b.Fatal(err)
	}
	first := s.Graph.Targets(heap.SuperRoot)[0]
	for _, q := range []struct {
		name string
		ask  func(ctx context.Context) error
	}{
		{"query/number", func(ctx context.Context) error { _, err := s.Query(ctx, "= retained > 1MiB"); return err }},
		{"query/type", func(ctx context.Context) error {
			_, err := s.Query(ctx, `= type contains "Session" && shallow >= 64`)
			return err
		}},
		{"query/machine", func(ctx context.Context) error {
			_, err := s.Query(ctx, `= (type contains "Session" ? shallow : retained) > 1000`)
			return err
		}},
		{"query/all", func(ctx context.Context) error { _, err := s.Query(ctx, ""); return err }},
		{"sort/retained", func(ctx context.Context) error {
			_, err := all.Sorted(ctx, all.Column("retained_bytes"), false)
			return err
		}},
		{"sort/address", func(ctx context.Context) error { _, err := all.Sorted(ctx, all.Column("address"), true); return err }},
		{"sort/type", func(ctx context.Context) error { _, err := all.Sorted(ctx, all.Column("type"), false); return err }},
		{"where/text", func(ctx context.Context) error { _, err := s.Where(ctx, all, "session"); return err }},
		{"instances", func(ctx context.Context) error { _, err := s.Instances(ctx, most.IDs); return err }},
		{"retained set", func(ctx context.Context) error { _, err := s.RetainedSet(ctx, instances); return err }},
		{"ways", func(ctx context.Context) error {
			w, err := report.WaysTo(ctx, s, instances)
			if err != nil {
				return err
			}
			roots, err := w.Level(ctx, nil)
			if err == nil && len(roots) > 0 {
				_, err = w.Level(ctx, roots[0])
			}
			return err
		}},
		{"gathering", func(ctx context.Context) error { _, err := s.Dominators.Gather(ctx, instances); return err }},
		{"cut", func(ctx context.Context) error {
			_, err := s.Cut(ctx, instances[0], []heap.Edge{{To: first}}, 3)
			return err
		}},
		{"find", func(ctx context.Context) error { _, err := s.Search(ctx, "nobody has this text"); return err }},
	} {
		b.Run(q.name, func(b *testing.B) {
			if err := q.ask(ctx); err != nil { // what is built once
				b.Fatal(err)
			}
			for b.Loop() {
				if err := q.ask(ctx); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(s.Dominators.LiveCount()), "objects")
		})
	}
}
