package report

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"goheap/gocore"
)

// GroupBy is what the goroutines of a group have in common. Each is a partition: every
// goroutine is in one group.
type GroupBy string

const (
	ByStack   GroupBy = "stack"   // state, creator and stack: StackGroups
	ByCreator GroupBy = "creator" // the go statement: CreatorGroups
	ByLabel   GroupBy = "label"   // all labels that runtime/pprof.Do gave them; none is a group too
)

// GroupBys are all of them.
func GroupBys() []GroupBy { return []GroupBy{ByStack, ByCreator, ByLabel} }

// GoroutineGroups returns the goroutines by what they have in common, in the order of
// StackGroups. The slice belongs to the Snapshot.
func GoroutineGroups(ctx context.Context, s *Snapshot, by GroupBy) ([]StackGroup, error) {
	switch by {
	case ByStack:
		return s.StackGroups(ctx)
	case ByCreator:
		return s.CreatorGroups(ctx)
	}
	return s.labelled.get(func() ([]StackGroup, error) {
		return groupGoroutines(ctx, s, func(r GoroutineRow, _ []gocore.Frame) string {
			parts := make([]string, len(r.Labels))
			for i, l := range r.Labels {
				parts[i] = fmt.Sprintf("%q: %q", l.Key, l.Value)
			}
			slices.Sort(parts)
			return strings.Join(parts, ", ")
		})
	})
}

// StacksWithin returns for each group of GoroutineGroups the goroutines in it by state and
// stack, in that order: a finer partition. What they hold exclusively is theirs alone, so
// that the group may hold more: what several of its stacks hold together.
func StacksWithin(ctx context.Context, s *Snapshot, by GroupBy) ([][]StackGroup, error) {
	groups, err := GoroutineGroups(ctx, s, by)
	if err != nil {
		return nil, err
	}
	rows, err := s.Goroutines(ctx)
	if err != nil {
		return nil, err
	}
	of := make([]int, len(rows)) // by place in the process: the group
	for i, g := range groups {
		for _, m := range g.Members {
			of[rows[m].Index] = i
		}
	}
	stacks, err := groupGoroutines(ctx, s, func(r GoroutineRow, frames []gocore.Frame) string {
		return fmt.Sprintf("%d\x00%s", of[r.Index], stackKey(r, frames))
	})
	if err != nil {
		return nil, err
	}
	within := make([][]StackGroup, len(groups))
	for _, g := range stacks {
		i := of[rows[g.Members[0]].Index]
		within[i] = append(within[i], g)
	}
	return within, nil
}

// GoroutineGroupTable is GoroutineGroups as a table; it has the same rows. By label it has
// these in the place of a function and a creator, in which the members may differ.
func GoroutineGroupTable(ctx context.Context, s *Snapshot, by GroupBy) (*Table, error) {
	groups, err := GoroutineGroups(ctx, s, by)
	if err != nil {
		return nil, err
	}
	t, err := groupTable(ctx, s, groups)
	if err != nil || by != ByLabel {
		return t, err
	}
	rows, err := s.Goroutines(ctx)
	if err != nil {
		return nil, err
	}
	t.Columns = slices.DeleteFunc(t.Columns, func(c Column) bool {
		return slices.Contains([]string{"function", "at", "created_by", "created_at"}, c.Name)
	})
	t.Columns = append(t.Columns, Column{Name: "labels", Title: "Labels", MinWidth: 16,
		Cell: func(row int) Cell { return textCell(s.LabelText(rows[groups[row].Members[0]].Labels)) }})
	return t, nil
}
