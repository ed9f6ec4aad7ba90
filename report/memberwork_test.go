package report

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"goheap/gocore/member"
	"goheap/heap"
)

// Of a million rows each part is read once, only where what stands before it leaves that
// open, and not at all by a filter that does not name it; a filter that is ended reads no
// more than what was begun.
func TestFieldsWork(t *testing.T) {
	const rows = 1_000_000
	var read atomic.Int64
	var stop func()
	f := blockstore()
	f.Members = map[string]member.Member{"N": {Kind: member.Whole, Read: func(heap.Node) (member.Scalar, bool) {
		if read.Add(1) == 100 && stop != nil {
			stop()
		}
		return member.Scalar{Whole: 7}, true
	}}}
	s := analyse(t, f)
	block := f.Node["block0"]
	table := WithFields(NewTable(rows, func(int) heap.Node { return block },
		Column{Name: "n", Kind: Count, Cell: func(row int) Cell { return Cell{Num: uint64(row)} }}), []heap.TypeID{f.TypeIDs()[block]})
	for _, test := range []struct {
		filter      string
		kept, reads int64
	}{
		{"= n < 1000", 1000, 0},
		{"= N == 7", rows, rows},
		{"= n < 1000 && N == 7", 1000, 1000},
		{"= n < 1000 || N == 8", 1000, rows - 1000},
		{"= N + N == 14", rows, 2 * rows},
	} {
		read.Store(0)
		kept, err := s.Where(t.Context(), table, test.filter)
		if err != nil || int64(kept.Len()) != test.kept || read.Load() != test.reads {
			t.Errorf("%s: %d rows after %d reads, %v; want %d after %d", test.filter, kept.Len(), read.Load(), err, test.kept, test.reads)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	read.Store(0)
	stop = cancel
	if _, err := s.Where(ctx, table, "= N == 7"); !errors.Is(err, context.Canceled) || read.Load() > 8*pace {
		t.Errorf("ended after 100 reads: %v after %d", err, read.Load())
	}
}
