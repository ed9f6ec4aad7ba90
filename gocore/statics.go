package gocore

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"goheap/dump"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
)

// static is a value in a module's writable data that is no variable: the
// compiler put a composite literal there that a variable points to. The linker
// has no symbol for most of them.
type static struct {
	addr, size uint64
	t          types.ID
	n          uint64 // values of type t
	elements   bool   // it is the array behind a slice
	name       string // the expression that leads to it
}

// findStatics follows the typed variables of the program through memory outside
// the heap. It needs the modules, and is called before nodes have numbers.
func (d *program) findStatics() {
	best, cursor := map[uint64]static{}, map[typing.Static]uint64{}
	c := d.typing()
	c.Found = func(f typing.FoundStatic) {
		if i, ok := d.exe.variableAt(f.Addr); ok && d.exe.variables[i].Addr+d.exe.bias != f.Addr {
			return // a part of a variable has a name already
		} else if ok && f.Size <= d.exe.size(d.exe.variables[i]) {
			return
		}
		if old, ok := best[f.Addr]; ok && old.size >= f.Size {
			return
		}
		name, ok := d.staticName(f.Addr, f.Within, best, cursor)
		if !ok {
			return
		}
		best[f.Addr] = static{addr: f.Addr, size: f.Size, t: f.Type, n: f.N, elements: f.Elements, name: name}
	}
	t := typing.New(c, nil)
	for _, v := range d.exe.variables {
		t.WalkStatic(typing.Static{Addr: v.Addr + d.exe.bias, Type: v.Type, N: 1})
		// Nothing is cancelled here: the walk is bounded by the data sections.
		_ = t.Drain(context.Background(), nil)
	}
	d.problem(dump.Error, t.Mem.Refused, "values of the data sections were not followed: "+overlap)
	for _, s := range best {
		d.statics = append(d.statics, s)
	}
	slices.SortFunc(d.statics, func(a, b static) int { return cmp.Compare(a.addr, b.addr) })
}

// typing is what typing is told of the program.
func (d *program) typing() typing.Config {
	c := typing.Config{Image: d.im, Types: d.types, Space: d.space(), Described: d.described}
	for _, m := range d.modules {
		c.Data = append(c.Data, typing.Range{Lo: m.data, Hi: m.edata}, typing.Range{Lo: m.bss, Hi: m.ebss})
	}
	return c
}

// staticName names the value at addr by the word of from that points to it.
// cursor remembers, by holder, where the last one was found.
func (d *program) staticName(addr uint64, from typing.Static, known map[uint64]static, cursor map[typing.Static]uint64) (string, bool) {
	var outer string
	if i, ok := d.exe.variableAt(from.Addr); ok && d.exe.variables[i].Addr+d.exe.bias == from.Addr {
		outer = d.exe.variables[i].Name
	} else if s, ok := known[from.Addr]; ok {
		outer = s.name
	} else {
		return "", false
	}
	size := d.types.Type(from.Type).Size
	w := uint64(d.im.Arch.PtrSize)
	// The words are followed in their order, so that the next one found stands
	// behind the one before, mostly.
	for _, part := range [][2]uint64{{cursor[from], size * from.N}, {0, cursor[from]}} {
		for off := part[0]; off+w <= part[1]; off += w {
			if v, ok := d.im.Mem.Word(from.Addr + off); !ok || v != addr {
				continue
			}
			cursor[from] = off
			if from.N > 1 {
				outer += fmt.Sprintf("[%d]", off/size)
			}
			path, _, _ := d.types.FieldPath(from.Type, off%size)
			return outer + path, true
		}
	}
	return "", false
}

// staticAt returns the static value that covers addr.
func (d *program) staticAt(addr uint64) (static, bool) {
	i, ok := slices.BinarySearchFunc(d.statics, addr, func(s static, a uint64) int { return cmp.Compare(s.addr, a) })
	if !ok {
		i--
	}
	if i < 0 || addr-d.statics[i].addr >= d.statics[i].size {
		return static{}, false
	}
	return d.statics[i], true
}
