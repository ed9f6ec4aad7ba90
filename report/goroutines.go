package report

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"goheap/gocore"
	"goheap/heap"
)

// GoroutineRow is a goroutine with what it retains by itself.
type GoroutineRow struct {
	gocore.Goroutine
	Index    int // in the process's Goroutines, as Frames wants it
	Labels   []gocore.Label
	Objects  uint64
	Retained uint64 // bytes
}

// State is the status with the reason for waiting: "chan receive" rather than
// "waiting".
func (r GoroutineRow) State() string {
	if r.WaitReason != "" {
		return r.WaitReason
	}
	return r.Status
}

// Goroutines returns all goroutines, those that retain most first, then by
// number. The slice belongs to the Snapshot.
func (s *Snapshot) Goroutines(ctx context.Context) ([]GoroutineRow, error) {
	return s.stacks.get(func() ([]GoroutineRow, error) {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		rows := []GoroutineRow{}
		for i, g := range s.Process.Goroutines() {
			rows = append(rows, GoroutineRow{g, i, s.Process.Labels(i), s.Dominators.Objects(g.Node), s.Dominators.Retained(g.Node)})
		}
		slices.SortStableFunc(rows, func(a, b GoroutineRow) int {
			return cmp.Or(cmp.Compare(b.Retained, a.Retained), cmp.Compare(a.ID, b.ID))
		})
		return rows, nil
	})
}

// GoroutineTable is Goroutines as a table; its rows are those of Goroutines.
func GoroutineTable(ctx context.Context, s *Snapshot) (*Table, error) {
	rows, err := s.Goroutines(ctx)
	if err != nil {
		return nil, err
	}
	return NewTable(len(rows), func(row int) heap.Node { return rows[row].Node },
		Column{Name: "id", Title: "Goroutine", Kind: Count, MinWidth: 6, Right: true,
			Cell: func(row int) Cell { return Cell{Num: rows[row].ID} }},
		Column{Name: "retained_bytes", Title: "Retained", Kind: Bytes, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: rows[row].Retained} }},
		Column{Name: "share", Title: "Share", Kind: Percent, Priority: 2, MinWidth: 7, Right: true,
			Cell: func(row int) Cell { return Cell{Num: s.Share(rows[row].Retained)} }},
		Column{Name: "stack_bytes", Title: "Stack", Kind: Bytes, MinWidth: 8, Right: true,
			Cell: func(row int) Cell { return Cell{Num: rows[row].StackBytes} }},
		Column{Name: "state", Title: "State", MinWidth: 10,
			Cell: func(row int) Cell { return textCell(rows[row].State()) }},
		Column{Name: "wait", Title: "Wait", Priority: 2, MinWidth: 6, Numeric: true,
			Cell: func(row int) Cell { return waitCell(rows[row].WaitNanos) }},
		Column{Name: "function", Title: "Function", MinWidth: 16,
			Cell: func(row int) Cell { return textCell(rows[row].Func) }},
		Column{Name: "created_by", Title: "Created by", Priority: 1, MinWidth: 12,
			Cell: func(row int) Cell { return textCell(rows[row].CreatedBy) }},
		Column{Name: "created_at", Title: "At", Priority: 4, MinWidth: 12,
			Cell: func(row int) Cell { return textCell(shortPlace(rows[row].CreatedAt)) }},
		Column{Name: "parent", Title: "Parent", Kind: Count, Priority: 4, MinWidth: 6, Right: true,
			Cell: func(row int) Cell { return Cell{Num: rows[row].ParentID, Unknown: rows[row].ParentID == 0} }},
		Column{Name: "locked", Title: "Thread", Priority: 4, MinWidth: 6,
			Cell: func(row int) Cell { return textCell(lockedText(rows[row].Locked)) }},
		Column{Name: "labels", Title: "Labels", Priority: 3, MinWidth: 8,
			Cell: func(row int) Cell { return textCell(s.LabelText(rows[row].Labels)) }},
	), nil
}

func lockedText(locked bool) string {
	if locked {
		return "locked"
	}
	return ""
}

// LabelText writes labels as {"key": "value"}, "" for none. They are values of the
// program.
func (s *Snapshot) LabelText(labels []gocore.Label) string {
	switch {
	case len(labels) == 0:
		return ""
	case s.Disclosure == Hidden:
		return "{…}"
	}
	parts := make([]string, len(labels))
	for i, l := range labels {
		parts[i] = fmt.Sprintf("%q: %q", l.Key, l.Value)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// GoroutineTitle is how a goroutine introduces itself in a stack trace, and more: what
// it does, whether it is locked to its thread, its labels and who created it.
func (s *Snapshot) GoroutineTitle(g *GoroutineRow) string {
	title := fmt.Sprintf("goroutine %d [%s", g.ID, g.State())
	if g.WaitNanos >= int64(time.Minute) {
		title += ", " + duration(time.Duration(g.WaitNanos))
	}
	if g.Locked {
		title += ", locked to thread"
	}
	return title + "]" + s.origin(g)
}

// origin says with which labels and by whom a goroutine was created.
func (s *Snapshot) origin(g *GoroutineRow) string {
	text := ""
	if labels := s.LabelText(g.Labels); labels != "" {
		text += ", labels " + labels
	}
	if g.CreatedBy != "" {
		text += ", created by " + g.CreatedBy
		if g.ParentID != 0 {
			text += fmt.Sprintf(" in goroutine %d", g.ParentID)
		}
		if g.CreatedAt != "" {
			text += " at " + shortPlace(g.CreatedAt)
		}
	}
	return text
}

// waitCell says how long in the two largest units; nanos < 0 is unknown. Num
// sorts.
func waitCell(nanos int64) Cell {
	if nanos < 0 {
		return Cell{Unknown: true}
	}
	return Cell{Num: uint64(nanos), Text: duration(time.Duration(nanos))}
}

func duration(d time.Duration) string {
	switch {
	case d < time.Second:
		return "<1s"
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	default:
		return fmt.Sprintf("%dd%02dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	}
}

// shortPlace leaves the last element of the path in "/a/b/file.go:12".
func shortPlace(place string) string {
	if place == "" {
		return ""
	}
	return path.Base(place)
}
