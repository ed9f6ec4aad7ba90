package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/heap"
)

// sampled is a process whose first block was sampled.
type sampled struct {
	*fake
	site gocore.AllocSite
}

func (p sampled) AllocSite(n heap.Node) (gocore.AllocSite, bool) {
	return p.site, n == p.Node["block0"]
}

func TestShowAllocation(t *testing.T) {
	f := blockstore()
	s := analyse(t, f)
	s.Heap = sampled{f, gocore.AllocSite{
		Stack: []gocore.Call{{Func: "runtime.mallocgc", File: "/go/malloc.go", Line: 9}, {Func: "main.decode" + hostile, File: "/src/decode.go", Line: 31}, {Func: "main.main"}},
		Size:  128, Allocs: 1234, Frees: 200, Rate: 512 << 10,
	}}
	d, err := NewShowDocument(t.Context(), s, []string{"block0", "block1"}, Parts{}, DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	var text, doc bytes.Buffer
	if err := WriteShow(&text, s, d); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"  allocated  main.decode" + Printable(hostile) + " decode.go:31; of 1,234 sampled there, 200 freed\n", "  runtime.mallocgc ", "  main.main "} {
		if strings.Count(text.String(), want) != 1 {
			t.Errorf("%q is not there once:\n%s", want, &text)
		}
	}
	if err := WriteJSON(&doc, d); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Objects []struct{ Allocation *AllocationDocument }
	}
	if err := json.Unmarshal(doc.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	a := got.Objects[0].Allocation
	if a == nil || *a.Line != 31 || a.Sampled != 1234 || a.Freed != 200 || len(a.Stack) != 3 || a.Stack[2].Line != nil || got.Objects[1].Allocation != nil {
		t.Errorf("documents: %s", &doc)
	}
}
