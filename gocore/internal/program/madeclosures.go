package program

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"goheap/gocore/internal/code"
	"goheap/gocore/internal/symbols"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
)

// madeClosures says what closures captured by the code that makes them, where debugging
// information does not: it asks runtime.newobject for a structure without a name, whose
// first field is for the address of the closure's code, and writes that there
// (cmd/compile/internal/typecheck, ClosureType; walk/closure.go, walkClosure, Go 1.26).
type madeClosures struct {
	mu    sync.Mutex
	taken []code.Naming // the places where the address of code is taken, by what is taken
	read  bool
	known map[uint64][]symbols.Capture // by the address of the closure's code
}

// maxMakers bounds the functions that are looked at for one closure.
const maxMakers = 16

// captures returns what the closures whose code begins at entry captured, nil where no code
// makes them, or the structures are not one and the same.
func (c *madeClosures) captures(d *Program, entry uint64) []symbols.Capture {
	if !code.Follows(d.Image.Arch.Name) {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.read {
		c.read, c.known = true, map[uint64][]symbols.Capture{}
		for i := range d.Modules {
			m := &d.Modules[i]
			c.taken = Code{d}.Namings(c.taken, m, m.Text, m.Etext, true)
		}
		code.ByAddress(c.taken)
	}
	list, ok := c.known[entry]
	if !ok {
		list = c.find(d, entry)
		c.known[entry] = list
	}
	return slices.Clone(list)
}

// find looks at the functions that take the address of the code.
func (c *madeClosures) find(d *Program, entry uint64) []symbols.Capture {
	k, _ := slices.BinarySearchFunc(c.taken, entry, func(n code.Naming, to uint64) int { return cmp.Compare(n.To, to) })
	looked := map[uint64]bool{}
	found := types.ID(0)
	for ; k < len(c.taken) && c.taken[k].To == entry && len(looked) < maxMakers; k++ {
		fn, ok := d.Function(c.taken[k].PC)
		if !ok || looked[fn.Entry] || fn.End-fn.Entry > maxCode {
			continue
		}
		looked[fn.Entry] = true
		text, ok := d.Image.Mem.Slice(fn.Entry, fn.End-fn.Entry)
		if !ok {
			continue
		}
		f := code.Follow(code.Config{Entry: fn.Entry, Text: text, Callee: Code{d}.Callee, Unknown: code.Callee{Returns: true, Outgoing: MaxOutgoing}, MaxSteps: maxClosureSteps})
		if f == nil {
			continue
		}
		several := false
		f.Uses(code.Visitor{Store: func(s code.Store) {
			if v := f.Origins[s.Value]; s.Off != 0 || v.Kind != code.Static || v.Addr != entry {
				return
			}
			to := Code{d}.Made(f, f.Origins[s.To], func(at uint64) types.ID { id, _ := d.Types.ByRuntimeType(at); return id })
			if to.Form != typing.OneValue || !typing.IsClosure(d.Types, to.Type) {
				return
			}
			several = several || found != 0 && found != to.Type
			found = to.Type
		}})
		if several {
			return nil
		}
	}
	typ := d.Types.Type(found)
	if found == 0 {
		return nil
	}
	var list []symbols.Capture
	for _, f := range typ.Fields[1:] {
		if strings.Contains(d.Types.Type(f.Type).Name, typing.ShapePrefix) {
			continue
		}
		list = append(list, symbols.Capture{Name: f.Name, Offset: f.Offset, Type: f.Type, Sure: true})
	}
	return list
}
