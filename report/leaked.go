package report

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"goheap/gocore/wait"
	"goheap/heap"
)

// waits is what Heap.Waits says.
type waits struct {
	on     [][]wait.Awaited
	leaked []int
}

// waits is what goroutines wait for, asked once.
func (s *Snapshot) waits(ctx context.Context) (waits, error) {
	return s.awaited.get(func() (w waits, err error) {
		w.on, w.leaked, err = s.Heap.Waits(s.within(ctx))
		return w, err
	})
}

// proves reports whether the file has all that a proof needs: what is missing may lead to
// what goroutines wait for. A heap dump has no cleanups.
func proves(s *Snapshot) bool {
	return s.Complete() && s.Process.Source().Kind != "heapdump"
}

// leakWord says how sure it is that goroutines are leaked.
func (s *Snapshot) leakWord() string {
	if proves(s) {
		return "proven leaked"
	}
	return "likely leaked"
}

// of returns what the goroutine at a place waits on.
func (w *waits) of(place int) []wait.Awaited {
	if place >= len(w.on) {
		return nil
	}
	return w.on[place]
}

// leaked returns the nodes of the goroutines that wait for ever, by all that the file has.
func leaked(ctx context.Context, s *Snapshot) (map[heap.Node]bool, error) {
	return s.leaks.get(func() (map[heap.Node]bool, error) {
		w, err := s.waits(ctx)
		if err != nil {
			return nil, err
		}
		nodes := make(map[heap.Node]bool, len(w.leaked))
		goroutines := s.Process.Goroutines()
		for _, i := range w.leaked {
			nodes[goroutines[i].Node] = true
		}
		return nodes, nil
	})
}

// leakText says how many of some goroutines are leaked, "" for none.
func leakText(s *Snapshot, all map[heap.Node]bool, members []heap.Node) string {
	n := 0
	for _, m := range members {
		if all[m] {
			n++
		}
	}
	switch n {
	case 0:
		return ""
	case len(members):
		return s.leakWord()
	}
	return fmt.Sprintf("%s of them %s", comma(uint64(n)), s.leakWord())
}

// otherLeaks says which goroutines are leaked beside those that are suspects, "" for none:
// a leak is one however little it holds.
func otherLeaks(s *Snapshot, all map[heap.Node]bool, found []Suspect) string {
	rest := maps.Clone(all)
	for _, f := range found {
		if len(rest) == 0 {
			return ""
		}
		delete(rest, f.Node)
		for _, m := range f.Members {
			delete(rest, m)
		}
	}
	counts := map[string]int{}
	total := 0
	for _, g := range s.Process.Goroutines() {
		if rest[g.Node] {
			counts[g.Func]++
			total++
		}
	}
	if total == 0 {
		return ""
	}
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	const most = 3
	var parts []string
	for _, name := range names[:min(len(names), most)] {
		parts = append(parts, comma(uint64(counts[name]))+" in "+cmp.Or(Printable(ShortPaths(name)), "unknown functions"))
	}
	if len(names) > most {
		parts = append(parts, "…")
	}
	return fmt.Sprintf("%s %s: %s", plural(uint64(total), "goroutine"), s.leakWord(), strings.Join(parts, ", "))
}
