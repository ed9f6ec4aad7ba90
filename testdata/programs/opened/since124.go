//go:build go1.24

package main

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"unique"
	"unsafe"
	"weak"
)

type since struct {
	I32                 atomic.Int32
	I64                 atomic.Int64
	U32                 atomic.Uint32
	U64                 atomic.Uint64
	Uptr                atomic.Uintptr
	Bool, False         atomic.Bool
	Ptr, NilPtr         atomic.Pointer[item]
	PMap                atomic.Pointer[sync.Map]
	Handle              unique.Handle[string]
	Pair                unique.Handle[item]
	Weak, Gone, NilWeak weak.Pointer[item]
	Kept                *item
	Value               func() item
	Without             context.Context
}

func newer() {
	s := &all.Since
	at := func(path ...string) []string { return append([]string{"Since"}, path...) }
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
	s.Handle, s.Pair = unique.Make("unique text"), unique.Make(item{2, "two"})
	say(`"unique text"`, at("Handle", "*")...)
	starts("0x", at("Pair")...).Children = []string{"ID", "Name"}
	say("2", at("Pair", "ID")...)
	s.Kept = &item{3, "kept"}
	s.Weak, s.Gone = weak.Make(s.Kept), weak.Make(&item{4, "gone"})
	say(hex(unsafe.Pointer(s.Kept))+` → {ID: 3, Name: "kept"}`, at("Weak")...).Children = []string{"ID", "Name"}
	say("nil", at("Gone")...).Count = 0
	say("nil", at("NilWeak")...).Count = 0
	s.Value = sync.OnceValue(func() item { return item{5, "computed"} })
	s.Value()
	starts("", at("Value")...)
	s.Without = context.WithoutCancel(withCancel(context.Background()))
	say("(context.withoutCancelCtx) context.Background.WithCancel.WithoutCancel", at("Without")...)
	context.AfterFunc(withCancel(context.Background()), func() {})
	runtime.KeepAlive(s.Kept)
}
