//go:build go1.23

package main

import "unique"

type since123 struct {
	Handle unique.Handle[string]
	Pair   unique.Handle[item]
}

func handles() {
	s := &all.Since123
	s.Handle, s.Pair = unique.Make("unique text"), unique.Make(item{2, "two"})
	starts("0x", "Since123", "Handle")
	say(`"unique text"`, "Since123", "Handle", "*")
	starts("0x", "Since123", "Pair").Children = []string{"ID", "Name"}
	say("2", "Since123", "Pair", "ID")
}
