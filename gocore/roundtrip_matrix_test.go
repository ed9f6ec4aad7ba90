//go:build matrix

package gocore_test

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"goheap/internal/testcore"
)

// roundTripProgram is one that has names to print.
type roundTripProgram struct {
	name  string
	args  []string
	since int      // the first minor version of Go that builds it
	env   []string // of the build, for the processor of the test alone
	bare  bool     // it writes no heap dump
	mute  int      // the first minor version of Go that cannot write its heap dump, 0 for none
	live  bool     // it does not end by itself: only gdb takes its core
	wide  bool     // it has constants that an int of 32 bits does not hold
}

// roundTripPrograms are all but those of the folder cases.
var roundTripPrograms = []roundTripProgram{
	{name: "arenas", since: 20, env: []string{"GOEXPERIMENT=arenas"}},
	{name: "blockstore", since: 22, bare: true},
	{name: "busy", since: 19, bare: true, live: true},
	{name: "cgocalls", env: []string{"CGO_ENABLED=1"}},
	{name: "dictionaries"},
	{name: "foreign", env: []string{"CGO_ENABLED=1"}},
	{name: "goroutines"},
	{name: "interfaces"},
	{name: "kinds", bare: true},
	{name: "leaks", mute: 27}, // docs/heapdump.md
	{name: "lockfirst"},
	{name: "named"},
	{name: "oldmaps"},
	{name: "opened"},
	{name: "plugged", env: []string{"CGO_ENABLED=1"}},
	{name: "probe"},
	{name: "quiet"},
	{name: "reflected"},
	{name: "registers"},
	{name: "sampled"},
	{name: "sessions", args: []string{"20000"}},
	{name: "since", args: []string{"ran"}, bare: true},
	{name: "stacks"},
	{name: "typed", since: 22},
	{name: "values", since: 23, wide: true},
}

// Whatever a program is, however it was built, and whoever took its core, each name that
// is printed leads back to what it was printed for. TestBusyEverywhere and
// TestSinceEverywhere look up those of two programs in all that these may be at.
func TestRoundTripEverywhere(t *testing.T) {
	t.Parallel()
	for _, program := range roundTripPrograms {
		for _, b := range roundTripBuilds() {
			program.try(t, b)
		}
	}
	cases, err := os.ReadDir("../testdata/programs/cases")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		program := roundTripProgram{name: "cases/" + c.Name()}
		switch c.Name() {
		case "internal":
			continue
		case "cleanup":
			program.since = 24
		}
		for _, b := range caseBuilds() {
			program.try(t, b)
		}
	}
}

// try looks up the names of a program that was built in one way, if it can be.
func (program *roundTripProgram) try(t *testing.T, b build) {
	switch {
	case program.wide && (b.opt.Arch == "386" || b.opt.Arch == "arm"),
		b.opt.Go != "" && minor(b.opt.Go) < program.since,
		program.env != nil && b.opt.Arch != "":
		return
	}
	mute := program.mute > 0 && minor(b.opt.Go) >= program.mute
	if (program.bare || mute) && b.kind == testcore.HeapDump || program.live && b.opt.Arch == "" {
		b.kind = testcore.Gcore
	}
	if program.live && b.kind != testcore.Gcore {
		return
	}
	name, args := program.name, program.args
	opt := b.opt
	opt.Env = slices.Concat(opt.Env, program.env)
	t.Run(name+"/"+b.name, func(t *testing.T) {
		t.Parallel()
		d := testcore.Core(t, name, opt, b.kind, args...)
		if b.kind == testcore.HeapDump {
			openFile(t, d.Heap, d.Exe, d.Output).roundTrip(t, everyName())
		}
		openFile(t, d.Core, "", d.Output).roundTrip(t, everyName())
	})
}

// roundTripBuilds are the versions, the experiments that change how data lies in memory,
// and the other ways to build, each with the kernel's cores or with a heap dump and gdb's
// core of the same process.
func roundTripBuilds() []build {
	var all []build
	for _, v := range []string{"go1.18.10", "go1.19.13", "go1.20.14", "go1.21.13", "go1.22.12", "go1.23.12", "go1.24.6", "go1.25.0", "go1.26.8", "go1.27.0"} {
		all = append(all,
			build{v, testcore.Options{Go: v}, testcore.Kernel},
			build{v + "-noopt", testcore.Options{Go: v, Flags: []string{"-gcflags=all=-N -l"}}, testcore.Kernel},
			build{v + "-pie-dump", testcore.Options{Go: v, PIE: true}, testcore.HeapDump})
	}
	for v, x := range map[string]string{"go1.22.12": "noallocheaders", "go1.24.6": "noswissmap", "go1.25.0": "greenteagc", "go1.27.0": "mapsplitgroup"} {
		all = append(all, build{v + "-" + x, testcore.Options{Go: v, Env: []string{"GOEXPERIMENT=" + x}}, testcore.Kernel})
	}
	return append(all, archBuilds()...)
}

// caseBuilds are those of the programs in the folder cases: what differs between
// versions and builds the others have.
func caseBuilds() []build {
	return []build{
		{"gcore", testcore.Options{}, testcore.Gcore}, // as package culprits has them
		{"go1.22.12", testcore.Options{Go: "go1.22.12"}, testcore.Kernel},
		{"go1.27.0-dump", testcore.Options{Go: "go1.27.0"}, testcore.HeapDump},
	}
}

func minor(version string) (n int) {
	fmt.Sscanf(version, "go1.%d", &n)
	return n
}
