package tui

import (
	"context"
	"fmt"
	"testing"

	"goheap/gocore"
	"goheap/gocore/profile"
	"goheap/heap"
	"goheap/internal/fakeprocess"
	"goheap/report"
)

// fake is a hand-made program of which more is known than of others: values of
// objects, and where some were allocated.
type fake struct{ fakeprocess.Process }

type fakeEdge = fakeprocess.Edge

func (f *fake) root(kind, name, typ string, addr uint64, to ...fakeEdge) {
	f.RootNodes = append(f.RootNodes, fakeprocess.Node{ID: name, Kind: kind, Name: name, Type: typ, Addr: addr, To: to, RootSize: 64})
}

func (f *fake) object(id, typ string, size uint64, to ...fakeEdge) {
	addr := 0xc000000000 + uint64(len(f.Objects))*0x2000
	f.Objects = append(f.Objects, fakeprocess.Node{ID: id, Kind: "object", Type: typ, Addr: addr, Size: size, To: to})
}

func (f *fake) build() *fake {
	f.File = gocore.Source{Kind: "core", Path: "core.4711", Bytes: 123 << 20, GoVersion: "go1.26.8", OS: "linux", Arch: "amd64",
		Executable: "/srv/bin/blockstore", Symbols: "dwarf", Complete: true}
	f.Describe = func(typ string) gocore.TypeInfo { return gocore.TypeInfo{Name: typ, Package: "main", Known: true} }
	_, bytes := f.AllocatedSlots()
	f.Typed = gocore.Typing{TypedBytes: bytes * 99 / 100}
	f.Build()
	return f
}

// Roots have no packages.
func (f *fake) Roots() []gocore.Root {
	roots := f.Process.Roots()
	for i := range roots {
		roots[i].Package = ""
	}
	return roots
}

func (f *fake) Hex(n heap.Node, off, size uint64) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(off) + byte(i)*7
	}
	return b
}

// AllocSite is known of nodes of lists.
func (f *fake) AllocSite(n heap.Node) (gocore.AllocSite, bool) {
	return gocore.AllocSite{Stack: []gocore.Call{
		{Func: "runtime.newobject", File: "/usr/lib/go/src/runtime/malloc.go", Line: 1500},
		{Func: "main.push", File: "/src/blockstore/list.go", Line: 41}, {Func: "main.main", File: "/src/blockstore/main.go", Line: 12},
	}}, f.Type(n) == "main.node"
}

// hostile is a name as a malicious dump may have it: a terminal escape, a
// change of the writing direction, style tags of tview, and cells of odd width.
const hostile = "evil\x1b[31m\u202e[red::b]x[::u][:::https://a.b]\x00日本\u0301\u0301\u0301"

// blockstore is a program that leaks blocks: a store keeps them all, an index
// shares some, goroutines that never end keep buffers.
func blockstore(blocks, list int) *fake {
	f := &fake{fakeprocess.Process{
		Trouble: []gocore.Problem{{Severity: "warning", Message: "2 frames have no stack map and were scanned conservatively: " + hostile, Count: 2}},
		Verdicts: []gocore.Check{
			{Name: "slots marked but not live", Status: gocore.CheckOK, Live: true},
			{Name: "live bytes", Ours: 1 << 20, Runtime: 1<<20 + 12, Difference: -12, Status: gocore.CheckOK},
			{Name: "slots live but not marked", Status: gocore.CheckNotComparable, Live: true, Reason: "the last garbage collection is too old"},
		},
	}}
	f.root("global", "main.srv", "main.server", 0x1a3f2c0, fakeEdge{".storage.(*main.memStorage)", "storage"}, fakeEdge{".log", "log"})
	f.root("global", "main.index", "map[string]*main.Block", 0x1a3f300, fakeEdge{"", "indexmap"})
	f.root("global", "main.history", "[]string", 0x1a3f340, fakeEdge{"", "history"})
	f.root("global", "main.head", "*main.node", 0x1a3f380, fakeEdge{"", "list0"})
	f.root("special", "finalizer of *os.File", "", 0)
	f.object("storage", "main.memStorage", 48, fakeEdge{".blocks", "blocks"})
	f.object("log", "main.logger", 64)
	f.object("history", "[]string", 4096, fakeEdge{"[0]", "evil"})
	f.object("evil", hostile, 1024)
	f.object("garbage", "main.Block", 112)
	var all, some []fakeEdge
	for i := range blocks {
		id := fmt.Sprintf("block%d", i)
		all = append(all, fakeEdge{fmt.Sprintf("[%d]", i), id})
		if i%5 == 0 {
			some = append(some, fakeEdge{fmt.Sprintf("[%q]", id), id})
		}
		f.object(id, "main.Block", 112, fakeEdge{".data", "data" + id}, fakeEdge{".attrs", "attrs" + id})
		f.object("data"+id, "[]uint8", 4096)
		f.object("attrs"+id, "map[string]string", 48)
	}
	f.object("blocks", "[]*main.Block", 8192, all...)
	f.object("indexmap", "map[string]*main.Block", 48, some...)
	for i := range list {
		var next []fakeEdge
		if i+1 < list {
			next = []fakeEdge{{".next", fmt.Sprintf("list%d", i+1)}}
		}
		f.object(fmt.Sprintf("list%d", i), "main.node", 32, next...)
	}
	for i := range 24 {
		name := fmt.Sprintf("goroutine %d main.(*server).watch", 18+i)
		f.root("goroutine", name, "", 0, fakeEdge{" buf", fmt.Sprintf("buf%d", i)})
		f.object(fmt.Sprintf("buf%d", i), "[]uint8", 1024)
		f.Running = append(f.Running, gocore.Goroutine{
			ID: uint64(18 + i), Status: "waiting", WaitReason: "chan receive", WaitNanos: 192 * 60e9,
			Func: "main.(*server).watch", CreatedBy: "main.(*server).subscribe", CreatedAt: "/src/blockstore/server.go:88", StackBytes: 8192,
		})
	}
	f.root("goroutine", "goroutine 1 main.main", "", 0)
	f.Running = append(f.Running, gocore.Goroutine{ID: 1, Status: "waiting", WaitReason: "select", WaitNanos: -1, Func: "main.main", StackBytes: 8192})
	f.build()
	f.Sites = f.sites(blocks)
	for i := range f.Running {
		g := &f.Running[i]
		g.Node = f.Node[fmt.Sprintf("goroutine %d %s", g.ID, g.Func)]
		frames := []gocore.Frame{
			{Func: "runtime.gopark", File: "/usr/lib/go/src/runtime/proc.go", Line: 435},
			{Func: g.Func, File: "/src/blockstore/server.go", Line: 61},
		}
		if g.ID != 1 {
			frames[1].Vars = []gocore.Var{
				{Name: "buf", Type: "[]uint8", Target: f.Node[fmt.Sprintf("buf%d", g.ID-18)]},
				{Name: "done", Type: "bool", Target: heap.None},
			}
		}
		f.Stacks = append(f.Stacks, frames)
	}
	return f
}

// sites are where blocks and what they hold were allocated, each one sampled.
func (f *fake) sites(blocks int) []gocore.LiveSite {
	at := func(fn string, line int, size uint64, id string) gocore.LiveSite {
		site := gocore.LiveSite{HeapSample: profile.HeapSample{Size: size, Stack: []profile.Frame{
			{Func: "runtime.newobject", After: "runtime.newobject", File: "/usr/lib/go/src/runtime/malloc.go", Line: 1500},
			{Func: fn, After: fn, File: "/src/blockstore/" + hostile + "/store.go", Line: line},
		}}}
		for i := range blocks {
			site.Objects = append(site.Objects, f.Node[fmt.Sprintf("%s%d", id, i)])
		}
		return site
	}
	return []gocore.LiveSite{at("main.(*memStorage).put", 51, 112, "block"), at("main.read"+hostile, 88, 4096, "datablock")}
}

func snapshot(t testing.TB, f *fake) *report.Snapshot {
	t.Helper()
	s, err := report.New(context.Background(), f, f)
	if err != nil {
		t.Fatal(err)
	}
	s.LeastSuspect = 0
	t.Cleanup(func() { s.Dominators.Close() })
	return s
}
