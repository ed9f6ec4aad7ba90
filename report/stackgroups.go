package report

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"goheap/gocore"
	"goheap/heap"
)

// StackGroup is goroutines that have something in common: their state and stack,
// the same functions at the same lines, or the place where they were created.
type StackGroup struct {
	Members []int          // places in Goroutines, ascending: those that retain most first
	Frames  []gocore.Frame // of the first member
	State   string         // of all members, "" if they differ
	States  []StateCount   // those that most members are in first

	// Objects and Retained (bytes) are sums over the members: what dies with
	// one of them alone, as each dominates it.
	Objects  uint64
	Retained uint64
	// Exclusive is what dies with all members together, and no sooner: what
	// the heap would lose if none of them were there. It is exact, and at
	// least Objects and Retained; what is between them is held by several
	// members and by nothing else.
	Exclusive heap.Total

	Stack            uint64 // bytes, the sum over the members
	MinWait, MaxWait int64  // nanoseconds, of the members for which it is known; -1 if it is for none
}

// StateCount is how many goroutines are in a state.
type StateCount struct {
	State string
	Count int
}

// StackGroups returns the goroutines grouped by state, creator and stack; the
// groups whose members retain most first, then the larger, then the lower
// goroutine number of their first members. The slice belongs to the Snapshot.
func (s *Snapshot) StackGroups(ctx context.Context) ([]StackGroup, error) {
	return s.groups.get(func() ([]StackGroup, error) {
		return groupGoroutines(ctx, s, stackKey)
	})
}

// stackKey is what goroutines of a group of StackGroups have in common.
func stackKey(r GoroutineRow, frames []gocore.Frame) string {
	var key strings.Builder
	fmt.Fprintf(&key, "%s\x00%s", r.State(), r.CreatedBy)
	for _, f := range frames {
		fmt.Fprintf(&key, "\x00%s\x00%s:%d", f.Func, f.File, f.Line)
	}
	return key.String()
}

// CreatorGroups returns the goroutines grouped by the go statement that created
// them, in the order of StackGroups; those of unknown origin, the first goroutine
// among them, by their outermost function. The slice belongs to the Snapshot.
func (s *Snapshot) CreatorGroups(ctx context.Context) ([]StackGroup, error) {
	return s.creators.get(func() ([]StackGroup, error) {
		return groupGoroutines(ctx, s, func(r GoroutineRow, frames []gocore.Frame) string {
			if r.CreatedBy == "" && len(frames) > 0 {
				return "\x00" + frames[len(frames)-1].Func
			}
			return r.CreatedBy + "\x00" + r.CreatedAt
		})
	})
}

func groupGoroutines(ctx context.Context, s *Snapshot, key func(r GoroutineRow, frames []gocore.Frame) string) ([]StackGroup, error) {
	rows, err := s.Goroutines(ctx)
	if err != nil {
		return nil, err
	}
	groups := []StackGroup{}
	place := map[string]int{}
	for i, r := range rows {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		frames := s.Process.Frames(r.Index)
		k := key(r, frames)
		at, found := place[k]
		if !found {
			at = len(groups)
			place[k] = at
			groups = append(groups, StackGroup{Frames: frames, MinWait: -1, MaxWait: -1})
		}
		g := &groups[at]
		g.Members = append(g.Members, i)
		g.Objects += r.Objects
		g.Retained += r.Retained
		g.Stack += r.StackBytes
		g.addState(r.State())
		if w := r.WaitNanos; w >= 0 {
			g.MaxWait = max(g.MaxWait, w)
			if g.MinWait < 0 || w < g.MinWait {
				g.MinWait = w
			}
		}
	}
	if err := addExclusive(ctx, s, rows, groups); err != nil {
		return nil, err
	}
	for i := range groups {
		g := &groups[i]
		slices.SortStableFunc(g.States, func(a, b StateCount) int {
			return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.State, b.State))
		})
		if len(g.States) == 1 {
			g.State = g.States[0].State
		}
	}
	slices.SortStableFunc(groups, func(a, b StackGroup) int {
		return cmp.Or(cmp.Compare(b.Retained, a.Retained), cmp.Compare(len(b.Members), len(a.Members)),
			cmp.Compare(rows[a.Members[0]].ID, rows[b.Members[0]].ID))
	})
	return groups, nil
}

func (g *StackGroup) addState(state string) {
	for i := range g.States {
		if g.States[i].State == state {
			g.States[i].Count++
			return
		}
	}
	g.States = append(g.States, StateCount{state, 1})
}

// addExclusive asks for all groups at once what the roots of each retain as a
// set. The roots that are no goroutines are one class more.
func addExclusive(ctx context.Context, s *Snapshot, rows []GoroutineRow, groups []StackGroup) error {
	classes := make([]uint32, s.Graph.Roots)
	for i := range classes {
		classes[i] = uint32(len(groups))
	}
	for i, g := range groups {
		for _, m := range g.Members {
			classes[rows[m].Node-1] = uint32(i)
		}
	}
	totals, err := s.Dominators.RetainedByClass(s.within(ctx), classes, len(groups)+1)
	if err != nil {
		return err
	}
	for i := range groups {
		groups[i].Exclusive = totals[i]
	}
	return nil
}

// StateText says in which states the members are: "chan receive", or
// "180 × chan receive, 20 × running" where they differ.
func (g *StackGroup) StateText() string {
	if g.State != "" || len(g.States) == 0 {
		return g.State
	}
	const most = 3
	var parts []string
	for _, c := range g.States[:min(len(g.States), most)] {
		parts = append(parts, fmt.Sprintf("%s × %s", comma(uint64(c.Count)), c.State))
	}
	if len(g.States) > most {
		parts = append(parts, "…")
	}
	return strings.Join(parts, ", ")
}

// WaitText says how long the members had waited, "3m00s to 1h05m" where it
// differs, "" where it is not known.
func (g *StackGroup) WaitText() string {
	lo, hi := waitCell(g.MinWait), waitCell(g.MaxWait)
	switch {
	case hi.Unknown:
		return ""
	case lo.Text == hi.Text:
		return hi.Text
	}
	return lo.Text + " to " + hi.Text
}

// StackTable is StackGroups as a table; its rows are those of StackGroups. A
// row stands for its first goroutine.
func StackTable(ctx context.Context, s *Snapshot) (*Table, error) {
	groups, err := s.StackGroups(ctx)
	if err != nil {
		return nil, err
	}
	return groupTable(ctx, s, groups)
}

// CreatorTable is CreatorGroups as a table, with the columns of StackTable.
func CreatorTable(ctx context.Context, s *Snapshot) (*Table, error) {
	groups, err := s.CreatorGroups(ctx)
	if err != nil {
		return nil, err
	}
	return groupTable(ctx, s, groups)
}

func groupTable(ctx context.Context, s *Snapshot, groups []StackGroup) (*Table, error) {
	rows, err := s.Goroutines(ctx)
	if err != nil {
		return nil, err
	}
	first := func(row int) *GoroutineRow { return &rows[groups[row].Members[0]] }
	return NewTable(len(groups), func(row int) heap.Node { return first(row).Node },
		Column{Name: "count", Title: "Count", Kind: Count, MinWidth: 6, Right: true,
			Cell: func(row int) Cell { return Cell{Num: uint64(len(groups[row].Members))} }},
		Column{Name: "retained_bytes", Title: "Retained", Kind: Bytes, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: groups[row].Retained} }},
		Column{Name: "exclusive_bytes", Title: "Exclusive", Kind: Bytes, Priority: 3, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: groups[row].Exclusive.Bytes} }},
		Column{Name: "share", Title: "Share", Kind: Percent, Priority: 2, MinWidth: 7, Right: true,
			Cell: func(row int) Cell { return Cell{Num: s.Share(groups[row].Exclusive.Bytes)} }},
		Column{Name: "stack_bytes", Title: "Stack", Kind: Bytes, MinWidth: 8, Right: true,
			Cell: func(row int) Cell { return Cell{Num: groups[row].Stack} }},
		Column{Name: "state", Title: "State", MinWidth: 10,
			Cell: func(row int) Cell { return textCell(groups[row].StateText()) }},
		Column{Name: "wait", Title: "Wait", Priority: 2, MinWidth: 6, Numeric: true,
			Cell: func(row int) Cell {
				c := waitCell(groups[row].MaxWait)
				c.Text = groups[row].WaitText()
				return c
			}},
		Column{Name: "function", Title: "Function", MinWidth: 16,
			Cell: func(row int) Cell { return textCell(first(row).Func) }},
		Column{Name: "at", Title: "At", Priority: 3, MinWidth: 10,
			Cell: func(row int) Cell { return textCell(placeOf(groups[row].Frames, first(row).Func)) }},
		Column{Name: "created_by", Title: "Created by", Priority: 2, MinWidth: 12,
			Cell: func(row int) Cell { return textCell(first(row).CreatedBy) }},
		Column{Name: "created_at", Title: "Created at", Priority: 4, MinWidth: 12,
			Cell: func(row int) Cell { return textCell(shortPlace(first(row).CreatedAt)) }},
	), nil
}

// placeOf returns "file.go:12" of the innermost frame of a function, "" if
// there is none.
func placeOf(frames []gocore.Frame, function string) string {
	for _, f := range frames {
		if f.Func == function && f.File != "" {
			return fmt.Sprintf("%s:%d", path.Base(f.File), f.Line)
		}
	}
	return ""
}
