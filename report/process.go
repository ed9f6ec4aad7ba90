package report

import (
	"context"

	"goheap/gocore"
	"goheap/gocore/account"
	"goheap/gocore/later"
	"goheap/gocore/member"
	"goheap/gocore/profile"
	"goheap/gocore/use"
	"goheap/gocore/wait"
	"goheap/gocore/waste"
	"goheap/heap"
)

// Process is what the reports ask of a program that was read, whether or not its heap
// was analysed: methods of *gocore.Process, which documents them.
type Process interface {
	Source() gocore.Source
	Problems() []gocore.Problem

	Goroutines() []gocore.Goroutine
	Frames(g int) []gocore.Frame
	Labels(g int) []gocore.Label
	HeapProfile(ctx context.Context) (*profile.Heap, error)
	ProfileStacks(kind profile.Kind) ([]profile.Stack, error)
	Contention(ctx context.Context, kind profile.Kind) (*profile.Contention, error)
	Roots() []gocore.Root

	Close() error
}

// Heap is what the reports ask of the analysed heap of a Process: methods of
// *gocore.Heap, which documents them.
type Heap interface {
	Graph() *heap.Graph
	Dominators() *heap.Dominators
	Waits(ctx context.Context) (on [][]wait.Awaited, leaked []int, err error)
	WaitGraph(ctx context.Context) (*wait.Graph, error)
	Later(ctx context.Context) (*later.State, error)
	Check(ctx context.Context) ([]gocore.Check, error)
	AllocatedSlots() (objects, bytes uint64)
	Account(ctx context.Context, kept *account.Residency, count bool) (account.Account, error)
	Waste(ctx context.Context, v waste.Visitor) error
	GCMarkedBytes() uint64

	TypeIDs() []heap.TypeID
	TypeOf(n heap.Node) gocore.TypeInfo
	TypeInfo(id heap.TypeID) gocore.TypeInfo
	RecordedType(n heap.Node) string
	Typing() gocore.Typing

	NodeAt(addr uint64) (heap.Node, bool)
	Addr(n heap.Node) uint64
	ValueAddr(n heap.Node) uint64
	Evidence(n heap.Node) gocore.Evidence
	Fits(n heap.Node) []string
	Count(n heap.Node) uint64
	CountKnown(n heap.Node) bool
	HeldCount(n heap.Node, holders []heap.Node) (count uint64, ok bool)
	Name(n heap.Node) string
	KindOf(n heap.Node) gocore.RootKind
	Type(n heap.Node) string
	AllocSite(n heap.Node) (gocore.AllocSite, bool)
	LiveSites(ctx context.Context) (sites []gocore.LiveSite, rate uint64, known bool, err error)

	Roots() []gocore.Root
	UsedBy(root heap.Node) use.Use
	Stack(g, most int) (calls []gocore.StackCall, elided, behind int)

	Path(nodes []heap.Node) gocore.Path
	Edge(from, to heap.Node) (expr string, offset uint64, ok bool)
	Holdings(root, object heap.Node, most int) (list []gocore.Holding, more int)

	Value(n heap.Node) (gocore.Value, bool)
	Children(v gocore.Value, from, limit int) []gocore.Value
	First(v gocore.Value, count uint64) gocore.Value
	Choose(ctx context.Context, v gocore.Value, c gocore.Choice) (gocore.Value, gocore.Chosen, error)
	FieldsOf(v gocore.Value, from, limit int) (fields []gocore.Field, more int)
	Hex(n heap.Node, off, size uint64) []byte
	Member(id heap.TypeID, path []string, ask member.Ask) (member.Member, error)

	Resolve(target string) (gocore.Place, error)
	FindBytes(ctx context.Context, text []byte, most int) (gocore.Hits, error)
	FindWord(ctx context.Context, value uint64, most int) (gocore.Hits, error)
	FollowedAt(n heap.Node, off uint64) bool
}

var (
	_ Process = (*gocore.Process)(nil)
	_ Heap    = (*gocore.Heap)(nil)
)
