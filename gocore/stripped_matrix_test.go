//go:build matrix

package gocore_test

import (
	"testing"

	"goheap/internal/testcore"
)

// Programs for arm64, and those of experiments, are read without debugging information as
// with it.
func TestStrippedEverywhere(t *testing.T) {
	for _, b := range []build{
		{"arm64-go1.27", testcore.Options{Arch: "arm64", Go: "go1.27.0"}, testcore.Kernel},
		{"arm64-go1.26", testcore.Options{Arch: "arm64", Go: "go1.26.8"}, testcore.Kernel},
		{"arm64-go1.25", testcore.Options{Arch: "arm64", Go: "go1.25.0"}, testcore.Kernel},
		{"arm64-go1.24", testcore.Options{Arch: "arm64", Go: "go1.24.6"}, testcore.Kernel},
		{"arm64-go1.23", testcore.Options{Arch: "arm64", Go: "go1.23.12"}, testcore.Kernel},
		{"arm64-go1.22", testcore.Options{Arch: "arm64", Go: "go1.22.12"}, testcore.Kernel},
		{"go1.22-noallocheaders", testcore.Options{Go: "go1.22.12", Env: []string{"GOEXPERIMENT=noallocheaders"}}, testcore.Gcore},
		{"go1.25-greenteagc", testcore.Options{Go: "go1.25.0", Env: []string{"GOEXPERIMENT=greenteagc"}}, testcore.Gcore},
		{"go1.26-nogreenteagc", testcore.Options{Go: "go1.26.8", Env: []string{"GOEXPERIMENT=nogreenteagc"}}, testcore.Gcore},
		{"go1.24-noswissmap", testcore.Options{Go: "go1.24.6", Env: []string{"GOEXPERIMENT=noswissmap"}}, testcore.Gcore},
	} {
		for _, program := range []struct {
			name string
			args []string
		}{{"sessions", []string{"2000"}}, {"quiet", nil}, {"kinds", nil}} {
			t.Run(program.name+"/"+b.name, func(t *testing.T) {
				d := testcore.Core(t, program.name, b.opt, b.kind, program.args...)
				openFile(t, d.Core, bare(t, d.Exe, testcore.Symbols), nil).tellsAs(t, openFile(t, d.Core, d.Exe, nil))
			})
		}
	}
}
