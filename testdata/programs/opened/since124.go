//go:build go1.24

package main

import (
	"unsafe"
	"weak"
)

type since124 struct {
	Weak, Gone, Nil weak.Pointer[item]
	Kept            *item
}

func weaklings() {
	s := &all.Since124
	s.Kept = &item{3, "kept"}
	s.Weak, s.Gone = weak.Make(s.Kept), weak.Make(&item{4, "gone"})
	say(hex(unsafe.Pointer(s.Kept))+` → {ID: 3, Name: "kept"}`, "Since124", "Weak").Children = []string{"ID", "Name"}
	say("nil", "Since124", "Gone").Count = 0
	say("nil", "Since124", "Nil").Count = 0
}
