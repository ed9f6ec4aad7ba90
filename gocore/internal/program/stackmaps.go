package program

import (
	"slices"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
	"goheap/gocore/internal/unwind"
)

// StackMaps finds maps whose header lies in a frame and that no variable leads to: the
// compiler knows where the header is, and has no place for a pointer to it.
type StackMaps struct {
	*Program
	space *inferior.Space
	iter  types.ID              // of iterators, 0 for unknown
	known map[uint64][]types.ID // maps that a frame may have, by its pc
	how   map[types.ID]*inferior.Map
	left  uint64 // entries that may still be counted
}

// NewStackMaps looks for maps in the stacks of a program.
func NewStackMaps(p *Program) *StackMaps {
	m := &StackMaps{Program: p, space: p.Space(), known: map[uint64][]types.ID{}, how: map[types.ID]*inferior.Map{}}
	// In a sound program each is counted once, or a few times where several types fit.
	m.left = p.Image.Mem.Size()
	for _, name := range [...]string{"internal/runtime/maps.Iter", "runtime.hiter"} {
		if id, ok := p.Types.Lookup(name); ok && m.iter == 0 {
			m.iter = id
		}
	}
	return m
}

// Seed starts the walk at the maps in the frames of a stack. Which words are the
// directory of a map, or the buckets, its header says, which has to have as many entries
// as it counts; its type is the only one that the function's code and variables know and
// that fits.
func (m *StackMaps) Seed(t *typing.Typer, stack *typing.Stack, frames []unwind.Frame, words []unwind.Slot) {
	l := m.Layout
	dir, size := l.SwissMap.DirPtr, uint64(l.SwissMap.Size)
	if !dir.Has() {
		dir, size = l.Hmap.Buckets, uint64(l.Hmap.Size)
	}
	if !dir.Has() {
		return
	}
	for _, s := range words {
		header := s.Addr - dir.Offset
		if s.Conservative || s.Frame < 0 || int(s.Frame) >= len(frames) {
			continue
		}
		m.iterator(t, stack, s, words)
		// The first word counts the entries, in both families.
		if n, ok := m.Image.Mem.Word(header); !ok || n == 0 || n > maxStackMap {
			continue
		}
		fr := &frames[s.Frame]
		if header < fr.SP || header+size > fr.FP {
			continue
		}
		var fits types.ID
		several := false
		for _, id := range m.candidates(fr) {
			if m.fits(id, header, words) {
				several = several || fits != 0
				fits = id
			}
		}
		if fits != 0 && !several {
			t.PointMap(stack, fits, header)
		}
	}
}

// iterator starts the walk at the map that is being ranged over, if the live word s is
// that map in an iterator, in which the descriptor of the map's type stands before it
// (internal/runtime/maps.Iter, until Go 1.23 runtime.hiter): the live words around it are
// the pointers of one.
func (m *StackMaps) iterator(t *typing.Typer, stack *typing.Stack, s unwind.Slot, words []unwind.Slot) {
	l := &m.Layout.MapIter
	if !l.M.Has() || m.iter == 0 {
		return
	}
	start := s.Addr - l.M.Offset
	desc, _ := m.Image.Mem.Word(start + l.Typ.Offset)
	if !m.IsDescriptor(desc) || !m.pointersAre(m.iter, start, words) {
		return
	}
	typ := t.ByDescriptor(desc)
	at, _ := m.Image.Mem.Word(s.Addr)
	if how := m.layout(typ); how != nil && at != 0 {
		if _, ok := m.space.MapLen(how, at); ok {
			t.PointMap(stack, typ, at)
		}
	}
}

// layout returns how maps of a type are read, nil for what is none.
func (m *StackMaps) layout(id types.ID) *inferior.Map {
	how, ok := m.how[id]
	if !ok {
		how = m.space.Map(id)
		m.how[id] = how
	}
	return how
}

// maxStackMap is more entries than a map has that lives on a stack.
const maxStackMap = 1 << 40

// candidates returns the types of the maps that a frame may have.
func (m *StackMaps) candidates(fr *unwind.Frame) []types.ID {
	if list, ok := m.known[fr.PC]; ok {
		return list
	}
	list, ok := m.MapTypes(fr.Func)
	if !ok {
		list = nil
	}
	for _, v := range m.FuncVars(fr.LookupPC(), 0, fr.LookupPC() != fr.PC) {
		if ok && m.Types.Type(v.Type).Kind == types.Map && !slices.Contains(list, v.Type) {
			list = append(list, v.Type)
		}
	}
	m.known[fr.PC] = list
	return list
}

// fits reports whether the header of a map of a type can stand at an address of a stack.
func (m *StackMaps) fits(id types.ID, header uint64, words []unwind.Slot) bool {
	how := m.layout(id)
	if how == nil || how.Group == 0 {
		return false
	}
	n, ok := m.space.MapLen(how, header)
	if !ok {
		return false
	}
	// The header has a pointer wherever the collector sees one, and there alone.
	runtime := m.Types.Type(id).Runtime
	if !m.pointersAre(runtime, header, words) {
		return false
	}
	entries := uint64(0)
	m.space.Entries(id, header, func(inferior.Entry) bool {
		entries++
		return entries <= n && entries <= m.left
	})
	m.left -= min(m.left, entries)
	if entries != n {
		return false
	}
	var reader = inferior.Reader{Mem: m.Image.Mem, Left: maxMapRead}
	sound := true
	m.space.MapParts(&reader, how, header, func(part inferior.Part) {
		if sound && part.Type == how.Group {
			sound = m.partFits(part, words)
		}
	})
	return sound
}

// maxMapRead bounds how much of a map is looked at to find out whether it is one.
const maxMapRead = 1 << 20

// partFits reports whether groups or buckets can stand where they are said to.
func (m *StackMaps) partFits(part inferior.Part, words []unwind.Slot) bool {
	at, inHeap := m.Image.Pages.Find(part.Addr)
	if !inHeap {
		return m.pointersAre(part.Type, part.Addr, words)
	}
	if at.Pointers == image.HeapBits {
		w := uint64(m.Image.Arch.PtrSize)
		mask := m.Image.SlotMask(m.Image.ExtentAt(part.Addr), part.Addr)
		for off := uint64(0); off < min(m.Types.Type(part.Type).Size, 64*w); off += w {
			if (mask>>(off/w)&1 != 0) != m.Types.PointerAt(part.Type, off) {
				return false
			}
		}
	}
	return at.Off == 0 || at.Off == image.MallocHeader
}

// maxStackGroup bounds the groups and buckets that lie on stacks, in bytes.
const maxStackGroup = 1 << 14

// pointersAre reports whether the live words of a stack at addr are the pointers of a
// value of a type.
func (m *StackMaps) pointersAre(id types.ID, addr uint64, words []unwind.Slot) bool {
	w := uint64(m.Image.Arch.PtrSize)
	size := m.Types.Type(id).Size
	if size == 0 || size > maxStackGroup {
		return false
	}
	for off := uint64(0); off < size; off += w {
		if m.Types.PointerAt(id, off) != unwind.LiveWord(words, addr+off) {
			return false
		}
	}
	return true
}
