package report

import (
	"fmt"
	"strings"
	"testing"
)

// lastPayload is what the last element of a list has.
const lastPayload = 64 << 10

// chained is a goroutine with a list in one of its variables, each of whose elements has a
// payload, the last one the largest.
func chainedList(elements int) *fake {
	f := blockstore()
	f.Running[0].Func = "main.loop"
	f.RootNodes[3].To = []fakeEdge{{" · ctx", "value0"}}
	for i := range elements {
		size := uint64(2048)
		if i+1 == elements {
			size = lastPayload
		}
		n := fakeNode{ID: fmt.Sprint("value", i), Kind: "object", Type: "context.valueCtx", Addr: 0xc000800000 + uint64(i)*48, Size: 48,
			To: []fakeEdge{{".val.(*main.span)", fmt.Sprint("span", i)}}}
		if i+1 < elements {
			n.To = append(n.To, fakeEdge{".Context.(*context.valueCtx)", fmt.Sprint("value", i+1)})
		}
		f.Objects = append(f.Objects, n,
			fakeNode{ID: fmt.Sprint("span", i), Kind: "object", Type: "main.span", Addr: 0xc000900000 + uint64(i)*2048, Size: size})
	}
	return f.Build()
}

// A goroutine that holds much is told by its variable. A list is one, however much the last
// of its elements holds.
func TestGoroutineByItsVariable(t *testing.T) {
	for _, elements := range []int{12, 100, 1500} {
		s := analyse(t, chainedList(elements))
		found, err := Suspects(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		told := false
		for i := range found {
			f := &found[i]
			if f.Rule != RuleSingle || !strings.HasPrefix(f.Name, "goroutine 17") {
				continue
			}
			told = true
			parts, err := suspectParts(t.Context(), s, f)
			if err != nil {
				t.Fatal(err)
			}
			bytes := uint64(elements)*(48+2048) - 2048 + lastPayload
			want := fmt.Sprintf("goroutine 17 [chan receive] main.worker · ctx: %s (%s), list of %s context.valueCtx: %s in %[3]s × main.span",
				HumanBytes(bytes), HumanPercent(s.Share(bytes)), comma(uint64(elements)), HumanBytes(bytes-uint64(elements)*48))
			if last := parts[len(parts)-1]; last != want {
				t.Errorf("%q, want %q", last, want)
			}
		}
		if !told {
			t.Errorf("a list of %d is not told", elements)
		}
	}
}
