package waits

import (
	"context"
	"slices"

	"goheap/gocore/internal/frames"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/program"
	"goheap/gocore/wait"
	"goheap/heap"
)

// findHolders asks the frames of all goroutines who has the locks that others wait for.
func (f *finder) findHolders(ctx context.Context) error {
	f.held = make([]map[side][]int, len(f.places))
	type key struct {
		kind frames.LockKind
		addr uint64
	}
	wanted := map[key]int{} // the place, by what holders are told by
	if f.prog.Layout == nil {
		return nil
	}
	lib := &f.prog.Layout.Library
	for i := range f.places {
		switch p := &f.places[i]; p.Kind {
		case wait.Mutex:
			wanted[key{frames.MutexLock, p.Addr}] = i
		case wait.Once:
			wanted[key{frames.MutexLock, p.Addr + lib.Once.M.Offset}] = i
		case wait.RWMutex:
			wanted[key{frames.WriteLock, p.Addr}] = i
			wanted[key{frames.ReadLock, p.Addr}] = i
		case wait.WaitGroup:
			wanted[key{frames.GroupDone, p.Addr}] = i
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	for i := range f.places {
		for k, w := range f.places[i].Queue {
			if f.sides[i][k] == writing {
				f.addHolder(i, wait.Holder{Goroutine: w.Goroutine, How: wait.ByTurn, Func: w.Func, At: w.At})
			}
		}
	}
	locks := frames.NewLockReader(f.vars)
	for i := range f.im.Goroutines {
		if err := program.Look(ctx, i); err != nil {
			return err
		}
		for _, h := range locks.Held(i, f.waitsFor(i), f.given(i)) {
			at, ok := wanted[key{h.Kind, h.Addr}]
			if !ok {
				continue
			}
			p := &f.places[at]
			if p.Known && (p.Kind == wait.Mutex || p.Kind == wait.Once || h.Kind == frames.WriteLock) && !p.Locked {
				continue // it has been given back already
			}
			holder := wait.Holder{Goroutine: i, How: wait.ByDefer, Read: h.Kind == frames.ReadLock, At: h.Place, Func: h.Func}
			if h.ByCode {
				holder.How = wait.ByCode
			}
			f.addHolder(at, holder)
		}
	}
	return nil
}

// addHolder adds one to a place, for those who wait for it: readers, and other writers, wait
// for the writer whose turn it is, and that for the readers before it.
func (f *finder) addHolder(place int, h wait.Holder) {
	p := &f.places[place]
	of := []side{all}
	switch {
	case p.Kind == wait.RWMutex && h.Read:
		of = []side{writing}
	case p.Kind == wait.RWMutex:
		of = []side{reading, queuing}
	}
	if f.held[place] == nil {
		f.held[place] = map[side][]int{}
	}
	for _, s := range of {
		f.held[place][s] = append(f.held[place][s], len(p.Holders))
	}
	p.Holders = append(p.Holders, h)
}

// waitsFor returns the address of the lock that a goroutine waits for, 0 for none.
func (f *finder) waitsFor(gi int) uint64 {
	if len(f.at[gi]) != 1 || len(f.on[gi]) != 1 || f.on[gi][0].Channel {
		return 0
	}
	p := &f.places[f.at[gi][0].place]
	if p.Kind == wait.Once {
		return p.Addr + f.prog.Layout.Library.Once.M.Offset
	}
	return p.Addr
}

// given returns the address of the lock that a goroutine has given back to wait on a
// sync.Cond, 0 for none: the data word of its Locker.
func (f *finder) given(gi int) uint64 {
	if len(f.at[gi]) != 1 {
		return 0
	}
	p := &f.places[f.at[gi][0].place]
	if l := f.prog.Layout.Library.Cond.L; p.Kind == wait.Cond && l.Has() {
		lock, _ := f.im.Mem.Word(p.Addr + l.Offset + uint64(f.im.Arch.PtrSize))
		return lock
	}
	return 0
}

// askHolders puts into a question who has what goroutines wait for.
func (f *finder) askHolders(q *image.StuckQuestion) {
	for i := range f.places {
		p := &f.places[i]
		for k, w := range p.Queue {
			s := f.sides[i][k]
			holders := f.held[i][s]
			if len(holders) == 0 || len(f.at[w.Goroutine]) != 1 {
				continue
			}
			var by []int
			for _, h := range holders {
				by = append(by, p.Holders[h].Goroutine)
			}
			if p.Kind == wait.WaitGroup || s == writing {
				q.Needs[w.Goroutine] = by
			} else {
				q.Holders[w.Goroutine] = by
			}
		}
	}
}

// maxReachSteps bounds the pointers that are followed back from places: beyond it only who
// points to a place itself is found. Of more than mostOthers goroutines that lead to a place
// the nearest are.
const (
	maxReachSteps = 1 << 24
	mostOthers    = 256
)

// findOthers finds which goroutines lead to the places that stuck ones wait at. reached are
// the nodes that others lead to: nobody has to be looked for behind these.
func (f *finder) findOthers(ctx context.Context, stuck []int, reached *heap.SubtreeMarker) error {
	// Only the part of the graph counts that none but the stuck lead to: its pointers back.
	number := map[heap.Node]int32{}
	var nodes []heap.Node
	var from, to []int32
	visit := func(n heap.Node) int32 {
		k, ok := number[n]
		if !ok {
			k = int32(len(nodes))
			number[n] = k
			nodes = append(nodes, n)
		}
		return k
	}
	goroutine := map[int32]int{}
	for _, i := range stuck {
		goroutine[visit(heap.Node(1+f.im.Goroutines[i].Root))] = i
	}
	for i := 0; i < len(nodes); i++ {
		if err := program.Look(ctx, i); err != nil {
			return err
		}
		for _, t := range f.g.Targets(nodes[i]) {
			if !reached.Has(t) {
				from, to = append(from, int32(i)), append(to, visit(t))
			}
		}
	}
	start := make([]int32, len(nodes)+1)
	for _, t := range to {
		start[t+1]++
	}
	for i := range nodes {
		start[i+1] += start[i]
	}
	back := make([]int32, len(from))
	fill := slices.Clone(start)
	for e, t := range to {
		back[fill[t]] = from[e]
		fill[t]++
	}
	seen := make([]int32, len(nodes)) // the place for which a node was met last, and 1 more
	steps := 0
	for i := range f.places {
		if err := program.Look(ctx, i); err != nil {
			return err
		}
		p := &f.places[i]
		k, ok := number[p.Node]
		if p.Node == heap.None || !ok || !f.wantsOthers(i) || !slices.ContainsFunc(p.Queue, func(w wait.Waiter) bool { _, ok := slices.BinarySearch(stuck, w.Goroutine); return ok }) {
			continue
		}
		list := []int32{k}
		seen[k] = int32(i + 1)
		whole := true
		for j := 0; j < len(list) && whole; j++ {
			for _, b := range back[start[list[j]]:start[list[j]+1]] {
				if steps++; seen[b] == int32(i+1) {
					continue
				}
				if len(p.Others) >= mostOthers {
					whole = false
					break
				}
				seen[b] = int32(i + 1)
				list = append(list, b)
				if g, ok := goroutine[b]; ok {
					p.Others = append(p.Others, g)
				}
			}
			whole = whole && (steps < maxReachSteps || j+1 == len(list))
		}
		if !whole {
			f.out.Partly++
		}
		slices.Sort(p.Others)
	}
	return nil
}

// wantsOthers reports whether whoever leads to a place could end a wait there: a lock is
// given back by who has it.
func (f *finder) wantsOthers(place int) bool {
	switch f.places[place].Kind {
	case wait.Channel, wait.Cond, wait.WaitGroup:
		return true
	}
	return false
}
