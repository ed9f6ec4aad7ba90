// Package corefile reads a Go program from a core: the runtime's own structures, by the
// places that the executable's debugging information gives, into an image. All lengths
// and lists are the file's word: they are bounded, and those that contradict themselves
// are left out and counted.
package corefile

import (
	"context"
	"fmt"

	"goheap/dump"
	"goheap/gocore/account"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/program"
	"goheap/heap"
	"goheap/internal/progress"
)

// decoder reads a program from a core and its executable.
type decoder struct {
	program.Program
	core     *dump.Core
	specials map[uint64]bool // addresses of the records that were read: each is in one list
	strayed  int             // records that are in two, or of no object
	records  program.Records

	sweepgen    uint32
	cachedBytes int64 // allocated in spans that Ps hold, not yet in the statistics
	cachedSlots int64
	// uncached is how many slots of one span may have been allocated while it was
	// cached and not be counted yet: a thread that takes another span gives the old
	// one back before it counts its slots (runtime/mcache.go, refill, Go 1.26).
	uncached int64

	pages        account.Pages
	stackSpans   []dump.Range // spans for stacks
	systemStacks []dump.Range // of threads: those of g0 and gsignal
	processors   []uint64     // addresses of the runtime.p
}

func newCoreDecoder(core *dump.Core, exe *program.Executable) *decoder {
	d := &decoder{core: core, specials: map[uint64]bool{}}
	d.records.Program = &d.Program
	d.Exe, d.Image = exe, &image.Image{Mem: core.Memory, Arch: exe.File.Arch} // place has compared it with the core's
	return d
}

// Read reads a program from a core and its executable.
func Read(ctx context.Context, core *dump.Core, exe *program.Executable) (*program.Program, error) {
	d, err := decodeCore(ctx, core, exe)
	if err != nil {
		return nil, err
	}
	return &d.Program, nil
}

func decodeCore(ctx context.Context, core *dump.Core, exe *program.Executable) (*decoder, error) {
	d := newCoreDecoder(core, exe)
	if err := d.decode(ctx); err != nil {
		d.Image.Free()
		return nil, err
	}
	return d, nil
}

// decode reads everything of a core that is not an object: the image has
// spans, specials, roots and goroutines afterwards, and its slots have nodes.
//
// A damaged core may have lists as long as itself: all that follows them looks at
// ctx, and keeps what it has seen.
func (d *decoder) decode(ctx context.Context) (err error) {
	if err := d.LoadLayout(); err != nil {
		return err
	}
	phase := progress.Start(ctx, "read runtime", 0)
	defer phase.Finish()
	if err := d.ReadModules(ctx, d.loadPlugin); err != nil {
		return err
	}
	if err := d.readSpans(ctx); err != nil {
		return err
	}
	d.addPlugins(d.LoadTypes())
	if err := d.FindStatics(ctx); err != nil {
		return err
	}
	if err := d.readGlobals(ctx); err != nil {
		return err
	}
	if err := d.readGoroutines(ctx); err != nil {
		return err
	}
	if err := d.readSched(ctx); err != nil {
		return err
	}
	if err := d.readQueues(ctx); err != nil {
		return err
	}
	if !d.Image.Number(len(d.Image.Roots) + len(d.Image.Specials)) {
		return fmt.Errorf("%w: the heap has more than %d slots; goheap numbers them with 32 bits", dump.ErrUnsupported, uint32(heap.MaxNodes))
	}
	d.readBits()
	if d.Counters, err = d.readRecorded(ctx); err != nil {
		return err
	}
	return d.readAccount(ctx)
}
