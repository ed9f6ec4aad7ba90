// Appstruct is the case appstruct. Source: the usual server: all state below one global *App (kubernetes, traefik, caddy, nats).
// Expected: main.app holds everything; three leaks below it: sessions ~40 %, audit ~35 %, cache.entries ~25 %. A report must name all three.
package main

import (
	"fmt"

	"goheap/testdata/programs/cases/internal/stand"
)

type Session struct {
	id   int
	data [1000]byte
}
type Cache struct {
	hits    int
	entries map[string][]byte
}
type App struct {
	name     string
	sessions map[int]*Session
	audit    []string
	cache    *Cache
}

var app *App

func main() {
	app = &App{name: "app", sessions: map[int]*Session{}, cache: &Cache{entries: map[string][]byte{}}}
	stand.Measured("main.app.sessions", 20000, func() {
		for i := range 20000 {
			app.sessions[i] = &Session{id: i}
		}
	})
	stand.Measured("main.app.audit", 60000, func() {
		for i := range 60000 {
			app.audit = append(app.audit, fmt.Sprintf("%0300d", i))
		}
	})
	stand.Measured("main.app.cache.entries", 12000, func() {
		for i := range 12000 {
			app.cache.entries[fmt.Sprint(i)] = make([]byte, 1000)
		}
	})
	stand.Ready(nil)
}
