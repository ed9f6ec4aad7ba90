package symbols

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"path/filepath"
)

// AddDebug makes f use the debugging information, and the symbols, of another
// file: the one that objcopy --only-keep-debug wrote, or an unstripped copy. It
// must be called before anything else is asked of f. That the file belongs to f
// is for the caller to see, with SameBuild; debug stays open as long as f.
func (f *File) AddDebug(debug *File) error {
	if debug.Arch.Machine != f.Arch.Machine || debug.elf.Class != f.elf.Class || debug.elf.Data != f.elf.Data {
		return fmt.Errorf("it is for %v, the executable for %v", debug.Arch.Machine, f.Arch.Machine)
	}
	if !debug.HasDWARF() {
		return debug.dwarfErr
	}
	f.debug = debug
	f.dwarf, f.index, f.types, f.dwarfErr = debug.dwarf, debug.index, debug.types, debug.dwarfErr
	return nil
}

// SameBuild compares the build ids of two files. Nothing is known if there is no
// kind of id that both have.
func (f *File) SameBuild(g *File) (same, known bool) {
	switch {
	case f.BuildID != "" && g.BuildID != "":
		return f.BuildID == g.BuildID, true
	case f.GoBuildID != "" && g.GoBuildID != "":
		return f.GoBuildID == g.GoBuildID, true
	}
	return false, false
}

// maxLink is more than the name of any file.
const maxLink = 4096

// DebugLink returns the name of the file that has f's debugging information, and
// the CRC-32 (IEEE) of that file: the section .gnu_debuglink of objcopy holds the
// name, ended by NUL and padded to four bytes, then the sum (GDB manual, "Debugging
// Information in Separate Files").
func (f *File) DebugLink() (name string, sum uint32, ok bool) {
	s := f.elf.Section(".gnu_debuglink")
	if s == nil || s.Type == elf.SHT_NOBITS || s.Size > maxLink {
		return "", 0, false
	}
	var b []byte
	if err := guarded("reading the debug link", func() (err error) {
		b, err = sectionData(s)
		return err
	}); err != nil {
		return "", 0, false
	}
	end := bytes.IndexByte(b, 0)
	at := (end + 4) &^ 3
	if end <= 0 || at+4 > len(b) {
		return "", 0, false
	}
	var order binary.ByteOrder = binary.LittleEndian
	if f.Arch.BigEndian {
		order = binary.BigEndian
	}
	name = string(b[:end])
	if filepath.Base(name) != name || name == "." || name == ".." {
		return "", 0, false
	}
	return name, order.Uint32(b[at:]), true
}
