package tui

import (
	"path/filepath"
	"testing"
)

// The view of allocating lines says what the verb says, and leads to the sampled objects of
// a line, to their path and to the same rows by holder.
func TestSitesView(t *testing.T) {
	data, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	s := snapshot(t, blockstore(60, 5))
	tm := newTerminal(t, s, 80, 24, Options{}).press("A")
	golden(t, data, "sites-80x24", tm.text())
	tm.has("Overview > Allocations", "all objects were sampled", "store.go:51", "240 KiB")
	tm.press("j", "enter").has("60 sampled objects", "store.go:51", "main.Block", "row 1 of 60")
	tm.press("esc", "w").has("main.index")
	tm.press("esc", "u").has("Allocations by holder", "Held by", "main.srv")
	tm.press("esc").press(":heldsites", "enter").has("Allocations by holder")

	none := blockstore(3, 3)
	none.Sites = nil
	newTerminal(t, snapshot(t, none), 80, 24, Options{}).press("A").has("no live object was sampled")
}
