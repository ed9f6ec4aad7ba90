// Package account says where the memory of a process went: what the runtime's records
// say of the Go heap, and whose the rest of the address space is. It is plain data and
// arithmetic, and knows neither files nor Go's structures. All sizes are in bytes.
package account

import "math"

// Account is what a file says of the memory of a process.
type Account struct {
	// Counters are the runtime's own; nil where the file has none.
	Counters *Counters
	// Pages is what the spans and the page allocator say; nil where the file does not
	// have their records.
	Pages   *Pages
	Classes []Class // by size of slot, ascending; large objects last
	Stacks  Stacks
	// Defers and Sudogs are live objects that the runtime keeps for the next deferred call,
	// and for the next goroutine that waits.
	Defers, Sudogs Spare
	// Regions are the parts of the address space that can hold memory, by address, and
	// share none of it; none where the file does not say how memory was mapped.
	Regions []Region
	// Reserved is address space that nothing can be stored in.
	Reserved uint64
	// Resident is what the kernel said of the process; nil where nobody kept that.
	Resident *Residency
}

// Counters are what runtime.ReadMemStats would have said at that moment, under its
// names, and what steers the collector.
type Counters struct {
	Sys                                                   uint64
	HeapAlloc, HeapSys, HeapIdle, HeapInuse, HeapReleased uint64
	StackInuse, StackSys                                  uint64
	MSpanInuse, MSpanSys, MCacheInuse, MCacheSys          uint64
	BuckHashSys, GCSys, OtherSys                          uint64
	NextGC                                                uint64
	LastGC, PauseTotalNs                                  uint64 // nanoseconds; LastGC since 1970
	NumGC, NumForcedGC                                    uint64

	WorkBuffers uint64 // of GCSys, in spans
	GCPercent   int64  // GOGC, below 0 for off; see Paced
	MemoryLimit int64  // GOMEMLIMIT; NoLimit where there is none
	Paced       bool   // the two above are known
}

// NoLimit is the MemoryLimit of a program that has none.
const NoLimit = math.MaxInt64

// Pages are the pages of the Go heap by what they are used for.
type Pages struct {
	Objects  uint64 // spans that hold objects
	Stacks   uint64 // spans for stacks
	Work     uint64 // other spans of the runtime: work buffers of the collector
	Kept     uint64 // free, and not given back to the system
	Returned uint64 // free, and given back
	Missing  int    // records that are not in the file: the sums lack what they stand for
}

// Mapped is all pages that may be resident.
func (p *Pages) Mapped() uint64 { return p.Objects + p.Stacks + p.Work + p.Kept }

// Class is the spans whose slots have one size.
type Class struct {
	Slot  uint64 // bytes of a slot; 0 for large objects, each in a span of its own
	Spans uint64
	Bytes uint64 // of all these spans
	// What the spans consist of: live objects and garbage (allocated slots), free
	// slots, and the rest, where no slot fits or the runtime keeps pointer maps.
	LiveObjects, Live       uint64
	GarbageObjects, Garbage uint64
	Free, Ends              uint64
	// Lone are the spans that one live object keeps, of those that have room for more.
	Lone, LoneBytes uint64
}

// Spare is objects that are of no use at the moment, and their slots in bytes.
type Spare struct{ Objects, Bytes uint64 }

// Sum adds up classes.
func Sum(classes []Class) (sum Class) {
	for i := range classes {
		c := &classes[i]
		sum.Spans += c.Spans
		sum.Bytes += c.Bytes
		sum.LiveObjects += c.LiveObjects
		sum.Live += c.Live
		sum.GarbageObjects += c.GarbageObjects
		sum.Garbage += c.Garbage
		sum.Free += c.Free
		sum.Ends += c.Ends
		sum.Lone += c.Lone
		sum.LoneBytes += c.LoneBytes
	}
	return sum
}

// Stacks are the stacks in the spans for stacks.
type Stacks struct {
	Goroutines int    // that have one there
	Used, Idle uint64 // of their stacks: from the stack pointer up, and below it
	Threads    uint64 // stacks of threads
	// Free is the rest of the spans: what is kept for goroutines to come, by processors,
	// in pools, and by goroutines that have ended.
	Free    uint64
	Deepest []Stack // those that use most, the deepest first
}

// Stack is the stack of a goroutine.
type Stack struct {
	Goroutine  uint64 // its number
	Used, Size uint64
}

// Region is a part of the address space.
type Region struct {
	Start, End uint64
	Kind       Kind
	Name       string // the path of a file
	// Content is the bytes of its pages that are in the file and are not all zeros, once
	// Counted says that they were counted. They are resident, or swapped out.
	Content uint64
	Counted bool
	// Resident is how much of it the kernel had in memory, and Swapped in swap; see
	// Account.Resident.
	Resident, Swapped uint64
}

// Size returns how many bytes the region has.
func (r *Region) Size() uint64 { return r.End - r.Start }

// Kind says whose a region is.
type Kind uint8

const (
	GoHeap      Kind = iota + 1 // pages of the Go heap
	GoTables                    // the runtime's records beside the heap
	Executable                  // code and data of the program
	Library                     // code and data of a shared library
	File                        // a mapped file
	ThreadStack                 // of the system's threads
	CHeap                       // behind the data of the executable, which brk(2) moves
	CArena                      // of malloc (glibc), for threads
	CBlocks                     // large blocks of malloc (glibc)
	Kernel                      // the kernel's own, as the vdso
	Anonymous                   // of which nothing is known
)

var kindNames = [...]string{
	GoHeap: "go_heap", GoTables: "go_tables", Executable: "executable", Library: "library", File: "file", ThreadStack: "thread_stack",
	CHeap: "c_heap", CArena: "c_arena", CBlocks: "c_blocks", Kernel: "kernel", Anonymous: "anonymous",
}

// String is the kind's name in documents.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return ""
}

// OutsideGo reports whether memory of the kind is neither the Go heap, nor the
// runtime's, nor the program's code and data, nor a thread's stack or the kernel's.
func (k Kind) OutsideGo() bool {
	return k == File || k == CHeap || k == CArena || k == CBlocks || k == Anonymous
}
