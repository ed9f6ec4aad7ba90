package heap_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"goheap/heap"
	"goheap/internal/flat"
	"goheap/internal/progress"
)

// allocator places objects as the Go allocator does: spans of one size class
// follow each other in the order in which they are opened.
type allocator struct {
	extents []heap.Extent
	open    map[uint64]int // by size: index of the span that has room
	used    []uint32       // by span
	next    heap.Node
}

func (a *allocator) object(size uint64) heap.Node {
	i, ok := a.open[size]
	if !ok || a.used[i] == a.extents[i].Count {
		i = len(a.extents)
		count := max(1, 8192/size)
		a.extents = append(a.extents, heap.Extent{First: a.next, Count: uint32(count), Size: size})
		a.used = append(a.used, 0)
		a.next = (a.next + heap.Node(count) + heap.ExtentAlign - 1) / heap.ExtentAlign * heap.ExtentAlign
		a.open[size] = i
	}
	n := a.extents[i].First + heap.Node(a.used[i])
	a.used[i]++
	return n
}

// sessions is a graph with the shapes of testdata/programs/sessions: n sessions
// with strings, a user, data and a small map each, a big map and a slice that
// hold all of them, a list through every second, and a garbage object in twenty.
func sessions(n int) *heap.Graph {
	const roots = 30
	a := allocator{open: make(map[uint64]int), next: 32}
	from := flat.Make[heap.Node](17 * n)[:0]
	to := flat.Make[heap.Node](17 * n)[:0]
	defer func() { flat.Free(from); flat.Free(to) }()
	edge := func(f heap.Node, ts ...heap.Node) {
		for _, t := range ts {
			from, to = append(from, f), append(to, t)
		}
	}
	r := rand.New(rand.NewPCG(7, 8))
	slice := a.object(uint64(8 * n))
	tables := make([]heap.Node, max(1, n/768))
	directory := a.object(uint64(8 * len(tables)))
	edge(1, slice, directory)
	for i := range tables {
		table := a.object(32)
		tables[i] = a.object(25 << 10)
		edge(directory, table)
		edge(table, tables[i])
	}
	var manager, head heap.Node = 0, 0
	for i := range n {
		session, user := a.object(96), a.object(64)
		id, name, email, tags, data := a.object(16), a.object(16), a.object(24), a.object(32), a.object(112)
		attrs, group, number, pi := a.object(48), a.object(208), a.object(8), a.object(8)
		if i%20 == 0 {
			edge(a.object(48), session)
		}
		edge(user, name, email, tags)
		if manager != 0 {
			edge(user, manager)
		}
		if i%10 == 0 {
			manager = user
		}
		edge(group, number, user, pi)
		edge(attrs, group)
		edge(session, id, user, data, attrs)
		if i%2 == 0 {
			if head != 0 {
				edge(session, head)
			}
			head = session
		}
		edge(tables[r.IntN(len(tables))], id, session)
		edge(slice, session)
		if i%1000 == 0 {
			edge(heap.Node(3+i/1000%20), user)
		}
	}
	edge(2, head)

	offset := flat.Make[uint64](int(a.next) + 2)
	for _, f := range from {
		offset[f+2]++
	}
	offset[2] += roots // of SuperRoot
	for i := range a.next {
		offset[i+2] += offset[i+1]
	}
	target := flat.Make[heap.Node](len(from) + roots)
	for i := range heap.Node(roots) {
		target[i] = i + 1
	}
	offset[1] = roots
	for i, f := range from {
		target[offset[f+1]] = to[i]
		offset[f+1]++
	}
	return heap.NewGraph(roots, offset[:a.next+1], target, a.extents)
}

func BenchmarkDominators(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000, 2_000_000} {
		b.Run(fmt.Sprintf("sessions=%d", n), func(b *testing.B) {
			g := sessions(n)
			least := make(map[string]float64)
			objects := 0
			clearPeak()
			before := peak()
			for b.Loop() {
				t := new(progress.Tracker)
				d, err := g.Dominators(heap.WithProgress(context.Background(), t.Report))
				if err != nil {
					b.Fatal(err)
				}
				objects = d.LiveCount()
				d.Close()
				for _, s := range t.Snapshot() {
					if v, ok := least[s.Name]; !ok || s.Elapsed.Seconds() < v {
						least[s.Name] = s.Elapsed.Seconds()
					}
				}
			}
			for name, s := range least {
				b.ReportMetric(s, strings.ReplaceAll(name, " ", "-")+"-s")
			}
			b.ReportMetric(float64(objects), "objects")
			b.ReportMetric(float64(len(g.Target)), "edges")
			b.ReportMetric(float64(peak()-before)/float64(objects), "peak-B/object")
			flat.Free(g.Offset)
			flat.Free(g.Target)
		})
	}
}

// clearPeak and peak work where Linux does; elsewhere the peak is always 0.
func clearPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// peak returns the largest resident size since clearPeak, in bytes.
func peak() int {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kib := 0
	fmt.Sscan(rest, &kib)
	return kib << 10
}

// BenchmarkLater is what later questions cost, each for the first time.
func BenchmarkLater(b *testing.B) {
	g := sessions(2_000_000)
	ctx := context.Background()
	types := flat.Make[heap.TypeID](g.Len())
	for n := range heap.Node(g.Len()) {
		types[n] = heap.TypeID(g.Size(n) % 1000)
	}
	for _, q := range []struct {
		name string
		ask  func(d *heap.Dominators)
	}{
		{"reachable", func(*heap.Dominators) {
			set, err := g.Reachable(ctx)
			if err != nil {
				b.Fatal(err)
			}
			set.Close()
		}},
		{"largest", func(d *heap.Dominators) { d.Largest(20) }},
		{"objects", func(d *heap.Dominators) { d.Objects(1) }},
		{"dominates", func(d *heap.Dominators) { d.Dominates(1, 2) }},
		{"paths", func(d *heap.Dominators) { d.PathTo(1) }},
		{"referrers", func(d *heap.Dominators) {
			if _, err := d.Referrers(ctx); err != nil {
				b.Fatal(err)
			}
		}},
		{"joint", func(d *heap.Dominators) {
			if _, err := d.Joint(ctx, types); err != nil {
				b.Fatal(err)
			}
		}},
		{"by type", func(d *heap.Dominators) { d.RetainedByType(types, 1000) }},
		{"set", func(d *heap.Dominators) {
			if _, err := d.RetainedSet(ctx, []heap.Node{1}); err != nil {
				b.Fatal(err)
			}
		}},
		{"by class", func(d *heap.Dominators) {
			classes := make([]uint32, g.Roots)
			for i := range classes {
				classes[i] = uint32(i % 7)
			}
			if _, err := d.RetainedByClass(ctx, classes, 7); err != nil {
				b.Fatal(err)
			}
		}},
		{"merged paths", func(d *heap.Dominators) { // with what PathTo needs
			var members []heap.Node
			for n := range heap.Node(g.Len()) {
				if g.Size(n) == 96 {
					members = append(members, n)
				}
			}
			if _, err := d.MergePaths(ctx, members); err != nil {
				b.Fatal(err)
			}
		}},
		{"cut", func(d *heap.Dominators) {
			c, err := d.Cut(ctx, []heap.Edge{{To: 1}})
			if err != nil {
				b.Fatal(err)
			}
			c.Close()
		}},
	} {
		b.Run(q.name, func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				d := dominators(b, g)
				b.StartTimer()
				q.ask(d)
				b.StopTimer()
				d.Close()
			}
		})
	}
}
