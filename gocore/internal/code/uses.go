package code

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// Call is a call, and what is in the integer registers of the calling convention then, in
// the order in which that uses them.
type Call struct {
	Target uint64 // the entry of the function that is called, 0 where the code does not name it
	Return uint64 // the address behind the call
	Args   [MaxRegs]ID
}

// Store is an instruction that writes Value, a word, to Off bytes behind what To is.
type Store struct {
	To    ID
	Off   int64
	Value ID
}

// Visitor is told of what instructions do; nil for what it does not ask for.
type Visitor struct {
	Call  func(Call)
	Store func(Store) // of a word outside of the frame
	// Return is told what is in the registers, as a Call has them, where the function
	// returns.
	Return func([MaxRegs]ID)
	// Asked is told of words that are compared with an address in the data, or of which the
	// code reads 4 bytes at hashOffset: that is how it finds out what is in an interface.
	Asked func(ID)
}

// hashOffset is where a descriptor of a type and an itab have the type's hash, on processors
// with words of 8 bytes (internal/abi, Type.Hash and ITab.Hash).
const hashOffset = 16

// Uses tells of what the instructions do, in the order of the code, where they can be
// reached.
func (f *Function) Uses(v Visitor) {
	for i, s := range f.states {
		if s == nil {
			continue
		}
		s = s.clone()
		for ; ; i++ {
			x := &f.insts[i]
			switch {
			case x.op == opCall && v.Call != nil:
				v.Call(Call{Target: x.to, Return: x.addr + uint64(x.len), Args: f.arguments(s)})
			case x.op == opMove && x.size == 8 && (x.dst.kind == atAddress || x.dst.kind == inMemory) && v.Store != nil:
				f.stored(s, x, v.Store)
			case x.returns && v.Return != nil:
				v.Return(f.arguments(s))
			case v.Asked != nil:
				f.asked(s, x, v.Asked)
			}
			on := f.step(s, x)
			if !on || x.flow != flowOn && x.flow != flowBranch || i+1 == len(f.insts) || f.states[i+1] != nil {
				break
			}
		}
	}
}

// arguments returns what the integer registers of the calling convention hold.
func (f *Function) arguments(s *state) (args [MaxRegs]ID) {
	for r := range register {
		args[r] = s.regs[register[r]]
	}
	return args
}

// asked tells of what an instruction compares, or reads the hash of.
func (f *Function) asked(s *state, x *inst, tell func(ID)) {
	switch {
	case x.compares && x.size == 8:
		a, b := f.value(s, x.dst), f.value(s, x.src)
		if f.Origins[a].Kind == Static {
			a, b = b, a
		}
		if a > zero && f.Origins[b].Kind == Static {
			tell(a)
		}
	case x.op == opMove && x.size == 4 && x.src.kind == inMemory && x.src.off == hashOffset && x.src.reg < MaxRegs:
		if id := s.regs[x.src.reg]; id > zero {
			tell(id)
		}
	}
}

// stored tells of what an instruction writes to memory that is not the frame's.
func (f *Function) stored(s *state, x *inst, store func(Store)) {
	w := Store{Value: f.value(s, x.src)}
	if x.dst.kind == atAddress {
		w.To = f.address(s, x.dst)
	} else {
		if _, ok := f.frameAddress(s, x.dst); ok || x.dst.reg >= MaxRegs {
			return
		}
		w.To, w.Off = s.regs[x.dst.reg], x.dst.off
	}
	if o := f.Origins[w.To]; o.Kind == Inside {
		w.To, w.Off = o.Base, w.Off+o.Off
	}
	if w.To > zero && w.Value != zero {
		store(w)
	}
}

// Naming is an instruction that may name an address.
type Naming struct {
	PC uint64 // inside the instruction
	To uint64 // the address
}

// leaOpcode stands in front of the byte of addressing modes where an instruction takes the
// address of something (Intel's manual, volume 2, table A-2).
const leaOpcode = 0x8d

// Namings appends to a list the places in code, which begins at base, that may name an
// address in [lo, hi) by its distance from the next instruction, as amd64 does; with
// address, those alone that take the address, and do not read or write what is there. It
// knows no instructions: bytes that only look so are among them, and those that have a
// constant behind the distance name what they name with another address.
func Namings(list []Naming, base uint64, text []byte, lo, hi uint64, address bool) []Naming {
	for i := 2; i+4 <= len(text); i++ {
		if text[i-1]&modRMMask != modRMRelative || address && text[i-2] != leaOpcode {
			continue
		}
		at := base + uint64(i)
		to := at + 4 + uint64(int64(int32(binary.LittleEndian.Uint32(text[i:]))))
		if to-lo < hi-lo {
			list = append(list, Naming{at, to})
		}
	}
	return list
}

// ByAddress sorts namings by what they name.
func ByAddress(list []Naming) {
	slices.SortFunc(list, func(a, b Naming) int { return cmp.Or(cmp.Compare(a.To, b.To), cmp.Compare(a.PC, b.PC)) })
}
