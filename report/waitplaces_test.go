package report

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/gocore/wait"
	"goheap/heap"
)

// crossed is a program in which two goroutines have locked each a lock, and wait for that
// of the other, while a third and a fourth wait for one of them, and others at a channel.
func crossed() *fake {
	f := &fake{}
	f.File.Complete = true
	for i := range 9 {
		id := uint64(i + 1)
		node := fakeNode{ID: "g" + string('0'+rune(id)), Kind: "goroutine", Name: "goroutine " + string('0'+rune(id))}
		if i == 1 || i == 2 {
			node.To = []fakeEdge{{" · c", "c"}}
		}
		f.RootNodes = append(f.RootNodes, node)
		f.Running = append(f.Running, gocore.Goroutine{ID: id, Node: heap.Node(id), Func: "main.transfer", Status: "waiting", WaitReason: "sync.Mutex.Lock", WaitNanos: -1})
	}
	f.RootNodes = append(f.RootNodes, fakeNode{ID: "main.work", Kind: "global", Name: "main.work", Type: "chan int", To: []fakeEdge{{"", "work"}}})
	f.Objects = []fakeNode{
		{ID: "c", Kind: "object", Type: "chan main.job", Addr: 0xc000000000, Size: 96},
		{ID: "work", Kind: "object", Type: "<-chan int", Addr: 0xc000001000, Size: 96},
	}
	lock := func(g int, line string) wait.Waiter {
		return wait.Waiter{Goroutine: g, Operation: "Lock", Func: "example.com/bank.(*Account).transfer", At: "/src/bank.go:" + line}
	}
	holds := func(g int, how wait.How, line string) wait.Holder {
		return wait.Holder{Goroutine: g, How: how, Func: "main.transfer", At: "/src/bank.go:" + line}
	}
	f.Waiting = wait.Graph{
		Places: []wait.Place{
			{Kind: wait.NilChannel, Node: heap.None, Queue: []wait.Waiter{{Goroutine: 8, Operation: "select", Select: true}}},
			{Kind: wait.Mutex, Addr: 0x500000, Node: heap.None, Known: true, Locked: true, Queue: []wait.Waiter{lock(0, "12"), lock(4, "12"), lock(5, "30")}, Holders: []wait.Holder{holds(3, wait.ByCode, "11")}},
			{Kind: wait.Mutex, Addr: 0x500008, Node: heap.None, Known: true, Locked: true, Queue: []wait.Waiter{lock(3, "12")}, Holders: []wait.Holder{holds(0, wait.ByDefer, "10")}},
			{Kind: wait.WaitGroup, Addr: 0x500010, Node: heap.None, Known: true, Missing: 2, Queue: []wait.Waiter{{Goroutine: 1, Operation: "Wait", Func: "main.all", At: "/src/all.go:3"}}, Holders: []wait.Holder{holds(2, wait.ByDefer, "40")}},
			{Kind: wait.Channel, Known: true, Capacity: 2, Queued: 2, Queue: []wait.Waiter{{Goroutine: 2, Operation: "send", Select: true, Func: "main.worker", At: "/src/all.go:9"}}, Others: []int{1, 2}},
			{Kind: wait.Channel, Known: true, Queue: []wait.Waiter{{Goroutine: 6, Operation: "receive"}, {Goroutine: 7, Operation: "receive"}}},
		},
		Stuck:   []int{0, 1, 2, 3, 4, 5, 8},
		Unknown: 1,
	}
	p := f.Waiting.Places
	f.Waiting.Deadlocks = []wait.Deadlock{
		{Proven: true, Members: []int{0, 3}, Behind: []int{4, 5}, Cycle: []wait.Step{
			{Waiter: p[1].Queue[0], Place: 1, By: p[1].Holders[0]}, {Waiter: p[2].Queue[0], Place: 2, By: p[2].Holders[0]},
		}},
		{Members: []int{1, 2}, Cycle: []wait.Step{
			{Waiter: p[3].Queue[0], Place: 3, By: p[3].Holders[0]},
			{Waiter: p[4].Queue[0], Place: 4, By: wait.Holder{Goroutine: 1, How: wait.ByLeader}},
		}},
	}
	f.Build()
	for i, id := range map[int]string{4: "c", 5: "work"} {
		p[i].Node = f.Node[id]
		p[i].Addr = f.Addr(p[i].Node)
	}
	return f
}

func TestWaits(t *testing.T) {
	s := analyse(t, crossed())
	s.Width = 80
	var text, document, csv bytes.Buffer
	d, err := NewWaitsDocument(t.Context(), s, List{Top: -1})
	if err != nil {
		t.Fatal(err)
	}
	table, err := WaitTable(t.Context(), s)
	if err := errors.Join(err, WriteWaits(t.Context(), &text, s, List{Top: 3}), WriteJSON(&document, d), WriteCSV(&csv, table)); err != nil {
		t.Fatal(err)
	}
	golden(t, "waits.txt", text.Bytes())
	golden(t, "waits.json", document.Bytes())
	golden(t, "waits.csv", csv.Bytes())
}

// What a filter leaves out of the places stays among the deadlocks; and where the file lacks
// a part nothing is proven.
func TestWaitsOfAPart(t *testing.T) {
	f := crossed()
	f.File.Complete = false
	s := analyse(t, f)
	var text bytes.Buffer
	if err := WriteWaits(t.Context(), &text, s, List{Top: 3, Where: "=waiting > 2"}); err != nil {
		t.Fatal(err)
	}
	if got := text.String(); strings.Contains(got, "proven") || !strings.Contains(got, "deadlock 2, likely") || strings.Contains(got, "nil channel") {
		t.Errorf("a file that lacks a part, with a filter:\n%s", got)
	}
}

// A deadlock has a line in the verdict, and explains the goroutines that wait for it where
// these are suspects; what is likely is not called proven.
func TestDeadlockRule(t *testing.T) {
	f := crossed()
	s := analyse(t, f)
	v, err := NewVerdict(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(v.Lines, "\n")
	for _, want := range []string{
		"1 deadlock, proven: goroutine 1 at bank.go:12, goroutine 4 at bank.go:12 wait", "1 deadlock, likely: goroutine 2 at all.go:3, goroutine 3",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the verdict lacks %q:\n%s", want, text)
		}
	}
	for _, proven := range []bool{true, false} {
		f := queue(200, 1, 1<<20)
		s := buildQueue(t, f)
		d := wait.Deadlock{Proven: proven, Members: []int{0, 1}, Cycle: []wait.Step{{Waiter: wait.Waiter{Goroutine: 0, At: "/x/a.go:1"}}, {Waiter: wait.Waiter{Goroutine: 1, At: "/x/b.go:2"}, By: wait.Holder{How: wait.ByCode}}}}
		for i := 2; i < 201; i++ {
			d.Behind = append(d.Behind, i)
		}
		f.Waiting = wait.Graph{Places: []wait.Place{{Kind: wait.RWMutex}}, Deadlocks: []wait.Deadlock{d}}
		found, err := Suspects(t.Context(), s)
		if err != nil || len(found) == 0 {
			t.Fatalf("%d suspects, %v", len(found), err)
		}
		explained := false
		for _, x := range found {
			explained = explained || strings.HasPrefix(x.Why, "They are in a deadlock: goroutine 0 at a.go:1, goroutine 1 at b.go:2 wait for each other, 199 more for them.")
		}
		if explained != proven {
			t.Errorf("a deadlock, proven %t, explains the goroutines: %t: %+v", proven, explained, found)
		}
	}
}

// A goroutine says what it waits for, as which of the queue, and what it has that others
// wait for.
func TestGoroutineWaits(t *testing.T) {
	s := analyse(t, crossed())
	for index, want := range map[int]string{
		0: "waits in Lock of sync.Mutex 0x500000, as number 1 of 3; it is held by goroutine 4 at bank.go:11|" +
			"it is in deadlock 1, proven: goroutine 1 at bank.go:12, goroutine 4 at bank.go:12 wait for each other, 2 more for them|" +
			"has locked sync.Mutex 0x500008 at bank.go:10, for which 1 goroutine waits",
		5: "waits in Lock of sync.Mutex 0x500000, as number 3 of 3; it is held by goroutine 4 at bank.go:11|" +
			"it is behind deadlock 1, proven: goroutine 1 at bank.go:12, goroutine 4 at bank.go:12 wait for each other, 2 more for them",
		6: "waits in receive of chan int main.work, as number 1 of 2",
		8: "waits in select of nil channel|nobody is left to end it",
	} {
		lines, err := WaitLines(t.Context(), s, index)
		if got := strings.Join(lines, "|"); err != nil || got != want {
			t.Errorf("goroutine at %d, %v:\n%s\nwant\n%s", index, err, got, want)
		}
	}
	d, err := NewShowDocument(t.Context(), s, []string{"g1"}, Parts{}, DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	g := d.Objects[0].Goroutine
	if len(g.Waits) != 1 || g.Waits[0].Turn != 1 || *g.Waits[0].Deadlock != 1 || len(g.Holds) != 1 || g.Holds[0].Waiting != 1 {
		t.Errorf("show says %+v, %+v", g.Waits, g.Holds)
	}
}

// The circles of a report are those of waits.
func TestReportDeadlocks(t *testing.T) {
	s := analyse(t, crossed().Build())
	waits, err := NewWaitsDocument(t.Context(), s, List{Top: -1})
	if err != nil {
		t.Fatal(err)
	}
	for top, want := range map[int]int{-1: 2, 1: 1} {
		d, err := NewReportDocument(t.Context(), s, SameLimit(top))
		if err != nil {
			t.Fatal(err)
		}
		if len(waits.Deadlocks) != 2 || !reflect.DeepEqual(d.Deadlocks, waits.Deadlocks[:want]) || d.More.Deadlocks != 2-want {
			t.Errorf("the first %d of a report are %+v and %d more, want %+v", top, d.Deadlocks, d.More.Deadlocks, waits.Deadlocks)
		}
	}
}
