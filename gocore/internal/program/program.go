// Package program knows a Go program beside its heap: the executable and its debugging
// information, the modules and plugins, their functions, types and variables, and what
// closures capture. Decoders fill a Program in, from whatever kind of file.
package program

import (
	"fmt"

	"goheap/dump"
	"goheap/gocore/account"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/layout"
	"goheap/gocore/internal/types"
)

// Program is what a decoder fills in, whatever the file: the image, and what the
// program's own tables say.
type Program struct {
	Exe    *Executable
	Layout *layout.Runtime // nil without an executable
	Image  *image.Image

	// NoSpans says that the file has objects alone, and no memory outside of the heap and
	// the data.
	NoSpans bool

	Modules  []Module
	Types    *types.Table
	Statics  []Static // by address
	Sections []Section
	Problems []dump.Problem
	Counters *image.Counters
	Account  *account.Account      // nil where the file says nothing of memory beside the heap
	Profile  map[uint64]image.Site // the memory profile in a heap dump, by the addresses of runtime.bucket; nil for a core

	namer namer

	Classes []uint16 // slot sizes by size class

	// Types known without an executable, by the address of the descriptor and of
	// the itab: those that a heap dump records.
	Described, ItabTypes map[uint64]types.ID
}

// Problem records one line with a count; it does nothing for count 0.
func (d *Program) Problem(s dump.Severity, count int, message string) {
	if count > 0 {
		d.Problems = append(d.Problems, dump.Problem{Severity: s, Message: message, Count: count})
	}
}

// Global returns the address in the core of a variable of the program.
func (d *Program) Global(name string) (uint64, error) {
	sym, ok := d.Exe.File.Symbol(name)
	if !ok {
		return 0, fmt.Errorf("%w: %s has no symbol %s: was it linked with -ldflags=-s? Build it again without", ErrNoDWARF, d.Exe.Path, name)
	}
	return sym.Addr + d.Exe.Bias, nil
}

// LoadLayout finds where the fields of the runtime's structures are.
func (d *Program) LoadLayout() (err error) {
	f := d.Exe.File
	if d.Exe.recorded != nil {
		return bare{d}.loadRecorded()
	}
	if d.Layout, err = layout.Load(f); err != nil {
		return fmt.Errorf("%w: %s was built by %s: %w; goheap is tested with Go 1.%d to 1.%d", ErrVersion, d.Exe.Path, f.GoVersion, err, oldestGo, NewestGo)
	}
	if minor, ok := GoMinor(f.GoVersion); !ok || minor > NewestGo {
		d.Problem(dump.Warning, 1, fmt.Sprintf("the program was built by %s, which is newer than the Go 1.%d that goheap is tested with: see what `goheap check` says", f.GoVersion, NewestGo))
	}
	return nil
}

// LoadTypes makes the program's type descriptors known. It needs the modules.
func (d *Program) LoadTypes() types.Runtime {
	d.Types = d.Exe.File.Types()
	r := types.Runtime{Memory: d.Image.Mem, Layout: types.LayoutOf(d.Exe.File.GoVersion)}
	for i, m := range d.Modules {
		r.Modules = append(r.Modules, types.Module{Types: m.Types, ETypes: m.Etypes, DWARF: i == 0})
	}
	d.Types.SetRuntime(r)
	if d.Exe.recorded != nil {
		types.Describe(d.Types)
	}
	return r
}

// Space is the program's memory for the readers of its containers.
func (d *Program) Space() *inferior.Space {
	l := d.Layout
	if l == nil {
		l = layout.Names()
	}
	return &inferior.Space{Mem: d.Image.Mem, Arch: d.Image.Arch, Types: d.Types, Layout: l, Slot: d.Image.ValuesAt}
}

// maxClasses bounds the small size classes; there are 68 (runtime/sizeclasses.go).
const maxClasses = 1 << 10

// ClassSizes returns the slot size of each small size class
// (internal/runtime/gc.SizeClassToSize; before Go 1.25 runtime.class_to_size).
func (d *Program) ClassSizes() []uint16 {
	for _, name := range []string{"internal/runtime/gc.SizeClassToSize", "runtime.class_to_size"} {
		sym, ok := d.Exe.File.Symbol(name)
		if !ok {
			continue
		}
		// There are as many sizes of 2 bytes as counters of 8.
		n := min(sym.Size/2, uint64(d.Layout.HeapStats.SmallAllocCount.Size)/8)
		if b, ok := d.Image.Mem.Items(sym.Addr+d.Exe.Bias, n, 2, maxClasses); ok {
			sizes := make([]uint16, n)
			for i := range sizes {
				sizes[i] = d.Image.Arch.Order().Uint16(b[2*i:])
			}
			return sizes
		}
	}
	d.Problem(dump.Warning, 1, "the table of size classes is not in the executable: allocated bytes cannot be checked")
	return nil
}
