//go:build go1.24

package main

import (
	"fmt"
	"runtime"
	"unique"
	"weak"
)

var (
	handle   unique.Handle[string]
	weakling weak.Pointer[Account]
)

func newerSpecials() {
	handle = unique.Make(fmt.Sprintf("canonical %d", len(words)))
	runtime.AddCleanup(cleaned, func(e *Entry) { fmt.Println(e) }, &Entry{When: 99})
	weakling = weak.Make(cleaned)
}
