package tui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/heap"
)

// mapped is a program in which every object is a map of 250 entries, 7 and a prime apart.
// What was chosen of them stands in the text of the value.
type mapped struct{ *fake }

func (m mapped) Value(n heap.Node) (gocore.Value, bool) {
	return gocore.Value{Type: "map[int]string", Addr: m.Addr(n), Text: "len 250", Target: heap.None, Children: 250, Map: true}, true
}

func (m mapped) entries(v gocore.Value) []int {
	var keys []int
	filter, order, _ := strings.Cut(strings.TrimPrefix(v.Text, "len 250"), "|")
	for i := range 250 {
		if k := i * 7 % 251; strings.Contains(fmt.Sprintf("[%d]", k), filter) {
			keys = append(keys, k)
		}
	}
	switch order {
	case "up":
		slices.Sort(keys)
	case "down":
		slices.Sort(keys)
		slices.Reverse(keys)
	}
	return keys
}

func (m mapped) Children(v gocore.Value, from, limit int) []gocore.Value {
	var out []gocore.Value
	keys := m.entries(v)
	for _, k := range keys[min(from, len(keys)):] {
		if len(out) < limit {
			out = append(out, gocore.Value{Name: fmt.Sprintf("[%d]", k), Type: "string", Text: fmt.Sprintf("%q", fmt.Sprint("element ", k)), Target: heap.None, Outside: true})
		}
	}
	return out
}

func (m mapped) Choose(_ context.Context, v gocore.Value, c gocore.Choice) (gocore.Value, gocore.Chosen, error) {
	order, filter := "", ""
	if c.ByKey {
		order = map[bool]string{false: "up", true: "down"}[c.Descending]
	}
	if c.Keep != nil {
		for _, f := range []string{"24", "[7]"} { // what the test filters by
			if c.Keep(f) {
				filter = f
			}
		}
	}
	v.Text = "len 250" + filter + "|" + order
	v.Children = len(m.entries(v))
	return v, gocore.Chosen{Passed: 250, Kept: v.Children}, nil
}

// Entries of a map are sorted by key, and filtered from all of them, in pages.
func TestMapEntries(t *testing.T) {
	s := snapshot(t, blockstore(250, 3))
	s.Heap = mapped{s.Heap.(*fake)}
	tm := newTerminal(t, s, 140, 40, Options{}).press(":main.srv", "enter")
	tm.has("[0]", "[7]", "[14]").hasNot("by key")
	rows := tm.app.top().grid()
	tm.press("s").has("entries by key", "  [1] ", "  [2] ").hasNot("[245]")
	tm.press("S").has("entries by key, backwards", "  [250] ", "  [249] ").hasNot("[14] ")
	rows.selectRow(1 + partStep)
	tm.press("k", "j").has("~ 150 more ").press("enter").has("[149]")
	if n := rows.len(); n != 1+2*partStep+1 {
		t.Errorf("%d rows with two pages", n)
	}
	tm.press("g", "S").has("  [1] ", "entries by key").hasNot("backwards")
	tm.press("s").has("  [7] ", "  [14] ").hasNot("by key")

	// The last entry was not loaded.
	tm.press("/24", "enter").has("[24]", "[124]", "[240]", "[249]", "filter: 24 (12 of 250 entries)").hasNot("[7]", "[21]")
	tm.press("s").has("entries by key", "filter: 24 (12 of 250 entries)")
	tm.press("esc").has("[1]", "[2]", "entries by key").hasNot("filter:")
	tm.press("s").has("[7]", "[14]").hasNot("by key", "filter:")

	// What is no entry says that it stands where it does.
	tm = newTerminal(t, snapshot(t, blockstore(250, 3)), 140, 40, Options{}).press(":main.srv", "enter")
	tm.press("s").has("entries of a map can be sorted")
}
