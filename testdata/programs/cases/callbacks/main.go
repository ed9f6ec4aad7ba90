// Callbacks has a bus on which each session registers a closure that nobody removes.
// Right answer: main.events.handlers, a map[string][]func(string), keeps 5,000
// *main.session of 4 KiB by the closures of main.(*session).open: some 20 MiB.
package main

import "goheap/testdata/programs/cases/internal/stand"

type bus struct{ handlers map[string][]func(string) }

var events = &bus{handlers: map[string][]func(string){}}

func (b *bus) on(name string, f func(string)) { b.handlers[name] = append(b.handlers[name], f) }

type session struct {
	id   int
	last string
	data [4064]byte
}

//go:noinline
func (s *session) open() {
	events.on("login", func(who string) { s.last = who })
}

func main() {
	stand.Measured("main.events.handlers", 5000, func() {
		for i := 0; i < 5000; i++ {
			(&session{id: i}).open()
		}
	})
	stand.Ready(nil)
}
