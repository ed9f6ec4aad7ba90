//go:build matrix

package gocore_test

import (
	"testing"

	"goheap/internal/testcore"
)

// Each version of Go writes dumps that are as its cores.
func TestHeapDumpVersions(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"go1.18.10", "go1.19.13", "go1.20.14", "go1.21.13", "go1.22.12", "go1.23.12", "go1.24.6", "go1.25.0", "go1.26.8", "go1.27.0"} {
		for _, program := range dumpPrograms {
			if program.name == "typed" && version < "go1.22" {
				continue // its source needs a newer language
			}
			for _, pie := range []bool{false, true} {
				name := program.name + "/" + version
				if pie {
					name += "-pie"
				}
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					compareHeapDump(t, program.name, testcore.Options{Go: version, PIE: pie}, program.args...)
				})
			}
			t.Run(program.name+"/"+version+"-bare", func(t *testing.T) {
				t.Parallel()
				compareBareDump(t, program.name, testcore.Options{Go: version}, program.args...)
			})
		}
	}
}
