package gocore

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"goheap/gocore/internal/frames"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/unwind"
	"goheap/heap"
	"goheap/internal/testcore"
)

// What a goroutine holds by words of its frames that are no variable's, its stack lists:
// each word that the collector follows, in the call that its name says, by which it can be
// asked for. A value of several words stands in the list once.
func TestUnnamedWords(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"go1.20.14", "go1.26.8"} {
		words, told, missing := 0, 0, 0
		for _, program := range []string{"kinds", "stacks", "goroutines"} {
			dump := testcore.Core(t, program, testcore.Options{Go: version}, testcore.Kernel)
			h, _, free := typedHeap(t, dump.Core, dump.Exe)
			p := h.naming
			for gi := range h.im.Goroutines {
				r := &h.im.Roots[h.im.Goroutines[gi].Root]
				calls, _, _ := h.Stack(gi, -1)
				var listed []string
				several := map[uint64]bool{} // frames with a value of several words
				for i := range calls {
					for _, l := range calls[i].Locals {
						if !l.Unnamed {
							continue
						}
						if l.Target == heap.None {
							several[calls[i].SP] = true
						}
						name := fmt.Sprintf("%#x %s", calls[i].SP, l.As)
						if slices.Contains(listed, name) {
							t.Errorf("%s: %s is listed twice", program, name)
						}
						listed = append(listed, name)
						if strings.Contains(l.Text, " → ") && l.Type != "" {
							told++
						}
						target := fmt.Sprintf("g:%d %s · %s", h.im.Goroutines[gi].ID, p.vars.CallName(gi, frameAt(h, gi, calls[i].SP), frameAt(h, gi, calls[i].SP).Func.Name()), l.As)
						if place, err := h.Resolve(target); l.Target != heap.None && (err != nil || place.Node != l.Target) {
							t.Errorf("%s: %s is found to be %s (%v), want %s", program, target, h.Name(place.Node), err, h.Name(l.Target))
						}
					}
				}
				for k := range h.im.Pieces[r.First : r.First+r.N] {
					pc := &h.im.Pieces[r.First+k]
					fr, v, _ := p.vars.Of(gi, pc)
					if pc.Slot == 0 || fr == nil || v != nil || pc.Conservative {
						continue
					}
					words++
					if name := fmt.Sprintf("%#x %s", fr.SP, frames.StackSlot(&image.Piece{Slot: pc.Slot}, fr.SP)); !slices.Contains(listed, name) {
						if missing++; !several[fr.SP] {
							t.Errorf("%s: goroutine %d holds %#x by %s of %s, which is not listed", program, h.im.Goroutines[gi].ID, pc.Value, name, fr.Func.Name())
						}
					}
				}
			}
			free()
		}
		t.Logf("%s: %d words, %d with a value, %d in a value that stands elsewhere", version, words, told, missing)
		if words < 30 || told < 20 || missing*5 > words {
			t.Errorf("%s: of %d words %d have a value, and %d are missing", version, words, told, missing)
		}
	}
}

func frameAt(h *Heap, gi int, sp uint64) *unwind.Frame {
	list, _ := h.vars.Walk(gi)
	return &list[slices.IndexFunc(list, func(f unwind.Frame) bool { return f.SP == sp })]
}
