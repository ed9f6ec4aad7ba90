package gocore

import (
	"testing"

	"goheap/gocore/internal/pclntab"
	"goheap/internal/testcore"
)

// How many parameters tracebacks print is how many debugging information has: of all since
// Go 1.22, before of no more than there are.
func TestNumParams(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"go1.18.10", "go1.22.12", "go1.26.8", "go1.27.0"} {
		dump := testcore.Core(t, "kinds", testcore.Options{Go: version}, testcore.Kernel)
		h, _, free := typedHeap(t, dump.Core, dump.Exe)
		same, lacking := 0, 0
		for fn := range h.decoder.Modules[0].Table.All() {
			n, ok := fn.NumParams()
			params, _, known := h.decoder.Signature(fn.Entry)
			switch {
			case !ok || !known || fn.Flags()&pclntab.Asm != 0:
			case n == len(params):
				same++
			case n > len(params) && version < "go1.22": // one has no name
				lacking++
			default:
				t.Errorf("%s: %s has %d parameters, and %d by the debugging information", version, fn.Name(), n, len(params))
			}
		}
		t.Logf("%s: %d functions agree, in %d debugging information has less", version, same, lacking)
		if same < 2000 || version < "go1.22" && lacking == 0 {
			t.Errorf("%s: %d functions agree, %d do not", version, same, lacking)
		}
		free()
	}
}
