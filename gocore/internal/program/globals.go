package program

import (
	"fmt"
	"math/bits"

	"goheap/gocore/internal/image"
)

// ReadGlobalWords makes a root of each variable with pointers to the heap in a data
// section that starts at start: mask has a bit for each word of mem that is a
// pointer.
func (d *Program) ReadGlobalWords(section string, start uint64, mem, mask []byte) {
	im := d.Image
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
func (d *Program) globalAt(addr uint64, section string) image.Root {
	r := image.Root{Kind: image.GlobalRoot, Goroutine: -1, Count: 1}
	if i, ok := d.Exe.variableAt(addr); ok {
		v := d.Exe.Variables[i]
		r.Name, r.Addr, r.Size, r.Type = v.Name, v.Addr+d.Exe.Bias, d.Exe.size(v), v.Type
	} else if s, ok := d.staticAt(addr); ok {
		r.Name, r.Addr, r.Size, r.Type, r.Count, r.Elements = s.name, s.Addr, s.size, s.Type, s.N, s.elements
	} else if s, ok := d.Exe.File.SymbolAt(addr - d.Exe.Bias); ok {
		r.Name, r.Addr, r.Size = s.Name, s.Addr+d.Exe.Bias, s.Size
	} else if s, bias, ok := d.Exe.pluginSymbolAt(addr); ok {
		r.Name, r.Addr, r.Size = s.Name, s.Addr+bias, s.Size
	} else {
		r.Name, r.Addr, r.Size = fmt.Sprintf("%s at %#x", section, addr), addr, uint64(d.Image.Arch.PtrSize)
	}
	return r
}
