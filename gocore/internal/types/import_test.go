package types_test

import (
	"testing"

	"goheap/gocore/internal/symbols"
	"goheap/gocore/internal/types"
)

// A type that a table takes over from another has the same name, kind and size, and
// so do its parts; one of a program that it shares nothing with is not made up.
func TestImport(t *testing.T) {
	open := func(b build) *types.Table {
		f, err := symbols.Open(kinds.path(t, b))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f.Types()
	}
	from, to := open(builds[0]), open(builds[1])
	var same func(a, b types.ID, depth int) bool
	same = func(a, b types.ID, depth int) bool {
		x, y := from.Type(a), to.Type(b)
		if x.Name != y.Name || x.Kind != y.Kind || x.Size != y.Size || len(x.Fields) != len(y.Fields) {
			return false
		}
		if depth == 0 {
			return true
		}
		if x.Elem != 0 && x.Kind != types.Map && x.Kind != types.Chan && !same(x.Elem, y.Elem, depth-1) {
			return false
		}
		for i := range x.Fields {
			if x.Fields[i].Name != y.Fields[i].Name || x.Fields[i].Offset != y.Fields[i].Offset || !same(x.Fields[i].Type, y.Fields[i].Type, depth-1) {
				return false
			}
		}
		return true
	}
	taken, unknown := 0, 0
	for _, id := range from.All() {
		switch own := to.Import(from, id); {
		case own == 0:
			unknown++
		case !same(id, own, 2):
			t.Errorf("%s became %s", from.Type(id).Name, to.Type(own).Name)
		default:
			taken++
			if again := to.Import(from, id); again != own {
				t.Errorf("%s is %d, and %d the next time", from.Type(id).Name, own, again)
			}
		}
	}
	t.Logf("%d types are taken over, %d are unknown", taken, unknown)
	if taken < 1000 || unknown > taken/10 {
		t.Errorf("%d types are taken over, %d are unknown", taken, unknown)
	}
	// A pointer that the other program does not have is made of what it has.
	pointer, ok := from.Lookup("*runtime.mspan")
	if !ok || to.Import(from, pointer) == 0 {
		t.Error("*runtime.mspan is not taken over")
	}
	if id := to.Import(from, 0); id != 0 {
		t.Errorf("no type became %s", to.Type(id).Name)
	}
}
