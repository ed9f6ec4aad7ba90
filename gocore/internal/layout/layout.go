// Package layout is the one table of what goheap relies on in Go's runtime:
// each structure, field and constant stands here once, and its place is taken
// from the DWARF of the very executable that is being read.
package layout

import (
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
}

// Field is the place of a field in its structure. Size is 0 where this version
// of Go has no such field.
type Field struct {
	Offset uint64
	Size   int
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

// Size is the size of a structure in bytes.
type Size uint64

// Runtime holds the places of everything that is read. A structure's `type` tag
// is its name in DWARF; a field's `field` tag is its path; `opt` marks what
// some supported version of Go does not have. A bar separates the names that a
// structure has had, the newest first.
type Runtime struct {
	Mheap struct {
		Size     Size
		AllSpans Field `field:"allspans"`
		Sweepgen Field `field:"sweepgen"`
		Arenas   Field `field:"arenas"`
	} `type:"runtime.mheap"`

	Mspan struct {
		Size             Size
		StartAddr        Field `field:"startAddr"`
		Npages           Field `field:"npages"`
		State            Field `field:"state"`
		Spanclass        Field `field:"spanclass"`
		Elemsize         Field `field:"elemsize"`
		AllocCount       Field `field:"allocCount"`
		CountBeforeCache Field `field:"allocCountBeforeCache,opt"`
		Sweepgen         Field `field:"sweepgen"`
		Freeindex        Field `field:"freeindex"`
		FreeIndexForScan Field `field:"freeIndexForScan,opt"`
		Nelems           Field `field:"nelems"`
		AllocBits        Field `field:"allocBits"`
		GCMarkBits       Field `field:"gcmarkBits"`
		Specials         Field `field:"specials"`
		LargeType        Field `field:"largeType,opt"`
		IsUserArenaChunk Field `field:"isUserArenaChunk,opt"`
	} `type:"runtime.mspan"`

	// HeapArena has a bitmap where the pointers of objects are described by arena,
	// not by span, header or type: until Go 1.21, and with
	// GOEXPERIMENT=noallocheaders in 1.22.
	HeapArena struct {
		Size            Size
		Bitmap          Field `field:"bitmap,opt"`
		NoMorePtrs      Field `field:"noMorePtrs,opt"`                // since Go 1.20
		PtrScalarBitmap Field `field:"heapArenaPtrScalar.bitmap,opt"` // in Go 1.22
	} `type:"runtime.heapArena,opt"`

	InlineMarkBits struct {
		Size  Size
		Marks Field `field:"marks,opt"`
	} `type:"runtime.spanInlineMarkBits,opt"`

	Special struct {
		Size   Size
		Next   Field `field:"next"`
		Offset Field `field:"offset"`
		Kind   Field `field:"kind"`
	} `type:"runtime.special"`
	SpecialFinalizer struct {
		Size Size
		Fn   Field `field:"fn"`
	} `type:"runtime.specialfinalizer"`
	SpecialWeakHandle struct {
		Size   Size
		Handle Field `field:"handle"`
	} `type:"runtime.specialWeakHandle,opt"`
	SpecialCleanup struct {
		Size    Size
		Cleanup Field `field:"cleanup,opt"` // since Go 1.26
		Fn      Field `field:"fn,opt"`      // before
	} `type:"runtime.specialCleanup,opt"`

	SpecialProfile struct {
		Size   Size
		Bucket Field `field:"b"`
	} `type:"runtime.specialprofile,opt"`

	// Bucket is a stack of the memory profile. Behind it lie Nstk program
	// counters, and then a MemRecord.
	Bucket struct {
		Size    Size
		Typ     Field `field:"typ"`
		ObjSize Field `field:"size"`
		Nstk    Field `field:"nstk"`
	} `type:"runtime.bucket,opt"`
	MemRecord struct {
		Size   Size
		Active Field `field:"active"`
		Future Field `field:"future"` // three times the like of Active
	} `type:"runtime.memRecord,opt"`
	MemRecordCycle struct {
		Size   Size
		Allocs Field `field:"allocs"`
		Frees  Field `field:"frees"`
	} `type:"runtime.memRecordCycle,opt"`

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
	} `type:"runtime.cleanupQueue,opt"`
	CleanupBlock struct {
		Size     Size
		Alllink  Field `field:"cleanupBlockHeader.alllink"`
		N        Field `field:"cleanupBlockHeader.n"`
		Cleanups Field `field:"cleanups"`
	} `type:"runtime.cleanupBlock,opt"`
	CleanupFn struct {
		Size Size
		Call Field `field:"call"`
		Fn   Field `field:"fn"`
		Arg  Field `field:"arg"`
	} `type:"runtime.cleanupFn,opt"`

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
		Epclntab  Field `field:"epclntab,opt"`
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
		SchedSP        Field `field:"sched.sp"`
		SchedPC        Field `field:"sched.pc"`
		SchedBP        Field `field:"sched.bp"`
		SchedLR        Field `field:"sched.lr"`
		SchedCtxt      Field `field:"sched.ctxt"`
		Syscallsp      Field `field:"syscallsp"`
		Syscallpc      Field `field:"syscallpc"`
		Syscallbp      Field `field:"syscallbp,opt"`
		Atomicstatus   Field `field:"atomicstatus"`
		Goid           Field `field:"goid"`
		ParentGoid     Field `field:"parentGoid,opt"`
		Waitsince      Field `field:"waitsince"`
		Waitreason     Field `field:"waitreason"`
		AsyncSafePoint Field `field:"asyncSafePoint"`
		Gopc           Field `field:"gopc"`
		Startpc        Field `field:"startpc"`
		XRegsState     Field `field:"xRegs.state,opt"`
	} `type:"runtime.g"`
	Defer struct {
		Size Size
		Heap Field `field:"heap"`
		Fn   Field `field:"fn"`
		Link Field `field:"link"`
	} `type:"runtime._defer"`
	XRegState struct {
		Size Size
		Regs Field `field:"regs,opt"`
	} `type:"runtime.xRegState,opt"`

	M struct {
		Size    Size
		G0      Field `field:"g0"`
		Gsignal Field `field:"gsignal"`
		Procid  Field `field:"procid"`
		Curg    Field `field:"curg"`
		VdsoSP  Field `field:"vdsoSP"`
		VdsoPC  Field `field:"vdsoPC"`
	} `type:"runtime.m"`

	P struct {
		Size   Size
		Mcache Field `field:"mcache"`
	} `type:"runtime.p"`
	Mcache struct {
		Size  Size
		Alloc Field `field:"alloc"`
	} `type:"runtime.mcache"`

	GCController struct {
		Size       Size
		HeapMarked Field `field:"heapMarked"`
	} `type:"runtime.gcControllerState"`
	Mstats struct {
		Size      Size
		HeapStats Field `field:"heapStats.stats"`
		NumGC     Field `field:"numgc"`
		LastGC    Field `field:"last_gc_nanotime"`
	} `type:"runtime.mstats"`
	HeapStats struct {
		Size            Size
		LargeAlloc      Field `field:"largeAlloc"`
		LargeAllocCount Field `field:"largeAllocCount"`
		SmallAllocCount Field `field:"smallAllocCount"`
		LargeFree       Field `field:"largeFree"`
		LargeFreeCount  Field `field:"largeFreeCount"`
		SmallFreeCount  Field `field:"smallFreeCount"`
	} `type:"runtime.heapStatsDelta"`

	// Constants.
	KindSpecialFinalizer  Constant `const:"runtime._KindSpecialFinalizer"`
	KindSpecialWeakHandle Constant `const:"runtime._KindSpecialWeakHandle,opt"`
	KindSpecialCleanup    Constant `const:"runtime._KindSpecialCleanup,opt"`
	KindSpecialProfile    Constant `const:"runtime._KindSpecialProfile,opt"`
	ArenaBaseOffset       Constant `const:"runtime.arenaBaseOffsetUintptr,opt"`
}

// Constant is the value of a constant, and whether this version of Go has it.
type Constant struct {
	Value int64
	Known bool
}

// Is reports whether the constant is known and equals v.
func (c Constant) Is(v uint64) bool { return c.Known && uint64(c.Value) == v }

// Load fills the table from src. The error names every entry that is missing
// without being marked optional.
func Load(src Source) (*Runtime, error) {
	r := new(Runtime)
	var missing []string
	walk(r, src, func(e entry) {
		if !e.load(src) && !e.optional {
			missing = append(missing, e.name())
		}
	})
	if len(missing) > 0 {
		return nil, fmt.Errorf("the runtime of this program lacks %s", strings.Join(missing, ", "))
	}
	return r, nil
}

// entry is one line of the table.
type entry struct {
	typ, path string // path "" stands for the structure itself
	constant  string
	optional  bool
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

func (e entry) load(src Source) bool {
	switch {
	case e.constant != "":
		v, ok := src.Const(e.constant)
		e.into.Set(reflect.ValueOf(Constant{v, ok}))
		return ok
	case e.path == "":
		size, ok := src.SizeOf(e.typ)
		e.into.SetUint(size)
		return ok
	}
	off, size, ok := src.Field(e.typ, e.path)
	e.into.Set(reflect.ValueOf(Field{off, int(size)}))
	return ok
}

// nameIn returns the first of a structure's names that src has, or the oldest.
func nameIn(src Source, names string) string {
	newest, older, found := strings.Cut(names, "|")
	if found {
		if _, ok := src.SizeOf(newest); !ok {
			return nameIn(src, older)
		}
	}
	return newest
}

// walk calls f for every entry of the table, in order, by the names of src.
func walk(r *Runtime, src Source, f func(entry)) {
	v := reflect.ValueOf(r).Elem()
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		if c, ok := tag.Lookup("const"); ok {
			c, opt := strings.CutSuffix(c, ",opt")
			f(entry{constant: c, optional: opt, into: v.Field(i)})
			continue
		}
		typ, typeOpt := strings.CutSuffix(tag.Get("type"), ",opt")
		typ = nameIn(src, typ)
		for j := range v.Field(i).NumField() {
			path, opt := strings.CutSuffix(v.Type().Field(i).Type.Field(j).Tag.Get("field"), ",opt")
			f(entry{typ: typ, path: path, optional: opt || typeOpt, into: v.Field(i).Field(j)})
		}
	}
}
