package testcore

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// What runs programs for a processor is tried out where that is not known: the kernel
// for those of 32 bits, and what is there in its place.
func TestEmulator(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("it is about amd64")
	}
	broken := errors.New("it does not build")
	for _, test := range []struct {
		name, goarch  string
		installed     string // the only emulator
		native, under error  // of a program that is run
		want          string
		wantErr       error
		says          string
	}{
		{name: "own", goarch: "amd64", native: broken},
		{name: "kernel", goarch: "386"},
		{name: "kernel, though there is an emulator", goarch: "386", installed: "qemu-i386", under: broken},
		{name: "neither", goarch: "386", native: lacks("exec format error"), wantErr: ErrLacks, says: "exec format error; and not on this machine: qemu-i386 is not installed"},
		{name: "emulator", goarch: "386", installed: "qemu-i386", native: lacks("exec format error"), want: "/bin/qemu-i386"},
		{name: "bad emulator", goarch: "386", installed: "qemu-i386", native: lacks("exec format error"), under: lacks("it crashes"), wantErr: ErrLacks, says: "it crashes"},
		{name: "broken program", goarch: "386", installed: "qemu-i386", native: broken, wantErr: broken},
		{name: "another processor", goarch: "arm64", installed: "qemu-aarch64", native: broken, want: "/bin/qemu-aarch64"},
		{name: "another processor, no emulator", goarch: "loong64", installed: "qemu-i386", wantErr: ErrLacks, says: "qemu-loongarch64 is not installed"},
	} {
		m := machine{
			look: func(name string) (string, error) {
				if name != test.installed {
					return "", errors.New("not found")
				}
				return "/bin/" + name, nil
			},
			runs: func(goarch, emulator string) error {
				if goarch != test.goarch || emulator != "" && emulator != "/bin/"+test.installed {
					t.Errorf("%s: a program for %s is run with %q", test.name, goarch, emulator)
				}
				if emulator != "" {
					return test.under
				}
				return test.native
			},
		}
		got, err := m.emulator(test.goarch)
		if got != test.want || !errors.Is(err, test.wantErr) || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %q, %v; want %q, %v and %q", test.name, got, err, test.want, test.wantErr, test.says)
		}
		if err != nil && !errors.Is(test.wantErr, ErrLacks) && errors.Is(err, ErrLacks) {
			t.Errorf("%s: a fault is taken for what the machine lacks: %v", test.name, err)
		}
	}
}

// A program that does not start, or does not end well, is what shows that a machine
// cannot run it.
func TestRunsThreads(t *testing.T) {
	if err := runsThreads(runtime.GOARCH, ""); err != nil {
		t.Errorf("this machine does not run its own programs: %v", err)
	}
	emulator := filepath.Join(t.TempDir(), "emulator")
	for script, works := range map[string]bool{
		`exec "$1"`:  true,
		`exit 2`:     false,
		`kill -9 $$`: false,
		// Now and then is not enough.
		`echo >> "$0.runs"; test $(wc -l < "$0.runs") -lt 4 && exec "$1"`: false,
	} {
		if err := os.WriteFile(emulator, fmt.Appendf(nil, "#!/bin/sh\n%s\n", script), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := runsThreads(runtime.GOARCH, emulator); (err == nil) != works || err != nil && !errors.Is(err, ErrLacks) {
			t.Errorf("%s: %v", script, err)
		}
	}
}

// Where gdb is not installed goheap captures, or the kernel's core stands in, unless it has
// to be gdb.
func TestWithoutDebugger(t *testing.T) {
	if err := KernelCores(); err != nil {
		t.Skip(err)
	}
	// Only what builds and runs programs.
	bin := t.TempDir()
	for _, name := range []string{"go", "fallocate"} {
		if path, err := exec.LookPath(name); err == nil {
			if err := os.Symlink(path, filepath.Join(bin, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Setenv("PATH", bin)
	// Nothing else makes cores with this environment.
	opt := Options{Env: []string{"GODEBUG=panicnil=1"}}
	if d := Core(t, "quiet", opt, Gcore); d.Kind != Gcore && d.Kind != Kernel || len(d.Output) == 0 {
		t.Errorf("%+v", d)
	}
	c, err := findCache()
	if err != nil {
		t.Fatal(err)
	}
	c.dir = t.TempDir()
	d, err := c.core("quiet", opt, HeapDump, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{d.Heap, d.Core} {
		if info, err := os.Stat(file); err != nil || info.Size() < 1<<20 {
			t.Errorf("%s: %v", file, err)
		}
	}
	if _, err := Take("busy", Options{At: "runtime.gcMark", Env: opt.Env}, Gcore); !errors.Is(err, ErrLacks) || !strings.Contains(err.Error(), "apt-get install gdb") {
		t.Errorf("a core at a function without gdb: %v", err)
	}
	if (Kernel).standIn(Options{Filter: "0x1"}) != "" || (Gcore).standIn(Options{At: "main.main"}) != "" || (HeapDump).standIn(Options{}) != "" {
		t.Error("something stands in for a core of which there is no other kind")
	}
}
