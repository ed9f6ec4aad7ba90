package gocore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"

	"goheap/dump"
	"goheap/gocore/internal/image"
	"goheap/heap"
	"goheap/internal/progress"
)

// Hit is a place in the slot of a live object.
type Hit struct {
	Node   heap.Node
	Offset uint64
}

// Hits are the places at which something was found: those at the lowest addresses,
// as many as were asked for.
type Hits struct {
	List    []Hit  // by address
	Total   uint64 // places, also those that are not in List
	Missing uint64 // bytes of live objects that are not in the file
}

// maxNeedle bounds what can be searched for.
const maxNeedle = 1 << 16

// FindBytes looks for text in the slots of the live objects, whatever their types:
// what lies across two slots is none, and of places that overlap the first counts.
// Most bounds the list.
func (p *objects) FindBytes(ctx context.Context, text []byte, most int) (Hits, error) {
	if len(text) == 0 || len(text) > maxNeedle {
		return Hits{}, fmt.Errorf("a text to search for has 1 to %d bytes, not %d", maxNeedle, len(text))
	}
	return p.search(ctx, text, 1, most)
}

// FindWord looks for an aligned word with the given value in the slots of the live
// objects, whether the collector would follow it or not: FollowedAt says so.
func (p *objects) FindWord(ctx context.Context, value uint64, most int) (Hits, error) {
	w := p.im.Arch.PtrSize
	if w < 8 && value>>(8*w) != 0 {
		return Hits{}, fmt.Errorf("%#x does not fit in a word of %d bytes", value, w)
	}
	text := make([]byte, w)
	p.im.Arch.PutWord(text, value)
	return p.search(ctx, text, w, most)
}

// FollowedAt reports whether the collector takes the word at an offset in an
// object for a pointer.
func (p *objects) FollowedAt(n heap.Node, off uint64) bool {
	defer p.caught(debug.SetPanicOnFault(true))
	e, slot, ok := p.slot(n)
	if off += p.ValueAddr(n) - slot; !ok || off >= e.Elem {
		return false
	}
	w := uint64(p.im.Arch.PtrSize)
	if e.Pointers == image.HeapBits {
		return off%w == 0 && p.im.SlotMaskFrom(e, slot, off)&1 != 0
	}
	return slices.Contains(p.im.PointerWords(p.gcTypes, e, slot), off)
}

// searchPart is how many bytes of the heap one worker searches at a time.
const searchPart = 32 << 20

// search finds text at the given alignment. Workers take neighbouring parts of the
// heap, and wait for each other before they go on: so the list is the same however
// many there are, and what lies behind its end is but counted.
func (p *objects) search(ctx context.Context, text []byte, align, most int) (Hits, error) {
	parts := slotParts(p.im, searchPart)
	phase := progress.Start(progress.Or(ctx, p.progress), "search", int64(len(parts)))
	defer phase.Finish()
	var all Hits
	found := make([]Hits, runtime.GOMAXPROCS(0))
	errs := make([]error, len(found))
	for len(parts) > 0 {
		k := min(len(found), len(parts))
		var wait sync.WaitGroup
		for i, part := range parts[:k] {
			wait.Go(func() {
				errs[i] = dump.Guard(func() error {
					found[i] = Hits{}
					return p.searchIn(ctx, part, text, align, most-len(all.List), &found[i])
				})
			})
		}
		wait.Wait()
		if err := errors.Join(errs...); err != nil {
			if ctx.Err() != nil {
				return Hits{}, context.Cause(ctx)
			}
			return Hits{}, err
		}
		for _, h := range found[:k] {
			all.List = append(all.List, h.List[:min(len(h.List), most-len(all.List))]...)
			all.Total += h.Total
			all.Missing += h.Missing
		}
		parts = parts[k:]
		phase.Add(int64(k))
	}
	return all, nil
}

// slots are some neighbouring slots of an extent.
type slots struct {
	e     *image.Extent
	first uint32
	n     uint32
}

// slotParts divides the heap into lists of slots of about size bytes each.
func slotParts(im *image.Image, size uint64) [][]slots {
	var parts [][]slots
	var part []slots
	var sum uint64
	for i := range im.Extents {
		e := &im.Extents[i]
		for first := uint32(0); first < e.N; {
			n := uint32(min(uint64(e.N-first), max(1, (size-sum)/e.Elem)))
			part = append(part, slots{e, first, n})
			first += n
			if sum += uint64(n) * e.Elem; sum >= size {
				parts, part, sum = append(parts, part), nil, 0
			}
		}
	}
	if part != nil {
		parts = append(parts, part)
	}
	return parts
}

func (p *objects) searchIn(ctx context.Context, part []slots, text []byte, align, most int, h *Hits) error {
	for i, s := range part {
		if i%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		start := s.e.Base + uint64(s.first)*s.e.Elem
		if b, ok := p.im.Mem.Slice(start, uint64(s.n)*s.e.Elem); ok {
			p.searchSlots(s.e, s.first, b, text, align, most, h)
			continue
		}
		for slot := s.first; slot < s.first+s.n; slot++ {
			b := p.im.Mem.Prefix(s.e.Base+uint64(slot)*s.e.Elem, s.e.Elem)
			if uint64(len(b)) < s.e.Elem && p.live.Has(s.e.First+heap.Node(slot)) {
				h.Missing += s.e.Elem - uint64(len(b))
			}
			p.searchSlots(s.e, slot, b, text, align, most, h)
		}
	}
	return nil
}

// searchSlots finds text in b, which starts with the given slot of an extent.
func (p *objects) searchSlots(e *image.Extent, first uint32, b, text []byte, align, most int, h *Hits) {
	head := uint64(0) // in front of each value
	if e.Pointers == image.Headers {
		head = image.MallocHeader
	}
	for at := 0; ; {
		i := bytes.Index(b[at:], text)
		if i < 0 {
			return
		}
		at += i
		slot, off := uint64(at)/e.Elem, uint64(at)%e.Elem
		n := e.First + heap.Node(uint64(first)+slot)
		switch {
		case off%uint64(align) != 0 || off < head || off+uint64(len(text)) > e.Elem:
			at++ // another may begin within it
		case !p.live.Has(n):
			at = int((slot + 1) * e.Elem)
		default:
			h.Total++
			if len(h.List) < most {
				h.List = append(h.List, Hit{n, off - head})
			}
			at += len(text)
		}
		if at >= len(b) {
			return
		}
	}
}
