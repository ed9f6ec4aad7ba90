// Package profile has the profiles that the runtime keeps of a program, as plain data.
package profile

// Heap is the memory profile: what was allocated and freed, by stack and size, as far as
// the profiler sampled it.
type Heap struct {
	// Rate is runtime.MemProfileRate: one object is sampled in so many bytes allocated,
	// all if it is 1, none if it is 0.
	Rate uint64
	// RateKnown says that the file has the rate; a heap dump does not.
	RateKnown bool
	// Samples are in the order of the runtime's list, the newest stack first; those of a
	// heap dump by the address of their record.
	Samples []HeapSample
	// Missing are records of stacks that are not in the file, or not sound.
	Missing int
}

// HeapSample is what was sampled of the objects of one size that were allocated with one
// stack. The numbers are the runtime's own, not scaled: as of the last collection that has
// ended, as runtime.MemProfile says them.
type HeapSample struct {
	Stack         []Frame // innermost first
	Size          uint64  // bytes of each object, rounding included
	Allocs, Frees uint64
}

// Kind is one of the runtime's profiles.
type Kind int

const (
	Block      Kind = iota // operations that blocked (runtime.SetBlockProfileRate)
	Mutex                  // locks that others waited for (runtime.SetMutexProfileFraction)
	Goroutines             // where they stand
	Threads                // where they were started
)

// Contention is a profile of what goroutines waited for: Block or Mutex.
type Contention struct {
	// TicksPerSecond is by what the runtime converts the ticks of samples to time; 0 where
	// it had not measured that yet.
	TicksPerSecond int64
	// Rate is what the program asked for, as the runtime keeps it: for Block in ticks, for
	// Mutex one event in so many; 0 is off.
	Rate    int64
	Samples []ContentionSample // in the order of the runtime's list, the newest stack first
	Missing int                // as in Heap
}

// ContentionSample is what was waited for with one stack, scaled as the runtime does.
type ContentionSample struct {
	Stack []Frame // innermost first
	Count int64
	Ticks int64 // of the processor's clock
}

// Stack is one of those that a profile counts: where a goroutine stands, or where a thread
// was started.
type Stack struct {
	Goroutine int     // as an index in gocore's Goroutines; -1 for a thread
	Frames    []Frame // innermost first
}

// Frame is a call on a stack. An inlined call is a frame of its own.
type Frame struct {
	PC   uint64 // where it returns to; 0 is unknown
	Func string // of the call at PC-1
	// After is the function that the code at PC itself belongs to, which differs where a
	// call is the last of what was inlined.
	After string
	File  string
	Line  int
}
