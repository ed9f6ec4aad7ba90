package report

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/heap/heaptest"
)

// workers are goroutines from two go statements, in two states; each has a
// buffer, the even ones share a queue, and all of them a table that a global
// holds too.
func workers() *fake {
	f := &fake{
		RootNodes: []fakeNode{{ID: "main", Kind: "global", Name: "main.table", Type: "*main.T", Addr: 0x500000, To: []fakeEdge{{"", "table"}}}},
		Objects: []fakeNode{
			{ID: "table", Kind: "object", Type: "main.T", Addr: 0xc000100000, Size: 512},
			{ID: "queue", Kind: "object", Type: "main.Q", Addr: 0xc000200000, Size: 1024},
		},
	}
	for i := range 6 {
		id := fmt.Sprint("buf", i)
		f.Objects = append(f.Objects, fakeNode{ID: id, Kind: "object", Type: "[]uint8", Addr: 0xc000300000 + uint64(i)*64, Size: 64})
		g := fakeNode{ID: fmt.Sprint("g", i), Kind: "goroutine", Name: fmt.Sprint("goroutine ", i), To: []fakeEdge{{" · buf", id}, {" · t", "table"}}}
		info := gocore.Goroutine{ID: uint64(i), Node: heap.Node(i + 2), Status: "waiting", WaitReason: "select", WaitNanos: int64(i) * 60e9,
			Func: "main.work", CreatedBy: "main.start", CreatedAt: "/src/main.go:7", StackBytes: 2048}
		frames := []gocore.Frame{{Func: "main.work", File: "/src/work.go", Line: 10}}
		if i%2 == 0 {
			g.To = append(g.To, fakeEdge{" · q", "queue"})
			info.CreatedAt = "/src/main.go:9"
		}
		if i >= 4 {
			info.Status, info.WaitReason, info.WaitNanos = "running", "", -1
		}
		f.RootNodes = append(f.RootNodes, g)
		f.Running = append(f.Running, info)
		f.Stacks = append(f.Stacks, frames)
	}
	return f.Build()
}

// What a group holds exclusively is what dies when all its goroutines do.
func TestGroupsHoldExclusively(t *testing.T) {
	for name, f := range map[string]*fake{"workers": workers(), "blockstore": blockstore()} {
		s := analyse(t, f)
		stacks, err := s.StackGroups(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		creators, err := s.CreatorGroups(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		rows, err := s.Goroutines(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, groups := range [][]StackGroup{stacks, creators} {
			members := 0
			for _, g := range groups {
				var nodes []heap.Node
				for _, m := range g.Members {
					nodes = append(nodes, rows[m].Node)
				}
				members += len(nodes)
				bytes, objects := heaptest.Retained(s.Graph, nodes...)
				if want := (heap.Total{Objects: objects, Bytes: bytes}); g.Exclusive != want || g.Retained > bytes {
					t.Errorf("%s: %d goroutines hold %+v, want %+v; %d each on its own", name, len(nodes), g.Exclusive, want, g.Retained)
				}
			}
			if members != len(rows) {
				t.Errorf("%s: %d goroutines in groups, want %d", name, members, len(rows))
			}
		}
	}
}

func TestCreatorGroups(t *testing.T) {
	s := analyse(t, workers())
	table, err := CreatorTable(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	var got [][]string
	for i := range table.Len() {
		var row []string
		for _, name := range []string{"count", "retained_bytes", "exclusive_bytes", "state", "wait", "created_at"} {
			col := table.Column(name)
			row = append(row, table.Columns[col].Human(table.Cell(i, col)))
		}
		got = append(got, row)
	}
	want := [][]string{
		{"3", "192 B", "1.19 KiB", "2 × select, 1 × running", "<1s to 2m00s", "main.go:9"},
		{"3", "192 B", "192 B", "2 × select, 1 × running", "1m00s to 3m00s", "main.go:7"},
	}
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The line about what is left out of a stack stands where that would be.
func TestStackElided(t *testing.T) {
	s := analyse(t, blockstore())
	s.Disclosure = Shown
	for calls, want := range map[int]string{
		4: "runtime.gopark main.pop main.worker runtime.goexit",
		3: "runtime.gopark main.pop ...1 runtime.goexit",
		1: "runtime.gopark ...3",
		0: "...4",
	} {
		d, err := NewShowDocument(t.Context(), s, []string{"g19"}, Parts{}, Limits{Calls: calls})
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := WriteShow(&b, s, d); err != nil {
			t.Fatal(err)
		}
		_, text, _ := strings.Cut(b.String(), "\nStack\n")
		var got []string
		for _, line := range strings.Split(text, "\n") {
			if word, ok := strings.CutPrefix(line, "  "); ok && word[0] != ' ' {
				word, _, _ = strings.Cut(word, " ")
				got = append(got, word)
			} else if line == "" {
				break
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("with %d calls: %q, want %q", calls, got, want)
		}
	}
}

// Where values are hidden, those of variables and labels are.
func TestStackHidden(t *testing.T) {
	s := analyse(t, blockstore())
	d, err := NewShowDocument(t.Context(), s, []string{"g19"}, Parts{}, DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := errors.Join(WriteShow(&b, s, d), WriteJSON(&b, d)); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"evil", "tenant", "x: 1"} {
		if strings.Contains(b.String(), secret) {
			t.Errorf("%q is printed:\n%s", secret, b.String())
		}
	}
}
