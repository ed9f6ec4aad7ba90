package frames

import (
	"slices"

	"goheap/gocore/internal/unwind"
)

// UnnamedValue is a value in words of a frame that are no variable's: one pointer that
// nothing is known of but what it leads to, where Type is 0.
type UnnamedValue struct {
	StoredValue
	// At is the first word of it that the collector follows, and is no variable's.
	At uint64
	// Data is the value as far as Known says, zero elsewhere: nil where IsMade.
	Data  []byte
	Known []bool
}

// Unnamed returns those words of a frame that the collector follows and that are no
// variable's, with what its code says of them. words are the live ones of the stack.
func (c *StoredReader) Unnamed(fr *unwind.Frame, words []unwind.Slot) []UnnamedValue {
	p := c.p
	var list []UnnamedValue
	vars, cfa := p.In(fr, words), fr.CFA()
	unnamed := map[uint64]bool{}
	from, _ := slices.BinarySearchFunc(words, fr.SP, compareSlot)
	for _, w := range words[from:] {
		if w.Addr >= fr.ArgP+maxFrame || w.Frame > fr.Index {
			break
		}
		if w.Frame == fr.Index && !w.Conservative && !slices.ContainsFunc(vars, func(v Var) bool { _, in := v.find(w.Addr, cfa); return in }) {
			unnamed[w.Addr] = true
		}
	}
	if len(unnamed) == 0 {
		return nil
	}
	for _, v := range c.Values(fr, words) {
		u := UnnamedValue{StoredValue: v}
		for _, w := range v.Words {
			if unnamed[w.Addr] && (u.At == 0 || w.Addr < u.At) {
				u.At = w.Addr
			}
		}
		size := p.program.Types.Type(v.Type).Size
		if u.At == 0 || !v.IsMade && size > MaxParted {
			continue
		}
		if !v.IsMade {
			u.Data, u.Known = make([]byte, size), make([]bool, size)
			for _, w := range v.Words {
				if w.Off < size && !(w.Doubt && !unwind.LiveWord(words, w.Addr)) {
					n := min(uint64(p.image.Arch.PtrSize), size-w.Off)
					if b, ok := p.image.Mem.Slice(w.Addr, n); ok {
						copy(u.Data[w.Off:], b)
						copy(u.Known[w.Off:], slices.Repeat([]bool{true}, int(n)))
					}
				}
			}
		}
		for _, w := range v.Words {
			delete(unnamed, w.Addr)
		}
		list = append(list, u)
	}
	for at := range unnamed {
		list = append(list, UnnamedValue{At: at})
	}
	slices.SortFunc(list, func(a, b UnnamedValue) int { return compareSlot(unwind.Slot{Addr: a.At}, b.At) })
	return list
}
