//go:build go1.19 && !go1.24

package main

import (
	"sync"
	"sync/atomic"
	"unsafe"
)

type since struct {
	I64     atomic.Int64
	Bool    atomic.Bool
	Ptr, No atomic.Pointer[item]
	PMap    atomic.Pointer[sync.Map]
}

func newer() {
	s := &all.Since
	at := func(path ...string) []string { return append([]string{"Since"}, path...) }
	s.I64.Store(-1 << 40)
	s.Bool.Store(true)
	s.Ptr.Store(&item{1, "one"})
	s.PMap.Store(&sync.Map{})
	s.PMap.Load().Store("k", 1)
	say("-1099511627776", at("I64")...).Count = 0
	say("true", at("Bool")...)
	say(hex(unsafe.Pointer(s.Ptr.Load()))+` → {ID: 1, Name: "one"}`, at("Ptr")...).Children = []string{"ID", "Name"}
	say("nil", at("No")...).Count = 0
	say(hex(unsafe.Pointer(s.PMap.Load()))+` → len 1 {"k": (int) 1}`, at("PMap")...).Children = []string{`["k"]`}
}
