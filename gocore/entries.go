package gocore

import (
	"cmp"
	"context"
	"runtime/debug"
	"slices"

	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/keys"
)

// Choice is which entries of a map are wanted, and in what order.
type Choice struct {
	// Keep is asked of each entry by its name, which is the key in brackets; nil keeps
	// all.
	Keep func(name string) bool
	// ByKey sorts entries by their keys: false before true, numbers by number (NaN
	// first), strings by their bytes, pointers and channels by address, arrays and
	// structs by their first parts that differ, interfaces by the names of the types in
	// them (nil first) and then by what they hold. Of strings the first 4,096 bytes
	// count, and then the length. What is equal stays in the order of the table, which is
	// also the order without ByKey.
	ByKey, Descending bool
}

// MaxChosen is how many entries Choose keeps.
const MaxChosen = 100_000

// Chosen is what became of the entries of a map.
type Chosen struct {
	Passed int // entries that were looked at: all of the map
	Kept   int // of those, what was chosen
	Left   int // of those, what there was no room for: the last ones in the order
}

// Choose returns v, which opens into entries, so that it opens into those of a choice. It
// passes all entries once, and reads their keys but no elements. What it remembers is
// bounded by MaxChosen. The error is that of ctx.
func (p *values) Choose(ctx context.Context, v Value, c Choice) (Value, Chosen, error) {
	defer p.caught(debug.SetPanicOnFault(true))
	x := v.parts
	if x.how == opensChosen {
		x = x.chosen.of
	}
	var sum Chosen
	if x.how != opensMap {
		return v, sum, nil
	}
	all := &chosen{x, keys.Firsts[placed]{Most: MaxChosen}}
	reader := p.keys()
	order := func(a, b placed) int { return cmp.Compare(a.at, b.at) }
	if c.ByKey {
		order = func(a, b placed) int {
			by := reader.Compare(a.KeyType, a.Key, b.KeyType, b.Key)
			if c.Descending {
				by = -by
			}
			return cmp.Or(by, cmp.Compare(a.at, b.at))
		}
	}
	p.space.Entries(x.t, x.addr, func(e inferior.Entry) bool {
		if sum.Passed++; sum.Passed%1024 == 0 && ctx.Err() != nil {
			return false
		}
		e.KeyType, e.Key = reader.Direct(e.KeyType, e.Key, p.types.Type(x.t).Key)
		if c.Keep != nil && !c.Keep("["+reader.Text(e)+"]") {
			return true
		}
		sum.Kept++
		all.Add(placed{e, sum.Passed}, order)
		return true
	})
	if ctx.Err() != nil {
		return v, sum, context.Cause(ctx)
	}
	slices.SortFunc(all.List, order)
	sum.Left = sum.Kept - len(all.List)
	v.parts = parts{how: opensChosen, chosen: all, n: uint64(len(all.List))}
	v.Children, v.More = len(all.List), false
	return v, sum, nil
}

// chosen are entries of a map, the whole of which is of.
type chosen struct {
	of parts
	keys.Firsts[placed]
}

type placed struct {
	inferior.Entry
	at int // in the table
}
