package report_test

import (
	"encoding/json"
	"strings"
	"testing"

	"goheap/gocore/waste"
	"goheap/internal/testcore"
)

// Buffers that only stacks lead to are no duplicates, whatever stands in them, and types of
// the runtime are nobody's to change.
func TestWasteOfReaders(t *testing.T) {
	t.Parallel()
	for _, version := range profileBuilds() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			d := testcore.Core(t, "readers", testcore.Options{Go: version}, testcore.Kernel)
			var said struct {
				Case        string
				Count, Size uint64
			}
			for _, line := range d.Output {
				if json.Unmarshal([]byte(line), &said) == nil && said.Case == "copies" {
					break
				}
			}
			_, x := loadWaste(t, d)
			found := uint64(0)
			for _, r := range x.Rows {
				switch {
				case r.Rule == waste.Duplicate && r.Type == "[]uint8" && r.Bytes > said.Size:
					found += r.Objects
					if r.HeldBy != "main.kept" || r.Distinct != 1 || r.Bytes < (said.Count-1)*said.Size {
						t.Errorf("%d bytes in %d objects are held by %s, %d differ", r.Bytes, r.Objects, r.HeldBy, r.Distinct)
					}
				case (r.Rule == waste.Rounding || r.Rule == waste.Padding) && strings.HasPrefix(r.Type, "runtime."):
					t.Errorf("%s of %d × %s", r.Rule, r.Objects, r.Type)
				}
			}
			if found != said.Count || said.Count == 0 {
				t.Errorf("%d objects are equal to others, and the program says %d", found, said.Count)
			}
		})
	}
}
