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
	"io"
	"path/filepath"
	"strings"
	"sync"

	"goheap/dump"
	"goheap/gocore/internal/corefile"
	"goheap/gocore/internal/heapdump"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/program"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
	"goheap/heap"
	"goheap/internal/flat"
	"goheap/internal/progress"
)

// What Open can find wrong with a core or its program. Its errors wrap one of these,
// or of package dump, in a sentence that says what to do.
var (
	ErrNotGo           = program.ErrNotGo
	ErrNoExecutable    = program.ErrNoExecutable
	ErrWrongExecutable = program.ErrWrongExecutable
	ErrWrongDebug      = program.ErrWrongDebug
	ErrNoDWARF         = program.ErrNoDWARF
	ErrVersion         = program.ErrVersion
	ErrDamaged         = program.ErrDamaged
)

// Problem is something skipped, missing or uncertain: see dump.Problem.
type Problem = dump.Problem

// Options tell Open what the core itself does not.
type Options struct {
	Exe   string // path of the executable; "" is found through the core
	Debug string // path of a file with the executable's debugging information; "" is found through the executable
	Force bool   // go on although the build id of the executable, or of Debug, is another

	// Progress is told of the phases of all that is done with the process under a
	// context that does not carry a function of its own for that, as those of
	// heap.WithProgress do; nil is silent. It is called when a phase begins, with done
	// 0; now and then as it goes on; and once when it ends, however it ends, with done
	// equal to total and above 0. Before the end done is below a total that is known;
	// total is 0 while it is not. Phases overlap. Progress may be called from several
	// goroutines at once; it must return quickly, since the work waits for it, and not
	// use the process.
	Progress func(phase string, done, total int64)

	generic bool // see Generic in export_test.go
}

func (o Options) executable() program.Options {
	return program.Options{Exe: o.Exe, Debug: o.Debug, Force: o.Force, Generic: o.generic}
}

// Process is a program's memory. Its methods may be called from several
// goroutines.
//
// Memory is read from the file as it is asked for. Where somebody cuts the file
// meanwhile, or the executable, methods that return an error return one that wraps
// ErrChanged; the others return nothing, and Problems says so. Inside Guard it is
// Guard that returns the error.
type Process struct {
	file     io.Closer
	exe      *program.Executable
	im       *image.Image
	decoder  *program.Program
	space    *inferior.Space
	gcTypes  *image.GCTypes
	recorded *image.Counters
	source   Source
	progress func(phase string, done, total int64)

	scanOnce sync.Once
	scanned  *heap.Graph // still without the rows of the roots
	scanErr  error

	graphOnce sync.Once
	graph     *heap.Graph
	live      *heap.Marker
	graphErr  error

	types    *types.Table
	typeOnce sync.Once
	typing   *typing.Result
	typeErr  error

	walkMu   sync.Mutex // guards im.walker
	varsMu   sync.Mutex
	vars     map[uint64][]frameVar // by pc
	closures *program.Closures

	mu       sync.Mutex
	problems []Problem
	gone     string // the message of that problem which says that pages have vanished
}

// Source describes the file and the program in it.
type Source struct {
	Kind        string // "core" or "heapdump"
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

// Open reads the core file or heap dump at path and the executable that it belongs
// to. Its errors wrap those of this package and of package dump, in a sentence that
// says what to do.
//
// A heap dump does not name its executable: without Options.Exe it is looked for
// beside the file, and where there is none, types are those that the dump itself
// names.
func Open(ctx context.Context, path string, opt Options) (*Process, error) {
	ctx = progress.Or(ctx, opt.Progress)
	phase := progress.Start(ctx, "open", 0)
	defer phase.Finish()
	core, heapDump, err := dump.OpenFile(ctx, path)
	if err != nil {
		return nil, err
	}
	p := &Process{progress: opt.Progress}
	if heapDump != nil {
		phase.Finish()
		err = p.openHeapDump(ctx, heapDump, opt)
	} else {
		err = p.openCore(ctx, core, opt, phase)
	}
	if err != nil {
		p.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

func (p *Process) openCore(ctx context.Context, core *dump.Core, opt Options, phase *progress.Phase) error {
	p.file = core
	var problems []Problem
	err := dump.Guard(func() (err error) {
		p.exe, problems, err = program.FindExecutable(core, opt.executable())
		return err
	})
	phase.Finish()
	if err == nil {
		err = ctx.Err()
	}
	var d *program.Program
	if err == nil {
		err = dump.Guard(func() (err error) {
			d, err = corefile.Read(ctx, core, p.exe)
			return err
		})
	}
	if err != nil {
		if p.exe != nil && p.exe.OtherBuild {
			return p.exe.Despite(err)
		}
		return withCause(core, err)
	}
	d.Problems = append(append(core.Problems, problems...), d.Problems...)
	p.fill(d)
	p.source = p.describe("core", core.Path, core.Size)
	return nil
}

func (p *Process) openHeapDump(ctx context.Context, file *dump.HeapDump, opt Options) error {
	p.file = file
	d, err := heapdump.Read(ctx, file, opt.executable())
	if err != nil {
		return err
	}
	p.fill(d)
	p.source = p.describe("heapdump", file.Path, file.Size)
	p.source.GoVersion = file.Params.GoVersion
	return nil
}

// fill takes over what a decoder read.
func (p *Process) fill(d *program.Program) {
	p.decoder, p.exe, p.im, p.types, p.problems, p.recorded = d, d.Exe, d.Image, d.Types, d.Problems, d.Counters
	p.space = d.Space()
	p.gcTypes = image.NewGCTypes(d.Image.Mem, d.Image.Arch)
	p.vars, p.closures = map[uint64][]frameVar{}, &program.Closures{Program: d, Known: map[uint64]types.ID{}}
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

func (p *Process) describe(kind, path string, size int64) Source {
	f := p.exe.File
	if p.exe.Path == "" {
		return Source{Kind: kind, Path: path, Bytes: size, Arch: p.im.Arch.Name, Symbols: "none", Complete: true}
	}
	s := Source{
		Kind: kind, Path: path, Bytes: size,
		GoVersion: f.GoVersion, OS: "linux", Arch: p.im.Arch.Name,
		Executable: p.exe.Path, DebugFile: p.exe.DebugPath, Symbols: "dwarf",
		Complete: true,
	}
	if abs, err := filepath.Abs(p.exe.Path); err == nil {
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
		p.live = nil
	}
	if p.scanned != nil {
		flat.Free(p.scanned.Offset)
		flat.Free(p.scanned.Target)
		p.scanned, p.graph = nil, nil
	}
	if p.typing != nil {
		p.typing.Free()
		p.typing = nil
	}
	if p.im != nil {
		p.im.Free()
	}
	if p.exe != nil {
		p.exe.Close()
	}
	return p.file.Close()
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

// problem records one line with a count; it does nothing for count 0.
func (p *Process) problem(s dump.Severity, count int, message string) {
	if count == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = append(p.problems, Problem{Severity: s, Message: message, Count: count})
}

// Graph builds the graph of the process's memory at its first call, and returns
// the same one later. It belongs to the process.
func (p *Process) Graph(ctx context.Context) (*heap.Graph, error) {
	ctx = progress.Or(ctx, p.progress)
	p.graphOnce.Do(func() {
		g, err := p.scan(ctx)
		if err == nil {
			err = dump.Guard(func() (err error) {
				p.live, err = p.im.RootGraph(ctx, p.gcTypes, g)
				return err
			})
		}
		if err == nil {
			p.graph = g
		}
		p.graphErr = err
		if errors.Is(err, dump.ErrChanged) {
			p.vanished(err)
		}
	})
	return p.graph, p.graphErr
}

// scan builds the graph but for the rows of the roots, once.
func (p *Process) scan(ctx context.Context) (*heap.Graph, error) {
	p.scanOnce.Do(func() {
		p.scanErr = dump.Guard(func() (err error) {
			p.scanned, err = p.im.ScanGraph(ctx, p.gcTypes)
			p.problem(dump.Error, p.im.Blind, "objects are of types whose descriptions are not in the core, or damaged: what they point to is missing")
			return err
		})
	})
	return p.scanned, p.scanErr
}

// Check compares the graph with what the program's own runtime says, and tells of
// the claims on types that contradicted it. It builds the graph and finds types if
// need be.
func (p *Process) Check(ctx context.Context) ([]Check, error) {
	if err := p.TypeObjects(ctx); err != nil {
		return nil, err
	}
	var checks []Check
	err := dump.Guard(func() error {
		checks = append(check(ctx, p.im, p.live, p.recorded), p.checkTypes())
		return nil
	})
	return checks, err
}

// Allocated reports whether the slot of n is allocated.
func (p *Process) Allocated(n heap.Node) bool {
	return n >= p.im.FirstNode() && int(n) < p.im.Nodes && image.HasBit(p.im.Allocated, n)
}

// AllocatedSlots returns how many slots are allocated, live or garbage, and
// their bytes.
func (p *Process) AllocatedSlots() (objects, bytes uint64) { return p.im.CountSlots(p.im.Allocated) }

// GCMarkedBytes returns what the last collection marked by the runtime's own
// account (runtime.gcController.heapMarked).
func (p *Process) GCMarkedBytes() uint64 { return p.recorded.HeapMarked }
