//go:build go1.24

package main

import (
	"fmt"
	"runtime"
	"unique"
	"weak"
)

var (
	weaklings []weak.Pointer[Wide]
	handles   []unique.Handle[string]
)

func cleanups() {
	for i := range nodes {
		runtime.AddCleanup(nodes[i], func(w *Wide) {}, &Wide{})
		runtime.AddCleanup(plains[i], func(n int) {}, i)
	}
}

func weaken() {
	for _, w := range wides {
		weaklings = append(weaklings, weak.Make(w))
	}
	wides = nil
}

func intern() {
	for i := 0; i < many; i++ {
		handles = append(handles, unique.Make(fmt.Sprint("handle ", i)))
	}
	handles = handles[:many/2]
}
