package program

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

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

// Initially stands behind the name of data that the variable led to as the program was
// linked, and nothing leads to from variables any more.
const Initially = " (initially)"

// FindStatics follows the typed variables of the program through memory outside
// the heap, and then through the data that the linker wrote there: what a variable led to
// at first stays in the data when it is replaced, with all that it holds. It needs the
// modules, and is called before nodes have numbers.
func (d *Program) FindStatics(ctx context.Context) error {
	f := &staticFinder{Program: d, found: map[uint64]Static{}}
	if err := f.follow(ctx, d.Image, ""); err != nil {
		return err
	}
	if mem := linked(d); mem != nil {
		im := *d.Image
		im.Mem = mem
		if err := f.follow(ctx, &im, Initially); err != nil {
			return err
		}
	}
	for _, s := range f.found {
		d.Statics = append(d.Statics, s)
	}
	slices.SortFunc(d.Statics, func(a, b Static) int { return cmp.Compare(a.Addr, b.Addr) })
	// What a variable leads to today has its name of today.
	for i := len(d.Statics) - 2; i >= 0; i-- {
		s, next := &d.Statics[i], d.Statics[i+1]
		size := d.Types.Type(s.Type).Size
		if n := next.Addr - s.Addr; s.elements && size > 0 && strings.HasSuffix(s.name, Initially) && !strings.HasSuffix(next.name, Initially) && next.Type == s.Type && n < s.size {
			s.N = n / size
			s.size = s.N * size
		}
	}
	return nil
}

// staticFinder keeps the static values that were found so far.
type staticFinder struct {
	*Program
	found map[uint64]Static
}

// follow adds the values that variables lead to in the memory of im to those that were
// found, with names that end with a mark.
func (d *staticFinder) follow(ctx context.Context, im *image.Image, mark string) error {
	cursor := map[typing.Static]uint64{}
	c := d.TypingConfig()
	space := *c.Space
	space.Mem = im.Mem
	c.Image, c.Space = im, &space
	c.Found = func(f typing.FoundStatic) {
		if i, ok := d.Exe.variableAt(f.Addr); ok && d.Exe.Variables[i].Addr+d.Exe.Bias != f.Addr {
			return // a part of a variable has a name already
		} else if ok && f.Size <= d.Exe.size(d.Exe.Variables[i]) {
			return
		}
		if old, ok := d.found[f.Addr]; ok && (old.size >= f.Size || strings.HasSuffix(old.name, Initially) != (mark != "")) {
			return
		}
		name, ok := d.name(im, f.Addr, f.Within, cursor)
		if !ok {
			return
		}
		d.found[f.Addr] = Static{Addr: f.Addr, size: f.Size, Type: f.Type, N: f.N, elements: f.Elements, name: name + mark}
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
	return nil
}

// linked is the memory of the executable as the loader makes it, nil where there is none.
func linked(d *Program) *dump.Memory {
	blocks := append(d.Exe.Blocks(d.Image.Arch), d.Exe.initialData(d.Image.Arch)...)
	if len(blocks) == 0 {
		return nil
	}
	m := d.Image.Mem
	return dump.NewMemory(m.Machine(), m.Order(), m.PtrSize(), blocks)
}

// TypingConfig is what typing is told of the program.
func (d *Program) TypingConfig() typing.Config {
	c := typing.Config{Image: d.Image, Types: d.Types, Space: d.Space(), Described: d.Described, Complete: WithoutDebugging(d)}
	for _, m := range d.Modules {
		c.Data = append(c.Data, typing.Range{Lo: m.Data, Hi: m.Edata}, typing.Range{Lo: m.BSS, Hi: m.EBSS})
	}
	return c
}

// maxStaticName bounds the names of static values: that of each in a list of them is as
// long as its way. Those far down are data without a name.
const maxStaticName = 1 << 12

// name names the value at addr by the word of from that points to it in the memory of im.
// cursor remembers, by holder, where the last one was found.
func (d *staticFinder) name(im *image.Image, addr uint64, from typing.Static, cursor map[typing.Static]uint64) (string, bool) {
	var outer string
	several := from.N > 1
	if i, ok := d.Exe.variableAt(from.Addr); ok && d.Exe.Variables[i].Addr+d.Exe.Bias == from.Addr {
		outer = d.Exe.Variables[i].Name
	} else if s, ok := d.found[from.Addr]; ok {
		outer = strings.TrimSuffix(s.name, Initially)
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
			if v, ok := im.Mem.Word(from.Addr + off); !ok || v != addr {
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

// maxOverlapping is how many static values before an address are looked at: one may be a
// part of another.
const maxOverlapping = 8

// staticAt returns the static value that covers addr.
func (d *Program) staticAt(addr uint64) (Static, bool) {
	i, ok := slices.BinarySearchFunc(d.Statics, addr, func(s Static, a uint64) int { return cmp.Compare(s.Addr, a) })
	if !ok {
		i--
	}
	for n := 0; i >= 0 && n < maxOverlapping; i, n = i-1, n+1 {
		if addr-d.Statics[i].Addr < d.Statics[i].size {
			return d.Statics[i], true
		}
	}
	return Static{}, false
}

// StaticNamed finds a static value that has a name of its own: what a variable led to at
// first.
func (d *Program) StaticNamed(name string) (image.Root, bool) {
	if !strings.HasSuffix(name, Initially) {
		return image.Root{}, false
	}
	i := slices.IndexFunc(d.Statics, func(s Static) bool { return s.name == name })
	if i < 0 {
		return image.Root{}, false
	}
	return d.StaticRoot(d.Statics[i].Addr)
}
