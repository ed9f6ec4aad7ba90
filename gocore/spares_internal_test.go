package gocore

import (
	"testing"

	"goheap/gocore/internal/image"
	"goheap/heap"
	"goheap/internal/testcore"
)

// The records that the runtime keeps for deferred calls and for goroutines that will wait
// are those that no goroutine lists.
func TestSpares(t *testing.T) {
	t.Parallel()
	versions := []string{"", "go1.18.10", "go1.22.12"}
	if testcore.EveryBuild() {
		versions = append(versions, "go1.19.13", "go1.20.14", "go1.21.13", "go1.23.12", "go1.24.6", "go1.25.0", "go1.27.0")
	}
	for _, version := range versions {
		t.Run("go "+version, func(t *testing.T) {
			t.Parallel()
			p, err := Open(t.Context(), testcore.Core(t, "later", testcore.Options{Go: version}, testcore.Kernel).Core, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			h, err := p.Analyse(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			a, err := h.Account(t.Context(), nil, false)
			if err != nil {
				t.Fatal(err)
			}
			listed := map[heap.Node]bool{}
			list := func(addr uint64) bool {
				n, ok := h.im.Pages.Lookup(addr)
				if !ok || addr == 0 || listed[n] {
					return false
				}
				listed[n] = true
				return true
			}
			for _, w := range h.im.Records.Waits {
				list(w.Addr)
			}
			l := h.decoder.Layout
			for i := range h.im.Goroutines {
				g := h.im.Goroutines[i].Addr
				for at := g + l.G.Defer.Offset; ; {
					addr, ok := h.im.Mem.Word(at)
					if !ok || addr == 0 {
						break
					}
					list(addr) // it may lie on the stack
					at = addr + l.Defer.Link.Offset
				}
			}
			for name, got := range map[string]uint64{"runtime._defer": a.Defers.Objects, "runtime.sudog": a.Sudogs.Objects} {
				want := uint64(0)
				for n := h.im.FirstNode(); int(n) < h.im.Nodes; n++ {
					if image.HasBit(h.live.Bits().Words(), n) && h.Type(n) == name && !listed[n] {
						want++
					}
				}
				if got != want || want == 0 {
					t.Errorf("%d spare %s, and %d that no goroutine lists", got, name, want)
				}
			}
			if size := h.im.SlotFor(uint64(l.Sudog.Size), true); a.Sudogs.Bytes != a.Sudogs.Objects*size {
				t.Errorf("%d records take %d bytes, and a slot %d", a.Sudogs.Objects, a.Sudogs.Bytes, size)
			}
		})
	}
}
