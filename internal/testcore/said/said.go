// Package said compares what a test program said of itself with what goheap
// finds in its core: each object's address, type, path and holders come from the
// program's own source and runtime.
package said

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/testcore"
)

// Process is an open core of a test program, and its heap.
type Process struct {
	*gocore.Process
	*gocore.Heap
	Graph *heap.Graph
	Doms  *heap.Dominators
	Lines []string // what the program said
}

// Open opens a core and analyses its heap.
func Open(ctx context.Context, dump testcore.Dump, opt gocore.Options) (*Process, error) {
	p, err := gocore.Open(ctx, dump.Core, opt)
	if err != nil {
		return nil, err
	}
	h, err := p.Analyse(ctx, nil)
	if err != nil {
		p.Close()
		return nil, err
	}
	return &Process{p, h, h.Graph(), h.Dominators(), dump.Output}, nil
}

// Roots returns all roots, by node.
func (p *Process) Roots() []gocore.Root { return p.Heap.Roots() }

// Decode decodes the lines that have the given case, all where it is "".
func Decode[T any](lines []string, name string) ([]T, error) {
	var out []T
	for _, line := range lines {
		var head struct{ Case string }
		var v T
		if err := json.Unmarshal([]byte(line), &head); err != nil {
			return nil, fmt.Errorf("the program printed %q: %w", line, err)
		}
		if name != "" && head.Case != name {
			continue
		}
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			return nil, fmt.Errorf("the program printed %q: %w", line, err)
		}
		out = append(out, v)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("the program printed no line with case %q", name)
	}
	return out, nil
}

// Address is one that a program printed, 0 for what is none.
func Address(s string) uint64 {
	a, err := strconv.ParseUint(s, 0, 64)
	if err != nil {
		return 0
	}
	return a
}
