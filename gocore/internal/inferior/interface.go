package inferior

import "goheap/gocore/internal/types"

// DynamicType returns the type of the value in an interface of type typ whose first
// word is given: the address of a descriptor, or of an itab.
func (s *Space) DynamicType(typ *types.Type, word uint64) (types.ID, bool) {
	if !typ.NoMethods {
		word = s.ItabType(word)
	}
	if word == 0 {
		return 0, false
	}
	dyn, ok := s.Types.ByRuntimeType(word)
	if !ok {
		return 0, false
	}
	switch s.Types.Type(dyn).Kind {
	case types.Interface, types.Invalid:
		return 0, false // no value has such a type
	}
	return dyn, true
}

// ItabType returns the address of the descriptor that an itab is for, 0 where it is
// not in the core.
func (s *Space) ItabType(itab uint64) uint64 {
	if itab == 0 {
		return 0
	}
	at := uint64(s.Arch.PtrSize) // the second word, in all versions
	if f := s.Layout.Itab.Type; f.Has() {
		at = f.Offset
	}
	v, _ := s.Mem.Word(itab + at)
	return v
}

// Dynamic returns the dynamic type of the interface of type typ at addr, and where its
// value stands: in the data word itself for what is stored there directly.
func (s *Space) Dynamic(typ *types.Type, addr uint64) (dyn types.ID, at uint64, ok bool) {
	word, ok1 := s.Mem.Word(addr)
	data := addr + uint64(s.Arch.PtrSize)
	at, ok2 := s.Mem.Word(data)
	dyn, ok = s.DynamicType(typ, word)
	if !ok || !ok1 || !ok2 {
		return 0, 0, false
	}
	if s.Types.Direct(dyn) {
		at = data
	}
	return dyn, at, true
}

// DirectWord returns the word of a value that an interface stores directly; nil for
// types of which it stores the address. It is also nil where the collector does not
// follow the word.
func (s *Space) DirectWord(dyn types.ID) *types.Word {
	if !s.Types.Direct(dyn) {
		return nil
	}
	if words := s.Types.Words(dyn); len(words) == 1 && words[0].Offset == 0 {
		return &words[0]
	}
	return nil
}
