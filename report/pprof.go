package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	pprof "github.com/google/pprof/profile"

	"goheap/gocore/profile"
)

// WriteHeapProfile writes the memory profile that the runtime kept of the program, as
// pprof reads it: what runtime/pprof.WriteHeapProfile would have written at that moment.
// notes say what the file does not have for that; they are sentences. A bare Snapshot is
// enough.
func WriteHeapProfile(ctx context.Context, w io.Writer, s *Snapshot) (notes []string, err error) {
	h, err := s.Process.HeapProfile(ctx)
	if err != nil {
		return nil, err
	}
	if len(h.Samples) == 0 {
		return nil, errors.New(notSampled(h))
	}
	if h.RateKnown && h.Rate == 0 {
		notes = append(notes, notSampled(h)+"; the profile has what was sampled before")
	}
	if !h.RateKnown {
		notes = append(notes, "a heap dump does not have runtime.MemProfileRate: the numbers are those of the samples, not scaled to what they stand for")
	}
	if h.Missing > 0 {
		notes = append(notes, missingRecords)
	}
	return notes, heapProfile(s, h).Write(w)
}

const missingRecords = "the list of the profiler's records leads out of the file: what comes behind is not in the profile"

// notSampled says why a program may have sampled nothing.
func notSampled(h *profile.Heap) string {
	if h.RateKnown && h.Rate == 0 {
		return "runtime.MemProfileRate is 0: nothing is sampled; the linker sets it so in a program that does not refer to runtime.MemProfile, as import of runtime/pprof or net/http/pprof does"
	}
	return "the memory profiler has sampled nothing: a program that allocates little is seldom sampled, unless it sets runtime.MemProfileRate as it begins"
}

// heapProfile lays a memory profile out as runtime/pprof does (protomem.go,
// writeHeapProto): four numbers a sample, scaled by the chance of being sampled, the size
// of the objects as a label, and the allocator's own calls left out.
func heapProfile(s *Snapshot, h *profile.Heap) *pprof.Profile {
	places := newPlaces(s, pprof.ValueType{Type: "space", Unit: "bytes"}, int64(h.Rate),
		pprof.ValueType{Type: "alloc_objects", Unit: "count"}, pprof.ValueType{Type: "alloc_space", Unit: "bytes"},
		pprof.ValueType{Type: "inuse_objects", Unit: "count"}, pprof.ValueType{Type: "inuse_space", Unit: "bytes"})
	for _, sample := range h.Samples {
		out := &pprof.Sample{
			Location: places.stack(withoutAllocator(sample.Stack)),
			NumLabel: map[string][]int64{"bytes": {int64(sample.Size)}}, NumUnit: map[string][]string{"bytes": {"bytes"}},
		}
		for _, count := range []uint64{sample.Allocs, sample.Allocs - min(sample.Frees, sample.Allocs)} {
			objects, bytes := scaled(count, sample.Size, h)
			out.Value = append(out.Value, objects, bytes)
		}
		places.p.Sample = append(places.p.Sample, out)
	}
	return places.p
}

// WriteContention writes the block or the mutex profile, as pprof reads it: what
// pprof.Lookup("block") or Lookup("mutex") would have written at that moment. notes are as
// those of WriteHeapProfile.
func WriteContention(ctx context.Context, w io.Writer, s *Snapshot, kind profile.Kind) (notes []string, err error) {
	c, err := s.Process.Contention(ctx, kind)
	if err != nil {
		return nil, err
	}
	name, set := "block", "runtime.SetBlockProfileRate"
	if kind == profile.Mutex {
		name, set = "mutex", "runtime.SetMutexProfileFraction"
	}
	if len(c.Samples) == 0 {
		if s.Process.Source().Kind == "heapdump" {
			return nil, fmt.Errorf("a heap dump has no %s profile", name)
		}
		if c.Rate == 0 {
			return nil, fmt.Errorf("the %s profile is empty: the program has not asked for it (%s)", name, set)
		}
		return nil, fmt.Errorf("the %s profile is empty: nothing has waited since the program asked for it", name)
	}
	if c.TicksPerSecond == 0 {
		notes = append(notes, "the runtime had not measured yet how long a tick of the processor's clock is: the profile has counts, and no delays")
	}
	if c.Missing > 0 {
		notes = append(notes, missingRecords)
	}
	return notes, contentionProfile(s, c).Write(w)
}

// contentionProfile lays a profile of waiting out as runtime/pprof does (pprof.go,
// printCountCycleProfile).
func contentionProfile(s *Snapshot, c *profile.Contention) *pprof.Profile {
	types := []pprof.ValueType{{Type: "contentions", Unit: "count"}, {Type: "delay", Unit: "nanoseconds"}}
	if c.TicksPerSecond == 0 {
		types = types[:1]
	}
	places := newPlaces(s, types[0], 1, types...)
	for _, sample := range c.Samples {
		out := &pprof.Sample{Location: places.stack(sample.Stack), Value: []int64{sample.Count}}
		if c.TicksPerSecond != 0 {
			out.Value = append(out.Value, int64(float64(sample.Ticks)/(float64(c.TicksPerSecond)/1e9)))
		}
		places.p.Sample = append(places.p.Sample, out)
	}
	return places.p
}

// WriteStacks writes the profile of goroutines or threads, as pprof reads it: what
// pprof.Lookup("goroutine") or Lookup("threadcreate") would have written. Labels of
// goroutines are values of the program: they are there if these are disclosed.
func WriteStacks(ctx context.Context, w io.Writer, s *Snapshot, kind profile.Kind) (notes []string, err error) {
	if s.Process.Source().Kind == "heapdump" {
		return nil, errors.New("a heap dump does not have what this profile consists of; goheap goroutines lists the stacks that it has")
	}
	stacks, err := s.Process.ProfileStacks(kind)
	if err != nil {
		return nil, err
	}
	name := "threadcreate"
	if kind == profile.Goroutines {
		name = "goroutine"
	}
	count := pprof.ValueType{Type: name, Unit: "count"}
	places := newPlaces(s, count, 1, count)
	samples := map[string]*pprof.Sample{}
	var key strings.Builder
	for i, stack := range stacks {
		if i%pace == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		out := &pprof.Sample{Location: places.stack(stack.Frames), Value: []int64{0}}
		key.Reset()
		for _, l := range out.Location {
			fmt.Fprintf(&key, "%d ", l.ID)
		}
		if kind == profile.Goroutines && s.Disclosure == Shown {
			for _, l := range s.Process.Labels(stack.Goroutine) {
				fmt.Fprintf(&key, "%q %q ", l.Key, l.Value)
				if out.Label == nil {
					out.Label = map[string][]string{}
				}
				out.Label[l.Key] = append(out.Label[l.Key], l.Value)
			}
		}
		sample := samples[key.String()]
		if sample == nil {
			sample = out
			samples[key.String()] = out
			places.p.Sample = append(places.p.Sample, out)
		}
		sample.Value[0]++
	}
	slices.SortStableFunc(places.p.Sample, func(a, b *pprof.Sample) int { return cmp.Compare(b.Value[0], a.Value[0]) })
	return nil, places.p.Write(w)
}

// scaled returns how many objects, and bytes of them, those stand for that were sampled:
// one object is sampled with the chance 1 - exp(-size/rate).
func scaled(count, size uint64, h *profile.Heap) (objects, bytes int64) {
	if count == 0 || size == 0 {
		return 0, 0
	}
	if !h.RateKnown || h.Rate <= 1 {
		return int64(count), int64(count * size)
	}
	scale := 1 / (1 - math.Exp(-float64(size)/float64(h.Rate)))
	return int64(float64(count) * scale), int64(float64(count*size) * scale)
}

// withoutAllocator is a stack from its first call on that is not the runtime's; all of it
// where there is none.
func withoutAllocator(stack []profile.Frame) []profile.Frame {
	for i, f := range stack {
		if !strings.HasPrefix(f.After, "runtime.") && !strings.HasPrefix(f.After, "internal/runtime/") {
			return stack[i:]
		}
	}
	return stack
}

// places are the locations and functions of a profile, each once.
type places struct {
	p         *pprof.Profile
	locations map[profile.Frame]*pprof.Location
	functions map[[2]string]*pprof.Function
}

// newPlaces begins a profile of the program.
func newPlaces(s *Snapshot, period pprof.ValueType, every int64, types ...pprof.ValueType) *places {
	source := s.Process.Source()
	p := &pprof.Profile{PeriodType: &period, Period: every, Mapping: []*pprof.Mapping{{
		ID: 1, File: source.Executable, BuildID: source.BuildID,
		HasFunctions: true, HasFilenames: true, HasLineNumbers: true, HasInlineFrames: true,
	}}}
	for i := range types {
		p.SampleType = append(p.SampleType, &types[i])
	}
	return &places{p: p, locations: map[profile.Frame]*pprof.Location{}, functions: map[[2]string]*pprof.Function{}}
}

// stack returns the locations of a stack, without runtime.goexit, where every goroutine
// begins.
func (x *places) stack(frames []profile.Frame) (out []*pprof.Location) {
	for _, f := range frames {
		if f.Func == "runtime.goexit" {
			continue
		}
		l := x.locations[f]
		if l == nil {
			l = &pprof.Location{ID: uint64(len(x.p.Location) + 1), Mapping: x.p.Mapping[0], Address: f.PC - min(f.PC, 1)}
			if f.Func != "" {
				l.Line = []pprof.Line{{Function: x.function(f), Line: int64(f.Line)}}
			}
			x.locations[f] = l
			x.p.Location = append(x.p.Location, l)
		}
		out = append(out, l)
	}
	return out
}

func (x *places) function(f profile.Frame) *pprof.Function {
	key := [2]string{f.Func, f.File}
	fn := x.functions[key]
	if fn == nil {
		fn = &pprof.Function{ID: uint64(len(x.p.Function) + 1), Name: cmp.Or(f.Func, "?"), SystemName: f.Func, Filename: f.File}
		x.functions[key] = fn
		x.p.Function = append(x.p.Function, fn)
	}
	return fn
}
