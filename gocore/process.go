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
	"runtime/debug"
	"slices"
	"strings"

	"goheap/dump"
	"goheap/gocore/internal/corefile"
	"goheap/gocore/internal/frames"
	"goheap/gocore/internal/heapdump"
	"goheap/gocore/internal/program"
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

	// Runtime makes the runtime's own tables holders like all others: the graph has each
	// pointer that the collector follows. Otherwise they hold what nothing else leads to.
	Runtime bool

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

// Process is a program as a file has it: where it was read from, its goroutines, its
// memory, and what went wrong. Analyse makes the heap of it. Its methods may be called
// from several goroutines.
//
// Memory is read from the file as it is asked for. Where somebody cuts the file
// meanwhile, or the executable, methods that return an error return one that wraps
// ErrChanged; the others return nothing, and Problems says so. Inside Guard it is
// Guard that returns the error.
type Process struct {
	file   io.Closer
	source Source
	*contents
	stacks *stacks

	analysing chan struct{} // has room for one who analyses
	heap      *Heap         // once that has succeeded
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
	p := &Process{}
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
	var exe *program.Executable
	var problems []Problem
	err := dump.Guard(func() (err error) {
		exe, problems, err = program.FindExecutable(core, opt.executable())
		return err
	})
	phase.Finish()
	if err == nil {
		err = ctx.Err()
	}
	var d *program.Program
	if err == nil {
		err = dump.Guard(func() (err error) {
			d, err = corefile.Read(ctx, core, exe)
			return err
		})
	}
	if err != nil {
		if exe == nil {
			return withCause(core, err)
		}
		if exe.OtherBuild {
			err = exe.Despite(err)
		} else {
			err = withCause(core, err)
		}
		exe.Close()
		return err
	}
	d.Problems = append(append(core.Problems, problems...), d.Problems...)
	p.fill(d, opt)
	p.source = p.describe("core", core.Path, core.Size)
	return nil
}

func (p *Process) openHeapDump(ctx context.Context, file *dump.HeapDump, opt Options) error {
	p.file = file
	d, err := heapdump.Read(ctx, file, opt.executable())
	if err != nil {
		return err
	}
	p.fill(d, opt)
	p.source = p.describe("heapdump", file.Path, file.Size)
	p.source.GoVersion = file.Params.GoVersion
	return nil
}

// fill takes over what a decoder read.
func (p *Process) fill(d *program.Program, opt Options) {
	d.Image.Physical = opt.Runtime
	p.contents = newContents(d, opt.Progress)
	p.stacks = &stacks{contents: p.contents, vars: frames.New(p.decoder, p.im, p.closures)}
	p.analysing = make(chan struct{}, 1)
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
		GoVersion: f.GoVersion, OS: f.OS, Arch: p.im.Arch.Name,
		Executable: p.exe.Path, DebugFile: p.exe.DebugPath, Symbols: "dwarf",
		Complete: true,
	}
	if !f.HasDWARF() {
		s.Symbols = "stripped"
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

// Close frees what the process and its heap hold. No graph, slice or string of its
// memory may be used afterwards.
func (p *Process) Close() error {
	if p.heap != nil {
		p.heap.free()
		p.heap = nil
	}
	if p.contents != nil {
		p.im.Free()
		if p.exe != nil {
			p.exe.Close()
		}
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

// Memory copies the n bytes at addr, at most 1 MiB, and reports whether the file has all
// of them.
func (p *Process) Memory(addr, n uint64) (b []byte, ok bool) {
	defer p.caught(debug.SetPanicOnFault(true))
	const most = 1 << 20
	if n > most {
		return nil, false
	}
	b, ok = p.im.Mem.Slice(addr, n)
	return slices.Clone(b), ok
}
