package gocore

import (
	"runtime/debug"

	"goheap/dump"
)

// ErrChanged is dump.ErrChanged: somebody has cut a file that is being read.
var ErrChanged = dump.ErrChanged

// Panic is dump.Panic, a fault of this package's own: what a question panics with when
// one of its workers did, and the error of an analysis.
type Panic = dump.Panic

// Guard runs f, which asks a Process, in the calling goroutine, and returns an error
// that wraps ErrChanged where a page of a file has vanished. Other panics go on. It is
// dump.GuardFaults for those who know no files.
func Guard(f func() error) error { return dump.GuardFaults(f) }

// caught ends a method that reads the program's memory and returns no error:
//
//	defer p.caught(debug.SetPanicOnFault(true))
//
// guarded is whether a fault was a panic for the caller too. Then the caller is
// inside Guard, and a page that has vanished is told to that guard. For
// everybody else the method returns nothing, Problems says so, and the program
// goes on. Other panics are not caught.
//
// It costs some nanoseconds, which no caller counts who asks about one object; what
// is called for each object of a heap stands inside a guard already.
func (p *contents) caught(guarded bool) {
	if guarded {
		return
	}
	debug.SetPanicOnFault(false)
	r := recover()
	if r == nil {
		return
	}
	err := dump.Fault(r)
	if err == nil {
		panic(r)
	}
	p.vanished(err)
}

// vanished counts an answer that is missing since a page has vanished.
func (p *contents) vanished(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.problems {
		if p.problems[i].Message == p.gone {
			p.problems[i].Count++
			return
		}
	}
	p.gone = "answers are missing: " + err.Error()
	p.problems = append(p.problems, Problem{Severity: dump.Error, Message: p.gone, Count: 1})
}
