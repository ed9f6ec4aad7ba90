package gocore_test

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/heap/heaptest"
	"goheap/internal/testcore"
)

// plain expressions are variables with selectors, indexes and type assertions:
// what Lookup understands.
var plain = regexp.MustCompile(`^[\w/.]+(\.\w+|\[\d+\]|\.\([\w.*\[\], ]+\))*$`)

// The program names its objects as Go expressions: Lookup finds each.
func TestLookup(t *testing.T) {
	t.Parallel()
	for _, kind := range []testcore.Kind{testcore.Gcore, testcore.Kernel} {
		p := open(t, "typed", testcore.Options{PIE: kind == testcore.Gcore}, kind)
		found := 0
		for _, o := range decode[typedObject](t, p.said, "object") {
			if !plain.MatchString(o.Name) || o.Tiny || strings.HasPrefix(o.Name, "main.frame") {
				continue
			}
			if o.Form == "closure" || o.Via == "map" {
				continue // a function that captures nothing is no object; elements of maps are found by address
			}
			n, err := p.Lookup(o.Name)
			if err != nil {
				t.Errorf("%s: %v", o.Name, err)
				continue
			}
			want, _ := p.NodeAt(address(t, o.Addr))
			if n != want && !(p.KindOf(n) == gocore.GlobalRoot && p.Name(n) == o.Name) && !p.boxOf(want, n) {
				t.Errorf("%s: found %s, want %s", o.Name, p.Name(n), p.Name(want))
			}
			found++
			if byAddress, err := p.Lookup(o.Addr); err != nil || byAddress != want {
				t.Errorf("%s: found %d (%v), want %d", o.Addr, byAddress, err, want)
			}
		}
		if found < 3000 {
			t.Errorf("only %d names were tried", found)
		}
	}
}

// boxOf reports whether box is a string, slice or pointer by itself on the heap and
// n what it leads to: one expression stands for both, and Lookup says that it finds
// what the value leads to.
func (p process) boxOf(box, n heap.Node) bool { return p.asSaid().BoxOf(box, n) }

// What is not there is said to be not found, and why.
func TestLookupErrors(t *testing.T) {
	p := open(t, "typed", testcore.Options{}, testcore.Kernel)
	for _, target := range []string{
		"", ".", "[", "main", "main.", "main.nothing", "main.smalls[", "main.smalls[]", "main.smalls[-1]", "main.smalls[x]",
		"main.smalls[99999999]", "main.smalls[18446744073709551616]", "main.smalls.Name", "main.smalls[0].Nothing", "main.smalls[0][0]",
		"main.animals[0].(main.Cat)", "main.animals[0].(", "main.animals[0].(*main.Dog", "main.smalls[0].(int)",
		"main.lists", "main.byName[0]", "g:", "g:x", "g:0", "g:99999999", "g:-1",
		"(", "()", "*", "**", "<-", "<-main.smalls", "<-main.smalls[0]", "<-main.channels[3]", "<-main.channels[3][99]", "*main.smalls", "*main.smalls[0].ID",
		"(main.smalls", "(main.smalls) ×3", "main.smalls ×", "main.smalls[0] ×5", "main.smalls[0].Next ×99999999999999999999", "main.list.head.next ×5000", "main.list(.head(.next) ×2) ×2",
		"main.smalls →", "main.smalls → ", "main.smalls → +0x", "main.smalls → +0xzz", "main.smalls → +0x5", "main.smalls → finalizer", "main.smalls[0].func1 captured x",
		"main.functions[0].func1 captured", "main.functions[0].nothing captured x", "main.byName[key 0]", "main.byName[\"", `main.lazily["no"]`, "main.lazily[key nothing]",
		strings.Repeat("(", 100_000), strings.Repeat("*", 1_000_000) + "main.smalls", strings.Repeat("<-", 10_000), "main.smalls" + strings.Repeat("(.a", 10_000), "main.smalls" + strings.Repeat("[0]", 100_000),
		"0x", "0xzz", "0x0", "0x1", "0xffffffffffffffff", "0x10000000000000000", "\x00", "main.smalls[0]\x00", strings.Repeat("main.smalls[0]", 1000),
	} {
		n, err := p.Lookup(target)
		if err == nil || !errors.Is(err, gocore.ErrNotFound) || n != heap.None {
			t.Errorf("%.60q: node %d, error %v", target, n, err)
		} else if strings.ContainsAny(err.Error(), "\x00\n") {
			t.Errorf("%.60q: the error has raw bytes: %q", target, err)
		}
	}
}

// What Path says without keys has each key of a map replaced, and no place in an
// array, channel or frame.
func TestWithoutKeys(t *testing.T) {
	p := open(t, "kinds", testcore.Options{}, testcore.Kernel)
	want := map[string]string{
		"map, small, element with an odd key": "main.m.small[…]",
		"map, wide groups":                    "main.m.wide[…][7]",
		"map as a set":                        "main.m.set[…]",
		"map of maps, element":                "main.m.nested[…][…]",
		"map of slices, element":              "main.m.slices[…][2]",
		"map, by nested struct":               "main.m.byNested[…]",
		"map, behind the key":                 "main.m.keyed[…].next",
		"sync.Map, few entries, on from 0":    "main.s.few[…].(*main.thing).next",
		"channel in a map of channels":        "<-main.c.in[…][0]",
		"channel of structs":                  "(<-main.c.structs[1]).p",
		"container/heap":                      "main.d.heap[3]",
		"reflect.ArrayOf, on":                 "main.l.arrayOf.(*[37]*main.thing)[36]",
		"list":                                "main.l.list.next ×999",
	}
	for _, o := range decode[kindObject](t, p.said, "kind") {
		w, ok := want[o.Name]
		if !ok {
			continue
		}
		delete(want, o.Name)
		n, _ := p.NodeAt(address(t, o.Addr))
		path := p.Path(p.doms.PathTo(n))
		if path.WithoutKeys != w {
			t.Errorf("%s: %s, want %s", o.Name, path.WithoutKeys, w)
		}
		keys := 0
		for _, h := range path.Hops {
			if h.Key {
				keys++
			}
		}
		if keys != strings.Count(w, "…") {
			t.Errorf("%s: %d hops have keys, want %d", o.Name, keys, strings.Count(w, "…"))
		}
	}
	for name := range want {
		t.Errorf("the program printed no %s", name)
	}
}

// Names as a Go programmer would write them: where a pointer leads to a struct
// or an array, the pointer's name is enough to select a part; anything else that
// is pointed to has the star.
func TestExpressions(t *testing.T) {
	expr := func(p process, addr uint64) (string, string) {
		n, ok := p.NodeAt(addr)
		if !ok || !p.doms.Live(n) {
			return "", ""
		}
		return p.Expr(p.doms.PathTo(n)), p.Type(n)
	}
	t.Run("typed", func(t *testing.T) {
		p := open(t, "typed", testcore.Options{}, testcore.Kernel)
		want := map[string][2]string{
			"main.smalls[7].Name":                {"main.smalls[7].Name", "string data"},
			"main.smalls":                        {"main.smalls", "[]*main.Small"},
			"main.nested[5].Head.Tag":            {"*main.nested[5].Head.Tag", "string"},
			"*main.nested[5].Head.Tag":           {"*main.nested[5].Head.Tag", "string data"},
			"main.nested[5].Mid.A":               {"main.nested[5].Mid.A", "main.Inner"},
			"main.nested[5].Array[2].Tag":        {"*main.nested[5].Array[2].Tag", "string"},
			"main.nested[5].Iface.(*main.Small)": {"main.nested[5].Iface.(*main.Small)", "main.Small"},
			"main.nested[8].Tail":                {"main.nested[8].Tail", "[]main.Inner"},
			"main.wides[3].Links[19]":            {"main.wides[3].Links[19]", "main.Small"},
			"main.wides[3].Names[7]":             {"main.wides[3].Names[7]", "string data"},
			"main.wideSlice[49].Another":         {"main.wideSlice[49].Another", "main.Wide"},
			"main.anonymous.Left":                {"main.anonymous.Left", "main.Small"},
			"main.matrix[3][4]":                  {"main.matrix[3][4]", "[]int32"},
			"main.arrays[6].Tag":                 {"*main.arrays[6].Tag", "string"},
			"main.pairs[9].Key":                  {"main.pairs[9].Key", "string data"},
			"main.deepPairs[9].Value.Value":      {"main.deepPairs[9].Value.Value", "[]main.Inner"},
			"main.list.head.next.next":           {"main.list.head.next.next", "main.element[main.Nested]"},
			"main.tree.Left.Right":               {"main.tree.Left.Right", "main.Tree[main.Inner]"},
			"main.animals[6].(main.Cat)":         {"main.animals[6].(main.Cat)", "main.Cat"},
			"main.boxes[8].(main.Plain)":         {"main.boxes[8].(main.Plain)", "main.Plain"},
			"main.boxes[11].([]main.Inner)[:]":   {"main.boxes[11].([]main.Inner)", "[]main.Inner"},
			"main.errs[3].(*strconv.NumError)":   {"main.errs[3].(*strconv.NumError)", "strconv.NumError"},
			"main.pointers":                      {"*main.pointers", "**main.Small"},
			"*main.pointers":                     {"**main.pointers", "*main.Small"},
			"**main.pointers":                    {"**main.pointers", "main.Small"},
			"*main.chained[3]":                   {"*main.chained[3]", "main.Inner"},
		}
		for _, o := range decode[typedObject](t, p.said, "object") {
			w, ok := want[o.Name]
			if !ok {
				continue
			}
			if e, typ := expr(p, address(t, o.Addr)); e != w[0] || typ != w[1] {
				t.Errorf("%s: %s of type %s, want %s of type %s", o.Name, e, typ, w[0], w[1])
			}
			delete(want, o.Name)
		}
		for name := range want {
			t.Errorf("the program printed no %s", name)
		}
	})
	t.Run("probe", func(t *testing.T) {
		p := open(t, "probe", testcore.Options{}, testcore.Kernel)
		want := map[string]string{
			"fifty":        "main.fifty",
			"openFileName": "main.openFile.file.name",
			"joint":        "main.left[0]",
			"chain":        "main.chain",
			"atomically":   "main.atomically.v",
			"boxed":        "main.boxed.(struct { In struct { P [1]*main.T } }).In.P[0]",
		}
		for _, c := range decode[probeCase](t, p.said, "") {
			if w, ok := want[c.Case]; ok {
				if e, _ := expr(p, address(t, c.Addr)); e != w {
					t.Errorf("%s: %s, want %s", c.Case, e, w)
				}
			}
		}
		// The last link of a long chain is not a thousand hops long on screen.
		c := decode[probeCase](t, p.said, "chain")[0]
		n, _ := p.NodeAt(address(t, c.Addr))
		for range 999 {
			n = p.graph.Targets(n)[0]
		}
		if e, w := p.Expr(p.doms.PathTo(n)), "main.chain.Peer ×999"; e != w {
			t.Errorf("the end of the chain is %s, want %s", e, w)
		}
	})
}

// Every edge of the graph has a name and lies inside the object that it comes
// from, but for those that stand in the place of the runtime's ways.
func TestEdges(t *testing.T) {
	p := open(t, "probe", testcore.Options{}, testcore.Kernel)
	edges, ways := 0, 0
	for _, n := range heaptest.Nodes(p.graph)[1:] {
		if !p.doms.Live(n) {
			continue
		}
		for k, to := range p.graph.Targets(n) {
			if k > 20 {
				break
			}
			edges++
			name, off, ok := p.Edge(n, to)
			if !ok && to == n {
				ways++
				continue
			}
			if !ok || name == "" && p.KindOf(n) == gocore.NoRoot && !p.boxOf(n, to) || strings.Contains(name, "?") {
				t.Errorf("the edge from %s %s to %s: %q at +%d, %t", p.KindOf(n), p.Name(n), p.Name(to), name, off, ok)
			}
			if p.KindOf(n) == gocore.NoRoot && off >= p.graph.Size(n) {
				t.Errorf("the edge from %s to %s is at +%d of %d", p.Name(n), p.Name(to), off, p.graph.Size(n))
			}
		}
	}
	if edges < 1000 || ways > 200 {
		t.Errorf("%d edges were tried; %d are ways of the runtime's", edges, ways)
	}
}

// Nothing that a person may write makes Lookup panic or run for ever, and what is
// found is a node.
func FuzzLookup(f *testing.F) {
	d := testcore.Core(f, "kinds", testcore.Options{}, testcore.Kernel)
	opened, err := gocore.Open(f.Context(), d.Core, gocore.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { opened.Close() })
	p := analysed(f, opened)
	for _, line := range d.Output {
		var o kindObject
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			f.Fatal(err)
		}
		if o.Path != "" {
			f.Add(o.Path)
		}
	}
	f.Fuzz(func(t *testing.T, target string) {
		n, err := p.Lookup(target)
		if err == nil && int(n) >= p.graph.Len() || err != nil && (n != heap.None || !errors.Is(err, gocore.ErrNotFound)) {
			t.Errorf("%q: node %d, %v", target, n, err)
		}
	})
}
