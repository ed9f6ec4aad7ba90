package report

import (
	"context"

	"goheap/internal/flat"
	"goheap/internal/progress"
)

const (
	digitBits = 11
	digits    = (64 + digitBits - 1) / digitBits
)

// order sorts rows by their keys, which it changes too: the lowest first, and
// rows of equal keys as they stood. It takes a pass over the rows for each 11
// bits in which the keys differ: a comparing sort of twenty million rows takes
// several times as long, and cannot be cancelled. The context may be one
// of heap.WithProgress.
func order[R ~uint32](ctx context.Context, keys []uint64, rows []R) error {
	p := progress.Start(ctx, "sort", int64(len(keys)))
	defer p.Finish()
	var count [digits][1 << digitBits]uint32
	for i, k := range keys {
		if i%pace == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		for d := range digits {
			count[d][k>>(d*digitBits)&(1<<digitBits-1)]++
		}
	}
	otherKeys, otherRows := flat.Make[uint64](len(keys)), flat.Make[R](len(rows))
	defer flat.Free(otherKeys)
	defer flat.Free(otherRows)
	fromKeys, fromRows, toKeys, toRows := keys, rows, otherKeys, otherRows
	for d := range digits {
		places := &count[d]
		if len(keys) == 0 || int(places[keys[0]>>(d*digitBits)&(1<<digitBits-1)]) == len(keys) {
			continue // the same in all
		}
		var sum uint32
		for i, n := range places {
			places[i] = sum
			sum += n
		}
		for i, k := range fromKeys {
			if i%pace == 0 {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				p.Add(pace / digits)
			}
			at := &places[k>>(d*digitBits)&(1<<digitBits-1)]
			toKeys[*at], toRows[*at] = k, fromRows[i]
			*at++
		}
		fromKeys, fromRows, toKeys, toRows = toKeys, toRows, fromKeys, fromRows
	}
	copy(keys, fromKeys)
	copy(rows, fromRows)
	return nil
}
