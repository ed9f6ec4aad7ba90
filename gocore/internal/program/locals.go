package program

import (
	"cmp"
	"slices"

	"goheap/gocore/internal/pclntab"
	"goheap/gocore/internal/symbols"
)

// Call is a call at a pc: of the function itself or of one that was inlined.
type Call = pclntab.InlinedCall

// Locals returns the variables in scope at pc as FuncVars does, arguments first, then
// results, then the others in the order of their declarations.
func (d *Program) Locals(pc, cfa uint64, inCall bool) []symbols.LocalVar {
	list := d.FuncVars(pc, cfa, inCall)
	order := func(v symbols.LocalVar) int {
		switch {
		case v.Param:
			return -2
		case v.Result:
			return -1
		}
		return v.DeclLine
	}
	slices.SortStableFunc(list, func(a, b symbols.LocalVar) int { return cmp.Compare(order(a), order(b)) })
	return list
}

// Composed is the bytes of a variable, which may stand in several places, or in none.
type Composed struct {
	Data    []byte // zero where it is not known
	Known   []bool // for each byte
	Addr    uint64 // where all of it stands together, 0 for nowhere
	Missing bool   // a part of it stands where the file has nothing
	d       *Program
}

// Compose returns the bytes of a variable of size bytes, of which none is known.
func (d *Program) Compose(size uint64) *Composed {
	return &Composed{Data: make([]byte, size), Known: make([]bool, size), d: d}
}

// Set makes the bytes from off on known.
func (c *Composed) Set(off uint64, b []byte) {
	for i := off; i < uint64(len(c.Data)) && i-off < uint64(len(b)); i++ {
		c.Data[i], c.Known[i] = b[i-off], true
	}
}

// InMemory takes size bytes from off on from addr.
func (c *Composed) InMemory(off, addr, size uint64) {
	b, ok := c.d.Image.Mem.Slice(addr, size)
	c.Missing = c.Missing || !ok
	if c.Set(off, b); off == 0 && size >= uint64(len(c.Data)) {
		c.Addr = addr
	}
}

// Number sets size bytes, at most 8, to a number.
func (c *Composed) Number(off, size, value uint64) {
	size = min(size, 8)
	b := make([]byte, 8)
	c.d.Image.Arch.Order().PutUint64(b, value)
	if c.d.Image.Arch.BigEndian {
		b = b[8-size:]
	}
	c.Set(off, b[:size])
}

// Piece takes over what debugging information says of a part. A register is lost
// where the function has called another.
func (c *Composed) Piece(p *symbols.Piece) {
	switch {
	case p.Kind == symbols.InMemory:
		c.InMemory(p.Offset, p.Value, p.Size)
	case p.Kind == symbols.Immediate && p.Bytes != nil:
		c.Set(p.Offset, p.Bytes[:min(p.Size, uint64(len(p.Bytes)))])
	case p.Kind == symbols.Immediate:
		c.Number(p.Offset, p.Size, p.Value)
	}
}

// All reports whether every byte is known, Some whether any is.
func (c *Composed) All() bool  { return !slices.Contains(c.Known, false) }
func (c *Composed) Some() bool { return slices.Contains(c.Known, true) }
