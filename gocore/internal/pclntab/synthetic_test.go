package pclntab

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"goheap/internal/arch"
)

// image is a hand-made table of two functions and what belongs to it.
type image struct {
	a     arch.Arch
	magic uint32
	// values at successive instructions of the second function
	sp, file, line, inl []int32
}

// encode writes a value table as the linker does: one pair per run.
func encode(a arch.Arch, values []int32) []byte {
	var b []byte
	last := int32(-1)
	for i := 0; i < len(values); {
		j := i
		for j < len(values) && values[j] == values[i] {
			j++
		}
		d := values[i] - last
		b = binary.AppendUvarint(b, uint64(uint32(d<<1)^uint32(d>>31)))
		b = binary.AppendUvarint(b, uint64(j-i))
		last = values[i]
		i = j
	}
	return append(b, 0)
}

const (
	imageText = 0x401000
	codeUnits = 40 // instructions in the second function
)

// build returns the pclntab and the funcdata of the image.
func (im image) build() (tab, blob []byte) {
	a := im.a
	o := a.Order()
	app := func(b []byte, v uint32) []byte {
		var x [4]byte
		o.PutUint32(x[:], v)
		return append(b, x[:]...)
	}
	word := func(b []byte, v uint64) []byte {
		if a.PtrSize == 4 {
			return app(b, uint32(v))
		}
		var x [8]byte
		o.PutUint64(x[:], v)
		return append(b, x[:]...)
	}
	names := []byte("\x00main.first\x00main.second\x00main.inner\x00")
	nameAt := func(s string) uint32 { return uint32(strings.Index(string(names), "\x00"+s+"\x00")) + 1 }
	files := []byte("a.go\x00bb.go\x00")
	var cu []byte
	cu = app(cu, 1<<32-1) // of another unit
	cu = app(cu, 0)
	cu = app(cu, 5)
	pctab := []byte{0}
	add := func(v []int32) uint32 {
		if v == nil {
			return 0
		}
		at := uint32(len(pctab))
		pctab = append(pctab, encode(a, v)...)
		return at
	}
	sp, file, line, inl := add(im.sp), add(im.file), add(im.line), add(im.inl)

	l, _ := layoutFor(im.magic)
	// The tree: main.inner was called from unit 3 of the second function.
	blob = []byte{9, 9, 9, 9, 9, 9, 9, 9}
	tree := make([]byte, l.inlSize)
	o.PutUint32(tree[l.inlNameOff:], nameAt("main.inner"))
	o.PutUint32(tree[l.inlParentPC:], uint32(3*a.PCQuantum))
	if l.inlLine >= 0 {
		o.PutUint32(tree[l.inlLine:], 77)
	}
	blob = append(blob, tree...)

	secondOff := uint32(16 * a.PCQuantum)
	end := secondOff + uint32(codeUnits*a.PCQuantum)
	rec := func(entry, name uint32, args, deferreturn uint32, tables [3]uint32, npc, nfd int, id, flag byte) []byte {
		var b []byte
		b = app(b, entry)
		b = app(b, name)
		b = app(b, args)
		b = app(b, deferreturn)
		for _, t := range tables {
			b = app(b, t)
		}
		b = app(b, uint32(npc))
		b = app(b, 1) // cuOffset
		if l.startLine {
			b = app(b, 42)
		}
		return append(b, id, flag, 0, byte(nfd))
	}
	ftabSize := uint32(3 * ftabEntry)
	first := rec(0, nameAt("main.first"), 1<<31, 0, [3]uint32{}, 0, 0, 7, byte(TopFrame|Asm))
	second := rec(secondOff, nameAt("main.second"), 24, 12, [3]uint32{sp, file, line}, 3, 4, 0, 0)
	for _, v := range []uint32{0, 0, inl} {
		second = app(second, v)
	}
	for _, v := range []uint32{1<<32 - 1, 0, 1<<32 - 1, 8} {
		second = app(second, v)
	}
	var funcs []byte
	for _, e := range [][2]uint32{{0, ftabSize}, {secondOff, ftabSize + uint32(len(first))}, {end, 0}} {
		funcs = app(funcs, e[0])
		funcs = app(funcs, e[1])
	}
	funcs = append(append(funcs, first...), second...)

	tab = app(nil, im.magic)
	tab = append(tab, 0, 0, byte(a.PCQuantum), byte(a.PtrSize))
	tab = word(tab, 2)
	tab = word(tab, 2)
	tab = word(tab, 0)
	at := uint64(8 + 8*a.PtrSize)
	parts := [][]byte{names, cu, files, pctab, funcs}
	for _, p := range parts {
		tab = word(tab, at)
		at += uint64(len(p))
	}
	for _, p := range parts {
		tab = append(tab, p...)
	}
	return tab, blob
}

func (im image) config() Config {
	tab, blob := im.build()
	return Config{Arch: im.a, Pclntab: tab, Text: imageText, FuncData: blob, FuncDataAddr: 0x500000}
}

// sample has values that need varints of several bytes and signs.
func sample(a arch.Arch, magic uint32) image {
	im := image{a: a, magic: magic}
	for i := range codeUnits {
		im.sp = append(im.sp, []int32{0, 8, 5000, 0}[i/10])
		im.file = append(im.file, int32(i/20))
		im.line = append(im.line, int32(100+i/2))
		in := int32(-1)
		if i >= 5 && i < 9 {
			in = 0
		}
		im.inl = append(im.inl, in)
	}
	return im
}

func arches() []arch.Arch {
	return []arch.Arch{
		arch.AMD64(),
		{Name: "arm64", PtrSize: 8, PCQuantum: 4, LinkRegister: true, MinFrameSize: 8},
		{Name: "s390x", PtrSize: 8, PCQuantum: 2, BigEndian: true, LinkRegister: true, MinFrameSize: 8},
		{Name: "386", PtrSize: 4, PCQuantum: 1},
		{Name: "mips", PtrSize: 4, PCQuantum: 4, BigEndian: true, LinkRegister: true, MinFrameSize: 4},
	}
}

func TestSynthetic(t *testing.T) {
	for _, a := range arches() {
		for _, magic := range []uint32{Magic118, Magic120} {
			im := sample(a, magic)
			tab, err := New(im.config())
			if err != nil {
				t.Fatalf("%s %#x: %v", a.Name, magic, err)
			}
			q := uint64(a.PCQuantum)
			second := imageText + 16*q
			if lo, hi := tab.Text(); lo != imageText || hi != second+codeUnits*q {
				t.Errorf("%s: text is [%#x,%#x)", a.Name, lo, hi)
			}
			first, ok := tab.Find(second - 1)
			if !ok || first.Name() != "main.first" || first.Flags() != TopFrame|Asm || first.ID() != 7 || first.HasSPDelta() {
				t.Errorf("%s: the first function is %q, flags %b, ID %d", a.Name, first.Name(), first.Flags(), first.ID())
			}
			if _, known := first.Args(); known {
				t.Errorf("%s: the arguments of the first function are known", a.Name)
			}
			if file, line := first.FileLine(imageText); file != "" || line != 0 {
				t.Errorf("%s: the first function has position %s:%d", a.Name, file, line)
			}
			f, ok := tab.Find(second)
			if !ok || f.Name() != "main.second" || f.Entry != second {
				t.Fatalf("%s: the second function is %q at %#x", a.Name, f.Name(), f.Entry)
			}
			if n, known := f.Args(); n != 24 || !known || f.DeferReturn() != 12 {
				t.Errorf("%s: args %d, deferreturn %d", a.Name, n, f.DeferReturn())
			}
			if line, ok := f.StartLine(); ok != (magic == Magic120) || ok && line != 42 {
				t.Errorf("%s %#x: start line %d, %v", a.Name, magic, line, ok)
			}
			if off, ok := f.FuncData(FuncDataInlTree); !ok || off != 8 {
				t.Errorf("%s: inline tree at %d, %v", a.Name, off, ok)
			}
			for _, i := range []int{0, 2, 4, -1} {
				if off, ok := f.FuncData(i); ok {
					t.Errorf("%s: funcdata %d is at %d", a.Name, i, off)
				}
			}
			for i := range codeUnits {
				// Every byte of an instruction has the instruction's values.
				for d := uint64(0); d < q; d++ {
					pc := second + uint64(i)*q + d
					if v, ok := f.SPDelta(pc); v != im.sp[i] || !ok {
						t.Fatalf("%s: SP delta at unit %d is %d, want %d", a.Name, i, v, im.sp[i])
					}
					if v := f.PCData(PCDataInlTreeIndex, pc); v != im.inl[i] {
						t.Fatalf("%s: inline index at unit %d is %d, want %d", a.Name, i, v, im.inl[i])
					}
					if v := f.PCData(PCDataUnsafePoint, pc); v != -1 {
						t.Fatalf("%s: an absent table says %d", a.Name, v)
					}
					file, line := f.FileLine(pc)
					if want := []string{"a.go", "bb.go"}[im.file[i]]; file != want || line != int(im.line[i]) {
						t.Fatalf("%s: unit %d is at %s:%d, want %s:%d", a.Name, i, file, line, want, im.line[i])
					}
				}
			}
			if _, ok := f.SPDelta(f.End); ok {
				t.Errorf("%s: there is a value past the end", a.Name)
			}
			calls := f.Inlined(second + 6*q)
			if len(calls) != 2 || calls[0].Name != "main.inner" || calls[0].Line != 103 || calls[1].Name != "main.second" ||
				calls[1].Line != 101 || calls[1].PC != second+3*q || !calls[0].Inlined || calls[1].Inlined {
				t.Errorf("%s %#x: logical frames %+v", a.Name, magic, calls)
			}
			if magic == Magic120 && calls[0].StartLine != 77 {
				t.Errorf("%s: inner starts at %d", a.Name, calls[0].StartLine)
			}
		}
	}
}

// A call that is its own caller is cut off.
func TestInlineCircle(t *testing.T) {
	im := sample(arch.AMD64(), Magic120)
	for i := range im.inl {
		im.inl[i] = 0
	}
	tab, err := New(im.config())
	if err != nil {
		t.Fatal(err)
	}
	f, _ := tab.Find(imageText + 20)
	calls := f.Inlined(imageText + 20)
	if len(calls) != maxInline+1 || calls[maxInline].Name != "main.second" {
		t.Errorf("%d logical frames", len(calls))
	}
}

// With several text sections, addresses follow each section's base.
func TestTextSections(t *testing.T) {
	c := sample(arch.AMD64(), Magic120).config()
	c.TextSections = []TextSection{{VAddr: 0, End: 16, Base: 0x401000}, {VAddr: 16, End: 56, Base: 0x900000}}
	tab, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	f, ok := tab.Find(0x900005)
	if !ok || f.Name() != "main.second" || f.Entry != 0x900000 || f.End != 0x900028 {
		t.Errorf("found %q at [%#x,%#x)", f.Name(), f.Entry, f.End)
	}
	for _, pc := range []uint64{0x401010, 0x900028, 0x8fffff} {
		if f, ok := tab.Find(pc); ok {
			t.Errorf("%#x is in %s", pc, f.Name())
		}
	}
	if f, ok := tab.Find(0x40100f); !ok || f.Name() != "main.first" {
		t.Errorf("the first section's end is in %q", f.Name())
	}
	c.TextSections[1].VAddr = 8
	if _, err := New(c); !errors.Is(err, ErrFormat) {
		t.Errorf("overlapping sections: %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	good, _ := sample(arch.AMD64(), Magic120).build()
	word := func(i int, v uint64) func([]byte) []byte {
		return func(b []byte) []byte { binary.LittleEndian.PutUint64(b[8+8*i:], v); return b }
	}
	tests := []struct {
		name, want string
		change     func([]byte) []byte
	}{
		{"empty", "0 bytes", func(b []byte) []byte { return nil }},
		{"short", "63 bytes", func(b []byte) []byte { return b[:63] }},
		{"magic", "magic number 0xfffffffb", func(b []byte) []byte { b[0] = 0xfb; return b }},
		{"padding", "padding", func(b []byte) []byte { b[4] = 1; return b }},
		{"quantum", "instruction size 4", func(b []byte) []byte { b[6] = 4; return b }},
		{"no quantum", "instruction size 0", func(b []byte) []byte { b[6] = 0; return b }},
		{"word size", "word size 4", func(b []byte) []byte { b[7] = 4; return b }},
		{"no functions", "0 functions", word(0, 0)},
		{"many functions", "functions at offset 8", word(0, 1<<40)},
		{"negative functions", "functions at offset 8", word(0, 1<<64-1)},
		{"names outside", "funcnametab", word(3, 1<<63)},
		{"functions outside", "pclntable", word(7, 1<<20)},
		{"order", "comes after", func(b []byte) []byte {
			at := binary.LittleEndian.Uint64(b[8+8*7:])
			b[at] = 0xff
			return b
		}},
	}
	for _, test := range tests {
		_, err := New(Config{Arch: arch.AMD64(), Pclntab: test.change(slices.Clone(good)), Text: imageText})
		if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error is %v, want one with %q", test.name, err, test.want)
		}
	}
	if _, err := New(Config{Arch: arch.AMD64(), Pclntab: good, Text: imageText, EText: imageText + 20}); !errors.Is(err, ErrFormat) {
		t.Errorf("functions after the text: %v", err)
	}
}

// Whatever the bytes are, every question has an answer in bounded time, and
// the answers agree with each other.
func FuzzTable(f *testing.F) {
	for _, a := range arches() {
		for _, magic := range []uint32{Magic118, Magic120} {
			tab, blob := sample(a, magic).build()
			f.Add(tab, blob)
		}
	}
	f.Fuzz(func(t *testing.T, b, blob []byte) {
		for _, a := range arches() {
			tab, err := New(Config{Arch: a, Pclntab: b, Text: imageText, FuncData: blob, FuncDataAddr: 0x500000})
			if err != nil {
				if !errors.Is(err, ErrFormat) || tab != nil {
					t.Errorf("error %v with table %v", err, tab)
				}
				continue
			}
			n := 0
			for fn := range tab.All() {
				if n++; n > 100 {
					break
				}
				if fn.End < fn.Entry {
					t.Errorf("function at [%#x,%#x)", fn.Entry, fn.End)
				}
				if name := fn.Name(); !fn.NameIs(name) && name != "" {
					t.Errorf("the name is %q and is not", name)
				}
				fn.Args()
				fn.DeferReturn()
				fn.StartLine()
				for i := range 8 {
					if off, ok := fn.FuncData(i); ok && fn.FuncDataBytes(i) == nil && uint64(off) < uint64(len(blob)) {
						t.Errorf("funcdata %d at %d of %d bytes is missing", i, off, len(blob))
					}
				}
				for _, pc := range []uint64{fn.Entry, (fn.Entry + fn.End) / 2, fn.End - 1} {
					if pc < fn.Entry || pc >= fn.End {
						continue
					}
					if got, ok := tab.Find(pc); ok && (pc < got.Entry || pc >= got.End) {
						t.Errorf("Find(%#x) is [%#x,%#x)", pc, got.Entry, got.End)
					}
					fn.SPDelta(pc)
					for i := range 5 {
						fn.PCData(i, pc)
					}
					calls := fn.Inlined(pc)
					if len(calls) == 0 || len(calls) > maxInline+1 || calls[len(calls)-1].Inlined {
						t.Errorf("%d logical frames", len(calls))
					}
				}
			}
		}
	})
}
