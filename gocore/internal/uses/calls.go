package uses

import (
	"maps"
	"slices"

	"goheap/gocore/internal/code"
)

// Bounds of the calls that are followed with what they were given: how deep, how many, how
// many bytes of code a function may have, and how many functions are kept.
const (
	maxDepth  = 3
	maxCalled = 1 << 14
	maxBody   = 1 << 12
	maxBodies = 1 << 10
)

// called is a call with a value: which parameter has it.
type called struct {
	entry, value uint64
	reg          int
}

// follow notes what the functions say that a function calls of what it gives them, where
// that is known: a method that adds to a map of its receiver says what map that is.
func (x *reader) follow(f *function, known words, depth int) {
	if depth == maxDepth {
		return
	}
	known = x.stored(f, known)
	for _, at := range slices.Sorted(maps.Keys(f.calls)) {
		c := f.calls[at]
		if c.Target == 0 || x.ofRuntime(c.Target) {
			continue
		}
		for r, arg := range c.Args {
			for _, v := range x.values(f, known, arg) {
				key := called{c.Target, v, r}
				if !x.isPlace(v) || x.called[key] || len(x.called) == maxCalled {
					continue
				}
				x.called[key] = true
				if g := x.body(c.Target); g != nil {
					given := g.given(r, v)
					x.evaluate(g, given)
					x.follow(g, given, depth+1)
				}
			}
		}
	}
}

// isPlace reports whether a value is an address of which something can be learnt: one in the
// data, or of an object of the heap.
func (x *reader) isPlace(v uint64) bool {
	if x.p.Image.InHeap(v) {
		return true
	}
	for i := range x.p.Modules {
		if m := &x.p.Modules[i]; v >= m.Data && v < m.Edata || v >= m.BSS && v < m.EBSS {
			return true
		}
	}
	return false
}

// body returns the function that begins at entry, nil if it is large or cannot be followed.
func (x *reader) body(entry uint64) *function {
	f, ok := x.bodies[entry]
	if ok || len(x.bodies) == maxBodies {
		return f
	}
	if fn, found := x.p.Function(entry); found && fn.End-fn.Entry <= maxBody {
		f = x.read(entry)
	}
	x.bodies[entry] = f
	return f
}

// given is what is known where a parameter has a value.
func (f *function) given(reg int, v uint64) words {
	for id, o := range f.Origins {
		if o.Kind == code.Param && int(o.Reg) == reg {
			return words{code.ID(id): {v, true}}
		}
	}
	return nil
}
