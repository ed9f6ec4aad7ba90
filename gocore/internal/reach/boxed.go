package reach

import (
	"math/bits"

	"goheap/gocore/internal/image"
	"goheap/gocore/waste"
	"goheap/heap"
)

// boxes are the objects that interfaces with small values lead to. Those that something
// else leads to are among them too: they are whole, or have spans.
type boxes struct{ heap.Bits }

// also reports whether an object is among the boxes, although it has spans, and takes it
// out of them.
func (b boxes) also(n heap.Node) bool {
	is := b.Has(n)
	if is {
		b.Words()[n/64] &^= 1 << (n % 64)
	}
	return is
}

// fitsInterface reports whether a value that an interface does not store directly would
// fit into the place of its two words.
func (w *walker) fitsInterface(c *compiled) bool {
	return c.size > 0 && c.size <= 2*w.word && !c.opaque
}

// box covers the value at p that an interface holds: all of an object, or of what the
// allocator has put together with other small values (runtime/iface.go, convT).
func (w *walker) box(c *compiled, p uint64) {
	at, ok := w.Image.Pages.Find(p)
	if !ok {
		return
	}
	elem := w.elem(&at)
	shared := elem == tiny && at.Pointers == image.NoPointers
	if at.Pointers == image.Headers || elem > tiny || at.Off+c.size > elem || at.Off > 0 && !shared || at.Off == 0 && !shared && c.size <= w.Image.SmallerClass(elem) {
		w.value(c, p)
		return
	}
	w.boxes.Set(at.Node)
}

// chargeBoxes calls f with the objects that would not be there if the interfaces had the
// values in the place of their words: nothing but interfaces leads to them.
func (w *walker) chargeBoxes(f func(waste.Finding)) {
	for i, word := range w.boxes.Words() {
		for word &= w.Live[i] &^ w.whole.Words()[i]; word != 0; word &= word - 1 {
			n := heap.Node(i*64 + bits.TrailingZeros64(word))
			f(waste.Finding{Rule: waste.Boxed, Node: n, Bytes: w.Graph.Size(n)})
		}
	}
}
