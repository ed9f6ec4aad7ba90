package image

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"sync"

	"goheap/dump"
	"goheap/heap"
	"goheap/internal/progress"
)

// Search looks for a text in the slots of live objects, whatever their types: what lies
// across two slots is none, and of places that overlap the first counts.
type Search struct {
	Image *Image
	Live  *heap.Marker
	Text  []byte // not empty
	Align uint64 // of the places, in their slots
	Most  int    // places that are listed
}

// FoundAt is a place in the slot of an object; Offset counts from its value.
type FoundAt struct {
	Node   heap.Node
	Offset uint64
}

// Found is what a search has found: the places at the lowest addresses, how many there
// are in all, and the bytes of live objects that are not in the file.
type Found struct {
	List           []FoundAt
	Total, Missing uint64
}

// searchPart is how many bytes of the heap one worker searches at a time.
const searchPart = 32 << 20

// Run finds the places. Workers take neighbouring parts of the heap, and wait for each
// other before they go on: so the list is the same however many there are, and what lies
// behind its end is but counted. The error is that of ctx, or that of a page that has
// vanished.
func (s *Search) Run(ctx context.Context) (Found, error) {
	parts := slotParts(s.Image, searchPart)
	phase := progress.Start(ctx, "search", int64(len(parts)))
	defer phase.Finish()
	var all Found
	found := make([]Found, runtime.GOMAXPROCS(0))
	errs := make([]error, len(found))
	for len(parts) > 0 {
		k := min(len(found), len(parts))
		var wait sync.WaitGroup
		for i, part := range parts[:k] {
			wait.Go(func() {
				errs[i] = dump.Guard(func() error {
					found[i] = Found{}
					return s.searchIn(ctx, part, s.Most-len(all.List), &found[i])
				})
			})
		}
		wait.Wait()
		if err := errors.Join(errs...); err != nil {
			if ctx.Err() != nil {
				return Found{}, context.Cause(ctx)
			}
			return Found{}, err
		}
		for _, h := range found[:k] {
			all.List = append(all.List, h.List[:min(len(h.List), s.Most-len(all.List))]...)
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
	e     *Extent
	first uint32
	n     uint32
}

// slotParts divides the heap into lists of slots of about size bytes each.
func slotParts(im *Image, size uint64) [][]slots {
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

func (s *Search) searchIn(ctx context.Context, part []slots, most int, f *Found) error {
	for i, r := range part {
		if i%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		start := r.e.Base + uint64(r.first)*r.e.Elem
		if b, ok := s.Image.Mem.Slice(start, uint64(r.n)*r.e.Elem); ok {
			s.searchSlots(r.e, r.first, b, most, f)
			continue
		}
		for slot := r.first; slot < r.first+r.n; slot++ {
			b := s.Image.Mem.Prefix(r.e.Base+uint64(slot)*r.e.Elem, r.e.Elem)
			if uint64(len(b)) < r.e.Elem && s.Live.Has(r.e.First+heap.Node(slot)) {
				f.Missing += r.e.Elem - uint64(len(b))
			}
			s.searchSlots(r.e, slot, b, most, f)
		}
	}
	return nil
}

// searchSlots finds the text in b, which starts with the given slot of an extent.
func (s *Search) searchSlots(e *Extent, first uint32, b []byte, most int, f *Found) {
	head := uint64(0) // in front of each value
	if e.Pointers == Headers {
		head = MallocHeader
	}
	for at := 0; ; {
		i := bytes.Index(b[at:], s.Text)
		if i < 0 {
			return
		}
		at += i
		slot, off := uint64(at)/e.Elem, uint64(at)%e.Elem
		n := e.First + heap.Node(uint64(first)+slot)
		switch {
		case off%s.Align != 0 || off < head || off+uint64(len(s.Text)) > e.Elem:
			at++ // another may begin within it
		case !s.Live.Has(n):
			at = int((slot + 1) * e.Elem)
		default:
			f.Total++
			if len(f.List) < most {
				f.List = append(f.List, FoundAt{n, off - head})
			}
			at += len(s.Text)
		}
		if at >= len(b) {
			return
		}
	}
}
