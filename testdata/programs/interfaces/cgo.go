//go:build cgo

package main

/*
struct opaque;
*/
import "C"

import "unsafe"

// holdIncomplete holds a pointer to what is never in the heap: the type is not known
// to be of any size.
func holdIncomplete() { hold((*C.struct_opaque)(unsafe.Pointer(&target))) }
