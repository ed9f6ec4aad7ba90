package gocore

import (
	"testing"

	"goheap/gocore/internal/program"
	"goheap/internal/testcore"
)

// Since Go 1.23 debugging information says where captured variables are in a closure, and
// which variables are none. What the code says is compared with that, for all closures of
// the programs and of the library.
func TestCapturesByCodeAgree(t *testing.T) {
	t.Parallel()
	var agree, wrong, doubted, missed int
	for _, opt := range []testcore.Options{
		{Go: "go1.23.12"}, {Go: "go1.24.6", PIE: true}, {Go: "go1.26.8"}, {Go: "go1.27.0"}, {Go: "go1.26.8", Flags: []string{"-gcflags=all=-N -l"}},
	} {
		dump := testcore.Core(t, "kinds", opt, testcore.Kernel)
		h, _, free := typedHeap(t, dump.Core, dump.Exe)
		for _, m := range h.decoder.Modules {
			for fn := range m.Table.All() {
				told := h.decoder.CapturesOf(fn.Entry)
				found := map[string]program.CodeCapture{}
				for _, c := range (program.Code{Program: h.decoder}).CapturesByCode(fn) {
					found[c.Name] = c
				}
				for _, c := range told {
					f, ok := found[c.Name]
					delete(found, c.Name)
					switch same := f.Offset == c.Offset && (f.Type == c.Type || f.InPlace && c.ByRef); {
					case !ok:
						missed++
					case !same:
						wrong++
						t.Errorf("%+v: %s: %s is at %#x of the closure, and at %#x by the code", opt, fn.Name(), c.Name, c.Offset, f.Offset)
					case !f.Declared:
						doubted++
					default:
						agree++
					}
				}
				for _, c := range found {
					if c.Declared {
						wrong++
						t.Errorf("%+v: %s: %s is captured at %#x by the code alone", opt, fn.Name(), c.Name, c.Offset)
					}
				}
			}
		}
		free()
	}
	t.Logf("%d agree, %d do not, %d are not told from the function's own, %d are not found", agree, wrong, doubted, missed)
	if agree < 1000 {
		t.Errorf("%d captures agree", agree)
	}
}
