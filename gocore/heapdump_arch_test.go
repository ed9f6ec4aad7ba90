//go:build matrix

package gocore_test

import (
	"testing"

	"goheap/internal/testcore"
)

// Dumps of other processors, with words of 4 bytes and big-endian ones among them,
// are as the cores of the same processes.
func TestHeapDumpArch(t *testing.T) {
	t.Parallel()
	for _, goarch := range []string{"arm64", "arm", "ppc64le", "s390x"} {
		for _, version := range []string{"go1.22.12", "go1.26.8", "go1.27.0"} {
			for _, program := range dumpPrograms[:3] {
				t.Run(program.name+"/"+goarch+"-"+version, func(t *testing.T) {
					t.Parallel()
					opt := testcore.Options{Arch: goarch, Go: version}
					compareHeapDump(t, program.name, opt, program.args...)
					compareBareDump(t, program.name, opt, program.args...)
				})
			}
		}
	}
}
