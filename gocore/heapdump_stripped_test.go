package gocore_test

import (
	"testing"

	"goheap/gocore"
	"goheap/internal/testcore"
)

// A heap dump tells with an executable that has neither debugging information nor symbols
// of the objects, pointers, retained sizes and calls that it tells of with them, and of no
// type that is another.
func TestHeapDumpStripped(t *testing.T) {
	t.Parallel()
	for _, program := range []struct {
		name string
		args []string
	}{{"sessions", []string{"2000"}}, {"quiet", nil}, {"probe", nil}, {"stacks", nil}} {
		for _, b := range strippedBuilds() {
			t.Run(program.name+"/"+b.name, func(t *testing.T) {
				t.Parallel()
				d := testcore.Core(t, program.name, b.opt, testcore.HeapDump, program.args...)
				got := openFile(t, d.Heap, bare(t, d.Exe, testcore.Symbols), nil)
				got.tellsAs(t, openFile(t, d.Heap, d.Exe, nil))
				got.checkHeapDump(t)
				if s := got.Source(); s.Kind != "heapdump" || s.Symbols != "stripped" || !s.Complete {
					t.Errorf("the source is %+v, with the problems %v", s, got.Problems())
				}
				warned(t, d.Heap, gocore.Options{Exe: bare(t, d.Exe, testcore.Symbols)}, "no debugging information", "--debug")
			})
		}
	}
}

// Programs that are built or stripped in other ways are read as exactly.
func TestHeapDumpStrippedBuilds(t *testing.T) {
	t.Parallel()
	for _, b := range []struct {
		name, program string
		opt           testcore.Options
		strip         func(t *testing.T, exe string) string
	}{
		{"without sections", "quiet", testcore.Options{Go: "go1.26.8"}, sectionless},
		{"without sections", "quiet", testcore.Options{Go: "go1.18.10"}, sectionless},
		{"externally linked", "quiet", testcore.Options{Go: "go1.26.8", Flags: []string{"-ldflags=-linkmode=external"}, Env: []string{"CGO_ENABLED=1"}}, nil},
		{"externally linked, with a bias", "quiet", testcore.Options{Go: "go1.22.12", PIE: true, Flags: []string{"-ldflags=-linkmode=external"}, Env: []string{"CGO_ENABLED=1"}}, nil},
	} {
		t.Run(b.name+" "+b.opt.Go, func(t *testing.T) {
			t.Parallel()
			d := testcore.Core(t, b.program, b.opt, testcore.HeapDump)
			if b.strip == nil {
				b.strip = func(t *testing.T, exe string) string { return bare(t, exe, testcore.Symbols) }
			}
			openFile(t, d.Heap, b.strip(t, d.Exe), nil).tellsAs(t, openFile(t, d.Heap, d.Exe, nil))
		})
	}
}

// Programs that are linked without debugging information are as good as those that are
// stripped.
func TestHeapDumpLinkedWithout(t *testing.T) {
	t.Parallel()
	for _, flags := range []string{"-ldflags=-w", "-ldflags=-s -w"} {
		d := testcore.Core(t, "quiet", testcore.Options{Flags: []string{flags}}, testcore.HeapDump)
		p := openFile(t, d.Heap, d.Exe, d.Output)
		p.checkHeapDump(t)
	}
}
