package report

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/progress"
)

// fake is a hand-made program. Nodes are named by strings; node numbers come
// from the order of the roots, and then of sizes and addresses.
type fake struct {
	roots   []fakeNode
	objects []fakeNode

	source     gocore.Source
	problems   []gocore.Problem
	checks     []gocore.Check
	goroutines []gocore.Goroutine
	frames     [][]gocore.Frame
	typingErr  error

	graph   *heap.Graph
	node    map[string]heap.Node
	byNode  []*fakeNode
	typeIDs []heap.TypeID
	types   []gocore.TypeInfo
}

type fakeNode struct {
	id, kind, name, typ string
	addr, size          uint64
	to                  []fakeEdge
	rootSize            uint64
	text                string // in it
}

// fakeEdge is a pointer with what it adds to an expression. What leads to a part of
// a map, which fakeParts are the types of, adds nothing: expr is its name in memory.
type fakeEdge struct{ expr, to string }

// fakeParts are the types of the parts of maps.
var fakeParts = []string{"[]*table<", "table<", "[]map.group["}

func isPart(typ string) bool {
	return slices.ContainsFunc(fakeParts, func(p string) bool { return strings.HasPrefix(typ, p) })
}

// build numbers the nodes and makes the graph.
func (f *fake) build() *fake {
	slices.SortStableFunc(f.objects, func(a, b fakeNode) int {
		return cmp.Or(cmp.Compare(a.size, b.size), cmp.Compare(a.addr, b.addr))
	})
	f.node = map[string]heap.Node{}
	f.byNode = []*fakeNode{nil}
	for i := range f.roots {
		f.node[f.roots[i].id] = heap.Node(len(f.byNode))
		f.byNode = append(f.byNode, &f.roots[i])
	}
	var extents []heap.Extent
	var size uint64
	for i := range f.objects {
		o := &f.objects[i]
		if o.size != size {
			for len(f.byNode)%heap.ExtentAlign != 0 {
				f.byNode = append(f.byNode, nil)
			}
			extents = append(extents, heap.Extent{First: heap.Node(len(f.byNode)), Size: o.size})
			size = o.size
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
	byName := map[string]heap.TypeID{}
	for n, o := range f.byNode {
		if n > 0 && o != nil {
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
			id, ok := byName[o.typ]
			if !ok {
				id = heap.TypeID(len(f.types))
				byName[o.typ] = id
				pkg, _, dotted := strings.Cut(o.typ, ".")
				if !dotted {
					pkg = ""
				}
				f.types = append(f.types, gocore.TypeInfo{Name: o.typ, Package: pkg, Known: !strings.HasPrefix(o.typ, "(unknown")})
			}
			f.typeIDs[n] = id
		}
	}
	f.graph = heap.NewGraph(len(f.roots), offset, target, extents)
	return f
}

func (f *fake) Source() gocore.Source                         { return f.source }
func (f *fake) Problems() []gocore.Problem                    { return f.problems }
func (f *fake) Graph(context.Context) (*heap.Graph, error)    { return f.graph, nil }
func (f *fake) Check(context.Context) ([]gocore.Check, error) { return f.checks, nil }
func (f *fake) GCMarkedBytes() uint64                         { return 12345 }
func (f *fake) TypeObjects(context.Context) error             { return f.typingErr }
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
	return gocore.Typing{TypedObjects: 3, TypedBytes: 4096, CoveredBytes: 4000, EvidenceBytes: map[string]uint64{"pointer": 96, "header": 4000}}
}

func (f *fake) NodeAt(addr uint64) (heap.Node, bool) {
	for _, o := range f.objects {
		if addr >= o.addr && addr-o.addr < o.size {
			return f.node[o.id], true
		}
	}
	return heap.None, false
}

func (f *fake) Evidence(n heap.Node) string {
	if f.graph.IsRoot(n) {
		return ""
	}
	return "header"
}

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
		root := gocore.Root{Node: heap.Node(i + 1), Kind: r.kind, Name: r.name, Type: r.typ, Addr: r.addr, Size: r.rootSize, Goroutine: -1}
		if r.kind == "global" {
			root.Package = "main"
		}
		roots = append(roots, root)
	}
	return roots
}

func (f *fake) Path(nodes []heap.Node) gocore.Path {
	p := gocore.Path{Root: nodes[0], Expression: f.Name(nodes[0]), WithoutKeys: f.Name(nodes[0])}
	keys := regexp.MustCompile(`\["[^]]*"\]`)
	for i, n := range nodes {
		h := gocore.Hop{Node: n, Type: f.Type(n), Addr: f.Addr(n), Expr: f.Name(n)}
		if i > 0 {
			h.Expr, _, _ = f.Edge(nodes[i-1], n)
			h.Key = strings.HasPrefix(h.Expr, `["`)
			if h.Internal = isPart(h.Type); h.Internal || h.Expr == "*" {
				h.Expr = ""
			}
			p.Expression += h.Expr
			p.WithoutKeys += keys.ReplaceAllString(h.Expr, "[…]")
		}
		p.Hops = append(p.Hops, h)
	}
	return p
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
	var fields []gocore.Field
	if !f.graph.IsRoot(n) && !f.TypeOf(n).Known {
		return nil, 0
	}
	for i, e := range f.byNode[n].to {
		fields = append(fields, gocore.Field{Offset: uint64(8 * i), Size: 8, Name: strings.TrimPrefix(e.expr, "."), Type: "*T", Target: f.node[e.to]})
	}
	if len(fields) > limit {
		return fields[:limit], len(fields) - limit
	}
	return fields, 0
}

// Hex returns words: the pointers, then numbers; or the text of the object.
func (f *fake) Hex(n heap.Node, off, size uint64) []byte {
	var b []byte
	if text := f.byNode[n].text; text != "" {
		b = append([]byte(text), make([]byte, f.byNode[n].size-uint64(len(text)))...)
		return b[min(off, uint64(len(b))):min(off+size, uint64(len(b)))]
	}
	for i := range f.byNode[n].size / 8 {
		w := i
		if int(i) < len(f.byNode[n].to) {
			w = f.byNode[f.node[f.byNode[n].to[i].to]].addr + i
		}
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return b[min(off, uint64(len(b))):min(off+size, uint64(len(b)))]
}

func (f *fake) FindBytes(_ context.Context, text []byte, most int) (hits gocore.Hits, err error) {
	for n := range f.byNode {
		if f.byNode[n] == nil || n <= len(f.roots) || f.byNode[n].id == "garbage" {
			continue
		}
		b := f.Hex(heap.Node(n), 0, f.byNode[n].size)
		for off := 0; off+len(text) <= len(b); off++ {
			if bytes.Equal(b[off:off+len(text)], text) {
				hits.List = append(hits.List, gocore.Hit{Node: heap.Node(n), Offset: uint64(off)})
			}
		}
	}
	hits.Total = uint64(len(hits.List))
	hits.List = hits.List[:min(most, len(hits.List))]
	return hits, nil
}

func (f *fake) FindWord(ctx context.Context, value uint64, most int) (gocore.Hits, error) {
	return f.FindBytes(ctx, binary.LittleEndian.AppendUint64(nil, value), most)
}

func (f *fake) FollowedAt(n heap.Node, off uint64) bool { return off/8 < uint64(len(f.byNode[n].to)) }

func (f *fake) Lookup(target string) (heap.Node, error) {
	for id, n := range f.node {
		if f.Name(n) == target || fmt.Sprintf("0x%x", f.Addr(n)) == target || id == target {
			return n, nil
		}
	}
	return heap.None, errors.New("nothing is called " + target)
}

// hostile is a name as a damaged or malicious dump may have it.
const hostile = "evil\x1b[31m\x00\u202e\xff\n"

// blockstore is a program in the shape of one that leaks: a store behind a
// field, an index that shares some of its blocks, and goroutines that never
// end. One object is garbage.
func blockstore() *fake {
	f := &fake{
		source: gocore.Source{Kind: "core", Path: "/tmp/core.1", Bytes: 1 << 20, GoVersion: "go1.26.8", OS: "linux", Arch: "amd64",
			BuildID: "abcd", BuildIDKind: "go", Executable: "/bin/store", Symbols: "dwarf", Complete: true},
		checks: []gocore.Check{{Name: "slots marked but not live", Status: gocore.CheckOK}},
		roots: []fakeNode{
			{id: "srv", kind: "global", name: "main.srv", typ: "*main.server", addr: 0x500000, rootSize: 8, to: []fakeEdge{{".storage.(*main.memStorage)", "storage"}}},
			{id: "index", kind: "global", name: "main.index", typ: "map[string]*main.Block", addr: 0x500008, rootSize: 8},
			{id: "empty", kind: "global", name: "main.empty", typ: "*int", addr: 0x500010, rootSize: 8},
		},
		objects: []fakeNode{
			{id: "storage", kind: "object", typ: "main.memStorage", addr: 0xc000100000, size: 64, to: []fakeEdge{{".blocks", "blocks"}}},
			{id: "garbage", kind: "object", typ: "main.Old", addr: 0xc000100040, size: 64},
		},
	}
	blocks := fakeNode{id: "blocks", kind: "object", typ: "[]*main.Block", addr: 0xc000200000, size: 256}
	for i := range 10 {
		id := fmt.Sprintf("block%d", i)
		data := fmt.Sprintf("data%d", i)
		f.objects = append(f.objects,
			fakeNode{id: id, kind: "object", typ: "main.Block", addr: 0xc000300000 + uint64(i)*128, size: 128, to: []fakeEdge{{".data", data}}},
			fakeNode{id: data, kind: "object", typ: "[]uint8", addr: 0xc000400000 + uint64(i)*4096, size: 4096},
		)
		blocks.to = append(blocks.to, fakeEdge{fmt.Sprintf("[%d]", i), id})
		if i >= 7 {
			f.roots[1].to = append(f.roots[1].to, fakeEdge{fmt.Sprintf("[\"secret%d\"]", i), id})
		}
	}
	f.objects = append(f.objects, blocks)
	for i := range 3 {
		id := fmt.Sprintf("buf%d", i)
		f.objects = append(f.objects, fakeNode{id: id, kind: "object", typ: "[]uint8", addr: 0xc000500000 + uint64(i)*1024, size: 1024})
		number := uint64(17 + i)
		f.roots = append(f.roots, fakeNode{id: fmt.Sprint("g", number), kind: "goroutine",
			name: fmt.Sprintf("goroutine %d [chan receive] main.worker", number), to: []fakeEdge{{" · buf", id}}})
		f.goroutines = append(f.goroutines, gocore.Goroutine{ID: number, Node: heap.Node(4 + i), Status: "waiting", WaitReason: "chan receive",
			WaitNanos: 90e9, Func: "main.worker", CreatedBy: "main.main", CreatedAt: "/src/main.go:9", ParentID: 1, StackBytes: 2048})
		line := 42
		if i == 2 {
			line = 50
		}
		f.frames = append(f.frames, []gocore.Frame{{Func: "runtime.gopark", File: "/go/proc.go", Line: 400}, {Func: "main.worker", File: "/src/worker.go", Line: line}})
	}
	f.roots = append(f.roots, fakeNode{id: "hostile", kind: "global", name: "main." + hostile, typ: hostile, addr: 0x600000, to: []fakeEdge{{hostile, "hostileObject"}}})
	f.objects = append(f.objects, fakeNode{id: "hostileObject", kind: "object", typ: hostile, addr: 0xc000600000, size: 64})
	return f.build()
}

func analyse(t testing.TB, f *fake) *Snapshot {
	t.Helper()
	s, err := Analyse(t.Context(), f, new(progress.Tracker))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}
