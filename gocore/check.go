package gocore

import (
	"fmt"

	"goheap/gocore/internal/image"
	"goheap/heap"
)

// Check is one comparison of what goheap found with what the program's runtime
// says.
type Check struct {
	Name          string
	Ours, Runtime int64
	Difference    int64
	Status        CheckStatus
	Reason        string   // for people: why the status is what it is, or what was found all the same
	Examples      []uint64 // up to ten addresses where the two differ
	// Live says that the check holds the live set, slot by slot, against the marks
	// of the last collection; the others are about sums and types.
	Live bool
	// Absent says that the kind of file has nothing to compare with; then Status is
	// CheckNotComparable.
	Absent bool
}

// CheckStatus is the outcome of a Check.
type CheckStatus string

const (
	CheckOK            CheckStatus = "ok"
	CheckDiffers       CheckStatus = "differs"
	CheckNotComparable CheckStatus = "not_comparable"
)

// claimsRejected is the name of the check of the types.
const claimsRejected = "type claims that contradict a pointer map"

// check is what image.Compare says of a heap.
func check(im *image.Image, live *heap.Marker, r *image.Counters) (checks []Check) {
	for _, c := range im.Compare(live, r) {
		checks = append(checks, Check{
			Name: c.Name, Ours: c.Ours, Runtime: c.Runtime, Difference: c.Ours - c.Runtime, Status: CheckStatus(c.Status),
			Reason: c.Reason, Examples: c.Examples, Live: c.Live, Absent: c.Absent,
		})
	}
	return checks
}

// checkTypes counts the claims on types that were rejected, since they contradicted a
// pointer map. A sound program has none: its objects have no other types by them, but
// what they claim is lost, with all that it leads to. Code that points to memory by a
// type that it does not have makes them too, through package unsafe.
//
// A thread that ran Go code may have been half way through writing an interface or a
// slice, one at a time.
func (p *Heap) checkTypes() Check {
	t := p.typing
	c := Check{Name: claimsRejected, Ours: int64(t.Conflicts), Difference: int64(t.Conflicts), Status: CheckOK}
	if t.Conflicts == 0 {
		return c
	}
	for _, r := range t.Rejected {
		c.Examples = append(c.Examples, r.Addr)
	}
	running := uint64(0)
	for i := range p.im.Goroutines {
		if p.im.Goroutines[i].Status == image.GRunning {
			running++
		}
	}
	c.Status, c.Reason = CheckDiffers, "rejected, so that the objects have other types or none"
	if t.Conflicts <= running {
		c.Status = CheckNotComparable
		c.Reason = fmt.Sprintf("%d goroutines were running, each perhaps half way through writing a value; rejected", running)
	}
	if len(t.Rejected) > 0 {
		c.Reason += "; the first: " + t.Rejected[0].Said
	}
	return c
}
