package dump

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"goheap/internal/testcore/heapwriter"
)

// wholeHeapDump has one record of each kind.
func wholeHeapDump() []byte {
	w := heapwriter.New(8, "amd64", "go1.26.8")
	w.Ints(3, 0x4a0000, 40).Str("main.T").Ints(1)
	w.Ints(8, 0x5a0000, 0x4a0000)
	w.Ints(1, 0xc000010000).Str("0123456789abcdef").Fields(8)
	w.Ints(2).Str("other").Ints(0xc000010000)
	w.Ints(4, 0xc000002000, 0xc000040f00, 17, 0x401000, 4, 0, 0, 99).Str("chan receive").Ints(0, 0x600000, 0xc000050000, 0)
	w.Ints(5, 0xc000040f00, 0, 0).Str(strings.Repeat("f", 32)).Ints(0x401000, 0x401020, 0x401020).Str("main.main").Fields(16, 0, 800)
	w.Ints(14, 0xc000050000, 0xc000002000, 0xc000040f00, 0x401010, 0xc000060000, 0x402000, 0)
	w.Ints(15, 0xc000040f80, 0xc000002000, 0x4a0000, 0xc000010000, 0, 0)
	w.Ints(9, 0x600000, 3, 4711)
	w.Ints(12, 0x500000).Str(strings.Repeat("d", 24)).Fields(0, 16)
	w.Ints(13, 0x510000).Str(strings.Repeat("b", 8)).Fields()
	w.Ints(7, 0xc000010000, 0x520000, 0x403000, 0x4b0000, 0x4c0000)
	w.Ints(11, 0xc000010010, 0x520010, 0x403000, 0, 0)
	w.Ints(10)
	for i := range uint64(281) {
		w.Ints(i + 1000)
	}
	w.Ints(16, 0x700000, 16, 2).Str("main.f").Str("/src/f.go").Ints(12).Str("(0x1)").Str("?").Ints(0).Ints(5, 3)
	w.Ints(17, 0xc000010000, 0x700000)
	return w.Ints(0).Bytes
}

// Every kind of record says what was written.
func TestHeapRecords(t *testing.T) {
	h, err := NewHeapDump(wholeHeapDump())
	if err != nil {
		t.Fatal(err)
	}
	if want := (HeapParams{PtrSize: 8, ArenaStart: 0xc000000000, ArenaEnd: 0xc004000000, GOARCH: "amd64", GoVersion: "go1.26.8", CPUs: 2}); h.Params != want {
		t.Errorf("parameters %+v", h.Params)
	}
	r := h.Records()
	var got []string
	for r.Next() {
		mask := make([]byte, len(r.Contents)/64+1)
		says := ""
		switch r.Kind {
		case RecordParams:
			says = fmt.Sprint(r.Params() == h.Params)
		case RecordType:
			x := r.Type()
			says = fmt.Sprintf("%#x %d %s %t", x.Addr, x.Size, x.Name, x.Indirect)
		case RecordItab:
			itab, typ := r.Itab()
			says = fmt.Sprintf("%#x %#x", itab, typ)
		case RecordObject, RecordData, RecordBSS:
			at := r.ContentsAt
			n := r.Pointers(mask, 0)
			says = fmt.Sprintf("%#x %s %d %#x %t", r.Addr(), r.Contents, n, mask[0], bytes.Equal(h.Data()[at:at+uint64(len(r.Contents))], r.Contents))
		case RecordOtherRoot:
			what, p := r.OtherRoot()
			says = fmt.Sprintf("%s %#x", what, p)
		case RecordGoroutine:
			x := r.Goroutine()
			says = fmt.Sprintf("%#x %#x %d %#x %d %t %d %s %d %#x %#x %#x", x.Addr, x.SP, x.ID, x.GoPC, x.Status, x.System, x.WaitSince, x.WaitReason, x.Ctxt, x.M, x.Defer, x.Panic)
		case RecordFrame:
			x := r.Frame()
			says = fmt.Sprintf("%#x %d %d %d %#x %#x %#x %s", x.SP, x.Depth, x.Child, len(r.Contents), x.Entry, x.PC, x.ContinPC, x.Func)
			n := r.Pointers(mask, 0)
			says += fmt.Sprintf(" %d %#x %d", n, mask[0], r.Outside)
		case RecordFinalizer, RecordQueuedFinalizer:
			says = fmt.Sprintf("%#x", r.Finalizer())
		case RecordThread:
			m, id, tid := r.Thread()
			says = fmt.Sprintf("%#x %d %d", m, id, tid)
		case RecordMemStats:
			says = fmt.Sprintf("%+v", r.MemStats())
		case RecordDefer:
			says = fmt.Sprintf("%#x", r.Defer())
		case RecordPanic:
			says = fmt.Sprintf("%#x", r.Panic())
		case RecordMemProf:
			x := r.MemProf()
			says = fmt.Sprintf("%#x %d %d %d", x.Bucket, x.Size, x.Allocs, x.Frees)
			for _, c := range x.Stack {
				says += fmt.Sprintf(" %s %s:%d", c.Func, c.File, c.Line)
			}
		case RecordAllocSample:
			o, b := r.AllocSample()
			says = fmt.Sprintf("%#x %#x", o, b)
		}
		got = append(got, fmt.Sprintf("%d %s: %s", r.Index, r.Kind, says))
	}
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
	want := []string{
		"0 parameters: true",
		"1 type: 0x4a0000 40 main.T true",
		"2 itab: 0x5a0000 0x4a0000",
		"3 object: 0xc000010000 0123456789abcdef 1 0x2 true",
		"4 other root: other 0xc000010000",
		"5 goroutine: 0xc000002000 0xc000040f00 17 0x401000 4 false 99 chan receive 0 0x600000 0xc000050000 0x0",
		"6 stack frame: 0xc000040f00 0 0 32 0x401000 0x401020 0x401020 main.main 2 0x5 1",
		"7 deferred call: {0xc000050000 0xc000002000 0xc000040f00 0x401010 0xc000060000 0x402000 0x0}",
		"8 panic: {0xc000040f80 0xc000002000 0x4a0000 0xc000010000 0x0}",
		"9 thread: 0x600000 3 4711",
		"10 data segment: 0x500000 dddddddddddddddddddddddd 2 0x5 true",
		"11 bss segment: 0x510000 bbbbbbbb 0 0x0 true",
		"12 finalizer: {0xc000010000 0x520000 0x403000 0x4b0000 0x4c0000}",
		"13 queued finalizer: {0xc000010010 0x520010 0x403000 0x0 0x0}",
		"14 memory statistics: {HeapAlloc:1006 HeapInuse:1009 HeapObjects:1011 StackInuse:1012 NumGC:1280 Sys:1002 HeapSys:1007 HeapIdle:1008 HeapReleased:1010 StackSys:1013 MSpanInuse:1014 MSpanSys:1015 MCacheInuse:1016 MCacheSys:1017 BuckHashSys:1018 GCSys:1019 OtherSys:1020 NextGC:1021 LastGC:1022 PauseTotalNs:1023}",
		"15 memory profile: 0x700000 16 5 3 main.f /src/f.go:12 (0x1) ?:0",
		"16 allocation sample: 0xc000010000 0x700000",
	}
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Errorf("record %d:\n got %s\nwant %s", i, at(got, i), at(want, i))
		}
	}
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "none"
}

// Lists of pointers that nobody asks for are skipped.
func TestHeapRecordsSkip(t *testing.T) {
	h, err := NewHeapDump(wholeHeapDump())
	if err != nil {
		t.Fatal(err)
	}
	r := h.Records()
	for r.Next() {
	}
	if n, another := r.Trailing(); r.Err() != nil || n != 0 || another || r.Index != 17 || r.Kind != RecordEOF {
		t.Errorf("%v, %d bytes behind, at record %d (%s)", r.Err(), n, r.Index, r.Kind)
	}
}

// Each way in which a file can be wrong has its sentence, with the record and its
// offset.
func TestHeapDumpDamage(t *testing.T) {
	start := func() *heapwriter.Writer { return heapwriter.New(8, "amd64", "go1.26.8") }
	whole := wholeHeapDump()
	for _, test := range []struct {
		name string
		data []byte
		is   error
		says string
	}{
		{"empty", nil, ErrHeapDump, "it is empty"},
		{"magic alone", []byte("go1.7 heap dump\n"), ErrHeapDumpTruncated, "record 0 (of no known kind, at file offset 0x10), at file offset 0x10: the file ends where a record should start"},
		{"older", []byte("go1.4 heap dump\n\x00"), ErrUnsupported, `it is a "go1.4 heap dump" of another format`},
		{"lines converted", []byte("go1.7 heap dump\r\n\x06"), ErrHeapDump, "a transfer that converts the ends of lines"},
		{"core", []byte("\x7fELF\x02\x01\x01"), ErrHeapDump, "it does not start"},
		{"pprof text", []byte("heap profile: 1: 2 [3: 4] @ heap/1048576\n"), ErrHeapDump, "pprof heap profile"},
		{"gzip", []byte("\x1f\x8b\x08"), ErrHeapDump, "compressed with gzip"},
		{"zstd", []byte("\x28\xb5\x2f\xfd"), ErrHeapDump, "compressed with zstd"},
		{"no parameters", (&heapwriter.Writer{Bytes: []byte(heapwriter.Magic)}).Ints(8, 1, 2).Bytes, ErrHeapDump, "record 0 (itab, at file offset 0x10), at file offset 0x10: it is the first record, where the parameters should stand"},
		{"parameters twice", start().Params(8, "amd64", "go1.26.8").Bytes, ErrHeapDump, "record 1 (parameters, at file offset 0x2f), at file offset 0x2f: the parameters come twice"},
		{"words of 5 bytes", heapwriter.New(5, "amd64", "go1.26.8").Bytes, ErrHeapDump, "record 0 (parameters, at file offset 0x10), at file offset 0x10: pointers have 5 bytes"},
		{"words of another processor", heapwriter.New(4, "amd64", "go1.26.8").Bytes, ErrHeapDump, "it speaks of 4-byte words, big-endian false, which amd64 does not have"},
		{"no processor", heapwriter.New(8, "\x1b[2J", "go1.26.8").Bytes, ErrHeapDump, `"\x1b[2J" is no processor`},
		{"heap backwards", (&heapwriter.Writer{Bytes: []byte(heapwriter.Magic)}).Ints(6, 0, 8, 200, 100).Str("amd64").Str("go1.26.8").Ints(1).Bytes, ErrHeapDump, "the heap is from 0xc8 to 0x64"},
		{"not yes or no", (&heapwriter.Writer{Bytes: []byte(heapwriter.Magic)}).Ints(6, 7).Bytes, ErrHeapDump, "at file offset 0x11: a yes or no is 7"},
		{"unknown kind", start().Ints(18).Bytes, ErrHeapDump, "record 1 (of no known kind, at file offset 0x2f), at file offset 0x2f: there is no kind of record 18"},
		{"end inside a number", append(start().Ints(8).Bytes, 0x80), ErrHeapDumpTruncated, "record 1 (itab, at file offset 0x2f), at file offset 0x31: the file ends here, inside the record"},
		{"number too long", append(start().Ints(8).Bytes, bytes.Repeat([]byte{0xff}, 11)...), ErrHeapDump, "record 1 (itab, at file offset 0x2f), at file offset 0x30: a number has more than 64 bits"},
		{"number of 65 bits", append(start().Ints(8).Bytes, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 2), ErrHeapDump, "more than 64 bits"},
		{"contents longer than the file", start().Ints(1, 0xc000000000, 1<<40).Bytes, ErrHeapDumpTruncated, "record 1 (object, at file offset 0x2f), at file offset 0x36: 1099511627776 bytes should follow, but the file ends after 0"},
		{"contents of 2^64 bytes", start().Ints(1, 0xc000000000, 1<<64-1).Bytes, ErrHeapDumpTruncated, "18446744073709551615 bytes should follow"},
		{"field of kind 2", start().Ints(1, 0xc000000000).Str("12345678").Ints(2, 0).Bytes, ErrHeapDump, "record 1 (object, at file offset 0x2f), at file offset 0x3f: there is no kind of field 2"},
		{"field behind the contents", start().Ints(1, 0xc000000000).Str("12345678").Ints(1, 8, 0).Bytes, ErrHeapDump, "a pointer should stand 8 bytes into contents of 8"},
		{"field far behind", start().Ints(1, 0xc000000000).Str("12345678").Ints(1, 1<<64-8, 0).Bytes, ErrHeapDump, "a pointer should stand 18446744073709551608 bytes into contents of 8"},
		{"field between words", start().Ints(1, 0xc000000000).Str("12345678").Ints(1, 4, 0).Bytes, ErrHeapDump, "a pointer should stand 4 bytes into contents of 8"},
		{"fields out of order", start().Ints(1, 0xc000000000).Str("1234567812345678").Ints(1, 8, 1, 0, 0).Bytes, ErrHeapDump, "record 1 (object, at file offset 0x2f), at file offset 0x49: a pointer should stand 0 bytes into the contents, but one behind it was listed before"},
		{"stack longer than the file", start().Ints(16, 1, 1, 1<<50).Bytes, ErrHeapDumpTruncated, "a stack of 1125899906842624 calls should follow"},
		{"no end", whole[:len(whole)-1], ErrHeapDumpTruncated, "the file ends where a record should start, and the one that ends a heap dump is missing"},
	} {
		err := readAll(test.data)
		if !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want one of %v that says %q", test.name, err, test.is, test.says)
		}
	}
	for n := range whole {
		if err := readAll(whole[:n]); !errors.Is(err, ErrHeapDumpTruncated) && !errors.Is(err, ErrHeapDump) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
}

// readAll reads every record and its pointers.
func readAll(data []byte) error {
	h, err := NewHeapDump(data)
	if err != nil {
		return err
	}
	r := h.Records()
	for r.Next() {
		if len(r.Contents) > 0 {
			r.Pointers(make([]byte, len(r.Contents)/int(h.Params.PtrSize)/8+1), 0)
		}
	}
	return r.Err()
}

// What stands behind the end is told, and whether it is another dump.
func TestHeapDumpTrailing(t *testing.T) {
	for _, test := range []struct {
		more    string
		another bool
	}{{"rest of a longer file", false}, {string(wholeHeapDump()), true}} {
		h, err := NewHeapDump(append(wholeHeapDump(), test.more...))
		if err != nil {
			t.Fatal(err)
		}
		r := h.Records()
		for r.Next() {
		}
		if n, another := r.Trailing(); r.Err() != nil || n != uint64(len(test.more)) || another != test.another {
			t.Errorf("%v; %d bytes, another dump %t; want %d, %t", r.Err(), n, another, len(test.more), test.another)
		}
	}
}

// OpenFile tells a core from a heap dump, which may be compressed.
func TestOpenFile(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "heap")
	if err := os.WriteFile(plain, wholeHeapDump(), 0o600); err != nil {
		t.Fatal(err)
	}
	files := []string{plain}
	for i, p := range packers {
		path := filepath.Join(dir, fmt.Sprint("heap.packed", i))
		if err := os.WriteFile(path, pack(t, p.to, wholeHeapDump()), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, path)
	}
	for _, path := range files {
		c, h, err := OpenFile(t.Context(), path)
		if err != nil || c != nil || h == nil {
			t.Fatalf("%s: %v, %v, %v", path, c, h, err)
		}
		if h.Path != path || !bytes.Equal(h.Data(), wholeHeapDump()) || len(h.Problems) > 0 {
			t.Errorf("%s: path %s, %d bytes, %v", path, h.Path, len(h.Data()), h.Problems)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := Open(plain); !errors.Is(err, ErrNotCore) {
		t.Errorf("Open of a heap dump: %v", err)
	}
}

// Slots are found in the file wherever they are, alone and across their bounds, and
// come before other memory.
func TestSlots(t *testing.T) {
	file := []byte("....aaaaaaaa..bbbbbbbb.CCCCCCCCCCCCCCCC")
	m := NewMemory(elf.EM_X86_64, binary.LittleEndian, 8, []Block{{0x2010, []byte("after")}, {0x2000, []byte("0123456789abcdef-overlap")}, {0x9000, []byte("nine")}})
	m.SetSlots(file, []SlotRun{
		{Start: 0x4000, Elem: 8, N: 4, First: 0, At: 0},
		{Start: 0x6000, Elem: 16, N: 1, First: 4, At: 20},
	}, []uint32{4, 14, 0, 4, 3})
	for _, test := range []struct {
		addr, n uint64
		want    string
	}{
		{0x4000, 8, "aaaaaaaa"}, {0x4007, 1, "a"}, {0x4008, 8, "bbbbbbbb"}, {0x4004, 8, "aaaabbbb"}, {0x4018, 8, "aaaaaaaa"},
		{0x4010, 1, ""}, {0x400c, 8, ""}, {0x4020, 1, ""}, {0x6000, 16, "CCCCCCCCCCCCCCCC"}, {0x6010, 1, ""},
		{0x2000, 16, "0123456789abcdef"}, {0x2010, 8, "-overlap"}, {0x9001, 3, "ine"}, {0x9001, 4, ""}, {0xffffffffffffffff, 8, ""},
	} {
		b, ok := m.Slice(test.addr, test.n)
		if string(b) != test.want || ok != (test.want != "") {
			t.Errorf("%d bytes at %#x: %q, %t, want %q", test.n, test.addr, b, ok, test.want)
		}
	}
	want := []Range{{0x2000, 0x2018}, {0x4000, 0x4010}, {0x4018, 0x4020}, {0x6000, 0x6010}, {0x9000, 0x9004}}
	if got := m.Ranges(); !slices.Equal(got, want) {
		t.Errorf("ranges %#x, want %#x", got, want)
	}
	if got := m.Size(); got != 24+16+8+16+4 {
		t.Errorf("%d bytes", got)
	}
}

// Runs that are far apart are found without a table, which would be larger than
// the file by orders of magnitude; in or out of it, the same is found.
func TestSlotsFarApart(t *testing.T) {
	file := []byte("....aaaaaaaabbbbbbbb")
	for _, test := range []struct {
		n      uint64
		tables bool
	}{{1, true}, {100, true}, {10_000, false}} {
		var runs []SlotRun
		for i := range test.n {
			runs = append(runs, SlotRun{Start: i<<slotBlockShift | 0x2000, Elem: 8, N: 3, First: 0})
		}
		m := NewMemory(elf.EM_X86_64, binary.LittleEndian, 8, nil)
		m.SetSlots(file, runs, []uint32{4, 0, 12})
		if tables := m.slots.pages != nil; tables != test.tables {
			t.Errorf("%d runs: tables %t", test.n, tables)
		}
		for i := range test.n + 1 {
			at := i<<slotBlockShift | 0x2000
			for off, want := range map[uint64]string{0: "aaaaaaaa", 8: "", 16: "bbbbbbbb", 24: "", 0x2000: "", ^uint64(0): ""} {
				if i == test.n {
					want = ""
				}
				if b, _ := m.Slice(at+off, 8); string(b) != want {
					t.Errorf("%d runs: %q at %#x, want %q", test.n, b, at+off, want)
				}
			}
		}
		if got := m.Size(); got != test.n*16 {
			t.Errorf("%d runs: %d bytes", test.n, got)
		}
	}
}

// Whatever the bytes, reading ends, with an error or at the end of the dump, and
// records follow each other without gaps.
func FuzzHeapRecords(f *testing.F) {
	whole := wholeHeapDump()
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add(append(whole[:len(whole):len(whole)], whole...))
	f.Add(heapwriter.New(4, "arm", "go1.26.8").Ints(1, 0xc000000010).Str("12345678").Fields(0, 4).Ints(0).Bytes)
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := NewHeapDump(data)
		if (err == nil) == (h == nil) {
			t.Fatalf("%v and %v", h, err)
		}
		if err != nil {
			return
		}
		r := h.Records()
		at, index := uint64(len(heapDumpMagic)), 0
		for r.Next() {
			if r.Start != at || r.Index != index {
				t.Fatalf("record %d at %#x, expected number %d at %#x", r.Index, r.Start, index, at)
			}
			words := uint64(len(r.Contents)) / uint64(h.Params.PtrSize)
			mask := make([]byte, words/8+1)
			if n := uint64(r.Pointers(mask, 0)); r.Err() == nil && n > 0 {
				set := uint64(0)
				for i := range words {
					set += uint64(mask[i/8] >> (i % 8) & 1)
				}
				if set == 0 || set > n {
					t.Fatalf("%d pointers, %d words", n, set)
				}
			}
			if len(r.Contents) > 0 && (r.Kind == RecordObject || r.Kind == RecordData) && &data[r.ContentsAt] != &r.Contents[0] {
				t.Fatal("the contents are not where they are said to be")
			}
			at, index = r.Offset(), index+1
		}
		var e *RecordError
		if err := r.Err(); err != nil {
			if !errors.As(err, &e) || e.Offset > uint64(len(data)) || e.Index != r.Index || !errors.Is(err, ErrHeapDump) && !errors.Is(err, ErrHeapDumpTruncated) {
				t.Fatalf("%#v", err)
			}
		} else if n, _ := r.Trailing(); r.Offset()+n != uint64(len(data)) {
			t.Fatalf("ended at %#x with %d bytes behind, of %d", r.Offset(), n, len(data))
		}
	})
}
