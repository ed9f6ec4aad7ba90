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

// The last page of the inspector says which bytes of the object are of no use, and the enter
// key shows them.
func TestObjectWaste(t *testing.T) {
	data, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	f := blockstore(60, 5)
	f.Wasted = append(f.Wasted, fakeprocess.WastedNode{
		ID:      "datablock1",
		Finding: waste.Finding{Rule: waste.Substring, Bytes: 4000},
		Ranges:  []waste.Range{{Addr: 16, N: 1000}, {Addr: 1096, N: 3000}},
	})
	tm := newTerminal(t, snapshot(t, f), 80, 24, Options{}).press("3", "W", "i", "tab", "tab", "tab", "tab")
	golden(t, data, "unused-80x24", tm.text())
	tm.press("j", "enter").has("[Hex]", "row 69 of").press("tab").has("[Waste]", "+1096 to +4096")
	tm.press(":main.srv", "enter", "shift-tab").has("[Waste]", "no rule says that bytes of this object are of no use")
}
