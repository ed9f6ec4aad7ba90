package tui

import (
	"os"
	"path/filepath"
	"testing"

	"goheap/gocore/account"
	"goheap/report"
)

// The view of the memory says what the verb says: the sentence, and each part with its
// bytes; what the kernel said is read where it lies beside the file.
func TestMemoryView(t *testing.T) {
	data, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	f := blockstore(60, 5)
	f.File.Path = filepath.Join(t.TempDir(), "core.4711")
	f.Memory = account.Account{
		Counters: &account.Counters{
			Sys: 300 << 20, HeapAlloc: 5 << 20, HeapSys: 260 << 20, HeapIdle: 240 << 20, HeapInuse: 20 << 20, HeapReleased: 40 << 20,
			NextGC: 10 << 20, GCPercent: 100, MemoryLimit: account.NoLimit, Paced: true, NumGC: 7,
		},
		Pages:  &account.Pages{Objects: 20 << 20, Stacks: 2 << 20, Kept: 238 << 20},
		Stacks: account.Stacks{Goroutines: 25, Used: 2 << 20},
		Regions: []account.Region{
			{Start: 0x400000, End: 0x600000, Kind: account.Executable},
			{Start: 0xc000000000, End: 0xc010400000, Kind: account.GoHeap, Content: 210 << 20, Counted: true},
			{Start: 0x7f0000200000, End: 0x7f0000800000, Kind: account.GoTables, Content: 3 << 20, Counted: true},
		},
	}
	s := snapshot(t, f)
	m, err := report.NewMemory(t.Context(), s, nil)
	if err != nil || len(m.Parts) == 0 {
		t.Fatalf("%d parts, %v", len(m.Parts), err)
	}
	tm := newTerminal(t, s, 80, 24, Options{}).press("3", "0")
	golden(t, data, "memory-80x24", tm.text())
	tm.has("Types > Memory", m.Parts[0].Name).hasNot("Resident")
	tm.press("enter").has("a row is a sum")
	tm.press("esc").has("[3 Types]").press(":memory", "enter").has("Memory", m.Parts[0].Name)

	if err := os.WriteFile(f.File.Path+".status", []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	newTerminal(t, s, 80, 24, Options{}).press("0").has("core.4711.status")
}
