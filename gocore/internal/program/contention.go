package program

import (
	"context"
	"math"

	"goheap/gocore/internal/layout"
	"goheap/gocore/profile"
)

const (
	blockProfile = 2 // runtime/mprof.go, bucketType
	mutexProfile = 3

	// lastScaledLate is the last minor version that multiplies the mutex profile by its
	// rate when it is written; those after it do when an event is counted
	// (runtime/mprof.go, saveBlockEventStack).
	lastScaledLate = 19
)

// ContentionProfile reads all stacks of the block or the mutex profile. The error is the
// context's.
func ContentionProfile(ctx context.Context, d *Program, kind profile.Kind) (*profile.Contention, error) {
	if d.Profile != nil || d.Exe == nil || d.Layout == nil {
		return &profile.Contention{}, nil // a heap dump has none
	}
	head, rate, typ := "runtime.bbuckets", "runtime.blockprofilerate", uint64(blockProfile)
	if kind == profile.Mutex {
		head, rate, typ = "runtime.xbuckets", "runtime.mutexprofilerate", mutexProfile
	}
	p := &profile.Contention{TicksPerSecond: ticksPerSecond(d)}
	if addr, err := d.Global(rate); err == nil {
		b, _ := d.Image.Mem.Slice(addr, 8)
		if len(b) == 8 {
			p.Rate = int64(d.Image.Arch.Order().Uint64(b))
		}
	}
	scale := int64(1)
	if minor, ok := GoMinor(d.Exe.File.GoVersion); ok && minor <= lastScaledLate && kind == profile.Mutex {
		scale = p.Rate
	}
	deepest := stackDepth(d)
	rt, a := &d.Layout.BlockRecord, d.Image.Arch
	missing, err := eachBucket(ctx, d, head, typ, func(b bucket) bool {
		record, ok := d.Image.Mem.Slice(b.record, uint64(rt.Size))
		if !ok {
			return false
		}
		count := int64(math.Float64frombits(rt.Count.Uint(a, record)))
		if kind == profile.Block {
			count = max(count, 1)
		}
		p.Samples = append(p.Samples, profile.ContentionSample{
			Stack: framesOf(d, cut(expand(d, b.stack), deepest)), Count: count * scale, Ticks: int64(rt.Cycles.Uint(a, record)) * scale,
		})
		return true
	})
	p.Missing = missing
	return p, err
}

// ticksPerSecond is what the runtime has measured of the processor's clock, 0 if it has
// not.
func ticksPerSecond(d *Program) int64 {
	addr, err := d.Global("runtime.ticks")
	if err != nil {
		return 0
	}
	value := func(size layout.Size, f layout.Field) int64 {
		b, _ := d.Image.Mem.Slice(addr, uint64(size))
		return int64(f.Uint(d.Image.Arch, b))
	}
	if t := &d.Layout.Ticks; t.Val.Has() {
		return value(t.Size, t.Val)
	}
	t := &d.Layout.OlderTicks
	return value(t.Size, t.Val)
}

// stackDepth is how many calls a profile has of a stack that is expanded when it is written
// (runtime/pprof, expandInlinedFrames, since Go 1.23).
func stackDepth(d *Program) int {
	addr, err := d.Global("runtime.debug")
	if t := &d.Layout.Debug; err == nil && t.Profstackdepth.Has() {
		if b, ok := d.Image.Mem.Slice(addr, uint64(t.Size)); ok {
			return int(min(t.Profstackdepth.Uint(d.Image.Arch, b), maxProfileStack))
		}
	}
	return maxProfileStack
}

// GoroutineDepth is how many calls of a goroutine the goroutine profile has: until Go 1.22
// those that fit a runtime.StackRecord.
func GoroutineDepth(d *Program) int {
	const record = 32
	if d.Layout == nil || !d.Layout.Debug.Profstackdepth.Has() {
		return record
	}
	return stackDepth(d)
}

// Threads returns where the threads of the program were started, as its profile of threads
// has them (runtime/mprof.go, threadCreateProfileInternal).
func Threads(d *Program) (out []profile.Stack) {
	if d.Profile != nil || d.Exe == nil || d.Layout == nil {
		return nil
	}
	rt, a, w := &d.Layout.M, d.Image.Arch, uint64(d.Image.Arch.PtrSize)
	seen := map[uint64]bool{}
	for addr := firstBucket(d, "runtime.allm"); addr != 0 && !seen[addr]; {
		seen[addr] = true
		m, ok := d.Image.Mem.Slice(addr, uint64(rt.Size))
		if !ok || !rt.Alllink.Has() || !rt.Createstack.Has() {
			break
		}
		var pcs []uint64
		for at := rt.Createstack.Offset; at+w <= rt.Createstack.Offset+uint64(rt.Createstack.Size); at += w {
			if pc := a.Word(m[at:]); pc != 0 {
				pcs = append(pcs, pc)
			}
		}
		out = append(out, profile.Stack{Goroutine: -1, Frames: framesOf(d, pcs)})
		addr = rt.Alllink.Word(&a, m)
	}
	return out
}

func cut(stack []uint64, n int) []uint64 { return stack[:min(len(stack), n)] }

// expand puts in a stack the calls into which others were inlined. Since Go 1.23 frame
// pointers are followed, which have the return addresses of real frames alone; other
// stacks, which begin with a number that is no address or not, have those of inlined calls
// too. Both are read as runtime.CallersFrames does (runtime/symtab.go, Frames.Next): the
// caller of an inlined call follows it, unless it stands there already, or nothing follows
// at all.
func expand(d *Program, stack []uint64) (out []uint64) {
	for i, pc := range stack {
		calls := d.CallsAt(pc - 1)
		if len(calls) == 0 {
			continue
		}
		out = append(out, pc)
		for k := range calls[1:] {
			c := &calls[1+k]
			if i+1 == len(stack) || stack[i+1] == c.PC+1 {
				break
			}
			if !d.Wrapper(c) {
				out = append(out, c.PC+1)
			}
		}
	}
	return out
}
