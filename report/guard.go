package report

import (
	"runtime/debug"

	"goheap/gocore"
)

// ErrChanged is gocore.ErrChanged: somebody writes to a file that is being read.
var ErrChanged = gocore.ErrChanged

// Guard runs f, which asks a Snapshot, and returns an error where a file that is read
// was cut meanwhile. It is gocore.Guard for those who know no more than reports.
func Guard(f func() error) error { return gocore.Guard(f) }

// Panic is what a question panics with when one of its workers did.
type Panic = gocore.Panic

// newPanic keeps what a worker's recover returned. What is a Panic already stays
// one.
func newPanic(said any) *Panic {
	if p, ok := said.(*Panic); ok {
		return p
	}
	return &Panic{Value: said, Stack: debug.Stack()}
}
