package report

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"goheap/heap"
	"goheap/internal/progress"
)

// test says of rows whether they are kept, on one goroutine.
type test func(row int) (bool, error)

// Where returns the rows of t that a filter keeps, in their order. A filter is, as
// people write it, an expression after "=" over the Fields of the table
// (`= retained > 1MiB && type contains "Session"`), in a table WithFields also over the
// fields of the values (`= len(items) > 100`), a regular expression between
// slashes (`/^main\./`), or a part of the text in any of the row's cells, in
// whatever case; "" keeps all. The context may be one of heap.WithProgress. An error
// about an expression is a *QueryError.
func (s *Snapshot) Where(ctx context.Context, t *Table, filter string) (*Table, error) {
	newTest, err := rowTests(s, t, filter)
	if err != nil || newTest == nil {
		return t, err
	}
	rows, err := pick(ctx, t.Len(), func() test {
		keep := newTest()
		return func(i int) (bool, error) { return keep(t.Row(i)) }
	})
	if err != nil {
		return nil, err
	}
	kept := *t
	kept.order = rows
	for i, place := range rows {
		kept.order[i] = uint32(t.Row(int(place)))
	}
	kept.total = len(rows)
	return &kept, nil
}

// rowTests returns what makes tests of the rows of t, nil for a filter that keeps
// all.
func rowTests(s *Snapshot, t *Table, filter string) (func() test, error) {
	if strings.HasPrefix(filter, "=") {
		return expression(filter, tableFields(s, t), valueFields(s, t))
	}
	match, err := matcher(filter)
	if match == nil {
		return nil, err
	}
	return func() test {
		var columns []func(row int) bool
		for _, c := range t.Columns {
			switch {
			case c.Kind == Text:
				columns = append(columns, remember(
					c.Cell,
					func(cell Cell, _ int) bool { return match(c.Human(cell)) }))
			case c.Kind == Addr && inAddress(filter):
				columns = append(columns, func(row int) bool { return match(c.Human(c.Cell(row))) })
			}
		}
		return func(row int) (bool, error) {
			for _, keep := range columns {
				if keep(row) {
					return true, nil
				}
			}
			return false, nil
		}
	}, nil
}

// inAddress reports whether an address could match a filter: to write one for each
// of millions of rows takes longer than all else.
func inAddress(filter string) bool {
	return strings.HasPrefix(filter, "/") || strings.Trim(strings.ToLower(filter), "0123456789abcdefx-") == ""
}

// expression returns what makes tests of a filter that starts with "=", nil if
// nothing follows. of finds the fields of values, and may be nil.
func expression(filter string, fields []field, of findMember) (func() test, error) {
	if strings.TrimSpace(filter[1:]) == "" {
		return nil, nil
	}
	q, err := parseQuery(filter[1:], fields, of)
	if err != nil {
		var e *QueryError
		if errors.As(err, &e) && e.Column > 0 {
			e.Column++ // for the "="
		}
		return nil, err
	}
	return func() test { return q.predicate().keep }, nil
}

// matcher turns a filter that is no expression into a test of texts, nil for all.
func matcher(filter string) (func(string) bool, error) {
	switch {
	case filter == "" || filter == "/":
		return nil, nil
	case len(filter) > maxQuery:
		return nil, &QueryError{Message: fmt.Sprintf("longer than %d characters", maxQuery)}
	case strings.HasPrefix(filter, "/"):
		re, err := regexp.Compile(strings.TrimSuffix(filter[1:], "/"))
		if err != nil {
			return nil, err
		}
		return re.MatchString, nil
	}
	filter = strings.ToLower(filter)
	return func(s string) bool { return strings.Contains(strings.ToLower(s), filter) }, nil
}

// pick returns the numbers below n that tests keep, ascending. Several goroutines
// share the work; each has a test of its own.
func pick(ctx context.Context, n int, newTest func() test) ([]uint32, error) {
	p := progress.Start(ctx, "filter", int64(n))
	defer p.Finish()
	parts := (n + pace - 1) / pace
	found := &pickedParts{rows: make([][]uint32, parts), at: parts}
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), 4, max(1, parts)) {
		wait.Go(func() {
			defer found.recover()
			err := Guard(func() error {
				keep := newTest()
				for {
					part := int(next.Add(1)) - 1
					if part >= parts || ctx.Err() != nil || found.failed(part) {
						return nil
					}
					lo, hi := part*pace, min((part+1)*pace, n)
					var rows []uint32
					for i := lo; i < hi; i++ {
						ok, err := keep(i)
						if err != nil {
							found.fail(part, err)
							return nil
						}
						if ok {
							rows = append(rows, uint32(i))
						}
					}
					found.rows[part] = rows
					p.Add(int64(hi - lo))
				}
			})
			if err != nil {
				found.fail(0, err)
			}
		})
	}
	wait.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return found.join()
}

// pickedParts are what the workers of pick have found.
type pickedParts struct {
	rows [][]uint32

	mu    sync.Mutex
	at    int // the first part that failed, len(rows) if none did
	err   error
	panic *Panic
}

// failed reports whether a part before this one failed: then it is not needed.
func (p *pickedParts) failed(part int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at < part || p.panic != nil
}

// fail keeps the error of the first part that has one, whoever comes first.
func (p *pickedParts) fail(part int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if part < p.at {
		p.at, p.err = part, err
	}
}

func (p *pickedParts) recover() {
	if said := recover(); said != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.panic = newPanic(said)
	}
}

func (p *pickedParts) join() ([]uint32, error) {
	if p.panic != nil {
		panic(p.panic) // here the caller can recover it
	}
	if p.err != nil {
		return nil, p.err
	}
	total := 0
	for _, rows := range p.rows {
		total += len(rows)
	}
	all := make([]uint32, 0, total)
	for _, rows := range p.rows {
		all = append(all, rows...)
	}
	return all, nil
}

// Query returns the live objects that a filter keeps, those that retain most
// first, as a NodeTable. Its forms are those of Where; a text or a regular
// expression is looked for in the name of the type.
func (s *Snapshot) Query(ctx context.Context, filter string) (*Table, error) {
	newTest, err := objectTests(s, filter)
	if err != nil {
		return nil, err
	}
	first, d := s.Graph.Roots+1, s.Dominators
	rows, err := pick(ctx, s.Graph.Len()-first, func() test {
		keep := test(func(int) (bool, error) { return true, nil })
		if newTest != nil {
			keep = newTest()
		}
		return func(i int) (bool, error) {
			if n := first + i; d.Live(heap.Node(n)) {
				return keep(n)
			}
			return false, nil
		}
	})
	if err != nil {
		return nil, err
	}
	nodes := make([]heap.Node, len(rows))
	for i, row := range rows {
		nodes[i] = heap.Node(first + int(row))
	}
	if err := s.byRetained(ctx, nodes); err != nil {
		return nil, err
	}
	return NodeTable(s, nodes), nil
}

// objectTests is tests for the objects of the heap, by node.
func objectTests(s *Snapshot, filter string) (func() test, error) {
	if strings.HasPrefix(filter, "=") {
		return expression(filter, objectFields(s), nil)
	}
	match, err := matcher(filter)
	if match == nil {
		return nil, err
	}
	ids := s.Heap.TypeIDs()
	return func() test {
		known := remember(func(n int) heap.TypeID { return ids[n] },
			func(id heap.TypeID, _ int) bool { return match(Printable(s.Heap.TypeInfo(id).Name)) })
		return func(n int) (bool, error) { return known(n), nil }
	}, nil
}
