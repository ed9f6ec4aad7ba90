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
	"goheap/internal/progress"
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

// documents are all that a Snapshot can print, by the name of a golden file.
func documents(t *testing.T, s *Snapshot, values bool) map[string][]byte {
	t.Helper()
	ctx := t.Context()
	texts := map[string]func(b *bytes.Buffer) error{
		"info.txt":       func(b *bytes.Buffer) error { return s.WriteInfo(b) },
		"check.txt":      func(b *bytes.Buffer) error { return s.WriteCheck(b) },
		"report.txt":     func(b *bytes.Buffer) error { return s.WriteReport(ctx, b, 4, values) },
		"goroutines.txt": func(b *bytes.Buffer) error { return s.WriteGoroutines(ctx, b, -1) },
		"info.json":      func(b *bytes.Buffer) error { return WriteJSON(b, s.InfoDocument()) },
		"check.json":     func(b *bytes.Buffer) error { return WriteJSON(b, s.CheckDocument()) },
		"report.json": func(b *bytes.Buffer) error {
			d, err := s.ReportDocument(ctx, DefaultLimits(), values)
			return errors.Join(err, WriteJSON(b, d))
		},
		"types.json": func(b *bytes.Buffer) error {
			d, err := s.TypesDocument(ctx, 2)
			return errors.Join(err, WriteJSON(b, d))
		},
		"roots.json": func(b *bytes.Buffer) error {
			d, err := s.RootsDocument(ctx, -1)
			return errors.Join(err, WriteJSON(b, d))
		},
		"goroutines.json": func(b *bytes.Buffer) error {
			d, err := s.GoroutinesDocument(ctx, -1)
			return errors.Join(err, WriteJSON(b, d))
		},
		"show.txt": func(b *bytes.Buffer) error {
			d, err := s.ShowDocument(ctx, []string{"block8", "garbage", "g17"}, SameLimit(2))
			return errors.Join(err, s.WriteShow(b, d))
		},
		"show.json": func(b *bytes.Buffer) error {
			d, err := s.ShowDocument(ctx, []string{"block8", "data8", "main.srv"}, DefaultLimits())
			return errors.Join(err, WriteJSON(b, d))
		},
		"why.txt": func(b *bytes.Buffer) error {
			d, err := s.WhyDocument(ctx, "data8", 5, false)
			return errors.Join(err, s.WriteWhy(b, d))
		},
		"why.json": func(b *bytes.Buffer) error {
			d, err := s.WhyDocument(ctx, "data8", 5, false)
			return errors.Join(err, WriteJSON(b, d))
		},
		"whygarbage.txt": func(b *bytes.Buffer) error {
			d, err := s.WhyDocument(ctx, "garbage", 5, false)
			return errors.Join(err, s.WriteWhy(b, d))
		},
		"retainers.csv": func(b *bytes.Buffer) error {
			table, err := s.RetainerTable(ctx, values)
			return errors.Join(err, WriteCSV(b, table))
		},
	}
	out := map[string][]byte{}
	for name, write := range texts {
		var b bytes.Buffer
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
	for name, got := range documents(t, s, false) {
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
	first := documents(t, analyse(t, blockstore()), true)
	for _, procs := range []int{1, 2, 8} {
		old := runtime.GOMAXPROCS(procs)
		again := documents(t, analyse(t, blockstore()), true)
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
			"objects.referrers " + node("objects.referrers.node") + "objects.referrers.expression objects.referrers.offset",
		"why.json": "schema live paths " + node("paths.root") + "paths.expression paths.hops paths.hops.expression paths.hops.type paths.hops.address paths.hops.retained_bytes paths.hops.dominates",
	}
	s := analyse(t, blockstore())
	s.Phases = []Phase{{"mark", time.Millisecond}}
	printed := documents(t, s, false)
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
		if want := "goheap/" + strings.TrimSuffix(name, ".json") + "/1"; head.Schema != want {
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
		a := s.Accumulation(r.Node, false)
		got = append(got, row{r.Kind, r.Name, r.Count, r.Objects, r.Shallow, r.Retained, a.Expression, a.Type})
	}
	want := []row{
		{"global", "main.srv", 1, 16, 0, 64 + 256 + 7*block, "main.srv.storage.(*main.memStorage).blocks", "[]*main.Block"},
		{"joint", "3 × main.Block", 3, 6, 3 * 128, 3 * block, "main.index[…].data", "[]uint8"},
		{"goroutine", "goroutine 17 [chan receive] main.worker", 1, 1, 0, 1024, "goroutine 17 [chan receive] main.worker · buf", "[]uint8"},
		{"goroutine", "goroutine 18 [chan receive] main.worker", 1, 1, 0, 1024, "goroutine 18 [chan receive] main.worker · buf", "[]uint8"},
		{"goroutine", "goroutine 19 [chan receive] main.worker", 1, 1, 0, 1024, "goroutine 19 [chan receive] main.worker · buf", "[]uint8"},
		{"global", "main." + hostile, 1, 1, 0, 64, "main.evil\x1b[…]", hostile},
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
	if !slices.Equal(joint.Holders, []heap.Node{f.node["srv"], f.node["index"]}) {
		t.Errorf("joint holders %v", joint.Holders)
	}
	if got := s.Holder(joint, false); got != "3 × main.Block, held jointly by main.srv and main.index" {
		t.Errorf("the joint group is described as %q", got)
	}
}

func TestSuspects(t *testing.T) {
	s := analyse(t, blockstore())
	found, err := s.Suspects(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range found {
		got = append(got, f.Rule+": "+f.Sentence)
	}
	want := []string{
		"single: main.srv keeps 29.2 KiB (65.4 % of the live heap) alive, of which 29.1 KiB in main.srv.storage.(*main.memStorage).blocks ([]*main.Block).",
		"group: 3 objects of type main.Block, each held by several roots, keep 12.4 KiB (27.7 % of the live heap) alive; the largest is main.index[…].",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("suspects differ (-want +got):\n%s", diff)
	}
}

// Small goroutines are suspect together when none of them is alone.
func TestSuspectGoroutines(t *testing.T) {
	f := &fake{}
	for i := range 20 {
		id := fmt.Sprint("buf", i)
		f.roots = append(f.roots, fakeNode{id: fmt.Sprint("g", i), kind: "goroutine", name: fmt.Sprint("goroutine ", i), to: []fakeEdge{{" · b", id}}})
		f.objects = append(f.objects, fakeNode{id: id, kind: "object", typ: "[]uint8", addr: 0xc000000000 + uint64(i)*64, size: 64})
		f.goroutines = append(f.goroutines, gocore.Goroutine{ID: uint64(i), Node: heap.Node(i + 1), Func: "main.leak", CreatedBy: "main.start"})
	}
	found, err := analyse(t, f.build()).Suspects(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].Count != 20 || found[0].Retained != 20*64 {
		t.Fatalf("suspects: %+v", found)
	}
	if want := "20 goroutines in main.leak, created by main.start, keep 1.25 KiB (100.0 % of the live heap) alive."; found[0].Sentence != want {
		t.Errorf("got %q, want %q", found[0].Sentence, want)
	}
}

func TestFind(t *testing.T) {
	f := blockstore()
	s := analyse(t, f)
	for target, want := range map[string]string{"type:main.Block": "block0", "type:main.memStorage": "storage", "0xc000100000": "storage", "main.srv": "srv"} {
		n, err := s.Find(t.Context(), target)
		if err != nil || n != f.node[want] {
			t.Errorf("%s: node %d, %v; want %d", target, n, err, f.node[want])
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
			p = append(p, f.node[id])
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
		got, more, err := s.Paths(t.Context(), f.node[test.target], test.n)
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
	nodes, err := s.Instances(t.Context(), f.typeIDs[f.node["block0"]])
	if err != nil {
		t.Fatal(err)
	}
	var want []heap.Node
	for i := range 10 {
		want = append(want, f.node[fmt.Sprint("block", i)])
	}
	if !slices.Equal(nodes, want) {
		t.Errorf("instances %v, want %v", nodes, want)
	}
	if table := s.NodeTable(nodes); table.Len() != 10 || table.Cell(0, 3).Num != 128+4096 {
		t.Errorf("table of %d rows, the first retains %d", table.Len(), table.Cell(0, 3).Num)
	}
}

func TestIncomplete(t *testing.T) {
	f := blockstore()
	f.problems = []gocore.Problem{{Severity: "warning", Message: "w", Count: 1}}
	if !analyse(t, f).Complete() {
		t.Error("a warning makes the dump incomplete")
	}
	f.problems = append(f.problems, gocore.Problem{Severity: "error", Message: "pages are missing\x1b", Count: 2})
	s := analyse(t, f)
	if s.Complete() {
		t.Error("an error does not make the dump incomplete")
	}
	var b bytes.Buffer
	if err := s.WriteReport(t.Context(), &b, 5, false); err != nil {
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
	for _, test := range []struct {
		statuses []gocore.CheckStatus
		want     gocore.CheckStatus
	}{
		{nil, gocore.CheckNotComparable},
		{[]gocore.CheckStatus{gocore.CheckNotComparable}, gocore.CheckNotComparable},
		{[]gocore.CheckStatus{gocore.CheckOK, gocore.CheckNotComparable}, gocore.CheckNotComparable},
		{[]gocore.CheckStatus{gocore.CheckDiffers, gocore.CheckOK}, gocore.CheckDiffers},
	} {
		f.checks = nil
		for _, status := range test.statuses {
			f.checks = append(f.checks, gocore.Check{Name: "c", Status: status})
		}
		s := analyse(t, f)
		if got := s.Verdict(); got != test.want {
			t.Errorf("%v: %v, want %v", test.statuses, got, test.want)
		}
		if ok := s.CheckDocument().OK; ok != (test.want != gocore.CheckDiffers) {
			t.Errorf("%v: ok is %v", test.statuses, ok)
		}
	}
}

func TestAnalyseFails(t *testing.T) {
	f := blockstore()
	f.typingErr = errors.New("no types")
	if _, err := Analyse(t.Context(), f, nil); err == nil || err.Error() != "no types" {
		t.Errorf("the error of typing became %v", err)
	}
	f.typingErr = nil
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Analyse(ctx, f, new(progress.Tracker)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// panicking is a process whose typing has a bug.
type panicking struct{ *fake }

func (panicking) TypeObjects(context.Context) error { panic("bug") }

// A panic of the worker reaches the caller's goroutine, where it can be caught.
func TestAnalysePanics(t *testing.T) {
	defer func() {
		said, ok := recover().(*Panic)
		if !ok || said.String() != "bug" || !bytes.Contains(said.Stack, []byte("panicking")) {
			t.Errorf("the panic became %v", said)
		}
	}()
	Analyse(t.Context(), panicking{blockstore()}, nil)
	t.Error("no panic")
}

// An empty heap is no reason to fail.
func TestEmpty(t *testing.T) {
	s := analyse(t, (&fake{}).build())
	var b bytes.Buffer
	if err := s.WriteReport(t.Context(), &b, -1, false); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ReportDocument(t.Context(), DefaultLimits(), false); err != nil {
		t.Fatal(err)
	}
	d, err := s.ReportDocument(t.Context(), SameLimit(0), false)
	if err != nil {
		t.Fatal(err)
	}
	b.Reset()
	WriteJSON(&b, d)
	if strings.Contains(b.String(), `"retainers": null`) || strings.Contains(b.String(), `"suspects": null`) {
		t.Errorf("an empty list is null:\n%s", b.String())
	}
}
