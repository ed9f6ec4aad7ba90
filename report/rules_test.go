package report

import (
	"fmt"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/heap"
)

// suspectsOf returns the suspects of a program.
func suspectsOf(t *testing.T, f *fake) []Suspect {
	t.Helper()
	found, err := Suspects(t.Context(), analyse(t, f.Build()))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// pooled is a pool with buffers of a size, and another variable of 1 MiB.
func pooled(size uint64) *fake {
	f := &fake{
		RootNodes: []fakeNode{
			{ID: "pool", Kind: "global", Name: "main.pool", Type: "sync.Pool", Addr: 0x500000, To: []fakeEdge{{".local", "local"}}},
			{ID: "other", Kind: "global", Name: "main.other", Type: "[]uint8", Addr: 0x500100, To: []fakeEdge{{"", "data"}}},
		},
		Objects: []fakeNode{
			{ID: "local", Kind: "object", Type: "[]sync.poolLocal", Addr: 0xc000000000, Size: 256, To: []fakeEdge{{"[0].private", "b0"}, {"[0].shared.head", "chain"}}},
			{ID: "chain", Kind: "object", Type: "sync.poolChainElt", Addr: 0xc000001000, Size: 64, To: []fakeEdge{{".vals", "vals"}}},
			{ID: "vals", Kind: "object", Type: "[]sync.eface", Addr: 0xc000002000, Size: 128, To: []fakeEdge{{"[0]", "b1"}, {"[1]", "b2"}}},
			{ID: "data", Kind: "object", Type: "[]uint8", Addr: 0xc010000000, Size: 1 << 20},
		},
	}
	for i := range 3 {
		f.Objects = append(f.Objects, fakeNode{ID: fmt.Sprint("b", i), Kind: "object", Type: "bytes.Buffer", Addr: 0xc020000000 + uint64(i)*size, Size: size})
	}
	return f
}

// A pool is told by what lies in it where that is large, and not where it is small.
func TestPoolRule(t *testing.T) {
	for size, want := range map[uint64]bool{1 << 20: true, 200 << 10: false} {
		told := false
		for _, f := range suspectsOf(t, pooled(size)) {
			if f.Name == "main.pool" && strings.HasPrefix(f.Why, "A sync.Pool with 3 objects in it, 1.00 MiB each") && f.Try == poolRule().Try && strings.HasPrefix(f.made, "3.00 MiB in 3 × bytes.Buffer") {
				told = true
			}
		}
		if told != want {
			t.Errorf("buffers of %d bytes: told is %v", size, told)
		}
	}
}

// One with small things in it is called what it is all the same.
func TestPoolIsExplained(t *testing.T) {
	f := pooled(200 << 10)
	p := f.Build()
	suspect := Suspect{Node: f.Node["pool"]}
	if explainSingle(analyse(t, p), &suspect); !strings.HasPrefix(suspect.Try, "It is a sync.Pool: ") {
		t.Errorf("to try: %q", suspect.Try)
	}
}

// endedRecords has records of goroutines, of which one runs.
func endedRecords(records int) *fake {
	f := &fake{RootNodes: []fakeNode{
		{ID: "g1", Kind: "goroutine", Name: "goroutine 1", To: []fakeEdge{{" · record", "r0"}}},
		{ID: "sched", Kind: "global", Name: "runtime.allgs", Type: "[]*runtime.g", Addr: 0x500000},
		{ID: "other", Kind: "global", Name: "main.other", Type: "[]uint8", Addr: 0x500100, To: []fakeEdge{{"", "data"}}},
	}}
	f.Running = []gocore.Goroutine{{ID: 1, Node: 1, Status: "running", WaitNanos: -1, Func: "main.main"}}
	f.Stacks = [][]gocore.Frame{nil}
	f.Objects = []fakeNode{{ID: "data", Kind: "object", Type: "[]uint8", Addr: 0xc010000000, Size: 1 << 20}}
	for i := range records {
		id := fmt.Sprint("r", i)
		f.Objects = append(f.Objects, fakeNode{ID: id, Kind: "object", Type: "runtime.g", Addr: 0xc000000000 + uint64(i)*512, Size: 512})
		f.RootNodes[1].To = append(f.RootNodes[1].To, fakeEdge{fmt.Sprintf("[%d]", i), id})
	}
	return f
}

// Records of goroutines that have ended are a suspect where they are a twentieth, and
// those of goroutines that run are not among them.
func TestEndedRule(t *testing.T) {
	for records, want := range map[int]uint64{1001: 1000, 50: 0} {
		got := uint64(0)
		for _, f := range suspectsOf(t, endedRecords(records)) {
			if f.Rule == RuleEnded {
				got = f.Count
				if f.Retained != f.Count*512 {
					t.Errorf("%d records of 512 bytes have %d", f.Count, f.Retained)
				}
			}
		}
		if got != want {
			t.Errorf("of %d records %d are of goroutines that have ended, want %d", records, got, want)
		}
	}
}

// Records of which nothing says whose they are may be those of goroutines that run.
func TestEndedRuleWithoutRecords(t *testing.T) {
	f := endedRecords(1001)
	for i := range 1000 {
		id := fmt.Sprint("own", i)
		f.RootNodes = append(f.RootNodes, fakeNode{ID: "g" + id, Kind: "goroutine", Name: fmt.Sprintf("goroutine %d", i+2), To: []fakeEdge{{" · x", id}}})
		f.Running = append(f.Running, gocore.Goroutine{ID: uint64(i + 2), Node: heap.Node(len(f.RootNodes)), Status: "waiting", WaitNanos: -1, Func: "main.wait"})
		f.Stacks = append(f.Stacks, nil)
		f.Objects = append(f.Objects, fakeNode{ID: id, Kind: "object", Type: "[]uint8", Addr: 0xc020000000 + uint64(i)*16, Size: 16})
	}
	for _, f := range suspectsOf(t, f) {
		if f.Rule == RuleEnded {
			t.Errorf("%+v", f)
		}
	}
}

// Deferred calls are told from a thousand of one statement on.
func TestDeferRule(t *testing.T) {
	for count, want := range map[int]bool{1000: true, 999: false} {
		f := &fake{
			RootNodes: []fakeNode{{ID: "g", Kind: "goroutine", Name: "goroutine 7", To: []fakeEdge{{" · d", "data"}}}},
			Objects:   []fakeNode{{ID: "data", Kind: "object", Type: "[]uint8", Addr: 0xc000000000, Size: 4096}},
			Running:   []gocore.Goroutine{{ID: 7, Node: 1, Status: "waiting", WaitReason: "chan receive", WaitNanos: -1, Func: "main.poll"}},
			Stacks:    [][]gocore.Frame{nil},
			Calls: map[int][]gocore.StackCall{0: {{Frame: gocore.Frame{Func: "main.poll"},
				Deferred: []gocore.Deferred{{Func: "main.close", File: "/src/main.go", Line: 12, Count: count}}}}},
		}
		found := suspectsOf(t, f)
		why := "1,000 deferred calls of main.close (main.go:12) wait for main.poll to return."
		if len(found) != 1 || (found[0].Why == why) != want || (found[0].Try == deferRule().Try) != want {
			t.Errorf("%d calls: %+v", count, found)
		}
	}
}

// Timers, tickers and finalizers that are suspect say what to do.
func TestKindsOfRoots(t *testing.T) {
	f := &fake{RootNodes: []fakeNode{
		{ID: "timers", Kind: "timers", Name: gocore.ChannelTimers, To: []fakeEdge{{"", "late"}}},
		{ID: "other", Kind: "timers", Name: "timers that run main.expire", To: []fakeEdge{{"", "soon"}}},
	}}
	f.Objects = []fakeNode{
		{ID: "late", Kind: "object", Type: "main.late", Addr: 0xc000100000, Size: 4096},
		{ID: "soon", Kind: "object", Type: "main.soon", Addr: 0xc000110000, Size: 4096},
	}
	for i := range 100 {
		id := fmt.Sprint("ticker", i)
		f.RootNodes = append(f.RootNodes, fakeNode{ID: "g" + id, Kind: "goroutine", Name: fmt.Sprintf("goroutine %d", i+1), To: []fakeEdge{{" · t", id}}})
		f.Running = append(f.Running, gocore.Goroutine{ID: uint64(i + 1), Node: heap.Node(len(f.RootNodes)), Status: "waiting", WaitReason: "chan receive", WaitNanos: -1, Func: "main.tick", CreatedBy: "main.main"})
		f.Stacks = append(f.Stacks, nil)
		f.Objects = append(f.Objects, fakeNode{ID: id, Kind: "object", Type: "time.Ticker", Addr: 0xc000200000 + uint64(i)*64, Size: 64})
	}
	try := map[string]string{}
	for _, s := range suspectsOf(t, f) {
		try[s.Name] = s.Why + s.Try
	}
	for name, want := range map[string]string{
		gocore.ChannelTimers:                                "time.After in a loop",
		"timers that run main.expire":                       timerRule().Try,
		"100 goroutines in main.tick, created by main.main": "100 × time.Ticker are alive." + tickerRule().Try,
	} {
		if !strings.Contains(try[name], want) {
			t.Errorf("%s: %q, want %q", name, try[name], want)
		}
	}
}

// Each rule says what it looks for and what to do.
func TestRulesSay(t *testing.T) {
	names := map[string]bool{}
	for _, r := range Rules() {
		if names[r.Name] || r.Title == "" || r.Doc == "" || r.find == nil || r.Try == "" && r.Name != RuleConnection {
			t.Errorf("rule %+v", r)
		}
		names[r.Name] = true
	}
}

// Nothing below a twentieth of heap and stacks is suspect, whatever its part of the heap.
func TestStacksCount(t *testing.T) {
	f := pooled(1 << 20)
	f.Running = []gocore.Goroutine{{ID: 1, Node: heap.None, StackBytes: 100 << 20}}
	f.Stacks = [][]gocore.Frame{nil}
	if found := suspectsOf(t, f); len(found) != 0 {
		t.Errorf("%+v", found)
	}
}

// What a library waits to be told is said of its goroutines where these do so, and of idle
// connections only where each has a Transport: many of one client are its pool.
func TestConnectionRule(t *testing.T) {
	for _, c := range []struct {
		function, state, owner string
		owners                 int
		why                    string
	}{
		{"net/http.(*persistConn).readLoop", "select", "", 0, "Connections of an HTTP client, whose"},
		{"net/http.(*persistConn).readLoop", "IO wait", "net/http.Transport", 20, "Idle connections of HTTP clients that have a Transport each. There are 20 × http.Transport."},
		{"net/http.(*persistConn).readLoop", "IO wait", "net/http.Transport", 1, ""},
		{"database/sql.(*Rows).awaitDone", "select", "", 0, "Rows of a database"},
		{"main.scan.func1", "coroutine", "", 0, "Iterators of iter.Pull"},
		{"main.scan.func1", "chan receive", "", 0, ""},
	} {
		f := &fake{}
		for i := range 20 {
			data, owner := fmt.Sprint("data", i), fmt.Sprint("owner", min(i, max(c.owners-1, 0)))
			to := []fakeEdge{{" · d", data}}
			if c.owners > 0 {
				to = append(to, fakeEdge{" · o", owner})
			}
			f.RootNodes = append(f.RootNodes, fakeNode{ID: fmt.Sprint("g", i), Kind: "goroutine", Name: fmt.Sprint("goroutine ", i+1), To: to})
			f.Running = append(f.Running, gocore.Goroutine{ID: uint64(i + 1), Node: heap.Node(i + 1), Status: "waiting", WaitReason: c.state, WaitNanos: -1, Func: c.function, CreatedBy: "main.main"})
			f.Stacks = append(f.Stacks, nil)
			f.Objects = append(f.Objects, fakeNode{ID: data, Kind: "object", Type: "[]uint8", Addr: 0xc000000000 + uint64(i)*4096, Size: 4096})
			if i < c.owners {
				f.Objects = append(f.Objects, fakeNode{ID: owner, Kind: "object", Type: c.owner, Addr: 0xc000200000 + uint64(i)*512, Size: 512})
			}
		}
		found := suspectsOf(t, f)
		if len(found) != 1 || c.why == "" && found[0].Why != "" || !strings.HasPrefix(found[0].Why, c.why) {
			t.Errorf("%+v: %+v", c, found)
		}
	}
}

// Many that send, lock or wait for a WaitGroup have something to do; workers rest on a Cond
// and in receiving.
func TestStalls(t *testing.T) {
	for _, c := range []struct {
		WaitCause
		want bool
	}{
		{WaitCause{Operation: "chan send", Thing: "chan int"}, true},
		{WaitCause{Operation: "sync.(*Mutex).Lock", Thing: "sync.Mutex"}, true},
		{WaitCause{Operation: "sync.(*RWMutex).RLock", Thing: "sync.RWMutex"}, true},
		{WaitCause{Operation: "sync.(*WaitGroup).Wait", Thing: "sync.WaitGroup"}, true},
		{WaitCause{Operation: "sync.(*Cond).Wait", Thing: "sync.Cond"}, false},
		{WaitCause{Operation: "chan receive", Thing: "chan int"}, false},
		{WaitCause{Operation: "select"}, false},
	} {
		if stalls(&c.WaitCause) != c.want {
			t.Errorf("%s: not %t", c.Operation, c.want)
		}
	}
}

// What many hold is not called by the records that each goroutine has.
func TestMadeOfNoRecords(t *testing.T) {
	f := &fake{RootNodes: []fakeNode{{ID: "g", Kind: "global", Name: "main.all", To: []fakeEdge{{"[0]", "r0"}, {"[1]", "r1"}, {"[2]", "d"}}}}}
	for i := range 2 {
		f.Objects = append(f.Objects, fakeNode{ID: fmt.Sprint("r", i), Type: recordType, Addr: 0xc000000000 + uint64(i)*512, Size: 512})
	}
	f.Objects = append(f.Objects, fakeNode{ID: "d", Type: "[]uint8", Addr: 0xc000100000, Size: 512})
	f.Build()
	s := analyse(t, f)
	parts, err := madeOf(t.Context(), s, []heap.Node{f.Node["g"]}, nil, 3*512, false)
	if err != nil || len(parts) != 1 || parts[0].typ != "[]uint8" {
		t.Errorf("%+v, %v", parts, err)
	}
}
