package report

import (
	"fmt"
	"strings"
	"testing"

	"goheap/gocore/waste"
	"goheap/internal/fakeprocess"
)

// spared is a variable with ten arrays of 1 MiB, from the last of which a list of 20 MiB
// hangs, and what is found in them.
func spared(rule waste.Rule, bytes uint64, typ string) *fake {
	f := &fake{
		RootNodes: []fakeNode{{ID: "var", Kind: "global", Name: "main.docs", Type: "[]*doc", Addr: 0x500000, To: []fakeEdge{{"", "array"}}}},
		Objects: []fakeNode{
			{ID: "array", Kind: "object", Type: "[]*main.doc", Addr: 0xc000000000, Size: 128},
			{ID: "list", Kind: "object", Type: "main.node", Addr: 0xc010000000, Size: 4 << 20, To: []fakeEdge{{".next", "next"}}},
			{ID: "next", Kind: "object", Type: "main.node", Addr: 0xc020000000, Size: 16 << 20},
		},
	}
	for i := range 10 {
		id := fmt.Sprint("doc", i)
		f.Objects[0].To = append(f.Objects[0].To, fakeEdge{fmt.Sprintf("[%d]", i), id})
		f.Objects = append(f.Objects, fakeNode{ID: id, Kind: "object", Type: typ, Addr: 0xc030000000 + uint64(i)<<20, Size: 1 << 20})
		f.Wasted = append(f.Wasted, fakeprocess.WastedNode{ID: id, Finding: waste.Finding{Rule: rule, Bytes: bytes, First: rule == waste.Duplicate && i < 3}})
	}
	last := &f.Objects[len(f.Objects)-1]
	last.To = []fakeEdge{{"[0]", "list"}}
	return f
}

// A suspect of which half is of no use is told why, and one of which less is, is not.
func TestExplainWaste(t *testing.T) {
	for _, test := range []struct {
		name  string
		rule  waste.Rule
		bytes uint64
		typ   string
		held  bool // nothing but the last array leads to the list, or only what is behind its length
		want  string
		try   string
	}{
		{"strings", waste.Substring, 1 << 20, "string data", false, "", ""}, // 10 MiB of 30
		{"behind", waste.Capacity, 1 << 19, "[]*main.node", true, "25.0 MiB of it are beyond the length of the slices of 10 arrays, and what only pointers there lead to.", "Clear what was removed"},
		{"empty", waste.Empty, 1 << 19, "[]*main.node", true, "25.0 MiB of it are beyond the length of the slices of 10 arrays, and", "Clear what was removed"},
		{"maps", waste.Empty, 2 << 20, "map[string]int", false, "20.0 MiB of it are room in 10 maps beyond the entries.", "Make it anew"},
		{"map", waste.MapRoom, 2 << 20, "map[string]int", false, "20.0 MiB of it are room in 10 maps beyond the entries.", "Make it anew"},
		{"texts", waste.Substring, 2 << 20, "string data", false, "20.0 MiB of it are dead: the rest of 10 texts of which strings keep a part.", "Copy what is kept: strings.Clone."},
		{"slices", waste.Subslice, 2 << 20, "[]uint8", false, "20.0 MiB of it are dead: the rest of 10 arrays of which slices keep a part.", "Copy what is kept"},
		{"start", waste.BeforeStart, 2 << 20, "[]int", false, "20.0 MiB of it are dead: what stands in 10 arrays before the start of all their slices.", "Copy what is left"},
		{"parts", waste.Part, 2 << 20, "main.doc", false, "20.0 MiB of it are dead: the rest of 10 objects of which pointers keep a part.", "Keep a copy"},
		{"channels", waste.ChannelRoom, 2 << 20, "chan int", false, "20.0 MiB of it are places in 10 channels where nothing waits.", "Make the channel"},
		{"buffers", waste.Buffer, 2 << 20, "[]uint8", false, "20.0 MiB of it are room in 10 buffers of bufio.", "Make them smaller"},
		{"duplicates", waste.Duplicate, 2 << 20, "string data", false, "20.0 MiB of it are to gain: of 10 texts 3 differ.", "Keep one of each"},
	} {
		f := spared(test.rule, test.bytes, test.typ)
		if test.held {
			f.Wasted[len(f.Wasted)-1].To = []string{"list"}
		}
		found := suspectsOf(t, f)
		if len(found) != 1 || found[0].Name != "main.docs" {
			t.Fatalf("%s: %+v", test.name, found)
		}
		if s := &found[0]; !strings.HasPrefix(s.Why, test.want) || test.want == "" && s.Why != "" || !strings.HasPrefix(s.Try, test.try) {
			t.Errorf("%s: %q, %q", test.name, s.Why, s.Try)
		}
	}
}

// What something else leads to as well is not freed with the pointers that are of no use.
func TestExplainWasteHeldTwice(t *testing.T) {
	f := spared(waste.Capacity, 1<<19, "[]*main.node")
	f.Wasted[len(f.Wasted)-1].To = []string{"list"}
	f.Objects[0].To = append(f.Objects[0].To, fakeEdge{"[10]", "next"})
	for _, s := range suspectsOf(t, f) {
		if s.Why != "" {
			t.Errorf("%q", s.Why) // 5 MiB, and 4 MiB behind them, of 30
		}
	}
}
