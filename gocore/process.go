// Package gocore reads the memory of a Go program from a core file: its heap
// objects and the pointers between them, exactly as the garbage collector sees
// them, their types, its goroutines and its global variables.
//
// golang.org/x/debug has a reader of the same name, which cannot be imported;
// this one is public and shares no code with it.
package gocore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"goheap/dump"
	"goheap/gocore/internal/types"
	"goheap/heap"
	"goheap/internal/progress"
)

// Options tell Open what the core itself does not.
type Options struct {
	Exe      string            // path of the executable; "" is found through the core
	Debug    string            // path of a file with the executable's debugging information; "" is found through the executable
	Force    bool              // go on although the build id of the executable, or of Debug, is another
	Progress *progress.Tracker // nil is silent
}

// Process is a program's memory. Its methods may be called from several
// goroutines.
type Process struct {
	core     *dump.Core
	exe      *executable
	im       *image
	decoder  *coreDecoder
	gcTypes  *gcTypes
	recorded *recorded
	source   Source
	progress *progress.Tracker

	graphOnce sync.Once
	graph     *heap.Graph
	live      *heap.Marker
	graphErr  error

	types    *types.Table
	typeOnce sync.Once
	typing   *typing
	typeErr  error

	walkMu   sync.Mutex // guards im.walker
	varsMu   sync.Mutex
	vars     map[uint64][]frameVar // by pc
	closures map[uint64]types.ID   // by entry

	mu       sync.Mutex
	problems []Problem
}

// Source describes the file and the program in it.
type Source struct {
	Kind        string // "core"
	Path        string
	Bytes       int64
	GoVersion   string
	OS, Arch    string
	BuildID     string
	BuildIDKind string // "gnu" or "go", "" for none
	Executable  string
	DebugFile   string // with its debugging information, "" if the executable has it
	Symbols     string // "dwarf", "stripped" or "none"
	Complete    bool   // nothing of the program's memory is missing
}

// Open reads the core file at path and the executable that it belongs to. Its
// errors wrap those of this package and of package dump, in a sentence that
// says what to do.
func Open(ctx context.Context, path string, opt Options) (*Process, error) {
	phase := opt.Progress.Start("open", 0)
	core, err := dump.OpenContext(ctx, path, opt.Progress)
	if err != nil {
		return nil, err
	}
	p := &Process{core: core, progress: opt.Progress}
	var problems []Problem
	err = dump.Guard(func() error {
		p.exe, problems, err = findExecutable(core, opt)
		return err
	})
	phase.Finish()
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = dump.Guard(func() error {
			p.decoder, err = decodeCore(core, p.exe, opt.Progress)
			return err
		})
	}
	if err != nil {
		err = withCause(core, err)
		p.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	p.im = p.decoder.im
	p.gcTypes = &gcTypes{mem: core.Memory, arch: core.Memory.Arch, types: map[uint64]*gcType{}}
	p.recorded = p.decoder.readRecorded()
	p.vars, p.closures = map[uint64][]frameVar{}, map[uint64]types.ID{}
	p.types = p.decoder.types
	p.problems = append(append(core.Problems, problems...), p.decoder.problems...)
	p.source = p.describe()
	return p, nil
}

// withCause adds to an error about memory that is missing why it may be.
func withCause(core *dump.Core, err error) error {
	if !errors.Is(err, dump.ErrTruncated) {
		return err
	}
	why := "the file is not cut short: whoever took the core left this memory out; take it with gcore, or write 0x33 to /proc/PID/coredump_filter first, see core(5)"
	for _, pr := range core.Problems {
		if pr.Severity == dump.Error {
			why = pr.Message
			break
		}
	}
	if strings.Contains(err.Error(), why) {
		return err
	}
	return fmt.Errorf("%w (%s)", err, why)
}

func (p *Process) describe() Source {
	f := p.exe.file
	s := Source{
		Kind: "core", Path: p.core.Path, Bytes: p.core.Size,
		GoVersion: f.GoVersion, OS: "linux", Arch: p.im.arch.Name,
		Executable: p.exe.path, DebugFile: p.exe.debugPath, Symbols: "dwarf",
		Complete: true,
	}
	if abs, err := filepath.Abs(p.exe.path); err == nil {
		s.Executable = abs
	}
	switch {
	case f.BuildID != "":
		s.BuildID, s.BuildIDKind = f.BuildID, "gnu"
	case f.GoBuildID != "":
		s.BuildID, s.BuildIDKind = f.GoBuildID, "go"
	}
	return s
}

// Close frees what the process holds. No graph, slice or string of its memory
// may be used afterwards.
func (p *Process) Close() error {
	if p.live != nil {
		p.live.Close()
	}
	if p.exe != nil {
		p.exe.close()
	}
	return p.core.Close()
}

// Source describes the file that the process was read from.
func (p *Process) Source() Source {
	s := p.source
	for _, pr := range p.Problems() {
		if pr.Severity == dump.Error {
			s.Complete = false
		}
	}
	return s
}

// Problems lists what was skipped, missing or uncertain so far, in the order in
// which it was met.
func (p *Process) Problems() []Problem {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Problem(nil), p.problems...)
}

// Graph builds the graph of the process's memory at its first call, and returns
// the same one later. It belongs to the process.
func (p *Process) Graph(ctx context.Context) (*heap.Graph, error) {
	p.graphOnce.Do(func() {
		p.graphErr = dump.Guard(func() (err error) {
			p.graph, p.live, err = p.im.buildGraph(ctx, p.progress, p.gcTypes)
			if p.im.blind > 0 {
				p.mu.Lock()
				p.problems = append(p.problems, Problem{Severity: dump.Error, Message: "objects are of types whose descriptions are not in the core, or damaged: what they point to is missing", Count: p.im.blind})
				p.mu.Unlock()
			}
			return err
		})
	})
	return p.graph, p.graphErr
}

// Check compares the graph with what the program's own runtime says, and tells of
// the claims on types that contradicted it. It builds the graph and finds types if
// need be.
func (p *Process) Check(ctx context.Context) ([]Check, error) {
	if err := p.TypeObjects(ctx); err != nil {
		return nil, err
	}
	return append(p.im.check(ctx, p.live, p.recorded), p.checkTypes()), nil
}

// Allocated reports whether the slot of n is allocated.
func (p *Process) Allocated(n heap.Node) bool {
	return n >= p.im.firstNode() && int(n) < p.im.nodes && hasBit(p.im.allocated, n)
}

// AllocatedSlots returns how many slots are allocated, live or garbage, and
// their bytes.
func (p *Process) AllocatedSlots() (objects, bytes uint64) { return p.im.countSlots(p.im.allocated) }

// GCMarkedBytes returns what the last collection marked by the runtime's own
// account (runtime.gcController.heapMarked).
func (p *Process) GCMarkedBytes() uint64 { return p.recorded.heapMarked }
