package waits

import (
	"cmp"
	"slices"

	"goheap/gocore/wait"
)

// vertex is a goroutine, or a side of a place.
type vertex struct {
	goroutine  int // -1 for a side
	place      int
	side       side
	to         []int32
	index, low int32 // in the search, from 1 on
	open       bool
	part       int32 // that has a circle, from 1 on
}

// deadlocks finds the circles among those who are stuck: each waits for the ends of the side
// at which it is.
type deadlocks struct {
	f     *finder
	v     []vertex
	of    map[int]int32 // by goroutine
	parts [][]int32     // strongly connected, those with a circle
}

// findDeadlocks finds all.
func (f *finder) findDeadlocks(stuck, proven []int) {
	d := &deadlocks{f: f, of: map[int]int32{}}
	for _, i := range stuck {
		d.of[i] = int32(len(d.v))
		d.v = append(d.v, vertex{goroutine: i, place: -1})
	}
	sideOf := map[[2]int]int32{}
	for _, i := range stuck {
		for _, at := range f.at[i] {
			s := f.sides[at.place][at.index]
			k, ok := sideOf[[2]int{at.place, int(s)}]
			if !ok {
				k = int32(len(d.v))
				sideOf[[2]int{at.place, int(s)}] = k
				d.v = append(d.v, vertex{goroutine: -1, place: at.place, side: s, to: d.ends(at.place, s)})
			}
			d.v[d.of[i]].to = append(d.v[d.of[i]].to, k)
		}
	}
	d.connect()
	for _, part := range d.parts {
		dl := wait.Deadlock{Proven: true}
		for _, k := range part {
			if g := d.v[k].goroutine; g >= 0 {
				dl.Members = append(dl.Members, g)
				if _, ok := slices.BinarySearch(proven, g); !ok {
					dl.Proven = false
				}
			}
		}
		slices.Sort(dl.Members)
		dl.Cycle = d.shortest(part)
		f.out.Deadlocks = append(f.out.Deadlocks, dl)
	}
	slices.SortFunc(f.out.Deadlocks, func(a, b wait.Deadlock) int {
		if a.Proven != b.Proven {
			if a.Proven {
				return -1
			}
			return 1
		}
		return cmp.Compare(f.im.Goroutines[a.Members[0]].ID, f.im.Goroutines[b.Members[0]].ID)
	})
	d.behind()
}

// ends returns the vertices of the stuck goroutines that could end the waits of a side.
func (d *deadlocks) ends(place int, s side) (to []int32) {
	p := &d.f.places[place]
	add := func(g int) {
		if k, ok := d.of[g]; ok && !slices.Contains(to, k) {
			to = append(to, k)
		}
	}
	for _, h := range d.f.held[place][s] {
		add(p.Holders[h].Goroutine)
	}
	if len(to) > 0 && (p.Kind != wait.WaitGroup || len(to) >= p.Missing) || !d.f.wantsOthers(place) {
		return to
	}
	same := map[int]bool{}
	for k, w := range p.Queue {
		if d.f.sides[place][k] == s {
			same[w.Goroutine] = true
		}
	}
	have := map[int32]bool{}
	for _, k := range to {
		have[k] = true
	}
	for _, g := range p.Others {
		if k, ok := d.of[g]; ok && !same[g] && !have[k] {
			to = append(to, k)
		}
	}
	return to
}

// connect finds the strongly connected parts that have a circle (Tarjan, Depth-first search
// and linear graph algorithms, 1972), without recursion.
func (d *deadlocks) connect() {
	var stack, path []int32
	next := make([]int, len(d.v))
	count := int32(0)
	for root := range d.v {
		if d.v[root].index != 0 {
			continue
		}
		path = append(path, int32(root))
		for len(path) > 0 {
			k := path[len(path)-1]
			v := &d.v[k]
			if v.index == 0 {
				count++
				v.index, v.low, v.open = count, count, true
				stack = append(stack, k)
			}
			if next[k] < len(v.to) {
				t := &d.v[v.to[next[k]]]
				if t.index == 0 {
					path = append(path, v.to[next[k]])
				} else if t.open {
					v.low = min(v.low, t.index)
				}
				next[k]++
				continue
			}
			path = path[:len(path)-1]
			if len(path) > 0 {
				up := &d.v[path[len(path)-1]]
				up.low = min(up.low, v.low)
			}
			if v.low != v.index {
				continue
			}
			at := slices.Index(stack, k)
			part := slices.Clone(stack[at:])
			stack = stack[:at]
			for _, p := range part {
				d.v[p].open = false
			}
			if len(part) > 1 { // goroutines and sides take turns: none leads to itself
				for _, p := range part {
					d.v[p].part = int32(len(d.parts) + 1)
				}
				d.parts = append(d.parts, part)
			}
		}
	}
}

// mostStarts bounds from how many goroutines of a part the shortest circle is looked for.
const mostStarts = 64

// shortest returns a shortest circle in a part, from the goroutine with the lowest number on.
func (d *deadlocks) shortest(part []int32) []wait.Step {
	var goroutines []int32
	for _, k := range part {
		if d.v[k].goroutine >= 0 {
			goroutines = append(goroutines, k)
		}
	}
	id := func(k int32) uint64 { return d.f.im.Goroutines[d.v[k].goroutine].ID }
	slices.SortFunc(goroutines, func(a, b int32) int { return cmp.Compare(id(a), id(b)) })
	var best []int32
	for _, start := range goroutines[:min(len(goroutines), mostStarts)] {
		if circle := d.circle(start); best == nil || len(circle) < len(best) {
			best = circle
		}
	}
	var steps []wait.Step
	for i := 0; i+1 < len(best); i += 2 {
		from, at, to := &d.v[best[i]], &d.v[best[i+1]], &d.v[best[(i+2)%len(best)]]
		p := &d.f.places[at.place]
		s := wait.Step{Place: at.place, By: wait.Holder{Goroutine: to.goroutine, How: wait.ByLeader}}
		for k, w := range p.Queue {
			if w.Goroutine == from.goroutine && d.f.sides[at.place][k] == at.side {
				s.Waiter = w
			}
		}
		for _, h := range slices.Backward(d.f.held[at.place][at.side]) {
			if p.Holders[h].Goroutine == to.goroutine {
				s.By = p.Holders[h]
			}
		}
		steps = append(steps, s)
	}
	return steps
}

// circle returns a shortest way from a vertex back to it, without it at its end.
func (d *deadlocks) circle(start int32) []int32 {
	came := map[int32]int32{}
	for list := []int32{start}; len(list) > 0; {
		k := list[0]
		list = list[1:]
		for _, t := range d.v[k].to {
			if t == start {
				way := []int32{k}
				for way[len(way)-1] != start {
					way = append(way, came[way[len(way)-1]])
				}
				slices.Reverse(way)
				return way
			}
			if _, ok := came[t]; !ok && d.v[t].part == d.v[start].part {
				came[t] = k
				list = append(list, t)
			}
		}
	}
	return nil
}

// behind finds who waits for the circles without being part of one, each for the first that
// it leads to.
func (d *deadlocks) behind() {
	back := make([][]int32, len(d.v))
	for k := range d.v {
		for _, t := range d.v[k].to {
			back[t] = append(back[t], int32(k))
		}
	}
	seen := make([]bool, len(d.v))
	for i := range d.f.out.Deadlocks {
		dl := &d.f.out.Deadlocks[i]
		var list []int32
		for _, g := range dl.Members {
			list = append(list, d.of[g])
		}
		for len(list) > 0 {
			k := list[len(list)-1]
			list = list[:len(list)-1]
			for _, b := range back[k] {
				if seen[b] {
					continue
				}
				seen[b] = true
				list = append(list, b)
				if g := d.v[b].goroutine; g >= 0 && d.v[b].part == 0 {
					dl.Behind = append(dl.Behind, g)
				}
			}
		}
		slices.Sort(dl.Behind)
	}
}
