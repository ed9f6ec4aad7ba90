package report

import (
	"math/rand/v2"
	"slices"
	"testing"

	"goheap/heap"
)

// membersFrom searches from some nodes by itself for members, and goes through none of
// without.
func membersFrom(s *Snapshot, members map[heap.Node]bool, from []heap.Node, without map[heap.Node]bool) (t heap.Total) {
	seen := map[heap.Node]bool{}
	todo := slices.Clone(from)
	for len(todo) > 0 {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[n] || without[n] {
			continue
		}
		if seen[n] = true; members[n] {
			t.Objects++
			t.Bytes += s.Graph.Size(n)
		}
		todo = append(todo, s.Graph.Targets(n)...)
	}
	return t
}

// On random programs: the rows of each level are all pointers that go on to members and do
// not come back, no two of one name and type, and lead to what a search from them finds.
func TestWaysOfMany(t *testing.T) {
	r := rand.New(rand.NewPCG(91, 92))
	several := 0
	for i := range 120 {
		s := analyse(t, randomProgram(r, 2+i/10, 3+i/5))
		members := map[heap.Node]bool{}
		var asked []heap.Node
		for n := range s.Graph.Len() {
			if n := heap.Node(n); !s.Graph.IsRoot(n) && n != heap.SuperRoot && s.Dominators.Live(n) && r.IntN(3) == 0 {
				members[n] = true
				asked = append(asked, n)
			}
		}
		w, err := WaysTo(t.Context(), s, asked)
		if err != nil {
			t.Fatal(err)
		}
		passed := map[heap.Node]bool{}
		next := s.Graph.Targets(heap.SuperRoot)
		var of *Way
		for depth := 0; depth < 6; depth++ {
			rows, err := w.Level(t.Context(), of)
			if err != nil {
				t.Fatal(err)
			}
			want := map[heap.Node]bool{}
			for _, n := range next {
				if !passed[n] && membersFrom(s, members, []heap.Node{n}, nil).Objects > 0 {
					want[n] = true
				}
			}
			got := map[heap.Node]bool{}
			names := map[[2]string]bool{}
			sum := uint64(0)
			for k, row := range rows {
				for _, n := range row.Nodes {
					got[n] = true
				}
				if name := [2]string{row.Word, row.Type}; of != nil && names[name] {
					t.Errorf("two rows %q", name)
				} else {
					names[name] = true
				}
				if total := membersFrom(s, members, row.Nodes, passed); row.Leads != total || row.Up != of {
					t.Fatalf("depth %d: %s leads to %+v, want %+v", depth, row.Word, row.Leads, total)
				}
				sum += row.Leads.Objects
				if k > 0 && row.Leads.Objects > rows[k-1].Leads.Objects {
					t.Errorf("row %d leads to more than the one before", k)
				}
			}
			for n := range want {
				if !got[n] {
					t.Errorf("depth %d: %d is in no row", depth, n)
				}
			}
			if len(got) != len(want) {
				t.Errorf("depth %d: %d nodes in rows, want %d", depth, len(got), len(want))
			}
			if of != nil && of.Ends != (sum == 0) {
				t.Errorf("%s ends: %t, and leads on to %d", of.Word, of.Ends, sum)
			}
			if sum > uint64(len(members)) {
				several++
			}
			if len(rows) == 0 {
				break
			}
			of, next = rows[r.IntN(len(rows))], nil
			for _, n := range of.Nodes {
				passed[n] = true
				next = append(next, s.Graph.Targets(n)...)
			}
		}
	}
	if several == 0 {
		t.Error("nothing is held in two ways")
	}
}

// Goroutines with one stack are one row, and what two things hold counts for both: each of
// the six goroutines has a buffer, half of them have the queue, and all of them and the
// variable the table.
func TestWaysOfWorkers(t *testing.T) {
	f := workers()
	s := analyse(t, f)
	var members []heap.Node
	for _, id := range []string{"table", "queue", "buf0", "buf1", "buf2", "buf3", "buf4", "buf5"} {
		members = append(members, f.Node[id])
	}
	w, err := WaysTo(t.Context(), s, members)
	if err != nil || w.Members.Objects != 8 {
		t.Fatal(w.Members, err)
	}
	roots, err := w.Level(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]uint64{}
	for _, row := range roots {
		got[row.Word] = row.Leads.Objects
	}
	want := map[string]uint64{"4 goroutines [select] in main.work": 6, "2 goroutines [running] in main.work": 4, "main.table": 1}
	for word, n := range want {
		if got[word] != n {
			t.Errorf("%s leads to %d, want %d", word, got[word], n)
		}
	}
	if len(got) != len(want) {
		t.Errorf("roots %v, want %v", got, want)
	}
	rows, err := w.Level(t.Context(), roots[0])
	if err != nil {
		t.Fatal(err)
	}
	var below []string
	for _, row := range rows {
		below = append(below, row.Word+" "+row.Type)
	}
	if slices.Sort(below); !slices.Equal(below, []string{" · buf []uint8", " · q main.Q", " · t main.T"}) {
		t.Errorf("below are %q", below)
	}
}

func TestWithoutIndices(t *testing.T) {
	for word, want := range map[string]string{
		".f": ".f", "[3]": "[*]", ".f[3].g": ".f[*].g", `["a]b"].x`: "[*].x", ".(main.List[int])[3]": ".(main.List[int])[*]",
		"[…].(*main.T[int])": "[*].(*main.T[int])", ".(*main.T[int])": ".(*main.T[int])", "]x[": "]x[",
	} {
		if got := withoutIndices(word); got != want {
			t.Errorf("%s: %s, want %s", word, got, want)
		}
	}
}
