package heap

import "slices"

// Sources returns the live nodes that point to one of a set and are not in it themselves,
// ascending, at most most of them. It looks at all edges.
func (d *Dominators) Sources(set []Node, most int) (from []Node) {
	in := NewBits(d.g.Len())
	defer in.Close()
	for _, n := range set {
		in.Set(n)
	}
	for n := SuperRoot + 1; int(n) < d.g.Len() && len(from) < most; n++ {
		if d.Live(n) && !in.Has(n) && slices.ContainsFunc(d.g.Targets(n), in.Has) {
			from = append(from, n)
		}
	}
	return from
}
