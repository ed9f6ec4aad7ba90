// Package flat allocates large arrays of integers outside the Go heap.
//
// The arrays of a heap graph hold hundreds of megabytes, have no pointers and
// are needed until the file is closed. On the Go heap they would double the
// garbage collector's pacing, and touching them for the first time in 4 KiB
// pages takes longer than filling them: here they come from anonymous mappings
// that ask for huge pages.
package flat

import "unsafe"

// small is the size in bytes below which an array stays on the Go heap.
const small = 1 << 18

// Make returns n zero elements of T, which must not contain pointers. The
// memory that is never touched costs nothing. The caller hands the slice, with
// its full length, to Free when it is done; appending to it is a mistake.
func Make[T any](n int) []T {
	size := n * int(unsafe.Sizeof(*new(T)))
	if size < small {
		return make([]T, n)
	}
	b := reserve(size)
	if b == nil {
		return make([]T, n)
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n)
}

// Free returns a slice that Make made, cut or not at its end; nil is allowed.
// Nothing may use the array afterwards.
func Free[T any](s []T) {
	size := cap(s) * int(unsafe.Sizeof(*new(T)))
	if size < small {
		return
	}
	release(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), size))
}
