package frames

import (
	"slices"

	"goheap/gocore/internal/symbols"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
	"goheap/gocore/internal/unwind"
)

// Unplaced calls f for each of the words, which are in the order of their goroutines, that
// is in a frame and in none of its variables that have a place: with what it holds, and
// the types that the pointers among the other variables of the frame point to, in the
// order of their declarations. The types are valid until f returns.
func (p *Reader) Unplaced(list []typing.StackWord, f func(word uint64, may []types.ID)) {
	may := map[Place][]types.ID{}
	var frames []unwind.Frame
	var words []unwind.Slot
	for i, s := range list {
		if i == 0 || s.Goroutine != list[i-1].Goroutine {
			frames, words = p.Walk(s.Goroutine)
		}
		k, ok := slices.BinarySearchFunc(words, s.Addr, func(w unwind.Slot, addr uint64) int {
			if w.Addr < addr {
				return -1
			}
			return min(int(w.Addr-addr), 1)
		})
		if !ok || words[k].Frame < 0 || int(words[k].Frame) >= len(frames) {
			continue
		}
		fr := &frames[words[k].Frame]
		if slices.ContainsFunc(p.In(fr, words), func(v Var) bool { _, in := v.find(s.Addr, fr.CFA()); return in }) {
			continue
		}
		at := PlaceOf(fr)
		if _, ok := may[at]; !ok {
			may[at] = p.unplacedAt(at)
		}
		if v, ok := p.image.Mem.Word(s.Addr); ok && len(may[at]) > 0 {
			f(v, may[at])
		}
	}
}

// unplacedAt returns what the pointers among the variables at a place of the code point to
// that are nowhere in memory there.
func (p *Reader) unplacedAt(at Place) []types.ID {
	var may []types.ID
	for _, l := range p.program.FuncVars(at.PC, cfaOrigin, at.InCall) {
		typ := p.program.Types.Type(l.Type)
		placed := slices.ContainsFunc(l.Pieces, func(x symbols.Piece) bool { return x.Kind == symbols.InMemory })
		if !placed && l.Problem == nil && l.Dict == 0 && typ.Kind == types.Pointer && !slices.Contains(may, typ.Elem) {
			may = append(may, typ.Elem)
		}
	}
	return may
}
