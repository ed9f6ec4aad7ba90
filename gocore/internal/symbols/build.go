package symbols

import (
	"bytes"
	"debug/elf"
	"encoding/hex"

	"goheap/gocore/internal/symbols/info"
)

// Notes: "GNU" type 3 is the build id; "Go" type 4 is that of Go's linker
// (cmd/link/internal/ld/elf.go).
const (
	noteGNUBuildID = 3
	noteGoBuildID  = 4
)

// maxNote is more than any build id note holds.
const maxNote = 1 << 20

// readNotes fills in the build ids from note sections, or note segments where
// the section table is gone.
func (f *File) readNotes() {
	for _, s := range f.elf.Sections {
		if s.Type == elf.SHT_NOTE && s.Size <= maxNote {
			if b, err := sectionData(s); err == nil {
				f.parseNotes(b)
			}
		}
	}
	for _, p := range f.elf.Progs {
		if p.Type == elf.PT_NOTE && p.Filesz <= maxNote && f.BuildID == "" && f.GoBuildID == "" {
			b := make([]byte, p.Filesz)
			if _, err := p.ReadAt(b, 0); err == nil {
				f.parseNotes(b)
			}
		}
	}
}

func (f *File) parseNotes(b []byte) {
	c := info.Cursor{B: b, Big: f.Arch.BigEndian}
	for c.Off < len(b) {
		nameLen, descLen, kind := c.Uint(4), c.Uint(4), c.Uint(4)
		name := c.Bytes(nameLen)
		c.Bytes(-nameLen & 3)
		desc := c.Bytes(descLen)
		if c.Bad {
			return
		}
		switch name := string(bytes.TrimRight(name, "\x00")); {
		case name == "GNU" && kind == noteGNUBuildID:
			f.BuildID = hex.EncodeToString(desc)
		case name == "Go" && kind == noteGoBuildID:
			f.GoBuildID = string(desc)
		}
		if pad := -descLen & 3; pad <= uint64(len(b)-c.Off) {
			c.Bytes(pad)
		} else {
			return
		}
	}
}
