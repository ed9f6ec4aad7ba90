package program

import (
	"context"
	"maps"
	"slices"

	"goheap/gocore/internal/image"
	"goheap/gocore/profile"
)

// HeapProfile reads all stacks of the memory profile. The error is the context's.
//
// The profiler counts for the collection that will tell what is still alive, and
// publishes when that has ended, so that a profile is not biased towards what is young:
// what is in a record's future is no part of the profile, but for two cases that
// runtime.MemProfile makes (runtime/mprof.go, memProfileInternal). Between the end of
// marking and its publishing the cycle that is due counts; and as long as nothing was
// ever published, everything counts.
func HeapProfile(ctx context.Context, d *Program) (*profile.Heap, error) {
	h := &profile.Heap{}
	if d.Profile != nil {
		for _, addr := range slices.Sorted(maps.Keys(d.Profile)) {
			h.Samples = append(h.Samples, dumpedSample(d.Profile[addr]))
		}
		return h, nil
	}
	h.Rate, h.RateKnown = SampleRate(d)
	due, waiting := dueCycle(d)
	var records []allocRecord
	published := false
	missing, err := eachBucket(ctx, d, "runtime.mbuckets", memProfile, func(b bucket) bool {
		r := readAllocs(d, b)
		if waiting {
			r.active = r.active.plus(r.future[due])
			r.future[due] = allocs{}
		}
		published = published || r.active != allocs{}
		h.Samples = append(h.Samples, profile.HeapSample{Stack: framesOf(d, b.stack), Size: b.size})
		records = append(records, r)
		return true
	})
	if err != nil {
		return nil, err
	}
	h.Missing = missing
	for i, r := range records {
		if !published {
			for _, f := range r.future {
				r.active = r.active.plus(f)
			}
		}
		h.Samples[i].Allocs, h.Samples[i].Frees = r.active.allocs, r.active.frees
	}
	return h, nil
}

// SampleAt reads one stack of the memory profile, as its special names it. ok is false
// where it is not in the file.
func SampleAt(d *Program, addr uint64) (sample profile.HeapSample, ok bool) {
	if d.Profile != nil {
		site, ok := d.Profile[addr]
		return dumpedSample(site), ok
	}
	b, ok := readBucket(d, addr, memProfile)
	if !ok {
		return profile.HeapSample{}, false
	}
	return profile.HeapSample{Stack: framesOf(d, b.stack), Size: b.size}, true
}

// SampleRate is runtime.MemProfileRate; it is not known of a heap dump.
func SampleRate(d *Program) (rate uint64, known bool) {
	if d.Profile != nil || d.Exe == nil {
		return 0, false
	}
	if addr, err := d.Global("runtime.MemProfileRate"); err == nil {
		return d.Image.Mem.Word(addr)
	}
	return 0, false
}

func dumpedSample(s image.Site) profile.HeapSample {
	out := profile.HeapSample{Size: s.Size, Allocs: s.Allocs, Frees: s.Frees}
	for _, c := range s.Stack {
		out.Stack = append(out.Stack, profile.Frame{Func: c.Func, After: c.Func, File: c.File, Line: c.Line})
	}
	return out
}

// allocs are counters of a cycle of the profiler (runtime.memRecordCycle).
type allocs struct{ allocs, frees uint64 }

func (a allocs) plus(b allocs) allocs { return allocs{a.allocs + b.allocs, a.frees + b.frees} }

// allocRecord is runtime.memRecord.
type allocRecord struct {
	active allocs
	future [3]allocs
}

func readAllocs(d *Program, b bucket) (r allocRecord) {
	rt, a := d.Layout, d.Image.Arch
	record, cycle := &rt.MemRecord, &rt.MemRecordCycle
	bytes, ok := d.Image.Mem.Slice(b.record, uint64(record.Size))
	if !ok || cycle.Size == 0 {
		return r
	}
	read := func(at uint64) allocs {
		if at > uint64(len(bytes)) {
			return allocs{}
		}
		return allocs{cycle.Allocs.Uint(a, bytes[at:]), cycle.Frees.Uint(a, bytes[at:])}
	}
	r.active = read(record.Active.Offset)
	for i := range r.future {
		r.future[i] = read(record.Future.Offset + uint64(i)*uint64(cycle.Size))
	}
	return r
}

// dueCycle returns the place in the futures of the cycle that the last collection has
// closed, and whether it is still to be published.
func dueCycle(d *Program) (place int, waiting bool) {
	const cycles = 3
	rt := d.Layout
	if addr, err := d.Global("runtime.mProfCycle"); err == nil && rt.MProfCycle.Value.Has() {
		b, _ := d.Image.Mem.Slice(addr, uint64(rt.MProfCycle.Size))
		v := rt.MProfCycle.Value.Uint(d.Image.Arch, b) // the cycle, and a bit once it is published
		return int(v >> 1 % cycles), len(b) > 0 && v&1 == 0
	}
	if addr, err := d.Global("runtime.mProf"); err == nil && rt.MProf.Cycle.Has() {
		b, _ := d.Image.Mem.Slice(addr, uint64(rt.MProf.Size))
		return int(rt.MProf.Cycle.Uint(d.Image.Arch, b) % cycles), len(b) > 0 && rt.MProf.Flushed.Uint(d.Image.Arch, b) == 0
	}
	return 0, false
}

// bucket is a stack of one of the runtime's profiles (runtime.bucket).
type bucket struct {
	next   uint64   // the bucket after it in the list of its profile
	size   uint64   // of the objects, in the memory profile
	stack  []uint64 // return addresses, as they stand there
	record uint64   // where its counters are
}

// maxProfileBytes bounds the buckets of a profile that are believed: those of a damaged
// list may overlap.
const maxProfileBytes = 256 << 20

// eachBucket calls f with the buckets of a list, as far as they are in the file and sound;
// f reports whether its counters are too. The error is the context's.
func eachBucket(ctx context.Context, d *Program, head string, kind uint64, f func(b bucket) bool) (missing int, err error) {
	seen := map[uint64]bool{}
	left := maxProfileBytes
	for addr := firstBucket(d, head); addr != 0 && !seen[addr]; {
		if err := Look(ctx, len(seen)); err != nil {
			return missing, err
		}
		seen[addr] = true
		b, ok := readBucket(d, addr, kind)
		if left -= int(b.record - min(addr, b.record)); !ok || left < 0 {
			return missing + 1, nil // where the next one is stands in it
		}
		if !f(b) {
			missing++
		}
		addr = b.next
	}
	return missing, nil
}

// firstBucket is the head of a list of buckets, 0 where there is none.
func firstBucket(d *Program, variable string) uint64 {
	addr, err := d.Global(variable)
	if err != nil {
		return 0
	}
	first, _ := d.Image.Mem.Word(addr)
	return first
}

// readBucket reads a bucket of a kind; ok is false where it is not in the file or not sound.
func readBucket(d *Program, addr, kind uint64) (b bucket, ok bool) {
	rt, a, w := d.Layout, d.Image.Arch, uint64(d.Image.Arch.PtrSize)
	head, ok := d.Image.Mem.Slice(addr, uint64(rt.Bucket.Size))
	if !ok || !rt.Bucket.Nstk.Has() || rt.Bucket.Typ.Uint(a, head) != kind {
		return bucket{}, false
	}
	n := rt.Bucket.Nstk.Uint(a, head)
	if n > maxProfileStack {
		return bucket{}, false
	}
	b = bucket{next: rt.Bucket.Allnext.Uint(a, head), size: rt.Bucket.ObjSize.Uint(a, head), record: addr + uint64(rt.Bucket.Size) + n*w}
	stack, ok := d.Image.Mem.Slice(addr+uint64(rt.Bucket.Size), n*w)
	for i := range uint64(len(stack)) / w {
		b.stack = append(b.stack, a.Word(stack[i*w:]))
	}
	return b, ok
}

// framesOf finds the calls of return addresses of which there is one for each call, inlined
// ones included: of the calls at an address, the innermost is meant. Where a stack was cut
// at its greatest depth, the callers into which the last call was inlined are missing, and
// are put there (runtime/symtab.go, runtime_expandFinalInlineFrame).
func framesOf(d *Program, stack []uint64) (frames []profile.Frame) {
	for i, pc := range stack {
		calls := d.CallsAt(pc - 1)
		if len(calls) == 0 {
			frames = append(frames, profile.Frame{PC: pc, After: functionAt(d, pc)})
			continue
		}
		for k := range calls {
			if c := &calls[k]; k == 0 || i == len(stack)-1 && !d.Wrapper(c) {
				frames = append(frames, profile.Frame{PC: c.PC + 1, Func: c.Name, After: functionAt(d, c.PC+1), File: c.File, Line: c.Line})
			}
		}
	}
	return frames
}

// functionAt is the innermost function of the code at pc, "" where there is none.
func functionAt(d *Program, pc uint64) string {
	if calls := d.CallsAt(pc); len(calls) > 0 {
		return calls[0].Name
	}
	return ""
}
