package tui

import (
	"fmt"
	"path/filepath"
	"testing"

	"goheap/gocore/waste"
	"goheap/internal/fakeprocess"
)

// The view of what is wasted says what the verb says; a row leads to the object that has
// most of it.
func TestWasteView(t *testing.T) {
	data, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	f := blockstore(60, 5)
	for i := range 5 {
		f.Wasted = append(f.Wasted, fakeprocess.WastedNode{ID: fmt.Sprintf("datablock%d", i+1), Finding: waste.Finding{Rule: waste.Substring, Bytes: uint64(4000 + i)}})
	}
	tm := newTerminal(t, snapshot(t, f), 80, 24, Options{}).press("3", "W")
	golden(t, data, "waste-80x24", tm.text())
	tm.has("Types > Waste", "substring", "19.5 KiB", "are dead")
	tm.press("i").has("> Waste > ", "Why alive", ".data")
	tm.press("esc").has("Waste").press("esc").has("[3 Types]").press(":waste", "enter").has("Waste", "substring")
}
