package image

import (
	"cmp"
	"slices"
)

// RootIndex finds roots by their names, and global variables and other data by addresses
// in them. Roots of goroutines, which have numbers, are in none.
type RootIndex struct {
	roots  []Root
	byAddr []int
	byName map[string]int
}

// NewRootIndex indexes roots, which must not change any more.
func NewRootIndex(roots []Root) *RootIndex {
	x := &RootIndex{roots: roots, byName: map[string]int{}}
	for i := range roots {
		r := &roots[i]
		if r.Kind == GoroutineRoot {
			continue
		}
		if _, ok := x.byName[r.Name]; !ok && r.Name != "" {
			x.byName[r.Name] = i
		}
		if r.Kind == GlobalRoot {
			x.byAddr = append(x.byAddr, i)
		}
	}
	slices.SortStableFunc(x.byAddr, func(a, b int) int { return cmp.Compare(roots[a].Addr, roots[b].Addr) })
	return x
}

// Named returns the number of the first root of that name.
func (x *RootIndex) Named(name string) (i int, ok bool) {
	i, ok = x.byName[name]
	return i, ok
}

// At returns the number of the global variable, or other data, that covers addr.
func (x *RootIndex) At(addr uint64) (i int, ok bool) {
	i, ok = slices.BinarySearchFunc(x.byAddr, addr, func(i int, a uint64) int { return cmp.Compare(x.roots[i].Addr, a) })
	if !ok {
		i--
	}
	if i < 0 {
		return 0, false
	}
	i = x.byAddr[i]
	return i, addr-x.roots[i].Addr < max(x.roots[i].Size, 1)
}
