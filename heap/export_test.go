package heap

import "context"

// DominatorsWide is Dominators as it treats graphs that have 2³² or more edges.
func DominatorsWide(ctx context.Context, g *Graph) (*Dominators, error) {
	d := &Dominators{g: g}
	kept, words, err := d.fold(ctx)
	if err != nil {
		return nil, err
	}
	defer kept.Close()
	edges, err := search[uint64](ctx, nil, d, kept, words)
	if err != nil {
		return nil, err
	}
	return d, finish[uint64](ctx, d, edges)
}

// PathsWithin is Paths with another bound on its work.
func (d *Dominators) PathsWithin(n Node, k int, cut []Edge, work int) ([][]Node, bool) {
	paths, bounded, _ := d.paths(context.Background(), n, k, cut, work)
	return paths, bounded
}
