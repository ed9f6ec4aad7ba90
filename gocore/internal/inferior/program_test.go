package inferior

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"goheap/dump"
	"goheap/gocore/internal/layout"
	"goheap/gocore/internal/symbols/info"
	"goheap/gocore/internal/types"
	"goheap/internal/arch"
)

// declared is a type of a hand-made program.
type declared struct {
	off         uint32 // of its entry in .debug_info
	size, align uint64
	fields      map[string]place
}

type place struct {
	off uint64
	typ string
}

// program is a hand-made program: its types are written as the linker writes them for
// DWARF, its heap is one block of memory with the objects that alloc made.
type program struct {
	t testing.TB
	a arch.Arch
	r *rand.Rand

	info   []byte
	types  map[string]*declared
	fixups map[int]string // places in info of references, to types by name

	space   *Space
	memory  []byte
	next    uint64
	objects []object // by address
}

type object struct {
	addr, size uint64
	typ        string
}

const (
	memoryAt = 0x10000000
	typesAt  = 0x400000
)

// Kinds of entries: the numbers of their abbreviations.
const (
	dieUnit = 1 + iota
	dieStruct
	dieMember
	diePointer
	dieArray
	dieSubrange
	dieTypedef
	dieBase
	dieUnsafe
)

func abbreviations() []byte {
	const str, udata, ref, data1 = 0x08, 0x0f, 0x13, 0x0b
	return []byte{
		dieUnit, byte(info.TagCompileUnit), 1, 0x13, data1, 0, 0,
		dieStruct, byte(info.TagStruct), 1, 0x03, str, 0x0b, udata, 0x80, 0x52, data1, 0x84, 0x52, udata, 0, 0,
		dieMember, byte(info.TagMember), 0, 0x03, str, 0x38, udata, 0x49, ref, 0, 0,
		diePointer, byte(info.TagPointer), 0, 0x03, str, 0x49, ref, 0x84, 0x52, udata, 0, 0,
		dieArray, byte(info.TagArray), 1, 0x03, str, 0x49, ref, 0x0b, udata, 0, 0,
		dieSubrange, byte(info.TagSubrange), 0, 0x37, udata, 0, 0,
		dieTypedef, byte(info.TagTypedef), 0, 0x03, str, 0x49, ref, 0x80, 0x52, data1, 0x81, 0x52, ref, 0x82, 0x52, ref, 0x84, 0x52, udata, 0, 0,
		dieBase, byte(info.TagBase), 0, 0x03, str, 0x0b, udata, 0x80, 0x52, data1, 0x84, 0x52, udata, 0, 0,
		dieUnsafe, byte(info.TagPointer), 0, 0x03, str, 0, 0,
		0,
	}
}

func newProgram(t testing.TB, a arch.Arch, seed uint64) *program {
	p := &program{
		t: t, a: a, r: rand.New(rand.NewPCG(seed, 2)),
		types: map[string]*declared{}, fixups: map[int]string{},
		memory: make([]byte, 1<<19), next: memoryAt + 64,
	}
	p.info = make([]byte, 4)
	p.info = p.a.Order().(binary.AppendByteOrder).AppendUint16(p.info, 5)
	p.info = append(p.info, 1, 8, 0, 0, 0, 0, dieUnit, info.LangGo)
	w := uint64(a.PtrSize)
	for _, b := range []struct {
		name string
		size uint64
		kind types.Kind
	}{
		{"bool", 1, types.Bool}, {"uint8", 1, types.Uint8}, {"uint16", 2, types.Uint16}, {"uint32", 4, types.Uint32},
		{"uint64", 8, types.Uint64}, {"int", w, types.Int}, {"uintptr", w, types.Uintptr},
	} {
		p.entry(b.name, b.size, min(b.size, w), dieBase)
		p.uleb(b.size)
		p.info = append(p.info, byte(b.kind))
		p.descriptor()
	}
	p.entry("unsafe.Pointer", w, w, dieUnsafe)
	return p
}

func (p *program) entry(name string, size, align uint64, code byte) *declared {
	if p.types[name] != nil {
		p.t.Fatalf("%s is declared twice", name)
	}
	d := &declared{off: uint32(len(p.info)), size: size, align: align}
	p.types[name] = d
	p.info = append(append(p.info, code), name...)
	p.info = append(p.info, 0)
	return d
}

func (p *program) uleb(v uint64) { p.info = binary.AppendUvarint(p.info, v) }

func (p *program) ref(name string) {
	if name != "" {
		p.fixups[len(p.info)] = name
	}
	p.info = append(p.info, 0, 0, 0, 0)
}

// descriptor says where the descriptor of the type is that is being written: its
// distance from typesAt is eight times the place of its entry.
func (p *program) descriptor() { p.uleb(uint64(len(p.info)) * 8) }

func (p *program) word() uint64 { return uint64(p.a.PtrSize) }

func (p *program) pointer(to string) string {
	name := "*" + to
	if p.types[name] == nil {
		p.entry(name, p.word(), p.word(), diePointer)
		p.ref(to)
		p.descriptor()
	}
	return name
}

func (p *program) array(n uint64, of string) string {
	name := fmt.Sprintf("[%d]%s", n, of)
	if p.types[name] == nil {
		elem := p.types[of]
		p.entry(name, n*elem.size, elem.align, dieArray)
		p.ref(of)
		p.uleb(n * elem.size)
		p.info = append(p.info, dieSubrange)
		p.uleb(n)
		p.info = append(p.info, 0)
	}
	return name
}

// structure declares a structure of fields that are written "name type".
func (p *program) structure(name string, fields ...string) string {
	if p.types[name] != nil {
		return name
	}
	places := map[string]place{}
	var order []string
	at, align := uint64(0), uint64(1)
	for _, f := range fields {
		field, typ, _ := strings.Cut(f, " ")
		d := p.types[typ]
		if d == nil {
			p.t.Fatalf("%s.%s is of type %s, which is not declared", name, field, typ)
		}
		at = (at + d.align - 1) / d.align * d.align
		align = max(align, d.align)
		places[field], order = place{at, typ}, append(order, field)
		at += d.size
	}
	at = (at + align - 1) / align * align
	d := p.entry(name, at, align, dieStruct)
	d.fields = places
	p.uleb(at)
	p.info = append(p.info, byte(types.Struct))
	p.descriptor()
	for _, f := range order {
		p.info = append(append(append(p.info, dieMember), f...), 0)
		p.uleb(places[f].off)
		p.ref(places[f].typ)
	}
	p.info = append(p.info, 0)
	return name
}

// typedef declares a map, channel or interface that is, for the runtime, of type of.
func (p *program) typedef(name, of string, kind types.Kind, key, elem string) string {
	size := p.word()
	if kind == types.Interface {
		size *= 2
	}
	p.entry(name, size, p.word(), dieTypedef)
	p.ref(of)
	p.info = append(p.info, byte(kind))
	p.ref(key)
	p.ref(elem)
	p.descriptor()
	return name
}

// link makes the table of the types that were declared, and the layout of the runtime
// that is among them.
func (p *program) link() *Space {
	p.info = append(p.info, 0)
	for at, name := range p.fixups {
		d := p.types[name]
		if d == nil {
			p.t.Fatalf("%s is not declared", name)
		}
		p.a.Order().PutUint32(p.info[at:], d.off)
	}
	p.a.Order().PutUint32(p.info, uint32(len(p.info)-4))
	d, err := info.New(info.Sections{Info: p.info, Abbrev: abbreviations()}, p.a.BigEndian)
	if err != nil {
		p.t.Fatal(err)
	}
	x, err := d.BuildIndex()
	if err != nil {
		p.t.Fatal(err)
	}
	table := types.New(p.a, d, x)
	mem := dump.NewMemory(p.a.Machine, p.a.Order(), p.a.PtrSize, []dump.Block{{Addr: memoryAt, Data: p.memory}})
	table.SetRuntime(types.Runtime{Memory: mem, Modules: []types.Module{{Types: typesAt, ETypes: typesAt + 1<<20, DWARF: true}}})
	p.space = &Space{Mem: mem, Arch: p.a, Types: table, Layout: p.layout(table), Slot: p.slot}
	for name, d := range p.types {
		if typ := table.Type(p.id(name)); typ.Size != d.size || typ.Kind == types.Invalid {
			p.t.Fatalf("%s is %+v, want %d bytes", name, typ, d.size)
		}
	}
	return p.space
}

// layout fills the table of the runtime's structures with what the program has.
func (p *program) layout(table *types.Table) *layout.Runtime {
	l := layout.Names()
	v := reflect.ValueOf(l).Elem()
	for i := range v.NumField() {
		part := v.Field(i)
		var typ *declared
		for _, name := range strings.Split(v.Type().Field(i).Tag.Get("type"), "|") {
			if prefix, generic := strings.CutSuffix(name, "*"); generic {
				name, _ = table.First(prefix)
			}
			if typ = p.types[name]; typ != nil {
				break
			}
		}
		if typ == nil || part.Kind() != reflect.Struct {
			continue
		}
		for j := range part.NumField() {
			into := part.Field(j)
			switch f := into.Addr().Interface().(type) {
			case *layout.Size:
				*f = layout.Size(typ.size)
			case *layout.Field:
				for _, path := range f.Paths() {
					if off, size, ok := p.find(typ, path); ok {
						f.Offset, f.Size = off, int(size)
						break
					}
				}
			}
		}
	}
	return l
}

func (p *program) find(typ *declared, path string) (off, size uint64, ok bool) {
	for name := range strings.SplitSeq(path, ".") {
		f, ok := typ.fields[name]
		if !ok {
			return 0, 0, false
		}
		off, typ = off+f.off, p.types[f.typ]
	}
	return off, typ.size, true
}

// at returns where the field at a path of a type stands in it.
func (p *program) at(typ, path string) uint64 {
	off, _, ok := p.find(p.types[typ], path)
	if !ok {
		p.t.Fatalf("%s has no %s", typ, path)
	}
	return off
}

func (p *program) size(typ string) uint64 { return p.types[typ].size }

func (p *program) id(name string) types.ID {
	id := p.space.Types.ByOffset(info.Offset(p.types[name].off))
	if id == 0 {
		p.t.Fatalf("there is no type %s", name)
	}
	return id
}

// descriptorOf returns the address of a type's descriptor.
func (p *program) descriptorOf(name string) uint64 {
	addr, ok := p.space.Types.RuntimeType(p.id(name))
	if !ok {
		p.t.Fatalf("%s has no descriptor", name)
	}
	return addr
}

// alloc makes an object of n values.
func (p *program) alloc(typ string, n uint64) uint64 {
	o := object{p.next, max(1, n*p.size(typ)), typ}
	if o.addr+o.size > memoryAt+uint64(len(p.memory)) {
		p.t.Fatal("the memory is full")
	}
	p.objects = append(p.objects, o)
	p.next = (o.addr + o.size + 16*p.r.Uint64N(3) + 15) / 16 * 16
	return o.addr
}

func (p *program) slot(addr uint64) (start, size uint64, ok bool) {
	i, found := slices.BinarySearchFunc(p.objects, addr, func(o object, a uint64) int { return cmp.Compare(o.addr, a) })
	if !found {
		i--
	}
	if i < 0 || addr-p.objects[i].addr >= p.objects[i].size {
		return 0, 0, false
	}
	return p.objects[i].addr, p.objects[i].size, true
}

func (p *program) bytes(addr uint64) []byte { return p.memory[addr-memoryAt:] }

// put writes a number to the field at a path of a value of the type at addr.
func (p *program) put(addr uint64, typ, path string, v uint64) {
	off, size, ok := p.find(p.types[typ], path)
	if !ok {
		p.t.Fatalf("%s has no %s", typ, path)
	}
	b := p.bytes(addr + off)
	switch size {
	case 1:
		b[0] = byte(v)
	case 2:
		p.a.Order().PutUint16(b, uint16(v))
	case 4:
		p.a.Order().PutUint32(b, uint32(v))
	default:
		p.a.Order().PutUint64(b, v)
	}
}

func (p *program) putWord(addr, v uint64) { p.a.PutWord(p.bytes(addr), v) }

func (p *program) reader() *Reader { return &Reader{Mem: p.space.Mem, Left: 1 << 20} }

// eachArch runs f with both byte orders and both sizes of words.
func eachArch(t *testing.T, f func(t *testing.T, a arch.Arch)) {
	for _, like := range []struct {
		name      string
		bigEndian bool
		ptrSize   int
	}{{"amd64", false, 8}, {"386", false, 4}, {"s390x", true, 8}} {
		a, _ := arch.Named(like.name, like.bigEndian, like.ptrSize)
		t.Run(like.name, func(t *testing.T) { f(t, a) })
	}
	big32, _ := arch.Named("386", false, 4)
	big32.BigEndian = true
	t.Run("big-endian words of 4 bytes", func(t *testing.T) { f(t, big32) })
}
