package report

import (
	"context"
	"slices"

	"goheap/gocore"
	"goheap/heap"
)

// RuleConnection is the rule for what a library keeps open because nobody closes it.
const RuleConnection = "connection"

// opened is a goroutine of the library that stays as long as somebody does not close
// something.
type opened struct {
	function string
	states   []string // in which it does; nil for any
	why, try string
}

// openings are such goroutines: of a client's connection, which waits in a select for the
// response's body to be read or closed (net/http/transport.go, readLoop), and of rows that
// wait to be closed or cancelled (database/sql/sql.go, awaitDone).
func openings() []opened {
	return []opened{
		{"net/http.(*persistConn).readLoop", []string{"select"}, "Connections of an HTTP client, whose response bodies are neither read to the end nor closed.", "Close the body of each response: defer resp.Body.Close()."},
		{"database/sql.(*Rows).awaitDone", nil, "Rows of a database that are not closed: each keeps its connection.", "Close the rows of each query: defer rows.Close()."},
		{"database/sql.(*Tx).awaitDone", nil, "Transactions of a database that are neither committed nor rolled back.", "End each transaction: defer tx.Rollback()."},
	}
}

func connectionRule() Rule {
	return Rule{
		Name:  RuleConnection,
		Title: "connections not closed",
		Doc:   "Goroutines of net/http or database/sql that are suspect wait for somebody to close a response body, rows or a transaction.",
		find:  findConnections,
	}
}

func findConnections(_ context.Context, h *hunt) error {
	for i := range h.found {
		f := &h.found[i]
		if f.Why != "" {
			continue
		}
		members := f.Members
		if f.holders != nil {
			members = nil
			c := h.s.rootsByClass()
			for _, root := range f.holders {
				members = append(members, c.all[c.of[root-1]].roots...)
			}
		}
		if len(members) == 0 || h.s.Heap.KindOf(members[0]) != gocore.GoroutineRoot {
			continue
		}
		const half = 2
		for _, o := range openings() {
			if n := h.waiting(members, o); n > 0 && n >= min(f.Count, uint64(len(members)))/half {
				f.Why, f.Try = o.why, o.try
			}
		}
	}
	return nil
}

// waiting counts the goroutines that wait for something to be closed.
func (h *hunt) waiting(members []heap.Node, o opened) (n uint64) {
	if h.goroutines == nil {
		h.goroutines = goroutineByNode(h.s)
	}
	for _, m := range members {
		if g, ok := h.goroutines[m]; ok && g.Func == o.function && (o.states == nil || slices.Contains(o.states, g.State())) {
			n++
		}
	}
	return n
}
