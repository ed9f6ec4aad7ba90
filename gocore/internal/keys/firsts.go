package keys

// Firsts are the first of many values by an order, Most at most: a heap whose first is the
// last of them by the order, until they are sorted.
type Firsts[T any] struct {
	List []T
	Most int
}

// Add keeps a value if there is room, or in the place of the last one if it stands before
// that.
func (f *Firsts[T]) Add(x T, order func(a, b T) int) {
	if len(f.List) < f.Most {
		f.List = append(f.List, x)
		for i := len(f.List) - 1; i > 0; {
			up := (i - 1) / 2
			if order(f.List[up], f.List[i]) >= 0 {
				return
			}
			f.List[up], f.List[i] = f.List[i], f.List[up]
			i = up
		}
		return
	}
	if order(x, f.List[0]) >= 0 {
		return
	}
	f.List[0] = x
	for i := 0; ; {
		last := i
		for _, down := range []int{2*i + 1, 2*i + 2} {
			if down < len(f.List) && order(f.List[down], f.List[last]) > 0 {
				last = down
			}
		}
		if last == i {
			return
		}
		f.List[i], f.List[last] = f.List[last], f.List[i]
		i = last
	}
}
