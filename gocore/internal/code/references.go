package code

import (
	"encoding/binary"
	"hash/fnv"

	"golang.org/x/arch/x86/x86asm"
)

// References are what the code of a function says of addresses.
type References struct {
	// Data are the addresses that its instructions name beside those they branch to, in
	// the order of the code.
	Data []uint64
	// Print is a hash of the code without any address outside of the function: two
	// functions with one print are one function, linked at two places, whose Data
	// correspond, one by one.
	Print uint64
}

// Refers returns the references of the function at entry with the given code on a
// processor named as in GOARCH. It fails for processors that it does not know, and
// where an instruction cannot be read: nothing behind it would be in step.
func Refers(processor string, entry uint64, text []byte) (References, bool) {
	switch processor {
	case "amd64":
		return refersAMD64(entry, text)
	case "arm64":
		return refersARM64(entry, text)
	}
	return References{}, false
}

// refersAMD64 takes out of the print what the linker writes: displacements from the next
// instruction (R_PCREL, R_CALL; cmd/link/internal/amd64/asm.go, Go 1.26).
func refersAMD64(entry uint64, text []byte) (r References, ok bool) {
	const int3 = 0xcc // fills the room behind the function
	for len(text) > 0 && text[len(text)-1] == int3 {
		text = text[:len(text)-1]
	}
	h := fnv.New64a()
	var masked [16]byte
	for off := 0; off < len(text); {
		inst, err := x86asm.Decode(text[off:], 64)
		if err != nil || inst.Len == 0 || inst.Len > len(masked) {
			return r, false
		}
		code := append(masked[:0], text[off:off+inst.Len]...)
		off += inst.Len
		if inst.PCRel == 4 && inst.PCRelOff+4 <= len(code) {
			at := code[inst.PCRelOff:][:4]
			to := entry + uint64(off) + uint64(int64(int32(binary.LittleEndian.Uint32(at))))
			if to-entry >= uint64(len(text)) {
				clear(at)
				if names(&inst) {
					r.Data = append(r.Data, to)
				}
			}
		}
		h.Write(code)
	}
	r.Print = h.Sum64()
	return r, len(text) > 0
}

// names reports whether an instruction names an address, and does not branch to it.
func names(inst *x86asm.Inst) bool {
	for _, a := range inst.Args {
		if m, ok := a.(x86asm.Mem); ok && m.Base == x86asm.RIP {
			return true
		}
	}
	return false
}

// Instructions of arm64 that take part in addresses, and their fields (Arm Architecture
// Reference Manual, C6.2: ADR, ADRP, ADD (immediate), LDR and STR (immediate, unsigned
// offset), B, BL).
const (
	armADRPMask, armADRP     = 0x9f000000, 0x90000000
	armADDMask, armADD       = 0xffc00000, 0x91000000
	armLDSTMask, armLDST     = 0x3b000000, 0x39000000
	armBranchMask, armBranch = 0x7c000000, 0x14000000
	armImm12                 = 0x3ffc00
	armImm26                 = 0x3ffffff
	armADRPImm               = 0x60ffffe0
)

// refersARM64 takes out of the print the halves of the pairs ADRP and ADD, or ADRP and a
// load or store, that the linker fills (R_ADDRARM64, R_ARM64_PCREL_LDST;
// cmd/link/internal/arm64/asm.go, Go 1.26), and the distance of branches to other
// functions.
func refersARM64(entry uint64, text []byte) (r References, ok bool) {
	for len(text) >= 4 && binary.LittleEndian.Uint32(text[len(text)-4:]) == 0 {
		text = text[:len(text)-4]
	}
	h := fnv.New64a()
	var b [4]byte
	for off := 0; off+4 <= len(text); off += 4 {
		pc, w := entry+uint64(off), binary.LittleEndian.Uint32(text[off:])
		switch {
		case w&armBranchMask == armBranch:
			to := pc + uint64(int64(int32(w<<6)>>6)*4)
			if to-entry >= uint64(len(text)) {
				w &^= armImm26
			}
		case w&armADRPMask == armADRP && off+8 <= len(text):
			next := binary.LittleEndian.Uint32(text[off+4:])
			page := pageARM64(pc, w)
			low, pair := pairedARM64(next, w&31)
			if !pair {
				break
			}
			r.Data = append(r.Data, page+low)
			w &^= armADRPImm
			binary.LittleEndian.PutUint32(b[:], w)
			h.Write(b[:])
			off += 4
			w = next &^ armImm12
		}
		binary.LittleEndian.PutUint32(b[:], w)
		h.Write(b[:])
	}
	r.Print = h.Sum64()
	return r, len(text) > 0
}

// pageARM64 returns the page that an ADRP at pc names.
func pageARM64(pc uint64, w uint32) uint64 {
	return pc&^0xfff + uint64(int64(int32(w&0xffffe0<<8|w>>29&3<<11)>>11)<<12)
}

// pairedARM64 returns the offset in a page that an instruction adds to the register.
func pairedARM64(w, register uint32) (low uint64, ok bool) {
	if w>>5&31 != register {
		return 0, false
	}
	low = uint64(w & armImm12 >> 10)
	switch {
	case w&armADDMask == armADD:
		return low, true
	case w&armLDSTMask == armLDST:
		size := w >> 30
		if w>>26&1 != 0 && w>>23&1 != 0 { // of vector registers of 16 bytes
			size += 4
		}
		return low << size, true
	}
	return 0, false
}
