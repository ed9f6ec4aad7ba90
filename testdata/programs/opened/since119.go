//go:build go1.19

package main

import (
	"sync"
	"sync/atomic"
	"unsafe"
)

type since119 struct {
	I32         atomic.Int32
	I64         atomic.Int64
	U32         atomic.Uint32
	U64         atomic.Uint64
	Uptr        atomic.Uintptr
	Bool, False atomic.Bool
	Ptr, NilPtr atomic.Pointer[item]
	PMap        atomic.Pointer[sync.Map]
}

func atomics() {
	s := &all.Since119
	at := func(path ...string) []string { return append([]string{"Since119"}, path...) }
	s.I32.Store(-1)
	s.I64.Store(-1 << 40)
	s.U32.Store(1 << 31)
	s.U64.Store(1 << 63)
	s.Uptr.Store(0xabc)
	s.Bool.Store(true)
	say("-1", at("I32")...).Count = 0
	say("-1099511627776", at("I64")...)
	say("2147483648", at("U32")...)
	say("9223372036854775808", at("U64")...)
	say("0xabc", at("Uptr")...)
	say("true", at("Bool")...)
	say("false", at("False")...)
	s.Ptr.Store(&item{1, "one"})
	say(hex(unsafe.Pointer(s.Ptr.Load()))+` → {ID: 1, Name: "one"}`, at("Ptr")...).Children = []string{"ID", "Name"}
	say("nil", at("NilPtr")...).Count = 0
	s.PMap.Store(&sync.Map{})
	s.PMap.Load().Store("k", 1)
	say(hex(unsafe.Pointer(s.PMap.Load()))+` → len 1 {"k": (int) 1}`, at("PMap")...).Children = []string{`["k"]`}
}
