package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"goheap/heap"
)

// suspectPart is the part of the live heap above which a retainer or a group of
// them is suspect: a tenth, as Eclipse MAT's leak hunter has it.
const suspectPart = 10

// Rule is a way in which something becomes suspect. Each has a file of its own.
type Rule struct {
	Name  string // in documents
	Title string
	Doc   string // what it looks for, for people
	Try   string // what to do about it, where nothing better is known

	find func(ctx context.Context, h *hunt) error
}

// Rules returns the rules in the order in which they are applied: what an earlier
// one has claimed, a later one leaves alone. Those that know kinds of things come last,
// and tell of the suspects before what they are.
func Rules() []Rule {
	return []Rule{
		clusterRule(), singleRule(), groupRule(), classRule(), waitingRule(),
		poolRule(), contextRule(), deferRule(), connectionRule(), tickerRule(), timerRule(), finalizerRule(), endedRule(), deadlockRule(),
	}
}

// Suspect is what probably should not hold as much as it does.
type Suspect struct {
	Rule     string
	Name     string // of the root or object, the type, or the class of roots
	Type     string
	Node     heap.Node // of a group, the member that retains most
	Address  uint64    // 0 for a group
	Count    uint64    // retainers, 1 for a single one
	Retained uint64    // bytes
	// Members are the objects of a group, or the roots of a class, ascending.
	Members []heap.Node
	// Gathered says that the accumulation point is where the paths to nearly
	// all members come together, and not one below a single member.
	Gathered     bool
	Accumulation Accumulation
	Sentence     string // Printable
	// Fingerprint is the same for this suspect in the next dump of the program, and Known
	// why somebody says that it is fine, "" if nobody does (Snapshot.Known).
	Fingerprint string
	Known       string

	// Why says what is known of the kind of thing that it is, "" for nothing, and Try
	// what to do about it. Both are Printable.
	Why, Try string

	holders []heap.Node // the lowest roots of the classes that hold a cluster
	holding []heap.Node // the roots that hold a group, or an object, and stand for themselves
	lead    []heap.Node // a path to Node by which it is called, nil for the shortest one
	within  []heap.Node // what several of the Members hold together, and nothing else
	made    string      // in place of what its bytes are in
}

// hunt is one application of the rules.
type hunt struct {
	s         *Snapshot
	threshold uint64 // bytes; what retains more is suspect
	least     uint64 // bytes; nor is less so for a rule that knows what it has found
	holders   []Holder
	claimed   []bool // by holder
	found     []Suspect

	goroutines map[heap.Node]GoroutineRow // by their nodes, once they were asked for
}

// Suspects applies the rules. What retains most stands first.
func Suspects(ctx context.Context, s *Snapshot) ([]Suspect, error) {
	holders, err := s.Holders(ctx)
	if err != nil {
		return nil, err
	}
	h := &hunt{s: s, holders: holders, claimed: make([]bool, len(holders))}
	h.least = h.floor()
	h.threshold = max(s.Dominators.LiveBytes()/suspectPart, h.least)
	for _, r := range Rules() {
		if err := r.find(ctx, h); err != nil {
			return nil, err
		}
	}
	if err := h.explainWaste(ctx); err != nil {
		return nil, err
	}
	try := map[string]string{}
	for _, r := range Rules() {
		try[r.Name] = r.Try
	}
	for i := range h.found {
		f := &h.found[i]
		if f.Try == "" && (f.Rule == RuleSingle || len(foremost(s, f)) == 1) {
			explainSingle(s, f)
		}
		f.Try = cmp.Or(f.Try, try[f.Rule])
	}
	slices.SortStableFunc(h.found, func(a, b Suspect) int {
		return cmp.Or(cmp.Compare(b.Retained, a.Retained), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Name, b.Name))
	})
	h.setFingerprints()
	for i := range h.found {
		h.found[i].Known = s.Known.reason(h.found[i].Fingerprint)
	}
	return h.found, nil
}

func goroutineByNode(s *Snapshot) map[heap.Node]GoroutineRow {
	byNode := map[heap.Node]GoroutineRow{}
	for i, g := range s.Process.Goroutines() {
		byNode[g.Node] = GoroutineRow{Goroutine: g, Index: i}
	}
	return byNode
}

// amount says how much a suspect retains.
func (h *hunt) amount(bytes uint64) string {
	return fmt.Sprintf("%s (%s of the live heap)", HumanBytes(bytes), HumanPercent(h.s.Share(bytes)))
}

// gather finds where the paths to the members of a group come together; where
// they do not, the accumulation point is that of the member that retains most.
func (h *hunt) gather(ctx context.Context, f *Suspect) error {
	at, err := h.s.Dominators.Gather(h.s.within(ctx), f.Members)
	if err != nil {
		return err
	}
	if f.Gathered = at != heap.SuperRoot && len(f.Members) > 1; f.Gathered {
		f.Accumulation = accumulationAt(h.s, at)
	} else {
		f.Accumulation = h.s.Accumulation(f.Node)
	}
	return nil
}

func keep(n uint64) string {
	if n == 1 {
		return "keeps"
	}
	return "keep"
}

// SuspectTable is Suspects as a table; its rows are those of Suspects.
func SuspectTable(ctx context.Context, s *Snapshot) (*Table, error) {
	found, err := Suspects(ctx, s)
	if err != nil {
		return nil, err
	}
	return suspectTable(s, found), nil
}

func suspectTable(s *Snapshot, found []Suspect) *Table {
	title := map[string]string{}
	for _, r := range Rules() {
		title[r.Name] = r.Title
	}
	return NewTable(len(found), func(row int) heap.Node { return found[row].Node },
		Column{Name: "retained_bytes", Title: "Retained", Kind: Bytes, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: found[row].Retained} }},
		Column{Name: "share", Title: "Share", Kind: Percent, MinWidth: 7, Right: true,
			Cell: func(row int) Cell { return Cell{Num: s.Share(found[row].Retained)} }},
		Column{Name: "rule", Title: "Rule", Priority: 1, MinWidth: 12,
			Cell: func(row int) Cell { return Cell{Text: title[found[row].Rule]} }},
		Column{Name: "count", Title: "Count", Kind: Count, Priority: 2, MinWidth: 6, Right: true,
			Cell: func(row int) Cell { return Cell{Num: found[row].Count} }},
		Column{Name: "sentence", Title: "What", MinWidth: 30,
			Cell: func(row int) Cell { return Cell{Text: found[row].Sentence} }},
	)
}

// SuspectDocument is a suspect in JSON.
type SuspectDocument struct {
	Rule         string                `json:"rule"`
	Name         Optional              `json:"name"`
	Type         Optional              `json:"type"`
	Address      Address               `json:"address"`
	Count        uint64                `json:"count"`
	Retained     uint64                `json:"retained_bytes"`
	Percent      Percentage            `json:"percent"`
	Sentence     Escaped               `json:"sentence"`
	Accumulation *AccumulationDocument `json:"accumulation"`
	Fingerprint  string                `json:"fingerprint"`
	Known        Optional              `json:"known"` // why it is fine
	Command      Optional              `json:"command"`
	Wait         *WaitDocument         `json:"wait,omitempty"` // of goroutines that wait for others
}

func newSuspectDocument(ctx context.Context, s *Snapshot, f Suspect) SuspectDocument {
	return SuspectDocument{
		f.Rule, Optional(f.Name), Optional(f.Type), Address(f.Address), f.Count, f.Retained,
		Percentage(s.Share(f.Retained)), Escaped(f.Sentence), accumulationDocument(s, f.Accumulation),
		f.Fingerprint, Optional(f.Known), Optional(s.command(ctx, &f).line()), nil,
	}
}
