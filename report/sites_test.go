package report_test

import (
	"math"
	"strings"
	"testing"

	"goheap/internal/testcore"
	"goheap/report"
)

// What a line has allocated of what is alive is what the program says: exactly where each
// object is sampled, else within four standard deviations. And so is who holds it.
func TestSites(t *testing.T) {
	t.Parallel()
	for _, version := range profileBuilds() {
		for _, mode := range []string{"never", "unasked"} {
			t.Run(version+"/"+mode, func(t *testing.T) {
				t.Parallel()
				d := testcore.Core(t, "profiled", testcore.Options{Go: version}, testcore.Kernel, mode)
				s, err := report.Load(t.Context(), d.Core, report.Options{Exe: d.Exe})
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				for _, byHolder := range []bool{false, true} {
					x, err := report.NewSites(t.Context(), s, byHolder)
					if err != nil {
						t.Fatal(err)
					}
					for function, want := range map[string]struct {
						objects, size uint64
						typ, holder   string
					}{"main.kept": {1000, 80, "main.node", "main.list"}, "main.after": {700, 320, "[40]int64", "main.late"}} {
						found := 0
						for _, r := range x.Rows {
							if r.Func != function || r.Type != want.typ {
								continue // arrays of slices that grew there too
							}
							found++
							off := math.Abs(float64(r.Bytes) - float64(want.objects*want.size))
							exact := mode == "never"
							if exact && (r.Objects != want.objects || off != 0 || r.Margin != 0) || off > 4*float64(r.Margin) {
								t.Errorf("%s: %d objects, %d bytes ± %d, the program made %d of %d bytes", function, r.Objects, r.Bytes, r.Margin, want.objects, want.size)
							}
							if byHolder && r.HeldBy != want.holder {
								t.Errorf("%s is held by %q, not %s", function, r.HeldBy, want.holder)
							}
						}
						if found != 1 {
							t.Errorf("%d rows of %s", found, function)
						}
					}
					var b strings.Builder
					if err := report.WriteSites(t.Context(), &b, s, byHolder, report.List{Top: 5}); err != nil || !strings.Contains(b.String(), "sampled") {
						t.Errorf("%v: %s", err, b.String())
					}
				}
			})
		}
	}
}
