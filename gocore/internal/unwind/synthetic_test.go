package unwind

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"goheap/gocore/internal/pclntab"
	"goheap/internal/arch"
)

// fakeFunc describes a function of codeUnits instructions.
type fakeFunc struct {
	name        string
	id          uint8
	flags       pclntab.Flags
	args        int32
	deferreturn uint32
	sp          int32    // stack delta from the second instruction on
	noSP        bool     // has no table of frame sizes
	locals      [][]byte // one map of 0s and 1s for each stack map index
	argMaps     [][]byte
	mapIndex    []int32 // stack map index by instruction; nil for none
	objects     []fakeObject
}

type fakeObject struct {
	off, size, ptrBytes int32
	mask                byte
}

const (
	codeUnits = 32
	fakeText  = 0x400000
	fakeData  = 0x600000
	fakeMasks = 0x700000 // ROData: one byte of mask per object
)

// fakeModule builds the table of the functions, and the pointer masks of
// their stack objects.
func fakeModule(a arch.Arch, funcs []fakeFunc) (pclntab.Config, []byte) {
	var o binary.AppendByteOrder = binary.LittleEndian
	if a.BigEndian {
		o = binary.BigEndian
	}
	u32 := func(b []byte, v uint32) []byte { return o.AppendUint32(b, v) }
	word := func(b []byte, v uint64) []byte {
		if a.PtrSize == 4 {
			return o.AppendUint32(b, uint32(v))
		}
		return o.AppendUint64(b, v)
	}
	names, pctab := []byte{0}, []byte{0}
	var blob, masks, recs, ftab []byte
	blob = append(blob, 0, 0, 0, 0, 0, 0, 0, 0)
	table := func(values func(i int) int32) uint32 {
		at := uint32(len(pctab))
		last := int32(-1)
		for i := 0; i < codeUnits; {
			j := i
			for j < codeUnits && values(j) == values(i) {
				j++
			}
			d := values(i) - last
			last = values(i)
			pctab = binary.AppendUvarint(pctab, uint64(uint32(d<<1)^uint32(d>>31)))
			pctab = binary.AppendUvarint(pctab, uint64(j-i))
			i = j
		}
		pctab = append(pctab, 0)
		return at
	}
	stackmap := func(maps [][]byte) uint32 {
		if maps == nil {
			return 1<<32 - 1
		}
		at := uint32(len(blob))
		blob = u32(blob, uint32(len(maps)))
		blob = u32(blob, uint32(len(maps[0])))
		for _, m := range maps {
			bits := make([]byte, (len(m)+7)/8)
			for i, bit := range m {
				bits[i/8] |= (bit & 1) << (i % 8)
			}
			blob = append(blob, bits...)
		}
		return at
	}
	ftabSize := uint32(8 * (len(funcs) + 1))
	for i, f := range funcs {
		ftab = u32(ftab, uint32(i*codeUnits*a.PCQuantum))
		ftab = u32(ftab, ftabSize+uint32(len(recs)))
		recs = u32(recs, uint32(i*codeUnits*a.PCQuantum))
		recs = u32(recs, uint32(len(names)))
		names = append(append(names, f.name...), 0)
		recs = u32(recs, uint32(f.args))
		recs = u32(recs, f.deferreturn)
		sp := uint32(0)
		if !f.noSP {
			sp = table(func(i int) int32 {
				if i == 0 {
					return 0
				}
				return f.sp
			})
		}
		recs = u32(u32(u32(recs, sp), 0), 0)
		recs = u32(recs, 2)
		recs = u32(u32(recs, 0), 1)
		recs = append(recs, f.id, byte(f.flags), 0, 3)
		index := uint32(0)
		if f.mapIndex != nil {
			index = table(func(i int) int32 { return f.mapIndex[i] })
		}
		recs = u32(u32(recs, 0), index)
		recs = u32(recs, stackmap(f.argMaps))
		recs = u32(recs, stackmap(f.locals))
		if f.objects == nil {
			recs = u32(recs, 1<<32-1)
			continue
		}
		for len(blob)%8 != 0 {
			blob = append(blob, 0)
		}
		recs = u32(recs, uint32(len(blob)))
		blob = word(blob, uint64(len(f.objects)))
		for _, ob := range f.objects {
			blob = u32(u32(u32(u32(blob, uint32(ob.off)), uint32(ob.size)), uint32(ob.ptrBytes)), uint32(len(masks)))
			masks = append(masks, ob.mask)
		}
	}
	ftab = u32(u32(ftab, uint32(len(funcs)*codeUnits*a.PCQuantum)), 0)
	tab := u32(nil, pclntab.Magic120)
	tab = append(tab, 0, 0, byte(a.PCQuantum), byte(a.PtrSize))
	tab = word(word(word(tab, uint64(len(funcs))), 0), 0)
	at := uint64(8 + 8*a.PtrSize)
	parts := [][]byte{names, nil, nil, pctab, append(ftab, recs...)}
	for _, p := range parts {
		tab = word(tab, at)
		at += uint64(len(p))
	}
	for _, p := range parts {
		tab = append(tab, p...)
	}
	return pclntab.Config{Arch: a, Pclntab: tab, Text: fakeText, FuncData: blob, FuncDataAddr: fakeData}, masks
}

// fakeMemory is a few blocks of memory.
type fakeMemory []fakeBlock

type fakeBlock struct {
	addr uint64
	data []byte
}

func (m fakeMemory) Slice(addr, n uint64) ([]byte, bool) {
	for _, b := range m {
		if off := addr - b.addr; addr >= b.addr && off < uint64(len(b.data)) && n <= uint64(len(b.data))-off {
			return b.data[off : off+n], true
		}
	}
	return nil, false
}

// fakeProcess is a stack of words at fakeLo, and functions.
type fakeProcess struct {
	a     arch.Arch
	funcs []fakeFunc
	stack []byte
	extra []fakeBlock
}

const (
	fakeLo    = 0x10000
	fakeWords = 128
)

func newFake(a arch.Arch, funcs ...fakeFunc) *fakeProcess {
	return &fakeProcess{a: a, funcs: funcs, stack: make([]byte, fakeWords*a.PtrSize)}
}

// at is the address of word i of the stack, counted from its end.
func (p *fakeProcess) at(i int) uint64 { return p.hi() - uint64(i*p.a.PtrSize) }

func (p *fakeProcess) hi() uint64 { return fakeLo + uint64(len(p.stack)) }

func (p *fakeProcess) put(addr, v uint64) {
	b := p.stack[addr-fakeLo:]
	if p.a.PtrSize == 4 {
		p.a.Order().PutUint32(b, uint32(v))
		return
	}
	p.a.Order().PutUint64(b, v)
}

// pc is the address of instruction i of a function.
func (p *fakeProcess) pc(name string, i int) uint64 {
	for k, f := range p.funcs {
		if f.name == name {
			return fakeText + uint64((k*codeUnits+i)*p.a.PCQuantum)
		}
	}
	panic("no function " + name)
}

func (p *fakeProcess) walker(t testing.TB) *Walker {
	t.Helper()
	c, masks := fakeModule(p.a, p.funcs)
	tab, err := pclntab.New(c)
	if err != nil {
		t.Fatal(err)
	}
	mem := fakeMemory{{fakeLo, p.stack}, {fakeMasks, masks}}
	w, err := New(Config{Arch: p.a, Memory: append(mem, p.extra...), Modules: []Module{{Table: tab, ROData: fakeMasks}},
		Defer: DeferLayout{Heap: 0, Fn: 24, Link: 32}})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (p *fakeProcess) state(pc, sp uint64) State {
	return State{PC: pc, SP: sp, StackLo: fakeLo, StackHi: p.hi()}
}

func list(frames []Frame) string {
	var s []string
	for _, f := range frames {
		x := f.Func.Name()
		if f.Conservative {
			x += "?"
		}
		s = append(s, x)
	}
	return strings.Join(s, " ")
}

// words prints slots as word numbers from the end of the stack: exact ones
// first, conservative ones after a ?, with the frame behind a colon.
func (p *fakeProcess) words(slots []Slot) string {
	var exact, maybe []string
	for _, s := range slots {
		x := fmt.Sprintf("%d:%d", (p.hi()-s.Addr)/uint64(p.a.PtrSize), s.Frame)
		if s.Conservative {
			maybe = append(maybe, x)
		} else {
			exact = append(exact, x)
		}
	}
	return strings.Join(append(append(exact, "?"), maybe...), " ")
}

func always(i int32) []int32 { return slices.Repeat([]int32{i}, codeUnits) }

func bitsOf(s string) []byte {
	var b []byte
	for _, c := range s {
		b = append(b, byte(c-'0'))
	}
	return b
}

func maps(s ...string) (m [][]byte) {
	for _, x := range s {
		m = append(m, bitsOf(x))
	}
	return m
}

// common are the functions of most tests: on amd64 main.f has six words of
// locals, the saved frame pointer and the return address.
func common() []fakeFunc {
	return []fakeFunc{
		{name: "runtime.goexit", id: 8, flags: pclntab.TopFrame | pclntab.Asm},
		{name: "runtime.asyncPreempt", id: 3, flags: pclntab.Asm, sp: 4 * 8},
		{name: "runtime.sigpanic", id: 20, sp: 8, locals: maps("")},
		{name: "main.f", sp: 7 * 8, args: 2 * 8, locals: maps("000000", "100100"), argMaps: maps("11", "01"), mapIndex: always(1)},
		{name: "main.g", sp: 3 * 8, deferreturn: 20, locals: maps("10", "01"), mapIndex: append(always(0)[:16], always(1)[16:]...)},
		{name: "main.obj", sp: 7 * 8, locals: maps("000001"), mapIndex: always(0), objects: []fakeObject{
			{off: -6 * 8, size: 16, ptrBytes: 16, mask: 2}, {off: -4 * 8, size: 16, ptrBytes: 8, mask: 1}}},
		{name: "main.switch", flags: pclntab.SPWrite | pclntab.Asm, sp: 8},
		{name: "main.foreign", noSP: true},
		{name: "main.nomap", sp: 3 * 8},
		{name: "wrapper", id: 23},
	}
}

// Stack, from its end: goexit's return address is word 1; main.g has words 2
// (return), 3 (frame pointer), 4 and 5 (locals); main.f has 6 (return), 7, and
// 8 to 13.
func plainStack() *fakeProcess {
	p := newFake(arch.AMD64(), common()...)
	p.put(p.at(2), p.pc("runtime.goexit", 1))
	p.put(p.at(6), p.pc("main.g", 9))
	return p
}

func TestWalk(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(p *fakeProcess) State
		frames  string
		words   string
		err     string
	}{
		{"exact", func(p *fakeProcess) State {
			return p.state(p.pc("main.f", 5), p.at(13))
		}, "main.f main.g runtime.goexit", "13:0 10:0 5:1 4:0 ?", ""},
		{"before the frame is there", func(p *fakeProcess) State {
			// The entry's map is the first; no locals, both arguments.
			return p.state(p.pc("main.f", 0), p.at(6))
		}, "main.f main.g runtime.goexit", "5:0 4:0 ?", ""},
		{"nil function", func(p *fakeProcess) State {
			p.put(p.at(14), p.pc("main.f", 5))
			return p.state(0, p.at(14))
		}, "main.f main.g runtime.goexit", "13:0 10:0 5:1 4:0 ?", ""},
		{"running", func(p *fakeProcess) State {
			s := p.state(p.pc("main.f", 5), p.at(13))
			s.Running = true
			return s
		}, "main.f? main.g runtime.goexit", "5:1 ? 13:0 12:0 11:0 10:0 9:0 8:0 4:0", ""},
		{"preempted", func(p *fakeProcess) State {
			// asyncPreempt has words 14 (return) to 18; all but the saved
			// frame pointer.
			p.put(p.at(14), p.pc("main.f", 5))
			return p.state(p.pc("runtime.asyncPreempt", 5), p.at(18))
		}, "runtime.asyncPreempt? main.f? main.g runtime.goexit",
			"5:2 ? 18:0 17:0 16:0 13:1 12:1 11:1 10:1 9:1 8:1 4:1", ""},
		{"fault, no deferred calls", func(p *fakeProcess) State {
			p.put(p.at(14), p.pc("main.f", 5))
			return p.state(p.pc("runtime.sigpanic", 5), p.at(15))
		}, "runtime.sigpanic main.f main.g runtime.goexit", "5:2 ?", ""},
		{"fault, deferred calls", func(p *fakeProcess) State {
			// main.g goes on at its deferreturn, where the second map holds.
			p.put(p.at(6), p.pc("main.g", 9))
			return p.state(p.pc("runtime.sigpanic", 5), p.at(7))
		}, "runtime.sigpanic main.g runtime.goexit", "4:1 ?", ""},
		{"dead object", func(p *fakeProcess) State {
			return p.state(p.pc("main.obj", 5), p.at(13))
		}, "main.obj main.g runtime.goexit", "8:0 5:1 ?", ""},
		{"objects in a chain", func(p *fakeProcess) State {
			// The last local points to the second object (words 11, 10),
			// which points to the first (13, 12).
			p.put(p.at(8), p.at(11)+3)
			p.put(p.at(11), p.at(12))
			return p.state(p.pc("main.obj", 5), p.at(13))
		}, "main.obj main.g runtime.goexit", "12:0 11:0 8:0 5:1 ?", ""},
		{"object held by a register", func(p *fakeProcess) State {
			// The register's owner is the frame that runs; its caller has
			// the object.
			p.put(p.at(14), p.pc("main.obj", 5))
			s := p.state(p.pc("main.g", 0), p.at(14))
			s.Running, s.Registers = true, []uint64{1, p.at(10), 1 << 63}
			return s
		}, "main.g? main.obj main.g runtime.goexit", "8:1 5:2 ? 11:1", ""},
		{"exact wins", func(p *fakeProcess) State {
			p.put(p.at(14), p.pc("main.obj", 5))
			p.put(p.at(8), p.at(11))
			s := p.state(p.pc("main.g", 0), p.at(14))
			s.Running, s.Registers = true, []uint64{p.at(10)}
			return s
		}, "main.g? main.obj main.g runtime.goexit", "11:1 8:1 5:2 ?", ""},
		{"panic", func(p *fakeProcess) State {
			s := p.state(p.pc("main.obj", 5), p.at(13))
			p.put(p.at(100), p.at(13))
			s.Panic = p.at(100)
			return s
		}, "main.obj main.g runtime.goexit", "12:0 8:0 5:1 ?", ""},
		{"context and blocks", func(p *fakeProcess) State {
			s := p.state(p.pc("main.f", 5), p.at(13))
			s.Ctxt, s.Blocks = p.at(101), []Range{{p.at(111), 16}, {0x99999, 1 << 30}}
			return s
		}, "main.f main.g runtime.goexit", "101:-1 13:0 10:0 5:1 4:0 ? 111:-1 110:-1", ""},
		{"deferred calls", func(p *fakeProcess) State {
			s := p.state(p.pc("main.obj", 5), p.at(13))
			// Records at words 90 (on the stack) and 80 (said to be on the
			// heap); the first one's function is a closure in an object.
			s.Defer = p.at(100)
			p.put(p.at(100), p.at(90))
			p.put(p.at(90)+24, p.at(11))
			p.put(p.at(90)+32, p.at(80))
			p.put(p.at(80), 1)
			return s
		}, "main.obj main.g runtime.goexit", "87:-1 86:-1 11:0 8:0 5:1 ?", ""},
		{"a circle of deferred calls", func(p *fakeProcess) State {
			s := p.state(p.pc("main.f", 5), p.at(13))
			s.Defer = p.at(100)
			p.put(p.at(100), p.at(90))
			p.put(p.at(90)+32, p.at(80))
			p.put(p.at(80)+32, p.at(90))
			return s
		}, "main.f main.g runtime.goexit", "86:-1 76:-1 13:0 10:0 5:1 4:0 ?", "circle"},
		{"a lost deferred call", func(p *fakeProcess) State {
			s := p.state(p.pc("main.f", 5), p.at(13))
			s.Defer = p.at(100)
			p.put(p.at(100), 0x5555)
			return s
		}, "main.f main.g runtime.goexit", "13:0 10:0 5:1 4:0 ?", "deferred call at 0x5555"},
		{"return address elsewhere", func(p *fakeProcess) State {
			p.put(p.at(6), 0x1234)
			return p.state(p.pc("main.f", 5), p.at(13))
		}, "main.f", "13:0 10:0 4:0 ?", "return address is in no Go function; the 40 bytes of stack"},
		{"program counter elsewhere", func(p *fakeProcess) State {
			return p.state(77, p.at(13))
		}, "", "?", "program counter is in no Go function; the 104 bytes of stack"},
		{"stack pointer elsewhere", func(p *fakeProcess) State {
			return p.state(p.pc("main.f", 5), 8)
		}, "", "?", fmt.Sprintf("the %d bytes of stack", fakeWords*8)},
		{"frame beyond the stack", func(p *fakeProcess) State {
			return p.state(p.pc("main.f", 5), p.at(3))
		}, "", "?", "ends outside of the stack"},
		{"foreign function", func(p *fakeProcess) State {
			p.put(p.at(6), p.pc("main.foreign", 5))
			return p.state(p.pc("main.f", 5), p.at(13))
		}, "main.f main.foreign?", "13:0 10:0 4:0 ?", "no table of frame sizes"},
		{"stack switch below", func(p *fakeProcess) State {
			p.put(p.at(6), p.pc("main.switch", 5))
			return p.state(p.pc("main.f", 5), p.at(13))
		}, "main.f main.switch", "13:0 10:0 4:0 ?", "sets the stack pointer"},
		{"stack switch not begun", func(p *fakeProcess) State {
			return p.state(p.pc("main.switch", 0), p.at(6))
		}, "main.switch main.g runtime.goexit", "5:1 ?", ""},
		{"stack switch perhaps begun", func(p *fakeProcess) State {
			s := p.state(p.pc("main.switch", 0), p.at(6))
			s.Running = true
			return s
		}, "main.switch?", "?", "sets the stack pointer"},
		{"no map", func(p *fakeProcess) State {
			p.put(p.at(6), p.pc("main.nomap", 5))
			return p.state(p.pc("main.f", 5), p.at(13))
		}, "main.f main.nomap? runtime.goexit", "13:0 10:0 4:0 ? 5:1", "has no stack map"},
		{"wrong top", func(p *fakeProcess) State {
			s := p.state(p.pc("main.f", 5), p.at(13))
			s.StackTop = p.at(2)
			return s
		}, "main.f main.g runtime.goexit", "13:0 10:0 5:1 4:0 ?", "g.stktopsp"},
		{"impossible stack", func(p *fakeProcess) State {
			s := p.state(p.pc("main.f", 5), p.at(13))
			s.StackHi = 1 << 60
			return s
		}, "", "?", "of no possible size"},
	}
	for _, test := range tests {
		p := plainStack()
		s := test.prepare(p)
		w := p.walker(t)
		for range 2 { // the second time from what the walker remembers
			frames, slots, err := w.Walk(s, nil, nil)
			if got := list(frames); got != test.frames {
				t.Errorf("%s: frames %q, want %q", test.name, got, test.frames)
			}
			if got := p.words(slots); got != test.words {
				t.Errorf("%s: words %q, want %q", test.name, got, test.words)
			}
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: error %v, want %q", test.name, err, test.err)
			}
		}
	}
}

// On processors with a link register the return address is at the bottom of
// the frame, and calls that a signal handler makes up have a small frame for
// the register's old value.
func TestWalkLinkRegister(t *testing.T) {
	a := arch.Arch{Name: "arm64", PtrSize: 8, PCQuantum: 4, LinkRegister: true, MinFrameSize: 8, SavesFrameBase: true}
	funcs := func() []fakeFunc {
		return []fakeFunc{
			{name: "runtime.goexit", id: 8, flags: pclntab.TopFrame | pclntab.Asm},
			{name: "runtime.asyncPreempt", id: 3, flags: pclntab.Asm, sp: 4 * 8},
			{name: "main.f", sp: 6 * 8, args: 8, locals: maps("0011"), argMaps: maps("1"), mapIndex: always(0)},
			{name: "main.leaf", locals: maps(""), mapIndex: always(0)},
			{name: "wrapper", id: 23},
		}
	}
	tests := []struct {
		name    string
		prepare func(p *fakeProcess) State
		frames  string
		words   string
	}{
		// main.f has six words, the lowest for the return address; its argument
		// is above the word for its caller's.
		{"calls", func(p *fakeProcess) State {
			p.put(p.at(20), p.pc("main.f", 9))
			p.put(p.at(14), p.pc("runtime.goexit", 1))
			return p.state(p.pc("main.f", 5), p.at(20))
		}, "main.f main.f runtime.goexit", "17:0 16:0 13:0 11:1 10:1 7:1 ?"},
		{"leaf", func(p *fakeProcess) State {
			p.put(p.at(20), p.pc("runtime.goexit", 1))
			s := p.state(p.pc("main.leaf", 5), p.at(20))
			s.LR = p.pc("main.f", 9)
			return s
		}, "main.leaf main.f runtime.goexit", "17:1 16:1 13:1 ?"},
		// asyncPreempt has words 36 to 33; the made-up frame of 16 bytes with
		// the link register is 32 and 31; the leaf has none.
		{"preempted leaf", func(p *fakeProcess) State {
			p.put(p.at(36), p.pc("main.leaf", 3))
			p.put(p.at(32), p.pc("main.f", 9))
			p.put(p.at(30), p.pc("runtime.goexit", 1))
			return p.state(p.pc("runtime.asyncPreempt", 5), p.at(36))
		}, "runtime.asyncPreempt? main.leaf? main.f runtime.goexit", "27:2 26:2 23:2 ? 36:0 35:0 34:0 33:0 32:0"},
		{"preempted", func(p *fakeProcess) State {
			p.put(p.at(36), p.pc("main.f", 9))
			p.put(p.at(32), p.pc("main.leaf", 3))
			p.put(p.at(30), p.pc("runtime.goexit", 1))
			return p.state(p.pc("runtime.asyncPreempt", 5), p.at(36))
		}, "runtime.asyncPreempt? main.f? runtime.goexit", "? 36:0 35:0 34:0 33:0 32:0 30:1 29:1 28:1 27:1 26:1 23:1"},
	}
	for _, test := range tests {
		p := newFake(a, funcs()...)
		s := test.prepare(p)
		frames, slots, err := p.walker(t).Walk(s, nil, nil)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if got := list(frames); got != test.frames {
			t.Errorf("%s: frames %q, want %q", test.name, got, test.frames)
		}
		if got := p.words(slots); got != test.words {
			t.Errorf("%s: words %q, want %q", test.name, got, test.words)
		}
	}
	// Two functions without a frame that call each other.
	p := newFake(a, funcs()...)
	p.put(p.at(20), p.pc("main.leaf", 7))
	s := p.state(p.pc("main.leaf", 5), p.at(20))
	frames, _, err := p.walker(t).Walk(s, nil, nil)
	if len(frames) > 4 || err == nil || !strings.Contains(err.Error(), "circles") {
		t.Errorf("%d frames, error %v", len(frames), err)
	}
}

func TestStart(t *testing.T) {
	p := plainStack()
	p.funcs = append(p.funcs, fakeFunc{name: "runtime.sigtramp", flags: pclntab.TopFrame | pclntab.Asm, sp: 16},
		fakeFunc{name: "runtime.sighandler", sp: 8}, fakeFunc{name: "runtime.cgoSigtramp", flags: pclntab.Asm})
	// A signal stack: sighandler was called by sigtramp, which the kernel
	// entered with the return address, then the ucontext, above it.
	const signalLo, signalHi = 0x30000, 0x30200
	signal := make([]byte, signalHi-signalLo)
	put := func(addr, v uint64) { binary.LittleEndian.PutUint64(signal[addr-signalLo:], v) }
	const sp = signalLo + 0x20
	put(sp+8, p.pc("runtime.sigtramp", 9))
	const ucontext = sp + 16 + 16 + 8
	pc := p.pc("main.f", 5)
	for i := uint64(0); i < 17; i++ {
		put(ucontext+40+8*i, 100+i)
	}
	put(ucontext+40+8*15, p.at(13))
	put(ucontext+40+8*16, pc)
	// A handler that a second signal interrupted: its frames are below, and
	// its saved registers are those of the first handler.
	const nested = signalLo - 0x180
	signal2 := make([]byte, 0x180)
	put2 := func(addr, v uint64) { binary.LittleEndian.PutUint64(signal2[addr-nested:], v) }
	put2(nested+8, p.pc("runtime.sigtramp", 9))
	put2(nested+40+40+8*15, sp)
	put2(nested+40+40+8*16, p.pc("runtime.sighandler", 4))
	p.extra = []fakeBlock{{nested, append(signal2, signal...)}}
	w := p.walker(t)

	g := func() G {
		return G{StackLo: fakeLo, StackHi: p.hi(), StackTop: 5, SchedPC: 11, SchedSP: 12, SchedBP: 13, Ctxt: 1, Defer: 2, Panic: 3, Running: true}
	}
	thread := func(pc, sp uint64) *Thread {
		return &Thread{Registers: Registers{PC: pc, SP: sp, BP: 9, All: []uint64{1, 2}}, SignalLo: nested, SignalHi: signalHi}
	}
	base := State{StackLo: fakeLo, StackHi: p.hi(), StackTop: 5, Ctxt: 1, Defer: 2, Panic: 3}
	sched := base
	sched.PC, sched.SP, sched.BP = 11, 12, 13
	running := base
	running.PC, running.SP, running.BP, running.Running, running.Registers = pc, p.at(13), 9, true, []uint64{1, 2}
	interrupted := running
	interrupted.BP = 110
	// In DWARF's order: rax rdx rcx rbx rsi rdi rbp rsp r8 to r15 rip.
	interrupted.Registers = []uint64{113, 112, 114, 111, 109, 108, 110, p.at(13), 100, 101, 102, 103, 104, 105, 106, 107, pc}
	syscall := base
	syscall.PC, syscall.SP, syscall.BP, syscall.Syscall = 21, 22, 23, true
	vdso := base
	vdso.PC, vdso.SP = p.pc("main.g", 3), p.at(20)

	tests := []struct {
		name   string
		change func(g *G) *Thread
		want   State
		err    string
	}{
		{"waiting", func(g *G) *Thread { g.Running = false; return nil }, sched, ""},
		{"in a system call", func(g *G) *Thread {
			g.SyscallPC, g.SyscallSP, g.SyscallBP = 21, 22, 23
			return thread(pc, p.at(13))
		}, syscall, ""},
		{"running", func(g *G) *Thread { return thread(pc, p.at(13)) }, running, ""},
		{"on the scheduler's stack", func(g *G) *Thread { return thread(pc, 0x50000) }, sched, ""},
		{"in a signal handler", func(g *G) *Thread { return thread(p.pc("runtime.sighandler", 4), sp) }, interrupted, ""},
		{"at the entry of the handler of a program with cgo", func(g *G) *Thread { return thread(p.pc("runtime.cgoSigtramp", 0), ucontext-8) }, interrupted, ""},
		{"in a handler of a handler", func(g *G) *Thread { return thread(p.pc("runtime.sighandler", 4), nested) }, interrupted, ""},
		{"in the vDSO of a signal handler", func(g *G) *Thread {
			th := thread(0xffff0000, sp-16)
			th.VDSOPC, th.VDSOSP = p.pc("runtime.sighandler", 4), sp
			return th
		}, interrupted, ""},
		{"lost in a signal handler", func(g *G) *Thread { return thread(p.pc("main.f", 5), sp) }, base, "on its signal stack"},
		{"in the vDSO, on the scheduler's stack", func(g *G) *Thread {
			th := thread(0xffff0000, 0x50000)
			th.VDSOPC, th.VDSOSP = vdso.PC, vdso.SP
			return th
		}, vdso, ""},
		{"about to enter the vDSO", func(g *G) *Thread {
			th := thread(pc, p.at(13))
			th.VDSOPC, th.VDSOSP = vdso.PC, vdso.SP
			return th
		}, running, ""},
		{"without its thread", func(g *G) *Thread { return nil }, base, "thread is not in the dump"},
	}
	for _, test := range tests {
		g := g()
		th := test.change(&g)
		got, err := w.Start(&g, th)
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", test.want) {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
		if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: error %v, want %q", test.name, err, test.err)
		}
	}
}

// The rest of a stack, with a page missing and words that are known already.
func TestConservative(t *testing.T) {
	p := plainStack()
	p.extra = []fakeBlock{{0x50000, make([]byte, 4096)}, {0x52000, make([]byte, 24)}}
	w := p.walker(t)
	if got := p.words(w.Conservative(p.at(3)+1, p.hi()+9, []Slot{{Addr: p.at(1), Frame: 4}}, nil)); got != "1:4 ? 2:-1" {
		t.Errorf("words %q", got)
	}
	got := w.Conservative(0x50ff0, 0x52010, nil, nil)
	var addrs []uint64
	for _, s := range got {
		addrs = append(addrs, s.Addr)
	}
	if want := []uint64{0x50ff0, 0x50ff8, 0x52000, 0x52008}; !slices.Equal(addrs, want) {
		t.Errorf("addresses %#x, want %#x", addrs, want)
	}
	if s := w.Conservative(0x50ff0, 0x52010, nil, func(word uint64) bool { return word != 0 }); len(s) != 0 {
		t.Errorf("%d slots of words that are not wanted", len(s))
	}
	for _, r := range [][2]uint64{{9, 8}, {0, 1<<64 - 1}, {1<<64 - 5, 1<<64 - 1}} {
		if s := w.Conservative(r[0], r[1], nil, nil); len(s) != 0 {
			t.Errorf("%d slots in %#x", len(s), r)
		}
	}
}

// Programs for pointer masks, against the mask that they stand for.
func TestRunProgram(t *testing.T) {
	tests := []struct {
		program []byte
		want    string
	}{
		{[]byte{5, 0b10110, 0}, "01101000"},
		{[]byte{3, 0b101, 0x83, 1, 0}, "10110100"},
		{[]byte{1, 1, 0x81, 20, 0}, "11111111"},
		{[]byte{2, 0b01, 0x80, 2, 3, 0}, "10101010"},
		{[]byte{0}, "00000000"},
		{[]byte{9, 0xff, 1}, "11111111"},
		{[]byte{2, 1, 0x85, 1, 0}, ""}, // repeats what is not there
		{[]byte{2, 1}, ""},             // no end
		{[]byte{2}, ""},
		{[]byte{1, 1, 0x81}, ""},
		{[]byte{1, 1, 0x80, 0, 3, 0}, ""}, // repeats nothing
	}
	for _, test := range tests {
		p := plainStack()
		p.extra = []fakeBlock{{0x80000, append(binary.LittleEndian.AppendUint32(nil, uint32(len(test.program))), test.program...)}}
		mask, ok := p.walker(t).runProgram(0x80000, 8)
		got := ""
		for i := 0; ok && i < 8; i++ {
			got += fmt.Sprint(mask[0] >> i & 1)
		}
		if got != test.want {
			t.Errorf("% x makes %q, want %q", test.program, got, test.want)
		}
	}
}

// Whatever the stack and the tables hold, the walk ends, slots are in order,
// inside of readable memory, and belong to frames that exist; two walks agree.
func FuzzWalk(f *testing.F) {
	p := plainStack()
	c, masks := fakeModule(p.a, p.funcs)
	f.Add(p.stack, c.Pclntab, c.FuncData, masks, uint16(5+3*codeUnits), uint16(13), byte(0))
	for i := 1; i < 20; i++ {
		p.put(p.at(i+20), p.at(i))
		p.put(p.at(i), fakeText+uint64(i*17))
	}
	f.Add(p.stack, c.Pclntab, c.FuncData, masks, uint16(5+5*codeUnits), uint16(13), byte(1))
	f.Add(p.stack, c.Pclntab, c.FuncData, masks, uint16(5+codeUnits), uint16(40), byte(2))
	f.Fuzz(func(t *testing.T, stack, tab, blob, masks []byte, pc, sp uint16, how byte) {
		if len(stack) > 1<<14 || len(tab) > 1<<14 || len(blob) > 1<<14 {
			return
		}
		a := arch.AMD64()
		if how&4 != 0 {
			a = arch.Arch{Name: "arm64", PtrSize: 8, PCQuantum: 4, LinkRegister: true, MinFrameSize: 8, SavesFrameBase: true}
		}
		table, err := pclntab.New(pclntab.Config{Arch: a, Pclntab: tab, Text: fakeText, FuncData: blob, FuncDataAddr: fakeData})
		if err != nil {
			return
		}
		mem := fakeMemory{{fakeLo, stack}, {fakeMasks, masks}}
		w, err := New(Config{Arch: a, Memory: mem, Modules: []Module{{Table: table, ROData: fakeMasks}}, Defer: DeferLayout{Fn: 24, Link: 32}})
		if err != nil {
			t.Fatal(err)
		}
		hi := fakeLo + uint64(len(stack))
		s := State{PC: fakeText + uint64(pc), SP: fakeLo + uint64(sp)*8, StackLo: fakeLo, StackHi: hi, Running: how&1 != 0, Syscall: how&2 != 0,
			Ctxt: fakeLo + 8, Defer: fakeLo + 16, Panic: fakeLo + 24, LR: fakeText + uint64(pc)/2}
		if s.Running {
			s.Registers = []uint64{hi - 8, hi - 24, 0}
		}
		frames, slots, err := w.Walk(s, nil, nil)
		if len(frames) > 2*len(stack)/8+4 {
			t.Errorf("%d frames on %d bytes", len(frames), len(stack))
		}
		for i, fr := range frames {
			if i > 0 && fr.SP < frames[i-1].SP {
				t.Errorf("frame %d at %#x is above frame %d at %#x", i, fr.SP, i-1, frames[i-1].SP)
			}
			fr.LookupPC()
		}
		last := uint64(0)
		for _, sl := range slots {
			if sl.Addr <= last {
				t.Errorf("slot %#x follows %#x", sl.Addr, last)
			}
			last = sl.Addr
			if _, ok := mem.Slice(sl.Addr, 8); !ok || int(sl.Frame) >= len(frames) || sl.Frame < -1 {
				t.Errorf("slot %+v", sl)
			}
		}
		if err != nil && err.Error() == "" {
			t.Error("an error without words")
		}
		frames2, slots2, err2 := w.Clone().Walk(s, nil, nil)
		if len(frames2) != len(frames) || !slices.Equal(slots, slots2) || fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Error("the second walk differs")
		}
	})
}
