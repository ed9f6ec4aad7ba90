package report_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"goheap/internal/testcore"
	"goheap/report"
)

// What is split between the holders adds up to the live heap to the byte, in the table and
// in the document: no part is shown twice or not at all. Each has at least what it retains.
func TestSplitAddsUp(t *testing.T) {
	for _, program := range []string{"quiet", "blockstore", "probe", "goroutines", "named", "cases/chansend"} {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			s, _ := load(t, program, testcore.Captured)
			_, live := s.Live()
			table, err := report.SectionTable(t.Context(), s, report.SectionHolders, report.Layout{Sort: "split"})
			if err != nil {
				t.Fatal(err)
			}
			split, retained, kind := table.Column("split_bytes"), table.Column("retained_bytes"), table.Column("kind")
			var sum, joint uint64
			for i := range table.Len() {
				c := table.Cell(i, split)
				own := table.Cell(i, retained).Num
				if c.Unknown {
					joint += own
					continue
				}
				if c.Num < own {
					t.Errorf("a %s has a part of %d bytes and retains %d", table.Cell(i, kind).Text, c.Num, own)
				}
				if i > 0 && c.Num > table.Cell(i-1, split).Num {
					t.Errorf("row %d has more than the one before", i)
				}
				sum += c.Num
			}
			if sum != live || live == 0 {
				t.Errorf("the parts add up to %d of %d bytes", sum, live)
			}
			if joint == 0 {
				t.Error("nothing is held by several: there was nothing to split")
			}

			d, err := report.NewReportDocument(t.Context(), s, report.SameLimit(-1), report.SectionHolders)
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if err := report.WriteJSON(&b, d); err != nil {
				t.Fatal(err)
			}
			var read struct {
				Holders []struct {
					Split    *uint64 `json:"split_bytes"`
					Retained uint64  `json:"retained_bytes"`
				} `json:"holders"`
			}
			if err := json.Unmarshal(b.Bytes(), &read); err != nil {
				t.Fatal(err)
			}
			var inDocument, all uint64
			for _, h := range read.Holders {
				all += h.Retained
				if h.Split != nil {
					inDocument += *h.Split
				}
			}
			if inDocument != live || all != live {
				t.Errorf("the document's parts add up to %d and what its holders retain to %d, of %d bytes", inDocument, all, live)
			}
		})
	}
}
