package image

import (
	"fmt"
	"math"

	"goheap/heap"
)

// Comparison is one comparison of what was found with what the program's runtime says.
type Comparison struct {
	Name          string
	Ours, Runtime int64
	Status        string   // Agrees, Differs or NotComparable
	Reason        string   // for people: why the status is what it is, or what was found all the same
	Examples      []uint64 // up to ten addresses where the two differ
	Live          bool     // it holds the live set, slot by slot, against the marks of the last collection
	Absent        bool     // the kind of file has nothing to compare with
}

// What comes of a Comparison.
const (
	Agrees        = "ok"
	Differs       = "differs"
	NotComparable = "not_comparable"
)

const examples = 10

// The names of the comparisons of the live set.
const (
	MarksDied   = "slots marked but not live"
	MarksUnseen = "slots live but neither marked nor allocated since"
	MarksSum    = "bytes marked by the last collection"
)

// Compare compares the live set with the mark bits of the last collection, and sums
// with the runtime's counters. It differs only where nothing that a sound program
// does explains it. A program goes on after its last collection: it drops some of
// what was marked, and sets, removes and runs finalizers. But what it holds was
// marked then, or allocated since.
func (im *Image) Compare(live *heap.Marker, r *Counters) []Comparison {
	var checks []Comparison
	// add returns the index of the new check: the slice moves.
	add := func(name string, ours, runtime int64, ok bool, reason string, ex []uint64) int {
		c := Comparison{Name: name, Ours: ours, Runtime: runtime, Status: Agrees, Examples: ex}
		if !ok {
			c.Status, c.Reason = Differs, reason
		}
		checks = append(checks, c)
		return len(checks) - 1
	}

	reached := live.Bits().Words()
	liveUnallocated, _, ex := im.Difference(examples, reached, im.Allocated)
	add("reachable slots that are not allocated", int64(liveUnallocated), 0, liveUnallocated == 0,
		"pointers lead to slots that the runtime holds for free: the core was taken inside the allocator, or the reader is wrong", ex)

	if slots, size := im.CountSlots(im.Allocated); r.Statistics {
		reason, settled := "the runtime's own counters disagree", true
		if d := int64(slots) - r.AllocSlots; d != 0 && within(d, 0, int64(r.Mallocing)*(1+r.Uncached)+int64(im.Sweeping.Slots)) {
			settled = false
			reason = fmt.Sprintf("%s: the runtime's counters may be behind", im.Unsettled(r))
		}
		if r.CountedFirst && int64(slots) < r.AllocSlots && int64(size) < r.AllocBytes {
			settled = false
			reason = "objects were counted and then swept, before the dump was written: dead ones, unless the file has lost some; runtime.GC() before WriteHeapDump makes both agree"
		}
		for _, i := range []int{
			add("allocated slots", int64(slots), r.AllocSlots, within(int64(slots), r.AllocSlots, 0), reason, nil),
			add("allocated bytes", int64(size), r.AllocBytes, within(int64(size), r.AllocBytes, 0), reason, nil),
		} {
			if !settled && checks[i].Status == Differs {
				checks[i].Status = NotComparable
			}
		}
	}

	if r.NoMarks != "" {
		for _, name := range []string{MarksDied, MarksUnseen} {
			i := add(name, 0, 0, true, "", nil)
			checks[i].Live, checks[i].Absent, checks[i].Status, checks[i].Reason = true, true, NotComparable, r.NoMarks
		}
		return checks
	}
	// While a collection marks, all spans are swept, and the marks of the one
	// before are their allocation bits (runtime/mgc.go, gcStart): these are
	// compared then.
	_, markedBytes := im.CountSlots(im.Marked)
	dead, deadBytes, deadEx := im.Difference(examples, im.Marked, reached)
	fresh, _ := im.CountSlots(im.Fresh)
	fresh -= im.Sweeping.Fresh
	unmarked, _, unmarkedEx := im.Difference(examples, reached, im.Marked, im.Fresh)
	died := add(MarksDied, int64(dead), 0, true, "", deadEx)
	unseen := add(MarksUnseen, int64(unmarked), 0, unmarked == 0, "they are reachable, but the last collection did not mark them", unmarkedEx)
	checks[died].Live, checks[unseen].Live = true, true
	dropped := fmt.Sprintf("allocated %d slots, and dropped %d of %d marked bytes", fresh, deadBytes, markedBytes)
	switch {
	case r.NumGC == 0:
		for _, i := range []int{died, unseen} {
			checks[i].Status, checks[i].Reason = NotComparable, "no collection has ended yet"
		}
	case dead == 0:
	case r.Gcphase != GcOff:
		checks[died].Status = NotComparable
		checks[died].Reason = fmt.Sprintf("the core was taken %s, when its marks are incomplete; the program ran on after the collection before, %s", PhaseName(r.Gcphase), dropped)
	case im.Sweeping.Unswept > 0 || im.Sweeping.Spans > 0:
		checks[died].Status = NotComparable
		checks[died].Reason = fmt.Sprintf("the last collection has only just ended, and what died while it marked is marked: %d of %d bytes; %d spans wait to be swept", deadBytes, markedBytes, im.Sweeping.Unswept)
	default:
		checks[died].Status = NotComparable
		checks[died].Reason = "the program ran on after its last collection, " + dropped
	}
	if im.Sweeping.Spans > 0 {
		for _, i := range []int{died, unseen} {
			if checks[i].Status == Agrees {
				checks[i].Reason = fmt.Sprintf("all but %d slots, which were being swept", im.Sweeping.Slots)
			}
		}
	}
	if r.NumGC > 0 {
		low, high, least := im.MarkedSum()
		runtime := int64(min(r.HeapMarked, math.MaxInt64))
		ours := min(max(runtime, low), high)
		tolerance := max(ours/1000, 16<<10)
		i := add(MarksSum, ours, runtime, within(ours, runtime, tolerance),
			fmt.Sprintf("by the mark bits it is %d at least, whatever finalizers were set, removed or run, and runtime.gcController.heapMarked says something else", least), nil)
		switch c := &checks[i]; {
		case c.Status == Agrees:
			if high-low > tolerance {
				c.Reason = fmt.Sprintf("by the mark bits from %d to %d: what has a finalizer was counted twice if it had one then", low, high)
			}
		case r.Gcphase == GcMarkTermination || r.Between:
			c.Status, c.Reason = NotComparable, "the core was taken while a collection ended: the sum may be of this one, and the marks of the one before"
		case im.Sweeping.Spans > 0:
			c.Status, c.Reason = NotComparable, im.Unsettled(r)+": their marks are not in the sum"
		case runtime > high && runtime < MaxAddr:
			c.Status, c.Reason = NotComparable, fmt.Sprintf("by the mark bits from %d to %d: finalizers that were removed since make the difference, or were set while it marked", low, high)
		case runtime < low && runtime >= least-tolerance:
			c.Status, c.Reason = NotComparable, fmt.Sprintf("by the mark bits from %d to %d: finalizers that have run since make the difference", low, high)
		}
	}
	return checks
}

func within(a, b, tolerance int64) bool { return a-b <= tolerance && b-a <= tolerance }
