package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"goheap/gocore"
	"goheap/internal/testcore"
)

// row is one way in which the programs are built and read.
type row struct {
	opt      testcore.Options
	build    string   // what the table calls it
	programs []string // those that are built in this way
	// apart, where it is not nil, makes files in a folder from the executable, and
	// returns what goheap is told of them.
	apart func(dir, exe string) (gocore.Options, error)
}

func (r row) minor() (n int) {
	fmt.Sscanf(r.opt.Go, "go1.%d", &n)
	return n
}

// everything are the programs that all versions build.
var everything = []string{"sessions", "oldmaps", "quiet", "probe", "kinds"}

// rows returns the rows for the versions of a list: each plain and position
// independent, then the experiments of those that have them, then other builds.
func rows(list []string) []row {
	var all []row
	for _, v := range list {
		all = append(all,
			row{opt: testcore.Options{Go: v}, build: "exe", programs: everything},
			row{opt: testcore.Options{Go: v, PIE: true}, build: "PIE", programs: everything})
	}
	few := []string{"sessions", "quiet"}
	for _, x := range []struct {
		name     string
		minors   []int // minor versions of Go
		programs []string
	}{
		{"nogreenteagc", []int{26, 27}, few},
		{"greenteagc", []int{25}, few},
		{"noswissmap", []int{24, 25}, []string{"sessions", "oldmaps", "quiet", "kinds"}},
		{"mapsplitgroup", []int{27}, []string{"sessions", "oldmaps", "quiet", "kinds"}},
		{"noallocheaders", []int{22}, []string{"sessions", "quiet", "kinds"}},
		{"arenas", []int{20, 22, 24, 27}, []string{"sessions", "quiet", "arenas"}}, // one of each way in which pointers are described
		{"nodwarf5", []int{25, 27}, []string{"sessions", "quiet", "kinds"}},
	} {
		for _, v := range list {
			r := row{opt: testcore.Options{Go: v, Env: []string{"GOEXPERIMENT=" + x.name}}, build: "GOEXPERIMENT=" + x.name, programs: x.programs}
			if slices.Contains(x.minors, r.minor()) {
				all = append(all, r)
			}
		}
	}
	for _, v := range list {
		if n := (row{opt: testcore.Options{Go: v}}).minor(); n >= 26 {
			all = append(all, builds(v, few)...)
		}
	}
	return all
}

// builds are further ways to build with one version.
func builds(v string, few []string) []row {
	flags := func(f ...string) testcore.Options { return testcore.Options{Go: v, Flags: f} }
	plain := testcore.Options{Go: v}
	cgo := testcore.Options{Go: v, Env: []string{"CGO_ENABLED=1"}}
	external := cgo
	external.Flags = []string{"-ldflags=-linkmode=external"}
	return []row{
		{opt: flags("-gcflags=all=-N -l"), build: "-gcflags=all=-N -l", programs: slices.Concat(few, []string{"kinds"})},
		{opt: flags("-trimpath"), build: "-trimpath", programs: slices.Concat(few, []string{"kinds"})},
		{opt: flags("-race"), build: "-race", programs: few},
		{opt: external, build: "external linking", programs: slices.Concat(few, []string{"kinds"})},
		{opt: cgo, build: "cgo", programs: []string{"foreign"}},
		{opt: cgo, build: "plugin", programs: []string{"plugged"}},
		{opt: flags("-ldflags=-compressdwarf=false"), build: "DWARF not compressed", programs: few},
		{opt: plain, build: "DWARF compressed by zstd", programs: few, apart: recompress},
		{opt: plain, build: "DWARF in a file by its name", programs: few, apart: split},
	}
}

// recompress makes an executable with sections compressed in another way.
func recompress(dir, exe string) (gocore.Options, error) {
	out := filepath.Join(dir, filepath.Base(exe))
	return gocore.Options{Exe: out}, objcopy("--compress-debug-sections=zstd", exe, out)
}

// split puts symbols and debugging information into a file of their own, which is
// found beside the executable.
func split(dir, exe string) (gocore.Options, error) {
	out := filepath.Join(dir, filepath.Base(exe))
	if err := objcopy("--only-keep-debug", exe, out+".debug"); err != nil {
		return gocore.Options{}, err
	}
	return gocore.Options{Exe: out}, objcopy("--strip-all", exe, out)
}

func objcopy(args ...string) error {
	cmd := exec.Command("objcopy", args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("objcopy %s: %w: %s", args[0], err, strings.TrimSpace(string(out)))
	}
	return nil
}
