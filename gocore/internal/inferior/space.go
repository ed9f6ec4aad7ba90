// Package inferior reads the containers of the Go runtime and library in the memory
// of a program: maps, hash tries, channels, interfaces and closures. It is the one
// place that knows how they lie there. Typing asks which objects a container consists
// of, naming which entry a word belongs to, and values ask for the entries.
//
// Words that are used throughout:
//
//   - inferior: the program whose memory is read, as in debuggers.
//   - header: what the variable of a map or channel points to: runtime.hmap,
//     internal/runtime/maps.Map, runtime.hchan.
//   - part: an object that a container consists of beside its header.
//   - place: a header or a part, as a step of a chain of pointers.
//   - entry: a key with its element.
package inferior

import (
	"strings"

	"goheap/dump"
	"goheap/gocore/internal/layout"
	"goheap/gocore/internal/types"
	"goheap/internal/arch"
)

// Space is the memory of a program, its types, and what is known of the runtime that
// it was built with. It does not change, and may be used by several goroutines.
type Space struct {
	Mem    *dump.Memory
	Arch   arch.Arch
	Types  *types.Table
	Layout *layout.Runtime // of the program; without an executable layout.Names(), so that nothing is a container
	// Slot returns where the values in the heap slot that holds addr start, behind a
	// malloc header, and how many bytes of them there may be.
	Slot func(addr uint64) (start, size uint64, ok bool)
}

// maxCount bounds what the header of a container may speak of: the object that it
// leads to bounds it more tightly.
const maxCount = 1 << 48

// Part is an object that a container consists of beside its header, or the array of N
// values in one.
type Part struct {
	Addr, N uint64
	Type    types.ID
	Array   bool // made as an array of N, which may be 1
}

// Entry is a key and its element. The types are those that stand at the addresses:
// pointers where a map keeps large keys or elements outside.
type Entry struct {
	Key, Elem         uint64 // addresses
	KeyType, ElemType types.ID
	Map               types.ID // the map's type, 0 for none
}

// FieldOf returns the field of a structure that an entry of the layout names. Use it
// for structures that differ with their type arguments; the places of all others
// stand in the layout itself.
func FieldOf(typ *types.Type, f layout.Field) (types.Field, bool) {
	for _, in := range typ.Fields {
		if f.Named(in.Name) {
			return in, true
		}
	}
	return types.Field{}, false
}

// Part returns the part of a structure at addr that an entry of the layout names, and
// where it stands. Its type is that of the structure's own declaration, so that a reader
// can insist on the kind that it expects.
func (s *Space) Part(typ *types.Type, addr uint64, f layout.Field) (*types.Type, uint64, bool) {
	for _, path := range f.Paths() {
		if part, at, ok := s.follow(typ, addr, path); ok {
			return part, at, true
		}
	}
	return nil, 0, false
}

// follow follows a path of names, separated by dots.
func (s *Space) follow(typ *types.Type, addr uint64, path string) (*types.Type, uint64, bool) {
next:
	for rest, more := path, true; more; {
		var name string
		name, rest, more = strings.Cut(rest, ".")
		if typ.Kind != types.Struct {
			return nil, 0, false
		}
		for _, f := range typ.Fields {
			if f.Name == name {
				typ, addr = s.Types.Type(f.Type), addr+f.Offset
				continue next
			}
		}
		return nil, 0, false
	}
	return typ, addr, true
}

// holds reports whether the field of a structure that the layout places has the byte
// at off.
func holds(f layout.Field, off uint64) bool {
	return f.Has() && off-f.Offset < uint64(f.Size)
}

// wordAt reads the word of a structure in memory; 0 where it is not in the core.
func (s *Space) wordAt(addr uint64, f layout.Field) uint64 {
	if !f.Has() {
		return 0
	}
	v, _ := s.Mem.Word(addr + f.Offset)
	return v
}

// String copies the string whose header stands at addr, of most bytes at most.
func (s *Space) String(addr, most uint64) (string, bool) {
	data, ok1 := s.Mem.Word(addr)
	n, ok2 := s.Mem.Word(addr + uint64(s.Arch.PtrSize))
	if !ok1 || !ok2 || n > most {
		return "", false
	}
	b, ok := s.Mem.Slice(data, n)
	return string(b), ok
}

func (s *Space) present(addr uint64) bool { return len(s.Mem.Prefix(addr, 1)) > 0 }

// Reader reads memory for one goroutine that mostly reads on where it has read last,
// so that it keeps the segment. It also bounds the work: in a damaged core values
// overlap without end.
type Reader struct {
	Mem *dump.Memory
	// Left is how many bytes may still be followed, Refused how often there were not
	// enough.
	Left    uint64
	Refused int
	// Ended, if it is not nil, is asked every lookEvery bytes; once it says true
	// nothing more may be followed, so that whoever reads comes to an end.
	Ended func() bool
	look  uint64 // how many bytes until it is asked

	// Segment is the memory that was read last, and Start its address.
	Start   uint64
	Segment []byte
}

// Bytes returns n bytes at addr, nil where they are not all in the core.
func (r *Reader) Bytes(addr, n uint64) []byte {
	if off := addr - r.Start; addr >= r.Start && off < uint64(len(r.Segment)) && n <= uint64(len(r.Segment))-off {
		return r.Segment[off : off+n]
	}
	if start, seg := r.Mem.Segment(addr); seg != nil && n <= uint64(len(seg))-(addr-start) {
		r.Start, r.Segment = start, seg
		return seg[addr-start : addr-start+n]
	}
	b, _ := r.Mem.Slice(addr, n)
	return b
}

const lookEvery = 1 << 20

// Take takes n bytes from what may still be followed, and reports whether there were
// as many.
func (r *Reader) Take(n uint64) bool {
	if n >= min(r.look, r.Left) {
		return r.takeSlowly(n)
	}
	r.look -= n
	r.Left -= n
	return true
}

// takeSlowly is Take where Ended is to be asked, or where less may be left than n.
func (r *Reader) takeSlowly(n uint64) bool {
	if n < r.look {
		r.look -= n
	} else if r.look = lookEvery; r.Ended != nil && r.Ended() {
		r.Left = 0
		return false
	}
	if n > r.Left {
		r.Refused++
		return false
	}
	r.Left -= n
	return true
}
