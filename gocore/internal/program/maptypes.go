package program

import (
	"encoding/binary"

	"goheap/gocore/internal/pclntab"
	"goheap/gocore/internal/types"
)

// MapTypes returns the types of maps whose descriptors the code of a function refers to,
// each once: whatever is done with a map calls the runtime with its type. It knows how
// the compiler loads addresses on amd64 and arm64; elsewhere ok is false.
func (d *Program) MapTypes(fn pclntab.Func) (list []types.ID, ok bool) {
	code, present := d.Image.Mem.Slice(fn.Entry, fn.End-fn.Entry)
	if !present {
		return nil, false
	}
	add := func(addr uint64) {
		if !d.IsDescriptor(addr) {
			return
		}
		id, ok := d.Types.ByRuntimeType(addr)
		if !ok || d.Types.Type(id).Kind != types.Map {
			return
		}
		for _, have := range list {
			if have == id {
				return
			}
		}
		list = append(list, id)
	}
	switch d.Image.Arch.Name {
	case "amd64":
		// LEAQ rel32(IP), R: what looks like one in the middle of an instruction does
		// not lead to the start of a descriptor.
		for i := 0; i+7 <= len(code); i++ {
			if code[i]&^0x04 == 0x48 && code[i+1] == 0x8d && code[i+2]&0xc7 == 0x05 {
				add(fn.Entry + uint64(i) + 7 + uint64(int64(int32(binary.LittleEndian.Uint32(code[i+3:])))))
			}
		}
	case "arm64":
		// ADRP, and an ADD of the rest.
		for i := 0; i+8 <= len(code); i += 4 {
			adrp, rest := binary.LittleEndian.Uint32(code[i:]), binary.LittleEndian.Uint32(code[i+4:])
			if adrp&0x9f000000 != 0x90000000 || rest&0xffc00000 != 0x91000000 || rest>>5&31 != adrp&31 {
				continue
			}
			pages := int64(int32(adrp<<8)>>11)&^3 | int64(adrp>>29&3)
			add((fn.Entry+uint64(i))&^0xfff + uint64(pages<<12) + uint64(rest>>10&0xfff))
		}
	default:
		return nil, false
	}
	return list, true
}
