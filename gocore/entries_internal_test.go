package gocore

import (
	"slices"
	"strings"
	"syscall"
	"testing"

	"goheap/dump"
	"goheap/gocore/internal/frames"
	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/keys"
	"goheap/heap"
	"goheap/internal/testcore"
)

// opened is the program of that name, and a map of it.
func opened(t *testing.T, version, name string) (*Heap, Value) {
	t.Helper()
	d := testcore.Core(t, "opened", testcore.Options{Go: version}, testcore.Kernel)
	proc, err := Open(t.Context(), d.Core, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { proc.Close() })
	p, err := proc.Analyse(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	n, err := p.Lookup("main.maps")
	if err != nil {
		t.Fatal(err)
	}
	v, _ := p.Value(n)
	for _, c := range p.Children(v, 0, v.Children) {
		if c.Name == name {
			return p, c
		}
	}
	t.Fatalf("no %s", name)
	return nil, Value{}
}

// unreadable is p in whose memory reading the objects that leave is true for is a fault,
// of which the process then knows.
func unreadable(t *testing.T, p *Heap, leave func(n heap.Node) bool) *Heap {
	t.Helper()
	var holes []target
	total := uint64(0)
	for i := range p.im.Extents {
		e := &p.im.Extents[i]
		for k := range uint64(e.N) {
			if leave(e.First + heap.Node(k)) {
				holes = append(holes, target{e.Base + k*e.Elem, e.Elem})
				total += e.Elem
			}
		}
	}
	closed, err := syscall.Mmap(-1, 0, int(total), syscall.PROT_NONE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(closed) })
	var blocks []dump.Block
	rest := closed
	add := func(at, end uint64) {
		for at < end {
			start, data := p.im.Mem.Segment(at)
			stop := min(start+uint64(len(data)), end)
			blocks = append(blocks, dump.Block{Addr: at, Data: data[at-start : stop-start]})
			at = stop
		}
	}
	for _, r := range p.im.Mem.Ranges() {
		at := r.Start
		for _, h := range holes {
			if h.addr >= at && h.addr+h.size <= r.End {
				add(at, h.addr)
				blocks = append(blocks, dump.Block{Addr: h.addr, Data: rest[:h.size]})
				rest, at = rest[h.size:], h.addr+h.size
			}
		}
		add(at, r.End)
	}
	mem := dump.NewMemory(p.im.Arch.Machine, p.im.Arch.Order(), p.im.Arch.PtrSize, blocks)
	im := *p.im
	im.Mem = mem
	decoder := *p.decoder
	decoder.Image = &im
	c := newContents(&decoder, nil)
	c.space.Mem = mem
	return &Heap{naming: naming{values: &values{&objects{
		stacks: &stacks{contents: c, vars: frames.New(c.decoder, &im, c.closures)},
		im:     &im, graph: p.graph, live: p.live, typing: p.typing,
	}}, index: &nameIndex{}}}
}

func keysOf(list []Value) (names []string) {
	for _, v := range list {
		names = append(names, v.Name)
	}
	return names
}

// Sorting and filtering read keys, and no elements: without these they come out the same.
// A page reads the tables that it passes, and no others.
func TestEntriesRead(t *testing.T) {
	for _, version := range []string{"go1.22.12", "go1.27.0"} {
		t.Run(version, func(t *testing.T) {
			p, v := opened(t, version, "Strings")
			elements := map[heap.Node]bool{}
			parts := map[heap.Node]int{} // the first entry that stands in each
			n := 0
			p.space.Entries(v.parts.t, v.parts.addr, func(e inferior.Entry) bool {
				if to, ok := p.im.Mem.Word(e.Elem); ok {
					if node, ok := p.im.Pages.Lookup(to); ok {
						elements[node] = true
					}
				}
				if node, ok := p.im.Pages.Lookup(e.Key); ok {
					if _, seen := parts[node]; !seen {
						parts[node] = n
					}
				}
				n++
				return true
			})
			if n != 3000 || len(elements) < 2900 || len(parts) < 2 && version != "go1.22.12" {
				t.Fatalf("%d entries, %d elements and %d arrays of groups are too few", n, len(elements), len(parts))
			}
			q := unreadable(t, p, func(n heap.Node) bool { return elements[n] })
			if q.Children(v, 1, 1); q.gone == "" {
				t.Fatal("nobody is told when an element is read")
			}
			q = unreadable(t, p, func(n heap.Node) bool { return elements[n] })
			for _, c := range []Choice{{}, {ByKey: true}, {ByKey: true, Descending: true}, {ByKey: true, Keep: func(s string) bool { return strings.Contains(s, "77") }}} {
				want, sum, err1 := p.Choose(t.Context(), v, c)
				_, same, err2 := q.Choose(t.Context(), v, c)
				if err1 != nil || err2 != nil || sum != same || want.Children != sum.Kept || q.gone != "" {
					t.Errorf("%+v: %+v %v, where elements cannot be read %+v %v %s", c, sum, err1, same, err2, q.gone)
				}
			}
			if len(parts) < 2 {
				t.Skip("this process's hashes have left no bucket outside of the array of a classic map")
			}
			for _, page := range []struct{ from, limit int }{{0, 1}, {0, 100}, {150, 100}, {1000, 10}} {
				left := 0
				q := unreadable(t, p, func(n heap.Node) bool {
					first, ok := parts[n]
					if ok && first >= page.from+page.limit {
						left++
						return true
					}
					return false
				})
				got := q.Children(v, page.from, page.limit)
				if left == 0 || q.gone != "" || !slices.Equal(keysOf(got), keysOf(p.Children(v, page.from, page.limit))) {
					t.Errorf("%d entries from %d, where %d arrays of groups behind them cannot be read: %d come %s", page.limit, page.from, left, len(got), q.gone)
				}
				if q.Children(v, 2999, 1); q.gone == "" {
					t.Errorf("the last entry was reached without the last groups")
				}
			}
		})
	}
}

// What is remembered of a choice is bounded, and is what stands first in its order.
func TestChosenIsBounded(t *testing.T) {
	order := func(a, b placed) int { return int(a.Key) - int(b.Key) }
	all := &chosen{Firsts: keys.Firsts[placed]{Most: MaxChosen}}
	const n = MaxChosen + 5000
	for i := range n {
		all.Add(placed{Entry: inferior.Entry{Key: uint64(i*7919%n) + 1}, at: i}, order)
	}
	slices.SortFunc(all.List, order)
	if len(all.List) != MaxChosen || all.List[0].Key != 1 || all.List[MaxChosen-1].Key != MaxChosen {
		t.Errorf("%d are kept, from %d to %d", len(all.List), all.List[0].Key, all.List[len(all.List)-1].Key)
	}
}
