package symbols

import (
	"slices"
	"testing"

	"goheap/gocore/internal/symbols/info"
)

// A part that a list names twice, one behind the other, counts once where the list
// is longer than the variable, as those of Go 1.21 are for an interface and for a
// variadic slice; a list that is too long in another way is refused.
func TestRepeatedPieces(t *testing.T) {
	fbreg := func(off int8) []byte { return []byte{opFbreg, byte(off) & 0x7f, opPiece, 8} }
	reg := func(n byte) []byte { return []byte{opReg0 + n, opPiece, 8} }
	nowhere := []byte{opPiece, 8}
	for _, test := range []struct {
		name string
		expr [][]byte
		size uint64
		want []Piece // nil is an error
	}{
		{"interface", [][]byte{fbreg(-24), fbreg(-32), fbreg(-32)}, 16, []Piece{{InMemory, 0, 8, 0x1000 - 24, nil}, {InMemory, 8, 8, 0x1000 - 32, nil}}},
		{"slice", [][]byte{reg(3), reg(3), reg(2), reg(5)}, 24, []Piece{{InRegister, 0, 8, 3, nil}, {InRegister, 8, 8, 2, nil}, {InRegister, 16, 8, 5, nil}}},
		{"two words in one place", [][]byte{reg(3), reg(3)}, 16, []Piece{{InRegister, 0, 8, 3, nil}, {InRegister, 8, 8, 3, nil}}},
		{"parts that are nowhere", [][]byte{reg(0), nowhere, nowhere}, 16, nil},
		{"more parts", [][]byte{reg(0), reg(1), reg(2)}, 16, nil},
		{"repeated twice too often", [][]byte{reg(0), reg(0), reg(1), reg(1), reg(2)}, 32, nil},
	} {
		ev := evaluator{d: &info.Data{}, u: &info.Unit{AddrSize: 8}, fr: &FrameState{CFA: 0x1000}, fbreg: true}
		got, err := ev.run(slices.Concat(test.expr...), test.size)
		if (err != nil) != (test.want == nil) {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if err == nil && !slices.EqualFunc(got, test.want, func(a, b Piece) bool {
			return a.Kind == b.Kind && a.Offset == b.Offset && a.Size == b.Size && a.Value == b.Value
		}) {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}
