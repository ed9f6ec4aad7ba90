package dump

// What the records of a heap dump say, by their kinds. Addresses are of the
// program's memory.

// Params returns the parameters, once they were read.
func (r *HeapRecords) Params() HeapParams { return r.params }

// Addr returns the address of an object, a segment or a frame.
func (r *HeapRecords) Addr() uint64 { return r.numbers[0] }

// TypeRecord is a type that some itab is for.
type TypeRecord struct {
	Addr, Size uint64 // Addr of its descriptor
	Name       []byte
	Indirect   bool
}

// Type returns what a record of kind RecordType says.
func (r *HeapRecords) Type() TypeRecord {
	return TypeRecord{r.numbers[0], r.numbers[1], r.strings[0], r.numbers[2] == 1}
}

// Itab returns the address of an itab and of the concrete type that it is for.
func (r *HeapRecords) Itab() (itab, typ uint64) { return r.numbers[0], r.numbers[1] }

// GoroutineRecord is a goroutine; the frames, deferred calls and panics that follow
// it are its own.
type GoroutineRecord struct {
	Addr, SP, ID, GoPC, Status uint64
	System                     bool
	WaitSince                  uint64
	WaitReason                 []byte
	Ctxt, M, Defer, Panic      uint64
}

// Goroutine returns what a record of kind RecordGoroutine says.
func (r *HeapRecords) Goroutine() GoroutineRecord {
	n := &r.numbers
	return GoroutineRecord{n[0], n[1], n[2], n[3], n[4], n[5] == 1, n[7], r.strings[0], n[8], n[9], n[10], n[11]}
}

// FrameRecord is a frame of a stack; its Contents go from SP to the canonical frame
// address.
type FrameRecord struct {
	SP, Depth, Child    uint64 // Child is the stack pointer of the callee, 0 for none
	Entry, PC, ContinPC uint64
	Func                []byte
}

// Frame returns what a record of kind RecordFrame says.
func (r *HeapRecords) Frame() FrameRecord {
	n := &r.numbers
	return FrameRecord{n[0], n[1], n[2], n[3], n[4], n[5], r.strings[1]}
}

// FinalizerRecord is a finalizer that an object has, or one that waits to run.
type FinalizerRecord struct {
	Object, Fn, Code uint64
	ArgType, ObjType uint64 // of the function's argument, and of the pointer to the object
}

// Finalizer returns what a record of kind RecordFinalizer or RecordQueuedFinalizer
// says.
func (r *HeapRecords) Finalizer() FinalizerRecord {
	n := &r.numbers
	return FinalizerRecord{n[0], n[1], n[2], n[3], n[4]}
}

// Thread returns the address of a runtime.m, its number, and the thread's id.
func (r *HeapRecords) Thread() (m, id, tid uint64) { return r.numbers[0], r.numbers[1], r.numbers[2] }

// DeferRecord is a deferred call.
type DeferRecord struct{ Addr, G, SP, PC, Fn, Code, Link uint64 }

// Defer returns what a record of kind RecordDefer says.
func (r *HeapRecords) Defer() DeferRecord {
	n := &r.numbers
	return DeferRecord{n[0], n[1], n[2], n[3], n[4], n[5], n[6]}
}

// PanicRecord is a panic in progress, whose argument is an interface.
type PanicRecord struct{ Addr, G, Type, Data, Link uint64 }

// Panic returns what a record of kind RecordPanic says.
func (r *HeapRecords) Panic() PanicRecord {
	n := &r.numbers
	return PanicRecord{n[0], n[1], n[2], n[3], n[5]}
}

// OtherRoot returns what a record of kind RecordOtherRoot says.
func (r *HeapRecords) OtherRoot() (what []byte, ptr uint64) { return r.strings[0], r.numbers[0] }

// AllocSample returns the address of a sampled object and its bucket in the memory
// profile.
func (r *HeapRecords) AllocSample() (object, bucket uint64) { return r.numbers[0], r.numbers[1] }

// HeapStats is what is used of the runtime.MemStats in a heap dump.
type HeapStats struct {
	HeapAlloc, HeapInuse, HeapObjects uint64
	StackInuse                        uint64
	NumGC                             uint64

	Sys, HeapSys, HeapIdle, HeapReleased, StackSys uint64
	MSpanInuse, MSpanSys, MCacheInuse, MCacheSys   uint64
	BuckHashSys, GCSys, OtherSys                   uint64
	NextGC, LastGC, PauseTotalNs                   uint64
}

// MemStats returns what a record of kind RecordMemStats says.
func (r *HeapRecords) MemStats() HeapStats { return r.memory }

// memStats reads the numbers of runtime.MemStats: 24, the 256 last pauses, and
// NumGC (runtime/heapdump.go, dumpmemstats).
func (r *HeapRecords) memStats() {
	var n [24]uint64
	for i := range n {
		n[i] = r.uint()
	}
	for range 256 {
		r.uint()
	}
	r.memory = HeapStats{
		HeapAlloc: n[6], HeapInuse: n[9], HeapObjects: n[11], StackInuse: n[12], NumGC: r.uint(),
		Sys: n[2], HeapSys: n[7], HeapIdle: n[8], HeapReleased: n[10], StackSys: n[13],
		MSpanInuse: n[14], MSpanSys: n[15], MCacheInuse: n[16], MCacheSys: n[17],
		BuckHashSys: n[18], GCSys: n[19], OtherSys: n[20], NextGC: n[21], LastGC: n[22], PauseTotalNs: n[23],
	}
}

// ProfileCall is a call on the stack of an allocation. The function is the one that
// was not inlined; file and line are of the innermost call inlined into it.
type ProfileCall struct {
	Func, File []byte
	Line       uint64
}

// MemProfRecord is a bucket of the memory profile.
type MemProfRecord struct {
	Bucket, Size  uint64 // Size of one object
	Stack         []ProfileCall
	Allocs, Frees uint64
}

// MemProf returns what a record of kind RecordMemProf says.
func (r *HeapRecords) MemProf() MemProfRecord {
	n := &r.numbers
	return MemProfRecord{n[0], n[1], r.stack, n[2], n[3]}
}

func (r *HeapRecords) memProf() {
	n := &r.numbers
	n[0], n[1] = r.uint(), r.uint()
	at := r.off
	calls := r.uint()
	// A call takes three bytes at least.
	if left := uint64(len(r.data) - r.off); r.err == nil && calls > left/3 {
		r.failAs(ErrHeapDumpTruncated, uint64(at), "a stack of %d calls should follow, but the file ends after %d bytes: it is cut short, or damaged here or before; write the dump again", calls, left)
	}
	r.stack = r.stack[:0]
	for i := uint64(0); i < calls && r.err == nil; i++ {
		r.stack = append(r.stack, ProfileCall{r.string(), r.string(), r.uint()})
	}
	n[2], n[3] = r.uint(), r.uint()
}
