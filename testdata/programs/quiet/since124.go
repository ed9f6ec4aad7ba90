//go:build go1.24

package main

import (
	"fmt"
	"runtime"
	"weak"
)

var weakling weak.Pointer[Account]

// cleanups is how many cleanups get an Entry, by a pointer in an object of its own.
const cleanups = 1

func newerSpecials() {
	runtime.AddCleanup(cleaned, func(e *Entry) { fmt.Println(e) }, &Entry{When: 99})
	weakling = weak.Make(cleaned)
}
