package program

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"goheap/dump"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
)

// Static is a value in a module's writable data that is no variable: the
// compiler put a composite literal there that a variable points to. The linker
// has no symbol for most of them.
type Static struct {
	Addr, size uint64
	Type       types.ID
	N          uint64 // values of type t
	elements   bool   // it is the array behind a slice
	name       string // the expression that leads to it
}

// FindStatics follows the typed variables of the program through memory outside
// the heap. It needs the modules, and is called before nodes have numbers.
func (d *Program) FindStatics(ctx context.Context) error {
	best, cursor := map[uint64]Static{}, map[typing.Static]uint64{}
	c := d.TypingConfig()
	c.Found = func(f typing.FoundStatic) {
		if i, ok := d.Exe.variableAt(f.Addr); ok && d.Exe.Variables[i].Addr+d.Exe.Bias != f.Addr {
			return // a part of a variable has a name already
		} else if ok && f.Size <= d.Exe.size(d.Exe.Variables[i]) {
			return
		}
		if old, ok := best[f.Addr]; ok && old.size >= f.Size {
			return
		}
		name, ok := d.staticName(f.Addr, f.Within, best, cursor)
		if !ok {
			return
		}
		best[f.Addr] = Static{Addr: f.Addr, size: f.Size, Type: f.Type, N: f.N, elements: f.Elements, name: name}
	}
	t := typing.New(c, nil)
	t.Mem.Ended = func() bool { return ctx.Err() != nil }
	for _, v := range d.Exe.Variables {
		t.WalkStatic(typing.Static{Addr: v.Addr + d.Exe.Bias, Type: v.Type, N: 1})
		if err := t.Drain(ctx, nil); err != nil {
			return err
		}
	}
	d.Problem(dump.Error, t.Mem.Refused, "values of the data sections were not followed: "+typing.Overlap)
	for _, s := range best {
		d.Statics = append(d.Statics, s)
	}
	slices.SortFunc(d.Statics, func(a, b Static) int { return cmp.Compare(a.Addr, b.Addr) })
	return nil
}

// TypingConfig is what typing is told of the program.
func (d *Program) TypingConfig() typing.Config {
	c := typing.Config{Image: d.Image, Types: d.Types, Space: d.Space(), Described: d.Described}
	for _, m := range d.Modules {
		c.Data = append(c.Data, typing.Range{Lo: m.Data, Hi: m.Edata}, typing.Range{Lo: m.BSS, Hi: m.EBSS})
	}
	return c
}

// maxStaticName bounds the names of static values: that of each in a list of them is as
// long as its way. Those far down are data without a name.
const maxStaticName = 1 << 12

// staticName names the value at addr by the word of from that points to it.
// cursor remembers, by holder, where the last one was found.
func (d *Program) staticName(addr uint64, from typing.Static, known map[uint64]Static, cursor map[typing.Static]uint64) (string, bool) {
	var outer string
	several := from.N > 1
	if i, ok := d.Exe.variableAt(from.Addr); ok && d.Exe.Variables[i].Addr+d.Exe.Bias == from.Addr {
		outer = d.Exe.Variables[i].Name
	} else if s, ok := known[from.Addr]; ok {
		outer = s.name
		several = several || s.elements && s.Type == from.Type // a slice of one has an index too
	} else {
		return "", false
	}
	size := d.Types.Type(from.Type).Size
	w := uint64(d.Image.Arch.PtrSize)
	// The words are followed in their order, so that the next one found stands
	// behind the one before, mostly.
	for _, part := range [][2]uint64{{cursor[from], size * from.N}, {0, cursor[from]}} {
		for off := part[0]; off+w <= part[1]; off += w {
			if v, ok := d.Image.Mem.Word(from.Addr + off); !ok || v != addr {
				continue
			}
			cursor[from] = off
			if several {
				outer += fmt.Sprintf("[%d]", off/size)
			}
			path, _, _ := d.Types.FieldPath(from.Type, off%size)
			return outer + path, len(outer)+len(path) <= maxStaticName
		}
	}
	return "", false
}

// StaticRoot describes the static value that covers addr as a root, whether it holds
// anything or not; ok is false where there is none.
func (d *Program) StaticRoot(addr uint64) (r image.Root, ok bool) {
	s, ok := d.staticAt(addr)
	return image.Root{Kind: image.GlobalRoot, Name: s.name, Addr: s.Addr, Size: s.size, Type: s.Type, Count: s.N, Elements: s.elements, Goroutine: -1}, ok
}

// VariableRoot is StaticRoot for package variables.
func (d *Program) VariableRoot(addr uint64) (r image.Root, ok bool) {
	i, ok := d.Exe.variableAt(addr)
	if !ok {
		return r, false
	}
	v := d.Exe.Variables[i]
	return image.Root{Kind: image.GlobalRoot, Name: v.Name, Addr: v.Addr + d.Exe.Bias, Size: d.Exe.size(v), Type: v.Type, Count: 1, Goroutine: -1}, true
}

// staticAt returns the static value that covers addr.
func (d *Program) staticAt(addr uint64) (Static, bool) {
	i, ok := slices.BinarySearchFunc(d.Statics, addr, func(s Static, a uint64) int { return cmp.Compare(s.Addr, a) })
	if !ok {
		i--
	}
	if i < 0 || addr-d.Statics[i].Addr >= d.Statics[i].size {
		return Static{}, false
	}
	return d.Statics[i], true
}
