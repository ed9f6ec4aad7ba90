package heap

import "context"

// WayFrom returns the path from a root on which nearly all of members lie, or below: from
// each of its nodes the shortest ways from the root go on to more than 0.8 of them, from
// its last one they part. Of several shortest ways to a node one counts, always the same. It
// is nil where they part at the root, or where too few are reached
// within work pointers. Members are ascending, each once. The error is the context's.
func (d *Dominators) WayFrom(ctx context.Context, root Node, members []Node, work int) ([]Node, error) {
	if d.of(root) == 0 || len(members) == 0 || ctx.Err() != nil {
		return nil, ctx.Err()
	}
	seen, member := NewBits(d.g.Len()), NewBits(d.g.Len())
	defer seen.Close()
	defer member.Close()
	for _, n := range members {
		member.Set(n)
	}
	seen.Set(root)
	queue, parent := []Node{root}, []uint32{0}
	left := len(members) // not met yet
	for at := 0; at < len(queue) && work > 0 && left > 0; at++ {
		for _, to := range d.g.Targets(queue[at]) {
			if work--; work&(checkEvery-1) == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if seen.Has(to) || d.g.IsRoot(to) {
				continue
			}
			seen.Set(to)
			if member.Has(to) {
				left--
			}
			queue, parent = append(queue, to), append(parent, uint32(at))
		}
	}
	count := make([]uint32, len(queue))
	for at := len(queue) - 1; at >= 0; at-- {
		if member.Has(queue[at]) {
			count[at]++
		}
		if at > 0 {
			count[parent[at]] += count[at]
		}
	}
	// So many cannot be below two nodes that are not below each other.
	var path []Node
	for at, n := range queue {
		if float64(count[at]) > gatherMembers*float64(len(members)) {
			path = append(path, n)
		}
	}
	if len(path) < 2 {
		return nil, nil
	}
	return path, nil
}
