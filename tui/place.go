package tui

import (
	"context"
	"fmt"

	"goheap/gocore"
	"goheap/heap"
)

// asked is a value that a target names and that is no node of the graph: a part of an
// object, a variable of a call, data of the program that holds nothing on the heap.
type asked struct {
	gocore.Place
	target string
}

// findNode looks for the node that a target names, or that it is a part of, and shows it.
func (a *App) findNode(target string, show func(n heap.Node)) {
	s := a.snap
	a.start(slotGoto, "looking for "+a.clean(target), func(ctx context.Context) (func(), error) {
		n, err := s.Find(ctx, target)
		if err != nil {
			return nil, err
		}
		return func() { show(n) }, nil
	})
}

// findPlace looks for what a target names, and shows it: a node as show does, and what is none
// in an inspector of its own. then follows on that.
func (a *App) findPlace(target string, show func(n heap.Node), then func()) {
	s := a.snap
	a.start(slotGoto, "looking for "+a.clean(target), func(ctx context.Context) (func(), error) {
		place, err := s.Resolve(ctx, target)
		if err != nil {
			return nil, err
		}
		return func() {
			if place.Part {
				v := newInspectorAt(a, place.Node, pageFields)
				v.asked = &asked{place, target}
				a.push(v)
			} else {
				show(place.Node)
			}
			if then != nil {
				then()
			}
		}, nil
	})
}

// value is what the inspector opens.
func (v *inspector) value(ctx context.Context) (gocore.Value, bool, error) {
	if v.asked != nil {
		return v.asked.Value, true, ctx.Err()
	}
	return v.app.snap.Value(ctx, v.node)
}

// facts are what is known of such a value, of at most two lines.
func (p *asked) facts(a *App) []string {
	line := fmt.Sprintf("%s   %s", a.clean(p.target), a.clean(p.Value.Type))
	if p.Value.Addr != 0 {
		line += fmt.Sprintf("   %s at %#x", a.bytes(p.Value.Size), p.Value.Addr)
	}
	switch {
	case p.Node != heap.None:
		return []string{line, "part of " + a.clean(a.nodeText(p.Node))}
	case p.Variable != "" && p.Variable != p.target:
		return []string{line, "part of " + a.clean(p.Variable) + ", which holds nothing on the heap"}
	}
	return []string{line, "data of the program that holds nothing on the heap"}
}
