package heapdump

import (
	"strings"

	"goheap/gocore/internal/program"
	"goheap/gocore/internal/types"
)

// Without the executable, what is known of types are the records of those that
// itabs are for: name and size. Malloc headers name them, and interfaces do, for
// values that are not pointers themselves.

// recordedTypes makes types of the records, by the addresses of their descriptors.
// What a type has inside is not known.
func (d *decoder) recordedTypes() {
	d.Types = d.Exe.File.Types()
	d.Described = map[uint64]types.ID{}
	w := uint64(d.Image.Arch.PtrSize)
	for _, t := range d.typeNames {
		// A value of one word may be a pointer, which an interface holds as it is:
		// what it leads to has another type. Types without a name of their own but
		// with methods have the name of a package alone (runtime/heapdump.go,
		// dumptype).
		if t.size <= w || strings.HasSuffix(t.name, ".") || d.Described[t.addr] != 0 {
			continue
		}
		d.Described[t.addr] = d.Types.NewStruct(t.name, program.PackageOf(t.name), t.size, nil)
	}
	d.ItabTypes = map[uint64]types.ID{}
	for itab, typ := range d.itabs {
		if id := d.Described[typ]; id != 0 {
			d.ItabTypes[itab] = id
		}
	}
}
