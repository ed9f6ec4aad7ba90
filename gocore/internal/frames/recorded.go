package frames

import (
	"fmt"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/notation"
)

// Recorded returns the frames of a goroutine that a heap dump has, innermost first.
func Recorded(im *image.Image, gi int) []image.Frame {
	g := &im.Goroutines[gi]
	return im.Frames[g.FirstFrame : g.FirstFrame+g.Frames]
}

// RecordedWord names such a frame and a word of it.
func RecordedWord(im *image.Image, gi int, pc *image.Piece) (frame, name string) {
	list := Recorded(im, gi)
	if int(pc.Frame) >= len(list) {
		return "", fmt.Sprintf("%s%#x", notation.StackWord, pc.Slot)
	}
	return image.FrameName(list, int(pc.Frame)), StackSlot(pc, list[pc.Frame].SP)
}
