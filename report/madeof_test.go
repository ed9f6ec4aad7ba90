package report

import (
	"fmt"
	"strings"
	"testing"
)

// sharing is goroutines of which each leads to its own job and to that of the next one, as
// a record of those that wait may: no job is one goroutine's alone. Each job is in a map's
// group, and has an answer.
func sharing(goroutines int) *fake {
	f := blockstore()
	for i := range 3 {
		f.RootNodes[3+i].To = nil
	}
	for i := range goroutines {
		next := (i + 1) % goroutines
		root := &f.RootNodes[3+i]
		root.To = []fakeEdge{{" · job", fmt.Sprint("group", i)}, {" · record", fmt.Sprint("group", next)}}
		f.Objects = append(f.Objects,
			fakeNode{ID: fmt.Sprint("group", i), Kind: "object", Type: "[]map.group[int,*main.job]", Addr: 0xc000800000 + uint64(i)*512, Size: 512, To: []fakeEdge{{"[1]", fmt.Sprint("job", i)}}},
			fakeNode{ID: fmt.Sprint("job", i), Kind: "object", Type: "main.job", Addr: 0xc000900000 + uint64(i)*256, Size: 256, To: []fakeEdge{{".answer", fmt.Sprint("answer", i)}}},
			fakeNode{ID: fmt.Sprint("answer", i), Kind: "object", Type: "[]uint8", Addr: 0xc000a00000 + uint64(i)*16384, Size: 16384},
		)
	}
	return f.Build()
}

// What several goroutines of a class hold together is told with what they hold alone: all
// that goes with them is somewhere in the parts.
func TestMadeOfWhatIsHeldTogether(t *testing.T) {
	f := sharing(3)
	s := analyse(t, f)
	found, err := Suspects(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for i := range found {
		sus := &found[i]
		if sus.Rule != RuleClass {
			continue
		}
		set, err := s.RetainedSet(t.Context(), sus.Members)
		if err != nil || set.Retained != sus.Retained || set.Retained != 3*(512+256+16384) {
			t.Fatalf("%d bytes, as a set %+v, %v", sus.Retained, set, err)
		}
		parts, err := suspectParts(t.Context(), s, sus)
		if err != nil {
			t.Fatal(err)
		}
		if text := strings.Join(parts, "\n"); !strings.HasSuffix(text, "48.8 KiB in 3 × main.job, of that 48.0 KiB in 3 × []uint8") {
			t.Errorf("%s", text)
		}
		return
	}
	t.Fatal("the goroutines are no suspect")
}
