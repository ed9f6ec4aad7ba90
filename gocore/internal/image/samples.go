package image

import (
	"context"

	"goheap/heap"
)

// SampledStack is what is alive of the objects that the memory profiler sampled with one
// stack and size.
type SampledStack struct {
	Bucket  uint64      // the profiler's record of the stack
	Objects []heap.Node // ascending; one that several small values share counts for each
}

// LiveSamples returns the live sampled objects by their stacks, in the order of the first of
// these. The error is the context's.
func (im *Image) LiveSamples(ctx context.Context, live func(n heap.Node) bool) ([]SampledStack, error) {
	const lookEvery = 1 << 12
	var stacks []SampledStack
	place := map[uint64]int{}
	for i, s := range im.Samples {
		if i%lookEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		n, ok := im.Pages.Lookup(s.Object)
		if !ok || !live(n) {
			continue
		}
		at, seen := place[s.Bucket]
		if !seen {
			at = len(stacks)
			place[s.Bucket] = at
			stacks = append(stacks, SampledStack{Bucket: s.Bucket})
		}
		stacks[at].Objects = append(stacks[at].Objects, n)
	}
	return stacks, nil
}
