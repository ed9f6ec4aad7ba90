package said

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"goheap/heap"
)

// Holds is a line that says how many objects of a type a program holds.
type Holds struct {
	Type    string
	Objects int
}

// CompareHolds compares the live objects of the types that the program declares,
// and of arrays behind slices of them, with what it says that it holds, and returns
// a sentence for each type of which there are more or fewer.
func (p *Process) CompareHolds() ([]string, error) {
	lines, err := Decode[Holds](p.Lines, "holds")
	if err != nil {
		return nil, err
	}
	want := map[string]int{}
	for _, l := range lines {
		want[l.Type] = l.Objects
	}
	got := p.OwnTypes()
	names := maps.Clone(want)
	maps.Copy(names, got)
	var wrong []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if got[name] != want[name] {
			wrong = append(wrong, fmt.Sprintf("%d × %s, not %d", got[name], name, want[name]))
		}
	}
	return wrong, nil
}

// OwnTypes counts the live objects of the types that package main declares, and of
// arrays behind slices of them.
func (p *Process) OwnTypes() map[string]int {
	byID := map[heap.TypeID]int{}
	for _, id := range p.TypeIDs() {
		if id != 0 {
			byID[id]++
		}
	}
	own := map[string]int{}
	for id, n := range byID {
		name := p.TypeInfo(id).Name
		if strings.HasPrefix(strings.TrimLeft(name, "[]*"), "main.") && !strings.Contains(name, "(") {
			own[name] += n
		}
	}
	return own
}
