package unwind

import (
	"slices"
	"unsafe"
)

// maxWalks is how many bytes of walks are kept. Programs have tens of thousands of
// goroutines with ten frames each; of one that has more, some stacks are walked again
// when they are asked for.
const maxWalks = 64 << 20

// Walks keeps the frames of stacks and their live words, so that each stack is walked
// once.
type Walks struct {
	by    map[int]walked // by goroutine
	bytes uintptr
}

type walked struct {
	frames []Frame
	slots  []Slot
}

// Keep remembers the walk of a goroutine's stack, which it copies, if there is room.
func (w *Walks) Keep(goroutine int, frames []Frame, slots []Slot) {
	n := uintptr(len(frames))*unsafe.Sizeof(Frame{}) + uintptr(len(slots))*unsafe.Sizeof(Slot{})
	if w.bytes+n > maxWalks {
		return
	}
	if w.by == nil {
		w.by = map[int]walked{}
	}
	w.bytes += n
	w.by[goroutine] = walked{slices.Clone(frames), slices.Clone(slots)}
}

// Of returns what is kept of a goroutine's stack, which must not be changed.
func (w *Walks) Of(goroutine int) (frames []Frame, slots []Slot, ok bool) {
	x, ok := w.by[goroutine]
	return x.frames, x.slots, ok
}
