package gocore

import "goheap/gocore/internal/typing"

// RootKind is what kind of root a node is. Some have one name in reports.
type RootKind uint8

const (
	NoRoot         RootKind = iota // the node is an object
	GlobalRoot                     // a variable of a package
	GoroutineRoot                  // its frames and their variables are its parts
	FinalizerRoot                  // queued, or of an object that nothing reaches any more
	CleanupRoot                    // likewise
	WeakHandleRoot                 // likewise
	TimerRoot                      // all timers that run one function
	UnknownRoot                    // that a heap dump describes in words, or stands for those it lacks
)

// String returns the kind's name in reports: "object", "global", "goroutine", "timers"
// or "special".
func (k RootKind) String() string {
	switch k {
	case NoRoot:
		return "object"
	case GlobalRoot:
		return "global"
	case GoroutineRoot:
		return "goroutine"
	case TimerRoot:
		return "timers"
	}
	return "special"
}

// Evidence is why an object has its type, the strongest first. It is 0 for what is no
// live object.
type Evidence uint8

const (
	EvidenceHeader    Evidence = iota + 1 // the allocator's header in front of it
	EvidenceSpan                          // the span of a large object
	EvidenceInterface                     // the type word beside a pointer to it
	EvidenceContainer                     // the structure of a map or channel
	EvidencePointer                       // a typed pointer, slice or string
	EvidenceCode                          // its own first word: the entry of the code of a closure
	EvidenceFits                          // that no other type fits, which is no proof
	EvidenceInterior                      // only pointers to parts of it: the type is that of a part
	EvidenceNone                          // the type is unknown
)

// String returns the evidence's name in reports, "" for what is no live object.
func (e Evidence) String() string {
	if e == 0 {
		return ""
	}
	return typing.Evidence(e).String()
}
