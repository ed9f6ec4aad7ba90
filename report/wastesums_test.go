package report

import (
	"testing"

	"goheap/gocore/waste"
)

// The sums by rule, by type and by holder add up to the same bytes, but for what has no
// holder.
func TestWasteSums(t *testing.T) {
	s := analyse(t, blockstore())
	x, err := NewWaste(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	var all, shapes [waste.Kinds]uint64
	for _, r := range x.Rows {
		all[r.Rule.Kind()] += r.Bytes
		if r.HeldBy == "" {
			shapes[r.Rule.Kind()] += r.Bytes
		}
	}
	for _, by := range []string{WasteByRule, WasteByType, WasteByHolder} {
		d, err := NewWasteSumsDocument(t.Context(), s, by, List{Top: -1})
		if err != nil {
			t.Fatal(err)
		}
		var got [waste.Kinds]uint64
		for _, sum := range d.Sums {
			got[waste.Dead] += sum.Dead
			got[waste.Unused] += sum.Unused
			got[waste.Gain] += sum.Gain
		}
		want := all
		if by == WasteByHolder {
			for k := range want {
				want[k] -= shapes[k]
			}
		}
		if got != want || want[waste.Dead] == 0 || want[waste.Unused] == 0 || want[waste.Gain] == 0 {
			t.Errorf("by %s: %v, want %v", by, got, want)
		}
		if cut, err := NewWasteSumsDocument(t.Context(), s, by, List{Top: 1}); err != nil || len(cut.Sums) != 1 || cut.More != len(d.Sums)-1 {
			t.Errorf("by %s: %d sums, %d more, %v", by, len(cut.Sums), cut.More, err)
		}
	}
	if _, err := x.SumsBy("size"); err == nil {
		t.Error("there are sums by size")
	}
}
