package corefile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"goheap/dump"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/program"
	"goheap/gocore/internal/unwind"
)

// readGoroutines walks the stacks of all goroutines that have one, as the
// collector does. A thread's registers count for the goroutine it runs.
func (d *decoder) readGoroutines(ctx context.Context) error {
	im, rt, a := d.Image, d.Layout, d.Image.Arch
	for f := range d.Modules[0].Table.ByName("runtime.main") {
		d.SetGoroot(f)
	}
	walker, err := d.Walker()
	if err != nil {
		return fmt.Errorf("%w: %w", program.ErrVersion, err)
	}
	d.Image.Walker = walker
	allgs, err := d.Global("runtime.allgs")
	if err != nil {
		return err
	}
	w := uint64(a.PtrSize)
	header, ok := im.Mem.Slice(allgs, 2*w)
	if !ok {
		return fmt.Errorf("%w: runtime.allgs at %#x is not in the core", dump.ErrTruncated, allgs)
	}
	count := a.Word(header[w:])
	list, ok := im.Mem.Items(a.Word(header), count, w, program.MaxList)
	if !ok {
		return fmt.Errorf("%w: the list of %d goroutines at %#x is not in the core", dump.ErrTruncated, count, a.Word(header))
	}
	records, missing, err := d.liveGoroutines(ctx, list)
	if err != nil {
		return err
	}
	threads := map[uint64]*dump.Thread{}
	for i := range d.core.Threads {
		threads[uint64(d.core.Threads[i].ID)] = &d.core.Threads[i]
	}
	var inexact, noThread int
	var first string
	var frames []unwind.Frame
	var slots []unwind.Slot
	for _, addr := range records {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, ok := im.Mem.Slice(addr, uint64(rt.G.Size))
		if !ok {
			continue
		}
		f := &rt.G
		g := image.Goroutine{
			Addr: addr, ID: f.Goid.Uint(a, b), Parent: f.ParentGoid.Uint(a, b),
			Status: d.statusOf(b), WaitReason: uint8(f.Waitreason.Uint(a, b)), WaitSince: int64(f.Waitsince.Uint(a, b)),
			Locked:  f.Lockedm.Uint(a, b) != 0,
			StartPC: f.Startpc.Uint(a, b), GoPC: f.Gopc.Uint(a, b), StackLo: f.StackLo.Uint(a, b), StackHi: f.StackHi.Uint(a, b),
			Waiting: f.Waiting.Uint(a, b),
		}
		from := unwind.G{
			StackLo: g.StackLo, StackHi: g.StackHi, StackTop: f.Stktopsp.Uint(a, b),
			SchedPC: f.SchedPC.Uint(a, b), SchedSP: f.SchedSP.Uint(a, b), SchedLR: f.SchedLR.Uint(a, b), SchedBP: f.SchedBP.Uint(a, b),
			SyscallPC: f.Syscallpc.Uint(a, b), SyscallSP: f.Syscallsp.Uint(a, b), SyscallBP: f.Syscallbp.Uint(a, b),
			Running: g.Status == image.GRunning,
			Ctxt:    addr + f.SchedCtxt.Offset, Defer: addr + f.Defer.Offset, Panic: addr + f.Panic.Offset,
		}
		if state := f.XRegsState.Uint(a, b); d.ScansVectorRegisters() && state != 0 && f.AsyncSafePoint.Uint(a, b) != 0 {
			from.ExtendedRegs = unwind.Range{Addr: state + rt.XRegState.Regs.Offset, Size: uint64(rt.XRegState.Regs.Size)}
		}
		var thread *unwind.Thread
		if m := f.M.Uint(a, b); m != 0 && (g.Status == image.GRunning || g.Status == image.GSyscall) {
			thread = d.threadOf(m, threads, &g)
			if thread == nil && g.Status == image.GRunning {
				noThread++
			}
		}
		state, err := walker.Start(&from, thread)
		if err != nil {
			inexact++
			first = cmpFirst(first, g.ID, err)
		}
		g.State = state
		frames, slots, err = walker.Walk(state, frames[:0], slots[:0])
		im.Walks.Keep(len(im.Goroutines), frames, slots)
		if err != nil {
			inexact++
			first = cmpFirst(first, g.ID, err)
			for _, lost := range lostRanges(err) {
				slots = walker.Conservative(lost.Addr, lost.Addr+lost.Size, slots, im.InHeap)
			}
		}
		g.Root = len(im.Roots)
		g.Func = d.FuncOf(frames)
		im.AddRoot(image.Root{Kind: image.GoroutineRoot, Addr: addr, Goroutine: int32(len(im.Goroutines))})
		if im.InHeap(addr) {
			im.Pieces = append(im.Pieces, image.Piece{Value: addr, Frame: -1, Register: image.InRecord})
		}
		d.records.ReadWaits(&g, slots)
		for _, s := range slots {
			p, ok := im.Mem.Word(s.Addr)
			if ok && im.InHeap(p) {
				im.Pieces = append(im.Pieces, image.Piece{Slot: s.Addr, Value: p, Frame: s.Frame, Register: -1, Conservative: s.Conservative})
			}
		}
		if state.Running {
			for i, p := range state.Registers {
				if im.InHeap(p) {
					im.Pieces = append(im.Pieces, image.Piece{Value: p, Frame: 0, Register: int16(i), Conservative: true})
				}
			}
		}
		im.EndRoot()
		im.Goroutines = append(im.Goroutines, g)
	}
	d.Problem(dump.Error, missing, "goroutines (runtime.g) are not in the core: what their stacks hold is missing")
	d.Problem(dump.Warning, inexact, "goroutine stacks could not be walked exactly; what is left of them was scanned conservatively. The first: "+first)
	d.Problem(dump.Warning, noThread, "running goroutines have no thread in the core (another pid namespace?): their stacks were read from where they last stopped")
	return nil
}

// statusOf returns the status in the bytes of a runtime.g.
func (d *decoder) statusOf(g []byte) uint32 {
	return uint32(d.Layout.G.Atomicstatus.Uint(d.Image.Arch, g)) &^ image.GScan
}

// liveGoroutines returns the addresses of the goroutines in list that have a stack,
// in its order, and how many are not in the core. In a sound core each is listed
// once and has a stack of its own, so that what all of them have is no more than the
// core holds. Of two that overlap, the one with the larger stack, or else the later
// one, is left out.
func (d *decoder) liveGoroutines(ctx context.Context, list []byte) (live []uint64, missing int, err error) {
	f, a := &d.Layout.G, d.Image.Arch
	w := a.PtrSize
	type stack struct {
		lo, hi uint64
		number int // in live
	}
	var stacks []stack
	var repeated int
	seen := make(map[uint64]bool, min(len(list)/w, program.SomeItems))
	for i := range len(list) / w {
		if err := program.Look(ctx, i); err != nil {
			return nil, 0, err
		}
		addr := a.Word(list[i*w:])
		if seen[addr] {
			repeated++
			continue
		}
		seen[addr] = true
		b, ok := d.Image.Mem.Slice(addr, uint64(f.Size))
		if !ok {
			missing++
			continue
		}
		if image.HasNoStack(d.statusOf(b)) {
			continue
		}
		if s := (stack{f.StackLo.Uint(a, b), f.StackHi.Uint(a, b), len(live)}); s.lo < s.hi {
			stacks = append(stacks, s)
		}
		live = append(live, addr)
	}
	slices.SortFunc(stacks, func(x, y stack) int {
		return cmp.Or(cmp.Compare(x.lo, y.lo), cmp.Compare(x.hi, y.hi), cmp.Compare(x.number, y.number))
	})
	overlapping := 0
	kept := stack{}
	for _, s := range stacks {
		if s.lo >= kept.hi {
			kept = s
			continue
		}
		overlapping++
		if c := cmp.Or(cmp.Compare(s.hi-s.lo, kept.hi-kept.lo), cmp.Compare(s.number, kept.number)); c < 0 {
			kept, s = s, kept
		}
		live[s.number] = 0
	}
	d.Problem(dump.Error, repeated, "goroutines (runtime.g) stand in runtime.allgs more than once: each was read once, and others are missing perhaps")
	d.Problem(dump.Error, overlapping, "goroutines (runtime.g) have a stack that is another one's too: they were left out")
	return slices.DeleteFunc(live, func(addr uint64) bool { return addr == 0 }), missing, nil
}

func cmpFirst(first string, id uint64, err error) string {
	if first != "" {
		return first
	}
	// A walk can fail in several ways, each on a line of its own.
	return fmt.Sprintf("goroutine %d: %s", id, strings.ReplaceAll(err.Error(), "\n", "; "))
}

// lostRanges returns the parts of the stack that a walk says it did not read.
func lostRanges(err error) []unwind.Range {
	var out []unwind.Range
	var collect func(error)
	collect = func(err error) {
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			for _, e := range joined.Unwrap() {
				collect(e)
			}
			return
		}
		var e *unwind.Error
		if errors.As(err, &e) && e.Hi > e.Lo {
			out = append(out, unwind.Range{Addr: e.Lo, Size: e.Hi - e.Lo})
		}
	}
	collect(err)
	return out
}

// threadOf returns the thread that executes goroutine g on the m at addr.
func (d *decoder) threadOf(addr uint64, threads map[uint64]*dump.Thread, g *image.Goroutine) *unwind.Thread {
	rt, a, mem := d.Layout, d.Image.Arch, d.Image.Mem
	m, ok := mem.Slice(addr, uint64(rt.M.Size))
	if !ok {
		return nil
	}
	u := &unwind.Thread{VDSOPC: rt.M.VdsoPC.Uint(a, m), VDSOSP: rt.M.VdsoSP.Uint(a, m)}
	if sig, ok := mem.Slice(rt.M.Gsignal.Uint(a, m), uint64(rt.G.Size)); ok {
		u.SignalLo, u.SignalHi = rt.G.StackLo.Uint(a, sig), rt.G.StackHi.Uint(a, sig)
	}
	t := threads[rt.M.Procid.Uint(a, m)]
	if t == nil {
		t = d.threadOn(g.StackLo, g.StackHi, u.SignalLo, u.SignalHi)
	}
	if t == nil {
		return nil
	}
	g.Thread = t.ID
	u.Registers = unwind.Registers{PC: t.PC, SP: t.SP, BP: t.BP, LR: t.LR, All: t.Regs}
	return u
}

// threadOn returns the thread whose stack pointer is on a goroutine's stack or on
// the signal stack of its m. A debugger outside of the process's pid namespace knows
// threads by other numbers than the runtime does.
func (d *decoder) threadOn(lo, hi, signalLo, signalHi uint64) *dump.Thread {
	for i := range d.core.Threads {
		t := &d.core.Threads[i]
		if t.SP >= lo && t.SP < hi || t.SP >= signalLo && t.SP < signalHi {
			return t
		}
	}
	return nil
}
