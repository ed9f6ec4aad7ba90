package gocore

import (
	"context"
	"errors"
	"fmt"

	"goheap/dump"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/layout"
	"goheap/gocore/internal/types"
	"goheap/heap"
	"goheap/internal/progress"
)

// What Open can find wrong with a core or its program. Errors wrap one of these
// in a sentence that says what to do.
var (
	ErrNotGo           = errors.New("not a Go program")
	ErrNoExecutable    = errors.New("no executable")
	ErrWrongExecutable = errors.New("wrong executable")
	ErrNoDWARF         = errors.New("no DWARF")
	ErrVersion         = errors.New("unsupported Go version")
	ErrDamaged         = errors.New("damaged runtime tables")
)

// Problem is something skipped, missing or uncertain: see dump.Problem.
type Problem = dump.Problem

// program is what a decoder fills in, whatever the file: the image, and what the
// program's own tables say.
type program struct {
	exe    *executable
	layout *layout.Runtime // nil without an executable
	im     *image.Image

	modules  []module
	types    *types.Table
	statics  []static // by address
	problems []Problem
	recorded *recorded

	goroot string // what the paths of the standard library's files start with; "" with -trimpath

	classes []uint16 // slot sizes by size class

	// Types known without an executable, by the address of the descriptor and of
	// the itab: see recordedTypes.
	described, itabTypes map[uint64]types.ID
}

// coreDecoder reads a program from a core and its executable.
type coreDecoder struct {
	program
	core     *dump.Core
	specials map[uint64]bool // addresses of the records that were read: each is in one list
	strayed  int             // records that are in two, or of no object

	sweepgen    uint32
	cachedBytes int64 // allocated in spans that Ps hold, not yet in the statistics
	cachedSlots int64
}

// problem records one line with a count; it does nothing for count 0.
func (d *program) problem(s dump.Severity, count int, message string) {
	if count > 0 {
		d.problems = append(d.problems, Problem{Severity: s, Message: message, Count: count})
	}
}

// global returns the address in the core of a variable of the program.
func (d *program) global(name string) (uint64, error) {
	sym, ok := d.exe.file.Symbol(name)
	if !ok {
		return 0, fmt.Errorf("%w: %s has no symbol %s: was it linked with -ldflags=-s? Build it again without", ErrNoDWARF, d.exe.path, name)
	}
	return sym.Addr + d.exe.bias, nil
}

// maxList bounds the lists of goroutines and of spans: of the smallest ones, so many
// take 128 GB of stacks, or 512 GB of heap.
const maxList = 1 << 26

func newCoreDecoder(core *dump.Core, exe *executable) *coreDecoder {
	d := &coreDecoder{core: core, specials: map[uint64]bool{}}
	d.exe, d.im = exe, &image.Image{Mem: core.Memory, Arch: core.Memory.Arch}
	return d
}

// decodeCore reads everything of a core that is not an object: the image has
// spans, specials, roots and goroutines afterwards, and its slots have nodes.
//
// A damaged core may have lists as long as itself: all that follows them looks at
// ctx, and keeps what it has seen.
func decodeCore(ctx context.Context, core *dump.Core, exe *executable, t *progress.Tracker) (*coreDecoder, error) {
	d := newCoreDecoder(core, exe)
	if err := d.loadLayout(); err != nil {
		return nil, err
	}
	phase := t.Start("read runtime", 0)
	defer phase.Finish()
	if err := d.readModules(ctx, d.loadPlugin); err != nil {
		return nil, err
	}
	if err := d.readSpans(ctx); err != nil {
		return nil, err
	}
	d.addPlugins(d.loadTypes())
	d.findStatics()
	if err := d.readGlobals(ctx); err != nil {
		return nil, err
	}
	if err := d.readGoroutines(ctx); err != nil {
		return nil, err
	}
	if err := d.readQueues(ctx); err != nil {
		return nil, err
	}
	if !d.im.Number(len(d.im.Roots) + len(d.im.Specials)) {
		return nil, fmt.Errorf("%w: the heap has more than %d slots; goheap numbers them with 32 bits", dump.ErrUnsupported, uint32(heap.MaxNodes))
	}
	d.readBits()
	var err error
	d.recorded, err = d.readRecorded(ctx)
	return d, err
}

// loadLayout finds where the fields of the runtime's structures are.
func (d *program) loadLayout() (err error) {
	f := d.exe.file
	if d.layout, err = layout.Load(f); err != nil {
		return fmt.Errorf("%w: %s was built by %s: %w; goheap is tested with Go 1.%d to 1.%d", ErrVersion, d.exe.path, f.GoVersion, err, oldestGo, newestGo)
	}
	if minor, ok := goMinor(f.GoVersion); !ok || minor > newestGo {
		d.problem(dump.Warning, 1, fmt.Sprintf("the program was built by %s, which is newer than the Go 1.%d that goheap is tested with: see what `goheap check` says", f.GoVersion, newestGo))
	}
	return nil
}

// loadTypes makes the program's type descriptors known. It needs the modules.
func (d *program) loadTypes() types.Runtime {
	d.types = d.exe.file.Types()
	r := types.Runtime{Memory: d.im.Mem, Layout: types.LayoutOf(d.exe.file.GoVersion)}
	for i, m := range d.modules {
		r.Modules = append(r.Modules, types.Module{Types: m.types, ETypes: m.etypes, DWARF: i == 0})
	}
	d.types.SetRuntime(r)
	return r
}

// space is the program's memory for the readers of its containers.
func (d *program) space() *inferior.Space {
	l := d.layout
	if l == nil {
		l = layout.Names()
	}
	return &inferior.Space{Mem: d.im.Mem, Arch: d.im.Arch, Types: d.types, Layout: l, Slot: d.im.ValuesAt}
}

// scansVectorRegisters reports whether the program's collector scans the vector
// registers of preempted goroutines (runtime/mgcmark.go, scanstack, Go 1.27).
func (d *program) scansVectorRegisters() bool {
	minor, ok := goMinor(d.exe.file.GoVersion)
	return !ok || minor >= 27
}
