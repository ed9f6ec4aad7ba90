package gocore

import (
	"fmt"
	"slices"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/notation"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
	"goheap/heap"
)

// To the collector a chunk of a user arena is one object, but its values have types of
// their own, and lead to each other. A path that enters chunks goes from value to value
// until one leads out of them.

// throughChunks names how a node, of which v was reached, leads through a run of chunks to
// another one: first by what leads into them. nodes are those that the links lead to. ok is
// false where no typed value does.
func throughChunks(p *naming, from heap.Node, v view, chunks []heap.Node, to heap.Node, last *Hop) (links []notation.Link, nodes []heap.Node, next view, ok bool) {
	r := reachOf(p, from, v, chunks, []heap.Node{from})
	words, ok := r.Way(to)
	for _, w := range words {
		var s notation.Link
		s, next = hopOfReach(p, r, w, last)
		n, _ := p.NodeAt(w.Value)
		links, nodes = append(links, s), append(nodes, n)
	}
	return links, nodes, next, ok
}

// reachOf is what the values in chunks lead to, from the words of some nodes on.
func reachOf(p *naming, from heap.Node, v view, chunks, sources []heap.Node) *image.Reach[view] {
	return p.index.reaches.Of(from, v, chunks, func(a, b view) bool {
		return a.t == b.t && a.addr == b.addr && a.n == b.n && a.inside == b.inside
	}, func(r *image.Reach[view]) { explore(p, r, sources) })
}

// reroute is heap.Dominators.Reroute: to the first node that leads into chunks a path goes
// by which of them is met first, whatever values it leads to there. In its place stands one
// whose values lead to what follows the chunks, if there is one.
func (h *Heap) reroute(path []heap.Node, first func(n heap.Node) []heap.Node) []heap.Node {
	isChunk := func(n heap.Node) bool { return h.typing.ChunkOf(n) != nil }
	i := slices.IndexFunc(path, isChunk)
	end := i
	for i > 0 && end < len(path) && isChunk(path[end]) {
		end++
	}
	if i <= 0 || end == len(path) || h.Path(path[:end+1]).typed {
		return path
	}
	var all []heap.Node
	for i := range h.typing.Chunks {
		all = append(all, h.typing.Chunks[i].Node)
	}
	h.sourcesOnce.Do(func() {
		h.sources = slices.DeleteFunc(h.dominators.Sources(all, maxSources), func(n heap.Node) bool { return slices.ContainsFunc(first(n), isChunk) })
	})
	words, ok := reachOf(&h.naming, heap.None, view{}, all, h.sources).Way(path[end])
	if !ok {
		return path
	}
	return slices.Concat(first(words[0].From), h.im.ChunksOn(words), path[end:])
}

// maxSources is how many nodes that lead into chunks are followed.
const maxSources = 1 << 14

// endOfChunks is where the run of chunks ends that begins with a node of a path, at the
// last node at most; i where that is none.
func endOfChunks(p *naming, nodes []heap.Node, i int) int {
	for i < len(nodes)-1 && p.typing.ChunkOf(nodes[i]) != nil {
		i++
	}
	return i
}

// hopOfReach names a word of a reach.
func hopOfReach(p *naming, r *image.Reach[view], w image.ChunkWord, last *Hop) (notation.Link, view) {
	to, _ := p.NodeAt(w.Value)
	if w.In >= 0 {
		v := r.Values[w.In].Value
		return p.hopInValue(w.Slot, w.Value, to, v, v.addr)
	}
	start := r.Start
	switch root := p.root(w.From); {
	case root != nil && root.Kind != image.GlobalRoot:
		return p.hopFromPiece(root, w.Piece, to, last)
	case r.From == heap.None && root != nil:
		start = rootView(root)
	case r.From == heap.None:
		start = p.ownView(w.From)
	}
	if start.inside.Stage != 0 {
		return p.hopInContainer(w.Slot, w.Value, to, start)
	}
	return p.hopInValue(w.Slot, w.Value, to, start, p.ValueAddr(w.From))
}

// explore follows the words of sources that lead into chunks, of a root those first that
// have names.
func explore(p *naming, r *image.Reach[view], sources []heap.Node) {
	var start []image.ChunkWord
	for _, from := range sources {
		var others []image.ChunkWord
		if root := p.root(from); root != nil {
			for i := range r.Chunks {
				p.im.EachHolding(root, r.Chunks[i], func(number int) bool {
					pc := &p.im.Pieces[root.First+number]
					w := image.ChunkWord{From: from, In: -1, Piece: number, Slot: pc.Slot, Value: pc.Value}
					if len(others) < maxHoldings && p.howNamed(root, pc) < wholeName {
						others = append(others, w)
					} else {
						start = append(start, w)
					}
					return true
				})
			}
		} else if e, slot, ok := p.slot(from); ok {
			others = p.im.ChunkWords(p.gcTypes, e, slot, from, r.Chunks)
		}
		start = append(start, others...)
	}
	r.Explore(p.im, p.gcTypes, start, func(w image.ChunkWord) (image.ReachedValue[view], bool) {
		_, v := hopOfReach(p, r, w, &Hop{})
		size := p.types.Type(v.t).Size * v.n
		return image.ReachedValue[view]{Value: v, Type: uint32(v.t), Addr: v.addr, Size: size}, size > 0
	})
}

// chunkPart is the part of a chunk that has the byte at an address in it, as far as it is
// known; ok is false elsewhere too.
func (p *objects) chunkPart(addr uint64) (v view, part typing.ChunkPart, ok bool) {
	n, found := p.NodeAt(addr)
	c := p.typing.ChunkOf(n)
	if !found || c == nil {
		return v, part, false
	}
	part, ok = c.At(p.types, addr-c.Base)
	return view{t: part.Type, addr: c.Base + uint64(part.Off), n: uint64(part.N), elements: part.Form == typing.ManyValues}, part, ok
}

// outOfChunk names the word at slot of a chunk of which no value has been reached: by the
// value that it is in.
func outOfChunk(p *naming, slot, value uint64, to heap.Node, base uint64) (s notation.Link, next view) {
	v, part, ok := p.chunkPart(slot)
	if !ok {
		return p.offsetHop(slot-base, to)
	}
	s, next = p.hopInValue(slot, value, to, v, base)
	s.Out = arrow + notation.PartAt(p.types.Type(v.t).Name, uint64(part.Off))
	return s, next
}

// partOfChunk is the place of the value that has an address in a chunk in it, of the given
// type if that is not "".
func partOfChunk(p *naming, addr uint64, typ string) (Place, bool) {
	_, part, ok := p.chunkPart(addr)
	if !ok {
		return Place{}, false
	}
	n, _ := p.NodeAt(addr)
	v := p.partValue(p.typing.ChunkOf(n), part, "")
	return Place{Node: n, Part: true, Value: v}, typ == "" || p.sameType(v.Type, typ)
}

// partAt is the value of a type at an offset in a chunk, as outOfChunk names it.
func (e *evaluation) partAt(at uint64, typ string, off uint64, s *notation.Step) (operand, error) {
	p := e.p
	start := p.valueStart(at)
	n, _ := p.NodeAt(start)
	c := p.typing.ChunkOf(n)
	if c == nil || off >= c.Size {
		return operand{}, e.fail(s.Pos, "%q stands in front of values in chunks of user arenas: see `goheap help targets`", arrow+s.Text)
	}
	t, err := e.typeNamed(s.Pos, typ)
	o := valueAt(t, start+off)
	o.pointee = true
	return o, err
}

// partValue is a part of a chunk as a value.
func (p *values) partValue(c *typing.Chunk, part typing.ChunkPart, name string) Value {
	addr := c.Base + uint64(part.Off)
	if part.Form == typing.OneValue && part.N == 1 {
		return p.valueAt(name, part.Type, addr, region{c.Base, c.Size})
	}
	elem := part.Type
	if part.Form == typing.StringData {
		elem = 0
	}
	v := p.arrayIn(c, elem, addr)
	v.Name = name
	return p.first(v, uint64(part.N))
}

// arrayIn is an array in a chunk, or the bytes of a string where elem is 0; first has its
// length.
func (p *values) arrayIn(c *typing.Chunk, elem types.ID, addr uint64) Value {
	v := Value{Type: stringDataType, Addr: addr, whole: region{c.Base, c.Size}}
	if elem != 0 {
		v.Type = "[]" + p.types.Type(elem).Name
		v.parts = parts{how: opensElements, t: elem, addr: addr, inPlace: true}
	}
	return v
}

// chunkValue is a chunk as a value that opens into its parts.
func (p *values) chunkValue(c *typing.Chunk) Value {
	return Value{
		Type: typing.ChunkName, Addr: c.Base, Size: c.Size, Target: heap.None, Children: len(c.Parts), whole: region{c.Base, c.Size},
		Text:  fmt.Sprintf("%d bytes used, %d of them typed", c.Used, c.Typed),
		parts: parts{how: opensChunk, addr: c.Base, n: uint64(len(c.Parts)), inPlace: true},
	}
}
