package gocore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"goheap/dump"
	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/progress"
	"goheap/internal/testcore"
	"goheap/internal/testcore/heapwriter"
)

// Addresses in the small dumps below.
const (
	inHeap   = 0xc000010000 // a page of slots of 16 bytes
	inHeap48 = 0xc000012000
	inHeap1K = 0xc000014000
	typeT    = 0x4a0000
	typeWord = 0x4a0100
	itabT    = 0x5a0000
	itabWord = 0x5a0100
	inData   = 0x500000
	inBSS    = 0x510000
)

// smallDump is a dump in which a global holds an interface that holds a T, and a
// frame a pointer that no stack map has.
func smallDump() *heapwriter.Writer {
	w := heapwriter.New(8, "amd64", "go1.26.8")
	w.Ints(3, typeT, 40).Str("main.T").Ints(1).Ints(8, itabT, typeT)
	w.Ints(3, typeWord, 8).Str("main.Word").Ints(1).Ints(8, itabWord, typeWord)
	w.Object(inHeap, []uint64{itabT, inHeap48}, 8)
	w.Object(inHeap+16, []uint64{itabWord, inHeap48 + 48}, 8)
	w.Object(inHeap48, []uint64{1, 2, 3, 4, 5, 6})
	w.Object(inHeap48+48, []uint64{1, 2, 3, 4, 5, 6})
	w.Object(inHeap48+96, []uint64{7, 7, 7, 7, 7, 7})
	headed := make([]uint64, 128)
	headed[0], headed[1] = typeT, inHeap48
	w.Object(inHeap1K, headed, 8)
	return w
}

// roots appends goroutines and segments.
func roots(w *heapwriter.Writer) *heapwriter.Writer {
	w.Ints(4, 0x600000, 0xc000040000, 17, 0x401000, 4, 0, 0, 0).Str("chan receive").Ints(0, 0x700000, 0, 0)
	w.Ints(5, 0xc000040000, 0, 0).Str(words(0, inHeap48+96, inHeap1K)).Ints(0x402000, 0x402010, 0x402010).Str("main.f").Fields(16)
	w.Ints(9, 0x700000, 1, 4711)
	w.Ints(2).Str("told").Ints(inHeap48)
	w.Ints(12, inData).Str(words(inHeap, 5, inHeap48)).Fields(0)
	return w.Ints(13, inBSS).Str(words(inHeap+16, 0)).Fields(0, 8)
}

func words(list ...uint64) string {
	var w heapwriter.Writer
	w.Object(0, list)
	return string(w.Bytes[len(w.Bytes)-1-8*len(list) : len(w.Bytes)-1])
}

func wholeSmallDump() []byte {
	return roots(smallDump()).MemStats(32+96+48+1024, 6).End()
}

func openBytes(t *testing.T, data []byte) (process, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "heap")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := gocore.Open(t.Context(), path, gocore.Options{})
	if err != nil {
		return process{}, err
	}
	t.Cleanup(func() { p.Close() })
	h, err := p.Analyse(t.Context(), nil)
	if err != nil {
		return process{}, err
	}
	return process{Process: p, Heap: h, graph: h.Graph(), doms: h.Dominators()}, nil
}

// Without an executable, what a dump itself says of types, roots and frames is
// shown, and no more.
func TestSmallHeapDump(t *testing.T) {
	p, err := openBytes(t, wholeSmallDump())
	if err != nil {
		t.Fatal(err)
	}
	p.checkHeapDump(t)
	var got []string
	for _, r := range p.Roots() {
		line := r.Kind.String() + " " + r.Name + ":"
		for _, n := range p.graph.Targets(r.Node) {
			line += fmt.Sprintf(" %#x %s", p.Addr(n), p.Expr([]heap.Node{r.Node, n}))
		}
		got = append(got, line)
	}
	// Data without a name is found by its place in the section.
	for name, want := range map[string]uint64{"data+0x0": inHeap, "data+0x0 → +0x0": inHeap, "bss+0x0 → +0x0": inHeap + 16} {
		place, err := p.Resolve(name)
		if n, _ := p.NodeAt(want); err != nil || place.Node != n && p.Name(place.Node) != name {
			t.Errorf("%s is found to be %s (%v)", name, p.Name(place.Node), err)
		}
	}
	p.roundTrip(t, everyName())
	for _, addr := range []uint64{inHeap, inHeap48, inHeap48 + 48, inHeap48 + 96, inHeap1K} {
		n, ok := p.NodeAt(addr)
		if !ok {
			t.Fatalf("%#x is no object", addr)
		}
		got = append(got, fmt.Sprintf("%#x live %t %s by %s", addr, p.doms.Live(n), p.Type(n), p.Evidence(n)))
	}
	want := []string{
		"global data+0x0: 0xc000010000 data+0x0 → +0x0",
		"global bss+0x0: 0xc000010010 bss+0x0 → +0x0",
		"special told: 0xc000012000 told",
		"goroutine goroutine 17 [chan receive]: 0xc000012060 goroutine 17 [chan receive] main.f · stack +0x8 (conservative) 0xc000014000 goroutine 17 [chan receive] main.f · stack +0x10",
		"0xc000010000 live true (unknown 16 B, pointers 0x2) by none",
		"0xc000012000 live true main.T by interface",
		// A value of one word may be a pointer, which leads to another type.
		"0xc000012030 live true (unknown 48 B, no pointers) by none",
		"0xc000012060 live true (unknown 48 B, no pointers) by none",
		"0xc000014000 live true []main.T by header",
	}
	slices.Sort(got[:4])
	slices.Sort(want[:4])
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	g := p.Goroutines()[0]
	if g.ID != 17 || g.Status != "waiting" || g.WaitReason != "chan receive" || g.Thread != 4711 || g.Func != "main.f" {
		t.Errorf("%+v", g)
	}
	if f := p.Frames(0); len(f) != 1 || f[0].Func != "main.f" || f[0].PC != 0x402010 || !f[0].Conservative {
		t.Errorf("%+v", f)
	}
}

// Each kind of damage has its sentence, with the record and the file's offset; what
// was read before can be looked at, and is said to be incomplete.
func TestHeapDumpBadInput(t *testing.T) {
	empty := func() *heapwriter.Writer { return heapwriter.New(8, "amd64", "go1.26.8") }
	one := func() *heapwriter.Writer { return empty().Object(inHeap, []uint64{0, 0}, 8) }
	small := wholeSmallDump()
	for _, test := range []struct {
		name string
		data []byte
		says string // the error, or the problem of what opens
		is   error  // nil where it opens
	}{
		{"no objects", roots(empty()).MemStats(0, 0).End(), "damaged heap dump: it has no objects", dump.ErrHeapDump},
		{"nothing", empty().End(), "record 1 (end of file, at file offset 0x2f), at file offset 0x2f: it should end the dump", dump.ErrHeapDump},
		{"end before roots", one().End(), "record 2 (end of file, at file offset 0x4a), at file offset 0x4a: it should end the dump", nil},
		{"frames lost", roots(one()).Ints(5, 0xc000040018, 2, 0xc000040000).Str("").Ints(1, 2, 3).Str("g").Fields().End(), "it has number 2 on its stack and is above a frame at 0xc000040000, where number 1 should follow that is above one at 0xc000040000", nil},
		{"object outside", empty().Object(0xb000000000, []uint64{0, 0}).End(), "record 1 (object, at file offset 0x2f), at file offset 0x2f: an object of 16 bytes at 0xb000000000 is not in the heap, which is from 0xc000000000 to 0xc004000000", dump.ErrHeapDump},
		{"object at the end", empty().Object(0xc003fffff8, []uint64{0, 0}).End(), "an object of 16 bytes at 0xc003fffff8 is not in the heap", dump.ErrHeapDump},
		{"object not aligned", empty().Object(inHeap+1, []uint64{0, 0}).End(), "is not in the heap", dump.ErrHeapDump},
		{"object of no size", empty().Object(inHeap, nil).End(), "an object of 0 bytes: no slot has this size", dump.ErrHeapDump},
		{"object of an odd size", empty().Ints(1, inHeap).Str("123456789").Fields().End(), "an object of 9 bytes: no slot has this size", dump.ErrHeapDump},
		{"object in no slot", empty().Object(inHeap+8, make([]uint64, 4096)).End(), "no span has a slot of 32768 bytes at 0xc000010008", dump.ErrHeapDump},
		{"large object inside a page", empty().Object(inHeap+8, make([]uint64, 8192)).End(), "an object of 65536 bytes at 0xc000010008 does not start a page", dump.ErrHeapDump},
		{"object twice", one().Object(inHeap, []uint64{0, 0}).End(), "record 2 (object, at file offset 0x4a), at file offset 0x4a: the object of 16 bytes at 0xc000010000 overlaps the one before it", nil},
		{"spans overlap", one().Object(inHeap48, make([]uint64, 6)).Object(inHeap+48, make([]uint64, 6)).End(), "spans overlap others", nil},
		{"frame of nobody", one().Ints(5, 8, 0, 0).Str("12345678").Ints(1, 2, 3).Str("f").Fields().End(), "record 2 (stack frame, at file offset 0x4a), at file offset 0x4a: it belongs to a goroutine, but none was before it", nil},
		{"data twice", roots(one()).Ints(12, inData).Str("").Fields().End(), "the data segment comes twice", nil},
		{"data at the end of memory", one().Ints(12, 1<<64-8).Str(words(1, 2)).Fields().End(), "it has 16 bytes at 0xfffffffffffffff8, where no memory is", nil},
		{"statistics twice", roots(one()).MemStats(16, 1).MemStats(16, 1).End(), "the memory statistics come twice", nil},
		{"cut before roots", smallDump().Bytes, "so that nothing can be told live from garbage: every object counts as held", nil},
		{"cut in the bss", small[:bytes.Index(small, []byte(words(inHeap+16, 0)))+3], "the variables of the bss segment and finalizers are missing", nil},
		{"cut at the end", small[:len(small)-1], "and the one that ends a heap dump is missing", nil},
		{"bytes behind", append(wholeSmallDump(), "more"...), "4 bytes follow the end of the dump", nil},
		{"another behind", append(wholeSmallDump(), small...), "start with another one", nil},
	} {
		p, err := openBytes(t, test.data)
		if test.is != nil {
			if !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%s: %v, want one of %v that says %q", test.name, err, test.is, test.says)
			} else {
				sentence(t, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		at := slices.IndexFunc(p.Problems(), func(pr gocore.Problem) bool { return strings.Contains(pr.Message, test.says) })
		if at < 0 {
			t.Errorf("%s: nothing says %q: %+v", test.name, test.says, p.Problems())
			continue
		}
		behind := strings.HasSuffix(test.name, "behind")
		if severity := p.Problems()[at].Severity; (severity == dump.Error) == behind || p.Source().Complete != behind {
			t.Errorf("%s: a problem of severity %s, complete %t", test.name, severity, p.Source().Complete)
		}
		if test.name == "cut before roots" {
			if n := p.doms.LiveCount(); n != 6 {
				t.Errorf("%s: %d objects can be looked at", test.name, n)
			}
		}
	}
}

// The runtime counts before it sweeps what is left to sweep, and writes objects
// afterwards: there may be fewer than it counted, but not more.
func TestHeapDumpCounters(t *testing.T) {
	const objects, size = 6, 32 + 96 + 48 + 1024
	for _, test := range []struct {
		objects, size uint64
		want          gocore.CheckStatus
	}{
		{objects, size, gocore.CheckOK},
		{objects + 2, size + 32, gocore.CheckNotComparable},
		{objects - 1, size - 16, gocore.CheckDiffers},
		{objects + 1, size - 16, gocore.CheckDiffers},
	} {
		p, err := openBytes(t, roots(smallDump()).MemStats(test.size, test.objects).End())
		if err != nil {
			t.Fatal(err)
		}
		checks, err := p.Check(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range checks {
			if strings.HasPrefix(c.Name, "allocated ") && (c.Status != test.want || (c.Status == gocore.CheckOK) != (c.Reason == "")) {
				t.Errorf("%d objects of %d bytes were counted: %+v", test.objects, test.size, c)
			}
		}
	}
}

// A goroutine is in a dump once. What has its address or its number again is told of
// and left out; one that is over may be anywhere.
func TestHeapDumpGoroutines(t *testing.T) {
	w := smallDump()
	for _, g := range []struct{ addr, id, status uint64 }{
		{0x600800, 18, 4}, {0x600800, 18, 4}, {0x600800, 19, 4}, {0x601000, 18, 4}, {0x600800, 18, 6}, {0x601800, 20, 4},
	} {
		w.Ints(4, g.addr, 0xc000048000, g.id, 0x401000, g.status, 0, 0, 0).Str("select").Ints(0, 0x700000, 0, 0)
	}
	p, err := openBytes(t, roots(w).MemStats(32+96+48+1024, 6).End())
	if err != nil {
		t.Fatal(err)
	}
	var got []uint64
	for _, g := range p.Goroutines() {
		got = append(got, g.ID)
	}
	if want := []uint64{18, 20, 17}; !slices.Equal(got, want) {
		t.Errorf("goroutines %d, want %d", got, want)
	}
	if i := slices.IndexFunc(p.Problems(), func(pr gocore.Problem) bool {
		return pr.Count == 3 && strings.Contains(pr.Message, "more than once")
	}); i < 0 || p.Source().Complete {
		t.Errorf("nothing tells of them: %+v", p.Problems())
	}
}

// The runtime may write a type again, but not another one at the same address.
func TestHeapDumpContradicted(t *testing.T) {
	w := smallDump()
	w.Ints(3, typeT, 40).Str("main.T").Ints(1).Ints(8, itabT, typeT) // as before
	said := func(data []byte) (count int) {
		p, err := openBytes(t, data)
		if err != nil {
			t.Fatal(err)
		}
		for _, pr := range p.Problems() {
			if strings.Contains(pr.Message, "something else there") {
				count += pr.Count
			}
		}
		if n, ok := p.NodeAt(inHeap48); !ok || p.Type(n) != "main.T" {
			t.Errorf("%#x is a %s, want main.T", inHeap48, p.Type(n))
		}
		return count
	}
	end := func() []byte { return roots(w).MemStats(32+96+48+1024, 6).End() }
	if n := said(slices.Clone(end())); n != 0 {
		t.Errorf("%d records contradict others", n)
	}
	w = smallDump()
	w.Ints(3, typeT, 48).Str("main.U").Ints(1).Ints(3, typeT, 40).Str("main.U").Ints(1).Ints(8, itabT, typeWord)
	if n := said(end()); n != 3 {
		t.Errorf("%d records contradict others, want 3", n)
	}
}

// A finalizer of what lies in a span behind its last slot is a root of its function
// alone.
func TestHeapDumpFinalizerBehindSlots(t *testing.T) {
	w := smallDump()
	const inPointers = inHeap1K + 1<<20 // slots of 48 bytes with pointers
	w.Object(inPointers, []uint64{inHeap, 0, 0, 0, 0, 0}, 0)
	const behind = inPointers + 170*48 // there is no whole slot up to the end of the page
	w.Ints(7, behind, inHeap48, 0x401000, 0, 0)
	p, err := openBytes(t, roots(w).MemStats(32+96+48+1024+48, 7).End())
	if err != nil {
		t.Fatal(err)
	}
	held := 0
	for _, r := range p.Roots() {
		if r.Name == fmt.Sprintf("finalizer of %#x", uint64(behind)) {
			for _, n := range p.graph.Targets(r.Node) {
				held++
				if p.Addr(n) != inHeap48 {
					t.Errorf("the finalizer holds %#x, want %#x", p.Addr(n), inHeap48)
				}
			}
		}
	}
	if held != 1 {
		t.Errorf("the finalizer holds %d objects, want its function", held)
	}
}

// A dump of a server may end anywhere, have holes, and bytes that are not so.
func TestHeapDumpBroken(t *testing.T) {
	good := testcore.Core(t, "stacks", testcore.Options{}, testcore.HeapDump)
	data, err := os.ReadFile(good.Heap)
	if err != nil {
		t.Fatal(err)
	}
	whole := openFile(t, good.Heap, good.Exe, nil)
	random := rand.New(rand.NewPCG(1, 2))
	path := filepath.Join(t.TempDir(), "heap")
	h, err := dump.NewHeapDump(data)
	if err != nil {
		t.Fatal(err)
	}
	r := h.Records()
	for r.Next() && r.Kind != dump.RecordGoroutine {
	}
	objects := int(r.Start) // all of them are before the first goroutine
	opened, unnoticed := 0, 0
	for i := range howMany(300) {
		broken := slices.Clone(data)
		at := random.IntN(len(data))
		how := ""
		switch i % 3 {
		case 0:
			how = fmt.Sprintf("cut at %#x", at)
			broken = broken[:at]
		case 1:
			how = fmt.Sprintf("a hole at %#x", at&^4095)
			broken = slices.Delete(broken, at&^4095, min(at&^4095+4096, len(broken)))
		default:
			how = fmt.Sprintf("8 bytes at %#x", at)
			for k := range min(8, len(broken)-at) {
				broken[at+k] = byte(random.Uint32())
			}
		}
		if err := os.WriteFile(path, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		bounded(t, how, func() {
			read, err := gocore.Open(t.Context(), path, gocore.Options{Exe: good.Exe})
			if err != nil {
				sentence(t, err)
				return
			}
			defer read.Close()
			opened++
			p := analysed(t, read)
			checks, err := p.Check(t.Context())
			if err != nil {
				t.Errorf("%s: %v", how, err)
				return
			}
			differs := slices.ContainsFunc(checks, func(c gocore.Check) bool { return c.Status != gocore.CheckOK && !c.Absent })
			if i%3 != 2 && p.Source().Complete && !differs {
				if unnoticed++; at < objects {
					t.Errorf("%s: nobody noticed", how)
				}
			}
			for k := range p.Goroutines() {
				p.Frames(k)
			}
			for _, r := range p.Roots() {
				p.Name(r.Node)
			}
			if objects, _ := p.AllocatedSlots(); objects > 2*uint64(len(whole.liveSizes()))+1000 {
				t.Errorf("%s: %d objects", how, objects)
			}
		})
	}
	if opened == 0 {
		t.Error("nothing opens that is broken")
	}
	// Holes in the contents of a segment may take a whole number of pointers with
	// them from the list that follows.
	if unnoticed > howMany(300)/30 {
		t.Errorf("%d cuts and holes were not noticed", unnoticed)
	}
}

// FuzzHeapDump opens whatever is given as a heap dump. What opens can be asked
// everything, and its sums agree.
func FuzzHeapDump(f *testing.F) {
	whole := wholeSmallDump()
	f.Add(whole)
	f.Add(whole[:len(whole)-100])
	f.Add(smallDump().Bytes)
	f.Add(heapwriter.New(8, "amd64", "go1.18").Object(inHeap, make([]uint64, 1024), 0, 8, 16).End())
	f.Fuzz(func(t *testing.T, data []byte) {
		if !bytes.HasPrefix(data, []byte(heapwriter.Magic)) {
			return
		}
		p, err := openBytes(t, data)
		if err != nil {
			if errors.Is(err, dump.ErrInternal) {
				t.Fatal(err)
			}
			sentence(t, err)
			return
		}
		checks, err := p.Check(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		objects, size := p.AllocatedSlots()
		if i := slices.IndexFunc(checks, func(c gocore.Check) bool { return c.Status == gocore.CheckDiffers }); i >= 0 && checks[i].Ours < int64(p.doms.LiveCount()) {
			objects, size = objects+uint64(checks[i].Ours), 1<<40 // pointers lead to free slots
		}
		if p.doms.LiveBytes() > size || uint64(p.doms.LiveCount()) > objects {
			t.Fatalf("%d live objects of %d, %d bytes of %d, in a file of %d", p.doms.LiveCount(), objects, p.doms.LiveBytes(), size, len(data))
		}
		for _, r := range p.Roots() {
			for _, n := range p.graph.Targets(r.Node) {
				if !p.doms.Live(n) || p.Expr([]heap.Node{r.Node, n}) == "" {
					t.Fatalf("%s leads to %#x, which is not live", r.Name, p.Addr(n))
				}
			}
		}
		for i := range p.Goroutines() {
			p.Frames(i)
		}
		p.checkTyping(t)
	})
}

// impatient is a context that is cancelled when it has been looked at so many times.
type impatient struct {
	context.Context
	left int
}

func (c *impatient) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// An open that is cancelled ends with the context's error; one that is not tells
// how far it is.
func TestHeapDumpCancel(t *testing.T) {
	good := testcore.Core(t, "quiet", testcore.Options{}, testcore.HeapDump)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if p, err := gocore.Open(ctx, good.Heap, gocore.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", p, err)
	}
	// Whenever it is cancelled.
	small := filepath.Join(t.TempDir(), "dump")
	if err := os.WriteFile(small, wholeSmallDump(), 0o666); err != nil {
		t.Fatal(err)
	}
	looks := 0
	for ; ; looks++ {
		ctx := &impatient{Context: t.Context(), left: looks}
		p, err := gocore.Open(ctx, small, gocore.Options{})
		if err == nil {
			p.Close()
			break
		}
		if !errors.Is(err, context.Canceled) || looks > 1000 {
			t.Fatalf("cancelled at look %d: %v", looks, err)
		}
	}
	if looks < 2 { // the records, each goroutine
		t.Errorf("a dump was read with %d looks at the context", looks)
	}
	var track progress.Tracker
	p, err := gocore.Open(t.Context(), good.Heap, gocore.Options{Progress: track.Report})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for _, s := range track.Snapshot() {
		if s.Name == "read records" {
			if s.Done != s.Total || s.Total != p.Source().Bytes || !s.Finished {
				t.Errorf("%+v", s)
			}
			return
		}
	}
	t.Error("nothing tells of reading records")
}
