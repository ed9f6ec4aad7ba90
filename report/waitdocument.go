package report

import (
	"context"
	"fmt"
	"io"

	"goheap/gocore/wait"
)

// WriteWaits writes the circles of goroutines that wait for each other, then the places at
// which goroutines wait, each with its queue.
func WriteWaits(ctx context.Context, out io.Writer, s *Snapshot, l List) error {
	const most = 10 // of a queue
	w, err := FindWaitPlaces(ctx, s)
	if err != nil {
		return err
	}
	t, err := WaitTable(ctx, s)
	if err != nil {
		return err
	}
	if t, err = s.Where(ctx, t, l.Where); err != nil {
		return err
	}
	t = t.Head(l.Top)
	p := newPrinter(out, s)
	for i := range w.Deadlocks {
		for _, line := range w.Lines(s, i) {
			p.line("%s", line)
		}
		p.line("")
	}
	if len(w.Deadlocks) == 0 {
		p.line("no goroutines wait for each other in a circle, by all that the file tells")
		p.line("")
	}
	if n := w.Unknown; n > 0 {
		p.line("%s more wait for others: the file does not tell on what", plural(uint64(n), "goroutine"))
		p.line("")
	}
	p.table(t, "")
	for i := range t.Len() {
		place := &w.Places[w.Rows[t.Row(i)]]
		p.line("")
		p.line("%s", placeLabel(s, place))
		for k, q := range head(place.Queue, most) {
			text := fmt.Sprintf("  %d. goroutine %d %s", k+1, w.id(q.Goroutine), q.Operation)
			if q.Select && place.Kind != wait.NilChannel {
				text += " (select)"
			}
			if q.Func != "" {
				text += " in " + Printable(ShortPaths(q.Func))
			}
			if q.At != "" {
				text += " at " + Printable(shortPlace(q.At))
			}
			p.line("%s", text)
		}
		if more := len(place.Queue) - most; more > 0 {
			p.line("  … %s more", comma(uint64(more)))
		}
	}
	return p.w.Flush()
}

// WaitsDocument says who waits for whom. Deadlocks are circles; Places are where goroutines
// wait, those first at which most do.
type WaitsDocument struct {
	Schema    string              `json:"schema"`
	Deadlocks []DeadlockDocument  `json:"deadlocks"`
	Places    []WaitPlaceDocument `json:"places"`
	Unknown   int                 `json:"unknown"` // goroutines of which the file does not tell what they wait on
	Partly    int                 `json:"partly"`  // places of which not all were found who lead to them
}

// DeadlockDocument is a circle of goroutines that wait for each other. Proven says that
// nothing that may go on leads to what they wait for; else that those who have it are among
// them stands in their frames.
type DeadlockDocument struct {
	Proven     bool           `json:"proven"`
	Goroutines []uint64       `json:"goroutines"` // in it, or in circles that hang together
	Behind     []uint64       `json:"behind"`     // that are stuck for these
	Cycle      []StepDocument `json:"cycle"`      // a shortest one: each waits for the next, the last for the first
}

// StepDocument is a goroutine of a circle, what it waits for, and how the next one has that.
type StepDocument struct {
	WaiterDocument
	Place   Escaped            `json:"place"`
	Name    Optional           `json:"name"`
	Address Address            `json:"address"`
	HeldBy  LockHolderDocument `json:"held_by"`
}

// WaiterDocument is a goroutine that waits at a place.
type WaiterDocument struct {
	Goroutine uint64   `json:"goroutine"`
	Operation string   `json:"operation"`
	Select    bool     `json:"select"`
	Function  Optional `json:"function"`
	At        Optional `json:"at"`
}

// LockHolderDocument is a goroutine that could end waits. How is "locked" (its code has locked
// it on every way to where it is), "deferred" (it has put off a call that unlocks it, or
// says that it is done), "next" (it waits for the readers of a lock, and who comes later
// waits for it) or "leads" (it leads to it, and besides only others that wait).
type LockHolderDocument struct {
	Goroutine uint64   `json:"goroutine"`
	How       string   `json:"how"`
	Read      bool     `json:"read"` // to read
	Function  Optional `json:"function"`
	At        Optional `json:"at"` // the line that has locked it, or that has the defer statement
}

// WaitPlaceDocument is a place where goroutines wait. What does not belong to its kind is
// null.
type WaitPlaceDocument struct {
	Kind     string               `json:"kind"`
	Type     Escaped              `json:"type"`
	Name     Optional             `json:"name"`
	Address  Address              `json:"address"`
	Queued   *uint64              `json:"queued"`   // of a channel
	Capacity *uint64              `json:"capacity"` // likewise
	Closed   *bool                `json:"closed"`   // likewise
	Locked   *bool                `json:"locked"`   // of a lock
	Readers  *int                 `json:"readers"`  // that have an RWMutex
	Missing  *int                 `json:"missing"`  // calls of Done of a WaitGroup
	Deadlock *int                 `json:"deadlock"` // the first one that somebody who waits here is in, or behind, from 1 on
	Stuck    int                  `json:"stuck"`    // how many who wait here nobody is left to wake
	Queue    []WaiterDocument     `json:"queue"`    // in the order in which they are served
	HeldBy   []LockHolderDocument `json:"held_by"`
	// Others lead to it: they are looked for where somebody is stuck.
	Others []uint64 `json:"others"`
}

// NewWaitsDocument lists the places; the filter sees the rows of WaitTable.
func NewWaitsDocument(ctx context.Context, s *Snapshot, l List) (*WaitsDocument, error) {
	d := &WaitsDocument{Schema: "goheap/waits/1", Deadlocks: []DeadlockDocument{}, Places: []WaitPlaceDocument{}}
	w, err := FindWaitPlaces(ctx, s)
	if err != nil {
		return d, err
	}
	t, err := WaitTable(ctx, s)
	rows, err := wantedRows(ctx, s, t, err, l)
	if err != nil {
		return d, err
	}
	d.Unknown, d.Partly = w.Unknown, w.Partly
	for i := range w.Deadlocks {
		d.Deadlocks = append(d.Deadlocks, w.deadlockDocument(s, &w.Deadlocks[i]))
	}
	for i, row := range rows {
		if i%pace == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		d.Places = append(d.Places, w.placeDocument(s, &w.Places[w.Rows[row]]))
	}
	return d, nil
}

func (w *WaitPlaces) numbers(list []int) []uint64 {
	ids := make([]uint64, len(list))
	for i, g := range list {
		ids[i] = w.id(g)
	}
	return ids
}

func (w *WaitPlaces) deadlockDocument(s *Snapshot, d *wait.Deadlock) DeadlockDocument {
	out := DeadlockDocument{Proven: d.Proven && proves(s), Goroutines: w.numbers(d.Members), Behind: w.numbers(d.Behind), Cycle: []StepDocument{}}
	for _, step := range d.Cycle {
		p := &w.Places[step.Place]
		name, _ := placeName(s, p)
		out.Cycle = append(out.Cycle, StepDocument{w.waiterDocument(&step.Waiter), Escaped(thingAt(s, p)), Optional(name), Address(p.Addr), w.holderDocument(&step.By)})
	}
	return out
}

func (w *WaitPlaces) waiterDocument(q *wait.Waiter) WaiterDocument {
	return WaiterDocument{w.id(q.Goroutine), q.Operation, q.Select, Optional(q.Func), Optional(shortPlace(q.At))}
}

func (w *WaitPlaces) holderDocument(h *wait.Holder) LockHolderDocument {
	return LockHolderDocument{w.id(h.Goroutine), string(h.How), h.Read, Optional(h.Func), Optional(shortPlace(h.At))}
}

func (w *WaitPlaces) placeDocument(s *Snapshot, p *wait.Place) WaitPlaceDocument {
	name, _ := placeName(s, p)
	d := WaitPlaceDocument{
		Kind: string(p.Kind), Type: Escaped(thingAt(s, p)), Name: Optional(name), Address: Address(p.Addr),
		Queue: []WaiterDocument{}, HeldBy: []LockHolderDocument{}, Others: w.numbers(p.Others),
	}
	if p.Known {
		switch p.Kind {
		case wait.Channel:
			d.Queued, d.Capacity, d.Closed = &p.Queued, &p.Capacity, &p.Closed
		case wait.Mutex, wait.Once:
			d.Locked = &p.Locked
		case wait.RWMutex:
			d.Locked, d.Readers = &p.Locked, &p.Readers
		case wait.WaitGroup:
			d.Missing = &p.Missing
		}
	}
	for i := range p.Queue {
		q := &p.Queue[i]
		d.Queue = append(d.Queue, w.waiterDocument(q))
		if w.stuck[q.Goroutine] {
			d.Stuck++
		}
		if c := w.circle[q.Goroutine]; c > 0 && (d.Deadlock == nil || c < *d.Deadlock) {
			d.Deadlock = &c
		}
	}
	for i := range p.Holders {
		d.HeldBy = append(d.HeldBy, w.holderDocument(&p.Holders[i]))
	}
	return d
}
