package typing

import (
	"cmp"
	"math/bits"
	"slices"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/types"
	"goheap/heap"
)

// ChunkName is what a chunk of a user arena is called in the place of a type: to the
// collector it is one object, and it is freed as one. It has values of many types in it,
// of which those are known that a typed pointer leads to (docs/types.md).
const ChunkName = "chunk of a user arena"

// Chunk is what is known of the values in a chunk of a user arena.
type Chunk struct {
	Node       heap.Node
	Base, Size uint64
	Used       uint64 // bytes that the program was given of it
	Typed      uint64 // bytes that the parts cover
	Parts      []ChunkPart
}

// ChunkPart says that N values of a type stand side by side from Off on; of a string N is
// the number of its bytes. The parts of a chunk are in ascending order, and none lies
// within another.
type ChunkPart struct {
	Type   types.ID
	Off, N uint32
	Form   Form
}

// At returns the part of a chunk that has the byte off in it, as one value: that of an
// array or of a string from its start, any other that in which the byte is. size is that
// of the type.
func (c *Chunk) At(table *types.Table, off uint64) (part ChunkPart, ok bool) {
	// Both starts and ends ascend.
	i, _ := slices.BinarySearchFunc(c.Parts, off, func(p ChunkPart, off uint64) int {
		if uint64(p.Off)+p.bytes(table) > off {
			return 1
		}
		return -1
	})
	if i == len(c.Parts) || uint64(c.Parts[i].Off) > off {
		return ChunkPart{}, false
	}
	part = c.Parts[i]
	if size := table.Type(part.Type).Size; part.Form == OneValue && size > 0 {
		part.Off += uint32((off - uint64(part.Off)) / size * size)
		part.N = 1
	}
	return part, true
}

// bytes is how many bytes a part takes.
func (p ChunkPart) bytes(table *types.Table) uint64 {
	if p.Form == StringData {
		return uint64(p.N)
	}
	return table.Type(p.Type).Size * uint64(p.N)
}

// ChunkOf returns what is known of a chunk, nil for another node.
func (r *Result) ChunkOf(n heap.Node) *Chunk {
	i, ok := slices.BinarySearchFunc(r.Chunks, n, func(c Chunk, n heap.Node) int { return cmp.Compare(c.Node, n) })
	if !ok {
		return nil
	}
	return &r.Chunks[i]
}

// chunk is what claims have said of a chunk so far.
//
// Values with pointers are marked where they begin, so that neighbours and slices that
// overlap are walked once, and so that the outcome does not depend on which claim came
// first. Others lead no further: what claims say is kept as it is.
type chunk struct {
	*image.Chunk
	node     heap.Node
	elem     uint64
	pointers []uint64 // which words the collector follows, a bit each
	marks    map[chunkBlock]*[blockWords / 64]uint64
	leaves   map[leafPart]bool
}

// chunkBlock is a type, and the number of a run of blockWords words in the chunk.
type chunkBlock struct {
	block uint32
	t     types.ID
}

const blockWords = 512

type leafPart struct {
	off, n uint32
	t      types.ID
	form   Form
}

// startChunks makes the chunks objects of a type of their own, and forgets what was said
// of them.
func startChunks(t *Typer) {
	if len(t.im.Chunks) == 0 || t.g == nil {
		return
	}
	t.chunks = map[heap.Node]*chunk{}
	gc := image.NewGCTypes(t.im.Mem, t.arch)
	for i := range t.im.Chunks {
		info := &t.im.Chunks[i]
		n, ok := t.im.Pages.Lookup(info.Base)
		e := t.im.ExtentAt(info.Base)
		if !ok || e == nil || !image.HasBit(t.Alive, n) {
			continue
		}
		if t.chunkType == 0 {
			t.chunkType = typeID(t.table.NewStruct(ChunkName, "", e.Elem, nil), OneValue)
		}
		w := uint64(t.arch.PtrSize)
		c := &chunk{
			Chunk: info, node: n, elem: e.Elem, pointers: make([]uint64, (e.Elem/w+63)/64),
			marks: map[chunkBlock]*[blockWords / 64]uint64{}, leaves: map[leafPart]bool{},
		}
		for _, off := range t.im.PointerWords(gc, e, e.Base) {
			c.pointers[off/w/64] |= 1 << (off / w % 64)
		}
		t.chunks[n] = c
		t.set(n, t.chunkType, BySpan)
	}
}

// isChunk reports whether a node is a chunk.
func isChunk(t *Typer, n heap.Node) bool { return t.chunkType != 0 && t.idOf(n) == t.chunkType }

// unclaimed reports whether a node is a chunk of which nothing has been said.
func unclaimed(t *Typer, n heap.Node) bool {
	c := t.chunks[n]
	return c != nil && len(c.marks) == 0 && len(c.leaves) == 0
}

// pointChunk applies a claim on values in a chunk.
func pointChunk(t *Typer, at image.SlotAt, c claim) {
	ch := t.chunks[at.Node]
	size, ok := t.size(c)
	if ch == nil || !ok || size == 0 || max(c.evidence, t.floor) >= ByFit || !image.HasBit(t.Alive, at.Node) {
		return
	}
	w := uint64(t.arch.PtrSize)
	scalar := c.Form == StringData || len(c.x.steps) == 0 && c.Form != Container
	switch {
	case c.Form == Container, at.Off > ch.elem, size > ch.elem-at.Off,
		// Nothing has been put there.
		at.Off+size > ch.FreeLo-ch.Base && at.Off < ch.FreeHi-ch.Base && ch.FreeLo < ch.FreeHi,
		!scalar && (at.Off%w != 0 || c.x.size%w != 0):
		t.reject(at.Node, c)
	case scalar:
		part := leafPart{uint32(at.Off), uint32(c.n), c.x.id, c.Form}
		if ch.leaves[part] {
			return
		}
		if ch.anyPointer(at.Off/w, (at.Off+size+w-1)/w) {
			t.reject(at.Node, c)
			return
		}
		ch.leaves[part] = true
	default:
		markChunk(t, ch, at.Off/w, c)
	}
}

// anyPointer reports whether the collector follows one of the words from lo to hi.
func (ch *chunk) anyPointer(lo, hi uint64) bool {
	for lo < hi {
		n := min(hi-lo, 64-lo%64)
		if ch.pointers[lo/64]>>(lo%64)&image.LowBits(n) != 0 {
			return true
		}
		lo += n
	}
	return false
}

// maskFrom returns the bits of at most 64 words.
func (ch *chunk) maskFrom(word, n uint64) uint64 {
	m := ch.pointers[word/64] >> (word % 64)
	if i := word/64 + 1; word%64 != 0 && i < uint64(len(ch.pointers)) {
		m |= ch.pointers[i] << (64 - word%64)
	}
	return m & image.LowBits(n)
}

// markChunk marks the values with pointers that a claim is about, and lets those that were
// not known be walked.
func markChunk(t *Typer, ch *chunk, first uint64, c claim) {
	w := uint64(t.arch.PtrSize)
	stride := c.x.size / w
	end := first + stride*c.n
	fresh := Static{Type: c.x.id} // a run of values to be walked
	for group := first / 64; group*64 < end; group++ {
		lo := group * 64
		from := first // the first value that begins in the group
		if from < lo {
			from += (lo - first + stride - 1) / stride * stride
		}
		if from >= min(lo+64, end) {
			continue
		}
		begins := tile(1, stride, 64) << (from - lo) & image.LowBits(end-lo)
		key := chunkBlock{uint32(lo / blockWords), c.x.id}
		marks := ch.marks[key]
		if marks == nil {
			marks = new([blockWords / 64]uint64)
			ch.marks[key] = marks
		}
		old := &marks[lo%blockWords/64]
		for left := begins &^ *old; left != 0; left &= left - 1 {
			word := lo + uint64(bits.TrailingZeros64(left))
			if ch.maskFrom(word, min(stride, 64)) != c.x.mask {
				one := c
				one.p, one.n = ch.Base+word*w, 1
				t.reject(ch.node, one)
				continue
			}
			*old |= left & -left
			if addr := ch.Base + word*w; fresh.N > 0 && fresh.Addr+fresh.N*c.x.size == addr {
				fresh.N++
			} else {
				walkLater(t, fresh)
				fresh.Addr, fresh.N = addr, 1
			}
		}
	}
	walkLater(t, fresh)
}

func walkLater(t *Typer, s Static) {
	if s.N > 0 {
		t.statics = append(t.statics, s)
	}
}

// finishChunks says what is known of the live chunks, and corrects the sums: of a chunk
// those bytes are typed that its parts cover.
func finishChunks(t *Typer) {
	var unknown []heap.Node
	for i := range t.im.Chunks {
		n, _ := t.im.Pages.Lookup(t.im.Chunks[i].Base)
		ch := t.chunks[n]
		if ch == nil || !image.HasBit(t.Alive, n) {
			continue
		}
		c := Chunk{Node: n, Base: ch.Base, Size: ch.elem, Used: ch.Used(ch.elem), Parts: chunkParts(t, ch)}
		end := uint64(0)
		for _, p := range c.Parts {
			from, to := max(uint64(p.Off), end), uint64(p.Off)+p.bytes(t.table)
			c.Typed += to - from
			end = to
		}
		rest := c.Size - c.Typed
		out := &t.Out.Totals
		out.TypedBytes -= rest
		out.CoveredBytes -= rest
		out.EvidenceBytes[BySpan] -= rest
		out.EvidenceBytes[ByNothing] += rest
		t.Out.Chunks = append(t.Out.Chunks, c)
		if leadsUntyped(t, ch, &c) {
			unknown = append(unknown, n)
		}
	}
	t.chunks = nil
	if len(unknown) > 0 {
		t.Out.Nodes = append(t.Out.Nodes, unknown...)
		slices.Sort(t.Out.Nodes)
	}
}

// element is a value in a chunk, or the array or string that a leaf is.
type element struct {
	leafPart
	size uint64
}

// chunkParts returns the values in a chunk that are no parts of others, as they are made
// of what claims have said.
func chunkParts(t *Typer, ch *chunk) (parts []ChunkPart) {
	var all []element
	w := uint32(t.arch.PtrSize)
	for key, marks := range ch.marks {
		size := t.table.Type(key.t).Size
		for i, m := range marks {
			for ; m != 0; m &= m - 1 {
				word := key.block*blockWords + uint32(i*64+bits.TrailingZeros64(m))
				all = append(all, element{leafPart{word * w, 1, key.t, OneValue}, size})
			}
		}
	}
	for leaf := range ch.leaves {
		size := uint64(leaf.n)
		if leaf.form != StringData {
			size *= t.table.Type(leaf.t).Size
		}
		all = append(all, element{leaf, size})
	}
	slices.SortFunc(all, func(a, b element) int { return outerFirst(t, a, b) })
	end := uint64(0)
	for _, x := range all {
		if uint64(x.off)+x.size <= end {
			continue
		}
		end = uint64(x.off) + x.size
		if last := len(parts) - 1; last >= 0 && x.form == OneValue && parts[last].Form == OneValue && parts[last].Type == x.t && uint64(parts[last].Off)+uint64(parts[last].N)*x.size == uint64(x.off) {
			parts[last].N++
			continue
		}
		parts = append(parts, ChunkPart{x.t, x.off, x.n, x.form})
	}
	return slices.Clip(parts)
}

// outerFirst orders values by where they begin, those first that others are parts of.
func outerFirst(t *Typer, a, b element) int {
	if c := cmp.Or(cmp.Compare(a.off, b.off), cmp.Compare(b.size, a.size)); c != 0 {
		return c
	}
	if a.form != b.form {
		return cmp.Compare(a.form, b.form)
	}
	if x, y := t.contains(a.t, b.t), t.contains(b.t, a.t); x != y {
		if x {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(t.table.Type(a.t).Name, t.table.Type(b.t).Name), cmp.Compare(a.t, b.t))
}

// leadsUntyped reports whether a word of a chunk that leads to an object is in none of its
// parts.
func leadsUntyped(t *Typer, ch *chunk, c *Chunk) bool {
	w := uint64(t.arch.PtrSize)
	next, end := 0, uint64(0) // all parts before next end at end or before
	for i, m := range ch.pointers {
		for ; m != 0; m &= m - 1 {
			off := (uint64(i)*64 + uint64(bits.TrailingZeros64(m))) * w
			for next < len(c.Parts) && uint64(c.Parts[next].Off) <= off {
				end = uint64(c.Parts[next].Off) + c.Parts[next].bytes(t.table)
				next++
			}
			if off < end {
				continue
			}
			if v, ok := t.im.Mem.Word(ch.Base + off); ok && v != 0 {
				if _, ok := t.im.Pages.Lookup(v); ok {
					return true
				}
			}
		}
	}
	return false
}
