package report

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"goheap/gocore/account"
)

// accounted is the process of a store, with an account made by hand.
func accounted() *fake {
	f := blockstore()
	f.Memory = account.Account{
		Counters: &account.Counters{
			Sys: 300 << 20, HeapAlloc: 5 << 20, HeapSys: 260 << 20, HeapIdle: 240 << 20, HeapInuse: 20 << 20, HeapReleased: 40 << 20, StackInuse: 2 << 20, StackSys: 2 << 20,
			MSpanInuse: 1 << 20, MSpanSys: 2 << 20, MCacheInuse: 1200, MCacheSys: 16 << 10, BuckHashSys: 1 << 20, GCSys: 8 << 20, OtherSys: 3 << 20,
			NextGC: 10 << 20, LastGC: 1_700_000_000_000_000_000, PauseTotalNs: 1_234_567, NumGC: 7, NumForcedGC: 2, WorkBuffers: 1 << 20,
			GCPercent: 100, MemoryLimit: account.NoLimit, Paced: true,
		},
		Pages: &account.Pages{Objects: 20 << 20, Stacks: 2 << 20, Work: 1 << 20, Kept: 200 << 20, Returned: 40 << 20},
		Classes: []account.Class{
			{Slot: 48, Spans: 1000, Bytes: 8000 << 10, LiveObjects: 1000, Live: 48000, GarbageObjects: 2000, Garbage: 96000, Free: 8000<<10 - 144000 - 32000, Ends: 32000, Lone: 900, LoneBytes: 7200 << 10},
			{Spans: 2, Bytes: 20<<20 - 8000<<10, LiveObjects: 1, Live: 10 << 20, GarbageObjects: 1, Garbage: 10<<20 - 8000<<10},
		},
		Stacks: account.Stacks{Goroutines: 20, Used: 100 << 10, Idle: 900 << 10, Threads: 500 << 10, Free: 2<<20 - 1500<<10, Deepest: []account.Stack{{Goroutine: 17, Used: 50 << 10, Size: 64 << 10}}},
		Regions: []account.Region{
			{Start: 0x400000, End: 0x600000, Kind: account.Executable},
			{Start: 0x1000000, End: 0x3000000, Kind: account.CHeap},
			{Start: 0xc000000000, End: 0xc010000000, Kind: account.GoHeap, Content: 210 << 20, Counted: true},
			{Start: 0x7f0000000000, End: 0x7f0000100000, Kind: account.Library, Name: "/lib/libc.so.6"},
			{Start: 0x7f0000200000, End: 0x7f0000800000, Kind: account.GoTables, Content: 3 << 20, Counted: true},
		},
		Reserved: 1 << 30,
		Defers:   account.Spare{Objects: 5, Bytes: 240}, Sudogs: account.Spare{Objects: 100, Bytes: 9600},
	}
	return f
}

func memoryOf(t *testing.T, f *fake, kept *account.Residency) *Memory {
	t.Helper()
	m, err := NewMemory(t.Context(), analyse(t, f), kept)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMemory(t *testing.T) {
	m := memoryOf(t, accounted(), nil)
	var text, document, csv bytes.Buffer
	if err := errors.Join(WriteMemory(&text, m, 5), WriteJSON(&document, NewMemoryDocument(m)), WriteCSV(&csv, MemoryTable(m))); err != nil {
		t.Fatal(err)
	}
	golden(t, "memory.txt", text.Bytes())
	golden(t, "memory.json", document.Bytes())
	golden(t, "memory.csv", csv.Bytes())
	for _, line := range strings.Split(text.String(), "\n") {
		if len([]rune(line)) > verdictWidth {
			t.Errorf("a line is too long: %q", line)
		}
	}
	// The parts of a part add up to it.
	for _, p := range m.Parts {
		sum := uint64(0)
		for _, of := range p.Parts {
			sum += of.Bytes
		}
		if len(p.Parts) > 0 && sum != p.Bytes {
			t.Errorf("%s has %d bytes, its parts %d", p.Key, p.Bytes, sum)
		}
	}
}

// The sentence names what a process is large by.
func TestMemorySentence(t *testing.T) {
	const large = 1 << 30
	for _, test := range []struct {
		name   string
		change func(a *account.Account)
		want   []string
		line   string // of the verdict
	}{
		{"kept", func(a *account.Account) { a.Pages.Kept = large }, []string{"1.00 GiB were freed and not given back yet", "GOGC is 100, GOMEMLIMIT is not set."}, "1.00 GiB freed and kept"},
		{"garbage", func(a *account.Account) {
			a.Classes[0].Slot, a.Classes[0].Garbage, a.Classes[0].GarbageObjects = 128, large, 1<<23
		}, []string{"1.00 GiB are garbage that the next collection frees"}, "garbage: 1.00 GiB in 8,388,608 slots of 128 B, the size of main.Block (10 live);\n  GOGC is 100"},
		{"live", func(a *account.Account) { a.Classes[1].Live = large }, []string{": 1.00 GiB are live objects"}, "1.00 GiB live"},
		{"stacks", func(a *account.Account) { a.Pages.Stacks = large }, []string{": 1.00 GiB are stacks of 20 goroutines."}, "1.00 GiB stacks"},
		{"C", func(a *account.Account) { a.Regions[1].End = a.Regions[1].Start + large }, []string{": 1.00 GiB are outside Go, most of them C's allocator's"}, "1.00 GiB outside Go (C's allocator)"},
		{"mapped", func(a *account.Account) {
			a.Regions[1] = account.Region{Start: 1 << 32, End: 1<<32 + large, Kind: account.Anonymous}
		}, []string{": 1.00 GiB are outside Go, most of them mapped without the runtime"}, "1.00 GiB outside Go (mapped)"},
		{"files", func(a *account.Account) {
			a.Regions[1] = account.Region{Start: 1 << 32, End: 1<<32 + large, Kind: account.File, Name: "/data/x"}
		}, []string{": 1.00 GiB are mapped files"}, "1.00 GiB mapped files"},
		{"free", func(a *account.Account) { a.Classes[0].Free = large }, []string{": 1.00 GiB are free slots beside objects"}, "1.00 GiB in free slots"},
		{"limit", func(a *account.Account) { a.Counters.GCPercent, a.Counters.MemoryLimit = -1, 64<<20 }, []string{" GOGC is off, GOMEMLIMIT is 64.0 MiB."}, ""},
		{"two", func(a *account.Account) { a.Pages.Kept, a.Pages.Stacks = large, large/2 }, []string{"1.00 GiB were freed and not given back yet, and 512 MiB are stacks of 20 goroutines, not all of it resident."}, "1.00 GiB freed and kept, 512 MiB stacks"},
		{"untouched", func(a *account.Account) { a.Pages.Stacks = 2 * large }, []string{": 2.00 GiB are stacks of 20 goroutines, not all of it resident."}, "2.00 GiB stacks"},
	} {
		f := accounted()
		test.change(&f.Memory)
		m := memoryOf(t, f, &account.Residency{RSS: 1 << 30, Sources: []string{"status"}})
		said := m.Sentence()
		for _, want := range append(test.want, "RSS is 1.00 GiB: ", "7 collections ended, 2 forced") {
			if !strings.Contains(said, want) {
				t.Errorf("%s: no %q in %q", test.name, want, said)
			}
		}
		lines, err := memoryLines(t.Context(), analyse(t, f))
		if err != nil || len(lines) == 0 || !strings.HasPrefix(lines[0], "memory: ") {
			t.Fatalf("%s: %q, %v", test.name, lines, err)
		}
		for _, line := range lines {
			if len(line) > verdictWidth {
				t.Errorf("%s: %q", test.name, line)
			}
		}
		if !strings.Contains(strings.Join(lines, "\n"), test.line) {
			t.Errorf("%s: no %q in %q", test.name, test.line, lines)
		}
	}
	if lines, err := memoryLines(t.Context(), analyse(t, blockstore())); lines != nil || err != nil {
		t.Errorf("of nothing: %q, %v", lines, err)
	}
}

// What lies beside a core is read, or what is named; what is neither is told.
func TestReadResidency(t *testing.T) {
	core := filepath.Join(t.TempDir(), "core.4711")
	if r, err := ReadResidency(core); r != nil || err != nil {
		t.Errorf("%+v, %v", r, err)
	}
	for name, text := range map[string]string{"status": "Name:\tx\nVmRSS:\t 200 kB\n", "memory.current": "4096\n", "other": "hello\n"} {
		if err := os.WriteFile(core+"."+name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := ReadResidency(core); err != nil || r.RSS != 200<<10 || r.Cgroup != 4096 {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := ReadResidency(core, core+".memory.current"); err != nil || r.RSS != 0 || r.Cgroup != 4096 {
		t.Errorf("%+v, %v", r, err)
	}
	for _, bad := range []string{core + ".other", core + ".none"} {
		if _, err := ReadResidency(core, bad); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
