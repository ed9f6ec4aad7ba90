package gocore

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"goheap/gocore/internal/image"
	"goheap/gocore/waste"
	"goheap/heap"
	"goheap/heap/heaptest"
	"goheap/internal/testcore"
)

// tracedText is the longest text that begins an object, and of those the string.
type tracedText struct {
	n        uint64
	isString bool
}

// tracedTexts are the texts that may be duplicates, by their objects: found by going
// through all strings and slices of bytes, one after the other. doubtful are the objects of
// which a variable with unknown parts may have a longer one.
func tracedTexts(h *Heap) (texts map[heap.Node]tracedText, doubtful map[heap.Node]bool) {
	texts, doubtful = map[heap.Node]tracedText{}, map[heap.Node]bool{}
	tr := &tracer{h: h, objects: map[heap.Node]*tracedObject{}}
	tr.text = func(p, n uint64, isString bool) {
		node, ok := h.im.Pages.Lookup(p)
		if !ok {
			return
		}
		e, slot, _ := h.slot(node)
		if p != slot || e.Pointers != image.NoPointers || n < 16 || n > e.Elem {
			return
		}
		if old := texts[node]; n > old.n || n == old.n && isString {
			texts[node] = tracedText{n, isString}
		}
	}
	tr.run()
	for n, o := range tr.objects {
		if o.skip {
			doubtful[n] = true
		}
	}
	// Buffers change all the time, and what only pools have is in use by nobody.
	var pools []heap.Node
	g := h.graph
	for n := heap.Node(g.Roots) + 1; int(n) < h.im.Nodes; n++ {
		if !h.live.Has(n) {
			continue
		}
		name := strings.TrimPrefix(h.TypeOf(n).Name, "[]")
		switch {
		case name == "sync.poolLocal", name == "sync.poolChainElt", name == "sync.eface":
			pools = append(pools, n)
		case name == "bufio.Reader" || name == "bufio.Writer":
			typ, at, _, _ := h.valueType(n)
			for _, f := range h.types.Type(typ).Fields {
				if f.Name == "buf" {
					data, _ := h.im.Mem.Word(at + f.Offset)
					if to, ok := h.im.Pages.Lookup(data); ok {
						delete(texts, to)
					}
				}
			}
		}
	}
	outside := heaptest.Reach(g, heap.SuperRoot, pools...)
	for n, text := range texts {
		e, _, _ := h.slot(n)
		if !outside[n] || !h.live.Has(n) || text.n <= h.im.SmallerClass(e.Elem) {
			delete(texts, n)
		}
	}
	return texts, doubtful
}

// Duplicates are the texts whose content another has too, and all but one of each are to
// gain.
func TestDuplicates(t *testing.T) {
	t.Parallel()
	compared, equal := 0, 0
	for _, program := range []string{"wasted", "values", "blockstore", "typed"} {
		core := testcore.Core(t, program, testcore.Options{}, testcore.Kernel)
		p, err := Open(t.Context(), core.Core, Options{Exe: core.Exe})
		if err != nil {
			t.Fatal(err)
		}
		h, err := p.Analyse(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		found := map[heap.Node]waste.Finding{}
		err = h.Waste(t.Context(), waste.Visitor{Pointer: func(_, _ heap.Node) {}, Type: func(waste.Type) {}, Finding: func(f waste.Finding) {
			if f.Rule == waste.Duplicate {
				found[f.Node] = f
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		texts, doubtful := tracedTexts(h)
		content := func(n heap.Node, most uint64) []byte {
			e, slot, _ := h.slot(n)
			b, _ := h.im.Mem.Slice(slot, min(e.Elem, most))
			return b
		}
		groups := map[string][]heap.Node{}
		for n, text := range texts {
			if !doubtful[n] {
				key := fmt.Sprintf("%t %s", text.isString, content(n, text.n))
				groups[key] = append(groups[key], n)
			}
		}
		// What doubtful texts may be equal to is left out.
		for n := range doubtful {
			for key, group := range groups {
				if text := texts[group[0]]; bytes.Equal(content(n, text.n), content(group[0], text.n)) {
					for _, n := range group {
						delete(found, n)
					}
					delete(groups, key)
				}
			}
			delete(found, n)
		}
		for _, group := range groups {
			slices.Sort(group)
			for i, n := range group {
				compared++
				f, is := found[n]
				delete(found, n)
				want := waste.Finding{Rule: waste.Duplicate, Node: n, First: i == 0}
				if i > 0 {
					equal++
					want.Bytes = h.graph.Size(n)
				}
				if is != (len(group) > 1) || is && f != want {
					t.Errorf("%s: %s at %#x, one of %d that are equal: %+v, %t", program, h.TypeOf(n).Name, h.Addr(n), len(group), f, is)
				}
			}
		}
		for n := range found {
			t.Errorf("%s: %s at %#x is no text that another is equal to", program, h.TypeOf(n).Name, h.Addr(n))
		}
		p.Close()
	}
	if compared < 2000 || equal < 1500 {
		t.Errorf("only %d texts were compared, %d of them equal to others", compared, equal)
	}
}
