package gocore

import (
	"sync"

	"goheap/dump"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/program"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/uses"
)

// contents is what a decoder has read of a file, and what went wrong with it. All that
// shows a part of it stands upon it: stacks, then objects, values and naming.
type contents struct {
	decoder  *program.Program
	exe      *program.Executable
	im       *image.Image // without the specials that the analysis makes roots of
	types    *types.Table
	space    *inferior.Space
	gcTypes  *image.GCTypes
	recorded *image.Counters
	closures *program.Closures
	mentions *uses.Mentions
	progress func(phase string, done, total int64) // nil for none
	*troubles
}

// troubles is what went wrong. All copies of the contents have the same.
type troubles struct {
	mu       sync.Mutex
	problems []Problem
	gone     string // the message of that problem which says that pages have vanished
}

func newContents(d *program.Program, told func(phase string, done, total int64)) *contents {
	image.NumberNames(d.Image.Roots)
	return &contents{
		decoder: d, exe: d.Exe, im: d.Image, types: d.Types, space: d.Space(), recorded: d.Counters,
		gcTypes: image.NewGCTypes(d.Image.Mem, d.Image.Arch), closures: program.NewClosures(d), mentions: uses.NewMentions(d),
		troubles: &troubles{problems: d.Problems}, progress: told,
	}
}

// problem records one line with a count; it does nothing for count 0.
func (p *contents) problem(s dump.Severity, count int, message string) {
	if count == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = append(p.problems, Problem{Severity: s, Message: message, Count: count})
}
