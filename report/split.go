package report

import (
	"context"

	"goheap/heap"
)

// holderRows are the rows of Holders, and those that take part in an even split alone.
type holderRows struct {
	all []Holder
	// sharing retain nothing by themselves, and hold something together with others. The
	// last of them is that of the holders that are not told apart, if these have a part.
	sharing []Holder
}

// RetainerRest is the kind of the holders that are not told apart, taken together.
const RetainerRest RetainerKind = "rest"

// Splitting returns Holders, and behind them those that retain nothing and hold something
// together with others. What is split of each (Holder.Split) adds up to the live heap: a
// row of what several hold has no part of its own, as it is split between these. The slice
// belongs to the caller.
func Splitting(ctx context.Context, s *Snapshot) ([]Holder, error) {
	rows, err := rowsOfHolders(ctx, s)
	if err != nil {
		return nil, err
	}
	return append(rows.all[:len(rows.all):len(rows.all)], rows.sharing...), nil
}

// sharingHolders are the rows of the classes that retain nothing and have a part of what
// several hold, in the order of their lowest roots, and of what is left to the others.
func sharingHolders(s *Snapshot, c *classes, joint *heap.ClassJoint, inside []bool, shares []uint64, rest uint64) []Holder {
	var rows []Holder
	roots := s.Heap.Roots()
	for i, total := range joint.Classes {
		if total.Retained.Bytes > 0 || inside[i] || shares[i] == 0 {
			continue
		}
		h := classHolder(s, &c.all[i], roots, total.Retained)
		h.Reached, h.ReachedKnown = total.Reached.Bytes, total.Told
		h.Split, h.Splits = shares[i], true
		h.At = h.Node
		rows = append(rows, h)
	}
	if rest > 0 {
		h := Holder{Retainer: Retainer{Kind: RetainerRest, Node: heap.None, Name: "holders that are not told apart"}, At: heap.None}
		h.Split, h.Splits = rest, true
		rows = append(rows, h)
	}
	return rows
}

// splitCell is the part of a holder, unknown for what several of them hold.
func splitCell(h *Holder) Cell { return Cell{Num: h.Split, Unknown: !h.Splits} }

// HolderDocument is a holder: a variable, a class of roots, or what several of these hold
// together. Retained is what would be freed without it, Reached what it leads to, Split
// its part of the live heap where what several hold is split evenly between them; the
// remainders go to the one with the lowest root. Split is null of what several hold, as
// that is split between the others, and all that there are add up to the live heap.
type HolderDocument struct {
	Kind     string   `json:"kind"`
	Holder   Escaped  `json:"holder"`
	Type     Optional `json:"type"`
	Count    uint64   `json:"count"`
	Objects  uint64   `json:"objects"`
	Retained uint64   `json:"retained_bytes"`
	Reached  *uint64  `json:"reached_bytes"`
	Split    *uint64  `json:"split_bytes"`
}

// holderDocuments lists at most so many holders, and says how many there are.
func holderDocuments(ctx context.Context, s *Snapshot, limit int) ([]HolderDocument, int, error) {
	rows, err := Splitting(ctx, s)
	if err != nil {
		return nil, 0, err
	}
	docs := []HolderDocument{}
	for i := range head(rows, limit) {
		if ctx.Err() != nil {
			return nil, 0, context.Cause(ctx)
		}
		h := &rows[i]
		d := HolderDocument{
			Kind: string(h.Kind), Holder: Escaped(s.HeldBy(h)), Type: Optional(s.HolderType(h)),
			Count: max(1, h.Count), Objects: h.Objects, Retained: h.Retained,
		}
		if h.ReachedKnown {
			d.Reached = &h.Reached
		}
		if h.Splits {
			d.Split = &h.Split
		}
		docs = append(docs, d)
	}
	return docs, len(rows), nil
}
