// Package testcore builds the programs in testdata/programs, runs them and
// takes their core files, for the tests of every package.
//
// What it makes is kept under testdata/.cache, keyed by everything that
// decides the bytes: source, toolchain, flags, environment, kind of core and
// arguments. A file lock per entry lets test packages run side by side
// without making the same core twice; an entry appears by one rename, so an
// interrupted run leaves nothing half made. Entries are read-only to callers.
// The cache may be deleted at any time no test runs.
package testcore

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Kind says who writes the core file.
type Kind string

const (
	// Gcore attaches gdb to the running process, or where there is none lets goheap
	// capture it. gdb's core holds more mappings than a kernel core, and threads are
	// caught where they happen to be.
	Gcore Kind = "gcore"
	// Captured is a core of the running process too, as goheap capture takes it: in a
	// tenth of the time.
	Captured Kind = "captured"
	// Kernel lets the process abort itself under RLIMIT_CORE = unlimited. For
	// another processor it is qemu, as that processor's kernel, that writes the
	// core.
	Kernel Kind = "kernel"
	// HeapDump lets the process write a heap dump (debug.WriteHeapDump), and then
	// leave a core as with Kernel.
	HeapDump Kind = "heapdump"
	// HeapDumpGcore is HeapDump with a core taken by gdb, which writes a gigabyte of
	// reserved address space into each.
	HeapDumpGcore Kind = "heapdump-gcore"
)

// Options select how a program is built and run. The zero value builds as a
// plain "go build" does, with the toolchain that runs the test.
type Options struct {
	Go    string   // toolchain as in GOTOOLCHAIN, such as "go1.27.0"; "" is the running one
	Arch  string   // GOARCH; "" is that of the test; others run under qemu-user, and have no Gcore cores
	PIE   bool     // -buildmode=pie
	Flags []string // further flags of go build, such as "-gcflags=all=-N -l"
	Env   []string // "NAME=value", added to the environment of the build and of the run

	Filter    string // what the kernel dumps, as in /proc/PID/coredump_filter; "" is what the test has
	Namespace bool   // the program is in a pid namespace of its own, which only root can make

	// At is a function, such as "runtime.gcMark". A Gcore core is taken when a
	// thread enters it for the first time after "ready", or once it has been
	// entered Skip times.
	At   string
	Skip int

	// Progress is told, line by line, what is done and how long that may take; nil
	// for nobody.
	Progress io.Writer
}

func (opt Options) tell(format string, args ...any) {
	if opt.Progress != nil {
		fmt.Fprintf(opt.Progress, format+"\n", args...)
	}
}

// Dump is one core file and what the process said before it was taken.
type Dump struct {
	Exe    string   // the executable, at the path it ran from
	Core   string   // the core file
	Heap   string   // the heap dump, of kinds HeapDump and HeapDumpGcore
	Kind   Kind     // who has written the core, or what was asked for if that is HeapDump
	Output []string // the lines printed before "ready", in order
}

// Build returns the path of an executable of testdata/programs/<program>. It
// fails the test, with the compiler's words, where the program does not build,
// and skips it where the machine lacks a compiler.
func Build(t testing.TB, program string, opt Options) (exe string) {
	t.Helper()
	c, err := findCache()
	if err == nil {
		exe, err = c.build(program, opt)
	}
	orSkip(t, err)
	return exe
}

// BuildFor is Build for callers that are not tests.
func BuildFor(program string, opt Options) (exe string, err error) {
	c, err := findCache()
	if err != nil {
		return "", err
	}
	return c.build(program, opt)
}

// orSkip ends the test where there is an error.
func orSkip(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, ErrLacks) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Core returns a core file of a run of the program with args, taken once the
// program has printed "ready". Where the machine cannot have cores of that kind,
// but of the other, that one stands in; where it can have neither, the test is
// skipped, and says what the machine lacks. All other errors fail it.
func Core(t testing.TB, program string, opt Options, kind Kind, args ...string) Dump {
	t.Helper()
	d, err := Take(program, opt, kind, args...)
	if other := kind.standIn(opt); other != "" && errors.Is(err, ErrLacks) {
		t.Logf("%v; a core of kind %s stands in", err, other)
		var otherErr error
		if d, otherErr = Take(program, opt, other, args...); otherErr != nil {
			err = fmt.Errorf("%w; and %w", err, otherErr)
		} else {
			err = nil
		}
	}
	orSkip(t, err)
	return d
}

// Attach returns a core of a process that goes on running, as of kind Gcore. Where that
// may not be taken, the test is skipped.
func Attach(t testing.TB, pid int) (core string) {
	t.Helper()
	dir := t.TempDir()
	orSkip(t, gcore(pid, dir))
	return filepath.Join(dir, "core")
}

// standIn is the kind of core that may be used in place of another, "" for none.
func (k Kind) standIn(opt Options) Kind {
	switch {
	case k == Kernel && opt.Filter == "":
		return Gcore
	case k == Gcore && opt.At == "", k == Captured:
		return Kernel
	}
	return ""
}

// otherDump is the kind of heap dump whose core someone else leaves, "" for no heap dump.
func (k Kind) otherDump() Kind {
	switch k {
	case HeapDump:
		return HeapDumpGcore
	case HeapDumpGcore:
		return HeapDump
	}
	return ""
}

// Take is Core for callers that are not tests.
func Take(program string, opt Options, kind Kind, args ...string) (Dump, error) {
	c, err := findCache()
	if err != nil {
		return Dump{}, err
	}
	return c.core(program, opt, kind, args)
}

// EveryBuild says whether tests are to try programs in all combinations of the ways in
// which they can be built, with all versions of Go, which takes half an hour, or only
// in so many that there is each of them.
func EveryBuild() bool { return os.Getenv("GOHEAP_BUILDS") == "all" }

func (opt Options) toolchain() string {
	if opt.Go != "" {
		return opt.Go
	}
	// runtime.Version may add " X:experiments" to the name.
	v, _, _ := strings.Cut(runtime.Version(), " ")
	if strings.HasPrefix(v, "go1.") {
		return v
	}
	return "local"
}

func (opt Options) goarch() string {
	if opt.Arch != "" {
		return opt.Arch
	}
	return runtime.GOARCH
}

// language is the go directive that the toolchain of that name understands:
// "1.20" for go1.20.14, "1.26" for go1.26.8.
func (opt Options) language() string {
	parts := strings.Split(strings.TrimPrefix(opt.toolchain(), "go"), ".")
	if len(parts) < 2 || parts[0] != "1" {
		return "1.26"
	}
	minor, _, _ := strings.Cut(parts[1], "rc")
	return "1." + minor
}

// moduleRoot is the folder of go.mod, searched from the working folder
// upwards: tests run in the folder of their package.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("no go.mod above the working folder; run from inside the goheap tree")
		}
		dir = parent
	}
}
