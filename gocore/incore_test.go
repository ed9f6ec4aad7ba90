package gocore_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/testcore"
)

// A core whose program is gone is read by what it has of that itself, where the kernel was
// told to keep it: as the program would be without symbols, object for object. Where the
// core has not, the sentence says how it would.
func TestExecutableInCore(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]testcore.Options{
		"default": {}, "pie": {PIE: true}, "cgo": {Env: []string{"CGO_ENABLED=1"}}, "go1.21": {Go: "go1.21.13"}, "go1.27-pie": {Go: "go1.27.0", PIE: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			program := "quiet"
			if opt.Env != nil {
				program = "cgocalls"
			}
			opt.Filter, opt.Flags = "0x37", []string{"-ldflags=-s -w"}
			d := testcore.Core(t, program, opt, testcore.Kernel)
			with, err := gocore.Open(t.Context(), d.Core, gocore.Options{Exe: d.Exe})
			if err != nil {
				t.Fatal(err)
			}
			defer with.Close()
			moved := elsewhere(t, d.Core, d.Exe)
			without, err := gocore.Open(t.Context(), moved, gocore.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer without.Close()
			if symbols := without.Source().Symbols; symbols != "stripped" {
				t.Errorf("symbols are %q", symbols)
			}
			want, err := with.Analyse(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			got, err := without.Analyse(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			a, b := want.Dominators(), got.Dominators()
			if a.LiveCount() != b.LiveCount() || a.LiveBytes() != b.LiveBytes() {
				t.Fatalf("%d objects of %d bytes are live, with the file %d of %d", b.LiveCount(), b.LiveBytes(), a.LiveCount(), a.LiveBytes())
			}
			for n := heap.SuperRoot + 1; int(n) < want.Graph().Len(); n++ {
				addr := want.Addr(n)
				if want.Graph().IsRoot(n) || !a.Live(n) {
					continue
				}
				m, ok := got.NodeAt(addr)
				if !ok || a.Retained(n) != b.Retained(m) || want.Type(n) != got.Type(m) {
					t.Fatalf("the object at %#x is a %s and retains %d bytes, with the file a %s and %d", addr, got.Type(m), b.Retained(m), want.Type(n), a.Retained(n))
				}
			}
			checks, err := got.Check(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range checks {
				if c.Status == gocore.CheckDiffers {
					t.Errorf("%+v", c)
				}
			}
		})
	}
	t.Run("not kept", func(t *testing.T) {
		t.Parallel()
		d := testcore.Core(t, "quiet", testcore.Options{}, testcore.Kernel)
		_, err := gocore.Open(t.Context(), elsewhere(t, d.Core, d.Exe), gocore.Options{})
		if !errors.Is(err, gocore.ErrNoExecutable) || !strings.Contains(err.Error(), "does not exist here") || !strings.Contains(err.Error(), "0x37 was written to /proc/PID/coredump_filter") {
			t.Errorf("%v", err)
		}
	})
}

// elsewhere is a copy of a core that names a program which is not there: one letter of each
// name differs.
func elsewhere(t *testing.T, core, exe string) string {
	t.Helper()
	data, err := os.ReadFile(core)
	if err != nil {
		t.Fatal(err)
	}
	name := []byte(filepath.Base(filepath.Dir(exe)) + "/" + filepath.Base(exe) + "\x00")
	for at := 0; ; {
		i := bytes.Index(data[at:], name)
		if i < 0 {
			break
		}
		data[at+i] ^= 0x80
		at += i + len(name)
	}
	path := filepath.Join(t.TempDir(), "core")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
