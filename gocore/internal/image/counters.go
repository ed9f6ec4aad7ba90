package image

import (
	"fmt"
	"strings"
)

// Counters is what the runtime itself says of its heap, read by the decoder.
type Counters struct {
	Gcphase    uint64
	Between    bool  // a collection has begun or ended, and its phase does not say so yet
	Mallocing  int   // threads inside the allocator
	Uncached   int64 // slots that each of them may be about to count
	HeapMarked uint64
	AllocSlots int64 // from its statistics
	AllocBytes int64
	Statistics bool   // the two above were read
	NoMarks    string // says why there are no marks of the last collection, "" where there are
	// CountedFirst says that the statistics are from before the last sweep ended,
	// and the slots from after it (runtime/heapdump.go, mdump).
	CountedFirst bool
	NumGC        uint64
	LastGC       int64 // the program's clock at the end of the last collection
}

// Phases of a collection (runtime/mgc.go).
const (
	GcOff             = 0
	GcMarkTermination = 2
)

// PhaseName says what the collector was doing.
func PhaseName(phase uint64) string {
	if phase == GcMarkTermination {
		return "while a collection ended its marking"
	}
	return "while a collection was marking"
}

// Unsettled says what was under way in the allocator.
func (im *Image) Unsettled(r *Counters) string {
	var what []string
	if r.Mallocing > 0 {
		what = append(what, fmt.Sprintf("%d threads were inside the allocator", r.Mallocing))
	}
	if im.Sweeping.Spans > 0 {
		what = append(what, fmt.Sprintf("%d spans of %d slots were being swept", im.Sweeping.Spans, im.Sweeping.Slots))
	}
	return strings.Join(what, ", and ")
}
