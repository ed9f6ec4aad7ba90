package gocore

import (
	"context"
	"math"

	"goheap/dump"
)

// items returns the n values of size bytes each that stand at addr, and whether all
// of them are in the file. The number is the file's own word: more than most are not
// even looked for, since putting together what lies in several segments takes
// memory.
func items(mem *dump.Memory, addr, n, size, most uint64) ([]byte, bool) {
	if n > most || size != 0 && n > math.MaxUint64/size {
		return nil, false
	}
	return mem.Slice(addr, n*size)
}

// present reports whether the n bytes at addr are in the file, without putting them
// together.
func present(mem *dump.Memory, addr, n uint64) bool {
	if addr+n < addr {
		return false
	}
	for end := addr + n; addr < end; {
		start, data := mem.Segment(addr)
		if data == nil {
			return false
		}
		addr = start + uint64(len(data))
	}
	return true
}

// lookEvery is how many items of a list are read between looks at the context.
const lookEvery = 1 << 12

// someItems is how many items of a list there may be before its length is believed:
// room for so many is made at once.
const someItems = 1 << 18

// look returns the context's error, which it looks at for some of the numbers i: a
// list may be as long as the file.
func look(ctx context.Context, i int) error {
	if i%lookEvery == 0 {
		return ctx.Err()
	}
	return nil
}
