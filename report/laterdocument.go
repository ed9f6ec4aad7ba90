package report

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"goheap/heap"
)

// LaterDocument says what a program has put off, or keeps for later.
type LaterDocument struct {
	Schema string `json:"schema"`
	// Clock is the latest time that the runtime has written down, in nanoseconds of its own
	// clock, and in words of the wall clock; null where that is not known.
	Clock   *int64             `json:"clock_ns"`
	Wall    Optional           `json:"clock"`
	Busy    []BusyDocument     `json:"running"`
	Rows    []LaterRowDocument `json:"rows"`
	More    int                `json:"more"`
	Unknown []Put              `json:"unknown"` // sections of which the file does not tell
}

// BusyDocument is a goroutine that runs a finalizer or cleanup.
type BusyDocument struct {
	Goroutine uint64   `json:"goroutine"`
	Runs      string   `json:"runs"` // "finalizers" or "cleanups"
	Function  Optional `json:"function"`
	At        Optional `json:"at"`
	Wait      Optional `json:"wait"`
}

// LaterRowDocument is a LaterRow.
type LaterRowDocument struct {
	Section   string   `json:"section"`
	State     Optional `json:"state"`
	Count     uint64   `json:"count"`
	Bytes     uint64   `json:"bytes"`
	Type      Optional `json:"type"`
	What      Optional `json:"what"`
	Depth     int      `json:"depth"`
	Children  uint64   `json:"children"`
	First     *int64   `json:"first_due_ns"` // from the clock on; negative is overdue
	Last      *int64   `json:"last_due_ns"`
	Period    int64    `json:"period_ns"`
	Cancelled uint64   `json:"cancelled"`
	Overdue   uint64   `json:"overdue"`
	Unheld    *uint64  `json:"unheld"`       // that nobody is seen to cancel; null where it is not known what closures have captured
	By        []string `json:"cancelled_by"` // the first of those that can
	Name      Optional `json:"name"`
	Address   Address  `json:"address"`
}

// NewLaterDocument lays it out; the filter sees the rows of the table.
func NewLaterDocument(ctx context.Context, s *Snapshot, of Put, l List) (*LaterDocument, error) {
	x, err := NewLater(ctx, s)
	if err != nil {
		return nil, err
	}
	d := &LaterDocument{Schema: "goheap/later/1", Rows: []LaterRowDocument{}, Busy: busyRunners(s), Unknown: x.unknown(s), Wall: Optional(x.wall())}
	if x.Clock.Least != 0 {
		d.Clock = &x.Clock.Least
	}
	all := x.Section(of)
	rows, err := wantedRows(ctx, s, x.Table(s, of), nil, l)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		r := &all[row]
		out := LaterRowDocument{
			Section: string(r.Section), State: Optional(r.State), Count: r.Count, Bytes: r.Bytes, Type: Optional(r.Type), What: Optional(r.What), Depth: r.Depth, Children: r.Children,
			Period: r.Period, Cancelled: r.Cancelled, Overdue: r.Overdue, Name: Optional(r.name(s)), By: []string{},
		}
		if x.FuncsKnown {
			out.Unheld = &r.Unheld
		}
		if r.First != 0 && x.Clock.Least != 0 {
			first, last := r.First-x.Clock.Least, r.Last-x.Clock.Least
			out.First, out.Last = &first, &last
		}
		for _, name := range r.cancelledBy(s) {
			out.By = append(out.By, Printable(name))
		}
		if out.Address = Address(r.Addr); r.Addr == 0 && r.Node != heap.None {
			out.Address = Address(s.Heap.Addr(r.Node))
		}
		d.Rows = append(d.Rows, out)
	}
	d.More = len(all) - len(rows)
	return d, nil
}

// wall is the moment of the clock in words, "" for unknown.
func (x *Later) wall() string {
	if x.Clock.Unix == 0 {
		return ""
	}
	return time.Unix(0, x.Clock.Unix).UTC().Format(time.RFC3339)
}

// busyRunners are the goroutines of the runtime that run finalizers and cleanups (mfinal.go,
// runFinalizers, runfinq until Go 1.24; mcleanup.go, runCleanups), if one is run now.
func busyRunners(s *Snapshot) []BusyDocument {
	list := []BusyDocument{}
	for i, g := range s.Process.Goroutines() {
		if strings.HasPrefix(g.Func, "runtime.") {
			continue
		}
		frames := s.Process.Frames(i)
		runs := ""
		for k := len(frames) - 1; k >= max(0, len(frames)-3) && runs == ""; k-- {
			switch frames[k].Func {
			case "runtime.runfinq", "runtime.runFinalizers":
				runs = "finalizers"
			case "runtime.runCleanups":
				runs = "cleanups"
			}
		}
		if runs == "" {
			continue
		}
		at := ""
		for _, f := range frames {
			if f.Func == g.Func {
				if f.File != "" {
					at = shortPlace(fmt.Sprintf("%s:%d", f.File, f.Line))
				}
				break
			}
		}
		list = append(list, BusyDocument{g.ID, runs, Optional(g.Func), Optional(at), Optional(g.WaitReason)})
	}
	return list
}

// unknown are the sections of which the file does not tell. A heap dump has no specials but
// finalizers, and the processors' timers only where the executable says what they are.
func (x *Later) unknown(s *Snapshot) []Put {
	list := []Put{}
	src := s.Process.Source()
	if src.Kind == "heapdump" {
		list = append(list, PutCleanups, PutWeak)
		if src.Executable == "" {
			list = append(list, PutTimers)
		}
	}
	if !x.PoolsKnown {
		list = append(list, PutPools)
	}
	return list
}

func unknownWord(s *Snapshot, of Put) string {
	switch {
	case of != PutPools && of != PutTimers:
		return "a heap dump does not have them"
	case s.Process.Source().Executable == "":
		return "without the executable nothing tells where they are; --exe names it"
	}
	return "the list of all pools, sync.allPools, was not found"
}

// laterWord says of a section what it is, and what its bytes are.
func laterWord(of Put) (title, what string) {
	switch of {
	case PutFinalizers:
		return "Finalizers", "queued ones wait to run, due ones will with the next collection; never: what it needs leads to its own object"
	case PutCleanups:
		return "Cleanups", "queued ones wait to run, due ones will with the next collection; never: what it needs leads to its own object"
	case PutWeak:
		return "Weak pointers and unique handles", "the next collection frees what is due; of what is set the bytes are what the objects retain"
	case PutTimers:
		return "Timers", "by what they do when their time comes"
	case PutPools:
		return "sync.Pool", "the next collection drops victims, and the one after it what is kept"
	case PutContexts:
		return "Contexts", "by the calls that made them, each below its parent"
	}
	return "", ""
}

// WriteLater writes it for people, section by section.
func WriteLater(ctx context.Context, w io.Writer, s *Snapshot, of Put, l List) error {
	x, err := NewLater(ctx, s)
	if err != nil {
		return err
	}
	tables := map[Put]*Table{}
	for _, section := range Puts() {
		if of == "" || of == section {
			if tables[section], err = s.Where(ctx, x.Table(s, section), l.Where); err != nil {
				return err
			}
		}
	}
	p := newPrinter(w, s)
	unknown := x.unknown(s)
	p.line("%s", x.ClockText())
	for _, b := range busyRunners(s) {
		text := fmt.Sprintf("goroutine %d runs %s, and is in %s", b.Goroutine, b.Runs, Printable(ShortPaths(string(b.Function))))
		if b.At != "" {
			text += " at " + Printable(string(b.At))
		}
		if b.Wait != "" {
			text += ": it waits (" + Printable(string(b.Wait)) + "), and the others after it"
		}
		p.line("%s", text)
	}
	for _, section := range Puts() {
		t := tables[section]
		if t == nil {
			continue
		}
		title, what := laterWord(section)
		p.line("")
		switch {
		case slices.Contains(unknown, section):
			p.line("%s: not known: %s", title, unknownWord(s, section))
			continue
		case t.Len() == 0:
			p.line("%s: none", title)
			continue
		}
		count, bytes := uint64(0), uint64(0)
		for i := range t.Len() {
			count += t.Cell(i, t.Column("count")).Num
			bytes += t.Cell(i, t.Column("bytes")).Num
		}
		p.line("%s: %s, %s", title, comma(count), HumanBytes(bytes))
		p.line("  %s", what)
		if section == PutContexts && !x.FuncsKnown {
			p.line("  who can cancel them is not known: the program has no debugging information that says what closures have captured")
		}
		p.table(laterColumns(laterIndented(t.Head(l.Top), x.Section(section)), section), "  ")
	}
	return p.w.Flush()
}

// laterColumns leaves out the columns that a section has nothing for.
func laterColumns(t *Table, of Put) *Table {
	none := map[string]bool{"section": true}
	switch of {
	case PutFinalizers, PutCleanups, PutWeak:
		none["due"], none["cancel"] = true, true
	case PutTimers:
		none["cancel"] = true
	case PutPools:
		none["due"], none["cancel"], none["what"] = true, true, true
	case PutContexts:
		none["type"] = true
	}
	out := *t
	out.Columns = nil
	for _, c := range t.Columns {
		if !none[c.Name] {
			out.Columns = append(out.Columns, c)
		}
	}
	return &out
}

// ClockText says what is known of the time.
func (x *Later) ClockText() string {
	switch {
	case x.Clock.Least == 0:
		return "The file does not tell what the runtime's clock was: nothing is said to be due."
	case x.Clock.Unix == 0:
		return "Times count from the latest one that the runtime has written down: it may have been later."
	}
	return "Times count from " + x.wall() + ", the latest that the runtime has written down: it may have been later."
}
