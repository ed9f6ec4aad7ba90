// Cgomem is the case cgomem. Source: dgraph-io/dgraph#361, turbolytics/sql-flow#239, golang/go#27600.
// Expected: Go heap under 1 MiB; 100 MiB from C malloc; the report should say that the process has
// ~100 MiB that are not the Go heap's.
package main

/*
#include <stdlib.h>
#include <string.h>
static void *grab(size_t n) { void *p = malloc(n); memset(p, 1, n); return p; }
*/
import "C"
import (
	"fmt"
	"unsafe"

	"goheap/testdata/programs/cases/internal/stand"
)

type Handle struct {
	name string
	p    unsafe.Pointer
}

var handles []*Handle

func main() {
	for i := range 1000 {
		handles = append(handles, &Handle{fmt.Sprint("h", i), C.grab(100 << 10)})
	}
	stand.Ready(nil)
}
