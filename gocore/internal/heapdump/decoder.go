// Package heapdump reads a Go program from what debug.WriteHeapDump wrote, and from the
// executable where there is one, into an image. What such a file says and does not say
// stands in docs/heapdump.md.
package heapdump

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"goheap/dump"
	"goheap/gocore/account"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/program"
	"goheap/gocore/internal/symbols"
	"goheap/heap"
	"goheap/internal/arch"
	"goheap/internal/progress"
)

// decoder reads a program from a heap dump and, where there is one, its
// executable.
type decoder struct {
	program.Program
	file  *dump.HeapDump
	rules heapRules
	// lists are those of the runtime, with the executable.
	lists program.Records
	slots slotReader

	data, bss  image.Segment
	goroutines []goroutine
	frames     []image.Frame
	frameMask  []byte // the pointers that each frame lists
	names      map[string]string
	typeNames  []typeRecord
	typeAt     map[uint64]int    // index in typeNames, by address: the runtime may write a type again
	itabs      map[uint64]uint64 // concrete types, by the address of the itab
	finalizers []dump.FinalizerRecord
	queued     []dump.FinalizerRecord
	others     []rootRecord
	threads    map[uint64]int // by the address of the m
	stats      dump.HeapStats
	hasStats   bool
	profile    profile
	samples    []image.Sample

	contradicted int // records of types and itabs that say something else than one before

	force   bool // Options.Force
	records int
	stopped error // what ended the records before their end
}

// goroutine is a goroutine with its frames[first:first+n].
type goroutine struct {
	dump.GoroutineRecord
	waitReason string
	first, n   int
	words      []uint64 // what deferred calls and panics point to
}

// rootRecord is a root that the dump has words for. No version of Go writes one.
type rootRecord struct {
	what string
	ptr  uint64
}

// typeRecord is a type that has a record.
type typeRecord struct {
	addr, size uint64
	name       string
}

// progressEvery is how many records are read between looks at the context.
const progressEvery = 1 << 13

// maxFreeSlots is how many free slots there may be for each object, beside
// someFreeSlots: spans are not emptier on average. It bounds what a damaged file can
// make of a few bytes.
const (
	maxFreeSlots  = 128
	someFreeSlots = 1 << 20
)

// read reads all records. What ends them before their end is noted in d.stopped.
func (d *decoder) read(ctx context.Context) error {
	r := d.file.Records()
	phase := progress.Start(ctx, "read records", d.file.Size)
	defer phase.Finish()
	done := uint64(0)
	for r.Next() {
		if r.Kind == dump.RecordObject {
			_ = d.slots.object(r) // r keeps it
		} else {
			d.record(r)
		}
		if d.records++; d.records%progressEvery == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			phase.Add(int64(r.Offset() - done))
			done = r.Offset()
			if free := len(d.slots.offsets); free > maxFreeSlots*d.records+someFreeSlots {
				_ = r.Damaged("%d records describe %d slots: records before are damaged; write the dump again", d.records, free)
			}
		}
	}
	phase.Add(int64(r.Offset() - done))
	d.slots.end()
	if r.Err() == nil && (len(d.goroutines) == 0 || !d.data.Present || !d.bss.Present || !d.hasStats) {
		_ = r.Damaged("it should end the dump, but goroutines, data segments or statistics were not before it: a part of the file is missing or damaged; write the dump again, to a file that is new and on a disk with space")
	}
	d.stopped = r.Err()
	d.Problem(dump.Error, d.contradicted, "types or itabs are in the dump again and are something else there: the first record of each counts; write the dump again")
	d.Problem(dump.Warning, r.Outside, "pointers that the dump lists for frames lie outside of the frames; they were left out")
	if n, another := r.Trailing(); another {
		d.Problem(dump.Warning, 1, fmt.Sprintf("%d bytes follow the end of the dump and start with another one: the first is shown; a program that writes several has to name a new file for each", n))
	} else if n > 0 {
		d.Problem(dump.Warning, 1, fmt.Sprintf("%d bytes follow the end of the dump: the file was longer before it was written over, perhaps; they were not read", n))
	}
	return ctx.Err()
}

// record takes a record that is no object.
func (d *decoder) record(r *dump.HeapRecords) {
	switch r.Kind {
	case dump.RecordType:
		x := r.Type()
		t := typeRecord{x.Addr, x.Size, d.name(x.Name)}
		if i, ok := d.typeAt[t.addr]; !ok {
			d.typeAt[t.addr] = len(d.typeNames)
			d.typeNames = append(d.typeNames, t)
		} else if d.typeNames[i] != t {
			d.contradicted++
		}
	case dump.RecordItab:
		itab, typ := r.Itab()
		if was, ok := d.itabs[itab]; !ok {
			d.itabs[itab] = typ
		} else if was != typ {
			d.contradicted++
		}
	case dump.RecordGoroutine:
		g := r.Goroutine()
		d.goroutines = append(d.goroutines, goroutine{GoroutineRecord: g, waitReason: d.name(g.WaitReason), first: len(d.frames)})
	case dump.RecordFrame:
		if g := d.goroutine(r); g != nil {
			d.frame(g, r)
		}
	case dump.RecordDefer:
		if g := d.goroutine(r); g != nil {
			x := r.Defer()
			g.words = append(g.words, x.Addr, x.Fn)
		}
	case dump.RecordPanic:
		if g := d.goroutine(r); g != nil {
			g.words = append(g.words, r.Panic().Data)
		}
	case dump.RecordOtherRoot:
		what, ptr := r.OtherRoot()
		d.others = append(d.others, rootRecord{d.name(what), ptr})
	case dump.RecordThread:
		m, _, tid := r.Thread()
		d.threads[m] = int(tid)
	case dump.RecordData:
		d.segment(&d.data, r)
	case dump.RecordBSS:
		d.segment(&d.bss, r)
	case dump.RecordFinalizer:
		d.finalizers = append(d.finalizers, r.Finalizer())
	case dump.RecordQueuedFinalizer:
		d.queued = append(d.queued, r.Finalizer())
	case dump.RecordMemStats:
		if d.hasStats {
			_ = r.Damaged("the memory statistics come twice; write the dump again")
			return
		}
		d.stats, d.hasStats = r.MemStats(), true
	case dump.RecordMemProf:
		d.profile.bucket(r.MemProf(), d.name)
	case dump.RecordAllocSample:
		object, bucket := r.AllocSample()
		d.samples = append(d.samples, image.Sample{Object: object, Bucket: bucket})
	}
}

// name copies a string out of the file, once.
func (d *decoder) name(b []byte) string {
	if s, ok := d.names[string(b)]; ok {
		return s
	}
	s := string(b)
	d.names[s] = s
	return s
}

// goroutine returns the one that a record belongs to, nil where there is none.
func (d *decoder) goroutine(r *dump.HeapRecords) *goroutine {
	if n := len(d.goroutines); n > 0 {
		return &d.goroutines[n-1]
	}
	_ = r.Damaged("it belongs to a goroutine, but none was before it; write the dump again")
	return nil
}

func (d *decoder) frame(g *goroutine, r *dump.HeapRecords) {
	x := r.Frame()
	w := d.rules.word
	size := uint64(len(r.Contents))
	if x.SP+size < x.SP || x.SP%w != 0 {
		_ = r.Damaged("a frame of %d bytes at %#x: no stack is there; write the dump again", size, x.SP)
		return
	}
	child := uint64(0)
	if g.n > 0 {
		child = d.frames[len(d.frames)-1].SP
	}
	if x.Depth != uint64(g.n) || x.Child != child {
		_ = r.Damaged("it has number %d on its stack and is above a frame at %#x, where number %d should follow that is above one at %#x: a part of the file is missing; write the dump again", x.Depth, x.Child, g.n, child)
		return
	}
	f := image.Frame{SP: x.SP, FP: x.SP + size, Entry: x.Entry, PC: x.PC, ContinPC: x.ContinPC, Name: d.name(x.Func), Contents: r.Contents, Mask: uint64(len(d.frameMask))}
	for range (size/w + 7) / 8 {
		d.frameMask = append(d.frameMask, 0)
	}
	f.Partly = uint64(r.Pointers(d.frameMask[f.Mask:], 0)) < size/w
	d.frames = append(d.frames, f)
	g.n++
}

func (d *decoder) segment(s *image.Segment, r *dump.HeapRecords) {
	if s.Present {
		_ = r.Damaged("the %s comes twice; write the dump again", r.Kind)
		return
	}
	size := uint64(len(r.Contents))
	if r.Addr()+size < r.Addr() || r.Addr()%d.rules.word != 0 {
		_ = r.Damaged("it has %d bytes at %#x, where no memory is; write the dump again", size, r.Addr())
		return
	}
	*s = image.Segment{Addr: r.Addr(), Contents: r.Contents, Mask: make([]byte, size/d.rules.word/8+1), Present: true}
	r.Pointers(s.Mask, 0)
}

// Read reads a heap dump and finds its executable.
func Read(ctx context.Context, file *dump.HeapDump, opt program.Options) (*program.Program, error) {
	if err := program.CheckVersion("it was written by a program", file.Params.GoVersion); err != nil {
		return nil, err
	}
	word := uint64(file.Params.PtrSize)
	d := &decoder{
		file: file, rules: rulesOf(file.Params.GoVersion, word),
		profile: profile{}, names: map[string]string{}, itabs: map[uint64]uint64{}, typeAt: map[uint64]int{}, threads: map[uint64]int{},
	}
	a, _ := arch.Named(file.Params.GOARCH, file.Params.BigEndian, file.Params.PtrSize)
	a.LittleWords64 = a.LittleWords64 && !opt.Generic
	d.NoSpans = true
	d.Image, d.force = &image.Image{Arch: a}, opt.Force
	d.lists.Program = &d.Program
	d.slots = slotReader{rules: d.rules, im: d.Image}
	d.Problems = append(d.Problems, file.Problems...)
	err := dump.Guard(func() error { return d.read(ctx) })
	if err == nil {
		err = dump.Guard(func() (err error) {
			d.Exe, err = d.findExecutable(ctx, opt)
			return err
		})
	}
	if err == nil {
		err = dump.Guard(func() error { return d.decode(ctx) })
	}
	if err != nil {
		err = d.Exe.Despite(err)
		if d.Exe != nil {
			d.Exe.Close()
		}
		d.Image.Free()
		return nil, err
	}
	d.Profile = d.profile
	return &d.Program, nil
}

// withoutExecutable stands for the executable that there is not.
func withoutExecutable(d *decoder) *program.Executable {
	return &program.Executable{File: symbols.None(d.Image.Arch), Free: func() {}}
}

// decode makes the image of the records.
func (d *decoder) decode(ctx context.Context) error {
	phase := progress.Start(ctx, "read runtime", 0)
	defer phase.Finish()
	if d.slots.objects == 0 {
		if d.stopped != nil {
			return d.stopped
		}
		return fmt.Errorf("%w: it has no objects", dump.ErrHeapDump)
	}
	d.makeMemory()
	if n := d.slots.finish(d.Image.Mem, d.file.Data()); n > 0 {
		d.Problem(dump.Error, n, "spans overlap others: the dump is damaged, and their objects were left out; write it again")
	}
	if d.Exe.Path != "" {
		if err := d.LoadLayout(); err != nil {
			return err
		}
		noFiles := func(_, _ uint64) (*program.Plugin, error) {
			return nil, errors.New("a heap dump does not say where it is")
		}
		if err := d.ReadModules(ctx, noFiles); err != nil {
			return err
		}
		d.fillTables() // of those without symbols it is known only now where they are
		if err := d.verify(); err != nil && !d.force {
			return err
		} else if err != nil {
			d.Problem(dump.Error, 1, forced(err))
		}
		d.LoadTypes()
		d.Classes = d.ClassSizes()
		d.Image.SetClasses(d.Classes)
		if err := d.FindStatics(ctx); err != nil {
			return err
		}
	} else {
		d.recordedTypes()
	}
	d.slots.settleLargest(image.NewGCTypes(d.Image.Mem, d.Image.Arch))
	d.readSegments()
	if err := d.readStacks(ctx); err != nil {
		return err
	}
	if err := d.readSched(ctx); err != nil {
		return err
	}
	d.readFinalizers()
	if err := d.readUnrooted(ctx); err != nil {
		return err
	}
	if !d.Image.Number(len(d.Image.Roots) + len(d.Image.Specials)) {
		return fmt.Errorf("%w: the heap has more than %d slots; goheap numbers them with 32 bits", dump.ErrUnsupported, uint32(heap.MaxNodes))
	}
	d.slots.allocate()
	slices.SortStableFunc(d.samples, func(a, b image.Sample) int { return cmp.Compare(a.Object, b.Object) })
	d.Image.Samples = d.samples
	d.Counters = &image.Counters{
		AllocSlots: int64(d.stats.HeapObjects), AllocBytes: int64(d.stats.HeapAlloc), Statistics: d.hasStats, NumGC: d.stats.NumGC,
		CountedFirst: true,
		NoMarks:      "a heap dump does not say what the last collection marked",
	}
	if s := &d.stats; d.hasStats {
		d.Account = &account.Account{Counters: &account.Counters{
			Sys: s.Sys, HeapAlloc: s.HeapAlloc, HeapSys: s.HeapSys, HeapIdle: s.HeapIdle, HeapInuse: s.HeapInuse, HeapReleased: s.HeapReleased,
			StackInuse: s.StackInuse, StackSys: s.StackSys, MSpanInuse: s.MSpanInuse, MSpanSys: s.MSpanSys, MCacheInuse: s.MCacheInuse, MCacheSys: s.MCacheSys,
			BuckHashSys: s.BuckHashSys, GCSys: s.GCSys, OtherSys: s.OtherSys, NextGC: s.NextGC, LastGC: s.LastGC, PauseTotalNs: s.PauseTotalNs, NumGC: s.NumGC,
		}, Pages: &account.Pages{Objects: s.HeapInuse, Stacks: s.StackInuse, Kept: s.HeapIdle - min(s.HeapIdle, s.HeapReleased), Returned: s.HeapReleased}}
	}
	d.tell()
	return nil
}

// tell lists what is missing and why.
func (d *decoder) tell() {
	if d.stopped != nil {
		missing := "what follows is missing"
		switch {
		case len(d.goroutines) == 0:
			missing = "goroutines and global variables are missing, so that nothing can be told live from garbage: every object counts as held"
		case !d.data.Present:
			missing = "global variables and finalizers are missing: what only they hold counts as garbage"
		case !d.bss.Present:
			missing = "the variables of the bss segment and finalizers are missing: what only they hold counts as garbage"
		case !d.hasStats:
			missing = "some finalizers may be missing, and the runtime's counters are"
		}
		d.Problem(dump.Error, 1, fmt.Sprintf("%v; %s", d.stopped, missing))
	}
	if d.Exe.Path == "" {
		d.Problem(dump.Warning, 1, "without the executable, which is not beside the file, variables have no names, frames no lines, objects no types but those that the dump names, and stacks are as long as their frames; give it with --exe PATH")
	}
	lacks := []string{
		"marks of the last collection, so that the live set cannot be compared slot by slot",
		"cleanups and weak handles: what only they hold counts as garbage",
		"global variables without pointers, nor memory outside the heap",
		"registers, nor how long goroutines have waited",
	}
	d.Problem(dump.Info, 1, "a heap dump has no "+strings.Join(lacks, "; no "))
	if n := d.slots.phantoms; n > 0 {
		d.Problem(dump.Info, int(n), "records of slots that no span has were left out, as the dumps of Go 1.22 and later have them")
	}
}
