package gocore

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"goheap/dump"
	"goheap/gocore/internal/types"
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
	t := &typer{
		im: d.im, table: d.types, arch: d.im.Arch, modules: d.modules, out: new(typing),
		space: d.space(), static: map[staticValue]bool{}, dynamic: map[uint64]types.ID{}, itabs: map[uint64]types.ID{},
	}
	t.readAnew()
	best, cursor := map[uint64]static{}, map[staticValue]uint64{}
	t.found = func(c claim, size uint64, within staticValue) {
		if i, ok := d.exe.variableAt(c.p); ok && d.exe.variables[i].Addr+d.exe.bias != c.p {
			return // a part of a variable has a name already
		} else if ok && size <= d.exe.size(d.exe.variables[i]) {
			return
		}
		if old, ok := best[c.p]; ok && old.size >= size {
			return
		}
		name, ok := d.staticName(c.p, within, best, cursor)
		if !ok {
			return
		}
		best[c.p] = static{addr: c.p, size: size, t: c.x.id, n: c.n, elements: c.form == manyValues, name: name}
	}
	for _, v := range d.exe.variables {
		t.walkStatic(staticValue{v.Addr + d.exe.bias, v.Type, 1})
		// Nothing is cancelled here: the walk is bounded by the data sections.
		_ = t.drain(context.Background(), nil)
	}
	d.problem(dump.Error, t.mem.Refused, "values of the data sections were not followed: "+overlap)
	for _, s := range best {
		d.statics = append(d.statics, s)
	}
	slices.SortFunc(d.statics, func(a, b static) int { return cmp.Compare(a.addr, b.addr) })
}

// staticName names the value at addr by the word of from that points to it.
// cursor remembers, by holder, where the last one was found.
func (d *program) staticName(addr uint64, from staticValue, known map[uint64]static, cursor map[staticValue]uint64) (string, bool) {
	var outer string
	if i, ok := d.exe.variableAt(from.addr); ok && d.exe.variables[i].Addr+d.exe.bias == from.addr {
		outer = d.exe.variables[i].Name
	} else if s, ok := known[from.addr]; ok {
		outer = s.name
	} else {
		return "", false
	}
	size := d.types.Type(from.t).Size
	w := uint64(d.im.Arch.PtrSize)
	// The words are followed in their order, so that the next one found stands
	// behind the one before, mostly.
	for _, part := range [][2]uint64{{cursor[from], size * from.n}, {0, cursor[from]}} {
		for off := part[0]; off+w <= part[1]; off += w {
			if v, ok := d.im.Mem.Word(from.addr + off); !ok || v != addr {
				continue
			}
			cursor[from] = off
			if from.n > 1 {
				outer += fmt.Sprintf("[%d]", off/size)
			}
			path, _, _ := d.types.FieldPath(from.t, off%size)
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
