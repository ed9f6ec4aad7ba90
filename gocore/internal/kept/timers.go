package kept

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"goheap/gocore/internal/program"
	"goheap/gocore/later"
)

// The status of a timer until Go 1.22 (runtime/time.go).
const (
	timerNoStatus        = 0
	timerDeleted         = 3
	timerRemoving        = 4
	timerRemoved         = 5
	timerModifiedEarlier = 7
	timerModifiedLater   = 8
)

// timers reads those that the runtime has in the heaps of its processors, and that were not
// stopped.
func (f *finder) timers(ctx context.Context) error {
	l, im := &f.Library.Layout.Library.RuntimeTimer, f.Image
	word := func(addr uint64) uint64 {
		v, _ := im.Mem.Word(addr)
		return v
	}
	if !l.F.Has() || !l.When.Has() || !l.Period.Has() {
		return nil
	}
	for i, addr := range im.Records.Timers {
		if err := program.Look(ctx, i); err != nil {
			return err
		}
		when, ok := im.Mem.Uint(addr+l.When.Offset, l.When.Size)
		period, ok2 := im.Mem.Uint(addr+l.Period.Offset, l.Period.Size)
		if !ok || !ok2 {
			continue
		}
		if l.Status.Has() {
			status, _ := im.Mem.Uint(addr+l.Status.Offset, l.Status.Size)
			switch status {
			case timerNoStatus, timerDeleted, timerRemoving, timerRemoved:
				continue
			case timerModifiedEarlier, timerModifiedLater:
				when, _ = im.Mem.Uint(addr+l.Nextwhen.Offset, l.Nextwhen.Size)
			}
		}
		if int64(when) <= 0 {
			continue // it was stopped (runtime/time.go, stop, Go 1.23)
		}
		t := later.Timer{Addr: addr, Node: f.node(addr), When: int64(when), Period: int64(period)}
		name := f.closureName(word(addr + l.F.Offset))
		switch {
		case name == "time.sendTime":
			t.Kind = later.ChannelTimer
		case name == "time.goFunc":
			// What time.AfterFunc was given is in an interface, which holds the closure
			// itself.
			closure := word(addr + l.Arg.Offset + uint64(im.Arch.PtrSize))
			t.Kind, t.Func = later.CallTimer, f.closureName(closure)
			if n := f.node(closure); int(n) < f.Graph.Len() {
				f.clocks[n] = true
			}
		case name == "runtime.goroutineReady":
			t.Kind = later.SleepTimer
		case strings.HasPrefix(name, "runtime.netpoll"):
			t.Kind = later.PollTimer
		case name == "" || strings.HasPrefix(name, "runtime.") || strings.HasPrefix(name, "internal/"):
			t.Kind, t.Func = later.OtherTimer, name
		default:
			t.Kind, t.Func = later.CallTimer, name
		}
		f.out.Timers = append(f.out.Timers, t)
	}
	slices.SortFunc(f.out.Timers, func(a, b later.Timer) int {
		return cmp.Or(cmp.Compare(a.When, b.When), cmp.Compare(a.Addr, b.Addr))
	})
	return nil
}
