//go:build matrix

package gocore_test

import (
	"fmt"
	"slices"
	"testing"

	"goheap/internal/testcore"
)

// roundTripPrograms are all that have names to print, with the first version of Go that
// builds them and what they need.
var roundTripPrograms = []struct {
	name  string
	args  []string
	since int      // the minor version
	env   []string // of the build
	only  testcore.Kind
	wide  bool // it has constants that an int of 32 bits does not hold
}{
	{name: "arenas", since: 20, env: []string{"GOEXPERIMENT=arenas"}},
	{name: "blockstore", since: 22},
	{name: "busy", since: 19, only: testcore.Gcore},
	{name: "cgocalls", env: []string{"CGO_ENABLED=1"}},
	{name: "foreign", env: []string{"CGO_ENABLED=1"}},
	{name: "goroutines"},
	{name: "interfaces"},
	{name: "kinds"},
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
	{name: "since", args: []string{"ran"}, only: testcore.Gcore},
	{name: "stacks"},
	{name: "typed", since: 22},
	{name: "values", since: 23, wide: true},
}

// Whatever a program is, however it was built, and whoever took its core, each name that
// is printed leads back to what it was printed for.
func TestRoundTripEverywhere(t *testing.T) {
	t.Parallel()
	for _, program := range roundTripPrograms {
		for _, b := range roundTripBuilds() {
			if program.wide && (b.opt.Arch == "386" || b.opt.Arch == "arm") || minor(b.opt.Go) < program.since || program.only != "" && b.kind != program.only || program.env != nil && b.opt.Arch != "" {
				continue
			}
			t.Run(program.name+"/"+b.name, func(t *testing.T) {
				t.Parallel()
				opt := b.opt
				opt.Env = append(opt.Env[:len(opt.Env):len(opt.Env)], program.env...)
				if b.kind == testcore.HeapDump {
					if !slices.ContainsFunc(dumpPrograms, func(d dumpProgram) bool { return d.name == program.name }) {
						t.Skip("it writes no heap dump")
					}
					d := testcore.Core(t, program.name, opt, b.kind, program.args...)
					openFile(t, d.Heap, d.Exe, d.Output).roundTrip(t, everyName())
					return
				}
				open(t, program.name, opt, b.kind, program.args...).roundTrip(t, everyName())
			})
		}
	}
}

// roundTripBuilds are the versions, the experiments that change how data lies in memory,
// and the other ways to build, each with the kernel's cores, and some with others.
func roundTripBuilds() []build {
	var all []build
	for _, v := range []string{"go1.18.10", "go1.19.13", "go1.20.14", "go1.21.13", "go1.22.12", "go1.23.12", "go1.24.6", "go1.25.0", "go1.26.8", "go1.27.0"} {
		all = append(all,
			build{v, testcore.Options{Go: v}, testcore.Kernel},
			build{v + "-pie-gcore", testcore.Options{Go: v, PIE: true}, testcore.Gcore},
			build{v + "-noopt", testcore.Options{Go: v, Flags: []string{"-gcflags=all=-N -l"}}, testcore.Kernel},
			build{v + "-heapdump", testcore.Options{Go: v}, testcore.HeapDump})
	}
	for v, x := range map[string]string{"go1.22.12": "noallocheaders", "go1.24.6": "noswissmap", "go1.25.0": "greenteagc", "go1.27.0": "mapsplitgroup"} {
		all = append(all, build{v + "-" + x, testcore.Options{Go: v, Env: []string{"GOEXPERIMENT=" + x}}, testcore.Kernel})
	}
	return append(all, archBuilds()...)
}

func minor(version string) (n int) {
	fmt.Sscanf(version, "go1.%d", &n)
	return n
}
