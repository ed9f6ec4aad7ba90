package tui

import "testing"

// All ways are counted: main.srv leads to each block, and the map to some of them as well.
// Rows go on when they are opened, and those with nothing behind them open the object.
func TestMergedWays(t *testing.T) {
	s := snapshot(t, blockstore(250, 3))
	tm := newTerminal(t, s, 120, 40, Options{}).press("3", "P")
	tm.has("250 objects", "each counts in every way", "250  100.0 %", "[*]  250 × main.Block", "50   20.0 %", "▸ main.index").selected("[]*main.Block")
	tm.press("jj").selected("▸ main.index").press("l").has("▾ main.index", "map[string]*main.Block")
	tm.press("h").has("▸ main.index").hasNot("map[string]*main.Block  ")
	tm.press("g").selected("▾ main.srv").press("h").has("▸ main.srv").hasNot("[*]  250")
	tm.press("l").has("▾ main.srv", ".storage.(*main.memStorage)")
}

// The fourth way to list goroutines is by their labels.
func TestGoroutinesByLabel(t *testing.T) {
	s := snapshot(t, blockstore(250, 3))
	newTerminal(t, s, 140, 40, Options{}).press("5", "uuu").has("Goroutines by label", "Labels").hasNot("Created by").press("u").has("Goroutines by stack")
}
