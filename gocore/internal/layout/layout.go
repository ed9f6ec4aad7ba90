// Package layout is the one table of what goheap relies on in Go's runtime:
// each structure, field and constant stands here once, and its place is taken
// from the DWARF of the very executable that is being read.
package layout

import (
	"cmp"
	"fmt"
	"reflect"
	"strings"

	"goheap/internal/arch"
)

// Source knows the structures and constants of an executable. Package symbols
// has one over DWARF.
type Source interface {
	// Field returns the offset and size of a field, given as a path of names
	// ("sched.pc"), of the named type.
	Field(typ, path string) (offset, size uint64, ok bool)
	SizeOf(typ string) (uint64, bool)
	Const(name string) (int64, bool)
	// First returns the name of the first structure, by name, whose name begins so.
	First(prefix string) (string, bool)
}

// Field is the place of a field in its structure. Size is 0 where this version
// of Go has no such field.
type Field struct {
	Offset uint64
	Size   int
	names  string
}

// Paths returns the paths of names that lead to the field, the newest version's first.
func (f Field) Paths() []string { return strings.Split(f.names, "|") }

// Named reports whether the field is called so. It is how the fields of structures are
// found that differ with their type arguments.
func (f Field) Named(name string) bool {
	for rest, more := f.names, true; more; {
		var one string
		if one, rest, more = strings.Cut(rest, "|"); one == name {
			return true
		}
	}
	return false
}

// Has reports whether the field exists.
func (f Field) Has() bool { return f.Size != 0 }

// Uint reads the field from the bytes of its structure. Fields longer than 8
// bytes, slices for one, yield their first word. It returns 0 for a field that
// does not exist and for one that lies beyond b.
func (f Field) Uint(a arch.Arch, b []byte) uint64 {
	if f.Size == 0 || f.Offset > uint64(len(b)) || uint64(f.Size) > uint64(len(b))-f.Offset {
		return 0
	}
	b = b[f.Offset:]
	switch f.Size {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(a.Order().Uint16(b))
	case 4:
		return uint64(a.Order().Uint32(b))
	case 8:
		return a.Order().Uint64(b)
	}
	return a.Word(b)
}

// Word is a shorter way to Uint for fields of pointer size.
func (f *Field) Word(a *arch.Arch, b []byte) uint64 {
	if f.Size != a.PtrSize || f.Offset > uint64(len(b)) || uint64(f.Size) > uint64(len(b))-f.Offset {
		return 0
	}
	return a.Word(b[f.Offset:])
}

// Size is the size of a structure in bytes.
type Size uint64

// TypeName is what a structure is called; of one with type arguments, what its name
// begins with.
type TypeName string

// Is reports whether a type is called so, or is an instance of the generic type that is.
func (n TypeName) Is(name string) bool {
	return name == string(n) || strings.HasSuffix(string(n), "[") && strings.HasPrefix(name, string(n))
}

// Runtime holds the places of everything that is read. A structure's `type` tag
// is its name in DWARF; a field's `field` tag is its path. A bar separates the names
// that a structure or field has had, the newest first.
//
// A name that ends in [* or <* stands for all instances of a generic structure, or for
// all structures that the compiler and the linker write for types such as maps. Places
// are then those in the first instance by name: a reader asks each one itself, by
// Field.Named.
//
// A program has only what it uses. What stands in a structure with the tag
// `use:"some"` may be missing for that reason.
//
// What some supported version of Go does not have has a `go` tag with the minor
// versions that do: "22-", "-21", "20-21", or "experiment" for what depends on
// GOEXPERIMENT alone. It only tells what drift is to be reported: whether an entry
// is there is asked of DWARF. The `size` tag of a field has the sizes that it has
// had, in bytes, or "any" where nothing depends on it; the `value` tag "any" marks a
// constant whose value is asked of DWARF.
type Runtime struct {
	Mheap struct {
		Size     Size
		AllSpans Field `field:"allspans"`
		Sweepgen Field `field:"sweepgen"`
		Arenas   Field `field:"arenas"`

		// The page allocator's, and those of the allocators of records.
		Chunks      Field `field:"pages.chunks" size:"any" go:"18-"`
		InUse       Field `field:"pages.inUse.ranges" go:"18-"`
		SpanInuse   Field `field:"spanalloc.inuse" go:"18-"`
		McacheInuse Field `field:"cachealloc.inuse" go:"18-"`
		HeapArenas  Field `field:"heapArenas|allArenas" go:"18-"`
		Summary     Field `field:"pages.summary" go:"18-" size:"any"`
		ScavIndex   Field `field:"pages.scav.index.chunks" go:"19-"`
	} `type:"runtime.mheap"`
	// PallocData describes the pages of a chunk, a bit each.
	PallocData struct {
		Size      Size
		Bits      Field `field:"pallocBits" size:"any"`
		Scavenged Field `field:"scavenged" size:"any"`
	} `type:"runtime.pallocData" go:"18-"`
	ScavChunkData struct {
		Size Size
	} `type:"runtime.atomicScavChunkData" go:"21-"`
	GCBitsArena struct {
		Size Size
		Next Field `field:"next" go:"18-"`
	} `type:"runtime.gcBitsArena" go:"18-"`
	AddrRange struct {
		Size  Size
		Base  Field `field:"base.a"`
		Limit Field `field:"limit.a"`
	} `type:"runtime.addrRange" go:"18-"`

	Mspan struct {
		Size             Size
		StartAddr        Field `field:"startAddr"`
		Npages           Field `field:"npages"`
		State            Field `field:"state"`
		Spanclass        Field `field:"spanclass"`
		Elemsize         Field `field:"elemsize"`
		AllocCount       Field `field:"allocCount"`
		CountBeforeCache Field `field:"allocCountBeforeCache" go:"19-"`
		Sweepgen         Field `field:"sweepgen"`
		Freeindex        Field `field:"freeindex" size:"2|8"`
		Nelems           Field `field:"nelems" size:"2|8"`
		AllocBits        Field `field:"allocBits"`
		GCMarkBits       Field `field:"gcmarkBits"`
		Specials         Field `field:"specials"`
		LargeType        Field `field:"largeType" go:"22-"`

		// Of a chunk of a user arena: what of it is free.
		IsUserArenaChunk Field `field:"isUserArenaChunk" go:"20-"`
		ChunkFree        Field `field:"userArenaChunkFree.base.a" go:"20-"`
		ChunkFreeLimit   Field `field:"userArenaChunkFree.limit.a" go:"20-"`
	} `type:"runtime.mspan"`

	// HeapArena has a bitmap where the pointers of objects are described by arena,
	// not by span, header or type: until Go 1.21, and with
	// GOEXPERIMENT=noallocheaders in 1.22.
	HeapArena struct {
		Size            Size
		Bitmap          Field `field:"bitmap" go:"-21"`
		NoMorePtrs      Field `field:"noMorePtrs" go:"20-21"`
		PtrScalarBitmap Field `field:"heapArenaPtrScalar.bitmap" go:"experiment"`
	} `type:"runtime.heapArena" go:"18-"`

	InlineMarkBits struct {
		Size  Size
		Marks Field `field:"marks" go:"26-"`
	} `type:"runtime.spanInlineMarkBits" go:"26-"`

	Special struct {
		Size   Size
		Next   Field `field:"next"`
		Offset Field `field:"offset" size:"2|8"`
		Kind   Field `field:"kind"`
	} `type:"runtime.special"`
	SpecialFinalizer struct {
		Size Size
		Fn   Field `field:"fn"`
		Ot   Field `field:"ot"`
	} `type:"runtime.specialfinalizer"`
	SpecialWeakHandle struct {
		Size   Size
		Handle Field `field:"handle"`
	} `type:"runtime.specialWeakHandle" go:"23-"`
	SpecialCleanup struct {
		Size    Size
		Cleanup Field `field:"cleanup" go:"26-"`
		Fn      Field `field:"fn" go:"24-25"`
	} `type:"runtime.specialCleanup" go:"24-"`

	SpecialProfile struct {
		Size   Size
		Bucket Field `field:"b"`
	} `type:"runtime.specialprofile" go:"18-"`

	// Bucket is a stack of the memory profile. Behind it lie Nstk program
	// counters, and then a MemRecord.
	Bucket struct {
		Size    Size
		Typ     Field `field:"typ"`
		ObjSize Field `field:"size"`
		Nstk    Field `field:"nstk"`
		Allnext Field `field:"allnext"`
	} `type:"runtime.bucket" go:"18-"`
	// BlockRecord lies behind the stack in buckets of the block and mutex profiles.
	BlockRecord struct {
		Size   Size
		Count  Field `field:"count"` // a float64
		Cycles Field `field:"cycles"`
	} `type:"runtime.blockRecord" go:"18-"`
	// Ticks has how fast the processor's clock goes; OlderTicks is that of Go 1.18.
	Ticks struct {
		Size Size
		Val  Field `field:"val"`
	} `type:"runtime.ticksType" go:"19-" use:"some"`
	OlderTicks struct {
		Size Size
		Val  Field `field:"val"`
	} `type:"struct { runtime.lock runtime.mutex; runtime.pad uint32; runtime.val uint64 }" go:"18-18" use:"some"`
	// Debug is what GODEBUG sets.
	Debug struct {
		Size           Size
		Profstackdepth Field `field:"profstackdepth" go:"23-"`
	} `type:"struct { runtime.cgocheck int32; *" go:"18-"`
	// MProfCycle is the profiler's clock: the number of the cycle, and in the lowest
	// bit whether it is published. MProf is that of Go 1.18.
	MProfCycle struct {
		Size  Size
		Value Field `field:"value"`
	} `type:"runtime.mProfCycleHolder" go:"19-"`
	MProf struct {
		Size    Size
		Cycle   Field `field:"cycle"`
		Flushed Field `field:"flushed"`
	} `type:"struct { runtime.cycle uint32; runtime.flushed bool }" go:"18-18"`
	MemRecord struct {
		Size   Size
		Active Field `field:"active" size:"16|32"`
		Future Field `field:"future" size:"48|96"` // three times the like of Active
	} `type:"runtime.memRecord" go:"18-"`
	MemRecordCycle struct {
		Size   Size
		Allocs Field `field:"allocs"`
		Frees  Field `field:"frees"`
	} `type:"runtime.memRecordCycle" go:"18-"`

	FinBlock struct {
		Size    Size
		Alllink Field `field:"alllink"`
		Cnt     Field `field:"cnt"`
		Fin     Field `field:"fin"`
	} `type:"runtime.finBlock|runtime.finblock"`
	Finalizer struct {
		Size Size
		Fn   Field `field:"fn"`
		Arg  Field `field:"arg"`
		Fint Field `field:"fint"`
		Ot   Field `field:"ot"`
	} `type:"runtime.finalizer"`
	CleanupQueue struct {
		Size Size
		All  Field `field:"all"`
	} `type:"runtime.cleanupQueue" go:"25-"`
	CleanupBlock struct {
		Size     Size
		Alllink  Field `field:"cleanupBlockHeader.alllink"`
		N        Field `field:"cleanupBlockHeader.n"`
		Cleanups Field `field:"cleanups"`
	} `type:"runtime.cleanupBlock" go:"25-"`
	CleanupFn struct {
		Size Size
		Call Field `field:"call"`
		Fn   Field `field:"fn"`
		Arg  Field `field:"arg"`
	} `type:"runtime.cleanupFn" go:"26-"`

	Moduledata struct {
		Size      Size
		PcHeader  Field `field:"pcHeader"`
		Pclntable Field `field:"pclntable"`
		Ftab      Field `field:"ftab"`
		Text      Field `field:"text"`
		Etext     Field `field:"etext"`
		Data      Field `field:"data"`
		Edata     Field `field:"edata"`
		BSS       Field `field:"bss"`
		EBSS      Field `field:"ebss"`
		Noptrbss  Field `field:"noptrbss"`
		Enoptrbss Field `field:"enoptrbss"`
		End       Field `field:"end"`
		Types     Field `field:"types"`
		Etypes    Field `field:"etypes"`
		Rodata    Field `field:"rodata"`
		Gofunc    Field `field:"gofunc"`
		Epclntab  Field `field:"epclntab" go:"26-"`
		DataMask  Field `field:"gcdatamask.bytedata"`
		DataBits  Field `field:"gcdatamask.n"`
		BSSMask   Field `field:"gcbssmask.bytedata"`
		BSSBits   Field `field:"gcbssmask.n"`
		Next      Field `field:"next"`
	} `type:"runtime.moduledata"`

	G struct {
		Size           Size
		StackLo        Field `field:"stack.lo"`
		StackHi        Field `field:"stack.hi"`
		Stktopsp       Field `field:"stktopsp"`
		Panic          Field `field:"_panic"`
		Defer          Field `field:"_defer"`
		M              Field `field:"m"`
		Lockedm        Field `field:"lockedm"`
		SchedSP        Field `field:"sched.sp"`
		SchedPC        Field `field:"sched.pc"`
		SchedBP        Field `field:"sched.bp"`
		SchedLR        Field `field:"sched.lr"`
		SchedCtxt      Field `field:"sched.ctxt"`
		Syscallsp      Field `field:"syscallsp"`
		Syscallpc      Field `field:"syscallpc"`
		Syscallbp      Field `field:"syscallbp" go:"23-"`
		Atomicstatus   Field `field:"atomicstatus"`
		Goid           Field `field:"goid"`
		ParentGoid     Field `field:"parentGoid" go:"21-"`
		Waitsince      Field `field:"waitsince"`
		Waitreason     Field `field:"waitreason"`
		AsyncSafePoint Field `field:"asyncSafePoint"`
		Gopc           Field `field:"gopc"`
		Startpc        Field `field:"startpc"`
		Waiting        Field `field:"waiting"`
		XRegsState     Field `field:"xRegs.state" go:"26-"`
	} `type:"runtime.g"`
	Defer struct {
		Size Size
		Heap Field `field:"heap"`
		SP   Field `field:"sp"`
		PC   Field `field:"pc"`
		Fn   Field `field:"fn"`
		Link Field `field:"link"`
	} `type:"runtime._defer"`
	XRegState struct {
		Size Size
		Regs Field `field:"regs" go:"26-"`
	} `type:"runtime.xRegState" go:"26-"`

	M struct {
		Size    Size
		G0      Field `field:"g0"`
		Gsignal Field `field:"gsignal"`
		Procid  Field `field:"procid"`
		Curg    Field `field:"curg"`
		VdsoSP  Field `field:"vdsoSP"`
		VdsoPC  Field `field:"vdsoPC"`

		Mallocing Field `field:"mallocing"`
		Dying     Field `field:"dying"`
		Alllink   Field `field:"alllink"`

		Createstack Field `field:"createstack"`
	} `type:"runtime.m"`

	P struct {
		Size   Size
		Mcache Field `field:"mcache"`
		// Until Go 1.22 it is the heap itself, a slice.
		Timers     Field `field:"timers" size:"any"`
		TimersHeap Field `field:"timers.heap" go:"23-" size:"any"`
		// Pages that the processor may hand out, a bit each.
		PageFree Field `field:"pcache.cache" go:"18-"`
		PageScav Field `field:"pcache.scav" go:"18-"`
		// What the processor keeps for the next who needs one.
		DeferPool  Field `field:"deferpool" go:"18-"`
		SudogCache Field `field:"sudogcache" go:"18-"`
		// When sysmon has seen that it does something else than before.
		SchedWhen   Field `field:"sysmontick.schedwhen" go:"18-"`
		SyscallWhen Field `field:"sysmontick.syscallwhen" go:"18-"`
	} `type:"runtime.p"`
	Sched struct {
		Size       Size
		Lastpoll   Field `field:"lastpoll" go:"18-"`
		SudogCache Field `field:"sudogcache" go:"18-"`
		DeferPool  Field `field:"deferpool" go:"18-"`
	} `type:"runtime.schedt" go:"18-"`
	TimerWhen struct {
		Size  Size
		Timer Field `field:"timer" go:"23-"`
	} `type:"runtime.timerWhen" go:"23-"`
	Mcache struct {
		Size  Size
		Alloc Field `field:"alloc"`
	} `type:"runtime.mcache"`

	GCController struct {
		Size       Size
		HeapMarked Field `field:"heapMarked"`
		GCPercent  Field `field:"gcPercent" go:"18-"`

		HeapGoal            Field `field:"heapGoal" go:"-18"`
		GCPercentHeapGoal   Field `field:"gcPercentHeapGoal" go:"19-"`
		SweepDistMinTrigger Field `field:"sweepDistMinTrigger" go:"19-"`
		Triggered           Field `field:"triggered" go:"19-"`
		MemoryLimit         Field `field:"memoryLimit" go:"19-"`
		HeapInUse           Field `field:"heapInUse" go:"19-"`
		HeapReleased        Field `field:"heapReleased" go:"19-"`
		HeapFree            Field `field:"heapFree" go:"19-"`
		TotalAlloc          Field `field:"totalAlloc" go:"19-"`
		TotalFree           Field `field:"totalFree" go:"19-"`
		MappedReady         Field `field:"mappedReady" go:"19-"`
	} `type:"runtime.gcControllerState"`
	// Work is of an unnamed type until Go 1.18.
	Work struct {
		Size   Size
		Cycles Field `field:"cycles"`
	} `type:"runtime.workType" go:"19-"`
	Mstats struct {
		Size      Size
		HeapStats Field `field:"heapStats.stats" size:"any"`
		NumGC     Field `field:"numgc"`
		LastGC    Field `field:"last_gc_nanotime"`

		LastGCUnix  Field `field:"last_gc_unix" go:"18-"`
		NumForcedGC Field `field:"numforcedgc" go:"18-"`
		PauseTotal  Field `field:"pause_total_ns" go:"18-"`
		StacksSys   Field `field:"stacks_sys" go:"18-"`
		MSpanSys    Field `field:"mspan_sys" go:"18-"`
		MCacheSys   Field `field:"mcache_sys" go:"18-"`
		BuckHashSys Field `field:"buckhash_sys" go:"18-"`
		GCMiscSys   Field `field:"gcMiscSys" go:"18-"`
		OtherSys    Field `field:"other_sys" go:"18-"`
		HeapSys     Field `field:"heap_sys" go:"-18"`
		HeapInuse   Field `field:"heap_inuse" go:"-18"`
		Released    Field `field:"heap_released" go:"-18"`
	} `type:"runtime.mstats"`
	HeapStats struct {
		Size            Size
		InStacks        Field `field:"inStacks" go:"18-"`
		InWorkBufs      Field `field:"inWorkBufs" go:"18-"`
		InPtrScalarBits Field `field:"inPtrScalarBits" go:"-24"`
		LargeAlloc      Field `field:"largeAlloc"`
		LargeAllocCount Field `field:"largeAllocCount"`
		SmallAllocCount Field `field:"smallAllocCount"`
		LargeFree       Field `field:"largeFree"`
		LargeFreeCount  Field `field:"largeFreeCount"`
		SmallFreeCount  Field `field:"smallFreeCount"`
	} `type:"runtime.heapStatsDelta"`

	Hchan struct {
		Size       Size
		Qcount     Field `field:"qcount"`
		Dataqsiz   Field `field:"dataqsiz"`
		Buf        Field `field:"buf"`
		Closed     Field `field:"closed"`
		Elemtype   Field `field:"elemtype"`
		Recvx      Field `field:"recvx"`
		RecvqFirst Field `field:"recvq.first"`
		SendqFirst Field `field:"sendq.first"`
	} `type:"runtime.hchan"`
	Sudog struct {
		Size Size
		G    Field `field:"g"`
		Next Field `field:"next"`
		// Since Go 1.26 these are two words: one for the collector, which may be
		// hidden from it, and the address itself.
		Elem     Field `field:"elem" size:"any"`
		ElemAddr Field `field:"elem.vu" go:"26-"`
		C        Field `field:"c" size:"any"`
		CAddr    Field `field:"c.maybeTraceablePtr.vu" go:"26-"`
		Waitlink Field `field:"waitlink"`
	} `type:"runtime.sudog"`
	Itab struct {
		Size  Size
		Inter Field `field:"Inter|inter"`
		Type  Field `field:"Type|_type"`
		Fun   Field `field:"Fun|fun" size:"any"`
	} `type:"internal/abi.ITab|runtime.itab"`
	ItabTable struct {
		Name    TypeName
		Size    Size
		Length  Field `field:"size"`
		Entries Field `field:"entries" size:"any"`
	} `type:"runtime.itabTableType"`

	// Classic maps.
	Hmap struct {
		Name       TypeName
		Size       Size
		Count      Field `field:"count"`
		Flags      Field `field:"flags"`
		B          Field `field:"B"`
		Buckets    Field `field:"buckets"`
		Oldbuckets Field `field:"oldbuckets"`
		Extra      Field `field:"extra"`
	} `type:"runtime.hmap" go:"-23"`
	Mapextra struct {
		Name         TypeName
		Size         Size
		Overflow     Field `field:"overflow"`
		Oldoverflow  Field `field:"oldoverflow"`
		NextOverflow Field `field:"nextOverflow"`
	} `type:"runtime.mapextra" go:"-23"`
	// MapBucket is what the compiler writes for the descriptors of maps
	// (cmd/compile/internal/reflectdata, MapBucketType), DWARFMap and DWARFBucket are
	// what the linker writes for DWARF (cmd/link/internal/ld/dwarf.go, synthesizemaptypes).
	MapBucket struct {
		Name     TypeName
		Keys     Field `field:"keys" size:"any"`
		Elems    Field `field:"elems" size:"any"`
		Overflow Field `field:"overflow"`
	} `type:"map.bucket[*|noalg.map.bucket[*" go:"-23" use:"some"`
	DWARFMap struct {
		Buckets    Field `field:"buckets"`
		Oldbuckets Field `field:"oldbuckets"`
	} `type:"hash<*" go:"-23"`
	DWARFBucket struct {
		Keys     Field `field:"keys" size:"any"`
		Values   Field `field:"values" size:"any"`
		Overflow Field `field:"overflow"`
	} `type:"bucket<*" go:"-23"`

	// Swiss maps. DWARF has each structure of the runtime's, and a copy with its own
	// types for each map type (cmd/link/internal/ld/dwarf.go, synthesizemaptypes).
	SwissMap struct {
		Name        TypeName
		Size        Size
		Used        Field `field:"used"`
		DirPtr      Field `field:"dirPtr"`
		DirLen      Field `field:"dirLen"`
		GlobalDepth Field `field:"globalDepth"`
	} `type:"internal/runtime/maps.Map" go:"24-"`
	SwissTable struct {
		Name   TypeName
		Size   Size
		Groups Field `field:"groups"`
	} `type:"internal/runtime/maps.table" go:"24-"`
	GroupsReference struct {
		Size       Size
		Data       Field `field:"data"`
		LengthMask Field `field:"lengthMask"`
	} `type:"internal/runtime/maps.groupsReference" go:"24-"`
	DWARFSwissMap struct {
		DirPtr Field `field:"dirPtr"`
	} `type:"map<*" go:"24-"`
	DWARFSwissTable struct {
		Groups Field `field:"groups"`
	} `type:"table<*" go:"24-"`
	DWARFGroupReference struct {
		Data Field `field:"data"`
	} `type:"groupReference<*" go:"24-"`
	// MapGroup and MapSlot are written by the compiler
	// (cmd/compile/internal/reflectdata, MapGroupType), and by package reflect with
	// capitals.
	MapGroup struct {
		Slots Field `field:"slots|Slots" size:"any"`
		Keys  Field `field:"keys|Keys" go:"experiment" size:"any"`
		Elems Field `field:"elems|Elems" go:"experiment" size:"any"`
	} `type:"noalg.map.group[*|map.group[*" go:"24-"`
	MapSlot struct {
		Key  Field `field:"key|Key" size:"any"`
		Elem Field `field:"elem|Elem" size:"any"`
	} `type:"noalg.struct { key *|struct { key *" go:"24-"`

	// MapIter is what a loop over a map has on its stack, of either kind.
	MapIter struct {
		Size Size
		Typ  Field `field:"typ|t"`
		M    Field `field:"m|h"`
	} `type:"internal/runtime/maps.Iter|runtime.hiter" use:"some"`

	// A sync.Map, and what package unique is made of.
	HashTrieMap struct {
		Name TypeName
		Root Field `field:"root"`
	} `type:"internal/sync.HashTrieMap[*" go:"24-" use:"some"`
	TrieNode struct {
		Name    TypeName
		IsEntry Field `field:"isEntry"`
	} `type:"internal/sync.node[*" go:"24-" use:"some"`
	TrieIndirect struct {
		Name     TypeName
		Children Field `field:"children"`
	} `type:"internal/sync.indirect[*" go:"24-" use:"some"`
	TrieEntry struct {
		Name     TypeName
		Overflow Field `field:"overflow"`
		Key      Field `field:"key" size:"any"`
		Value    Field `field:"value" size:"any"`
	} `type:"internal/sync.entry[*" go:"24-" use:"some"`
	SyncMap struct {
		Name  TypeName
		Read  Field `field:"read" go:"-23" size:"8|16"`
		Dirty Field `field:"dirty" go:"-23"`
	} `type:"sync.Map" use:"some"`
	SyncReadOnly struct {
		Name TypeName
		M    Field `field:"m"`
	} `type:"sync.readOnly" go:"-23" use:"some"`
	SyncEntry struct {
		Name TypeName
		P    Field `field:"p"`
	} `type:"sync.entry" go:"-23" use:"some"`

	// Library is what is known of types beside the runtime's own.
	Library Library

	// Constants.
	KindSpecialFinalizer  Constant `const:"runtime._KindSpecialFinalizer" value:"any"`
	KindSpecialWeakHandle Constant `const:"runtime._KindSpecialWeakHandle" go:"23-" value:"any"`
	KindSpecialCleanup    Constant `const:"runtime._KindSpecialCleanup" go:"24-" value:"any"`
	KindSpecialProfile    Constant `const:"runtime._KindSpecialProfile" go:"18-" value:"any"`
	FuncIDWrapper         Constant `const:"internal/abi.FuncIDWrapper" go:"21-" value:"any"`
	OlderFuncIDWrapper    Constant `const:"runtime.funcID_wrapper" go:"18-20" value:"any"`
	ArenaBaseOffset       Constant `const:"runtime.arenaBaseOffsetUintptr" go:"18-"`
	HeapArenaBytes        Constant `const:"runtime.heapArenaBytes" go:"18-" value:"any"`
	PersistentChunkSize   Constant `const:"runtime.persistentChunkSize" go:"18-"`
	BuckHashSize          Constant `const:"runtime.buckHashSize" go:"18-"`
	HeapAddrBits          Constant `const:"runtime.heapAddrBits" go:"18-" value:"any"`
	LimitHeadroom         Constant `const:"runtime.memoryLimitHeapGoalHeadroom" go:"19-20"`
	LimitHeadroomPercent  Constant `const:"runtime.memoryLimitHeapGoalHeadroomPercent" go:"21-"`
	LimitHeadroomLeast    Constant `const:"runtime.memoryLimitMinHeapGoalHeadroom" go:"21-"`
}

// Constant is the value of a constant, and whether this version of Go has it.
type Constant struct {
	Value int64
	Known bool
}

// Is reports whether the constant is known and equals v.
func (c Constant) Is(v uint64) bool { return c.Known && uint64(c.Value) == v }

// Load fills the table from src. The error names every entry that is missing
// although all versions have it.
func Load(src Source) (*Runtime, error) {
	r := new(Runtime)
	var missing []string
	walk(r, src, func(e entry) {
		if !e.load(src) && e.versions == "" && !e.some {
			missing = append(missing, e.name())
		}
	})
	if len(missing) > 0 {
		return nil, fmt.Errorf("the runtime of this program lacks %s", strings.Join(missing, ", "))
	}
	return r, nil
}

// Names returns the table with names alone, for those who only ask Field.Named.
func Names() *Runtime {
	r := new(Runtime)
	walk(r, nothing{}, func(e entry) { e.load(nothing{}) })
	return r
}

// nothing is a program without any of it.
type nothing struct{}

func (nothing) Field(string, string) (uint64, uint64, bool) { return 0, 0, false }
func (nothing) SizeOf(string) (uint64, bool)                { return 0, false }
func (nothing) Const(string) (int64, bool)                  { return 0, false }
func (nothing) First(string) (string, bool)                 { return "", false }

// entry is one line of the table.
type entry struct {
	typ, path string // path "" stands for the structure itself
	tag       string // all names of the structure
	constant  string
	versions  string // that have it, "" for all
	sizes     string // that the field may have
	anyValue  bool   // of the constant
	some      bool   // programs have it
	into      reflect.Value
}

func (e entry) name() string {
	switch {
	case e.constant != "":
		return e.constant
	case e.path == "":
		return e.typ
	}
	return e.typ + "." + e.path
}

// load sets the entry to what src has of it, and reports whether it has it.
func (e entry) load(src Source) (ok bool) {
	switch {
	case e.constant != "":
		v, ok := src.Const(e.constant)
		e.into.Set(reflect.ValueOf(Constant{v, ok}))
		return ok
	case e.into.Type() == reflect.TypeFor[TypeName]():
		_, ok = src.SizeOf(e.typ)
		return ok
	case e.path == "":
		size, ok := src.SizeOf(e.typ)
		e.into.SetUint(size)
		return ok
	}
	f := Field{names: e.path}
	for rest, more := e.path, true; more && !ok; {
		var path string
		path, rest, more = strings.Cut(rest, "|")
		var size uint64
		f.Offset, size, ok = src.Field(e.typ, path)
		f.Size = int(size)
	}
	e.into.Set(reflect.ValueOf(f))
	return ok
}

// nameIn returns the first of a structure's names that src has, or the oldest. Of
// instances it is that of the first one, or what their names begin with.
func nameIn(src Source, names string) string {
	newest, older, found := strings.Cut(names, "|")
	prefix, generic := strings.CutSuffix(newest, "*")
	if generic {
		if first, ok := src.First(prefix); ok {
			return first
		}
	} else if _, ok := src.SizeOf(newest); ok {
		return newest
	}
	if found {
		return nameIn(src, older)
	}
	return prefix
}

// nameOf returns what TypeName holds: the newest name, or what it begins with.
func nameOf(names string) string {
	newest, _, _ := strings.Cut(names, "|")
	return strings.TrimSuffix(newest, "*")
}

// walk calls f for every entry of the table, in order, by the names of src.
func walk(r *Runtime, src Source, f func(entry)) {
	walkTable(reflect.ValueOf(r).Elem(), src, f)
}

func walkTable(v reflect.Value, src Source, f func(entry)) {
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		if v.Field(i).Type() == reflect.TypeFor[Library]() {
			walkTable(v.Field(i), src, f)
			continue
		}
		if c, ok := tag.Lookup("const"); ok {
			f(entry{constant: c, versions: tag.Get("go"), anyValue: tag.Get("value") == "any", into: v.Field(i)})
			continue
		}
		typ := nameIn(src, tag.Get("type"))
		for j := range v.Field(i).NumField() {
			into := v.Field(i).Field(j)
			if into.Type() == reflect.TypeFor[TypeName]() {
				into.SetString(nameOf(tag.Get("type")))
			}
			field := v.Type().Field(i).Type.Field(j).Tag
			f(entry{
				typ: typ, tag: tag.Get("type"), path: field.Get("field"), versions: cmp.Or(field.Get("go"), tag.Get("go")),
				sizes: field.Get("size"), some: tag.Get("use") == "some", into: into,
			})
		}
	}
}
