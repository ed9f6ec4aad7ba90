package types

import "slices"

// Method is a method of a type as the type's descriptor has it: exported, or of an
// interface that the program uses (internal/abi/type.go, UncommonType and Method, Go 1.26).
type Method struct {
	Name     string
	Receiver ID
	// Type is the address of the descriptor of its type, which lacks the receiver.
	Type uint64
	// Code is where the function begins that takes the receiver itself, from the start of
	// the code of Module.
	Code   uint64
	Module int
}

// Sizes and places in a descriptor's list of methods.
const (
	methodSize  = 16
	methodCount = 4 // of a uint16, in the UncommonType
	methodsAt   = 8 // of a uint32
)

// EachMethod calls f with the methods of the types that Describe has found. Those that the
// linker has left out have no code. The lists lie among the descriptors, without sharing a
// byte: those of more methods than fit there are no lists, and it ends.
func EachMethod(t *Table, f func(Method)) {
	if t.described == nil {
		return
	}
	room := uint64(0)
	for _, known := range t.runtime.known {
		room += uint64(len(known)) * uint64(t.Arch.PtrSize)
	}
	for _, id := range t.described.all {
		addr := t.Type(id).descriptor
		h, ok := t.readHeader(addr)
		at := t.tail(h.kind)
		if addr == 0 || !ok || h.tflag&tflagUncommon == 0 || at == 0 {
			continue
		}
		module := t.runtime.module(addr)
		b, ok := t.read(addr, at, uncommonSize)
		if !ok || module < 0 {
			continue
		}
		order := t.Arch.Order()
		n, off := uint64(order.Uint16(b[methodCount:])), uint64(order.Uint32(b[methodsAt:]))
		if n*methodSize > room {
			return
		}
		room -= n * methodSize
		list, ok := t.read(addr, at+off, n*methodSize)
		for ; ok && n > 0; n, list = n-1, list[methodSize:] {
			m := Method{Receiver: id, Module: module}
			typ, code := int32(order.Uint32(list[4:])), int32(order.Uint32(list[12:]))
			if typ <= 0 || code <= 0 {
				continue
			}
			if m.Name, ok = t.nameAt(addr, int32(order.Uint32(list))); !ok {
				break
			}
			m.Type, m.Code = t.runtime.Modules[module].Types+uint64(typ), uint64(code)
			f(m)
		}
	}
}

// FuncTypes returns the types of the parameters and results that the descriptor of a func
// type at addr has, and whether there is one.
func FuncTypes(t *Table, addr uint64) (params, results []ID, ok bool) {
	h, ok := t.readHeader(addr)
	b, ok2 := t.read(addr, t.headerSize(), 4)
	if !ok || !ok2 || h.kind != Func {
		return nil, nil, false
	}
	in, out := uint64(t.Arch.Order().Uint16(b)), uint64(t.Arch.Order().Uint16(b[2:])&^variadic)
	at, word := t.tail(Func), uint64(t.Arch.PtrSize)
	if h.tflag&tflagUncommon != 0 {
		at += uncommonSize
	}
	var list []ID
	for i := range in + out {
		p, ok := t.word(addr, at+i*word)
		id, known := t.ByRuntimeType(p)
		if !ok || !known {
			return nil, nil, false
		}
		list = append(list, id)
	}
	return slices.Clip(list[:in]), list[in:], true
}
