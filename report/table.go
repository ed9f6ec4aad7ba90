package report

import (
	"cmp"
	"context"
	"slices"

	"goheap/heap"
	"goheap/internal/flat"
)

// Kind says what the numbers of a column are.
type Kind uint8

const (
	Text    Kind = iota // Cell.Text
	Bytes               // Cell.Num in bytes
	Count               // Cell.Num without a unit
	Percent             // Cell.Num in millionths of the whole: 1,000,000 is 100 %
	Addr                // Cell.Num is an address; 0 is none
)

// Column describes a column of a Table.
type Column struct {
	Name     string // for programs, as in CSV headers: lower case, underscores
	Title    string // for people
	Kind     Kind
	Priority int  // 0 is always shown; where room is short the highest go first
	MinWidth int  // in terminal cells
	Right    bool // aligned to the right
	Fold     bool // where room is short its texts go on in more lines, and else are cut
	AtLeast  bool // the numbers are lower bounds and carry "≥"
	Numeric  bool // a Text column whose cells have a number, by which they are sorted

	// Cell makes the cell of a row on demand, and answers the same each time. It may
	// be called from several goroutines.
	Cell func(row int) Cell
}

// Cell is the content of one place of a Table. Text comes from the dump as it
// is: writers escape it (Printable).
type Cell struct {
	Text    string // of a Text column
	Num     uint64 // of every other column
	Unknown bool   // nothing is known: "-" for people, empty in CSV
}

// Table is a virtual table: its cells are made on demand, so that a table of
// twenty million rows costs nothing but what is looked at. A Table is not
// changed once made; Sorted, Filtered and Head return new ones over the same
// rows, which cost 4 bytes a row. All methods may be called from several
// goroutines.
type Table struct {
	Columns []Column

	rows  int
	node  func(row int) heap.Node
	order []uint32 // rows by place; nil when they stand in their own order
	total int      // rows before Head cut them
	// of are the types of the objects that rows stand for, whose fields filters know; nil
	// where filters know none.
	of []heap.TypeID
}

// NewTable returns a table of rows rows. Node says which node a row stands for, and
// may be nil where rows are no nodes.
func NewTable(rows int, node func(row int) heap.Node, columns ...Column) *Table {
	return &Table{Columns: columns, rows: rows, node: node, total: rows}
}

// Len returns the number of rows.
func (t *Table) Len() int {
	if t.order != nil {
		return len(t.order)
	}
	return t.rows
}

// Total returns the number of rows before Head cut the table.
func (t *Table) Total() int { return max(t.total, t.Len()) }

// Row returns the number under which the table was given the row at place i.
func (t *Table) Row(i int) int {
	if t.order != nil {
		return int(t.order[i])
	}
	return i
}

// Cell returns the cell in the row at place i and column col.
func (t *Table) Cell(i, col int) Cell { return t.Columns[col].Cell(t.Row(i)) }

// Node returns the node that the row at place i stands for, heap.None where it
// stands for none.
func (t *Table) Node(i int) heap.Node {
	if t.node == nil {
		return heap.None
	}
	return t.node(t.Row(i))
}

// Column returns the place of the column called name, -1 if there is none.
func (t *Table) Column(name string) int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
}

// pace is how many rows are handled between two looks at the context.
const pace = 1 << 14

// Sorted returns the table ordered by a column; rows that are equal in it, and
// unknown cells, which come last, keep the order of the table as it was made.
// It makes each cell of the column once, twice where that is text. The
// context may be one of heap.WithProgress.
func (t *Table) Sorted(ctx context.Context, col int, descending bool) (*Table, error) {
	rows := make([]uint32, t.Len())
	for i := range rows {
		rows[i] = uint32(t.Row(i))
	}
	if !slices.IsSorted(rows) {
		slices.Sort(rows)
	}
	keys := flat.Make[uint64](len(rows))
	defer flat.Free(keys)
	cell := t.Columns[col].Cell
	var rank func(c Cell) uint64
	if t.Columns[col].Kind == Text {
		ranks, err := t.ranks(ctx, rows, col)
		if err != nil {
			return nil, err
		}
		var last textKey // neighbours are often the same
		var at uint64
		rank = func(c Cell) uint64 {
			if k := (textKey{c.Num, c.Text}); k != last || at == 0 {
				last, at = k, ranks[k]+1
			}
			return at
		}
	} else {
		rank = func(c Cell) uint64 { return c.Num }
	}
	var unknown []uint32
	known := rows[:0]
	for i, row := range rows {
		if i%pace == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		c := cell(int(row))
		if c.Unknown {
			unknown = append(unknown, row)
			continue
		}
		k := rank(c)
		if descending {
			k = ^k
		}
		keys[len(known)] = k
		known = append(known, row)
	}
	if err := order(ctx, keys[:len(known)], known); err != nil {
		return nil, err
	}
	sorted := *t
	sorted.order = append(known, unknown...)
	return &sorted, nil
}

// textKey is what a column of text is sorted by: a number where the text is but
// how people write it, and then the text.
type textKey struct {
	num  uint64
	text string
}

// ranks numbers the different known cells of a column of text in their order.
func (t *Table) ranks(ctx context.Context, rows []uint32, col int) (map[textKey]uint64, error) {
	ranks := map[textKey]uint64{}
	var different []textKey
	var last textKey
	cell := t.Columns[col].Cell
	for i, row := range rows {
		if i%pace == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		c := cell(int(row))
		k := textKey{c.Num, c.Text}
		if c.Unknown || len(different) > 0 && k == last {
			continue
		}
		last = k
		if _, seen := ranks[k]; !seen {
			ranks[k] = 0
			different = append(different, k)
		}
	}
	err := sortContext(ctx, different, func(a, b textKey) int {
		return cmp.Or(cmp.Compare(a.num, b.num), cmp.Compare(a.text, b.text))
	})
	for i, k := range different {
		ranks[k] = uint64(i)
	}
	return ranks, err
}

// sortContext sorts s, whose elements must all differ under compare, in runs
// that it merges, so that a cancelled context ends it soon.
func sortContext[T any](ctx context.Context, s []T, compare func(a, b T) int) error {
	for lo := 0; lo < len(s); lo += pace {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		slices.SortFunc(s[lo:min(lo+pace, len(s))], compare)
	}
	from, to := s, s
	if len(s) > pace {
		to = make([]T, len(s))
	}
	for width := pace; width < len(s); width *= 2 {
		for lo := 0; lo < len(s); lo += 2 * width {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			mid, hi := min(lo+width, len(s)), min(lo+2*width, len(s))
			merge(to[lo:hi], from[lo:mid], from[mid:hi], compare)
		}
		from, to = to, from
	}
	copy(s, from)
	return nil
}

func merge[T any](to, a, b []T, compare func(a, b T) int) {
	for i := range to {
		if len(b) == 0 || len(a) > 0 && compare(a[0], b[0]) <= 0 {
			to[i], a = a[0], a[1:]
		} else {
			to[i], b = b[0], b[1:]
		}
	}
}

// Filtered returns the rows that keep answers true for, in their order. Keep is
// called with places of t.
func (t *Table) Filtered(ctx context.Context, keep func(i int) bool) (*Table, error) {
	kept := *t
	kept.order = []uint32{}
	for i := range t.Len() {
		if i%pace == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if keep(i) {
			kept.order = append(kept.order, uint32(t.Row(i)))
		}
	}
	kept.total = len(kept.order)
	return &kept, nil
}

// Head returns the first n rows; n < 0 means all.
func (t *Table) Head(n int) *Table {
	if n < 0 || n >= t.Len() {
		return t
	}
	head := *t
	head.total = t.Total()
	head.order = make([]uint32, n)
	for i := range head.order {
		head.order[i] = uint32(t.Row(i))
	}
	return &head
}
