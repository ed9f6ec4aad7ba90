package report

import (
	"context"

	"goheap/gocore"
	"goheap/heap"
)

// Process is what the reports ask of a program that was read: the methods of
// *gocore.Process, which documents them.
type Process interface {
	Source() gocore.Source
	Problems() []gocore.Problem
	Graph(ctx context.Context) (*heap.Graph, error)
	Check(ctx context.Context) ([]gocore.Check, error)
	AllocatedSlots() (objects, bytes uint64)
	GCMarkedBytes() uint64

	TypeObjects(ctx context.Context) error
	TypeIDs() []heap.TypeID
	TypeOf(n heap.Node) gocore.TypeInfo
	TypeInfo(id heap.TypeID) gocore.TypeInfo
	Typing() gocore.Typing

	NodeAt(addr uint64) (heap.Node, bool)
	Addr(n heap.Node) uint64
	Allocated(n heap.Node) bool
	Evidence(n heap.Node) gocore.Evidence
	Count(n heap.Node) uint64
	Name(n heap.Node) string
	KindOf(n heap.Node) gocore.RootKind
	Type(n heap.Node) string

	Roots() []gocore.Root
	Goroutines() []gocore.Goroutine
	Frames(g int) []gocore.Frame

	Path(nodes []heap.Node) gocore.Path
	Expr(nodes []heap.Node) string
	Edge(from, to heap.Node) (expr string, offset uint64, ok bool)

	Fields(n heap.Node, max int) ([]gocore.Field, int)
	Hex(n heap.Node, off, size uint64) []byte
	Lookup(target string) (heap.Node, error)

	Close() error
}

var _ Process = (*gocore.Process)(nil)
