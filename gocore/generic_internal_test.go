package gocore

import (
	"testing"

	"goheap/internal/testcore"
)

// Generic leaves no reader the shorter ways.
func TestGenericEverywhere(t *testing.T) {
	t.Parallel()
	core := testcore.Core(t, "quiet", testcore.Options{}, testcore.Kernel)
	heapDump := testcore.Core(t, "quiet", testcore.Options{}, testcore.HeapDump)
	for path, opt := range map[string]Options{core.Core: {}, heapDump.Heap: {Exe: heapDump.Exe}} {
		for _, short := range []bool{true, false} {
			if !short {
				opt = Generic(opt)
			}
			p, err := Open(t.Context(), path, opt)
			if err != nil {
				t.Fatal(err)
			}
			for name, a := range map[string]bool{"image": p.im.Arch.LittleWords64, "types": p.types.Arch.LittleWords64, "executable": p.exe.File.Arch.LittleWords64, "space": p.space.Arch.LittleWords64} {
				if a != short {
					t.Errorf("%s: the readers of %s take short ways %t, want %t", path, name, a, short)
				}
			}
			p.Close()
		}
	}
}
