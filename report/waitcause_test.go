package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/gocore/wait"
	"goheap/heap"
)

// queue is a program in which goroutines wait for a lock that is a part of a main.table,
// which the first of them, and those in holding, refer to and do not wait for.
func queue(waiting, holding int, each uint64) *fake {
	f := &fake{}
	f.File.Complete = true
	const lock = 0xd000000010
	add := func(name, fn, reason string, frames ...string) int {
		i := len(f.Running)
		id := fmt.Sprint("buf", i)
		f.RootNodes = append(f.RootNodes, fakeNode{ID: name, Kind: "goroutine", Name: name, To: []fakeEdge{{" · b", id}, {" · t", "table"}}})
		f.Objects = append(f.Objects, fakeNode{ID: id, Kind: "object", Type: "[]uint8", Addr: 0xc000000000 + uint64(i)<<16, Size: each})
		f.Running = append(f.Running, gocore.Goroutine{
			ID: uint64(i), Node: heap.Node(i + 1), Func: fn, Status: "waiting", WaitReason: reason, WaitNanos: -1, StackBytes: 8 << 10,
			CreatedBy: "main.serve",
		})
		var stack []gocore.Frame
		for _, name := range frames {
			stack = append(stack, gocore.Frame{Func: name, File: "/x/table.go", Line: 10 + i})
		}
		f.Stacks = append(f.Stacks, stack)
		return i
	}
	for i := range holding {
		add(fmt.Sprint("h", i), "main.reload", "chan receive", "runtime.gopark", "main.reload")
	}
	for i := range waiting {
		at := add(fmt.Sprint("g", i), "main.lookup", "sync.RWMutex.RLock", "runtime.gopark", "sync.runtime_SemacquireRWMutexR", "sync.(*RWMutex).RLock", "main.lookup")
		f.Awaits = append(f.Awaits, make([][]wait.Awaited, at+1-len(f.Awaits))...)
		f.Awaits[at] = []wait.Awaited{{Addr: lock}}
	}
	f.Objects = append(f.Objects, fakeNode{ID: "table", Kind: "object", Type: "main.table", Addr: 0xd000000000, Size: 64})
	return f
}

// buildQueue makes the snapshot, with the node of the lock in what goroutines wait for.
func buildQueue(t *testing.T, f *fake) *Snapshot {
	p := f.Build()
	table, ok := p.NodeAt(0xd000000000)
	if !ok {
		t.Fatal("there is no table")
	}
	for _, all := range f.Awaits {
		for i := range all {
			all[i].Node = table
		}
	}
	return analyse(t, p)
}

// Who waits for a lock does not hold it; of the others, those do perhaps whose stacks
// have it.
func TestWaitCause(t *testing.T) {
	for holding, want := range []string{
		"",
		"may hold it: goroutine 0 in main.reload [chan receive] at table.go:10, the only other one whose stack has it",
		"may hold it: goroutine 0 in main.reload [chan receive] at table.go:10, and 1 more whose stacks have it",
	} {
		s := buildQueue(t, queue(5, holding, 64))
		var members []heap.Node
		for _, g := range s.Process.Goroutines() {
			if g.Func == "main.lookup" {
				members = append(members, g.Node)
			}
		}
		lines, err := causeLines(t.Context(), s, &Suspect{Members: members})
		if err != nil {
			t.Fatal(err)
		}
		all := []string{"missing: an Unlock of one sync.RWMutex in a main.table"}
		if want != "" {
			all = append(all, want)
		}
		if !slices.Equal(lines, all) {
			t.Errorf("with %d that may hold it: %q, want %q", holding, lines, all)
		}
	}
}

// A queue is suspect when it is long and holds much, stacks included.
func TestRuleWaiting(t *testing.T) {
	for _, c := range []struct {
		waiting int
		each    uint64
		found   bool
	}{
		{99, 64, false},
		{300, 64, true}, // 2.3 MiB of stacks
		{110, 64, false},
	} {
		f := queue(c.waiting, 1, c.each)
		// What else is alive is what makes them small.
		f.RootNodes = append(f.RootNodes, fakeNode{ID: "main.cache", Kind: "global", Name: "main.cache", To: []fakeEdge{{"", "cache"}}})
		f.Objects = append(f.Objects, fakeNode{ID: "cache", Kind: "object", Type: "main.cache", Addr: 0xe000000000, Size: 20 << 20})
		s := buildQueue(t, f)
		s.LeastSuspect = 1 << 20
		found, err := Suspects(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(found, func(f Suspect) bool { return f.Rule == RuleWaiting })
		if (at >= 0) != c.found {
			t.Errorf("%d goroutines that wait: found is %v", c.waiting, found)
		}
		if at >= 0 && !strings.Contains(found[at].Sentence, "300 goroutines in main.lookup, created by main.serve, wait in one sync.(*RWMutex).RLock, with 2.34 MiB of stacks") {
			t.Errorf("the sentence is %q", found[at].Sentence)
		}
	}
}

// Who else has a channel is told, but not those who wait at it; and nobody is left to
// receive only where that is so.
func TestWaitCauseOfChannel(t *testing.T) {
	for _, c := range []struct {
		global   bool
		leaks    []int
		complete bool
		kind     string
		want     string
	}{
		{true, nil, true, "core", "missing: a receive from one chan int; had by main.hub.out"},
		{false, []int{0, 1}, true, "core", "missing: a receive from one chan int; nobody is left to do it"},
		{false, []int{0, 1}, false, "core", "missing: a receive from one chan int; the file has nobody who could do it, but it lacks a part"},
		{false, []int{0, 1}, true, "heapdump", "missing: a receive from one chan int; the file has nobody who could do it, but it lacks cleanups, as heap dumps do"},
		{false, []int{0}, true, "core", "missing: a receive from one chan int"},
	} {
		f := &fake{}
		f.File.Complete, f.File.Kind, f.Leaks = c.complete, c.kind, c.leaks
		for i := range 2 {
			name := fmt.Sprint("goroutine ", i)
			f.RootNodes = append(f.RootNodes, fakeNode{ID: name, Kind: "goroutine", Name: name, To: []fakeEdge{{" · c", "out"}}})
			f.Running = append(f.Running, gocore.Goroutine{ID: uint64(i), Node: heap.Node(i + 1), Func: "main.send", WaitReason: "chan send", WaitNanos: -1})
			f.Awaits = append(f.Awaits, []wait.Awaited{{Addr: 0xc000000000, Channel: true}})
		}
		f.Stacks = make([][]gocore.Frame, 2)
		if c.global {
			f.RootNodes = append(f.RootNodes, fakeNode{ID: "main.hub", Kind: "global", Name: "main.hub", To: []fakeEdge{{".out", "out"}}})
		}
		f.Objects = append(f.Objects, fakeNode{ID: "out", Kind: "object", Type: "chan<- int", Addr: 0xc000000000, Size: 96})
		p := f.Build()
		for _, all := range f.Awaits {
			all[0].Node, _ = p.NodeAt(0xc000000000)
		}
		lines, err := causeLines(t.Context(), analyse(t, p), &Suspect{Members: []heap.Node{1, 2}})
		if err != nil || len(lines) != 1 || lines[0] != c.want {
			t.Errorf("%q, %v, want %q", lines, err, c.want)
		}
	}
}

// Who has a channel is told by who may use it: a variable or a goroutine that goes on,
// however long its way, before others that wait, and these before nobody.
func TestHadByWhoGoesOn(t *testing.T) {
	f := &fake{}
	f.File.Complete = true
	goroutine := func(name, reason string, to ...fakeEdge) {
		i := len(f.RootNodes)
		f.RootNodes = append(f.RootNodes, fakeNode{ID: name, Kind: "goroutine", Name: name, To: to})
		f.Running = append(f.Running, gocore.Goroutine{ID: uint64(i), Node: heap.Node(i + 1), Func: "main." + name, Status: "waiting", WaitReason: reason, WaitNanos: -1})
		f.Awaits = append(f.Awaits, nil)
		f.Stacks = append(f.Stacks, nil)
	}
	goroutine("sender", "chan send", fakeEdge{" · c", "out"}, fakeEdge{" · mine", "mine"})
	goroutine("other", "chan receive", fakeEdge{" · h", "hub"}, fakeEdge{" · big", "big"})
	goroutine("sleeper", "sleep", fakeEdge{" · s", "small"})
	f.RootNodes = append(f.RootNodes, fakeNode{ID: "main.app", Kind: "global", Name: "main.app", To: []fakeEdge{{".deep", "deep"}}})
	object := func(id string, size uint64, to ...fakeEdge) {
		f.Objects = append(f.Objects, fakeNode{ID: id, Kind: "object", Type: "main." + id, Addr: 0xc000000000 + uint64(len(f.Objects))<<12, Size: size, To: to})
	}
	object("mine", 512, fakeEdge{".out", "out"}) // the sender's alone
	object("hub", 64, fakeEdge{".out", "out"})   // near the other, farther from main.app
	object("deep", 32, fakeEdge{".hub", "hub"})
	object("big", 1024, fakeEdge{".out", "out"}) // the other's alone
	object("small", 16, fakeEdge{".out", "out"})
	object("out", 96)
	f.Objects[len(f.Objects)-1].Type = "chan int"
	p := f.Build()
	f.Awaits[0] = []wait.Awaited{{Addr: p.Addr(p.Node["out"]), Node: p.Node["out"], Channel: true}}
	s := analyse(t, p)
	c, err := waitCause(t.Context(), s, []heap.Node{1})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range c.Others {
		got = append(got, c.hadBy(s, n))
	}
	want := []string{"main.app.deep.hub.out", "sleeper · s.out", "other · big.out"}
	slices.Sort(got[:min(2, len(got))])
	if !slices.Equal(got, want) {
		t.Errorf("had by %q, want %q", got, want)
	}
}

// A select whose channels are all nil is told as what nothing can end, where that is known.
func TestWaitCauseOfNilSelect(t *testing.T) {
	for _, vain := range []bool{true, false} {
		f := &fake{Running: []gocore.Goroutine{{ID: 1, Node: 1, Func: "main.run", Status: "waiting", WaitReason: "select", WaitNanos: -1}}}
		f.RootNodes = []fakeNode{{ID: "g", Kind: "goroutine", Name: "goroutine 1"}}
		f.Stacks, f.Awaits = make([][]gocore.Frame, 1), make([][]wait.Awaited, 1)
		f.File.Complete = true
		var want []string
		if vain {
			f.Leaks, want = []int{0}, []string{"missing: nothing can end it, its channels are nil"}
		}
		lines, err := causeLines(t.Context(), analyse(t, f.Build()), &Suspect{Members: []heap.Node{1}})
		if err != nil || !slices.Equal(lines, want) {
			t.Errorf("%q, %v, want %q", lines, err, want)
		}
	}
}
