package reach

import (
	"context"

	"goheap/gocore/internal/image"
	"goheap/gocore/waste"
	"goheap/heap"
)

// one is Find for a single object: by the words of its holders, and of all variables of
// packages, since pointers that are no holding are not in the graph (image/ways.go).
func one(ctx context.Context, c Config, v waste.Visitor) (err error) {
	n := v.Only.Node
	if n == heap.SuperRoot || int(n) >= c.Graph.Len() || c.Graph.ExtentOf(n) < 0 || !image.HasBit(c.Live, n) {
		return ctx.Err()
	}
	w := newWalker(c)
	defer w.free()
	if throughPool(c, n) {
		if w.pooled, err = pooled(ctx, c); err != nil {
			return err
		}
		defer w.freePooled()
	}
	w.mem.Ended = func() bool { return ctx.Err() != nil }
	w.found = func(f waste.Finding) {
		if f.Node == n {
			v.Finding(f)
		}
	}
	w.ranged = func(of heap.Node, r waste.Range) {
		if of == n {
			v.Range(r)
		}
	}
	for i := range c.Image.Roots {
		if c.Image.Roots[i].Kind == image.GlobalRoot {
			w.root(i)
		}
	}
	w.specials()
	for i, holder := range v.Only.Holders {
		if i%(1<<12) == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		switch {
		case holder == n || holder == heap.SuperRoot:
		case !c.Graph.IsRoot(holder):
			w.node(holder)
		case int(holder) <= len(c.Image.Roots) && c.Image.Roots[holder-1].Kind != image.GlobalRoot:
			w.root(int(holder - 1))
		}
	}
	w.node(n)
	told := map[heap.Node]bool{}
	err = w.each(ctx, func(o *object) {
		if o.node == n {
			told[n] = true
			o.charge(v.Finding)
			o.ranges(func(r waste.Rule, s span) { v.Range(waste.Range{Rule: r, Addr: s.lo, N: s.hi - s.lo}) })
		}
	})
	if err != nil {
		return err
	}
	size, slot := c.Graph.Size(n), w.address(n)
	if w.inPool(n) && !told[n] {
		v.Finding(waste.Finding{Rule: waste.Pool, Node: n, Bytes: size})
		v.Range(waste.Range{Rule: waste.Pool, Addr: slot, N: size})
	}
	if w.boxes.Has(n) && !w.whole.Has(n) {
		v.Finding(waste.Finding{Rule: waste.Boxed, Node: n, Bytes: size})
		v.Range(waste.Range{Rule: waste.Boxed, Addr: slot, N: size})
	}
	return nil
}

func (w *walker) address(n heap.Node) uint64 {
	lo, _ := w.Image.Bounds(n)
	return lo
}

// node walks an object.
func (w *walker) node(n heap.Node) {
	if i := w.Graph.ExtentOf(n); i >= 0 {
		w.slot(&w.Image.Extents[i], n, w.address(n))
	}
}
