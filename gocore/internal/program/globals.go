package program

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"goheap/gocore/internal/image"
	"goheap/internal/arch"
)

// Section is a data section of a module. What stands in it and has no name is named by
// its distance from the start, which no other run of the program changes: "data+0x3f20",
// "bss+0x18", and "data2+0x8" in the second module.
type Section struct {
	Name       string
	Start, Len uint64

	mem, mask []byte // mask has a bit for each word of mem that is a pointer
}

// NameOf names an address in the section.
func (s *Section) NameOf(addr uint64) string { return fmt.Sprintf("%s+%#x", s.Name, addr-s.Start) }

// EachPointer calls f with the words of the section that are pointers, and what they hold.
func (s *Section) EachPointer(a *arch.Arch, f func(at, to uint64)) {
	w := uint64(a.PtrSize)
	for i, b := range s.mask {
		for ; b != 0; b &= b - 1 {
			off := uint64(i*8+bits.TrailingZeros8(b)) * w
			if off+w > s.Len {
				return
			}
			f(s.Start+off, a.Word(s.mem[off:]))
		}
	}
}

// SectionOf returns the section that an address is in.
func SectionOf(d *Program, addr uint64) (Section, bool) {
	for _, s := range d.Sections {
		if addr-s.Start < s.Len {
			return s, true
		}
	}
	return Section{}, false
}

func (d *Program) addSection(name string, start uint64, mem, mask []byte) Section {
	n := 1
	for _, s := range d.Sections {
		if strings.TrimRight(s.Name, "0123456789") == name {
			n++
		}
	}
	if n > 1 {
		name += strconv.Itoa(n)
	}
	s := Section{Name: name, Start: start, Len: uint64(len(mem)), mem: mem, mask: mask}
	d.Sections = append(d.Sections, s)
	return s
}

// InSection returns the address that a name such as "data+0x3f20" stands for.
func (d *Program) InSection(name string) (addr uint64, ok bool) {
	section, offset, _ := strings.Cut(name, "+0x")
	off, err := strconv.ParseUint(offset, 16, 64)
	for _, s := range d.Sections {
		if err == nil && s.Name == section && off < s.Len {
			return s.Start + off, true
		}
	}
	return 0, false
}

// ReadGlobalWords makes a root of each variable with pointers to the heap in a data
// section that starts at start: mask has a bit for each word of mem that is a
// pointer.
func (d *Program) ReadGlobalWords(name string, start uint64, mem, mask []byte) {
	im := d.Image
	section := d.addSection(name, start, mem, mask)
	w := uint64(im.Arch.PtrSize)
	words := uint64(len(mem)) / w
	var open *image.Root
	for i, b := range mask {
		for ; b != 0; b &= b - 1 {
			word := uint64(i*8 + bits.TrailingZeros8(b))
			if word >= words {
				break
			}
			p := im.Arch.Word(mem[word*w:])
			if !im.InHeap(p) {
				continue
			}
			slot := start + word*w
			if open == nil || slot >= open.Addr+open.Size {
				if open != nil {
					im.EndRoot()
				}
				r := d.globalAt(slot, section)
				open = &r
				im.AddRoot(*open)
			}
			im.Pieces = append(im.Pieces, image.Piece{Slot: slot, Value: p, Frame: -1, Register: -1})
		}
	}
	if open != nil {
		im.EndRoot()
	}
}

// globalAt describes what stands at an address of a data section: the variable
// that covers it, else the literal that a variable leads to, else the linker's
// symbol, else the word alone.
func (d *Program) globalAt(addr uint64, section Section) image.Root {
	if r, ok := d.VariableRoot(addr); ok {
		return r
	}
	if r, ok := d.StaticRoot(addr); ok {
		return r
	}
	r := image.Root{Kind: image.GlobalRoot, Goroutine: -1, Count: 1}
	if s, ok := d.Exe.File.SymbolAt(addr - d.Exe.Bias); ok {
		r.Name, r.Addr, r.Size = s.Name, s.Addr+d.Exe.Bias, s.Size
	} else if s, bias, ok := d.Exe.pluginSymbolAt(addr); ok {
		r.Name, r.Addr, r.Size = s.Name, s.Addr+bias, s.Size
	} else {
		r.Name, r.Addr, r.Size = section.NameOf(addr), addr, uint64(d.Image.Arch.PtrSize)
	}
	return r
}
