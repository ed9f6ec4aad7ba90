package image

import (
	"strings"

	"goheap/heap"
)

// MarkedSum returns between what sums runtime.gcController.heapMarked lies by the
// finalizers that there are, and what it is at least whatever finalizers there were.
// It is the sum of the marked slots, but for two things.
//
// An object with pointers that has a finalizer when the collector looks at the
// specials is scanned from there, which counts its bytes, and once more if it is
// marked (runtime/mgcmark.go, gcScanFinalizer and scanObject). What was allocated
// since had none then. SetFinalizer scans the object too while the collector marks
// (runtime/mheap.go, addfinalizer), so that what a program sets and removes again
// and again has no bound.
//
// And an object that only its finalizer kept is marked by the sweeper
// (runtime/mgcsweep.go, sweepLocked.sweep), which counts nothing: one without
// pointers was not counted at all.
func (im *Image) MarkedSum() (low, high, least int64) {
	var withPointers int64
	without := int64(im.FreedMarked)
	for i := range im.Extents {
		e := &im.Extents[i]
		n := int64(e.Elem) * int64(im.CountIn(e, im.Marked))
		if e.Pointers == NoPointers {
			without += n
		} else {
			withPointers += n
		}
	}
	var twice, queued int64
	last := heap.None
	for _, s := range im.Specials {
		n, ok := im.Pages.Lookup(s.Object)
		if !ok || s.Kind != FinalizerSpecial || n == last || HasBit(im.Fresh, n) {
			continue
		}
		last = n
		if e := im.ExtentAt(s.Object); e.Pointers != NoPointers {
			twice += int64(e.Elem)
		}
	}
	seen := map[heap.Node]bool{}
	for _, r := range im.Roots {
		if r.Kind != FinalizerRoot || !strings.HasPrefix(r.Name, QueuedFinalizer) {
			continue
		}
		for _, p := range im.Pieces[r.First : r.First+r.N] {
			n, ok := im.Pages.Lookup(p.Value)
			if e := im.ExtentAt(p.Value); ok && !seen[n] && e.Pointers == NoPointers && HasBit(im.Marked, n) {
				seen[n] = true
				queued += int64(e.Elem)
			}
		}
	}
	sum := withPointers + without
	return sum - queued, sum + twice, withPointers
}
