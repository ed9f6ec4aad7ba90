package frames

import (
	"fmt"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/notation"
)

// StackSlot names a word of a frame that is no variable's.
func StackSlot(pc *image.Piece, sp uint64) string {
	what := fmt.Sprintf("%s%#x", notation.OnStack, pc.Slot-sp)
	if pc.Conservative {
		what += " (conservative)"
	}
	return what
}

// Numbered names the first piece of its kind by the word alone, and the others by their
// number too.
func Numbered(im *image.Image, gi int, pc *image.Piece, word string) string {
	n := 0
	EachOutside(im, gi, word, func(o *image.Piece) bool {
		n++
		return *o != *pc
	})
	if n > 1 {
		return fmt.Sprintf("%s %d", word, n)
	}
	return word
}

// EachOutside calls f with the pieces of a goroutine that are outside of its frames, until
// it returns false: with those in registers, or with its deferred calls.
func EachOutside(im *image.Image, gi int, word string, f func(pc *image.Piece) bool) {
	g := &im.Goroutines[gi]
	r := &im.Roots[g.Root]
	for i := range im.Pieces[r.First : r.First+r.N] {
		pc := &im.Pieces[r.First+i]
		ok := pc.Slot == 0 && pc.Register != image.InRecord
		switch word {
		case notation.Record:
			ok = pc.Register == image.InRecord
		case notation.Context:
			ok = pc.Slot != 0 && pc.Slot == g.State.Ctxt
		case notation.Deferred:
			ok = pc.Slot != 0 && pc.Frame < 0 && pc.Slot != g.State.Ctxt && (pc.Slot < g.StackLo || pc.Slot >= g.StackHi)
		}
		if ok && !f(pc) {
			return
		}
	}
}
