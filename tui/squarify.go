package tui

import (
	"cmp"
	"slices"
)

// squarify divides a rectangle into one for each value, with areas in proportion
// to the values and sides as equal as can be, by the method of Bruls, Huizing and
// van Wijk (Squarified Treemaps, 2000). The values must be positive and descend.
// A cell of a terminal is about twice as high as it is wide.
func squarify(values []float64, r rect) []rect {
	const tall = 2
	total := 0.0
	for _, v := range values {
		total += v
	}
	rects := make([]rect, 0, len(values))
	if total <= 0 {
		return rects
	}
	// Coordinates in widths of a cell.
	x, y, w, h := 0.0, 0.0, float64(r.w), float64(r.h*tall)
	scale := w * h / total
	for len(values) > 0 {
		side := min(w, h)
		n, sum := 1, values[0]*scale
		worst := ratio(sum, sum, sum, side)
		for n < len(values) {
			next := values[n] * scale
			with := ratio(values[0]*scale, next, sum+next, side)
			if with > worst {
				break
			}
			n, sum, worst = n+1, sum+next, with
		}
		depth := sum / max(side, 1e-9)
		along := 0.0
		for _, v := range values[:n] {
			length := v * scale / max(depth, 1e-9)
			cell := [4]float64{x, y + along, x + depth, y + along + length}
			if w < h {
				cell = [4]float64{x + along, y, x + along + length, y + depth}
			}
			along += length
			x0, y0 := round(cell[0]), round(cell[1]/tall)
			x1, y1 := min(round(cell[2]), r.w), min(round(cell[3]/tall), r.h)
			rects = append(rects, rect{r.x + x0, r.y + y0, max(0, x1-x0), max(0, y1-y0)})
		}
		if w < h {
			y, h = y+depth, h-depth
		} else {
			x, w = x+depth, w-depth
		}
		values = values[n:]
	}
	return rects
}

// ratio is the worst proportion of sides in a row of rectangles of areas from
// least to most that add up to sum along a side.
func ratio(most, least, sum, side float64) float64 {
	return max(side*side*most/(sum*sum), sum*sum/(side*side*least))
}

func round(v float64) int { return int(v + 0.5) }

// areas squarifies values in whatever order.
func areas(values []float64, r rect) []rect {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(values[j], values[i]) })
	sorted := make([]float64, len(values))
	for i, k := range order {
		sorted[i] = values[k]
	}
	rects := make([]rect, len(values))
	for i, at := range squarify(sorted, r) {
		rects[order[i]] = at
	}
	return rects
}
