// Package types knows the Go types of a program: from DWARF, and from the
// runtime's own type descriptors where DWARF has none.
//
// A type is numbered when the table is made and read when somebody asks for it:
// large programs describe tens of thousands of types, a heap holds a few
// thousand.
package types

import (
	"strings"
	"sync"
	"sync/atomic"

	"goheap/gocore/internal/layout"
	"goheap/gocore/internal/symbols/info"
	"goheap/internal/arch"
)

// ID numbers a type of one Table. 0 is no type, or one that is not known.
//
// Types that DWARF names come first, in the order of their names there, so that
// they have the same IDs whenever the same file is read. Types that only a
// descriptor tells of are numbered as they are asked for.
type ID uint32

// Kind is the kind of a type. The values are those of internal/abi.Kind, which
// are also DWARF's DW_AT_go_kind.
type Kind uint8

const (
	Invalid Kind = iota
	Bool
	Int
	Int8
	Int16
	Int32
	Int64
	Uint
	Uint8
	Uint16
	Uint32
	Uint64
	Uintptr
	Float32
	Float64
	Complex64
	Complex128
	Array
	Chan
	Func
	Interface
	Map
	Pointer
	Slice
	String
	Struct
	UnsafePointer
)

// Type describes a type. It does not change and may be shared.
type Type struct {
	// Name is what a Go programmer would write, with the full path of the
	// package: "main.Session", "map[string]*example.com/m.T".
	Name string
	// Package is the path of the package that declares the type, and of the
	// generic type if it is an instance; "" for unnamed and predeclared types.
	Package string
	Kind    Kind
	// NoMethods says of an interface that it has none: a runtime.eface.
	NoMethods bool
	Size      uint64 // in bytes
	Elem, Key ID     // of arrays, channels, maps, pointers and slices
	Len       uint64 // of an array
	// Fields are those of a struct, in the order of the declaration.
	Fields []Field
	// Runtime is, of a map or channel, the structure that its pointer points
	// to, as the linker wrote it for DWARF with the key and element types in
	// place: internal/runtime/maps.Map or runtime.hmap, runtime.hchan. 0
	// without DWARF.
	Runtime ID

	linked           string // the name in DWARF, where that is another
	group            ID     // of a map, from its descriptor
	descriptor       uint64 // address, for types from a descriptor
	descriptorOffset uint64 // DW_AT_go_runtime_type, for types from DWARF
	gcMask           gcMask // of a type that package reflect made
}

// LinkerName is the name as the linker wrote it, which Lookup takes: of an instance also
// with the paths of members, escaped packages and counters of local types in what stands
// for its type parameters.
func (t *Type) LinkerName() string {
	if t.linked != "" {
		return t.linked
	}
	return t.Name
}

// Field is a field of a struct.
type Field struct {
	Name     string
	Offset   uint64
	Type     ID
	Embedded bool
}

// Table holds the types of a program. Its methods may be called from several
// goroutines; SetRuntime is called before.
type Table struct {
	Arch  arch.Arch
	dwarf *info.Data // nil without DWARF
	index *info.Index

	runtime   *runtimeTypes // nil until SetRuntime
	described *described    // nil with DWARF, and until Describe
	names     *layout.Runtime

	mu       sync.Mutex
	byOffset map[info.Offset]ID
	byAddr   map[uint64]ID
	// instances are the types that LookupInstance made, by name, and others that
	// stand nowhere, by what they are made of.
	instances map[string]ID

	constantsOnce sync.Once
	constants     map[ID]*Constants

	// byConstant are the constants of the program by their names without packages.
	namesOnce  sync.Once
	byConstant map[string][]Constant

	n      uint32
	chunks atomic.Pointer[[]*chunk]
}

// The types lie in chunks that never move, so that readers need no lock.
const (
	chunkShift = 10
	chunkLen   = 1 << chunkShift
)

type chunk [chunkLen]slot

// slot is one type: where it is described, and what was made of it so far.
type slot struct {
	off   info.Offset // 0: see addr
	addr  uint64      // of the descriptor
	typ   atomic.Pointer[Type]
	words atomic.Pointer[[]Word]
	// heap and target cache NotInHeap and, of a pointer type, pointsIntoHeap.
	heap, target atomic.Uint32
}

// New returns the table of the program with the given DWARF; both may be nil.
func New(a arch.Arch, d *info.Data, x *info.Index) *Table {
	t := &Table{
		Arch:      a,
		dwarf:     d,
		index:     x,
		byOffset:  map[info.Offset]ID{},
		byAddr:    map[uint64]ID{},
		instances: map[string]ID{},
		names:     layout.Names(),
		n:         1,
	}
	first := []*chunk{new(chunk)}
	t.chunks.Store(&first)
	if x != nil {
		for _, n := range x.Types {
			t.ByOffset(n.Off)
		}
	}
	return t
}

// unknown is what Type returns for 0.
var unknown = Type{Name: "?"}

// Len returns a number above every ID handed out so far.
func (t *Table) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return int(t.n)
}

func (t *Table) slot(id ID) *slot {
	chunks := *t.chunks.Load()
	if id == 0 || int(id>>chunkShift) >= len(chunks) {
		return nil
	}
	return &chunks[id>>chunkShift][id%chunkLen]
}

// newSlot adds a type; t.mu is held.
func (t *Table) newSlot() (ID, *slot) {
	id := ID(t.n)
	chunks := *t.chunks.Load()
	if int(id>>chunkShift) == len(chunks) {
		more := append(chunks[:len(chunks):len(chunks)], new(chunk))
		t.chunks.Store(&more)
		chunks = more
	}
	t.n++
	return id, &chunks[id>>chunkShift][id%chunkLen]
}

// Type returns the type with the given ID, never nil. What cannot be read, and
// 0, is a type of kind Invalid.
func (t *Table) Type(id ID) *Type {
	s := t.slot(id)
	if s == nil {
		return &unknown
	}
	if p := s.typ.Load(); p != nil {
		return p
	}
	var p *Type
	switch {
	case s.off != 0:
		p = t.loadDWARF(s.off)
	case s.addr != 0:
		p = t.loadDescriptor(s.addr)
	default:
		return &unknown
	}
	// Whoever comes first wins, so that every caller sees the same pointer.
	s.typ.CompareAndSwap(nil, p)
	return s.typ.Load()
}

// Lookup returns the type of the given name, which must be known to DWARF, or, without, to
// Describe. It fails if there are several different types of that name.
func (t *Table) Lookup(name string) (ID, bool) {
	if t.described != nil {
		return t.described.lookup(name)
	}
	if t.index == nil {
		return 0, false
	}
	var found ID
	lo, hi := t.index.Find(name)
	for _, n := range t.index.Types[lo:hi] {
		id := t.ByOffset(n.Off)
		if found != 0 && id != found {
			return 0, false
		}
		found = id
	}
	return found, found != 0
}

// First returns the name in DWARF of the first struct, by name, whose name there begins
// with prefix, and can be looked up.
func (t *Table) First(prefix string) (string, bool) {
	if t.described != nil {
		return t.described.first(t, prefix)
	}
	if t.index == nil {
		return "", false
	}
	i, _ := t.index.Find(prefix)
	for _, n := range t.index.Types[i:] {
		if !strings.HasPrefix(n.Name, prefix) {
			break
		}
		if id, ok := t.Lookup(n.Name); ok && t.Type(id).Kind == Struct {
			return n.Name, true
		}
	}
	return "", false
}

// All returns the types that DWARF names, or that Describe found, by name.
func (t *Table) All() []ID {
	if t.described != nil {
		return t.described.all
	}
	if t.index == nil {
		return nil
	}
	seen := map[ID]bool{0: true}
	var ids []ID
	for _, n := range t.index.Types {
		if id := t.ByOffset(n.Off); !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids
}

// Field finds a field by name.
func (t *Type) Field(name string) (Field, bool) {
	for _, f := range t.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// FieldNames returns the names of the fields, in their order.
func (t *Type) FieldNames() []string {
	names := make([]string, 0, len(t.Fields))
	for _, f := range t.Fields {
		names = append(names, f.Name)
	}
	return names
}
