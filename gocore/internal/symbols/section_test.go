package symbols

import (
	"bytes"
	"compress/zlib"
	"debug/elf"
	"encoding/binary"
	"strings"
	"testing"
)

// withSection returns an ELF file of three sections: the empty one, names, and
// one with the given name, flags and contents.
func withSection(name string, flags elf.SectionFlag, contents []byte) []byte {
	names := "\x00.shstrtab\x00" + name + "\x00"
	const headers = 64
	data := uint64(headers + 3*64)
	b := new(bytes.Buffer)
	put := func(v any) { binary.Write(b, binary.LittleEndian, v) }
	put(elf.Header64{
		Ident: [16]byte{0x7f, 'E', 'L', 'F', 2, 1, 1}, Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: 1,
		Shoff: headers, Ehsize: 64, Shentsize: 64, Shnum: 3, Shstrndx: 1,
	})
	put(elf.Section64{})
	put(elf.Section64{Name: 1, Type: uint32(elf.SHT_STRTAB), Off: data, Size: uint64(len(names)), Addralign: 1})
	put(elf.Section64{Name: 11, Type: uint32(elf.SHT_PROGBITS), Flags: uint64(flags), Off: data + uint64(len(names)), Size: uint64(len(contents)), Addralign: 1})
	b.WriteString(names)
	b.Write(contents)
	return b.Bytes()
}

// TestCompressedSections has both kinds of compression, sound and lying.
func TestCompressedSections(t *testing.T) {
	content := strings.Repeat("debugging ", 50)
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	w.Write([]byte(content))
	w.Close()
	old := func(size uint64) []byte {
		return append(binary.BigEndian.AppendUint64([]byte("ZLIB"), size), packed.Bytes()...)
	}
	current := func(size uint64) []byte {
		b := new(bytes.Buffer)
		binary.Write(b, binary.LittleEndian, elf.Chdr64{Type: uint32(elf.COMPRESS_ZLIB), Size: size, Addralign: 1})
		return append(b.Bytes(), packed.Bytes()...)
	}
	for _, c := range []struct {
		what, name string
		flags      elf.SectionFlag
		contents   []byte
		ok         bool
	}{
		{"plain", ".debug_str", 0, []byte(content), true},
		{"compressed", ".debug_str", elf.SHF_COMPRESSED, current(500), true},
		{"old", ".zdebug_str", 0, old(500), true},
		{"claims more", ".debug_str", elf.SHF_COMPRESSED, current(501), false},
		{"old claims more", ".zdebug_str", 0, old(501), false},
		{"bomb", ".debug_str", elf.SHF_COMPRESSED, current(1 << 40), false},
		{"old bomb", ".zdebug_str", 0, old(1 << 40), false},
		{"cut off", ".debug_str", elf.SHF_COMPRESSED, current(500)[:30], false},
		{"old cut off", ".zdebug_str", 0, old(500)[:20], false},
	} {
		f, err := New(bytes.NewReader(withSection(c.name, c.flags, c.contents)))
		if err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		b, err := f.debugSection("str")
		if (err == nil) != c.ok || c.ok && string(b) != content {
			t.Errorf("%s: %q, %v", c.what, b, err)
		}
	}
}

func TestReadExactly(t *testing.T) {
	if _, err := readExactly(strings.NewReader("abc"), 1<<62); err == nil {
		t.Error("three bytes are 2⁶²")
	}
	if _, err := readExactly(strings.NewReader("abc"), 1<<63); err == nil {
		t.Error("three bytes are 2⁶³")
	}
	if b, err := readExactly(strings.NewReader("abc"), 2); err != nil || string(b) != "ab" {
		t.Errorf("%q, %v", b, err)
	}
}
