package report

import (
	"context"
	"fmt"
	"slices"

	"goheap/gocore/wait"
)

// GoroutineWaitDocument is a place at which a goroutine waits, several in a select: as which
// of the queue, and who could end it.
type GoroutineWaitDocument struct {
	Operation string               `json:"operation"`
	Place     Escaped              `json:"place"`
	Name      Optional             `json:"name"`
	Address   Address              `json:"address"`
	Turn      int                  `json:"turn"` // from 1 on
	Waiting   int                  `json:"waiting"`
	HeldBy    []LockHolderDocument `json:"held_by"`
	Others    []uint64             `json:"others"`   // see WaitPlaceDocument
	Deadlock  *int                 `json:"deadlock"` // that the goroutine is in, or behind, from 1 on
	Stuck     bool                 `json:"stuck"`    // nobody is left to wake it

	lines []string
}

// GoroutineHoldDocument is a place that a goroutine has, and for which others wait.
type GoroutineHoldDocument struct {
	Place   Escaped  `json:"place"`
	Name    Optional `json:"name"`
	Address Address  `json:"address"`
	How     string   `json:"how"`
	At      Optional `json:"at"`
	Waiting int      `json:"waiting"`

	line string
}

// goroutineWaits says what a goroutine waits for, and what it has that others wait for.
func goroutineWaits(ctx context.Context, s *Snapshot, index int) (waits []GoroutineWaitDocument, holds []GoroutineHoldDocument, err error) {
	waits, holds = []GoroutineWaitDocument{}, []GoroutineHoldDocument{}
	w, err := FindWaitPlaces(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	for i := range w.Places {
		p := &w.Places[i]
		for turn, q := range p.Queue {
			if q.Goroutine == index {
				waits = append(waits, w.goroutineWait(s, p, turn))
			}
		}
		for _, h := range p.Holders {
			if h.Goroutine != index || h.How == wait.ByTurn {
				continue
			}
			name, _ := placeName(s, p)
			d := GoroutineHoldDocument{Escaped(thingAt(s, p)), Optional(name), Address(p.Addr), string(h.How), Optional(shortPlace(h.At)), len(p.Queue), ""}
			has := "has locked"
			if p.Kind == wait.WaitGroup {
				has = "will be done with"
			}
			d.line = fmt.Sprintf("%s %s", has, placeLabel(s, p))
			if h.At != "" {
				d.line += " at " + Printable(shortPlace(h.At))
			}
			d.line += fmt.Sprintf(", for which %s", waitFor(len(p.Queue)))
			holds = append(holds, d)
		}
	}
	return waits, holds, nil
}

func waitFor(n int) string {
	if n == 1 {
		return "1 goroutine waits"
	}
	return plural(uint64(n), "goroutine") + " wait"
}

// goroutineWait describes the wait of the one who has a turn at a place.
func (w *WaitPlaces) goroutineWait(s *Snapshot, p *wait.Place, turn int) GoroutineWaitDocument {
	q := p.Queue[turn]
	name, _ := placeName(s, p)
	d := GoroutineWaitDocument{
		Operation: q.Operation, Place: Escaped(thingAt(s, p)), Name: Optional(name), Address: Address(p.Addr), Turn: turn + 1, Waiting: len(p.Queue),
		HeldBy: []LockHolderDocument{}, Others: []uint64{}, Stuck: w.stuck[q.Goroutine],
	}
	for i := range p.Holders {
		d.HeldBy = append(d.HeldBy, w.holderDocument(&p.Holders[i]))
	}
	for _, g := range p.Others {
		if g != q.Goroutine {
			d.Others = append(d.Others, w.id(g))
		}
	}
	text := fmt.Sprintf("waits in %s of %s", q.Operation, placeLabel(s, p))
	if len(p.Queue) > 1 {
		text += fmt.Sprintf(", as number %s of %s", comma(uint64(turn+1)), comma(uint64(len(p.Queue))))
	}
	if has := w.holdersText(p); has != "" {
		text += "; it is held by " + Printable(has)
	}
	d.lines = []string{text}
	switch c := w.circle[q.Goroutine]; {
	case c > 0:
		d.Deadlock = &c
		where := "behind"
		if slices.Contains(w.Deadlocks[c-1].Members, q.Goroutine) {
			where = "in"
		}
		d.lines = append(d.lines, fmt.Sprintf("it is %s deadlock %d, %s: %s", where, c, certainty(s, &w.Deadlocks[c-1]), w.inLine(&w.Deadlocks[c-1])))
	case d.Stuck && proves(s):
		d.lines = append(d.lines, "nobody is left to end it")
	}
	return d
}

// WaitLines say in text what the goroutine at an index waits for, and what it has that
// others wait for. They are Printable.
func WaitLines(ctx context.Context, s *Snapshot, index int) (lines []string, err error) {
	waits, holds, err := goroutineWaits(ctx, s, index)
	return waitLines(waits, holds), err
}

func waitLines(waits []GoroutineWaitDocument, holds []GoroutineHoldDocument) (lines []string) {
	const most = 5 // places of a select
	for i, d := range head(waits, most) {
		if i == 0 || len(d.lines) == 1 {
			lines = append(lines, d.lines...)
		} else {
			lines = append(lines, d.lines[0])
		}
	}
	if more := len(waits) - most; more > 0 {
		lines = append(lines, fmt.Sprintf("… and at %s more", comma(uint64(more))))
	}
	for _, d := range head(holds, most) {
		lines = append(lines, d.line)
	}
	if more := len(holds) - most; more > 0 {
		lines = append(lines, fmt.Sprintf("… and %s more that others wait for", comma(uint64(more))))
	}
	return lines
}
