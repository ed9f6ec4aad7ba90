package report

import (
	"context"
	"fmt"
	"slices"

	"goheap/gocore"
	"goheap/heap"
)

// RuleConnection is the rule for what a library keeps open because nobody closes it.
const RuleConnection = "connection"

// opened is a goroutine of the library that stays as long as somebody does not close
// something.
type opened struct {
	function string   // "" for any
	states   []string // in which it does; nil for any
	owner    string   // the type of what there is one of for each, "" where that does not matter
	why, try string
}

// openings are such goroutines: of a client's connection, which waits in a select for the
// response's body to be read or closed, or for the next response where nobody uses the
// connection (net/http/transport.go, readLoop), of rows that wait to be closed or cancelled
// (database/sql/sql.go, awaitDone), and of iterators that wait for next or stop
// (iter/iter.go, Pull; Go 1.23 and later, which alone have that state).
func openings() []opened {
	return []opened{
		{"net/http.(*persistConn).readLoop", []string{"select"}, "", "Connections of an HTTP client, whose response bodies are neither read to the end nor closed.", "Close the body of each response: defer resp.Body.Close()."},
		{"net/http.(*persistConn).readLoop", []string{"IO wait"}, "net/http.Transport", "Idle connections of HTTP clients that have a Transport each.", "Use one http.Client for all requests, or CloseIdleConnections of each."},
		{"database/sql.(*Rows).awaitDone", nil, "", "Rows of a database that are not closed: each keeps its connection.", "Close the rows of each query: defer rows.Close()."},
		{"database/sql.(*Tx).awaitDone", nil, "", "Transactions of a database that are neither committed nor rolled back.", "End each transaction: defer tx.Rollback()."},
		{"", []string{"coroutine"}, "", "Iterators of iter.Pull that are neither read to the end nor stopped.", "Call what iter.Pull returns to stop each: defer stop()."},
	}
}

func connectionRule() Rule {
	return Rule{
		Name:  RuleConnection,
		Title: "connections not closed",
		Doc:   "Goroutines of net/http or database/sql that are suspect wait for somebody to close a response body, rows, a transaction or idle connections, or iterators for somebody to stop them.",
		find:  findConnections,
	}
}

func findConnections(ctx context.Context, h *hunt) error {
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
		if len(members) == 0 || !slices.ContainsFunc(members, func(n heap.Node) bool { return h.s.Heap.KindOf(n) == gocore.GoroutineRoot }) {
			continue
		}
		const half = 2
		for _, o := range openings() {
			n := h.waiting(members, o)
			if n == 0 || n < min(f.Count, uint64(len(members)))/half {
				continue
			}
			f.Why, f.Try = o.why, o.try
			if o.owner == "" {
				continue
			}
			owners, err := h.alive(ctx, o.owner)
			if err != nil {
				return err
			}
			if owners < n/half {
				f.Why, f.Try = "", ""
			} else {
				f.Why += fmt.Sprintf(" There are %s × %s.", comma(owners), ShortPaths(o.owner))
			}
		}
	}
	return nil
}

// alive counts the live objects of a type.
func (h *hunt) alive(ctx context.Context, typ string) (n uint64, err error) {
	rows, err := h.s.FoldedTypes(ctx)
	for _, r := range rows {
		if r.Known && r.Name == typ {
			n += r.Objects
		}
	}
	return n, err
}

// waiting counts the goroutines that wait for something to be closed.
func (h *hunt) waiting(members []heap.Node, o opened) (n uint64) {
	if h.goroutines == nil {
		h.goroutines = goroutineByNode(h.s)
	}
	for _, m := range members {
		if g, ok := h.goroutines[m]; ok && (o.function == "" || g.Func == o.function) && (o.states == nil || slices.Contains(o.states, g.State())) {
			n++
		}
	}
	return n
}
