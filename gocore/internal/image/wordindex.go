package image

import (
	"cmp"
	"slices"
	"sync"

	"goheap/heap"
)

// WordIndex is WordTo for who asks for many words of large slots: each element of an
// array has a name, and to look through the array for each takes as long as the square of
// its length. Goroutines may share it; the zero WordIndex is ready.
type WordIndex struct {
	// Large is from how many bytes on slots are indexed, once they were asked for as often
	// as makes up for it; 0 is 64 KiB.
	Large uint64

	mu    sync.Mutex
	slots map[uint64]*slotWords // by address
	words int                   // of all that are indexed
}

// slotWords are the words of a slot that lead to nodes, by node: the first of each.
type slotWords struct {
	asked   int
	indexed bool
	list    []wordTo
}

type wordTo struct {
	to   heap.Node
	word uint32 // by its number in the slot
}

const (
	// askedOften is how many searches take as long as an index does.
	askedOften = 16
	// maxWords bounds how many words are kept, of all slots together. Slots with more are
	// searched each time.
	maxWords = 1 << 22
	maxSlots = 1 << 16 // that are counted
)

// To is im.WordTo.
func (x *WordIndex) To(im *Image, types *GCTypes, e *Extent, slot uint64, to heap.Node) (off, value uint64, ok bool) {
	w := uint64(im.Arch.PtrSize)
	if e.Elem < cmp.Or(x.Large, 1<<16) || e.Elem/w > 1<<32 {
		return im.WordTo(types, e, slot, to)
	}
	list, build, ok := x.ask(slot)
	if build {
		list, ok = x.add(im, types, e, slot)
	}
	if !ok {
		return im.WordTo(types, e, slot, to)
	}
	i, ok := slices.BinarySearchFunc(list, to, func(a wordTo, to heap.Node) int { return cmp.Compare(a.to, to) })
	if !ok {
		return 0, 0, false
	}
	off = uint64(list[i].word) * w
	value, ok = im.Mem.Word(slot + off)
	return off, value, ok
}

// ask returns the index of a slot, if it has one, or says that it is time to make one.
func (x *WordIndex) ask(slot uint64) (list []wordTo, build, ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	s := x.slots[slot]
	if s == nil {
		if x.slots == nil || len(x.slots) == maxSlots {
			x.slots, x.words = map[uint64]*slotWords{}, 0
		}
		s = &slotWords{}
		x.slots[slot] = s
	}
	s.asked++
	return s.list, s.asked == askedOften, s.indexed
}

// add indexes a slot, unless it leads to too much.
func (x *WordIndex) add(im *Image, types *GCTypes, e *Extent, slot uint64) ([]wordTo, bool) {
	w := uint64(im.Arch.PtrSize)
	var list []wordTo
	for _, off := range im.PointerWords(types, e, slot) {
		if v, ok := im.Mem.Word(slot + off); ok {
			if n, ok := im.Pages.Lookup(v); ok {
				list = append(list, wordTo{n, uint32(off / w)})
			}
		}
	}
	if len(list) > maxWords {
		return nil, false
	}
	slices.SortFunc(list, func(a, b wordTo) int { return cmp.Or(cmp.Compare(a.to, b.to), cmp.Compare(a.word, b.word)) })
	list = slices.CompactFunc(list, func(a, b wordTo) bool { return a.to == b.to })
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.words += len(list); x.words > maxWords {
		x.slots, x.words = map[uint64]*slotWords{}, len(list)
	}
	x.slots[slot] = &slotWords{asked: askedOften, indexed: true, list: list}
	return list, true
}
