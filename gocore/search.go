package gocore

import (
	"context"
	"fmt"
	"runtime/debug"

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
	return p.search(ctx, &image.Search{Text: text, Align: 1, Most: most})
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
	return p.search(ctx, &image.Search{Text: text, Align: uint64(w), Most: most})
}

// FollowedAt reports whether the collector takes the word at an offset in an
// object for a pointer.
func (p *objects) FollowedAt(n heap.Node, off uint64) bool {
	defer p.caught(debug.SetPanicOnFault(true))
	e, slot, ok := p.slot(n)
	return ok && p.im.Follows(p.gcTypes, e, slot, off+p.ValueAddr(n)-slot)
}

// search says where a text is in the live objects.
func (p *objects) search(ctx context.Context, s *image.Search) (Hits, error) {
	s.Image, s.Live = p.im, p.live
	found, err := s.Run(progress.Or(ctx, p.progress))
	if err != nil {
		return Hits{}, err
	}
	hits := Hits{Total: found.Total, Missing: found.Missing}
	for _, h := range found.List {
		hits.List = append(hits.List, Hit(h))
	}
	return hits, nil
}
