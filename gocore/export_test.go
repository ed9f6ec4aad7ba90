package gocore

import "context"

// Generic is o for a process that is read the way all processors can go, without
// the shorter ways for little-endian words of 8 bytes.
func Generic(o Options) Options {
	o.generic = true
	return o
}

// Parts is an analysis of which each part is done by itself.
type Parts struct{ h *Heap }

// Graph does the first part.
func Graph(ctx context.Context, p *Process) (*Parts, error) {
	h := newHeap(p.stacks)
	err := h.scan(ctx)
	if err == nil {
		err = h.findLive(ctx)
	}
	return &Parts{h}, err
}

func (p *Parts) Dominate(ctx context.Context) error { return p.h.dominate(ctx) }

func (p *Parts) Type(ctx context.Context) error {
	return p.h.findTypes(ctx, func() error { return nil })
}

func (p *Parts) Close() { p.h.free() }
