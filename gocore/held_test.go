package gocore_test

import (
	"slices"
	"testing"

	"goheap/heap"
)

// holders are the nodes that point to n.
func (p process) holders(t *testing.T, n heap.Node) []heap.Node {
	t.Helper()
	all, err := p.doms.Referrers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(slices.Compact(slices.Clone(all.Of(n))), func(n heap.Node) bool { return n == heap.SuperRoot })
}

// Where a slice or a string leads to an array, its elements are those that the program
// made, and never more than fit; where the number is said to be known without looking, it
// is the same.
func TestHeldCount(t *testing.T) {
	t.Parallel()
	for _, b := range builds() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, "typed", b.opt, b.kind)
			counts := map[string]int{}
			for _, o := range decode[typedObject](t, p.said, "object") {
				n, ok := p.NodeAt(address(t, o.Addr))
				if !ok || !p.doms.Live(n) || o.Tiny || o.Form != "slice" && o.Form != "string" || p.Type(n) != "[]"+o.Type && p.Type(n) != "string data" {
					continue
				}
				most := p.Count(n)
				got, known := p.HeldCount(n, p.holders(t, n))
				switch {
				case known && got != o.Count:
					t.Errorf("%s: %d × %s, the program made %d", o.Name, got, o.Type, o.Count)
				case p.CountKnown(n) && most != o.Count:
					t.Errorf("%s: the only number that fits is said to be %d × %s, the program made %d", o.Name, most, o.Type, o.Count)
				case most < o.Count:
					t.Errorf("%s: at most %d × %s, the program made %d", o.Name, most, o.Type, o.Count)
				}
				counts[o.Form]++
				if !known {
					counts[o.Form+", unknown, "+o.Via]++
				} else if most != got {
					counts[o.Form+", less than fit"]++
				}
				if v, ok := p.Value(n); ok && known {
					v = p.First(v, got)
					if children := p.Children(v, 0, int(got)+1); p.Type(n) != "string data" && len(children) != int(got) {
						t.Errorf("%s: %d elements of %d", o.Name, len(children), got)
					}
					if size := got * o.TypeSize; o.Form == "slice" && v.Size != size {
						t.Errorf("%s: %d bytes, want %d", o.Name, v.Size, size)
					}
				}
			}
			t.Log(counts)
			if counts["slice, less than fit"] < 10 || counts["string, less than fit"] < 10 {
				t.Error("too few of them fill less than their slots")
			}
		})
	}
}

// A slice of 500 elements has 500, whatever its slot has room for, and whatever holds it.
func TestHeldArrays(t *testing.T) {
	t.Parallel()
	for _, b := range openedBuilds() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, "opened", b.opt, b.kind)
			arrays := decode[struct {
				Name, Addr string
				Count      uint64
				Inner      bool
			}](t, p.said, "array")
			for _, o := range arrays {
				n, ok := p.NodeAt(address(t, o.Addr))
				if o.Inner && ok && !p.TypeOf(n).Known {
					continue // where no malloc header says it
				}
				if !ok || !p.doms.Live(n) || !p.TypeOf(n).Known {
					t.Errorf("%s at %s: %t, %s", o.Name, o.Addr, ok, p.Type(n))
					continue
				}
				count, known := p.HeldCount(n, p.holders(t, n))
				if !known || count != o.Count || p.Count(n) < count || p.CountKnown(n) && p.Count(n) != count {
					t.Errorf("%s: %s has %d elements, known %t, at most %d, known %t, the program says %d", o.Name, p.Type(n), count, known, p.Count(n), p.CountKnown(n), o.Count)
				}
				if _, known := p.HeldCount(n, nil); known {
					t.Errorf("%s: the number is known from nothing", o.Name)
				}
			}
			if len(arrays) < 30 {
				t.Errorf("only %d arrays", len(arrays))
			}
		})
	}
}
