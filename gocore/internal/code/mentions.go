package code

import (
	"encoding/binary"

	"golang.org/x/arch/x86/x86asm"
)

// Mention is an operand of an instruction that names an address.
type Mention struct {
	At   uint64 // an address inside of the instruction
	Addr uint64
}

// Mentions returns what the code at start may name of the addresses from lo to hi, in the
// order of the code. It looks at bytes and not at instructions, since most of a program
// names nothing that is asked for: what it returns may be none, and Confirm tells. It
// returns nothing for processors that it does not know.
func Mentions(processor string, start uint64, text []byte, lo, hi uint64) []Mention {
	switch processor {
	case "amd64":
		return mentionsAMD64(start, text, lo, hi)
	case "arm64":
		return mentionsARM64(start, text, lo, hi)
	}
	return nil
}

// Operands relative to the next instruction have this in the byte of addressing modes
// (Intel 64 and IA-32 Architectures Software Developer's Manual, 2.2.1.6).
const (
	modRMMask, modRMRelative = 0xc7, 0x05
	maxImmediate             = 4 // bytes behind the displacement
)

// mentionsAMD64 takes each byte for one of addressing modes. How many bytes there are
// between the displacement and the next instruction it does not know: each number that
// leads to an address that is asked for is one mention.
func mentionsAMD64(start uint64, text []byte, lo, hi uint64) (list []Mention) {
	if hi <= lo {
		return nil
	}
	span := hi - lo + maxImmediate
	for i := 0; i+5 <= len(text); i++ {
		if text[i]&modRMMask != modRMRelative {
			continue
		}
		next := start + uint64(i) + 5
		to := next + uint64(int64(int32(binary.LittleEndian.Uint32(text[i+1:]))))
		if to-(lo-maxImmediate) >= span {
			continue
		}
		for _, n := range [...]uint64{0, 1, 2, 4} {
			if to+n-lo < hi-lo {
				list = append(list, Mention{At: start + uint64(i), Addr: to + n})
			}
		}
	}
	return list
}

func mentionsARM64(start uint64, text []byte, lo, hi uint64) (list []Mention) {
	for off := 0; off+8 <= len(text); off += 4 {
		w := binary.LittleEndian.Uint32(text[off:])
		if w&armADRPMask != armADRP {
			continue
		}
		low, pair := pairedARM64(binary.LittleEndian.Uint32(text[off+4:]), w&31)
		if addr := pageARM64(start+uint64(off), w) + low; pair && addr-lo < hi-lo {
			list = append(list, Mention{At: start + uint64(off), Addr: addr})
		}
	}
	return list
}

// Confirm reports whether an operand is one: text is code whose first instruction is at
// start, at or in front of it.
func Confirm(processor string, start uint64, text []byte, m Mention) bool {
	if processor != "amd64" {
		return true // where every instruction has four bytes each mention is one
	}
	for off := uint64(0); off < uint64(len(text)) && start+off <= m.At; {
		inst, err := x86asm.Decode(text[off:], 64)
		if err != nil || inst.Len == 0 {
			return false
		}
		next := off + uint64(inst.Len)
		if m.At-start < next {
			at := off + uint64(inst.PCRelOff)
			if inst.PCRel != 4 || at != m.At-start+1 || at+4 > uint64(len(text)) || !names(&inst) {
				return false
			}
			return start+next+uint64(int64(int32(binary.LittleEndian.Uint32(text[at:])))) == m.Addr
		}
		off = next
	}
	return false
}
