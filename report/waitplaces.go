package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"goheap/gocore"
	"goheap/gocore/wait"
	"goheap/heap"
)

// WaitPlaces says at which places goroutines wait, in which order, who could end that, and
// which of them wait for each other in a circle.
type WaitPlaces struct {
	*wait.Graph
	// Rows are the Places, those first at which most wait.
	Rows []int
	// Goroutines are all of the process, by what the Graph calls them.
	Goroutines []gocore.Goroutine
	// circle is the number of the deadlock, from 1 on, that a goroutine is in or waits for.
	circle map[int]int
	stuck  map[int]bool
}

// FindWaitPlaces asks who waits for whom, once for a Snapshot.
func FindWaitPlaces(ctx context.Context, s *Snapshot) (*WaitPlaces, error) {
	return s.places.get(func() (*WaitPlaces, error) {
		g, err := s.Heap.WaitGraph(s.within(ctx))
		if err != nil {
			return nil, err
		}
		w := &WaitPlaces{Graph: g, Goroutines: s.Process.Goroutines(), circle: map[int]int{}, stuck: map[int]bool{}}
		for i := range g.Places {
			w.Rows = append(w.Rows, i)
		}
		slices.SortStableFunc(w.Rows, func(a, b int) int { return cmp.Compare(len(g.Places[b].Queue), len(g.Places[a].Queue)) })
		for i, d := range g.Deadlocks {
			for _, m := range slices.Concat(d.Members, d.Behind) {
				w.circle[m] = i + 1
			}
		}
		for _, i := range g.Stuck {
			w.stuck[i] = true
		}
		return w, nil
	})
}

// id is the number that the runtime gives a goroutine.
func (w *WaitPlaces) id(goroutine int) uint64 { return w.Goroutines[goroutine].ID }

// placeName is an expression for what goroutines wait on, "" for none; held says that a
// goroutine alone leads to it.
func placeName(s *Snapshot, p *wait.Place) (name string, held bool) {
	var within gocore.Value
	switch {
	case p.Kind == wait.NilChannel:
		return "", false
	case p.Node == heap.None:
		place, err := s.Heap.Resolve(fmt.Sprintf("0x%x", p.Addr))
		if err != nil {
			return "", false
		}
		name, within = place.Variable, place.Value
	default:
		to := s.Dominators.PathTo(p.Node)
		if len(to) == 0 {
			return "", false
		}
		name, held = s.Expression(to), s.Heap.KindOf(to[0]) == gocore.GoroutineRoot
		within, _ = s.Heap.Value(p.Node)
	}
	if field := fieldAt(s, within, p); name != "" && field != "" {
		name += "." + field
	}
	return name, held
}

// placeLabel is what text calls a place: by a variable, or else by its address and what it
// is a part of.
func placeLabel(s *Snapshot, p *wait.Place) string {
	thing := Printable(ShortPaths(thingAt(s, p)))
	name, held := placeName(s, p)
	switch {
	case p.Kind == wait.NilChannel:
		return thing
	case name != "" && !held:
		return thing + " " + Printable(ShortPaths(name))
	}
	text := fmt.Sprintf("%s %#x", thing, p.Addr)
	if p.Node != heap.None && p.Kind != wait.Channel {
		if typ := s.Heap.Type(p.Node); typ != "" && ShortPaths(typ) != string(p.Kind) {
			text += " in a " + Printable(ShortPaths(typ))
		}
	}
	return text
}

// maxPlaceFields bounds in how many fields of an object a lock is looked for.
const maxPlaceFields = 1000

// fieldAt names the field of a value that is the place, "" for none.
func fieldAt(s *Snapshot, v gocore.Value, p *wait.Place) string {
	if v.Map || p.Kind == wait.Channel || p.Kind == wait.Semaphore {
		return ""
	}
	fields, _ := s.Heap.FieldsOf(v, 0, maxPlaceFields)
	var names []string
	for _, f := range fields {
		names = append(names[:min(f.Depth, len(names))], f.Name)
		if f.Addr == p.Addr && f.Type == string(p.Kind) {
			text := strings.ReplaceAll(strings.Join(names, "."), ".[", "[")
			return strings.TrimLeft(text, ".")
		}
	}
	return ""
}

// thingAt is what goroutines wait on: its kind, or the type of a channel.
func thingAt(s *Snapshot, p *wait.Place) string {
	if p.Kind != wait.Channel {
		return string(p.Kind)
	}
	typ := s.Heap.Type(p.Node)
	for _, prefix := range []string{"<-chan ", "chan<- "} {
		if elem, ok := strings.CutPrefix(typ, prefix); ok {
			return "chan " + elem
		}
	}
	if strings.HasPrefix(typ, "chan ") {
		return typ
	}
	return "channel"
}

// placeState says in a word or two in which state a place is, "" for unknown.
func placeState(p *wait.Place) string {
	switch {
	case !p.Known:
		return ""
	case p.Kind == wait.Channel && p.Closed:
		return "closed"
	case p.Kind == wait.Channel && p.Capacity == 0:
		return "unbuffered"
	case p.Kind == wait.Channel:
		return fmt.Sprintf("%s of %s", comma(p.Queued), comma(p.Capacity))
	case p.Kind == wait.WaitGroup:
		return fmt.Sprintf("%s missing", comma(uint64(max(p.Missing, 0))))
	case p.Kind == wait.RWMutex && p.Readers > 0:
		return plural(uint64(p.Readers), "reader")
	case p.Locked:
		return "locked"
	}
	return "unlocked"
}

// operations counts how those at a place wait: "3 send, 1 receive".
func operations(p *wait.Place) string {
	counts := map[string]int{}
	var order []string
	for _, q := range p.Queue {
		if counts[q.Operation]++; counts[q.Operation] == 1 {
			order = append(order, q.Operation)
		}
	}
	var parts []string
	for _, o := range order {
		parts = append(parts, fmt.Sprintf("%s %s", comma(uint64(counts[o])), o))
	}
	return strings.Join(parts, ", ")
}

// holdersText names who has a place, "" for nobody that is known.
func (w *WaitPlaces) holdersText(p *wait.Place) string {
	const most = 2
	var parts []string
	for _, h := range p.Holders {
		if h.How == wait.ByTurn {
			continue
		}
		text := fmt.Sprintf("goroutine %d", w.id(h.Goroutine))
		if h.At != "" {
			text += " at " + shortPlace(h.At)
		}
		if !slices.Contains(parts, text) {
			parts = append(parts, text)
		}
	}
	if n := len(parts); n > most {
		parts = append(parts[:most], fmt.Sprintf("%s more", comma(uint64(n-most))))
	}
	return strings.Join(parts, ", ")
}

// endText says whether the waits at a place can end.
func (w *WaitPlaces) endText(s *Snapshot, p *wait.Place) string {
	circle, never := 0, 0
	for _, q := range p.Queue {
		if c := w.circle[q.Goroutine]; c > 0 && (circle == 0 || c < circle) {
			circle = c
		}
		if w.stuck[q.Goroutine] {
			never++
		}
	}
	switch {
	case circle > 0:
		return fmt.Sprintf("deadlock %d", circle)
	case never > 0 && proves(s):
		return "never ends"
	case never > 0:
		return "likely never ends"
	}
	return ""
}

// WaitTable is WaitPlaces as a table, with a row for each of the Rows.
func WaitTable(ctx context.Context, s *Snapshot) (*Table, error) {
	w, err := FindWaitPlaces(ctx, s)
	if err != nil {
		return nil, err
	}
	at := func(row int) *wait.Place { return &w.Places[w.Rows[row]] }
	return NewTable(len(w.Rows), func(row int) heap.Node { return at(row).Node },
		Column{Name: "waiting", Title: "Waiting", Kind: Count, MinWidth: 7, Right: true,
			Cell: func(row int) Cell { return Cell{Num: uint64(len(at(row).Queue))} }},
		Column{Name: "place", Title: "Place", MinWidth: 12,
			Cell: func(row int) Cell { return textCell(thingAt(s, at(row))) }},
		Column{Name: "state", Title: "State", Priority: 1, MinWidth: 8,
			Cell: func(row int) Cell { return textCell(placeState(at(row))) }},
		Column{Name: "operations", Title: "In", Priority: 2, MinWidth: 8,
			Cell: func(row int) Cell { return textCell(operations(at(row))) }},
		Column{Name: "end", Title: "End", MinWidth: 10,
			Cell: func(row int) Cell { return textCell(w.endText(s, at(row))) }},
		Column{Name: "held_by", Title: "Held by", Priority: 1, MinWidth: 12,
			Cell: func(row int) Cell { return textCell(w.holdersText(at(row))) }},
		Column{Name: "name", Title: "Name", MinWidth: 16,
			Cell: func(row int) Cell { name, _ := placeName(s, at(row)); return textCell(name) }},
		Column{Name: "address", Title: "Address", Kind: Addr, Priority: 3,
			Cell: func(row int) Cell { return Cell{Num: at(row).Addr, Unknown: at(row).Addr == 0} }},
	), nil
}

// certainty says how sure it is that some goroutines are in a deadlock.
func certainty(s *Snapshot, d *wait.Deadlock) string {
	if d.Proven && proves(s) {
		return "proven"
	}
	return "likely"
}

// title says in a line who is in a deadlock: "deadlock 1, proven: 2 goroutines wait for each
// other, and 1 more for them".
func (w *WaitPlaces) title(s *Snapshot, i int) string {
	d := &w.Deadlocks[i]
	text := fmt.Sprintf("deadlock %d, %s: ", i+1, certainty(s, d))
	if n := len(d.Members); n == 1 {
		text += fmt.Sprintf("goroutine %d waits for itself", w.id(d.Members[0]))
	} else {
		text += plural(uint64(n), "goroutine") + " " + together(d)
	}
	if n := len(d.Behind); n > 0 {
		text += fmt.Sprintf(", and %s more for them", comma(uint64(n)))
	}
	return text
}

// together says what the goroutines of a deadlock do: where none of them is known to have
// what another waits for, each only leads to it.
func together(d *wait.Deadlock) string {
	if slices.ContainsFunc(d.Cycle, func(s wait.Step) bool { return s.By.How != wait.ByLeader }) {
		return "wait for each other"
	}
	return "could only wake each other"
}

// waitText says what a step of a circle waits for: "goroutine 7 main.f at f.go:12 waits to
// Lock the sync.Mutex main.mu".
func (w *WaitPlaces) waitText(s *Snapshot, step *wait.Step) string {
	p := &w.Places[step.Place]
	text := fmt.Sprintf("goroutine %d in %s", w.id(step.Goroutine), cmp.Or(Printable(ShortPaths(step.Func)), "an unknown function"))
	if step.At != "" {
		text += " at " + Printable(shortPlace(step.At))
	}
	does := map[string]string{"send": "send to", "receive": "receive from", "Wait": "be woken by", "Do": "be let through"}[step.Operation]
	switch {
	case p.Kind == wait.WaitGroup:
		does = "see the end of"
	case does == "":
		does = step.Operation
	}
	text += fmt.Sprintf(" waits to %s %s", does, placeLabel(s, p))
	if step.Select {
		text += ", in a select"
	}
	return text
}

// heldText says how the next one of a circle has what a step waits for.
func (w *WaitPlaces) heldText(step *wait.Step) string {
	p := &w.Places[step.Place]
	who := fmt.Sprintf("goroutine %d", w.id(step.By.Goroutine))
	if step.By.Goroutine == step.Goroutine {
		who = "it itself"
	}
	at := ""
	if step.By.At != "" {
		at = " at " + Printable(shortPlace(step.By.At))
	}
	switch how := step.By.How; {
	case how == wait.ByCode && step.By.Read:
		return who + " has locked it to read" + at
	case how == wait.ByCode:
		return who + " has locked it" + at
	case how == wait.ByDefer && p.Kind == wait.WaitGroup:
		return who + " will be done with it when it returns: deferred" + at
	case how == wait.ByDefer:
		return who + " has it, and will unlock it when it returns: deferred" + at
	case how == wait.ByTurn:
		return who + " has its turn before, and waits for those who read"
	}
	return "of those who do not wait nobody has it, and " + who + " does"
}

// mostNamed bounds the goroutines of a list that are named in text.
const mostNamed = 10

func (w *WaitPlaces) ids(list []int) string {
	var parts []string
	for _, g := range head(list, mostNamed) {
		parts = append(parts, fmt.Sprint(w.id(g)))
	}
	if more := len(list) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("and %s more", comma(uint64(more))))
	}
	return strings.Join(parts, ", ")
}

// Lines say who is in a deadlock, with the lines of a shortest circle.
func (w *WaitPlaces) Lines(s *Snapshot, deadlock int) []string {
	d := &w.Deadlocks[deadlock]
	lines := []string{w.title(s, deadlock)}
	for i := range d.Cycle {
		lines = append(lines, "  "+w.waitText(s, &d.Cycle[i]), "    "+w.heldText(&d.Cycle[i]))
	}
	if len(d.Members) > len(d.Cycle) {
		lines = append(lines, "  in the circle, or in others that hang together with it: "+w.ids(d.Members))
	}
	if len(d.Behind) > 0 {
		lines = append(lines, "  behind it: "+w.ids(d.Behind))
	}
	return lines
}
