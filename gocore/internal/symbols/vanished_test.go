package symbols

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"goheap/dump"
)

// What an executable that was cut no longer says is unknown: it is neither damage
// nor a program without symbols and variables, however often one asks.
func TestVanished(t *testing.T) {
	whole, err := os.ReadFile(frames.path(t, builds[0]))
	if err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(t.TempDir(), "exe")
	if err := os.WriteFile(exe, whole, 0o700); err != nil {
		t.Fatal(err)
	}
	data, free, err := dump.MapFile(exe)
	if err != nil {
		t.Fatal(err)
	}
	defer free()
	f, err := New(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	pc := f.index.Funcs[0].Low
	if err := os.Truncate(exe, 4096); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for what, ask := range map[string]func(){
			"a symbol":      func() { f.Symbol("main.main") },
			"what is there": func() { f.SymbolAt(pc) },
			"variables":     func() { f.FuncVars(pc, FrameState{}) },
		} {
			err := dump.GuardFaults(func() error {
				ask()
				return nil
			})
			if !errors.Is(err, dump.ErrChanged) {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
}
