package report

import (
	"context"
	"slices"

	"goheap/gocore"
)

// GoroutineGroupDocument is Count goroutines in one state with one stack, or of one go
// statement. The head is that of the first of them, which retains most by itself, with
// sums in the place of its stack_bytes, objects and retained_bytes, the longest known wait,
// and of its other keys no value, an empty list or false where the members differ. What
// they retain as a set is Exclusive.
type GoroutineGroupDocument struct {
	Count   int             `json:"count"`
	States  []StateDocument `json:"states"`
	IDs     []uint64        `json:"ids"` // those that retain most first
	MoreIDs int             `json:"more_ids"`
	GoroutineHead
	ShortestWait     *int64          `json:"shortest_wait_ns"`
	ExclusiveObjects uint64          `json:"exclusive_objects"`
	ExclusiveBytes   uint64          `json:"exclusive_bytes"`
	Frames           []FrameDocument `json:"frames"` // of the first
	ElidedCalls      int             `json:"elided_calls"`
	ElidedBehind     int             `json:"elided_behind"`
	// Stacks are of goroutines by creator or label those in it by state and stack, and
	// MoreStacks how many of these are left out; null in groups by stack. What each holds
	// exclusively is its own: the group may hold more.
	Stacks     []GoroutineGroupDocument `json:"stacks"`
	MoreStacks int                      `json:"more_stacks"`
}

// StateDocument is how many goroutines are in a state.
type StateDocument struct {
	State Optional `json:"state"`
	Count int      `json:"count"`
}

const (
	mostIDs        = 100 // goroutines of a group that are named
	mostGroupCalls = 40  // calls of its stack, half from each end
	mostStacks     = 20  // stacks in a group by something else
)

// NewGoroutineGroupsDocument lists goroutines by what they have in common; the filter sees
// the rows of GoroutineGroupTable.
func NewGoroutineGroupsDocument(ctx context.Context, s *Snapshot, l List, by GroupBy) (*GoroutineGroupsDocument, error) {
	d := &GoroutineGroupsDocument{Schema: "goheap/goroutines/1", Groups: []GoroutineGroupDocument{}}
	groups, err := GoroutineGroups(ctx, s, by)
	if err != nil {
		return d, err
	}
	t, err := GoroutineGroupTable(ctx, s, by)
	rows, err := wantedRows(ctx, s, t, err, l)
	if err != nil {
		return d, err
	}
	goroutines, err := s.Goroutines(ctx)
	if err != nil {
		return d, err
	}
	var within [][]StackGroup
	if by != ByStack {
		if within, err = StacksWithin(ctx, s, by); err != nil {
			return d, err
		}
	}
	for _, row := range rows {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		of := goroutineGroupDocument(s, &groups[row], goroutines)
		if by != ByStack {
			of.Stacks = []GoroutineGroupDocument{}
			for _, g := range head(within[row], mostStacks) {
				of.Stacks = append(of.Stacks, goroutineGroupDocument(s, &g, goroutines))
			}
			of.MoreStacks = len(within[row]) - len(of.Stacks)
		}
		d.Groups = append(d.Groups, of)
	}
	return d, nil
}

// GoroutineGroupsDocument lists goroutines that have something in common as one.
type GoroutineGroupsDocument struct {
	Schema string                   `json:"schema"`
	Groups []GoroutineGroupDocument `json:"goroutines"`
}

func goroutineGroupDocument(s *Snapshot, g *StackGroup, rows []GoroutineRow) GoroutineGroupDocument {
	d := GoroutineGroupDocument{
		Count: len(g.Members), States: []StateDocument{}, IDs: []uint64{},
		GoroutineHead:    commonHead(s, g, rows),
		ExclusiveObjects: g.Exclusive.Objects, ExclusiveBytes: g.Exclusive.Bytes,
		Frames: []FrameDocument{},
	}
	for _, c := range g.States {
		d.States = append(d.States, StateDocument{Optional(c.State), c.Count})
	}
	for _, m := range head(g.Members, mostIDs) {
		d.IDs = append(d.IDs, rows[m].ID)
	}
	d.MoreIDs = len(g.Members) - len(d.IDs)
	if g.MinWait >= 0 {
		d.ShortestWait = &g.MinWait
	}
	frames := g.Frames
	if n := len(frames); n > mostGroupCalls {
		d.ElidedCalls, d.ElidedBehind = n-mostGroupCalls, mostGroupCalls/2
		frames = slices.Concat(frames[:d.ElidedBehind], frames[n-(mostGroupCalls-d.ElidedBehind):])
	}
	for i := range frames {
		d.Frames = append(d.Frames, frameDocument(&frames[i]))
	}
	return d
}

// commonHead is the head of a group.
func commonHead(s *Snapshot, g *StackGroup, rows []GoroutineRow) GoroutineHead {
	common := rows[g.Members[0]]
	common.Objects, common.Retained, common.StackBytes, common.WaitNanos = g.Objects, g.Retained, g.Stack, g.MaxWait
	same := func(text *string, other string) {
		if *text != other {
			*text = ""
		}
	}
	for _, m := range g.Members[1:] {
		r := &rows[m]
		same(&common.Status, r.Status)
		same(&common.WaitReason, r.WaitReason)
		same(&common.Func, r.Func)
		same(&common.CreatedBy, r.CreatedBy)
		same(&common.CreatedAt, r.CreatedAt)
		if common.ParentID != r.ParentID {
			common.ParentID = 0
		}
		if common.Thread != r.Thread {
			common.Thread = 0
		}
		common.Locked = common.Locked && r.Locked
		if !slices.Equal(common.Labels, r.Labels) {
			common.Labels = []gocore.Label{}
		}
	}
	return goroutineHead(s, &common)
}
