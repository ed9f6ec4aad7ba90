package tui

import (
	"testing"

	"goheap/gocore/member"
	"goheap/heap"
)

// The list of a type's objects is filtered by their fields; a name that is none is an
// error on the screen, with the rows as they were, and not a list without rows.
func TestFilterByFields(t *testing.T) {
	f := blockstore(60, 5)
	f.Members = map[string]member.Member{"N": {Kind: member.Whole, Read: func(n heap.Node) (member.Scalar, bool) {
		return member.Scalar{Whole: int64(n - f.Node["block0"])}, true
	}}}
	tm := newTerminal(t, snapshot(t, f), 110, 30, Options{}).press("3/=type == \"main.Block\"", "enter", "enter")
	tm.has("Types > main.Block", "row 1 of 60").press("/=N < 7", "enter").has("row 1 of 7 (of 60)", "filter: =N < 7")
	tm.press("esc").has("row 1 of 60").press("/=M < 7", "enter").has("filter: at character 2: no field M", "0xc00000a000   main.Block").hasNot("nothing to show")
	tm.press("esc", "esc").has("[3 Types]")
}
