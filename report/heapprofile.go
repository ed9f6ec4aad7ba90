package report

import (
	"cmp"
	"context"
	"errors"
	"io"
	"math"
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
		notes = append(notes, "the list of the profiler's records leads out of the file: what comes behind is not in the profile")
	}
	return notes, heapProfile(s, h).Write(w)
}

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
	source := s.Process.Source()
	p := &pprof.Profile{
		SampleType: []*pprof.ValueType{
			{Type: "alloc_objects", Unit: "count"}, {Type: "alloc_space", Unit: "bytes"},
			{Type: "inuse_objects", Unit: "count"}, {Type: "inuse_space", Unit: "bytes"},
		},
		PeriodType: &pprof.ValueType{Type: "space", Unit: "bytes"},
		Period:     int64(h.Rate),
		Mapping: []*pprof.Mapping{{
			ID: 1, File: source.Executable, BuildID: source.BuildID,
			HasFunctions: true, HasFilenames: true, HasLineNumbers: true, HasInlineFrames: true,
		}},
	}
	places := places{p: p, locations: map[profile.Frame]*pprof.Location{}, functions: map[[2]string]*pprof.Function{}}
	for _, sample := range h.Samples {
		out := &pprof.Sample{
			Location: places.stack(withoutAllocator(sample.Stack)),
			NumLabel: map[string][]int64{"bytes": {int64(sample.Size)}}, NumUnit: map[string][]string{"bytes": {"bytes"}},
		}
		for _, count := range []uint64{sample.Allocs, sample.Allocs - min(sample.Frees, sample.Allocs)} {
			objects, bytes := scaled(count, sample.Size, h)
			out.Value = append(out.Value, objects, bytes)
		}
		p.Sample = append(p.Sample, out)
	}
	return p
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
