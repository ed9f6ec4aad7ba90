package tui

import (
	"fmt"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/heap"
)

// Value gives every object but goroutines and specials a struct: a number, then
// its pointers.
func (f *fake) Value(n heap.Node) (gocore.Value, bool) {
	o := f.ByNode[n]
	if o.Kind != "object" && o.Kind != "global" {
		return gocore.Value{}, false
	}
	return gocore.Value{Type: o.Type, Addr: o.Addr, Text: "{…}", Target: heap.None, Children: 1 + len(o.To), InPlace: true}, true
}

// Children opens an object into its fields, and a pointer into those of what it
// points to.
func (f *fake) Children(v gocore.Value, from, limit int) []gocore.Value {
	n := v.Target
	for i, o := range f.ByNode {
		if n == heap.None && o != nil && o.Addr == v.Addr {
			n = heap.Node(i)
		}
	}
	o := f.ByNode[n]
	values := []gocore.Value{{Name: "created", Type: "int64", Addr: o.Addr, Text: "1772360527", Target: heap.None}}
	for i, e := range o.To {
		t := f.Node[e[1]]
		values = append(values, gocore.Value{
			Name: e[0], Type: "*" + f.Type(t), Addr: o.Addr + 8 + 8*uint64(i), Text: fmt.Sprintf("0x%x", f.Addr(t)), Target: t,
			Children: 1 + len(f.ByNode[t].To),
		})
	}
	for i := range values {
		values[i].Outside = v.Target != heap.None
		if !values[i].Outside {
			values[i].Offset = 8 * uint64(i)
		}
	}
	values = values[min(from, len(values)):]
	return values[:min(limit, len(values))]
}

// The fields that are open are filtered, below what they are parts of.
func TestFilterFields(t *testing.T) {
	s := snapshot(t, blockstore(250, 3))
	tm := newTerminal(t, s, 140, 40, Options{}).press(":main.srv", "enter")
	tm.press("/log", "enter").has("+16 ▸ .log", "filter: log").hasNot("created", "memStorage)")
	tm.press("esc").has("created", ".storage.(*main.me").hasNot("filter:")
	tm.press("/=offset > 8", "enter").has("row 2 of 2", ".log").selected(".log").press("esc")
	tm.press("/=no > 8", "enter").has("filter: at character 2: unknown name no; there are offset, field, type, value, retained_bytes, address")
	tm.press("esc")
	// What is loaded meanwhile is filtered too.
	tm.press("g", "jj", "l", "jj", "l", "/[198]", "enter").has("no row has [198]").press("esc")
	rows := tm.app.top().grid()
	rows.selectRow(5 + partStep)
	tm.press("k", "j", "enter", "/[198]", "enter").has("▾ .storage", "  ▾ .blocks", "▸ [198]", "row 4 of 4").hasNot("created", "[197]")
	tm.selected("[198]").press("esc").selected("[198]").has("[197]")
	// Bytes, and views whose rows belong together, say that they are not.
	tm.press("shift-tab", "shift-tab", "/").has("filter: bytes cannot be left out")
	for _, keys := range [][]string{{"1", "w"}, {"8"}, {"?"}, {"5", "enter", "enter"}, {"3", "P"}} {
		newTerminal(t, s, 140, 40, Options{}).press(keys...).press("/").has("filter: the rows of this view belong together")
	}
}

func TestOpenValues(t *testing.T) {
	s := snapshot(t, blockstore(250, 3))
	tm := newTerminal(t, s, 140, 40, Options{})
	tm.press(":main.srv", "enter").has("[Fields]", "+0   created ", "+8 ▸ .storage.(*main.me")
	// Pointers open in place, and close.
	tm.selected("(the variable)").press("l", "j", "l").has("▾ .storage", "      created ", "  ▸ .blocks")
	tm.press("jjl").has("▾ .blocks", "    ▸ [0] ", "    ▸ [10] ")
	rows := tm.app.top().grid()
	if want := 1 + 1 + 1 + 1 + 1 + partStep + 1 + 1; rows.len() != want {
		t.Errorf("%d rows, want %d", rows.len(), want)
	}
	// What is not loaded has a row that loads it.
	rows.selectRow(5 + partStep)
	tm.press("k", "j").has("~ 151 more ", "(enter loads 100)")
	tm.press("enter").has("[99]")
	rows.selectRow(5 + 2*partStep)
	tm.press("k", "j").has("~ 51 more ").press("enter").has("[199]")
	if n := rows.len(); n != 5+251+1 {
		t.Errorf("%d rows when all are loaded", n)
	}
	if strings.Contains(tm.text(), "(enter loads") {
		t.Errorf("all are loaded:\n%s", tm.text())
	}
	// The left key goes up, then collapses.
	tm.press("h").has("▾ .blocks", "<<")
	tm.press("h").has("▸ .blocks")
	if n := rows.len(); n != 6 {
		t.Errorf("%d rows when it is collapsed:\n%s", n, tm.text())
	}
	tm.press("l").has("[5]")
	tm.press("h", "h").has("▾ .storage")
	tm.press("h").has("▸ .storage")
	if n := rows.len(); n != 4 {
		t.Errorf("%d rows when all are collapsed:\n%s", n, tm.text())
	}
	// Enter goes to the object, wherever the pointer was found.
	tm.press("l", "jj", "enter").has("[]*main.Block", "[Fields]", "▸ [0]")
	tm.press("-").has("0x1a3f2c0 main.srv", "▾ .storage")
	// The number has neither parts nor an object.
	tm.press("g", "j", "enter").has("this field points to no object")
	tm.press("l").has("this field points to no object")
}

// The first row is the object itself: what asks about the selected row asks about it.
func TestObjectItself(t *testing.T) {
	f := blockstore(4, 3)
	s := snapshot(t, f)
	block := fmt.Sprintf("0x%x", f.Addr(f.Node["blocks"]))
	for keys, want := range map[string][]string{
		"w":     {"why alive: []*main.Block"},
		"<":     {"[Referrers]", block + " []*main.Block", "main.memStorage"},
		"i":     {block + " []*main.Block"},
		"m":     {"marked"},
		"enter": {"this is the object itself"},
		"h":     {"this is the object itself"},
	} {
		tm := newTerminal(t, s, 140, 40, Options{}).press(":", block, "enter").selected("(the object)")
		tm.has("Why alive: "+block).press("g", keys)
		if keys == "m" {
			tm.press("M").has(block + " []*main.Block")
			continue
		}
		tm.has(want...)
	}
}

// A special has no value.
func TestNoValue(t *testing.T) {
	s := snapshot(t, blockstore(4, 3))
	tm := newTerminal(t, s, 100, 30, Options{})
	tm.press(":finalizer of *os.File", "enter").has("[Fields]", "nothing to show")
	tm.press("l", "h", "enter", "f").has("this field points to no object")
}
