package dump

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// piece is a PT_LOAD of a made core: size bytes of memory at addr, the first
// len(data) of them in the file.
type piece struct {
	addr uint64
	data []byte
}

func note(name string, typ uint32, desc []byte) []byte {
	var b bytes.Buffer
	put := func(v uint32) { binary.Write(&b, binary.LittleEndian, v) }
	put(uint32(len(name) + 1))
	put(uint32(len(desc)))
	put(typ)
	b.WriteString(name + "\x00")
	b.Write(make([]byte, -b.Len()&3))
	b.Write(desc)
	b.Write(make([]byte, -b.Len()&3))
	return b.Bytes()
}

func words(w ...uint64) []byte {
	b := make([]byte, 0, 8*len(w))
	for _, v := range w {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return b
}

// prstatus is an elf_prstatus whose registers hold 1, 2, 3 … in the order of
// user_regs_struct.
func prstatus(tid uint32) []byte {
	b := make([]byte, 336)
	binary.LittleEndian.PutUint16(b[12:], 6)
	binary.LittleEndian.PutUint32(b[32:], tid)
	for i := range 27 {
		binary.LittleEndian.PutUint64(b[112+8*i:], uint64(i+1))
	}
	return b
}

// makeCore lays out an ELF core with one note segment and the pieces, in the
// order given.
func makeCore(notes []byte, pieces ...piece) []byte {
	n := uint64(len(pieces) + 1)
	at := 64 + 56*n
	b := append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 9)...)
	b = binary.LittleEndian.AppendUint16(b, 4)  // ET_CORE
	b = binary.LittleEndian.AppendUint16(b, 62) // EM_X86_64
	b = binary.LittleEndian.AppendUint32(b, 1)
	b = append(b, words(0, 64, 0)...)
	b = binary.LittleEndian.AppendUint32(b, 0)
	for _, v := range []uint16{64, 56, uint16(n), 64, 0, 0} {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	header := func(typ uint32, addr, size uint64) {
		b = binary.LittleEndian.AppendUint32(b, typ)
		b = binary.LittleEndian.AppendUint32(b, 6)
		b = append(b, words(at, addr, 0, size, size, 1)...)
		at += size
	}
	header(4, 0, uint64(len(notes)))
	for _, p := range pieces {
		header(1, p.addr, uint64(len(p.data)))
	}
	b = append(b, notes...)
	for _, p := range pieces {
		b = append(b, p.data...)
	}
	return b
}

// Memory without bytes in the file was never touched, unless a file is mapped there.
func TestUntouched(t *testing.T) {
	data := makeCore(someNotes(), piece{0x1000, []byte("memory")}, piece{0x2000, nil}, piece{0x7000, nil})
	for i := range 3 { // the sizes in memory of the last two
		size := data[64+56*(i+1)+40:]
		if binary.LittleEndian.Uint64(size) == 0 {
			binary.LittleEndian.PutUint64(size, 0x800)
		}
	}
	c, err := New(data)
	if err != nil {
		t.Fatal(err)
	}
	for addr, want := range map[uint64]bool{0x1000: false, 0x1fff: false, 0x2000: true, 0x27ff: true, 0x2800: false, 0x7000: false, 0x7400: false} {
		if got := c.Untouched(addr); got != want {
			t.Errorf("%#x: %t, want %t", addr, got, want)
		}
	}
}

// The union of ranges has the addresses that they have, in as few ranges as do.
func TestUnion(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	for range 2000 {
		var ranges []Range
		has := [40]bool{}
		for range rnd.IntN(6) {
			r := Range{uint64(rnd.IntN(30)), uint64(rnd.IntN(30))}
			ranges = append(ranges, r)
			for a := r.Start; a < r.End; a++ {
				has[a] = true
			}
		}
		text := fmt.Sprint(ranges)
		u := union(ranges)
		starts := 0
		for a := range has {
			if got := inUnion(u, uint64(a)); got != has[a] {
				t.Fatalf("%s: %d is in %v: %t", text, a, u, got)
			}
			if has[a] && (a == 0 || !has[a-1]) {
				starts++
			}
		}
		if len(u) != starts {
			t.Fatalf("%s: %v, which could be %d ranges", text, u, starts)
		}
	}
}

func someNotes() []byte {
	files := append(words(2, 4096, 0x400000, 0x401000, 1, 0x7000, 0x9000, 0), "/bin/b\x00/bin/a\x00"...)
	return bytes.Join([][]byte{
		note("CORE", 1, prstatus(17)), note("LINUX", 1, prstatus(99)), note("", 1, prstatus(18)),
		note("CORE", 6, words(AuxEntry, 0x401234, AuxPhdr, 0x400040, 0, 0)), note("CORE", 0x46494c45, files),
	}, nil)
}

func TestNotes(t *testing.T) {
	c, err := New(makeCore(someNotes(), piece{0x1000, []byte("memory")}))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Problems) != 0 {
		t.Errorf("problems %v", c.Problems)
	}
	if len(c.Threads) != 2 || c.Threads[0].ID != 17 || c.Threads[1].ID != 18 || c.Threads[0].Signal != 6 {
		t.Fatalf("threads %+v", c.Threads)
	}
	// user_regs_struct: r15 is the first, rip the 17th, rsp the 20th, rax the
	// 11th, rbp the 5th.
	th := c.Threads[0]
	if th.PC != 17 || th.SP != 20 || th.Regs[0] != 11 || th.Regs[6] != 5 || th.Regs[15] != 1 || th.Regs[16] != 17 {
		t.Errorf("registers %+v", th)
	}
	if c.Auxv[AuxEntry] != 0x401234 || c.Auxv[AuxPhdr] != 0x400040 {
		t.Errorf("auxv %v", c.Auxv)
	}
	if len(c.Mappings) != 2 || c.Mappings[0] != (Mapping{0x7000, 0x9000, 0, "/bin/a"}) || c.Mappings[1] != (Mapping{0x400000, 0x401000, 4096, "/bin/b"}) {
		t.Errorf("mappings %+v", c.Mappings)
	}
}

// A damaged note is a problem that says where it is; the notes before it and the
// memory stay.
func TestDamagedNotes(t *testing.T) {
	good := note("CORE", 1, prstatus(17))
	for _, test := range []struct {
		name string
		last []byte
		says string
	}{
		{"short NT_FILE", note("CORE", 0x46494c45, words(1)), "too few"},
		{"count", note("CORE", 0x46494c45, words(1<<61, 4096, 1, 2, 3)), "mappings but has"},
		{"path", note("CORE", 0x46494c45, append(words(1, 4096, 1, 2, 3), "/bin/a"...)), "not terminated"},
		{"size", []byte("\x05\x00\x00\x00\xff\xff\xff\xff\x01\x00\x00\x00CORE\x00"), "cut short"},
	} {
		c, err := New(makeCore(append(bytes.Clone(good), test.last...), piece{0x1000, []byte("memory")}))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		// The damaged note stands behind two program headers and the good note.
		where := fmt.Sprintf("byte %#x", 64+2*56+len(good))
		if len(c.Problems) != 1 || c.Problems[0].Severity != Error || !strings.Contains(c.Problems[0].Message, test.says) || !strings.Contains(c.Problems[0].Message, where) {
			t.Errorf("%s: problems %v, want one at %s that says %q", test.name, c.Problems, where, test.says)
		}
		if len(c.Threads) != 1 || len(c.Memory.Ranges()) != 1 {
			t.Errorf("%s: %d threads, memory at %v", test.name, len(c.Threads), c.Memory.Ranges())
		}
	}
	c, err := New(makeCore(note("CORE", 1, prstatus(17)[:300]), piece{0x1000, []byte("memory")}))
	if err != nil || len(c.Threads) != 0 || len(c.Problems) != 1 {
		t.Errorf("a short NT_PRSTATUS: %+v, %v", c, err)
	}
}

// Memory agrees with a map from address to byte, whatever overlaps and adjoins.
func TestMemoryAgainstBytes(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var pieces []piece
		model := map[uint64]byte{}
		for range 1 + rnd.IntN(6) {
			p := piece{uint64(rnd.IntN(200)) + 100, make([]byte, 1+rnd.IntN(60))}
			for i := range p.data {
				p.data[i] = byte(rnd.Uint32())
			}
			pieces = append(pieces, p)
		}
		c, err := New(makeCore(someNotes(), pieces...))
		if err != nil {
			t.Fatal(err)
		}
		// Where pieces overlap the one that starts lower has the byte, of two at
		// the same place the first.
		for a := uint64(100); a < 400; a++ {
			best := -1
			for i, p := range pieces {
				if a >= p.addr && a < p.addr+uint64(len(p.data)) && (best < 0 || p.addr < pieces[best].addr) {
					best = i
				}
			}
			if best >= 0 {
				model[a] = pieces[best].data[a-pieces[best].addr]
			}
		}
		fill := piece{uint64(rnd.IntN(250)) + 80, make([]byte, 1+rnd.IntN(150))}
		for i := range fill.data {
			fill.data[i] = byte(rnd.Uint32())
			if a := fill.addr + uint64(i); !has(model, a) {
				model[a] = fill.data[i]
			}
		}
		c.Memory.Fill(fill.addr, fill.data)
		for range 200 {
			addr, n := uint64(rnd.IntN(400)), uint64(1+rnd.IntN(80))
			want, whole := []byte(nil), true
			for a := addr; a < addr+n; a++ {
				if !has(model, a) {
					whole = false
					break
				}
				want = append(want, model[a])
			}
			got, ok := c.Memory.Slice(addr, n)
			if ok != whole || ok && !bytes.Equal(got, want) {
				t.Fatalf("Slice(%d, %d) = %v %v, want %v %v", addr, n, got, ok, want, whole)
			}
			if p := c.Memory.Prefix(addr, n); !bytes.HasPrefix(want, p) || (len(p) > 0) != has(model, addr) {
				t.Fatalf("Prefix(%d, %d) = %v, want a start of %v", addr, n, p, want)
			}
		}
		last := uint64(0)
		for _, r := range c.Memory.Ranges() {
			if r.Start >= r.End || r.Start <= last && last != 0 {
				t.Fatalf("ranges %v", c.Memory.Ranges())
			}
			last = r.End
			if !has(model, r.Start) || !has(model, r.End-1) || has(model, r.End) || has(model, r.Start-1) {
				t.Fatalf("range %v does not end where memory does", r)
			}
		}
	}
}

// repeated is a core with n program headers that name the same part of the file:
// as memory, side by side, or as notes.
// Zeros behind notes fill a page; more of them are a hole, in which nobody looks for
// notes until the end of time.
func TestNotesHole(t *testing.T) {
	for _, test := range []struct {
		zeros    int
		problems int
	}{{100, 0}, {1 << 20, 1}} {
		notes := append(note("CORE", 1, make([]byte, 336)), make([]byte, test.zeros)...)
		c, err := New(makeCore(notes, piece{addr: 0x1000, data: []byte{1}}))
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Threads) != 1 || len(c.Problems) != test.problems {
			t.Errorf("%d zeros: %d threads, %+v", test.zeros, len(c.Threads), c.Problems)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newCore(ctx, makeCore(note("CORE", 1, make([]byte, 336)), piece{addr: 0x1000, data: []byte{1}})); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func repeated(n int, notes bool) []byte {
	memory := bytes.Repeat([]byte("memory, "), 512)
	good := makeCore(someNotes(), piece{0x100000, memory})
	b := bytes.Clone(good)
	binary.LittleEndian.PutUint64(b[32:], uint64(len(b))) // e_phoff
	binary.LittleEndian.PutUint16(b[56:], uint16(n+2))
	b = append(b, good[64:64+2*56]...)
	for i := range n {
		which := 64 + 56
		if notes {
			which = 64
		}
		h := bytes.Clone(good[which : which+56])
		binary.LittleEndian.PutUint64(h[16:], uint64(0x100000+(i+1)*len(memory)))
		b = append(b, h...)
	}
	return b
}

// What several program headers name is there once: neither memory nor threads
// grow beyond the file, and what is left out is counted.
func TestSameBytesAgain(t *testing.T) {
	const n = 4000
	c, err := New(repeated(n, false))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Memory.Ranges(); len(got) != 1 || got[0] != (Range{0x100000, 0x101000}) {
		t.Errorf("memory at %x", got)
	}
	if b, ok := c.Memory.Slice(0x100000, (n+1)*4096); ok {
		t.Errorf("%d bytes of a file of %d", len(b), c.Size)
	}
	if p := c.Problems; len(p) != 1 || p[0].Severity != Error || p[0].Count != n || !strings.Contains(p[0].Message, "second address") || !strings.Contains(p[0].Message, "at 0x101000)") {
		t.Errorf("problems %v", p)
	}

	c, err = New(repeated(n, true))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Threads) != 2 || len(c.Mappings) != 2 {
		t.Errorf("%d threads, %d mappings", len(c.Threads), len(c.Mappings))
	}
	if p := c.Problems; len(p) != 1 || p[0].Severity != Error || p[0].Count != n || !strings.Contains(p[0].Message, "headers of notes") {
		t.Errorf("problems %v", p)
	}
}

// Damaged notes are one problem, however many there are.
func TestManyDamagedNotes(t *testing.T) {
	bad := []byte("\x05\x00\x00\x00\xff\xff\xff\xff\x01\x00\x00\x00")
	b := repeated(100, true)
	for i := range 100 { // each at its own place
		h := b[len(b)-100*56+i*56:]
		binary.LittleEndian.PutUint64(h[8:], uint64(len(b)+i*len(bad)))
		binary.LittleEndian.PutUint64(h[32:], uint64(len(bad)))
	}
	c, err := New(append(b, bytes.Repeat(bad, 100)...))
	if err != nil {
		t.Fatal(err)
	}
	if p := c.Problems; len(p) != 1 || p[0].Count != 100 || len(c.Threads) != 2 {
		t.Errorf("problems %v, %d threads", p, len(c.Threads))
	}
}

// The pages of a file that several of its headers name are there once too, and
// where memory stands already it stays.
func TestFillFile(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	file := make([]byte, 100)
	for i := range file {
		file[i] = byte(i + 1)
	}
	for range 2000 {
		c, err := New(makeCore(someNotes(), piece{120, []byte("memory")}, piece{160, []byte("more")}))
		if err != nil {
			t.Fatal(err)
		}
		before := c.Memory.Size()
		var parts []Part
		for range 1 + rnd.IntN(5) {
			parts = append(parts, Part{uint64(rnd.IntN(200)), uint64(rnd.IntN(120)), uint64(rnd.IntN(60))})
		}
		again := c.Memory.FillFile(file, parts)
		if got := c.Memory.Size(); got > before+uint64(len(file)) {
			t.Fatalf("%v: %d bytes of memory", parts, got)
		}
		from := map[byte]uint64{}
		for a := uint64(0); a < 400; a++ {
			b := c.Memory.Prefix(a, 1)
			if len(b) == 0 || a >= 120 && a < 126 || a >= 160 && a < 164 {
				continue
			}
			if first, ok := from[b[0]]; ok {
				t.Fatalf("%v: byte %d of the file is at %d and %d", parts, b[0]-1, first, a)
			}
			from[b[0]] = a
			if !slices.ContainsFunc(parts, func(p Part) bool { return a-p.Addr < p.Size && p.Off+a-p.Addr == uint64(b[0]-1) }) {
				t.Fatalf("%v: byte %d of the file is at %d", parts, b[0]-1, a)
			}
		}
		if len(again) > 0 {
			continue
		}
		// Nothing was cut: each part is there.
		for _, p := range parts {
			for k := range p.Size {
				if p.Off+k < uint64(len(file)) && len(c.Memory.Prefix(p.Addr+k, 1)) == 0 {
					t.Fatalf("%v: nothing at %d", parts, p.Addr+k)
				}
			}
		}
	}
	c, err := New(makeCore(someNotes(), piece{120, []byte("memory")}))
	if err != nil {
		t.Fatal(err)
	}
	c.Memory.FillFile(file, []Part{{100, 0, 100}})
	if got, _ := c.Memory.Slice(119, 8); string(got) != "\x14memory\x1b" {
		t.Errorf("memory is %q", got)
	}
}

func has(m map[uint64]byte, a uint64) bool { _, ok := m[a]; return ok }

func TestReads(t *testing.T) {
	c, err := New(makeCore(someNotes(), piece{0x1000, []byte("\x01\x02\x03\x04\x05\x06\x07\x08name\x00")}))
	if err != nil {
		t.Fatal(err)
	}
	m := c.Memory
	for size, want := range map[int]uint64{1: 1, 2: 0x0201, 4: 0x04030201, 8: 0x0807060504030201} {
		if got, ok := m.Uint(0x1000, size); !ok || got != want {
			t.Errorf("Uint of %d bytes is %#x, %v", size, got, ok)
		}
	}
	if _, ok := m.Uint(0x1000, 3); ok {
		t.Error("an integer of 3 bytes was read")
	}
	if w, ok := m.Word(0x1000); !ok || w != 0x0807060504030201 {
		t.Errorf("word %#x", w)
	}
	if _, ok := m.Word(0x1006); ok {
		t.Error("a word was read over the end")
	}
	if s, ok := m.CString(0x1008); !ok || s != "name" {
		t.Errorf("string %q", s)
	}
	if start, data := m.Segment(0x1003); start != 0x1000 || len(data) != 13 {
		t.Errorf("segment at %#x of %d bytes", start, len(data))
	}
	if _, data := m.Segment(0xfff); data != nil {
		t.Error("there is a segment where nothing is")
	}
	m.Fill(^uint64(0)-3, make([]byte, 100)) // would run over the end of the address space
	if _, ok := m.Slice(^uint64(0)-3, 100); ok {
		t.Error("a slice wraps around")
	}
}

func TestNotACore(t *testing.T) {
	good := makeCore(someNotes(), piece{0x1000, []byte("memory")})
	change := func(at int, b ...byte) []byte {
		c := bytes.Clone(good)
		copy(c[at:], b)
		return c
	}
	swapped := change(5, 2)
	binary.BigEndian.PutUint16(swapped[16:], 4)  // ET_CORE
	binary.BigEndian.PutUint16(swapped[18:], 62) // EM_X86_64
	for _, test := range []struct {
		name string
		data []byte
		want error
		says string
	}{
		{"empty", nil, ErrNotCore, "empty"},
		{"text", []byte("hello, this is no core"), ErrNotCore, "ELF magic"},
		{"heap dump", []byte("go1.7 heap dump\n…"), ErrNotCore, "WriteHeapDump"},
		{"gzip", []byte("\x1f\x8b\x08"), ErrNotCore, "gunzip"},
		{"zstd", []byte("\x28\xb5\x2f\xfd"), ErrNotCore, "unzstd"},
		{"lz4", []byte("\x04\x22\x4d\x18"), ErrNotCore, "unlz4"},
		{"executable", change(16, 2), ErrNotCore, "executable"},
		{"byte order", change(5, 9), ErrNotCore, "byte order"},
		{"order of another machine", swapped, ErrNotCore, "does not have"},
		{"32 bits", change(4, 1), ErrUnsupported, "32-bit"},
		{"machine", change(18, 243), ErrUnsupported, "EM_RISCV"},
		{"header size", change(54, 9), ErrNotCore, "program headers"},
		{"no memory", makeCore(someNotes()), ErrTruncated, "cut off"},
	} {
		_, err := New(test.data)
		if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want one of %v that says %q", test.name, err, test.want, test.says)
		}
	}
}

// Memory at the very end of the address space loses its last byte, so that its
// end is a number, and headers of absurd sizes do not add up to nothing missing.
func TestEndOfAddressSpace(t *testing.T) {
	for _, size := range []int{1, 2, 3, 100} {
		c, err := New(makeCore(someNotes(), piece{0x1000, []byte("memory")}, piece{^uint64(0) - 1, make([]byte, size)}))
		if err != nil {
			t.Fatal(err)
		}
		r := c.Memory.Ranges()
		if len(r) != 2 || r[1] != (Range{^uint64(0) - 1, ^uint64(0)}) {
			t.Errorf("%d bytes at the end: ranges %x", size, r)
		}
	}
}

func TestLastByteAlone(t *testing.T) {
	c, err := New(makeCore(someNotes(), piece{^uint64(0), []byte("x")}))
	if err != nil {
		if !errors.Is(err, ErrTruncated) {
			t.Error(err)
		}
		return
	}
	for _, r := range c.Memory.Ranges() {
		if r.Start >= r.End {
			t.Errorf("empty range %x", r)
		}
	}
}

func TestMissingDoesNotWrap(t *testing.T) {
	b := makeCore(someNotes(), piece{0x1000, []byte("memory")}, piece{0x3000, []byte("a")}, piece{0x5000, []byte("b")})
	for i := range 2 {
		h := b[64+56*(2+i):]
		binary.LittleEndian.PutUint64(h[8:], 1<<40)  // offset, behind the file
		binary.LittleEndian.PutUint64(h[32:], 1<<63) // size in the file
	}
	c, err := New(b)
	if err == nil && (len(c.Problems) == 0 || c.Problems[0].Severity != Error) {
		t.Error("two pieces of 2⁶³ bytes each are missing, and nothing says so")
	}
}

// Cut anywhere, a core gives an error of its own or a problem.
func TestTruncated(t *testing.T) {
	good := makeCore(someNotes(), piece{0x1000, []byte("some memory")}, piece{0x3000, []byte("and more of it")})
	for n := range good {
		c, err := New(good[:n])
		switch {
		case err != nil && !errors.Is(err, ErrNotCore) && !errors.Is(err, ErrTruncated):
			t.Fatalf("%d bytes: %v", n, err)
		case err == nil && (len(c.Problems) == 0 || c.Problems[0].Severity != Error):
			t.Fatalf("%d bytes: no problem", n)
		}
	}
}

// A count of program headers that does not fit in the header stands in the first
// section header.
func TestManyPrograms(t *testing.T) {
	good := makeCore(someNotes(), piece{0x1000, []byte("memory")})
	shoff := uint64(len(good))
	section := make([]byte, 64)
	binary.LittleEndian.PutUint32(section[44:], 2)
	b := append(bytes.Clone(good), section...)
	binary.LittleEndian.PutUint64(b[40:], shoff)
	binary.LittleEndian.PutUint16(b[56:], 0xffff)
	c, err := New(b)
	if err != nil || len(c.Threads) != 2 {
		t.Fatalf("%v", err)
	}
	if _, err := New(b[:len(b)-1]); !errors.Is(err, ErrTruncated) {
		t.Errorf("without its section header: %v", err)
	}
}

func TestOpenAndGuard(t *testing.T) {
	path := filepath.Join(t.TempDir(), "core")
	memory := make([]byte, 1<<20)
	if err := os.WriteFile(path, makeCore(someNotes(), piece{0x1000, memory}), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	shrink(t, path)
	err = Guard(func() error {
		_, _ = c.Memory.Uint(0x1000+uint64(len(memory))-8, 8)
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "changed while it was being read") {
		t.Errorf("a page that vanished: %v", err)
	}
	if err := Guard(func() error { panic("boom") }); !errors.Is(err, ErrInternal) || !strings.Contains(err.Error(), "boom") {
		t.Errorf("a panic: %v", err)
	}
	want := errors.New("own")
	if err := Guard(func() error { return want }); err != want {
		t.Errorf("an error: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none")} {
		if _, err := Open(bad); err == nil {
			t.Errorf("%s was opened", bad)
		}
	}
}

func FuzzNew(f *testing.F) {
	f.Add(makeCore(someNotes(), piece{0x1000, []byte("memory")}, piece{0x1006, []byte("more")}))
	f.Add(makeCore(nil, piece{^uint64(0) - 2, []byte("memory")}))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := New(data)
		if err != nil {
			return
		}
		total := uint64(0)
		for _, r := range c.Memory.Ranges() {
			if r.End <= r.Start {
				t.Fatalf("range %+v", r)
			}
			total += r.End - r.Start
			if b, ok := c.Memory.Slice(r.Start, r.End-r.Start); !ok || uint64(len(b)) != r.End-r.Start {
				t.Fatalf("range %+v cannot be read", r)
			}
			if _, ok := c.Memory.Slice(r.Start, r.End-r.Start+1); ok {
				t.Fatalf("a byte behind %+v was read", r)
			}
		}
		if total > uint64(len(data)) {
			t.Fatalf("%d bytes of memory in a file of %d", total, len(data))
		}
		if len(c.Threads) > len(data)/12 || len(c.Mappings) > len(data)/12 {
			t.Fatalf("%d threads and %d mappings in a file of %d bytes", len(c.Threads), len(c.Mappings), len(data))
		}
	})
}
