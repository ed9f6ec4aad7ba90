package report

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"goheap/gocore"
	"goheap/gocore/wait"
	"goheap/heap"
)

// WaitCause says what goroutines wait for, and who could give it to them.
type WaitCause struct {
	// Operation is what they are in: "chan send", "sync.(*Mutex).Lock".
	Operation string
	Members   int // that wait so
	// Things is how many channels, locks and so on these wait on, 0 where the file does
	// not tell. What follows is about the one that most of them wait on.
	Things int
	Node   heap.Node // of the object that it is, or is a part of; heap.None for none
	Thing  string    // "chan main.result", "sync.Mutex", "" for nothing that there is
	Part   string    // the type of the object that it is a part of, "" for none
	Name   string    // an expression for it, or for that object, by a variable; "" for none
	// Missing is the operation that would end the wait: "a receive from".
	Missing string
	Vain    bool // it is missing for ever, for all of them, by all that the file has
	Proven  bool // likewise, and the file has everything
	// Others has the rest of what points to a channel, except what only the goroutines
	// themselves hold: first what a variable holds or a goroutine that goes on, last what
	// others hold who wait too, and those that retain most first.
	Others []heap.Node
	// MayHold are the goroutines whose stacks refer to a lock, or to the object that it is
	// a part of, and that do not wait for it, by their numbers. A lock of Go does not
	// record who has it.
	MayHold []GoroutineRow

	ways map[heap.Node][]heap.Node // the paths by which Others are told
}

// syncWaits are the ways of waiting in package sync, by the functions that wait.
func syncWaits() map[string]WaitCause {
	return map[string]WaitCause{
		"sync.(*Mutex).Lock":     {Thing: "sync.Mutex", Missing: "an Unlock of"},
		"sync.(*Mutex).lockSlow": {Operation: "sync.(*Mutex).Lock", Thing: "sync.Mutex", Missing: "an Unlock of"},
		"sync.(*RWMutex).RLock":  {Thing: "sync.RWMutex", Missing: "an Unlock of"},
		"sync.(*RWMutex).Lock":   {Thing: "sync.RWMutex", Missing: "an Unlock or RUnlock of"},
		"sync.(*WaitGroup).Wait": {Thing: "sync.WaitGroup", Missing: "a Done of"},
		"sync.(*Cond).Wait":      {Thing: "sync.Cond", Missing: "a Signal or Broadcast of"},
	}
}

// operation returns how a goroutine waits, with what is missing; ok is false for one that
// waits in another way than for another goroutine.
func operation(s *Snapshot, g *gocore.Goroutine, index int) (c WaitCause, ok bool) {
	switch g.WaitReason {
	case "chan receive":
		return WaitCause{Operation: g.WaitReason, Missing: "a send to, or close of,"}, true
	case "chan send":
		return WaitCause{Operation: g.WaitReason, Missing: "a receive from"}, true
	case "select":
		return WaitCause{Operation: g.WaitReason, Missing: "the other end of"}, true
	case "chan receive (nil chan)", "chan send (nil chan)", "select (no cases)":
		return WaitCause{Operation: g.WaitReason}, true
	}
	if g.WaitReason != "semacquire" && !strings.HasPrefix(g.WaitReason, "sync.") {
		return c, false
	}
	ways := syncWaits()
	for _, f := range s.Process.Frames(index) {
		switch w, known := ways[f.Func]; {
		case known && (!ok || c.Thing == "sync.Mutex" && f.Func == "sync.(*RWMutex).Lock"):
			c, ok = w, true
			c.Operation = cmp.Or(w.Operation, f.Func)
		case strings.HasPrefix(f.Func, "sync."), strings.HasPrefix(f.Func, "internal/sync."), strings.HasPrefix(f.Func, "runtime."):
		default:
			return c, ok
		}
	}
	return c, ok
}

// waitCause says what some goroutines, by their nodes, wait for: those of them that wait in
// the most frequent way. It is nil where they do not wait for others.
func waitCause(ctx context.Context, s *Snapshot, nodes []heap.Node) (*WaitCause, error) {
	goroutines := goroutineByNode(s)
	ways, members := map[string]WaitCause{}, map[string][]heap.Node{}
	for _, n := range nodes {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		if g, ok := goroutines[n]; ok {
			if c, ok := operation(s, &g.Goroutine, g.Index); ok {
				ways[c.Operation] = c
				members[c.Operation] = append(members[c.Operation], n)
			}
		}
	}
	if len(ways) == 0 {
		return nil, nil
	}
	way := slices.MaxFunc(slices.Sorted(maps.Keys(ways)), func(a, b string) int { return cmp.Compare(len(members[a]), len(members[b])) })
	c := ways[way]
	c.Members, c.Node = len(members[way]), heap.None
	w, err := s.waits(ctx)
	if err != nil {
		return nil, err
	}
	vain, err := leaked(ctx, s)
	if err != nil {
		return nil, err
	}
	c.Vain = !slices.ContainsFunc(members[way], func(n heap.Node) bool { return !vain[n] })
	c.Proven = c.Vain && proves(s)
	things := map[uint64]wait.Awaited{}
	counts := map[uint64]int{}
	for _, n := range members[way] {
		for _, a := range w.of(goroutines[n].Index) {
			things[a.Addr] = a
			counts[a.Addr]++
		}
	}
	if c.Things = len(things); c.Things == 0 {
		return &c, nil
	}
	at := slices.MaxFunc(slices.Sorted(maps.Keys(things)), func(a, b uint64) int {
		return cmp.Or(cmp.Compare(counts[a], counts[b]), cmp.Compare(b, a))
	})
	among := make(map[heap.Node]bool, len(nodes))
	for _, n := range nodes {
		among[n] = true
	}
	return &c, c.about(ctx, s, things[at], havers{s: s, among: among, goroutines: goroutines})
}

// about says of one thing what it is and who has it beside some goroutines.
func (c *WaitCause) about(ctx context.Context, s *Snapshot, a wait.Awaited, who havers) error {
	c.Node = a.Node
	if a.Node == heap.None {
		for _, r := range s.Heap.Roots() {
			if r.Kind == gocore.GlobalRoot && a.Addr >= r.Addr && a.Addr-r.Addr < r.Size {
				c.Name = s.Heap.Name(r.Node)
			}
		}
	} else if !a.Channel && s.Dominators.Live(a.Node) {
		if to := s.Dominators.PathTo(a.Node); len(to) > 0 && s.Heap.KindOf(to[0]) == gocore.GlobalRoot {
			c.Name = s.Expression(to)
		}
	}
	if !a.Channel {
		if a.Node != heap.None {
			if c.Part = s.Heap.Type(a.Node); c.Part == c.Thing {
				c.Part = ""
			}
		}
		return c.holders(ctx, s, a)
	}
	// Who has but one end of a channel gives it that end's type.
	elem, known := strings.CutPrefix(s.Heap.Type(a.Node), "<-chan ")
	for _, prefix := range []string{"chan<- ", "chan "} {
		if !known {
			elem, known = strings.CutPrefix(elem, prefix)
		}
	}
	if c.Thing = "channel"; known {
		c.Thing = "chan " + elem
	}
	from, err := s.Referrers(ctx, a.Node)
	if err != nil {
		return err
	}
	c.ways = map[heap.Node][]heap.Node{}
	ranks := map[heap.Node]haver{}
	search := searchedHavers
	if c.Vain {
		search = 0 // nobody has it who could do anything
	}
	for _, n := range from {
		if s.Heap.Type(n) == "runtime.sudog" {
			continue
		}
		way, rank, err := who.of(ctx, n, search > 0)
		if err != nil {
			return err
		}
		search--
		if rank != ofThose {
			c.Others = append(c.Others, n)
			c.ways[n], ranks[n] = way, rank
		}
	}
	slices.SortStableFunc(c.Others, func(a, b heap.Node) int { return cmp.Compare(ranks[a], ranks[b]) })
	return nil
}

// searchedHavers is of how many pointers to a channel it is found out who else holds them
// than the nearest root.
const searchedHavers = 8

// haver is who has a pointer to a channel, from the one who most likely uses it.
type haver uint8

const (
	goesOn   haver = iota // a variable, or a goroutine that does not wait for others
	thing                 // a timer, a finalizer
	waitsToo              // a goroutine that waits for others
	ofThose               // one of the goroutines that the question is about
)

// havers tells who has something beside some goroutines.
type havers struct {
	s          *Snapshot
	among      map[heap.Node]bool
	goroutines map[heap.Node]GoroutineRow
}

// rank is what a root is.
func (h *havers) rank(root heap.Node) haver {
	g, ok := h.goroutines[root]
	switch {
	case h.among[root]:
		return ofThose
	case ok:
		if _, waiting := operation(h.s, &g.Goroutine, g.Index); waiting {
			return waitsToo
		}
		return goesOn
	case h.s.Heap.KindOf(root) == gocore.GlobalRoot:
		return goesOn
	}
	return thing
}

// of returns the way by which somebody has n, and who that is. With search it is one who
// goes on where there is one, and anybody else before those of the question; otherwise it
// is the one who is nearest.
func (h *havers) of(ctx context.Context, n heap.Node, search bool) (way []heap.Node, rank haver, err error) {
	d := h.s.Dominators
	way = d.PathTo(n)
	if len(way) == 0 {
		return nil, ofThose, nil
	}
	rank = h.rank(way[0])
	for _, most := range []haver{goesOn, waitsToo} {
		if !search || most >= rank {
			break
		}
		better, err := d.PathFrom(h.s.within(ctx), n, func(root heap.Node) bool { return h.rank(root) <= most }, nil)
		if err != nil {
			return nil, rank, err
		}
		if better != nil {
			return better, h.rank(better[0]), nil
		}
	}
	return way, rank, nil
}

// holders finds who may hold a lock.
func (c *WaitCause) holders(ctx context.Context, s *Snapshot, a wait.Awaited) error {
	if a.Node == heap.None || !strings.HasSuffix(c.Thing, "Mutex") {
		return nil
	}
	w, err := s.waits(ctx)
	if err != nil {
		return err
	}
	rows, err := s.Goroutines(ctx)
	if err != nil {
		return err
	}
	for _, g := range rows {
		waits := slices.ContainsFunc(w.of(g.Index), func(b wait.Awaited) bool { return !b.Channel && b.Node == a.Node })
		if !waits && slices.Contains(s.Graph.Targets(g.Node), a.Node) {
			c.MayHold = append(c.MayHold, g)
		}
	}
	slices.SortStableFunc(c.MayHold, func(a, b GoroutineRow) int { return cmp.Compare(a.ID, b.ID) })
	return nil
}

// thing names what is waited on: "its chan main.result", "one sync.Mutex".
func (c *WaitCause) thing() string {
	text := Printable(ShortPaths(c.Thing))
	switch {
	case c.Operation == "select" && c.Members == 1:
		return "any of its " + plural(uint64(c.Things), "channel")
	case c.Operation == "select":
		return "any of the channels of each"
	case c.Things == 1 && c.Members > 1:
		text = "one " + text
	case c.Things == c.Members:
		text = "its " + text
	default:
		text = fmt.Sprintf("%s × %s", comma(uint64(c.Things)), text)
	}
	if c.Things == 1 && (c.Part != "" || c.Name != "") {
		text += " in " + Printable(ShortPaths(cmp.Or(c.Name, "a "+c.Part)))
	}
	return text
}

// Lines say it in short sentences.
func (c *WaitCause) Lines(s *Snapshot) []string {
	if c.Missing == "" {
		return []string{"missing: nothing can end it, there is no channel"}
	}
	if c.Things == 0 && c.Vain && c.Operation == "select" {
		return []string{"missing: nothing can end it, its channels are nil"}
	}
	if c.Things == 0 {
		return nil
	}
	text := "missing: " + c.Missing + " " + c.thing()
	switch {
	case c.Proven:
		text += "; nobody is left to do it"
	case c.Vain:
		text += "; the file has nobody who could do it, but it lacks "
		if s.Complete() {
			text += "cleanups, as heap dumps do"
		} else {
			text += "a part"
		}
	case len(c.Others) > 0:
		text += "; had by " + c.others(s)
	}
	lines := []string{text}
	if n := len(c.MayHold); n > 0 {
		g := &c.MayHold[0]
		who := fmt.Sprintf("may hold it: goroutine %d in %s [%s]", g.ID, cmp.Or(Printable(ShortPaths(g.Func)), "an unknown function"), g.State())
		if at := writtenAt(s, *g); at != "" {
			who += " at " + at
		}
		if n == 1 {
			who += ", the only other one whose stack has it"
		} else {
			who += fmt.Sprintf(", and %s more whose stacks have it", comma(uint64(n-1)))
		}
		lines = append(lines, who)
	}
	return lines
}

// hadBy names the pointer to the channel that one of the Others has.
func (c *WaitCause) hadBy(s *Snapshot, n heap.Node) string {
	return s.Expression(append(slices.Clone(c.ways[n]), c.Node))
}

// others names a few of the pointers to a channel.
func (c *WaitCause) others(s *Snapshot) string {
	const most = 2
	nodes := c.Others
	var names []string
	for _, n := range nodes[:min(len(nodes), most)] {
		names = append(names, Printable(ShortPaths(c.hadBy(s, n))))
	}
	text := strings.Join(names, ", ")
	if more := len(nodes) - len(names); more > 0 {
		text += fmt.Sprintf(" and %s more", comma(uint64(more)))
	}
	return text
}

// suspectCause is the waitCause of the goroutines that a suspect is, nil for others.
func suspectCause(ctx context.Context, s *Snapshot, f *Suspect) (*WaitCause, error) {
	members := f.Members
	if members == nil {
		members = []heap.Node{f.Node}
	}
	if s.Heap.KindOf(members[0]) != gocore.GoroutineRoot {
		return nil, nil
	}
	return waitCause(ctx, s, members)
}

// causeLines are the Lines of what the goroutines of a suspect wait for.
func causeLines(ctx context.Context, s *Snapshot, f *Suspect) ([]string, error) {
	c, err := suspectCause(ctx, s, f)
	if c == nil || err != nil {
		return nil, err
	}
	return c.Lines(s), nil
}

// WaitDocument is a WaitCause in JSON.
type WaitDocument struct {
	Operation string        `json:"operation"`
	Count     int           `json:"count"`
	Things    int           `json:"things"`
	Type      Optional      `json:"type"`
	Part      Optional      `json:"part_of"`
	Name      Optional      `json:"name"`
	Missing   Optional      `json:"missing"`
	Proven    bool          `json:"proven"`
	HadBy     []Escaped     `json:"had_by"`
	MayHold   []MayHoldLock `json:"may_hold"`
}

// MayHoldLock is a goroutine that may hold a lock, in JSON.
type MayHoldLock struct {
	Goroutine uint64   `json:"goroutine"`
	Function  Optional `json:"function"`
	State     string   `json:"state"`
	At        Optional `json:"at"`
	CreatedAt Optional `json:"created_at"`
}

// mostListed bounds the lists of a WaitDocument.
const mostListed = 20

// waitDocument says in JSON what the goroutines of a suspect wait for, nil for others.
func waitDocument(ctx context.Context, s *Snapshot, f *Suspect) (*WaitDocument, error) {
	c, err := suspectCause(ctx, s, f)
	if c == nil || err != nil {
		return nil, err
	}
	d := &WaitDocument{
		Operation: c.Operation, Count: c.Members, Things: c.Things, Type: Optional(c.Thing), Part: Optional(c.Part),
		Name: Optional(c.Name), Missing: Optional(strings.TrimSuffix(c.Missing, ",")), Proven: c.Proven, HadBy: []Escaped{}, MayHold: []MayHoldLock{},
	}
	for _, n := range c.Others[:min(len(c.Others), mostListed)] {
		d.HadBy = append(d.HadBy, Escaped(c.hadBy(s, n)))
	}
	for _, g := range c.MayHold[:min(len(c.MayHold), mostListed)] {
		d.MayHold = append(d.MayHold, MayHoldLock{g.ID, Optional(g.Func), g.State(), Optional(writtenAt(s, g)), Optional(shortPlace(g.CreatedAt))})
	}
	return d, nil
}
