package tui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/progress"
	"goheap/report"
)

// fake is a hand-made program under the real graph algorithms and the real
// tables: only what a core would say is invented.
type fake struct {
	roots, objects []fakeNode
	problems       []gocore.Problem
	checks         []gocore.Check
	goroutines     []gocore.Goroutine
	frames         [][]gocore.Frame
	graph          *heap.Graph
	node           map[string]heap.Node
	byNode         []*fakeNode
	typeIDs        []heap.TypeID
	types          []gocore.TypeInfo
}

type fakeNode struct {
	id, kind, name, typ string
	addr, size          uint64
	to                  []fakeEdge
}

type fakeEdge struct{ expr, to string }

func (f *fake) root(kind, name, typ string, addr uint64, to ...fakeEdge) {
	f.roots = append(f.roots, fakeNode{name, kind, name, typ, addr, 0, to})
}

func (f *fake) object(id, typ string, size uint64, to ...fakeEdge) {
	addr := 0xc000000000 + uint64(len(f.objects))*0x2000
	f.objects = append(f.objects, fakeNode{id, "object", "", typ, addr, size, to})
}

// build numbers the nodes, roots first, then objects by size and address, and
// makes the graph.
func (f *fake) build() *fake {
	slices.SortStableFunc(f.objects, func(a, b fakeNode) int {
		return cmp.Or(cmp.Compare(a.size, b.size), cmp.Compare(a.addr, b.addr))
	})
	f.node, f.byNode = map[string]heap.Node{}, []*fakeNode{nil}
	for i := range f.roots {
		f.node[f.roots[i].id] = heap.Node(len(f.byNode))
		f.byNode = append(f.byNode, &f.roots[i])
	}
	var extents []heap.Extent
	for i := range f.objects {
		o := &f.objects[i]
		if i == 0 || o.size != f.objects[i-1].size {
			for len(f.byNode)%heap.ExtentAlign != 0 {
				f.byNode = append(f.byNode, nil)
			}
			extents = append(extents, heap.Extent{First: heap.Node(len(f.byNode)), Size: o.size})
		}
		extents[len(extents)-1].Count++
		f.node[o.id] = heap.Node(len(f.byNode))
		f.byNode = append(f.byNode, o)
	}
	offset, target := []uint64{0}, []heap.Node{}
	for i := range f.roots {
		target = append(target, heap.Node(i+1))
	}
	f.types = []gocore.TypeInfo{{}}
	f.typeIDs = make([]heap.TypeID, len(f.byNode))
	for n, o := range f.byNode {
		if o != nil {
			for _, e := range o.to {
				t, ok := f.node[e.to]
				if !ok {
					panic("no node " + e.to)
				}
				target = append(target, t)
			}
		}
		offset = append(offset, uint64(len(target)))
		if n > len(f.roots) && o != nil {
			i := slices.IndexFunc(f.types, func(t gocore.TypeInfo) bool { return t.Name == o.typ })
			if i < 0 {
				i = len(f.types)
				f.types = append(f.types, gocore.TypeInfo{Name: o.typ, Package: "main", Known: true})
			}
			f.typeIDs[n] = heap.TypeID(i)
		}
	}
	f.graph = heap.NewGraph(len(f.roots), offset, target, extents)
	return f
}

func (f *fake) Source() gocore.Source {
	return gocore.Source{Kind: "core", Path: "core.4711", Bytes: 123 << 20, GoVersion: "go1.26.8", OS: "linux", Arch: "amd64",
		Executable: "/srv/bin/blockstore", Symbols: "dwarf", Complete: true}
}
func (f *fake) Problems() []gocore.Problem                    { return f.problems }
func (f *fake) Graph(context.Context) (*heap.Graph, error)    { return f.graph, nil }
func (f *fake) Check(context.Context) ([]gocore.Check, error) { return f.checks, nil }
func (f *fake) GCMarkedBytes() uint64                         { return 0 }
func (f *fake) TypeObjects(context.Context) error             { return nil }
func (f *fake) TypeIDs() []heap.TypeID                        { return f.typeIDs }
func (f *fake) TypeInfo(id heap.TypeID) gocore.TypeInfo       { return f.types[id] }
func (f *fake) TypeOf(n heap.Node) gocore.TypeInfo            { return f.types[f.typeIDs[n]] }
func (f *fake) Allocated(n heap.Node) bool                    { return f.byNode[n] != nil }
func (f *fake) Addr(n heap.Node) uint64                       { return f.byNode[n].addr }
func (f *fake) Count(heap.Node) uint64                        { return 1 }
func (f *fake) KindOf(n heap.Node) string                     { return f.byNode[n].kind }
func (f *fake) Type(n heap.Node) string                       { return f.byNode[n].typ }
func (f *fake) Goroutines() []gocore.Goroutine                { return f.goroutines }
func (f *fake) Frames(g int) []gocore.Frame                   { return f.frames[g] }
func (f *fake) Expr(nodes []heap.Node) string                 { return f.Path(nodes).Expression }
func (f *fake) Close() error                                  { return nil }

func (f *fake) AllocatedSlots() (objects, bytes uint64) {
	for _, o := range f.objects {
		objects, bytes = objects+1, bytes+o.size
	}
	return objects, bytes
}

func (f *fake) Typing() gocore.Typing {
	_, bytes := f.AllocatedSlots()
	return gocore.Typing{TypedBytes: bytes * 99 / 100}
}

func (f *fake) NodeAt(addr uint64) (heap.Node, bool) {
	for _, o := range f.objects {
		if addr >= o.addr && addr-o.addr < o.size {
			return f.node[o.id], true
		}
	}
	return heap.None, false
}

func (f *fake) Evidence(n heap.Node) string { return "header" }

func (f *fake) Name(n heap.Node) string {
	o := f.byNode[n]
	if o.name != "" {
		return o.name
	}
	return fmt.Sprintf("0x%x %s", o.addr, o.typ)
}

func (f *fake) Roots() []gocore.Root {
	var roots []gocore.Root
	for i, r := range f.roots {
		roots = append(roots, gocore.Root{Node: heap.Node(i + 1), Kind: r.kind, Name: r.name, Type: r.typ, Addr: r.addr, Size: 64, Goroutine: -1})
	}
	return roots
}

func (f *fake) Path(nodes []heap.Node) gocore.Path {
	p := gocore.Path{Root: nodes[0]}
	var expression strings.Builder
	for i, n := range nodes {
		h := gocore.Hop{Node: n, Type: f.Type(n), Addr: f.Addr(n), Expr: f.Name(n)}
		if i > 0 {
			h.Expr, _, _ = f.Edge(nodes[i-1], n)
			if h.Internal = isPart(h.Type); h.Internal {
				h.Expr = "" // only the raw hop has a name
			}
		}
		expression.WriteString(h.Expr)
		p.Hops = append(p.Hops, h)
	}
	p.Expression = expression.String()
	return p
}

// isPart reports whether objects of a type are parts of maps.
func isPart(typ string) bool {
	return strings.HasPrefix(typ, "table<") || strings.HasPrefix(typ, "[]*table<")
}

func (f *fake) Edge(from, to heap.Node) (expr string, offset uint64, ok bool) {
	for i, e := range f.byNode[from].to {
		if f.node[e.to] == to {
			return e.expr, uint64(8 * i), true
		}
	}
	return "", 0, false
}

func (f *fake) Fields(n heap.Node, limit int) ([]gocore.Field, int) {
	fields := []gocore.Field{{Offset: 0, Size: 8, Name: "created", Type: "int64", Value: "1772360527", Target: heap.None}}
	for i, e := range f.byNode[n].to {
		t := f.node[e.to]
		fields = append(fields, gocore.Field{Offset: uint64(8 + 8*i), Size: 8, Depth: i % 2, Name: e.expr, Type: "*" + f.Type(t),
			Value: fmt.Sprintf("0x%x", f.Addr(t)), Target: t})
	}
	if len(fields) > limit {
		return fields[:limit], len(fields) - limit
	}
	return fields, 0
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

func (f *fake) Lookup(target string) (heap.Node, error) {
	for _, g := range f.goroutines {
		if target == fmt.Sprintf("g:%d", g.ID) {
			return g.Node, nil
		}
	}
	for n, o := range f.byNode {
		if o != nil && (o.name == target || fmt.Sprintf("0x%x", o.addr) == target) {
			return heap.Node(n), nil
		}
	}
	return heap.None, errors.New("nothing is called " + target)
}

// hostile is a name as a malicious dump may have it: a terminal escape, a
// change of the writing direction, style tags of tview, and cells of odd width.
const hostile = "evil\x1b[31m\u202e[red::b]x[::u][:::https://a.b]\x00日本\u0301\u0301\u0301"

// blockstore is a program that leaks blocks: a store keeps them all, an index
// shares some, goroutines that never end keep buffers.
func blockstore(blocks, list int) *fake {
	f := &fake{
		problems: []gocore.Problem{{Severity: "warning", Message: "2 frames have no stack map and were scanned conservatively: " + hostile, Count: 2}},
		checks: []gocore.Check{
			{Name: "slots marked but not live", Status: gocore.CheckOK, Live: true},
			{Name: "live bytes", Ours: 1 << 20, Runtime: 1<<20 + 12, Difference: -12, Status: gocore.CheckOK},
			{Name: "slots live but not marked", Status: gocore.CheckNotComparable, Live: true, Reason: "the last garbage collection is too old"},
		},
	}
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
		f.goroutines = append(f.goroutines, gocore.Goroutine{
			ID: uint64(18 + i), Status: "waiting", WaitReason: "chan receive", WaitNanos: 192 * 60e9,
			Func: "main.(*server).watch", CreatedBy: "main.(*server).subscribe", CreatedAt: "/src/blockstore/server.go:88", StackBytes: 8192,
		})
	}
	f.root("goroutine", "goroutine 1 main.main", "", 0)
	f.goroutines = append(f.goroutines, gocore.Goroutine{ID: 1, Status: "waiting", WaitReason: "select", WaitNanos: -1, Func: "main.main", StackBytes: 8192})
	f.build()
	for i := range f.goroutines {
		g := &f.goroutines[i]
		g.Node = f.node[fmt.Sprintf("goroutine %d %s", g.ID, g.Func)]
		frames := []gocore.Frame{
			{Func: "runtime.gopark", File: "/usr/lib/go/src/runtime/proc.go", Line: 435},
			{Func: g.Func, File: "/src/blockstore/server.go", Line: 61},
		}
		if g.ID != 1 {
			frames[1].Vars = []gocore.Var{
				{Name: "buf", Type: "[]uint8", Target: f.node[fmt.Sprintf("buf%d", g.ID-18)]},
				{Name: "done", Type: "bool", Target: heap.None},
			}
		}
		f.frames = append(f.frames, frames)
	}
	return f
}

func snapshot(t testing.TB, f *fake) *report.Snapshot {
	t.Helper()
	s, err := report.Analyse(context.Background(), f, new(progress.Tracker))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Dominators.Close() })
	return s
}
