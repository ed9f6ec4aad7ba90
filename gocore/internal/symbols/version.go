package symbols

import (
	"bytes"
	"debug/elf"
	"strings"

	"goheap/gocore/internal/symbols/info"
)

// Where a program says which Go built it. Go 1.13 and later write .go.buildinfo, whose
// strings follow its header inline since Go 1.18 (flagInline), and before stand behind
// the addresses of two strings in it (debug/buildinfo; cmd/link/internal/ld/data.go,
// buildinfo, Go 1.17). Older programs have the variable runtime.buildVersion alone.
const (
	buildInfoMagic  = "\xff Go buildinf:"
	buildInfoHeader = 32
	buildInfoSize   = 14 // the offset of the size of a pointer
	buildInfoFlags  = 15
	flagBigEndian   = 1
	flagInline      = 2
	buildInfoAlign  = 16
	maxVersion      = 256
	maxModule       = 4096    // bytes of the list of modules that are read
	maxSearch       = 1 << 20 // bytes of a segment that are searched for it
	maxBuildText    = 1 << 24 // bytes of the whole text about a build
	modinfoMark     = 16      // bytes before and after it (cmd/go/internal/modload, ModInfoData)
)

// Magic numbers of function tables that are older than those of Go 1.18
// (debug/gosym, pclntab.go).
const (
	pclntabMagic12  = 0xfffffffb // Go 1.2 to 1.15
	pclntabMagic116 = 0xfffffffa // Go 1.16 and 1.17
)

// Eras of Go, for programs that do not say which version built them.
const (
	EraBeforeBuildInfo = "Go 1.12 or older"
	EraBefore116       = "Go 1.13 to 1.15"
	EraPointers        = "Go 1.13 to 1.17"
	Era116             = "Go 1.16 or 1.17"
	EraUnknown         = "an unknown version of Go"
)

// readVersion sets GoVersion and, where it cannot be told, Era.
func (f *File) readVersion() {
	b, recorded := f.buildInfo()
	switch {
	case recorded && b[buildInfoFlags]&flagInline != 0:
		c := info.Cursor{B: b, Off: buildInfoHeader, Big: f.Arch.BigEndian}
		f.GoVersion = string(c.Bytes(c.Uleb()))
		c.Uleb()
		f.Module, f.MainPath = mainModule(b[min(c.Off, len(b)):]), mainPath(b[min(c.Off, len(b)):])
	case recorded:
		f.GoVersion = f.pointedVersion(b)
	default:
		if v, ok := f.Symbol("runtime.buildVersion"); ok {
			f.GoVersion = f.versionAt(v.Addr)
		}
	}
	if strings.ContainsFunc(f.GoVersion, func(r rune) bool { return r < ' ' || r > '~' }) {
		f.GoVersion = "" // damaged: no version is written so
	}
	if f.GoVersion != "" {
		return
	}
	magic, table := f.tableMagic()
	switch {
	case table && magic == pclntabMagic116:
		f.Era = Era116
	case recorded && b[buildInfoFlags]&flagInline != 0, table && magic != pclntabMagic12:
		f.Era = EraUnknown // the information is damaged, or was taken out
	case recorded && table:
		f.Era = EraBefore116
	case recorded:
		f.Era = EraPointers
	case table:
		f.Era = EraBeforeBuildInfo
	case f.GoBuildID != "" && len(f.elf.Sections) > 0:
		// Until Go 1.14 a C linker put the table of a position-independent program into
		// one section with other data. Nobody but Go's linker writes that note.
		f.Era = EraBeforeBuildInfo
	case f.GoBuildID != "":
		f.Era = EraUnknown
	}
}

// buildInfo returns the start of the build information, and whether there is any. It
// has a section of its own; without a table of sections it is looked for at the start
// of the data, as debug/buildinfo does.
func (f *File) buildInfo() ([]byte, bool) {
	if s := f.elf.Section(".go.buildinfo"); s != nil && s.Type != elf.SHT_NOBITS {
		b := make([]byte, min(s.Size, buildInfoHeader+maxVersion+maxModule))
		n, _ := s.ReadAt(b, 0)
		b = b[:n]
		return b, len(b) >= buildInfoHeader && bytes.HasPrefix(b, []byte(buildInfoMagic))
	}
	if len(f.elf.Sections) > 0 {
		return nil, false
	}
	for _, p := range f.elf.Progs {
		if p.Type != elf.PT_LOAD || p.Flags&elf.PF_W == 0 {
			continue
		}
		b := make([]byte, min(p.Filesz, maxSearch))
		n, _ := p.ReadAt(b, 0)
		for b = b[:n]; len(b) >= buildInfoHeader; b = b[buildInfoAlign:] {
			if bytes.HasPrefix(b, []byte(buildInfoMagic)) {
				return b, true
			}
		}
	}
	return nil, false
}

// BuildText returns the text about the build that the executable carries: the lines that
// runtime/debug.ParseBuildInfo reads, "" for none.
func (f *File) BuildText() string {
	b := f.modinfo()
	if len(b) < 2*modinfoMark {
		return ""
	}
	return string(b[modinfoMark : len(b)-modinfoMark])
}

// modinfo is BuildText as it stands in .go.buildinfo, with a mark on both sides.
func (f *File) modinfo() []byte {
	if f.elf == nil {
		return nil // see None
	}
	s := f.elf.Section(".go.buildinfo")
	if s == nil || s.Type == elf.SHT_NOBITS || s.Size > maxBuildText {
		return nil
	}
	b, err := sectionData(s)
	if err != nil || len(b) < buildInfoHeader || !bytes.HasPrefix(b, []byte(buildInfoMagic)) || b[buildInfoFlags]&flagInline == 0 {
		return nil
	}
	c := info.Cursor{B: b, Off: buildInfoHeader, Big: f.Arch.BigEndian}
	c.Bytes(c.Uleb())
	text := c.Bytes(c.Uleb())
	if c.Bad {
		return nil
	}
	return text
}

// mainModule returns the path in the line about the main module, "" for none: the
// lines are "path\tPATH" and "mod\tPATH\tVERSION…" (runtime/debug/mod.go).
func mainModule(list []byte) string {
	_, line, ok := bytes.Cut(list, []byte("\nmod\t"))
	name, _, ends := bytes.Cut(line, []byte("\t"))
	if !ok || !ends || bytes.ContainsAny(name, "\n\x00") {
		return ""
	}
	return string(name)
}

// mainPath returns the path in the line about the package main, "" for none, and where the
// go command had no more of it than files ("command-line-arguments", cmd/go/internal/load).
func mainPath(list []byte) string {
	_, line, ok := bytes.Cut(list, []byte("path\t"))
	name, _, ends := bytes.Cut(line, []byte("\n"))
	if !ok || !ends || bytes.ContainsAny(name, "\t\x00") || string(name) == "command-line-arguments" {
		return ""
	}
	return string(name)
}

// pointedVersion returns the version behind the first address in build information
// whose strings are not inline, "" if none is there.
func (f *File) pointedVersion(b []byte) string {
	w := f.Arch.PtrSize
	if int(b[buildInfoSize]) != w || (b[buildInfoFlags]&flagBigEndian != 0) != f.Arch.BigEndian {
		return ""
	}
	return f.versionAt(f.Arch.Word(b[buildInfoSize+2:]))
}

// versionAt returns the version of Go in the string whose header stands at addr in the
// file, "" if it is none. Linkers leave in the words of a position-independent program
// what its relocations add to.
func (f *File) versionAt(addr uint64) string {
	w := f.Arch.PtrSize
	header := f.bytesAt(addr, 2*uint64(w))
	if header == nil {
		return ""
	}
	n := f.Arch.Word(header[w:])
	if n > maxVersion {
		return ""
	}
	v := string(f.bytesAt(f.Arch.Word(header), n))
	other := func(r rune) bool { return r < ' ' || r > '~' }
	if !strings.HasPrefix(v, "go") && !strings.HasPrefix(v, "devel") || strings.ContainsFunc(v, other) {
		return ""
	}
	return v
}

// bytesAt returns n bytes of the file by their address as linked, nil where it does
// not have them all. The caller bounds n.
func (f *File) bytesAt(addr, n uint64) []byte {
	for _, p := range f.elf.Progs {
		if p.Type == elf.PT_LOAD && addr >= p.Vaddr && addr-p.Vaddr < p.Filesz && p.Filesz-(addr-p.Vaddr) >= n {
			b := make([]byte, n)
			if got, _ := p.ReadAt(b, int64(addr-p.Vaddr)); uint64(got) < n {
				return nil
			}
			return b
		}
	}
	return nil
}

// tableMagic returns the number that the table of functions starts with, and whether
// there is one.
func (f *File) tableMagic() (magic uint32, ok bool) {
	for _, name := range []string{".gopclntab", ".data.rel.ro.gopclntab"} {
		if s := f.elf.Section(name); s != nil && s.Type != elf.SHT_NOBITS {
			var b [4]byte
			if n, _ := s.ReadAt(b[:], 0); n == len(b) {
				c := info.Cursor{B: b[:], Big: f.Arch.BigEndian}
				return uint32(c.Uint(4)), true
			}
		}
	}
	return 0, false
}
