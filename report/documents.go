package report

import (
	"context"
	"slices"

	"goheap/gocore"
	"goheap/heap"
)

// Limits bound the lists of a document; a negative one is no limit.
type Limits struct {
	Retainers, Types, Roots, Goroutines int
	Fields, Referrers                   int // of an object
	Calls                               int // of a stack
}

// DefaultLimits are those of JSON documents: a report of them has less than 5 MB, whatever
// the program is, if its names are not very long.
func DefaultLimits() Limits {
	return Limits{Retainers: 100, Types: 5000, Roots: 1000, Goroutines: 200, Fields: 10_000, Referrers: 1000, Calls: mostCalls}
}

// mostCalls is how many calls of a stack the runtime prints, half from each end
// (runtime/traceback.go, tracebackInnerFrames and tracebackOuterFrames).
const mostCalls = 100

// SameLimit bounds every list of a document by n.
func SameLimit(n int) Limits { return Limits{n, n, n, n, n, n, n} }

func head[T any](s []T, n int) []T {
	if n < 0 || n > len(s) {
		return s
	}
	return s[:n]
}

// The documents below are the JSON contract: the order of the keys is the
// order of the fields, every key is always there, and unknown is null.

// InfoDocument says what a file is and how well it was read.
type InfoDocument struct {
	Schema string `json:"schema"`
	SummaryDocument
	Phases     []PhaseDocument `json:"phases"`
	PeakMemory *uint64         `json:"peak_memory_bytes"`
}

// SummaryDocument is the part of info that depends on the input alone.
type SummaryDocument struct {
	Source SourceDocument     `json:"source"`
	Heap   HeapDocument       `json:"heap"`
	Typing TypingDocument     `json:"typing"`
	Check  gocore.CheckStatus `json:"check"`
}

// SourceDocument is the file, and what in it or of the program is missing or odd.
type SourceDocument struct {
	Kind        string            `json:"kind"`
	Path        Escaped           `json:"path"`
	Bytes       int64             `json:"bytes"`
	GoVersion   Optional          `json:"go_version"`
	OS          Optional          `json:"os"`
	Arch        Optional          `json:"arch"`
	BuildID     Optional          `json:"build_id"`
	BuildIDKind Optional          `json:"build_id_kind"`
	Executable  Optional          `json:"executable"`
	Symbols     string            `json:"symbols"`
	Complete    bool              `json:"complete"`
	Problems    []ProblemDocument `json:"problems"`
}

// ProblemDocument is a Problem of the file, met Count times.
type ProblemDocument struct {
	Severity string  `json:"severity"`
	Message  Escaped `json:"message"`
	Count    int     `json:"count"`
}

// HeapDocument counts the heap, in objects and bytes; null is what the file does not tell.
type HeapDocument struct {
	LiveObjects    uint64  `json:"live_objects"`
	LiveBytes      uint64  `json:"live_bytes"`
	GarbageObjects *uint64 `json:"garbage_objects"`
	GarbageBytes   *uint64 `json:"garbage_bytes"`
	GCMarkedBytes  *uint64 `json:"gc_marked_bytes"`
	Edges          uint64  `json:"edges"`
	Roots          uint64  `json:"roots"`
	Goroutines     uint64  `json:"goroutines"`
}

// TypingDocument says how much of the live heap has a type, and by which evidence.
// CoveredBytes are those of TypedBytes that the types explain, FitBytes those of objects of which no
// more is known than that one type alone fits, which are not typed, and BehindUnknown those that
// are of objects of unknown type or dominated by one.
type TypingDocument struct {
	TypedObjects  uint64            `json:"typed_objects"`
	TypedBytes    uint64            `json:"typed_bytes"`
	CoveredBytes  uint64            `json:"covered_bytes"`
	FitObjects    uint64            `json:"fit_objects"`
	FitBytes      uint64            `json:"fit_bytes"`
	Conflicts     uint64            `json:"conflicts"`
	BehindUnknown uint64            `json:"behind_unknown_bytes"`
	EvidenceBytes map[string]uint64 `json:"evidence_bytes"`
}

// PhaseDocument is how long a phase of loading took.
type PhaseDocument struct {
	Name string `json:"name"`
	MS   int64  `json:"ms"`
}

// NewInfoDocument answers what the file is.
func NewInfoDocument(s *Snapshot) InfoDocument {
	d := InfoDocument{Schema: "goheap/info/1", SummaryDocument: NewSummaryDocument(s), Phases: []PhaseDocument{}}
	for _, p := range s.Phases {
		d.Phases = append(d.Phases, PhaseDocument{p.Name, p.Elapsed.Milliseconds()})
	}
	if s.Peak > 0 {
		d.PeakMemory = &s.Peak
	}
	return d
}

// NewSummaryDocument is what info and report say about the file alike.
func NewSummaryDocument(s *Snapshot) SummaryDocument {
	src, typing := s.Process.Source(), s.Heap.Typing()
	liveObjects, liveBytes := s.Live()
	d := SummaryDocument{
		Source: SourceDocument{
			Kind: src.Kind, Path: Escaped(src.Path), Bytes: src.Bytes,
			GoVersion: Optional(src.GoVersion), OS: Optional(src.OS), Arch: Optional(src.Arch),
			BuildID: Optional(src.BuildID), BuildIDKind: Optional(src.BuildIDKind),
			Executable: Optional(src.Executable), Symbols: src.Symbols,
			Complete: s.Complete(), Problems: []ProblemDocument{},
		},
		Heap: HeapDocument{
			LiveObjects: liveObjects, LiveBytes: liveBytes,
			Edges: countEdges(s), Roots: uint64(s.Graph.Roots), Goroutines: uint64(len(s.Process.Goroutines())),
		},
		Typing: TypingDocument{
			TypedObjects: typing.TypedObjects, TypedBytes: typing.TypedBytes, CoveredBytes: typing.CoveredBytes,
			FitObjects: typing.FitObjects, FitBytes: typing.FitBytes,
			Conflicts: typing.Conflicts, BehindUnknown: typing.BehindUnknown, EvidenceBytes: map[string]uint64{},
		},
		Check: s.Verdict(),
	}
	for e, bytes := range typing.EvidenceBytes {
		d.Typing.EvidenceBytes[e.String()] = bytes
	}
	// Where fewer slots are allocated than live, the check says so; a
	// negative amount of garbage would say nothing.
	if objects, bytes := s.Heap.AllocatedSlots(); objects >= liveObjects && bytes >= liveBytes {
		objects, bytes = objects-liveObjects, bytes-liveBytes
		d.Heap.GarbageObjects, d.Heap.GarbageBytes = &objects, &bytes
	}
	if marked := s.Heap.GCMarkedBytes(); marked > 0 {
		d.Heap.GCMarkedBytes = &marked
	}
	for _, p := range s.Process.Problems() {
		d.Source.Problems = append(d.Source.Problems, ProblemDocument{string(p.Severity), Escaped(p.Message), p.Count})
	}
	return d
}

// countEdges counts the pointers of the graph, those from the super-root to the
// roots apart.
func countEdges(s *Snapshot) uint64 {
	return uint64(len(s.Graph.Target) - len(s.Graph.Targets(heap.SuperRoot)))
}

// Verdict sums the checks up: one that differs decides, else one that could not
// be made.
func (s *Snapshot) Verdict() gocore.CheckStatus {
	verdict := gocore.CheckOK
	if len(s.Checks) == 0 {
		verdict = gocore.CheckNotComparable
	}
	for _, c := range s.Checks {
		switch {
		case c.Status == gocore.CheckDiffers:
			return c.Status
		case c.Status == gocore.CheckNotComparable && !c.Absent:
			verdict = c.Status
		}
	}
	return verdict
}

// VerdictText is Verdict for people, and what it comes from. A program that ran on
// after its last collection, as each does that was not stopped just then, can be
// compared in one direction only: it has dropped some of what was marked, but what
// it still holds was marked or is new.
func (s *Snapshot) VerdictText() (verdict, why string) {
	switch s.Verdict() {
	case gocore.CheckOK:
		for _, c := range s.Checks {
			if c.Absent {
				return "ok", "the objects are as many as the runtime counted, and as large; " + c.Reason
			}
		}
		return "ok", "the live set is the garbage collector's"
	case gocore.CheckDiffers:
		return "DIFFERS", "from the runtime's own word: goheap check FILE says where"
	}
	verdict, why = "not comparable", "the runtime's own word is not known"
	for _, c := range s.Checks {
		switch {
		case c.Absent:
		case c.Status == gocore.CheckNotComparable:
			why = c.Reason
		case c.Live:
			verdict = "ok as far as comparable"
		}
	}
	return verdict, why
}

// CheckDocument compares what was read with the runtime's own word.
type CheckDocument struct {
	Schema string               `json:"schema"`
	OK     bool                 `json:"ok"`
	Checks []CheckItemsDocument `json:"checks"`
}

// CheckItemsDocument is one comparison; Examples are the first addresses that differ.
type CheckItemsDocument struct {
	Name       string             `json:"name"`
	Ours       int64              `json:"ours"`
	Runtime    int64              `json:"runtime"`
	Difference int64              `json:"difference"`
	Status     gocore.CheckStatus `json:"status"`
	Reason     Optional           `json:"reason"`
	Examples   []Address          `json:"examples"`
}

// NewCheckDocument is ok when no check differs.
func NewCheckDocument(s *Snapshot) CheckDocument {
	d := CheckDocument{Schema: "goheap/check/1", OK: s.Verdict() != gocore.CheckDiffers, Checks: []CheckItemsDocument{}}
	for _, c := range s.Checks {
		item := CheckItemsDocument{c.Name, c.Ours, c.Runtime, c.Difference, c.Status, Optional(c.Reason), []Address{}}
		for _, a := range c.Examples {
			item.Examples = append(item.Examples, Address(a))
		}
		d.Checks = append(d.Checks, item)
	}
	return d
}

// ReportDocument answers who holds the memory. Goroutines are groups of equal state and
// stack, and not among the roots. Of long lists those that retain most are there, and More
// has how many are not.
type ReportDocument struct {
	Schema     string                   `json:"schema"`
	Info       SummaryDocument          `json:"info"`
	Retainers  []RetainerDocument       `json:"retainers"`
	Holders    []HolderDocument         `json:"holders"` // as the text has them
	Types      []TypeDocument           `json:"types"`
	Roots      []RootDocument           `json:"roots"`
	Goroutines []GoroutineGroupDocument `json:"goroutines"`
	Suspects   []SuspectDocument        `json:"suspects"`
	Unused     []string                 `json:"known_unused"` // fingerprints of no suspect
	Deadlocks  []DeadlockDocument       `json:"deadlocks"`    // as the verb waits has them
	Waste      *WasteDocument           `json:"waste"`        // null where it is not asked for
	More       MoreDocument             `json:"more"`
}

// MoreDocument is how many rows of each list of a report are left out.
type MoreDocument struct {
	Retainers  int `json:"retainers"`
	Holders    int `json:"holders"`
	Types      int `json:"types"`
	Roots      int `json:"roots"`
	Goroutines int `json:"goroutines"` // groups
	Deadlocks  int `json:"deadlocks"`
}

// RetainerDocument is a holder on the first screen: one object or root, or Count of a kind.
// Retained is what would be freed without it.
type RetainerDocument struct {
	Kind         string                `json:"kind"`
	Name         Optional              `json:"name"`
	Type         Optional              `json:"type"`
	Address      Address               `json:"address"`
	ValueAddress Address               `json:"value_address"`
	Count        uint64                `json:"count"`
	Objects      uint64                `json:"objects"`
	Shallow      uint64                `json:"shallow_bytes"`
	Retained     uint64                `json:"retained_bytes"`
	Holders      []NodeDocument        `json:"holders"`
	MoreHolders  bool                  `json:"more_holders"`
	Accumulation *AccumulationDocument `json:"accumulation"`
}

// AccumulationDocument is the place below a retainer where its bytes come together.
type AccumulationDocument struct {
	Expression   Optional `json:"expression"`
	Type         Optional `json:"type"`
	Address      Address  `json:"address"`
	ValueAddress Address  `json:"value_address"`
	Retained     uint64   `json:"retained_bytes"`
	// ListLength is how many elements there are in the list of which the place is the
	// first; null for no list.
	ListLength *int `json:"list_length"`
}

// TypeDocument is all live objects of a type. Retained is the least that they retain as
// a set: what several of them hold and none alone is not in it.
type TypeDocument struct {
	Type     Escaped  `json:"type"`
	Package  Optional `json:"package"`
	Objects  uint64   `json:"objects"`
	Shallow  uint64   `json:"shallow_bytes"`
	Retained uint64   `json:"retained_bytes_min"`
}

// RootDocument is a root, with what it alone keeps alive.
type RootDocument struct {
	Kind     string   `json:"kind"`
	Name     Optional `json:"name"`
	Type     Optional `json:"type"`
	Package  Optional `json:"package"`
	Address  Address  `json:"address"`
	Size     uint64   `json:"size"`
	Objects  uint64   `json:"objects"`
	Retained uint64   `json:"retained_bytes"`

	UsedBy []Escaped `json:"used_by,omitempty"` // functions, of a variable without a name
}

// GoroutineHead is a goroutine; null is what the file does not tell of it.
type GoroutineHead struct {
	ID         uint64          `json:"id"`
	Status     Optional        `json:"status"`
	WaitReason Optional        `json:"wait_reason"`
	WaitNanos  *int64          `json:"wait_ns"`
	Function   Optional        `json:"function"`
	CreatedBy  Optional        `json:"created_by"`
	CreatedAt  Optional        `json:"created_at"`
	ParentID   *uint64         `json:"parent_id"`
	Thread     *int            `json:"thread"`
	Locked     bool            `json:"locked"` // to its thread
	Labels     []LabelDocument `json:"labels"`
	StackBytes uint64          `json:"stack_bytes"`
	Objects    uint64          `json:"objects"`
	Retained   uint64          `json:"retained_bytes"`
}

// GoroutineDocument is a goroutine with its stack.
type GoroutineDocument struct {
	GoroutineHead
	Frames []FrameDocument `json:"frames"`
}

// LabelDocument is a pair that the program gave to a goroutine (runtime/pprof.Do).
type LabelDocument struct {
	Key   Escaped `json:"key"`
	Value Escaped `json:"value"`
}

func labelDocuments(s *Snapshot, labels []gocore.Label) []LabelDocument {
	docs := []LabelDocument{}
	for _, l := range labels {
		if s.Disclosure == Hidden {
			l = gocore.Label{Key: "…", Value: "…"}
		}
		docs = append(docs, LabelDocument{Escaped(l.Key), Escaped(l.Value)})
	}
	return docs
}

// FrameDocument is a call on a stack, the innermost first.
type FrameDocument struct {
	Function     Optional `json:"function"`
	File         Optional `json:"file"`
	Line         *int     `json:"line"`
	Inlined      bool     `json:"inlined"`
	Conservative bool     `json:"conservative"`
}

// NewReportDocument answers who holds the memory, or as much of it as the sections have
// that are named (Sections): lists of others are null.
func NewReportDocument(ctx context.Context, s *Snapshot, limits Limits, sections ...string) (*ReportDocument, error) {
	has := Layout{Sections: sections}.has
	d := &ReportDocument{Schema: "goheap/report/1", Info: NewSummaryDocument(s)}
	if has(SectionHolders) {
		all, err := s.Retainers(ctx)
		if err != nil {
			return nil, err
		}
		d.Retainers = []RetainerDocument{}
		for _, r := range head(all, limits.Retainers) {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			d.Retainers = append(d.Retainers, newRetainerDocument(s, r))
		}
		d.More.Retainers = len(all) - len(d.Retainers)
		var total int
		if d.Holders, total, err = holderDocuments(ctx, s, limits.Retainers); err != nil {
			return nil, err
		}
		d.More.Holders = total - len(d.Holders)
	}
	var err error
	if has(SectionTypes) {
		if d.Types, err = typeDocuments(ctx, s, List{Top: limits.Types}); err != nil {
			return nil, err
		}
		types, err := s.Types(ctx)
		if err != nil {
			return nil, err
		}
		d.More.Types = len(types) - len(d.Types)
	}
	if has(SectionRoots) {
		own, err := OwnRootTable(ctx, s)
		if err != nil {
			return nil, err
		}
		if d.Roots, err = rootDocuments(ctx, s, own, List{Top: limits.Roots}); err != nil {
			return nil, err
		}
		d.More.Roots = own.Len() - len(d.Roots)
	}
	if has(SectionGoroutines) {
		groups, err := NewGoroutineGroupsDocument(ctx, s, List{Top: limits.Goroutines}, ByStack)
		if err != nil {
			return nil, err
		}
		d.Goroutines = groups.Groups
		stacks, err := s.StackGroups(ctx)
		if err != nil {
			return nil, err
		}
		d.More.Goroutines = len(stacks) - len(d.Goroutines)
	}
	if has(SectionWaste) {
		if d.Waste, err = NewWasteDocument(ctx, s, List{Top: limits.Types}); err != nil {
			return nil, err
		}
	}
	if has(SectionSuspects) || has(SectionVerdict) {
		suspects, err := Suspects(ctx, s)
		if err != nil {
			return nil, err
		}
		d.Suspects, d.Unused = []SuspectDocument{}, []string{}
		for _, suspect := range suspects {
			of := newSuspectDocument(ctx, s, suspect)
			if of.Wait, err = waitDocument(ctx, s, &suspect); err != nil {
				return nil, err
			}
			d.Suspects = append(d.Suspects, of)
		}
		for _, e := range s.Known.unused(suspects) {
			d.Unused = append(d.Unused, e.Fingerprint)
		}
		w, err := FindWaitPlaces(ctx, s)
		if err != nil {
			return nil, err
		}
		d.Deadlocks = []DeadlockDocument{}
		for i := range head(w.Deadlocks, limits.Goroutines) {
			d.Deadlocks = append(d.Deadlocks, w.deadlockDocument(s, &w.Deadlocks[i]))
		}
		d.More.Deadlocks = len(w.Deadlocks) - len(d.Deadlocks)
	}
	return d, nil
}

func newRetainerDocument(s *Snapshot, r Retainer) RetainerDocument {
	d := RetainerDocument{
		Kind: string(r.Kind), Name: Optional(r.Name), Type: Optional(r.Type), Address: Address(r.Address), ValueAddress: valueAddress(s, r.Node, r.Address),
		Count: r.Count, Objects: r.Objects, Shallow: r.Shallow, Retained: r.Retained,
		Holders: []NodeDocument{}, MoreHolders: r.MoreHolders,
		Accumulation: accumulationDocument(s, s.Accumulation(r.Node)),
	}
	for _, h := range r.Holders {
		d.Holders = append(d.Holders, describeNode(s, h))
	}
	return d
}

func accumulationDocument(s *Snapshot, a Accumulation) *AccumulationDocument {
	d := &AccumulationDocument{Expression: Optional(a.Expression), Type: Optional(a.Type), Address: Address(a.Address), ValueAddress: valueAddress(s, a.Node, a.Address), Retained: a.Retained}
	if a.List > 0 {
		d.ListLength = &a.List
	}
	return d
}

// List says which rows of a list are wanted.
type List struct {
	Top   int    // at most so many, all if negative
	Where string // those that the filter keeps, see Snapshot.Where; "" is all
}

// wantedRows returns the numbers of the rows of t that are wanted, in its order.
func wantedRows(ctx context.Context, s *Snapshot, t *Table, err error, l List) ([]int, error) {
	if err != nil {
		return nil, err
	}
	if t, err = s.Where(ctx, t, l.Where); err != nil {
		return nil, err
	}
	t = t.Head(l.Top)
	rows := make([]int, t.Len())
	for i := range rows {
		rows[i] = t.Row(i)
	}
	return rows, nil
}

// TypesDocument lists the types of the live objects.
type TypesDocument struct {
	Schema string         `json:"schema"`
	Types  []TypeDocument `json:"types"`
}

// NewTypesDocument lists types; the filter sees the rows of TypeTable.
func NewTypesDocument(ctx context.Context, s *Snapshot, l List) (*TypesDocument, error) {
	rows, err := typeDocuments(ctx, s, l)
	return &TypesDocument{"goheap/types/1", rows}, err
}

func typeDocuments(ctx context.Context, s *Snapshot, l List) ([]TypeDocument, error) {
	docs := []TypeDocument{}
	all, err := s.Types(ctx)
	if err != nil {
		return docs, err
	}
	t, err := TypeTable(ctx, s, false)
	rows, err := wantedRows(ctx, s, t, err, l)
	for _, row := range rows {
		r := all[row]
		docs = append(docs, TypeDocument{Escaped(r.Name), Optional(r.Package), r.Objects, r.Shallow, r.Retained})
	}
	return docs, err
}

// RootsDocument lists the roots.
type RootsDocument struct {
	Schema string         `json:"schema"`
	Roots  []RootDocument `json:"roots"`
}

// NewRootsDocument lists roots; the filter sees the rows of RootTable.
func NewRootsDocument(ctx context.Context, s *Snapshot, l List) (*RootsDocument, error) {
	t, err := RootTable(ctx, s)
	if err != nil {
		return nil, err
	}
	rows, err := rootDocuments(ctx, s, t, l)
	return &RootsDocument{"goheap/roots/1", rows}, err
}

// rootDocuments describes the wanted rows of t, which has those of RootTable or some of
// them.
func rootDocuments(ctx context.Context, s *Snapshot, t *Table, l List) ([]RootDocument, error) {
	docs := []RootDocument{}
	all, err := s.Roots(ctx)
	if err != nil {
		return docs, err
	}
	rows, err := wantedRows(ctx, s, t, nil, l)
	for _, row := range rows {
		r := all[row]
		docs = append(docs, rootDocument(s, &r))
	}
	return docs, err
}

func rootDocument(s *Snapshot, r *RootRow) RootDocument {
	return RootDocument{r.Kind.String(), Optional(r.Name), Optional(r.Type), Optional(r.Package),
		Address(r.Addr), r.Size, r.Objects, r.Retained, usedBy(s, r.Node)}
}

// GoroutinesDocument lists the goroutines.
type GoroutinesDocument struct {
	Schema     string              `json:"schema"`
	Goroutines []GoroutineDocument `json:"goroutines"`
}

// NewGoroutinesDocument lists goroutines; the filter sees the rows of
// GoroutineTable.
func NewGoroutinesDocument(ctx context.Context, s *Snapshot, l List) (*GoroutinesDocument, error) {
	rows, err := goroutineDocuments(ctx, s, l)
	return &GoroutinesDocument{"goheap/goroutines/1", rows}, err
}

func goroutineDocuments(ctx context.Context, s *Snapshot, l List) ([]GoroutineDocument, error) {
	docs := []GoroutineDocument{}
	all, err := s.Goroutines(ctx)
	if err != nil {
		return docs, err
	}
	t, err := GoroutineTable(ctx, s)
	rows, err := wantedRows(ctx, s, t, err, l)
	for _, row := range rows {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		r := all[row]
		docs = append(docs, goroutineDocument(s, r, s.Process.Frames(r.Index)))
	}
	return docs, err
}

func goroutineDocument(s *Snapshot, r GoroutineRow, frames []gocore.Frame) GoroutineDocument {
	d := GoroutineDocument{goroutineHead(s, &r), []FrameDocument{}}
	for _, f := range frames {
		d.Frames = append(d.Frames, frameDocument(&f))
	}
	return d
}

func goroutineHead(s *Snapshot, r *GoroutineRow) GoroutineHead {
	d := GoroutineHead{
		ID: r.ID, Status: Optional(r.Status), WaitReason: Optional(r.WaitReason),
		Function: Optional(r.Func), CreatedBy: Optional(r.CreatedBy), CreatedAt: Optional(r.CreatedAt),
		StackBytes: r.StackBytes, Objects: r.Objects, Retained: r.Retained,
		Locked: r.Locked, Labels: labelDocuments(s, r.Labels),
	}
	if r.WaitNanos >= 0 {
		d.WaitNanos = &r.WaitNanos
	}
	if r.ParentID != 0 {
		d.ParentID = &r.ParentID
	}
	if r.Thread != 0 {
		d.Thread = &r.Thread
	}
	return d
}

func frameDocument(f *gocore.Frame) FrameDocument {
	return FrameDocument{Function: Optional(f.Func), File: Optional(f.File), Line: lineNumber(f.Line), Inlined: f.Inlined, Conservative: f.Conservative}
}

// lineNumber is null in JSON where a line is not known.
func lineNumber(n int) *int {
	if n <= 0 {
		return nil
	}
	return &n
}

// ShowDocument says what is known of some objects.
type ShowDocument struct {
	Schema  string           `json:"schema"`
	Objects []ObjectDocument `json:"objects"`
	Errors  []ErrorDocument  `json:"errors"` // targets that name nothing

	// Addresses says that the text has where each field stands; JSON always has.
	Addresses bool `json:"-"`
}

// ObjectDocument is an object that was asked for, with its value and who refers to it.
//
// Address is that of the slot, which may begin with a header of the allocator, and
// ValueAddress that of the value, from which offsets count. Of a part of an object or
// variable, and of data that holds nothing on the heap, Within is what it is in, and
// Retained null.
type ObjectDocument struct {
	Asked        Escaped             `json:"asked"`
	Address      Address             `json:"address"`
	ValueAddress Address             `json:"value_address"`
	Within       *NodeDocument       `json:"within"`
	Size         uint64              `json:"size"`
	Type         Optional            `json:"type"`
	Count        uint64              `json:"count"`
	CountKnown   bool                `json:"count_known"` // else Count is the most that fit
	Evidence     Optional            `json:"evidence"`
	Fits         []Escaped           `json:"fits"`
	UsedBy       []Escaped           `json:"used_by,omitempty"` // functions, of a variable without a name
	Live         bool                `json:"live"`
	Retained     *uint64             `json:"retained_bytes"`
	Dominator    *NodeDocument       `json:"dominator"`
	Allocation   *AllocationDocument `json:"allocation"` // null unless it was sampled
	Goroutine    *StackDocument      `json:"goroutine"`  // null unless it is one
	Entries      *EntriesDocument    `json:"entries"`    // null unless a map's were filtered or sorted
	Fields       []FieldDocument     `json:"fields"`
	MoreFields   int                 `json:"more_fields"`
	// Waste is which bytes are of no use; null for a root, what is not alive, and a part.
	Waste         []ObjectWasteDocument `json:"waste"`
	Referrers     []ReferrerDocument    `json:"referrers"`
	MoreReferrers int                   `json:"more_referrers"`

	kind gocore.RootKind // for the text
	name string          // likewise
	part bool            // it is no node of its own
	used string          // what uses it, "" where that is not known or it has a name
}

// FieldDocument is a line of a decoded value. The parts of a struct or array
// follow it, one deeper.
type FieldDocument struct {
	Offset  *uint64  `json:"offset"` // null for what stands in another object
	Address Address  `json:"address"`
	Size    uint64   `json:"size"`
	Depth   int      `json:"depth"`
	Name    Optional `json:"name"`
	Type    Optional `json:"type"`
	Value   Optional `json:"value"`
	Target  Address  `json:"target"`
}

// ReferrerDocument is who points to an object: from where in it, and by which expression.
// AlsoHeldBy and MoreHoldings are those of a PathDocument.
type ReferrerDocument struct {
	Node         NodeDocument `json:"node"`
	Expression   Optional     `json:"expression"`
	Offset       *uint64      `json:"offset"`
	AlsoHeldBy   []Escaped    `json:"also_held_by"`
	MoreHoldings int          `json:"more_holdings"`

	retained uint64   // for the text
	also     []string // likewise, what AlsoHeldBy add to the name of the node
}

// WhyDocument says what keeps an object alive.
type WhyDocument struct {
	Schema string         `json:"schema"`
	Live   bool           `json:"live"`
	Paths  []PathDocument `json:"paths"`

	node heap.Node // asked for
	part string    // what is to be said of it first
	more bool      // there may be more paths
	// shortest says that the first path is.
	shortest bool
}

// PathDocument is a way from a root to an object, the root's hop first. Where it is not
// disjoint, it shares objects between its ends with a path before it. AlsoHeldBy are the
// other words by which a goroutine holds the first object of the path, by address, and
// MoreHoldings is how many there are besides.
type PathDocument struct {
	Root         NodeDocument  `json:"root"`
	Expression   Optional      `json:"expression"`
	Disjoint     bool          `json:"disjoint"`
	AlsoHeldBy   []Escaped     `json:"also_held_by"`
	MoreHoldings int           `json:"more_holdings"`
	Hops         []HopDocument `json:"hops"`
}

// HopDocument is an object on a path. Where it dominates, its end frees the object that
// was asked for. It may stand for Objects in a row that are reached by Times times the
// same expression, as those of a list are: the first of them has the type, the address
// and the bytes.
type HopDocument struct {
	Expression   Optional `json:"expression"`
	Type         Optional `json:"type"`
	Address      Address  `json:"address"`
	ValueAddress Address  `json:"value_address"`
	Retained     uint64   `json:"retained_bytes"`
	Dominates    bool     `json:"dominates"`
	Times        int      `json:"times"`
	Objects      int      `json:"objects"`
	Fits         bool     `json:"fits"`

	word string // for the text
}

// sortedKeys returns the keys of m in order.
func sortedKeys(m map[string]uint64) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
