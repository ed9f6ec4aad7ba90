package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"goheap/gocore/later"
	"goheap/heap"
	"goheap/internal/flat"
)

// Put is a part of what a program keeps for later.
type Put string

const (
	PutFinalizers Put = "finalizers"
	PutCleanups   Put = "cleanups"
	PutWeak       Put = "weak"
	PutTimers     Put = "timers"
	PutPools      Put = "pools"
	PutContexts   Put = "contexts"
)

// Puts are all of them, in their order.
func Puts() []Put {
	return []Put{PutFinalizers, PutCleanups, PutWeak, PutTimers, PutPools, PutContexts}
}

// Later is what a program has put off, or keeps for later.
type Later struct {
	*later.State
	Rows []LaterRow // by section; contexts as a tree, each below the one that it was made from
}

// LaterRow is some of what is alike.
type LaterRow struct {
	Section Put
	State   string // how far it has come: see docs/later.md
	Count   uint64
	// Bytes is what is retained by it alone; of weak pointers that are due what the next
	// collection frees.
	Bytes uint64
	Type  string // of the objects, "" for unknown
	// What is the function that will run, or the call that made a context.
	What string
	// First and Last are the times at which it is due, on the runtime's clock; 0 for none.
	First, Last int64
	Period      int64 // of timers that come again
	Depth       int   // of a context in the tree
	// Addr is where what has the name of the row stands, of a pool; 0 for the address of
	// Node.
	Addr     uint64
	Node     heap.Node
	Children uint64 // contexts that are cancelled with these

	// Of contexts that can be cancelled by themselves:
	Cancelled, Overdue uint64
	Unheld             uint64 // not cancelled, without a function that is seen to cancel them
	funcs              []heap.Node
	stacks             []int // goroutines
	nodes              []heap.Node
	pool               heap.Node // of a pool, the array by which it is named
}

// NewLater finds it, once for a Snapshot.
func NewLater(ctx context.Context, s *Snapshot) (*Later, error) {
	return s.later.get(func() (*Later, error) {
		state, err := s.Heap.Later(s.within(ctx))
		if err != nil {
			return nil, err
		}
		x := &Later{State: state}
		for _, rows := range [][]LaterRow{x.records(s), x.timers(), x.pools(s), x.contexts()} {
			x.retain(s, rows)
			x.sort(rows)
			x.Rows = append(x.Rows, rows...)
		}
		return x, ctx.Err()
	})
}

// Section returns those of one section, or all where it is "".
func (x *Later) Section(of Put) []LaterRow {
	if of == "" {
		return x.Rows
	}
	var rows []LaterRow
	for _, r := range x.Rows {
		if r.Section == of {
			rows = append(rows, r)
		}
	}
	return rows
}

// grouper puts what is alike into rows.
type grouper[K comparable] struct {
	rows  []LaterRow
	place map[K]int
}

func (g *grouper[K]) row(k K, fresh func() LaterRow) *LaterRow {
	i, ok := g.place[k]
	if !ok {
		if g.place == nil {
			g.place = map[K]int{}
		}
		i = len(g.rows)
		g.place[k] = i
		g.rows = append(g.rows, fresh())
	}
	return &g.rows[i]
}

// records are finalizers, cleanups and weak pointers.
func (x *Later) records(s *Snapshot) []LaterRow {
	type key struct {
		kind    later.Kind
		stage   later.Stage
		typ, fn string
	}
	var g grouper[key]
	for i := range x.Records {
		r := &x.Records[i]
		row := g.row(key{r.Kind, r.Stage, r.Type, r.Func}, func() LaterRow {
			row := LaterRow{Section: PutFinalizers, State: string(r.Stage), Type: r.Type, What: r.Func, Node: heap.None}
			switch r.Kind {
			case later.Cleanup:
				row.Section = PutCleanups
			case later.Weak, later.Unique:
				row.Section, row.What = PutWeak, string(r.Kind)
			}
			return row
		})
		row.Count++
		row.Bytes += r.Freed
		// The record keeps what it needs, an object that is still reached itself.
		switch {
		case r.Root != heap.None:
			row.Bytes += s.Dominators.Retained(r.Root)
			row.named(r.Root, s)
		case r.Stage == later.Set && r.Object != heap.None:
			row.nodes = append(row.nodes, r.Object)
			row.named(r.Object, s)
		case r.Object != heap.None && row.Node == heap.None:
			row.Node = r.Object
		}
	}
	return g.rows
}

// named lets a row stand for the node that retains most.
func (r *LaterRow) named(n heap.Node, s *Snapshot) {
	if r.Node == heap.None || s.Dominators.Retained(n) > s.Dominators.Retained(r.Node) {
		r.Node = n
	}
}

func (x *Later) timers() []LaterRow {
	type key struct {
		kind    later.TimerKind
		fn      string
		period  int64
		overdue bool
	}
	var g grouper[key]
	for i := range x.Timers {
		t := &x.Timers[i]
		row := g.row(key{t.Kind, t.Func, t.Period, x.overdue(t.When)}, func() LaterRow {
			row := LaterRow{Section: PutTimers, State: "set", Type: timerWord(t.Kind), What: t.Func, First: t.When, Period: t.Period, Node: t.Node}
			if x.overdue(t.When) {
				row.State = "overdue"
			}
			return row
		})
		row.Count++
		row.Last = t.When // they are in the order of their times
		if t.Node != heap.None {
			row.nodes = append(row.nodes, t.Node)
		}
	}
	return g.rows
}

func timerWord(k later.TimerKind) string {
	switch k {
	case later.CallTimer:
		return "calls a function"
	case later.ChannelTimer:
		return "sends on a channel"
	case later.SleepTimer:
		return "wakes a goroutine"
	case later.PollTimer:
		return "ends reading or writing"
	}
	return "the runtime's own"
}

// overdue reports whether the runtime's clock is known to have passed a time.
func (x *Later) overdue(when int64) bool { return when != 0 && when < x.Clock.Least }

func (x *Later) pools(s *Snapshot) []LaterRow {
	type key struct {
		pool   int
		victim bool
		typ    string
	}
	var g grouper[key]
	for i := range x.Pools {
		p := &x.Pools[i]
		for _, item := range p.Items {
			row := g.row(key{i, item.Victim, item.Type}, func() LaterRow {
				row := LaterRow{Section: PutPools, State: "kept", Type: item.Type, Addr: p.Addr, Node: p.Local, pool: p.Local}
				if item.Victim {
					row.State, row.Node = "victim", p.Victim
				}
				if row.pool == heap.None {
					row.pool = p.Victim
				}
				return row
			})
			row.Count++
			// What others hold as well the pool does not keep.
			for _, caches := range [...]heap.Node{p.Local, p.Victim} {
				if item.Node != heap.None && caches != heap.None && s.Dominators.Dominates(caches, item.Node) {
					row.nodes = append(row.nodes, item.Node)
					break
				}
			}
		}
	}
	return g.rows
}

const maxContextDepth = 64 // levels of the tree: what is deeper stands at the last one

// contexts makes the tree of the calls that made contexts. One that was made by the same
// call as its parent stands with that.
func (x *Later) contexts() []LaterRow {
	if len(x.Contexts) == 0 {
		return nil
	}
	type branch struct {
		row      LaterRow
		parent   int
		children []int
	}
	branches := []branch{{parent: -1}}
	type key struct {
		parent int
		call   string
	}
	index := map[key]int{}
	under := func(parent int, call string) int {
		b := &branches[parent]
		if parent > 0 && (b.row.What == call || b.row.Depth+1 >= maxContextDepth) {
			return parent
		}
		k := key{parent, call}
		at, ok := index[k]
		if !ok {
			at = len(branches)
			index[k] = at
			depth := b.row.Depth + 1
			if parent == 0 {
				depth = 0
			}
			b.children = append(b.children, at)
			branches = append(branches, branch{row: LaterRow{Section: PutContexts, What: call, Depth: depth, Node: heap.None}, parent: parent})
		}
		return at
	}
	// place finds where a context stands, its parents first: chains may be long.
	places := make([]int, len(x.Contexts))
	const open = -1
	var chain []int
	for i := range x.Contexts {
		for at := i; at >= 0 && places[at] == 0; at = x.Contexts[at].Parent {
			places[at] = open
			chain = append(chain, at)
		}
		for ; len(chain) > 0; chain = chain[:len(chain)-1] {
			c := &x.Contexts[chain[len(chain)-1]]
			up := 0
			switch {
			case c.Parent < 0:
				up = under(0, c.Base)
			case places[c.Parent] != open:
				up = places[c.Parent]
			default: // a damaged core has a ring of them
				up = under(0, "?")
			}
			places[chain[len(chain)-1]] = under(up, c.Call)
		}
	}
	for i := range x.Contexts {
		x.addContext(&branches[places[i]].row, &x.Contexts[i])
	}
	for i := range branches {
		branches[i].row.State = contextState(&branches[i].row)
	}
	var rows []LaterRow
	var walk []int
	push := func(list []int) {
		slices.SortFunc(list, func(a, b int) int {
			return cmp.Or(cmp.Compare(branches[a].row.Count, branches[b].row.Count), cmp.Compare(branches[b].row.What, branches[a].row.What))
		})
		walk = append(walk, list...)
	}
	for push(branches[0].children); len(walk) > 0; {
		at := walk[len(walk)-1]
		walk = walk[:len(walk)-1]
		rows = append(rows, branches[at].row)
		push(branches[at].children)
	}
	return rows
}

func (x *Later) addContext(r *LaterRow, c *later.Context) {
	r.Count++
	r.nodes = append(r.nodes, c.Node)
	r.Children += c.Children
	if r.Node == heap.None {
		r.Node = c.Node
	}
	switch {
	case c.Cancelled:
		r.Cancelled++
		return
	case x.overdue(c.Deadline):
		r.Overdue++
	}
	if c.Deadline != 0 {
		if r.First == 0 || c.Deadline < r.First {
			r.First = c.Deadline
		}
		r.Last = max(r.Last, c.Deadline)
	}
	if !c.Cancels {
		return
	}
	r.funcs = append(r.funcs, c.Funcs...)
	r.stacks = append(r.stacks, c.Goroutines...)
	if len(c.Funcs)+len(c.Goroutines) == 0 && x.FuncsKnown {
		r.Unheld++
	}
}

func contextState(r *LaterRow) string {
	var parts []string
	for _, p := range []struct {
		n    uint64
		word string
	}{{r.Cancelled, "cancelled"}, {r.Overdue, "overdue"}} {
		switch {
		case p.n == 0:
		case p.n == r.Count:
			parts = append(parts, p.word)
		default:
			parts = append(parts, comma(p.n)+" "+p.word)
		}
	}
	return strings.Join(parts, ", ")
}

// retain sums up what the objects of each row retain: what is below several of them counts
// once.
func (x *Later) retain(s *Snapshot, rows []LaterRow) {
	some := false
	for i := range rows {
		some = some || len(rows[i].nodes) > 0
	}
	if !some {
		return
	}
	class := flat.Make[heap.TypeID](s.Graph.Len())
	defer flat.Free(class)
	for i := range rows {
		for _, n := range rows[i].nodes {
			if !s.Graph.IsRoot(n) && class[n] == 0 {
				class[n] = heap.TypeID(i + 1)
			}
		}
	}
	for i, t := range s.Dominators.RetainedByType(class, len(rows)+1)[1:] {
		rows[i].Bytes += t.RetainedMin
		rows[i].nodes = nil
	}
}

// sort puts the rows of each section in their order; contexts have it already.
func (x *Later) sort(rows []LaterRow) {
	order := func(p Put) int { return slices.Index(Puts(), p) }
	stage := func(s string) int {
		return slices.Index([]string{string(later.Queued), "overdue", string(later.Due), string(later.Never)}, s) & 7
	}
	slices.SortStableFunc(rows, func(a, b LaterRow) int {
		if c := cmp.Compare(order(a.Section), order(b.Section)); c != 0 || a.Section == PutContexts {
			return c
		}
		return cmp.Or(
			cmp.Compare(a.First, b.First), cmp.Compare(stage(a.State), stage(b.State)), cmp.Compare(b.Bytes, a.Bytes),
			cmp.Compare(b.Count, a.Count), cmp.Compare(a.Type, b.Type), cmp.Compare(a.What, b.What),
		)
	})
}

// name is what the example of a row is called, as it can be typed; "" for none.
func (r *LaterRow) name(s *Snapshot) string {
	switch n := r.Node; {
	case r.pool != heap.None && r.Section == PutPools:
		return poolName(s, r.pool)
	case n == heap.None || !s.Dominators.Live(n):
		return ""
	default:
		return s.Expression(s.Dominators.PathTo(n))
	}
}

// poolName is what the sync.Pool is called that one of its arrays of caches is of.
func poolName(s *Snapshot, caches heap.Node) string {
	name := s.Expression(s.Dominators.PathTo(caches))
	for _, field := range []string{".local", ".victim"} {
		name = strings.TrimSuffix(name, field)
	}
	return name
}

// cancelledBy says who can cancel the contexts of a row: the functions that do, by what leads
// to them, and the goroutines that have one on their stacks. "" where there is nothing to
// say.
func (r *LaterRow) cancelledBy(s *Snapshot) []string {
	var names []string
	const most = 8
	for _, n := range head(r.funcs, most) {
		names = append(names, s.Expression(s.Dominators.PathTo(n)))
	}
	goroutines := s.Process.Goroutines()
	for _, g := range head(r.stacks, most) {
		names = append(names, fmt.Sprintf("goroutine %d", goroutines[g].ID))
	}
	return names
}

func (r *LaterRow) cancelText(s *Snapshot) string {
	var parts []string
	names := r.cancelledBy(s)
	if len(names) > 0 {
		parts = append(parts, names[0])
		if more := len(r.funcs) + len(r.stacks) - 1; more > 0 {
			parts[0] += fmt.Sprintf(" and %s more", comma(uint64(more)))
		}
	}
	switch {
	case r.Unheld == 0:
	case len(names) == 0:
		parts = append(parts, "nobody is seen to")
	default:
		parts = append(parts, fmt.Sprintf("%s by nobody that is seen", comma(r.Unheld)))
	}
	return strings.Join(parts, "; ")
}

// dueText says when a row is due: the first of it, and the last where that is later.
func (x *Later) dueText(r *LaterRow) string {
	if r.First == 0 || x.Clock.Least == 0 {
		return ""
	}
	text := x.untilText(r.First)
	if last := x.untilText(r.Last); r.Last > r.First && last != text {
		text += " … " + last
	}
	if r.Period > 0 {
		text += ", every " + roundDuration(r.Period).String()
	}
	return text
}

func (x *Later) untilText(when int64) string {
	d := when - x.Clock.Least
	if d < 0 {
		return roundDuration(-d).String() + " ago"
	}
	return "in " + roundDuration(d).String()
}

// roundDuration leaves three digits or seconds, whichever is finer.
func roundDuration(ns int64) time.Duration {
	d := time.Duration(ns)
	switch {
	case d >= time.Minute:
		return d.Round(time.Second)
	case d >= time.Second:
		return d.Round(10 * time.Millisecond)
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond)
	}
	return d
}

// Table lists the rows of a section, or of all where it is "".
func (x *Later) Table(s *Snapshot, of Put) *Table {
	rows := x.Section(of)
	return NewTable(len(rows), func(row int) heap.Node {
		if n := rows[row].Node; n != heap.None && s.Dominators.Live(n) {
			return n
		}
		return heap.None
	},
		Column{Name: "section", Title: "Section", Priority: 1, MinWidth: 10,
			Cell: func(row int) Cell { return textCell(string(rows[row].Section)) }},
		Column{Name: "state", Title: "State", MinWidth: 7,
			Cell: func(row int) Cell { return textCell(rows[row].State) }},
		Column{Name: "count", Title: "Count", Kind: Count, MinWidth: 6, Right: true,
			Cell: func(row int) Cell { return Cell{Num: rows[row].Count} }},
		Column{Name: "bytes", Title: "Bytes", Kind: Bytes, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: rows[row].Bytes} }},
		Column{Name: "type", Title: "Type", Priority: 1, MinWidth: 12,
			Cell: func(row int) Cell { return textCell(rows[row].Type) }},
		Column{Name: "what", Title: "What", MinWidth: 16,
			Cell: func(row int) Cell { return textCell(rows[row].What) }},
		Column{Name: "depth", Title: "Depth", Kind: Count, Priority: 9, MinWidth: 5, Right: true,
			Cell: func(row int) Cell { return Cell{Num: uint64(rows[row].Depth)} }},
		Column{Name: "due", Title: "Due", Priority: 2, MinWidth: 12, Numeric: true,
			Cell: func(row int) Cell {
				text := x.dueText(&rows[row])
				return Cell{Text: text, Num: uint64(max(rows[row].First, 0)), Unknown: text == ""}
			}},
		Column{Name: "cancel", Title: "Cancelled by", Priority: 3, MinWidth: 16, Fold: true,
			Cell: func(row int) Cell { return textCell(rows[row].cancelText(s)) }},
		Column{Name: "name", Title: "Name", Priority: 2, MinWidth: 16, Fold: true,
			Cell: func(row int) Cell { return textCell(rows[row].name(s)) }},
	)
}

// Indented is the table of a section, or of all where it is "", for people: contexts stand
// below those that they were made from.
func (x *Later) Indented(s *Snapshot, of Put) *Table {
	return laterIndented(x.Table(s, of), x.Section(of))
}

// laterIndented is a table of rows, or a part of it, with their depth.
func laterIndented(t *Table, rows []LaterRow) *Table {
	out := *t
	out.Columns = nil
	for _, c := range t.Columns {
		switch plain := c.Cell; c.Name {
		case "depth":
			continue
		case "what":
			c.Cell = func(row int) Cell {
				cell := plain(row)
				cell.Text = strings.Repeat("  ", rows[row].Depth) + cell.Text
				return cell
			}
		}
		out.Columns = append(out.Columns, c)
	}
	return &out
}
