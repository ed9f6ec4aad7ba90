package gocore_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/heap/heaptest"
	"goheap/internal/testcore"
)

// typedObject is a line of testdata/programs/typed: Count values of Type, which
// has TypeSize bytes, from Addr.
type typedObject struct {
	Name, Addr, Type string
	TypeSize         uint64 `json:"type_size"`
	Count            uint64
	Form, Via        string
	Tiny             bool
	Func             string
}

// Wherever a type is claimed for an object, it is the one that the program says
// the object has.
func TestTyped(t *testing.T) {
	t.Parallel()
	for _, b := range builds() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, "typed", b.opt, b.kind)
			var wrong, known, live int
			unknown := map[string]int{}
			for _, o := range decode[typedObject](t, p.said, "object") {
				n, ok := p.NodeAt(address(t, o.Addr))
				if !ok {
					if o.Form == "closure" && address(t, o.Addr) < p.Addr(firstObject(p)) {
						continue // one that captures nothing stands in the data section
					}
					t.Errorf("%s at %s: no slot there", o.Name, o.Addr)
					continue
				}
				if !p.doms.Live(n) {
					if o.Via == "frame" {
						continue // the compiler may know better than the source how long a variable lives
					}
					t.Errorf("%s at %s is not live", o.Name, o.Addr)
					continue
				}
				live++
				info := p.TypeOf(n)
				if !info.Known {
					unknown[o.Form+" via "+o.Via]++
					continue
				}
				known++
				if why := p.disagrees(t, o); why != "" {
					if wrong++; wrong <= 20 {
						t.Errorf("%s at %s: claimed %s by %s: %s", o.Name, o.Addr, info.Name, p.Evidence(n), why)
					}
				}
			}
			typing := p.Typing()
			t.Logf("%d of %d objects that the program names have a type, %d wrong; of the whole heap %d of %d objects, %.2f%% of bytes, %d conflicts, by evidence %v",
				known, live, wrong, typing.TypedObjects, p.doms.LiveCount(), 100*float64(typing.TypedBytes)/float64(p.doms.LiveBytes()), typing.Conflicts, typing.EvidenceBytes)
			for _, what := range sortedKeys(unknown) {
				t.Logf("no type: %5d %s", unknown[what], what)
			}
			if live < 2000 {
				t.Errorf("the program names only %d live objects", live)
			}
			p.checkTyping(t)
		})
	}
}

func firstObject(p process) (n heap.Node) { return p.graph.Extents[0].First }

// disagrees says how the type claimed for the slot of o contradicts it, "" where
// it does not.
func (p process) disagrees(t *testing.T, o typedObject) string {
	addr := address(t, o.Addr)
	n, _ := p.NodeAt(addr)
	name, size := p.Type(n), p.graph.Size(n)
	if addr < p.Addr(n) || addr+o.TypeSize*o.Count > p.Addr(n)+size {
		if o.Form == "map" || o.Form == "chan" || o.Form == "closure" {
			return ""
		}
		return fmt.Sprintf("%d × %s (%d B) do not fit the slot at %#x of %d B", o.Count, o.Type, o.TypeSize, p.Addr(n), size)
	}
	if o.Tiny {
		return "" // one of several values of the block: any of their types may stand for it
	}
	ok := false
	switch o.Form {
	case "pointer":
		ok = name == o.Type
	case "slice":
		ok = name == "[]"+o.Type || o.Count == 1 && name == o.Type || name == fmt.Sprintf("[%d]%s", o.Count, o.Type)
	case "string":
		// The same bytes may be a byte slice that became a string unsafely.
		ok = name == "string data" || name == "[]uint8"
	case "map", "chan":
		ok = name == o.Type
	case "closure":
		ok = strings.Contains(name, o.Func) || strings.Contains(name, "func")
	}
	if !ok {
		return fmt.Sprintf("the program says %d × %s by a %s", o.Count, o.Type, o.Form)
	}
	if o.Form == "slice" && p.Count(n) < o.Count || o.Form == "string" && p.Count(n) < o.Count {
		return fmt.Sprintf("%d values, the program says %d", p.Count(n), o.Count)
	}
	return ""
}

// The array behind a channel or slice has the elements that were asked for, not
// what would fit into its slot: what stands behind them was never cleared.
func TestCountOfBuffers(t *testing.T) {
	t.Parallel()
	for _, kind := range []testcore.Kind{testcore.Gcore, testcore.Kernel} {
		p := open(t, "typed", testcore.Options{}, kind)
		for i := range uint64(10) {
			name := fmt.Sprintf("main.channels[%d]", i)
			c, err := p.Lookup(name)
			if err != nil {
				t.Fatal(err)
			}
			buffer := p.graph.Targets(c)[0] // make(chan *Small, 1+i)
			if !p.TypeOf(buffer).Known {
				continue
			}
			if n := p.Count(buffer); n != 1+i {
				t.Errorf("%s: the buffer has %d elements, want %d", name, n, 1+i)
			}
			if fields, more := p.Fields(buffer, 100); len(fields) != int(1+i) || more != 0 {
				t.Errorf("%s: the buffer has %d fields and %d more, want %d", name, len(fields), more, 1+i)
			}
		}
	}
}

// Nothing in the program contradicts itself: a rejected claim is one that should
// not have been made.
func TestNoConflicts(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"typed", "quiet", "kinds", "probe", "values", "reflected", "oldmaps", "stacks", "interfaces"} {
		for _, kind := range []testcore.Kind{testcore.Gcore, testcore.Kernel} {
			if kind == testcore.Gcore && program != "typed" && program != "quiet" {
				continue
			}
			p := open(t, program, testcore.Options{}, kind)
			if n := p.Typing().Conflicts; n > 0 {
				t.Errorf("%s, %s: %d claims contradicted a pointer map", program, kind, n)
			}
		}
	}
}

// checkTyping holds the sums of Typing against the objects one by one.
func (p process) checkTyping(t *testing.T) {
	typing := p.Typing()
	var objects, size, fits uint64
	byEvidence := map[gocore.Evidence]uint64{}
	for _, e := range p.graph.Extents {
		for i := range e.Count {
			n := e.First + heap.Node(i)
			if live, ev := p.doms.Live(n), p.Evidence(n); live != (ev != 0) || live != (p.TypeIDs()[n] != 0) {
				t.Fatalf("%#x: live %t, evidence %q, type %d", p.Addr(n), live, ev, p.TypeIDs()[n])
			} else if live {
				byEvidence[ev] += e.Size
				if known := p.TypeOf(n).Known; known != (ev < gocore.EvidenceFits) || p.TypeOf(n).Fits != (ev == gocore.EvidenceFits) {
					t.Fatalf("%#x: known %t by evidence %q", p.Addr(n), known, ev)
				} else if ev == gocore.EvidenceFits {
					fits++
				} else if known {
					objects++
					size += e.Size
				}
			}
		}
	}
	if behind := p.behindUnknown(); behind != typing.BehindUnknown {
		t.Errorf("Typing says that %d bytes are behind objects of unknown type; there are %d", typing.BehindUnknown, behind)
	}
	if fits != typing.FitObjects || byEvidence[gocore.EvidenceFits] != typing.FitBytes {
		t.Errorf("Typing says that %d objects of %d bytes have a type that fits; there are %d of %d", typing.FitObjects, typing.FitBytes, fits, byEvidence[gocore.EvidenceFits])
	}
	if objects != typing.TypedObjects || size != typing.TypedBytes || typing.CoveredBytes > size {
		t.Errorf("Typing says %d objects, %d bytes, %d covered; there are %d of %d bytes", typing.TypedObjects, typing.TypedBytes, typing.CoveredBytes, objects, size)
	}
	for ev, n := range typing.EvidenceBytes {
		if byEvidence[ev] != n {
			t.Errorf("Typing says %d bytes by %s; there are %d", n, ev, byEvidence[ev])
		}
	}
}

// behindUnknown adds up the objects that have one without a type among their dominators
// or are one.
func (p process) behindUnknown() (sum uint64) {
	behind := map[heap.Node]bool{heap.SuperRoot: false}
	for _, n := range heaptest.Nodes(p.graph) {
		var chain []heap.Node
		at := n
		for p.doms.Live(at) {
			if _, ok := behind[at]; ok {
				break
			}
			chain = append(chain, at)
			at = p.doms.Idom(at)
		}
		for is := behind[at]; len(chain) > 0; chain = chain[:len(chain)-1] {
			at = chain[len(chain)-1]
			is = is || !p.graph.IsRoot(at) && !p.TypeOf(at).Known && !p.TypeOf(at).Fits
			behind[at] = is
		}
		if behind[n] && !p.graph.IsRoot(n) {
			sum += p.graph.Size(n)
		}
	}
	return sum
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
