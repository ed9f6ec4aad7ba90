package report

import (
	"fmt"
	"testing"

	"goheap/gocore"
	"goheap/gocore/later"
	"goheap/gocore/waste"
	"goheap/heap"
	"goheap/internal/fakeprocess"
)

type (
	fake     = fakeprocess.Process
	fakeNode = fakeprocess.Node
	fakeEdge = fakeprocess.Edge
)

// hostile is a name as a damaged or malicious dump may have it.
const hostile = "evil\x1b[31m\x00\u202e\xff\n"

// blockstore is a program in the shape of one that leaks: a store behind a
// field, an index that shares some of its blocks, and goroutines that never
// end. One object is garbage.
func blockstore() *fake {
	f := &fake{
		File: gocore.Source{Kind: "core", Path: "/tmp/core.1", Bytes: 1 << 20, GoVersion: "go1.26.8", OS: "linux", Arch: "amd64",
			BuildID: "abcd", BuildIDKind: "go", Executable: "/bin/store", Symbols: "dwarf", Complete: true},
		Typed:    gocore.Typing{TypedObjects: 3, TypedBytes: 4096, CoveredBytes: 4000, BehindUnknown: 41000, EvidenceBytes: map[gocore.Evidence]uint64{gocore.EvidencePointer: 96, gocore.EvidenceHeader: 4000}},
		Marked:   12345,
		Verdicts: []gocore.Check{{Name: "slots marked but not live", Status: gocore.CheckOK}},
		RootNodes: []fakeNode{
			{ID: "srv", Kind: "global", Name: "main.srv", Type: "*main.server", Addr: 0x500000, RootSize: 8, To: []fakeEdge{{".storage.(*main.memStorage)", "storage"}}},
			{ID: "index", Kind: "global", Name: "main.index", Type: "map[string]*main.Block", Addr: 0x500008, RootSize: 8},
			{ID: "empty", Kind: "global", Name: "main.empty", Type: "*int", Addr: 0x500010, RootSize: 8},
		},
		Objects: []fakeNode{
			{ID: "storage", Kind: "object", Type: "main.memStorage", Addr: 0xc000100000, Size: 64, To: []fakeEdge{{".blocks", "blocks"}}},
			{ID: "garbage", Kind: "object", Type: "main.Old", Addr: 0xc000100040, Size: 64},
		},
	}
	f.Rounded = map[string]uint64{"main.Block": 80}
	for i := range 3 {
		f.Wasted = append(f.Wasted,
			fakeprocess.WastedNode{ID: fmt.Sprintf("data%d", i), Finding: waste.Finding{Rule: waste.Substring, Bytes: uint64(4000 + i)}},
			fakeprocess.WastedNode{ID: fmt.Sprintf("data%d", i), Finding: waste.Finding{Rule: waste.Duplicate, Bytes: uint64(min(i, 1)) * 4096, First: i == 0}},
			fakeprocess.WastedNode{ID: fmt.Sprintf("data%d", 9-i), Finding: waste.Finding{Rule: waste.Capacity, Bytes: uint64(96 - i)},
				Ranges: []waste.Range{{Addr: 4000, N: uint64(64 - i)}, {Addr: 4064, N: 32}}})
	}
	f.Wasted = append(f.Wasted, fakeprocess.WastedNode{ID: "blocks", To: []string{"block6"}, Finding: waste.Finding{Rule: waste.Capacity, Bytes: 24}},
		fakeprocess.WastedNode{ID: "buf0", Finding: waste.Finding{Rule: waste.BeforeStart, Bytes: 100, Least: true}})
	blocks := fakeNode{ID: "blocks", Kind: "object", Type: "[]*main.Block", Addr: 0xc000200000, Size: 256}
	for i := range 10 {
		id := fmt.Sprintf("block%d", i)
		data := fmt.Sprintf("data%d", i)
		f.Objects = append(f.Objects,
			fakeNode{ID: id, Kind: "object", Type: "main.Block", Addr: 0xc000300000 + uint64(i)*128, Size: 128, To: []fakeEdge{{".data", data}}},
			fakeNode{ID: data, Kind: "object", Type: "[]uint8", Addr: 0xc000400000 + uint64(i)*4096, Size: 4096},
		)
		blocks.To = append(blocks.To, fakeEdge{fmt.Sprintf("[%d]", i), id})
		if i >= 7 {
			f.RootNodes[1].To = append(f.RootNodes[1].To, fakeEdge{fmt.Sprintf("[\"secret%d\"]", i), id})
		}
	}
	f.Objects = append(f.Objects, blocks)
	for i := range 3 {
		id := fmt.Sprintf("buf%d", i)
		f.Objects = append(f.Objects, fakeNode{ID: id, Kind: "object", Type: "[]uint8", Addr: 0xc000500000 + uint64(i)*1024, Size: 1024})
		number := uint64(17 + i)
		f.RootNodes = append(f.RootNodes, fakeNode{ID: fmt.Sprint("g", number), Kind: "goroutine",
			Name: fmt.Sprintf("goroutine %d [chan receive] main.worker", number), To: []fakeEdge{{" · buf", id}}})
		f.Running = append(f.Running, gocore.Goroutine{ID: number, Node: heap.Node(4 + i), Status: "waiting", WaitReason: "chan receive",
			WaitNanos: 90e9, Func: "main.worker", CreatedBy: "main.main", CreatedAt: "/src/main.go:9", ParentID: 1, StackBytes: 2048})
		line := 42
		if i == 2 {
			line = 50
		}
		f.Stacks = append(f.Stacks, []gocore.Frame{{Func: "runtime.gopark", File: "/go/proc.go", Line: 400}, {Func: "main.worker", File: "/src/worker.go", Line: line}})
	}
	f.Running[2].Locked = true
	stack := []gocore.StackCall{
		{Frame: gocore.Frame{Func: "runtime.gopark", File: "/go/proc.go", Line: 400, PC: 0x401000}, Locals: []gocore.Local{
			{Name: "lock", Type: "unsafe.Pointer", Arg: true, Line: 398, State: gocore.LocalDead, Target: heap.None},
			{Name: "reason", Type: "uint8", Arg: true, Line: 398, State: gocore.LocalDead, Target: heap.None}}},
		{Frame: gocore.Frame{Func: "main.pop", File: "/src/worker.go", Line: 12, PC: 0x402000, Inlined: true}},
		{Frame: gocore.Frame{Func: "main.worker", File: "/src/worker.go", Line: 50, PC: 0x402000}, Locals: []gocore.Local{
			{Name: "name", Type: "string", Arg: true, Line: 40, Addr: 0xc000700010, State: gocore.LocalKnown, Text: hostile, Target: heap.None},
			{Name: "err", Type: "error", Result: true, Line: 40, State: gocore.LocalPartly, Target: heap.None},
			{Name: "p", Type: "main.point", Line: 41, State: gocore.LocalPartly, Text: "{x: 1, y: (optimised out)}", Target: heap.None},
			{Name: "far", Type: "int", Line: 42, State: gocore.LocalUnreadable, Target: heap.None}},
			Deferred: []gocore.Deferred{{Func: "main.cleanup", Count: 1}, {Func: "main.worker.deferwrap1", File: "/src/worker.go", Line: 43, Count: 5000}}},
		{Frame: gocore.Frame{Func: "runtime.goexit", PC: 0x403000}},
	}
	f.Calls = map[int][]gocore.StackCall{2: stack}
	f.Labelled = map[int][]gocore.Label{2: {{Key: "tenant", Value: hostile}}}
	f.RootNodes = append(f.RootNodes, fakeNode{ID: "hostile", Kind: "global", Name: "main." + hostile, Type: hostile, Addr: 0x600000, To: []fakeEdge{{hostile, "hostileObject"}}})
	f.Objects = append(f.Objects, fakeNode{ID: "hostileObject", Kind: "object", Type: hostile, Addr: 0xc000600000, Size: 64})
	f.Build()
	f.PutOff = putOff(f)
	return f
}

// putOff is what a program in the shape of blockstore has put off.
func putOff(f *fake) later.State {
	const clock = int64(5000e9)
	s := later.State{
		Clock: later.Clock{Least: clock, Unix: 1.8e18},
		Records: []later.Record{
			{Kind: later.Finalizer, Stage: later.Queued, Object: f.Node["block7"], Type: "main.Block", Func: "main.(*Block).free", Root: f.Node["index"]},
			{Kind: later.Finalizer, Stage: later.Set, Object: f.Node["block1"], Type: "main.Block", Func: "main.(*Block).free", Root: heap.None},
			{Kind: later.Finalizer, Stage: later.Set, Object: f.Node["block2"], Type: "main.Block", Func: "main.(*Block).free", Root: heap.None},
			{Kind: later.Cleanup, Stage: later.Queued, Object: heap.None, Func: hostile, Root: heap.None},
			{Kind: later.Weak, Stage: later.Due, Object: f.Node["garbage"], Root: heap.None, Freed: 64},
			{Kind: later.Unique, Stage: later.Set, Object: f.Node["hostileObject"], Type: hostile, Root: heap.None},
		},
		Timers: []later.Timer{
			{Node: f.Node["buf0"], Kind: later.CallTimer, Func: "main.tick", When: clock - 3e9},
			{Node: f.Node["buf1"], Kind: later.CallTimer, Func: "main.tick", When: clock + 1e9, Period: 5e9},
			{Node: f.Node["buf2"], Kind: later.CallTimer, Func: "main.tick", When: clock + 90e9, Period: 5e9},
			{Node: heap.None, Kind: later.SleepTimer, When: clock + 7},
		},
		PoolsKnown: true,
		FuncsKnown: true,
		Pools: []later.Pool{{Local: f.Node["index"], Victim: f.Node["storage"], Items: []later.Item{
			{Node: f.Node["block3"], Type: "*main.Block", Victim: true}, {Node: f.Node["block8"], Type: "*main.Block"}, {Node: heap.None, Type: "string"},
		}}},
		Contexts: []later.Context{
			{Node: f.Node["block1"], Call: ".WithDeadline", Parent: 2, Cancels: true, Deadline: clock - 1e9, Goroutines: []int{1}},
			{Node: f.Node["block2"], Call: ".WithDeadline", Parent: 2, Cancels: true, Deadline: clock + 60e9},
			{Node: f.Node["block3"], Call: ".WithCancel", Parent: -1, Base: "context.Background", Cancels: true, Children: 2, Funcs: []heap.Node{f.Node["block8"]}},
			{Node: f.Node["block4"], Call: ".WithValue(" + hostile + ", int)", Parent: 0},
			{Node: f.Node["block5"], Call: ".WithCancel", Parent: 3, Cancels: true, Cancelled: true},
		},
	}
	for i := range 3 { // a chain, and two that are a ring, as a damaged core may have it
		s.Contexts = append(s.Contexts, later.Context{Node: f.Node[fmt.Sprintf("block%d", 6+i)], Call: ".WithValue(string, int)", Parent: []int{4, 7, 6}[i]})
	}
	return s
}

func analyse(t testing.TB, f *fake) *Snapshot {
	t.Helper()
	s, err := New(t.Context(), f, f)
	if err != nil {
		t.Fatal(err)
	}
	s.LeastSuspect = 0
	t.Cleanup(func() { s.Close() })
	return s
}
