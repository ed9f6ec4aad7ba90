//go:build matrix

package gocore_test

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"

	"goheap/internal/testcore"
	"goheap/internal/testcore/said"
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
	{name: "readers"},
	{name: "reflected"},
	{name: "registers"},
	{name: "sampled"},
	{name: "sessions", args: []string{"20000"}},
	{name: "since", args: []string{"ran"}, bare: true},
	{name: "stacks"},
	{name: "typed", since: 22},
	{name: "values", since: 23, wide: true},
}

// namesCell is a program that was built and stopped in one way. look is a parallel test.
type namesCell struct {
	name string
	look func(t *testing.T) said.Names
}

// Whatever a program is, however it was built, wherever it was stopped, and whoever took
// its core, each name that is printed leads back to what it was printed for. GOHEAP_PART
// takes a part of the cells, "2/4" the second quarter.
func TestRoundTripEverywhere(t *testing.T) {
	t.Parallel()
	all := slices.Concat(busyEverywhere(), sinceEverywhere())
	for _, program := range roundTripPrograms {
		for _, b := range roundTripBuilds() {
			if !alreadyThere(program.name, b) {
				all = program.add(all, b)
			}
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
		case "pulled":
			program.since = 23
		case "interned":
			program.since = 25
		}
		for _, b := range caseBuilds() {
			all = program.add(all, b)
		}
	}
	sum := namesSum{of: len(all)}
	part, parts := 1, 1
	if text := os.Getenv("GOHEAP_PART"); text != "" {
		if _, err := fmt.Sscanf(text, "%d/%d", &part, &parts); err != nil || part < 1 || part > parts {
			t.Fatalf("GOHEAP_PART is %q; want a part of all, such as 2/4", text)
		}
		sum.of = (len(all) + parts - part) / parts
	}
	for i := part - 1; i < len(all); i += parts {
		t.Run(all[i].name, func(t *testing.T) {
			var names said.Names
			t.Cleanup(func() { sum.add(names, t.Skipped()) })
			names = all[i].look(t)
		})
	}
	t.Cleanup(func() { fmt.Println(&sum) })
}

// namesSum is the sum of what was looked up, printed now and then.
type namesSum struct {
	mu                        sync.Mutex
	of                        int // cells
	cells, skipped            int
	names, left, wrong, alone int // alone are the cells with names that were left
}

func (s *namesSum) add(names said.Names, skipped bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cells++
	s.names += names.Tried
	s.left += names.Left
	s.wrong += len(names.Wrong)
	if names.Left > 0 {
		s.alone++
	}
	if skipped {
		s.skipped++
	}
	if s.cells%50 == 0 {
		fmt.Println(s)
	}
}

func (s *namesSum) String() string {
	text := fmt.Sprintf("%d of %d cells, %d names, %d wrong", s.cells-s.skipped, s.of, s.names, s.wrong)
	if s.skipped > 0 {
		text += fmt.Sprintf("; %d cells are not to be had on this machine", s.skipped)
	}
	if s.left > 0 {
		text += fmt.Sprintf("; %d long names of %d cells were not looked up", s.left, s.alone)
	}
	return text
}

// alreadyThere reports whether busyEverywhere or sinceEverywhere has a program in the
// state in which it would be read again.
func alreadyThere(program string, b build) bool {
	versions := sinceVersions()
	if program == "busy" {
		versions = []string{"go1.26.8", "go1.27.0"}
	}
	return (program == "busy" || program == "since") && slices.Contains(versions, b.name)
}

// add appends the cell of a program that was built in one way, if it can be.
func (program *roundTripProgram) add(all []namesCell, b build) []namesCell {
	switch {
	case program.wide && (b.opt.Arch == "386" || b.opt.Arch == "arm"),
		b.opt.Go != "" && minor(b.opt.Go) < program.since,
		program.env != nil && b.opt.Arch != "":
		return all
	}
	mute := program.mute > 0 && minor(b.opt.Go) >= program.mute
	if (program.bare || mute) && b.kind == testcore.HeapDump || program.live && b.opt.Arch == "" {
		b.kind = testcore.Gcore
	}
	if program.live && b.kind != testcore.Gcore {
		return all
	}
	name, args := program.name, program.args
	opt := b.opt
	opt.Env = slices.Concat(opt.Env, program.env)
	return append(all, namesCell{name + "/" + b.name, func(t *testing.T) (names said.Names) {
		t.Parallel()
		d := testcore.Core(t, name, opt, b.kind, args...)
		if b.kind == testcore.HeapDump {
			names = openFile(t, d.Heap, d.Exe, d.Output).roundTrip(t, everyName())
		}
		ofCore := openFile(t, d.Core, "", d.Output).roundTrip(t, everyName())
		return said.Names{Tried: names.Tried + ofCore.Tried, Left: names.Left + ofCore.Left, Wrong: append(names.Wrong, ofCore.Wrong...)}
	}})
}

// roundTripBuilds are the versions, the experiments that change how data lies in memory,
// and the other ways to build, each with the kernel's cores or with a heap dump and a core of the
// same process.
func roundTripBuilds() []build {
	var all []build
	for _, v := range []string{"go1.18.10", "go1.19.13", "go1.20.14", "go1.21.13", "go1.22.12", "go1.23.12", "go1.24.6", "go1.25.0", "go1.26.8", "go1.27.0"} {
		all = append(all,
			build{v, testcore.Options{Go: v}, testcore.Kernel},
			build{v + "-noopt", testcore.Options{Go: v, Flags: []string{"-gcflags=all=-N -l"}}, testcore.Kernel},
			build{v + "-pie-dump", testcore.Options{Go: v, PIE: true}, testcore.HeapDump})
	}
	for _, x := range [][2]string{{"go1.22.12", "noallocheaders"}, {"go1.24.6", "noswissmap"}, {"go1.25.0", "greenteagc"}, {"go1.27.0", "mapsplitgroup"}} {
		all = append(all, build{x[0] + "-" + x[1], testcore.Options{Go: x[0], Env: []string{"GOEXPERIMENT=" + x[1]}}, testcore.Kernel})
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
