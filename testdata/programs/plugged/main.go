// Plugged loads a plugin, extension.so beside it, which holds objects of its own.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"plugin"
	"unsafe"

	"goheap/testdata/programs/internal/ready"
)

type thing struct {
	id   int
	next *thing
}

var own *thing

func main() {
	p, err := plugin.Open(filepath.Join(filepath.Dir(os.Args[0]), "extension.so"))
	var fill plugin.Symbol
	if err == nil {
		fill, err = p.Lookup("Fill")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	own = &thing{next: &thing{id: 1}}
	ready.Say(map[string]string{"case": "kind", "name": "of the program", "addr": ready.Hex(uintptr(unsafe.Pointer(own.next))), "type": "main.thing", "path": "main.own.next"})
	fill.(func())()
	ready.Wait()
}
