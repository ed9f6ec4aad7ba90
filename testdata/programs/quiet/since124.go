//go:build go1.24

package main

import (
	"fmt"
	"runtime"
	"weak"
)

var weakling weak.Pointer[Account]

func newerSpecials() {
	runtime.AddCleanup(cleaned, func(e *Entry) { fmt.Println(e) }, &Entry{When: 99})
	weakling = weak.Make(cleaned)
}
