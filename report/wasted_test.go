package report_test

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"goheap/dump"
	"goheap/gocore/waste"
	"goheap/internal/testcore"
	"goheap/report"
)

// wasted is what testdata/programs/wasted says that a rule finds below a variable.
type wasted struct {
	Case, Rule, Holder, Type string
	Objects, Bytes, Behind   uint64
	Distinct                 uint64
	Measured                 bool
	found, behind, distinct  uint64
	objects                  uint64
}

func loadWaste(t *testing.T, d testcore.Dump) (*report.Snapshot, *report.Waste) {
	t.Helper()
	s, err := report.Load(t.Context(), d.Core, report.Options{Exe: d.Exe})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	x, err := report.NewWaste(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return s, x
}

// Each rule finds the bytes that the program says, to the byte, below the variable that has
// them, and nothing else there.
func TestWaste(t *testing.T) {
	t.Parallel()
	for _, version := range profileBuilds() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			d := testcore.Core(t, "wasted", testcore.Options{Go: version}, testcore.Kernel)
			_, x := loadWaste(t, d)
			var all []*wasted
			for _, line := range d.Output {
				w := &wasted{}
				if err := json.Unmarshal([]byte(line), w); err == nil && w.Case == "wasted" {
					all = append(all, w)
				}
			}
			if len(all) < 15 {
				t.Fatalf("the program says only %d", len(all))
			}
			for _, r := range x.Rows {
				var of *wasted
				named := false
				for _, w := range all {
					if w.Type != "" && w.Type == r.Type && w.Rule == r.Rule.String() {
						of = w
					} else if w.Type == "" && r.HeldBy == w.Holder {
						named = true
						if w.Rule == r.Rule.String() {
							of = w
						}
					}
				}
				switch {
				case of != nil:
					of.found, of.behind, of.distinct, of.objects = of.found+r.Bytes, of.behind+r.Behind, of.distinct+r.Distinct, of.objects+r.Objects
				case named && !(strings.HasPrefix(r.Type, "[]") && r.Rule == waste.Capacity):
					// The slices that variables are have grown by append.
					t.Errorf("%s below %s: %d bytes in %d × %s, of which the program does not say", r.Rule, r.HeldBy, r.Bytes, r.Objects, r.Type)
				}
				if r.Least {
					t.Errorf("%s below %s is not known exactly", r.Rule, r.HeldBy)
				}
			}
			for _, sum := range x.Types {
				// Ten arrays of twelve, with two pointers each.
				if sum.Name == "[]main.paddedPointers" && sum.Words != 10*12*2 {
					t.Errorf("%d pointers in %s", sum.Words, sum.Name)
				}
			}
			for _, w := range all {
				exact := w.found == w.Bytes
				if w.Measured {
					// The runtime has threads and processors come and go, and until Go 1.23 keeps
					// lists of the overflow buckets of maps.
					room := uint64(16 << 10)
					if version != "" && version < "go1.24" {
						room += w.Bytes / 20
					}
					exact = w.found <= w.Bytes+room && w.found+room >= w.Bytes
				}
				own := uint64(0)
				if w.Rule == "capacity" { // that of the variable itself, which grew by append
					for _, r := range x.Rows {
						if r.HeldBy == w.Holder && r.Rule == waste.Capacity && strings.HasPrefix(r.Type, "[][]") {
							own += r.Bytes
							w.objects -= r.Objects
						}
					}
					exact = w.found-own == w.Bytes
				}
				if !exact || w.objects != w.Objects || w.behind != w.Behind || w.distinct != w.Distinct {
					t.Errorf("%s below %s: %d bytes in %d objects, %d behind, %d differ; the program says %d, %d, %d, %d",
						w.Rule, w.Holder+w.Type, w.found-own, w.objects, w.behind, w.distinct, w.Bytes, w.Objects, w.Behind, w.Distinct)
				}
			}
		})
	}
}

// A program that wastes nothing is not said to.
func TestWasteClean(t *testing.T) {
	t.Parallel()
	for _, version := range profileBuilds() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s, x := loadWaste(t, testcore.Core(t, "wasted", testcore.Options{Go: version}, testcore.Kernel, "clean"))
			for _, r := range x.Rows {
				if r.HeldBy == "main.made" {
					continue // without entries, so that TestFreshMap can look at them
				}
				if s.Share(r.Bytes+r.Behind) > 10_000 {
					t.Errorf("%s: %d bytes in %d × %s below %s", r.Rule, r.Bytes, r.Objects, r.Type, r.HeldBy)
				}
			}
		})
	}
}

// ofHolders is the bytes that each rule has found below each variable of the program.
func ofHolders(x *report.Waste) map[string]uint64 {
	sums := map[string]uint64{}
	for _, r := range x.Rows {
		if strings.HasPrefix(r.HeldBy, "main.") {
			sums[r.Rule.String()+" below "+r.HeldBy] += r.Bytes
		}
	}
	return sums
}

// A heap dump says as much as the core of the same process of what the program's variables
// hold, although it does not know all types.
func TestWasteOfHeapDump(t *testing.T) {
	t.Parallel()
	d := testcore.Core(t, "wasted", testcore.Options{}, testcore.HeapDump)
	_, x := loadWaste(t, d)
	want := ofHolders(x)
	d.Core = d.Heap
	s, x := loadWaste(t, d)
	got := ofHolders(x)
	if len(want) < 20 || !maps.Equal(got, want) {
		t.Errorf("in a heap dump %v, in the core %v", got, want)
	}
	if text := x.Sentence(s); strings.Contains(text, "lacks") {
		t.Error(text)
	}
}

// Of a core that was cut what is there is said, and that it is not all.
func TestWasteOfCutCore(t *testing.T) {
	t.Parallel()
	d := testcore.Core(t, "wasted", testcore.Options{}, testcore.Kernel)
	whole, err := os.ReadFile(d.Core)
	if err != nil {
		t.Fatal(err)
	}
	opened := 0
	for _, cut := range []int{1 << 12, 1 << 14, 1 << 16, 1 << 20, 1 << 22} {
		d.Core = filepath.Join(t.TempDir(), "core")
		if err := os.WriteFile(d.Core, whole[:len(whole)-cut], 0o666); err != nil {
			t.Fatal(err)
		}
		s, err := report.Load(t.Context(), d.Core, report.Options{Exe: d.Exe})
		if errors.Is(err, dump.ErrTruncated) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		opened++
		doc, err := report.NewWasteDocument(t.Context(), s, report.List{Top: -1})
		if err != nil {
			t.Fatal(err)
		}
		x, err := report.NewWaste(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if text := x.Sentence(s); doc.Complete || !strings.Contains(text, "The file lacks memory") {
			t.Errorf("%d bytes less: %t, %s", cut, doc.Complete, text)
		}
		if kinds := x.Sum(); kinds[waste.Dead]+kinds[waste.Unused] > s.Dominators.LiveBytes() {
			t.Errorf("%d bytes less: %v of %d live bytes", cut, kinds, s.Dominators.LiveBytes())
		}
		s.Close()
	}
	if opened == 0 {
		t.Error("no core that was cut could be opened")
	}
}
