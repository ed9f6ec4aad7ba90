//go:build go1.23

package main

import "unique"

type name struct{ first, last string }

var (
	alice unique.Handle[name]
	gone  []unique.Handle[name]
)

func makeUnique() {
	alice = unique.Make(name{"alice", "a"})
	for i := 0; i < 3; i++ {
		gone = append(gone, unique.Make(name{"bob", string(rune('a' + i))}))
	}
}

func dropUnique() { gone = nil }

func sayUnique() {
	say(Records{Kind: "unique handle", Stage: "set", Type: "main.name", Count: 1})
	say(Records{Kind: "unique handle", Stage: "due", Count: 3})
}
