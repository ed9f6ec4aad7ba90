package report

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"goheap/gocore"
	"goheap/heap"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got; -update writes it anew):\n%s", path, diff)
	}
}

// named reports whether a document is about an object that a person has named, and
// so asked for its values.
func named(document string) bool {
	return strings.HasPrefix(document, "show") || strings.HasPrefix(document, "why")
}

// documents are all that a Snapshot can print, by the name of a golden file.
func documents(t *testing.T, s *Snapshot, disclosed Disclosure) map[string][]byte {
	t.Helper()
	ctx := t.Context()
	texts := map[string]func(b *bytes.Buffer) error{
		"info.txt":       func(b *bytes.Buffer) error { return WriteInfo(b, s) },
		"check.txt":      func(b *bytes.Buffer) error { return WriteCheck(b, s) },
		"report.txt":     func(b *bytes.Buffer) error { return WriteReport(ctx, b, s, 4, false) },
		"goroutines.txt": func(b *bytes.Buffer) error { return WriteGoroutines(ctx, b, s, List{Top: -1}, ByStack) },
		"types.txt":      func(b *bytes.Buffer) error { return WriteTypes(ctx, b, s, List{Top: 2}, true) },
		"roots.txt":      func(b *bytes.Buffer) error { return WriteRoots(ctx, b, s, List{Top: 2}) },
		"waste.txt":      func(b *bytes.Buffer) error { return WriteWaste(ctx, b, s, List{Top: 2}) },
		"waste.json": func(b *bytes.Buffer) error {
			d, err := NewWasteDocument(ctx, s, List{Top: -1})
			return errors.Join(err, WriteJSON(b, d))
		},
		"waste.csv": func(b *bytes.Buffer) error {
			x, err := NewWaste(ctx, s)
			return errors.Join(err, WriteCSV(b, x.Table(s)))
		},
		"later.txt": func(b *bytes.Buffer) error { return WriteLater(ctx, b, s, "", List{Top: 3}) },
		"later.json": func(b *bytes.Buffer) error {
			d, err := NewLaterDocument(ctx, s, "", List{Top: -1})
			return errors.Join(err, WriteJSON(b, d))
		},
		"later.csv": func(b *bytes.Buffer) error {
			x, err := NewLater(ctx, s)
			return errors.Join(err, WriteCSV(b, x.Table(s, "")))
		},
		"info.json":  func(b *bytes.Buffer) error { return WriteJSON(b, NewInfoDocument(s)) },
		"check.json": func(b *bytes.Buffer) error { return WriteJSON(b, NewCheckDocument(s)) },
		"report.json": func(b *bytes.Buffer) error {
			d, err := NewReportDocument(ctx, s, DefaultLimits())
			return errors.Join(err, WriteJSON(b, d))
		},
		"types.json": func(b *bytes.Buffer) error {
			d, err := NewTypesDocument(ctx, s, List{Top: 2})
			return errors.Join(err, WriteJSON(b, d))
		},
		"roots.json": func(b *bytes.Buffer) error {
			d, err := NewRootsDocument(ctx, s, List{Top: -1})
			return errors.Join(err, WriteJSON(b, d))
		},
		"goroutines.json": func(b *bytes.Buffer) error {
			d, err := NewGoroutinesDocument(ctx, s, List{Top: -1})
			return errors.Join(err, WriteJSON(b, d))
		},
		"show.txt": func(b *bytes.Buffer) error {
			d, err := NewShowDocument(ctx, s, []string{"block8", "garbage", "g17", "data8"}, Parts{}, SameLimit(2))
			return errors.Join(err, WriteShow(b, s, d))
		},
		"show.json": func(b *bytes.Buffer) error {
			d, err := NewShowDocument(ctx, s, []string{"block8", "data8", "main.srv"}, Parts{}, DefaultLimits())
			return errors.Join(err, WriteJSON(b, d))
		},
		"showgoroutine.txt": func(b *bytes.Buffer) error {
			d, err := NewShowDocument(ctx, s, []string{"g19"}, Parts{}, DefaultLimits())
			return errors.Join(err, WriteShow(b, s, d))
		},
		"showgoroutine.json": func(b *bytes.Buffer) error {
			d, err := NewShowDocument(ctx, s, []string{"g19"}, Parts{}, DefaultLimits())
			return errors.Join(err, WriteJSON(b, d))
		},
		"why.txt": func(b *bytes.Buffer) error {
			d, err := NewWhyDocument(ctx, s, "data8", 5, false)
			return errors.Join(err, WriteWhy(b, s, d))
		},
		"why.json": func(b *bytes.Buffer) error {
			d, err := NewWhyDocument(ctx, s, "data8", 5, false)
			return errors.Join(err, WriteJSON(b, d))
		},
		"whygarbage.txt": func(b *bytes.Buffer) error {
			d, err := NewWhyDocument(ctx, s, "garbage", 5, false)
			return errors.Join(err, WriteWhy(b, s, d))
		},
		"retainers.csv": func(b *bytes.Buffer) error {
			table, err := RetainerTable(ctx, s)
			return errors.Join(err, WriteCSV(b, table))
		},
	}
	out := map[string][]byte{}
	for name, write := range texts {
		var b bytes.Buffer
		s.Disclosure = disclosed
		if named(name) {
			s.Disclosure = Shown
		}
		if err := write(&b); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[name] = b.Bytes()
	}
	return out
}

func TestGolden(t *testing.T) {
	s := analyse(t, blockstore())
	s.Phases = []Phase{{"mark", 12 * time.Millisecond}}
	s.Peak = 1 << 20
	for name, got := range documents(t, s, Hidden) {
		golden(t, name, got)
		for i, r := range string(got) {
			if r != '\n' && (r < ' ' || r == 0x202e || r == 0x7f || r == '\ufffd') {
				t.Errorf("%s has the character %U at %d", name, r, i)
			}
		}
	}
}

// The same input gives the same bytes, in whatever order goroutines run and
// maps are walked.
func TestDeterministic(t *testing.T) {
	first := documents(t, analyse(t, blockstore()), Shown)
	for _, procs := range []int{1, 2, 8} {
		old := runtime.GOMAXPROCS(procs)
		again := documents(t, analyse(t, blockstore()), Shown)
		runtime.GOMAXPROCS(old)
		for name, want := range first {
			if strings.HasPrefix(name, "info") {
				continue // has times
			}
			if !bytes.Equal(again[name], want) {
				t.Errorf("%s differs with GOMAXPROCS=%d", name, procs)
			}
		}
	}
}

// keys returns the keys of a JSON document in the order in which they stand,
// each once, with the path to them.
func keys(t *testing.T, document []byte) []string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(document))
	var all []string
	var walk func(path string)
	walk = func(path string) {
		token, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		switch token {
		case json.Delim('{'):
			for d.More() {
				key, err := d.Token()
				if err != nil {
					t.Fatal(err)
				}
				at := strings.TrimPrefix(path+"."+key.(string), ".")
				if !slices.Contains(all, at) {
					all = append(all, at)
				}
				walk(at)
			}
			d.Token()
		case json.Delim('['):
			for d.More() {
				walk(path)
			}
			d.Token()
		}
	}
	walk("")
	return all
}

// The contract: these keys, in this order. More may stand between them.
func TestContract(t *testing.T) {
	source := "source source.kind source.path source.bytes source.go_version source.os source.arch source.build_id source.build_id_kind source.executable source.symbols source.complete source.problems "
	info := source + "heap heap.live_objects heap.live_bytes heap.garbage_objects heap.garbage_bytes heap.gc_marked_bytes heap.edges heap.roots heap.goroutines " +
		"typing typing.typed_objects typing.typed_bytes typing.covered_bytes typing.conflicts typing.evidence_bytes check"
	node := func(path string) string {
		return fmt.Sprintf("%s %[1]s.kind %[1]s.name %[1]s.address %[1]s.type ", path)
	}
	under := regexp.MustCompile(`\S+`).ReplaceAllString(info, "info.$0")
	typesKeys := "types types.type types.package types.objects types.shallow_bytes types.retained_bytes_min "
	contract := map[string]string{
		"info.json":  "schema " + info + " phases phases.name phases.ms peak_memory_bytes",
		"check.json": "schema ok checks checks.name checks.ours checks.runtime checks.difference checks.status checks.reason checks.examples",
		"report.json": "schema info " + under + " retainers retainers.kind retainers.name retainers.type retainers.address retainers.count retainers.objects " +
			"retainers.shallow_bytes retainers.retained_bytes retainers.holders retainers.accumulation retainers.accumulation.expression " +
			"retainers.accumulation.type retainers.accumulation.address retainers.accumulation.retained_bytes " + typesKeys + "roots goroutines suspects",
		"types.json":      "schema " + typesKeys,
		"roots.json":      "schema roots",
		"goroutines.json": "schema goroutines",
		"show.json": "schema objects objects.asked objects.address objects.size objects.type objects.count objects.evidence objects.live objects.retained_bytes " +
			node("objects.dominator") + "objects.fields objects.fields.offset objects.fields.size objects.fields.name objects.fields.type objects.fields.value objects.fields.target " +
			"objects.waste objects.waste.rule objects.waste.kind objects.waste.bytes objects.waste.at_least objects.waste.ranges objects.waste.ranges.offset objects.waste.ranges.address objects.waste.ranges.bytes objects.waste.more_ranges objects.waste.change " +
			"objects.referrers " + node("objects.referrers.node") + "objects.referrers.expression objects.referrers.offset",
		"showgoroutine.json": "schema objects objects.goroutine objects.goroutine.id objects.goroutine.locked objects.goroutine.labels objects.goroutine.labels.key objects.goroutine.labels.value " +
			"objects.goroutine.calls objects.goroutine.calls.function objects.goroutine.calls.file objects.goroutine.calls.line objects.goroutine.calls.inlined objects.goroutine.calls.pc " +
			"objects.goroutine.calls.variables objects.goroutine.calls.variables.name objects.goroutine.calls.variables.kind objects.goroutine.calls.variables.type objects.goroutine.calls.variables.state " +
			"objects.goroutine.calls.variables.value objects.goroutine.calls.deferred objects.goroutine.calls.deferred.function objects.goroutine.calls.deferred.count " +
			"objects.goroutine.elided_calls objects.goroutine.elided_behind",
		"later.json": "schema clock_ns clock running rows rows.section rows.state rows.count rows.bytes rows.type rows.what rows.depth rows.children rows.first_due_ns " +
			"rows.last_due_ns rows.period_ns rows.cancelled rows.overdue rows.unheld rows.cancelled_by rows.name rows.address more unknown",
		"waste.json": "schema live_bytes dead_bytes unused_bytes gain_bytes behind_bytes rules rules.name rules.objects rules.dead_bytes rules.unused_bytes rules.gain_bytes rules.pointer_words types holders " +
			"findings findings.rule findings.kind findings.type findings.held_by findings.objects findings.distinct findings.bytes findings.behind_bytes findings.at_least findings.largest findings.address findings.largest_bytes findings.change more",
		"why.json": "schema live paths " + node("paths.root") + "paths.expression paths.also_held_by paths.more_holdings paths.hops paths.hops.expression paths.hops.type paths.hops.address paths.hops.retained_bytes paths.hops.dominates",
	}
	s := analyse(t, blockstore())
	s.Phases = []Phase{{"mark", time.Millisecond}}
	printed := documents(t, s, Hidden)
	for name, want := range contract {
		got := keys(t, printed[name])
		for _, key := range strings.Fields(want) {
			i := slices.Index(got, key)
			if i < 0 {
				t.Errorf("%s lacks %s, or has it too early; what follows: %v", name, key, got)
				break
			}
			// A key below a dominator of an earlier object may come
			// late: only the top of the rest is dropped.
			if !strings.Contains(key, ".") {
				got = got[i:]
			}
		}
		var head struct{ Schema string }
		if err := json.Unmarshal(printed[name], &head); err != nil {
			t.Error(err)
		}
		if want := "goheap/" + strings.TrimSuffix(strings.TrimSuffix(name, ".json"), "goroutine") + "/1"; head.Schema != want {
			t.Errorf("%s has the schema %q, want %q", name, head.Schema, want)
		}
	}
}

func TestRetainers(t *testing.T) {
	f := blockstore()
	s := analyse(t, f)
	all, err := s.Retainers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const block = 128 + 4096
	type row struct {
		kind, name              string
		count, objects          uint64
		shallow, retained       uint64
		expression, accumulated string
	}
	var got []row
	for _, r := range all {
		a := s.Accumulation(r.Node)
		got = append(got, row{string(r.Kind), r.Name, r.Count, r.Objects, r.Shallow, r.Retained, a.Expression, a.Type})
	}
	want := []row{
		{"global", "main.srv", 1, 16, 0, 64 + 256 + 7*block, "main.srv.storage.(*main.memStorage).blocks", "[]*main.Block"},
		{"joint", "3 × main.Block", 3, 6, 3 * 128, 3 * block, "main.index[…].data", "[]uint8"},
		{"goroutine", "goroutine 17 [chan receive] main.worker", 1, 1, 0, 1024, "goroutine 17 [chan receive] main.worker · buf", "[]uint8"},
		{"goroutine", "goroutine 18 [chan receive] main.worker", 1, 1, 0, 1024, "goroutine 18 [chan receive] main.worker · buf", "[]uint8"},
		{"goroutine", "goroutine 19 [chan receive] main.worker", 1, 1, 0, 1024, "goroutine 19 [chan receive] main.worker · buf", "[]uint8"},
		{"global", "main." + hostile, 1, 1, 0, 64, "main." + hostile + hostile, hostile},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(row{})); diff != "" {
		t.Errorf("retainers differ (-want +got):\n%s", diff)
	}
	var sum uint64
	for _, r := range all {
		sum += r.Retained
	}
	if _, live := s.Live(); sum != live {
		t.Errorf("retainers hold %d bytes, %d are live", sum, live)
	}
	joint := all[1]
	if !slices.Equal(joint.Holders, []heap.Node{f.Node["srv"], f.Node["index"]}) {
		t.Errorf("joint holders %v", joint.Holders)
	}
	if got := s.HeldBy(&Holder{Retainer: joint}); got != "3 × main.Block, held jointly by main.srv and main.index" {
		t.Errorf("the joint group is described as %q", got)
	}
}

// What more roots hold than Joint tells apart is said in a line of bounded width.
func TestHolder(t *testing.T) {
	f := &fake{}
	for i := range 70 {
		f.RootNodes = append(f.RootNodes, fakeNode{ID: fmt.Sprint("r", i), Kind: "global", Name: fmt.Sprintf("example.com/long/path/to/a.variable%d", i),
			To: []fakeEdge{{".a", "all"}, {".b", "both"}}[:1+i%2]})
	}
	for i := range 4 {
		f.RootNodes[i].To = append(f.RootNodes[i].To, fakeEdge{".s", "some"})
	}
	for i, id := range []string{"all", "both", "some"} {
		f.Objects = append(f.Objects, fakeNode{ID: id, Kind: "object", Type: "example.com/b." + id, Addr: 0xc000000000 + uint64(i)*64, Size: 64})
	}
	s := analyse(t, f.Build())
	all, err := s.Retainers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"all":  "0xc000000000 b.all, held jointly by more than 64 holders: a.variable0, a.variable1, a.variable2, …",
		"both": "0xc000000040 b.both, held jointly by 35 holders: a.variable1, a.variable3, a.variable5, …",
		"some": "0xc000000080 b.some, held jointly by 4 holders: a.variable0, a.variable1, a.variable2, …",
	}
	for id, want := range want {
		i := slices.IndexFunc(all, func(r Retainer) bool { return r.Node == f.Node[id] })
		if i < 0 {
			t.Fatalf("%s is no retainer", id)
		}
		if got := s.HeldBy(&Holder{Retainer: all[i]}); got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
		h := &Holder{Retainer: all[i]}
		name := func(root heap.Node) string { return ShortPaths(s.Heap.Name(root)) }
		if got, want := holderNames(h, name, 1), strings.Split(holderNames(h, name, 1000), ", ")[0]+", …"; got != want {
			t.Errorf("%s without room: %q, want %q", id, got, want)
		}
	}
	none := Retainer{Kind: RetainerJoint, Count: 2, Type: "main.T", Members: []heap.Node{1, 2}, MoreHolders: true}
	if got, want := s.HeldBy(&Holder{Retainer: none}), "2 × main.T, held jointly by several holders"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Goroutines of one kind are one row, whatever is known of them.
func TestHolders(t *testing.T) {
	f := &fake{}
	kinds := []gocore.Goroutine{{Func: "a/main.worker", CreatedBy: "main.main"}, {}, {Func: "a/main.worker"}}
	for i := range 9 {
		id := fmt.Sprint("g", i)
		f.RootNodes = append(f.RootNodes, fakeNode{ID: id, Kind: "goroutine", Name: id, To: []fakeEdge{{" · x", "x" + id}}})
		f.Objects = append(f.Objects, fakeNode{ID: "x" + id, Kind: "object", Type: "main.T", Addr: 0xc000000000 + uint64(i)*256, Size: 256})
		g := kinds[min(i%4, 2)]
		g.ID, g.Node = uint64(9-i), heap.Node(i+1)
		f.Running = append(f.Running, g)
	}
	s := analyse(t, f.Build())
	all, err := s.Holders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]heap.Node{
		"3 goroutines in main.worker, created by main.main": {1, 5, 9}, "2 goroutines": {2, 6}, "4 goroutines in main.worker": {3, 4, 7, 8},
	}
	for i := range all {
		h := &all[i]
		if got := s.HeldBy(h); !slices.Equal(h.Members, want[got]) || h.Retained != 256*h.Count || h.At != h.Node || !h.Class || h.Single() || s.HolderType(h) != "" {
			t.Errorf("%q: %+v", got, h)
		}
	}
	if retainers, err := s.Retainers(t.Context()); err != nil || len(all) != len(want) || len(retainers) != 9 {
		t.Errorf("%d holders of %d retainers, %v", len(all), len(retainers), err)
	}
}

// The program's own variables are named first, lists of the runtime's last.
func TestOwnFirst(t *testing.T) {
	f := &fake{}
	for _, r := range [][2]string{{"global", "runtime.allgs"}, {"global", "sync.allPools"}, {"special", "finalizer"}, {"goroutine", "goroutine 1"}, {"global", "sync.pools"}} {
		f.RootNodes = append(f.RootNodes, fakeNode{ID: r[1], Kind: r[0], Name: r[1]})
	}
	s := analyse(t, f.Build())
	var got []string
	for _, n := range ownFirst(s, []heap.Node{1, 2, 3, 4, 5}) {
		got = append(got, f.Name(n))
	}
	if want := "sync.pools, goroutine 1, finalizer, runtime.allgs, sync.allPools"; strings.Join(got, ", ") != want {
		t.Errorf("%v, want %s", got, want)
	}
}

// mapsInside is a program with a map whose parts are objects, and one without a type.
func mapsInside() *fake {
	const table, groups = "table<string,map[int]*main.T>", "[]map.group[string]map[int]*main.T"
	return (&fake{
		File: gocore.Source{Arch: "amd64"},
		RootNodes: []fakeNode{
			{ID: "m", Kind: "global", Name: "main.m", Type: "map[string]map[int]*main.T", Addr: 0x500000, To: []fakeEdge{{"*", "header"}}},
			{ID: "raw", Kind: "global", Name: "main.raw", Type: "unsafe.Pointer", Addr: 0x500008, To: []fakeEdge{{"*", "unknown"}}},
		},
		Objects: []fakeNode{
			{ID: "header", Kind: "object", Type: "map[string]map[int]*main.T", Addr: 0xc000001000, Size: 48, To: []fakeEdge{{"*", "tables"}}},
			{ID: "tables", Kind: "object", Type: "[]*" + table, Addr: 0xc000002000, Size: 16, To: []fakeEdge{{"[0]", "table"}, {"[1]", "table2"}}},
			{ID: "table", Kind: "object", Type: table, Addr: 0xc000003000, Size: 32, To: []fakeEdge{{".groups.data", "groups"}}},
			{ID: "table2", Kind: "object", Type: table, Addr: 0xc000003020, Size: 32},
			{ID: "groups", Kind: "object", Type: groups, Addr: 0xc000004000, Size: 512, To: []fakeEdge{{`["secret"]`, "value"}}},
			{ID: "value", Kind: "object", Type: "map[int]*main.T", Addr: 0xc000001030, Size: 48},
			{ID: "unknown", Kind: "object", Type: "(unknown 32 B, pointers 0x1)", Addr: 0xc000003040, Size: 32, To: []fakeEdge{{"+0x0", "value"}, {"+0x8", "table2"}}},
			{ID: "garbage", Kind: "object", Type: "(unknown 32 B, no pointers)", Addr: 0xc000003060, Size: 32},
		},
	}).Build()
}

// Physical names say where each pointer stands; logical ones make up a Go
// expression.
func TestPhysical(t *testing.T) {
	f := mapsInside()
	s := analyse(t, f)
	s.Disclosure = Shown
	for _, test := range []struct {
		path            string
		physical        bool
		words, document string
	}{
		{"m header tables table groups value", false, `main.m (what it points to) ["secret"]`, `main.m - ["secret"]`},
		{"m header tables table groups value", true, `main.m (what it points to) → +0x0 [0] .groups.data ["secret"]`, `main.m - → +0x0 [0] .groups.data ["secret"]`},
		{"m header tables table groups", false, "main.m (what it points to) .groups.data", "main.m - -"},
	} {
		var nodes []heap.Node
		for _, id := range strings.Fields(test.path) {
			nodes = append(nodes, f.Node[id])
		}
		var words, document []string
		for _, h := range newPathDocument(s, nodes, test.physical).Hops {
			words, document = append(words, h.word), append(document, orDash(h.Expression))
		}
		if got := strings.Join(words, " "); got != test.words {
			t.Errorf("%s, physical %v: %s, want %s", test.path, test.physical, got, test.words)
		}
		if got := strings.Join(document, " "); got != test.document {
			t.Errorf("%s, physical %v: %s in JSON, want %s", test.path, test.physical, got, test.document)
		}
		if got := s.Expression(nodes); strings.HasSuffix(test.path, "value") && got != `main.m["secret"]` {
			t.Errorf("expression %s", got)
		}
	}
}

// A map's bytes come together in its parts; the type of the variable says more.
func TestHolderType(t *testing.T) {
	f := mapsInside()
	s := analyse(t, f)
	all, err := s.Holders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for i := range all {
		if s.Graph.IsRoot(all[i].Node) {
			got[all[i].Name] = s.HolderType(&all[i])
		}
	}
	want := map[string]string{"main.m": "map[string]map[int]*main.T", "main.raw": "unsafe.Pointer"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("types differ (-want +got):\n%s", diff)
	}
	blocks := analyse(t, blockstore())
	if all, err = blocks.Holders(t.Context()); err != nil || blocks.HolderType(&all[0]) != "[]*main.Block" {
		t.Errorf("the type of main.srv.storage.blocks is %s, %v", blocks.HolderType(&all[0]), err)
	}
}

// The parts of the maps of one type are one row, which sums them exactly as the
// dominator tree does: what one part dominates of the others counts once.
func TestFoldedTypes(t *testing.T) {
	s := analyse(t, mapsInside())
	folded, err := s.FoldedTypes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][4]uint64{}
	for _, r := range folded {
		got[r.Name] = [4]uint64{uint64(len(r.IDs)), r.Objects, r.Shallow, r.Retained}
	}
	want := map[string][4]uint64{
		"map[string]map[int]*main.T":           {1, 1, 48, 48 + 16 + 32 + 512},
		"map[string]map[int]*main.T (insides)": {3, 4, 16 + 32 + 32 + 512, 16 + 32 + 32 + 512},
		"map[int]*main.T":                      {1, 1, 48, 48},
		"(unknown 32 B, pointers 0x1)":         {1, 1, 32, 32},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("types differ (-want +got):\n%s", diff)
	}
	plain, err := s.Types(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var folds, all uint64
	for _, r := range folded {
		folds += r.Shallow
	}
	for _, r := range plain {
		all += r.Shallow
	}
	if len(plain) != 6 || folds != all {
		t.Errorf("%d types with %d bytes, folded %d with %d", len(plain), all, len(folded), folds)
	}
	for _, r := range folded {
		if nodes, err := s.Instances(t.Context(), r.IDs); err != nil || uint64(len(nodes)) != r.Objects {
			t.Errorf("%s: %d instances, %v", r.Name, len(nodes), err)
		}
	}
	var b bytes.Buffer
	if err := WriteTypes(t.Context(), &b, s, List{Top: 1}, false); err != nil || !strings.HasSuffix(b.String(), "\n\n1 kind of unknown objects, by size and pointers: 32 B in 1 object, 4.4 % of the live heap\n") {
		t.Errorf("%v, %s", err, b.String())
	}
}

func TestMapOfInside(t *testing.T) {
	for in, want := range map[string]string{
		"map.group[string]*main.T":                  "map[string]*main.T",
		"[]map.group[[2]map[string]int]chan int":    "map[[2]map[string]int]chan int",
		"[]*table<string,*main.T>":                  "map[string]*main.T",
		"table<struct { a, b int },map[int]bool>":   "map[struct { a, b int }]map[int]bool",
		"table<chan<- os.Signal,*signal.handler>":   "map[chan<- os.Signal]*signal.handler",
		"table<main.K[int,string],func(int, bool)>": "map[main.K[int,string]]func(int, bool)",
		"map.bucket[int]bool":                       "map[int]bool",
		"map[int]bool":                              "",
		"table<":                                    "",
		"table<>":                                   "",
		"main.table":                                "",
		"":                                          "",
	} {
		if got, ok := mapOfInside(in); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v; want %q", in, got, ok, want)
		}
	}
}

// An object without a type is shown by its words, live or not.
func TestWords(t *testing.T) {
	f := mapsInside()
	s := analyse(t, f)
	s.Disclosure = Shown
	text := func(target string, from, top int) string {
		d, err := NewShowDocument(t.Context(), s, []string{target}, Parts{From: from}, SameLimit(top))
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, w := range d.Objects[0].Fields {
			lines = append(lines, fmt.Sprintf("+%d %#x %s", *w.Offset, uint64(w.Target), w.Value))
		}
		return fmt.Sprint(strings.Join(lines, "; "), " and ", d.Objects[0].MoreFields)
	}
	for _, test := range []struct {
		target    string
		from, top int
		want      string
	}{
		{"unknown", 0, 10, "+0 0xc000001030 0xc000001030 → map[int]*main.T; +8 0xc000003020 0xc000003021 → table<string,map[int]*main.T> +0x1; +16 0x0 0x2; +24 0x0 0x3 and 0"},
		{"unknown", 2, 1, "+16 0x0 0x2 and 1"},
		{"unknown", 4, 1, " and 0"},
		{"unknown", 1<<61 + 1, 1, " and 0"}, // times 8 is 8
		{"garbage", 0, 2, "+0 0x0 0x0; +8 0x0 0x1 and 2"},
		{"value", 0, 10, " and 0"},
	} {
		if got := text(test.target, test.from, test.top); got != test.want {
			t.Errorf("%s from %d: %s, want %s", test.target, test.from, got, test.want)
		}
	}
	f.File.Arch = "s390x"
	if got := text("unknown", 0, 10); got != " and 0" {
		t.Errorf("with words of another order: %s", got)
	}
}

func TestSuspects(t *testing.T) {
	s := analyse(t, blockstore())
	found, err := Suspects(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range found {
		got = append(got, f.Rule+": "+f.Sentence)
	}
	want := []string{
		"single: main.srv keeps 29.2 KiB (65.4 % of the live heap) alive, of which 29.1 KiB in main.srv.storage.(*main.memStorage).blocks ([]*main.Block).",
		"group: 3 × main.Block, held jointly by main.srv.storage.(*main.memStorage).blocks and main.index, keep 12.4 KiB (27.7 % of the live heap) alive.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("suspects differ (-want +got):\n%s", diff)
	}
}

// A suspect object has no name but its address: a path to it says what it is.
func TestSuspectObject(t *testing.T) {
	f := &fake{
		RootNodes: []fakeNode{
			{ID: "b", Kind: "global", Name: "main.b", To: []fakeEdge{{".cache", "cache"}}},
			{ID: "a", Kind: "global", Name: "main.a", To: []fakeEdge{{".srv", "srv"}}},
		},
		Objects: []fakeNode{
			{ID: "srv", Kind: "object", Type: "main.Server", Addr: 0xc000000000, Size: 16, To: []fakeEdge{{".cache", "cache"}}},
			{ID: "cache", Kind: "object", Type: "main.Cache", Addr: 0xc000001000, Size: 4096},
		},
	}
	found, err := Suspects(t.Context(), analyse(t, f.Build()))
	if err != nil || len(found) != 1 {
		t.Fatalf("%+v, %v", found, err)
	}
	if want := "0xc000001000 main.Cache keeps 4.00 KiB (99.6 % of the live heap) alive, held as main.b.cache."; found[0].Sentence != want {
		t.Errorf("got %q, want %q", found[0].Sentence, want)
	}
}

// Small goroutines are suspect together when none of them is alone.
func TestSuspectGoroutines(t *testing.T) {
	f := &fake{}
	for i := range 20 {
		id := fmt.Sprint("buf", i)
		f.RootNodes = append(f.RootNodes, fakeNode{ID: fmt.Sprint("g", i), Kind: "goroutine", Name: fmt.Sprint("goroutine ", i), To: []fakeEdge{{" · b", id}}})
		f.Objects = append(f.Objects, fakeNode{ID: id, Kind: "object", Type: "[]uint8", Addr: 0xc000000000 + uint64(i)*64, Size: 64})
		f.Running = append(f.Running, gocore.Goroutine{ID: uint64(i), Node: heap.Node(i + 1), Func: "main.leak", CreatedBy: "main.start"})
	}
	found, err := Suspects(t.Context(), analyse(t, f.Build()))
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].Count != 20 || found[0].Retained != 20*64 {
		t.Fatalf("suspects: %+v", found)
	}
	if found[0].Rule != RuleClass || len(found[0].Members) != 20 {
		t.Errorf("rule %q, %d members", found[0].Rule, len(found[0].Members))
	}
	if want := "20 goroutines in main.leak, created by main.start, keep 1.25 KiB (100.0 % of the live heap) alive."; found[0].Sentence != want {
		t.Errorf("got %q, want %q", found[0].Sentence, want)
	}
}

// Goroutines that all hold the same thing are suspect together, though none
// dominates it, and what holds it all besides makes them innocent.
func TestSuspectGoroutinesHoldJointly(t *testing.T) {
	for _, global := range []bool{false, true} {
		f := &fake{Objects: []fakeNode{
			{ID: "shared", Kind: "object", Type: "main.S", Addr: 0xc000000000, Size: 64, To: []fakeEdge{{".a", "big0"}, {".b", "big1"}}},
			{ID: "big0", Kind: "object", Type: "main.B", Addr: 0xc000010000, Size: 4096},
			{ID: "big1", Kind: "object", Type: "main.B", Addr: 0xc000020000, Size: 4096},
		}}
		for i := range 3 {
			f.RootNodes = append(f.RootNodes, fakeNode{ID: fmt.Sprint("g", i), Kind: "goroutine", Name: fmt.Sprint("goroutine ", i),
				To: []fakeEdge{{" · a", "shared"}, {" · b", fmt.Sprint("big", i%2)}}})
			f.Running = append(f.Running, gocore.Goroutine{ID: uint64(i), Node: heap.Node(i + 1), Func: "main.leak"})
		}
		if global {
			f.RootNodes = append(f.RootNodes, fakeNode{ID: "v", Kind: "global", Name: "main.v", To: []fakeEdge{{"", "shared"}}})
		}
		s := analyse(t, f.Build())
		found, err := Suspects(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(found, func(f Suspect) bool { return f.Rule == RuleClass })
		if global != (i < 0) || !global && (found[i].Retained != s.Dominators.LiveBytes() || found[i].Count != 3) {
			t.Errorf("held by a global too: %v; suspects: %+v", global, found)
		}
		table, err := SuspectTable(t.Context(), s)
		if err != nil || table.Len() != len(found) {
			t.Errorf("table: %d rows, %v", table.Len(), err)
		}
	}
}

// Every rule says what it is.
func TestRules(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		if r.Name == "" || r.Title == "" || !strings.HasSuffix(r.Doc, ".") || seen[r.Name] {
			t.Errorf("rule %q has no title or description, or exists twice", r.Name)
		}
		seen[r.Name] = true
	}
}

func TestFind(t *testing.T) {
	f := blockstore()
	s := analyse(t, f)
	for target, want := range map[string]string{"type:main.Block": "block0", "type:main.memStorage": "storage", "0xc000100000": "storage", "main.srv": "srv"} {
		n, err := s.Find(t.Context(), target)
		if err != nil || n != f.Node[want] {
			t.Errorf("%s: node %d, %v; want %d", target, n, err, f.Node[want])
		}
	}
	_, err := s.Find(t.Context(), "type:block")
	if !errors.Is(err, ErrTarget) || !strings.Contains(err.Error(), "main.Block") {
		t.Errorf("type:block: %v", err)
	}
	if _, err := s.Find(t.Context(), "type:main.Old"); !errors.Is(err, ErrTarget) {
		t.Errorf("a type with garbage only is found: %v", err)
	}
	if _, err := s.Find(t.Context(), "nowhere"); !errors.Is(err, ErrTarget) {
		t.Errorf("nowhere: %v", err)
	}
}

// What several roots hold is reached from each of them.
func TestPaths(t *testing.T) {
	f := blockstore()
	s := analyse(t, f)
	path := func(ids ...string) []heap.Node {
		var p []heap.Node
		for _, id := range ids {
			p = append(p, f.Node[id])
		}
		return p
	}
	for _, test := range []struct {
		target string
		n      int
		want   [][]heap.Node
	}{
		{"data8", 5, [][]heap.Node{path("index", "block8", "data8"), path("srv", "storage", "blocks", "block8", "data8")}},
		{"data8", 1, [][]heap.Node{path("index", "block8", "data8")}},
		{"data0", 5, [][]heap.Node{path("srv", "storage", "blocks", "block0", "data0")}},
		{"srv", 5, [][]heap.Node{path("srv")}},
		{"garbage", 5, nil},
	} {
		got, more, err := s.Paths(t.Context(), f.Node[test.target], test.n)
		if err != nil || more {
			t.Fatal(err, more)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%d paths to %s differ (-want +got):\n%s", test.n, test.target, diff)
		}
	}
}

func TestStackGroups(t *testing.T) {
	groups, err := analyse(t, blockstore()).StackGroups(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(groups) != 2 || len(groups[0].Members) != 2 || groups[0].Retained != 2048 || len(groups[1].Members) != 1 {
		t.Errorf("groups: %+v", groups)
	}
}

func TestInstances(t *testing.T) {
	f := blockstore()
	s := analyse(t, f)
	nodes, err := s.Instances(t.Context(), []heap.TypeID{f.TypeIDs()[f.Node["block0"]]})
	if err != nil {
		t.Fatal(err)
	}
	var want []heap.Node
	for i := range 10 {
		want = append(want, f.Node[fmt.Sprint("block", i)])
	}
	if !slices.Equal(nodes, want) {
		t.Errorf("instances %v, want %v", nodes, want)
	}
	if table := NodeTable(s, nodes); table.Len() != 10 || table.Cell(0, 3).Num != 128+4096 {
		t.Errorf("table of %d rows, the first retains %d", table.Len(), table.Cell(0, 3).Num)
	}
}

func TestIncomplete(t *testing.T) {
	f := blockstore()
	f.Trouble = []gocore.Problem{{Severity: "warning", Message: "w", Count: 1}}
	if !analyse(t, f).Complete() {
		t.Error("a warning makes the dump incomplete")
	}
	f.Trouble = append(f.Trouble, gocore.Problem{Severity: "error", Message: "pages are missing\x1b", Count: 2})
	s := analyse(t, f)
	if s.Complete() {
		t.Error("an error does not make the dump incomplete")
	}
	var b bytes.Buffer
	if err := WriteReport(t.Context(), &b, s, 5, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"INCOMPLETE", `error: pages are missing\x1b (2 times)`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, b.String())
		}
	}
}

func TestVerdict(t *testing.T) {
	f := blockstore()
	sum := func(s gocore.CheckStatus) gocore.Check { return gocore.Check{Name: "sum", Status: s} }
	live := func(s gocore.CheckStatus) gocore.Check {
		return gocore.Check{Name: "live", Status: s, Live: true, Reason: "why"}
	}
	for _, test := range []struct {
		checks    []gocore.Check
		want      gocore.CheckStatus
		text, why string
	}{
		{nil, gocore.CheckNotComparable, "not comparable", "the runtime's own word is not known"},
		{[]gocore.Check{live(gocore.CheckOK), sum(gocore.CheckOK)}, gocore.CheckOK, "ok", "the live set is the garbage collector's"},
		{[]gocore.Check{live(gocore.CheckNotComparable), sum(gocore.CheckOK)}, gocore.CheckNotComparable, "not comparable", "why"},
		{[]gocore.Check{live(gocore.CheckOK), live(gocore.CheckNotComparable)}, gocore.CheckNotComparable, "ok as far as comparable", "why"},
		{[]gocore.Check{live(gocore.CheckNotComparable), live(gocore.CheckOK)}, gocore.CheckNotComparable, "ok as far as comparable", "why"},
		{[]gocore.Check{sum(gocore.CheckDiffers), live(gocore.CheckNotComparable), live(gocore.CheckOK)}, gocore.CheckDiffers, "DIFFERS", "from the runtime's own word: goheap check FILE says where"},
	} {
		f.Verdicts = test.checks
		s := analyse(t, f)
		if got := s.Verdict(); got != test.want {
			t.Errorf("%v: %v, want %v", test.checks, got, test.want)
		}
		if text, why := s.VerdictText(); text != test.text || why != test.why {
			t.Errorf("%v: %q, %q", test.checks, text, why)
		}
		if ok := NewCheckDocument(s).OK; ok != (test.want != gocore.CheckDiffers) {
			t.Errorf("%v: ok is %v", test.checks, ok)
		}
	}
}

func TestNewCancelled(t *testing.T) {
	wrong := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(wrong)
	f := blockstore()
	if _, err := New(ctx, f, f); err != wrong {
		t.Errorf("cancelled: %v", err)
	}
}

// An empty heap is no reason to fail.
func TestEmpty(t *testing.T) {
	s := analyse(t, (&fake{}).Build())
	var b bytes.Buffer
	if err := WriteReport(t.Context(), &b, s, -1, false); err != nil {
		t.Fatal(err)
	}
	if _, err := NewReportDocument(t.Context(), s, DefaultLimits()); err != nil {
		t.Fatal(err)
	}
	d, err := NewReportDocument(t.Context(), s, SameLimit(0))
	if err != nil {
		t.Fatal(err)
	}
	b.Reset()
	WriteJSON(&b, d)
	if strings.Contains(b.String(), `"retainers": null`) || strings.Contains(b.String(), `"suspects": null`) {
		t.Errorf("an empty list is null:\n%s", b.String())
	}
}

// lists is a program with a list of a thousand elements, one whose elements lead to
// each other by way of others, an object that goroutines hold by shorter paths than a
// global, and one that only the runtime's global and goroutines hold.
func lists() *fake {
	f := &fake{}
	global := func(id string, to ...fakeEdge) {
		f.RootNodes = append(f.RootNodes, fakeNode{ID: id, Kind: "global", Name: strings.Replace(id, "_", ".", 1), Type: "*main.T", Addr: 0x500000 + 8*uint64(len(f.RootNodes)), RootSize: 8, To: to})
	}
	addr := uint64(0xc000100000)
	object := func(id, typ string, to ...fakeEdge) {
		addr += 64
		f.Objects = append(f.Objects, fakeNode{ID: id, Kind: "object", Type: typ, Addr: addr, Size: 64, To: to})
	}
	global("main_head", fakeEdge{"", "node0"})
	global("main_way", fakeEdge{"", "a0"})
	global("main_deep", fakeEdge{"", "deep0"})
	global("runtime_allgs", fakeEdge{"[0]", "shared"}, fakeEdge{"[1]", "own"})
	const n = 1000
	for i := range n {
		to := []fakeEdge{{".next", fmt.Sprint("node", i+1)}}
		if i == n-1 {
			to = nil
		}
		object(fmt.Sprint("node", i), "main.node", to...)
	}
	for i := range 50 {
		object(fmt.Sprint("a", i), "main.elem", fakeEdge{".node", fmt.Sprint("b", i)})
		to := []fakeEdge{{".next", fmt.Sprint("a", i+1)}}
		if i == 49 {
			to = nil
		}
		object(fmt.Sprint("b", i), "main.link", to...)
	}
	object("deep0", "main.D", fakeEdge{".x", "deep1"})
	object("deep1", "main.D2", fakeEdge{".y", "mid"})
	object("mid", "main.M", fakeEdge{".s", "shared"})
	object("shared", "main.S")
	object("own", "main.S")
	for i := range 4 {
		id := fmt.Sprint("g", i)
		object(id+"o", fmt.Sprint("main.G", i), fakeEdge{".s", "shared"})
		to := []fakeEdge{{" · x", id + "o"}, {" · own", "own"}}
		if i == 0 {
			to = append(to, fakeEdge{" · mid", "mid"})
		}
		f.RootNodes = append(f.RootNodes, fakeNode{ID: id, Kind: "goroutine", Name: "goroutine " + id, To: to})
		f.Running = append(f.Running, gocore.Goroutine{ID: uint64(i), Node: heap.Node(len(f.RootNodes))})
		f.Stacks = append(f.Stacks, nil)
	}
	return f.Build()
}

// Where the shortest paths all come from goroutines, one from a global is shown in
// place of the last; it may share objects with the others, and says so.
func TestPathFromGlobal(t *testing.T) {
	f := lists()
	s := analyse(t, f)
	kinds := func(target string, n int) string {
		paths, _, err := s.Paths(t.Context(), f.Node[target], n)
		if err != nil {
			t.Fatal(err)
		}
		var words []string
		for i, p := range paths {
			word := s.Heap.Name(p[0])
			if !disjoint(p, paths[:i]) {
				word += "*"
			}
			words = append(words, word)
		}
		return strings.Join(words, " ")
	}
	for _, c := range []struct {
		target string
		n      int
		want   string
	}{
		{"shared", 0, ""},
		{"shared", 1, "main.deep"},
		{"shared", 2, "runtime.allgs main.deep"},
		// The way by mid is that of goroutine g0, too.
		{"shared", 3, "runtime.allgs goroutine g0 main.deep*"},
		{"shared", 6, "runtime.allgs goroutine g0 goroutine g0 goroutine g1 goroutine g2 main.deep*"},
		{"shared", 9, "runtime.allgs goroutine g0 goroutine g0 goroutine g1 goroutine g2 goroutine g3 main.deep*"},
		{"own", 3, "runtime.allgs goroutine g0 goroutine g1"},
		{"own", 1, "runtime.allgs"},
		{"g0o", 3, "goroutine g0"},
		{"mid", 3, "goroutine g0 main.deep"},
		{"node3", 3, "main.head"},
	} {
		if got := kinds(c.target, c.n); got != c.want {
			t.Errorf("%d paths to %s come from %q, want %q", c.n, c.target, got, c.want)
		}
	}
	d, err := NewWhyDocument(t.Context(), s, "shared", 9, false)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := WriteWhy(&b, s, d); err != nil || !strings.Contains(b.String(), "Path 7 of 7, sharing objects with another: main.deep.x.y.s\n") {
		t.Errorf("%v:\n%s", err, b.String())
	}
}

// Hops that repeat are one line everywhere, and a list is called one.
func TestLists(t *testing.T) {
	f := lists()
	s := analyse(t, f)
	lines := func(target string) string {
		path := s.Heap.Path(s.Dominators.PathTo(f.Node[target]))
		var words []string
		hops := 0
		for _, r := range s.HopRuns(path, false) {
			words = append(words, fmt.Sprintf("%s ×%d", r.Word, r.Times))
			hops += r.Times * r.Round
			if r.Last != hops-1 || r.From != r.First-1 {
				t.Errorf("%s: the line %s is hops %d to %d behind %d, of %d", target, r.Word, r.First, r.Last, r.From, hops)
			}
		}
		if hops != len(path.Hops) {
			t.Errorf("%s: the lines stand for %d hops of %d", target, hops, len(path.Hops))
		}
		return strings.Join(words, " | ")
	}
	for target, want := range map[string]string{
		"node0":   "main.head ×1 | (what it points to) ×1",
		"node3":   "main.head ×1 | (what it points to) ×1 | .next ×1 | .next ×1 | .next ×1",
		"node5":   "main.head ×1 | (what it points to) ×1 | .next ×4 | .next ×1",
		"node999": "main.head ×1 | (what it points to) ×1 | .next ×998 | .next ×1",
		"a49":     "main.way ×1 | (what it points to) ×1 | (.node.next) ×48 | .node ×1 | .next ×1",
		"b49":     "main.way ×1 | (what it points to) ×1 | (.node.next) ×49 | .node ×1",
	} {
		if got := lines(target); got != want {
			t.Errorf("%s: %s, want %s", target, got, want)
		}
	}
	d, err := NewWhyDocument(t.Context(), s, "b49", 1, false)
	if err != nil {
		t.Fatal(err)
	}
	if h := d.Paths[0].Hops[2]; h.Times != 49 || h.Objects != 98 || h.Expression != ".node.next" || h.Type != "main.link" {
		t.Errorf("the line of the list is %+v", h)
	}
	all, err := s.Holders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for i := range all {
		got[all[i].Name] = s.HeldBy(&all[i]) + ": " + s.HolderType(&all[i])
	}
	if got["main.head"] != "main.head: list of 1,000 main.node" || got["main.way"] != "main.way: list of 50 main.elem" {
		t.Errorf("lists are %q", got)
	}
	rows, err := Tree(t.Context(), s, f.Node["main_head"], 1000, 1000)
	if err != nil || len(rows) != 2 || rows[1].Node != f.Node["node0"] || rows[1].List != 1000 {
		t.Errorf("the tree of a list: %v, %+v", err, rows)
	}
	rows, err = Tree(t.Context(), s, f.Node["node500"], 1000, 1000)
	if err != nil || len(rows) != 2 || rows[1].Node != f.Node["node501"] || rows[1].List != 499 {
		t.Errorf("the tree of an element of a list: %v, %+v", err, rows)
	}
	suspects, err := Suspects(t.Context(), s)
	if err != nil || !strings.HasSuffix(suspects[0].Sentence, " alive: a list of 1,000 main.node.") {
		t.Errorf("%v, suspects %+v", err, suspects)
	}
	a := s.Accumulation(f.Node["main_head"])
	if a.Node != f.Node["node0"] || a.List != 1000 || a.TypeText() != "list of 1,000 main.node" {
		t.Errorf("the list comes together in %+v", a)
	}
}

// Of goroutines that are proven leaked a report says so: in their line where they are
// suspect, and in one of their own where they hold little.
func TestLeaks(t *testing.T) {
	f := &fake{}
	for i := range 12 {
		id := fmt.Sprint("buf", i)
		size := uint64(1 << 20)
		if i >= 8 {
			size = 16
		}
		f.RootNodes = append(f.RootNodes, fakeNode{ID: fmt.Sprint("g", i), Kind: "goroutine", Name: fmt.Sprint("goroutine ", i), To: []fakeEdge{{" · b", id}}})
		f.Objects = append(f.Objects, fakeNode{ID: id, Kind: "object", Type: "[]uint8", Addr: 0xc000000000 + uint64(i)<<20, Size: size})
		fn := []string{"main.big", "main.big", "main.small", "main.tiny"}[i/4+i/11]
		f.Running = append(f.Running, gocore.Goroutine{ID: uint64(i), Node: heap.Node(i + 1), Func: fn, WaitReason: "chan send", WaitNanos: -1})
	}
	f.Stacks = make([][]gocore.Frame, len(f.Running))
	f.Leaks = []int{0, 1, 2, 8, 9, 11}
	for _, all := range []bool{false, true} {
		f.File.Complete = !all
		if all {
			f.Leaks = []int{0, 1, 2, 3, 4, 5, 6, 7}
		}
		s := analyse(t, f.Build())
		found, err := Suspects(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		first, err := verdict(t.Context(), s, found)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(first.Lines, "\n")
		want := []string{"chan send, 3 of them proven leaked", "\n3 goroutines proven leaked: 2 in main.small, 1 in main.tiny\n"}
		if all {
			want = []string{"chan send, likely leaked"} // what the file lacks may save them
		}
		for _, w := range want {
			if !strings.Contains(got, w) || all && strings.Contains(got, "goroutines proven leaked:") {
				t.Errorf("the verdict lacks %q:\n%s", w, got)
			}
		}
	}
}

// Three suspects with much to say of each still fit the first screen.
func TestVerdictIsBounded(t *testing.T) {
	f := &fake{}
	for v := range 3 {
		name := fmt.Sprint("main.", strings.Repeat("x", 60), v)
		top := fmt.Sprint("top", v)
		f.RootNodes = append(f.RootNodes, fakeNode{ID: name, Kind: "global", Name: name, To: []fakeEdge{{"", top}}})
		object := fakeNode{ID: top, Kind: "object", Type: "main.T", Addr: 0xc000000000 + uint64(v)<<30, Size: 64}
		for field := range 4 {
			id := fmt.Sprint(top, field)
			object.To = append(object.To, fakeEdge{fmt.Sprint(".", strings.Repeat("f", 50), field), id})
			f.Objects = append(f.Objects, fakeNode{ID: id, Kind: "object", Type: fmt.Sprint("main.", strings.Repeat("T", 50), field), Addr: object.Addr + uint64(field+1)<<20, Size: 1 << 19})
		}
		f.Objects = append(f.Objects, object)
	}
	s := analyse(t, f.Build())
	found, err := Suspects(t.Context(), s)
	if err != nil || len(found) != 3 {
		t.Fatalf("%d suspects, %v", len(found), err)
	}
	first, err := verdict(t.Context(), s, found)
	if err != nil {
		t.Fatal(err)
	}
	lines := first.Lines
	if len(lines) != 24 || lines[23] != "   …" {
		t.Errorf("%d lines:\n%s", len(lines), strings.Join(lines, "\n"))
	}
}

// The rows of a verdict are lines of it, each about a suspect or a holder, and none is lost
// but those that were cut off.
func TestVerdictRows(t *testing.T) {
	f := &fake{}
	f.RootNodes = []fakeNode{{ID: "app", Kind: "global", Name: "main.app", To: []fakeEdge{{"", "top"}}}, {ID: "small", Kind: "global", Name: "main.small", To: []fakeEdge{{"", "little"}}}}
	f.Objects = []fakeNode{
		{ID: "top", Kind: "object", Type: "main.App", Addr: 0xc000000000, Size: 64, To: []fakeEdge{{".a", "a"}, {".b", "b"}}},
		{ID: "a", Kind: "object", Type: "[]uint8", Addr: 0xc001000000, Size: 3 << 20},
		{ID: "b", Kind: "object", Type: "[]string", Addr: 0xc002000000, Size: 2 << 20},
		{ID: "little", Kind: "object", Type: "main.T", Addr: 0xc003000000, Size: 64 << 10},
	}
	s := analyse(t, f.Build())
	v, err := NewVerdict(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	at := 0
	for _, r := range v.Rows {
		if r.First < at || r.End <= r.First || r.End > len(v.Lines) || (r.Suspect == nil) == (r.Holder == nil) {
			t.Fatalf("rows %+v of %d lines", v.Rows, len(v.Lines))
		}
		at = r.End
		about := "suspect"
		if r.Part != "" {
			about = "part"
		} else if r.Holder != nil {
			about = "holder"
		}
		got = append(got, about+" "+strings.Fields(v.Lines[r.First])[0])
	}
	if want := []string{"suspect 1", "part main.app.a:", "part main.app.b:", "holder main.app", "holder main.small"}; !slices.Equal(got, want) {
		t.Errorf("rows %q, want %q", got, want)
	}
	v.cut(len(v.Lines))
	if len(v.Rows) != len(got) {
		t.Errorf("%d rows where all fit", len(v.Rows))
	}
	for most := len(v.Lines) - 1; most > 0; most-- {
		v.cut(most)
		if last := v.Lines[len(v.Lines)-1]; len(v.Lines) != most || last != "   …" || len(v.Rows) > 0 && v.Rows[len(v.Rows)-1].End >= most {
			t.Fatalf("cut to %d lines: %+v, the last is %q", most, v.Rows, last)
		}
	}
}

// Holders of a single retainer are roots, and those of a holder are classes of them.
func TestHoldersAreClasses(t *testing.T) {
	f := &fake{Objects: []fakeNode{{ID: "shared", Kind: "object", Type: "main.S", Addr: 0xc000000000, Size: 64}}}
	for i := range 3 {
		f.RootNodes = append(f.RootNodes, fakeNode{ID: fmt.Sprint("g", i), Kind: "goroutine", Name: fmt.Sprint("goroutine ", i), To: []fakeEdge{{" · a", "shared"}}})
		f.Running = append(f.Running, gocore.Goroutine{ID: uint64(i), Node: heap.Node(i + 1), Func: "main.leak"})
	}
	f.RootNodes = append(f.RootNodes, fakeNode{ID: "v", Kind: "global", Name: "main.v", To: []fakeEdge{{"", "shared"}}})
	s := analyse(t, f.Build())
	for want, table := range map[string]func(context.Context, *Snapshot) (*Table, error){
		"0xc000000000 main.S, held jointly by main.v and 3 goroutines in main.leak":           HolderTable,
		"0xc000000000 main.S, held jointly by 4 holders: main.v, goroutine 0, goroutine 1, …": RetainerTable,
	} {
		rows, err := table(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := WriteCSV(&b, rows); err != nil || !strings.Contains(b.String(), want) {
			t.Errorf("%v, want %q in\n%s", err, want, b.String())
		}
	}
}
