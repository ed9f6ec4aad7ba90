// Package unwind walks the stack of one goroutine the way the garbage
// collector does and reports every word on it that the collector would load as
// a pointer.
//
// It follows scanstack, scanframeworker (runtime/mgcmark.go), the unwinder
// (runtime/traceback.go) and getStackMap (runtime/stkframe.go) of Go 1.18 to
// 1.27. Goroutines that a thread was executing when the memory was recorded
// have no counterpart in the runtime, which stops them first; State.Running
// tells how they are read.
//
// Words that are used throughout, the runtime's own:
//
//   - frame: what one physical call has on the stack, with the functions inlined into it.
//     FP is the stack pointer before the call, which DWARF calls the canonical frame
//     address; VarP ends the local variables, ArgP begins the arguments.
//   - stack map: which words of locals and arguments are live pointers at a pc.
//   - stack object: a variable whose address was taken. It is live if something live on
//     the stack points to it, however the maps of its frame are.
//   - continuation pc: where the frame will go on, whose maps hold.
//   - conservative: a frame without a map, each word of which may be a pointer.
//   - injected call: one that the signal handler made up, such as asyncPreempt.
//   - slot: a word of the stack that the collector loads.
package unwind

import (
	"errors"

	"goheap/gocore/internal/pclntab"
	"goheap/internal/arch"
)

// Memory is the recorded address space.
type Memory interface {
	// Slice returns the n bytes at addr, or false where not all of them are
	// there. The bytes are borrowed and only read.
	Slice(addr, n uint64) ([]byte, bool)
}

// A Module is what the walk needs of one runtime.moduledata.
type Module struct {
	Table *pclntab.Table
	// ROData is moduledata.rodata, from where the pointer masks of stack
	// objects are counted.
	ROData uint64
}

// DeferLayout holds the byte offsets of fields in runtime._defer.
type DeferLayout struct {
	Heap, Fn, Link uint64
}

// Config is what all goroutines of a process have in common.
type Config struct {
	Arch    arch.Arch
	Memory  Memory
	Modules []Module // active modules in any order
	Defer   DeferLayout
}

// kinds are the function IDs that the walk treats specially, learned from the
// names in the table because their numbers change between releases. An ID that
// does not occur is 0, which is the ID of ordinary functions.
type kinds struct {
	sigpanic, asyncPreempt, debugCall, cgocallback uint8
}

// A Walker walks stacks. It keeps what it learned about functions and its
// working memory from one stack to the next, so it is for one goroutine of
// ours at a time; Clone makes another.
type Walker struct {
	arch    arch.Arch
	mem     Memory
	modules []Module
	defers  DeferLayout
	kinds   kinds
	regArgs regArgs

	stackAlign uint64
	ptr        uint64 // bytes in a word

	sites map[uint64]site // by pc

	stack   []byte // bytes of the current stack from stackAt up
	stackAt uint64
	objects []object
	work    []uint64 // precise pointers into the stack not yet followed
	maybe   []uint64 // conservative ones
	walk
}

// New prepares to walk stacks.
func New(c Config) (*Walker, error) {
	if len(c.Modules) == 0 {
		return nil, errors.New("unwind: no module with a function table")
	}
	if c.Memory == nil {
		return nil, errors.New("unwind: no memory")
	}
	for _, m := range c.Modules {
		if m.Table == nil {
			return nil, errors.New("unwind: a module without a function table")
		}
	}
	w := &Walker{
		arch: c.Arch, mem: c.Memory, modules: c.Modules, defers: c.Defer,
		ptr:        uint64(c.Arch.PtrSize),
		stackAlign: stackAlign(c.Arch),
		regArgs:    regArgsOf(c.Arch),
		sites:      map[uint64]site{},
	}
	w.kinds = findKinds(c.Modules)
	return w, nil
}

// Clone returns a walker of the same process for use by another goroutine.
func (w *Walker) Clone() *Walker {
	return &Walker{
		arch: w.arch, mem: w.mem, modules: w.modules, defers: w.defers,
		ptr: w.ptr, stackAlign: w.stackAlign, regArgs: w.regArgs, kinds: w.kinds,
		sites: map[uint64]site{},
	}
}

// findKinds reads the IDs off the functions of the runtime. Wrappers that
// adapt the calling convention carry their function's name but the ID of all
// wrappers, the highest there is (internal/abi/symtab.go).
func findKinds(modules []Module) kinds {
	var k kinds
	for _, m := range modules {
		var found kinds
		var wrapper uint8
		type named struct {
			name string
			id   *uint8
		}
		want := [...]named{
			{"runtime.sigpanic", &found.sigpanic},
			{"runtime.asyncPreempt", &found.asyncPreempt},
			{"runtime.debugCallV2", &found.debugCall},
			{"runtime.cgocallback", &found.cgocallback},
		}
		type hit struct {
			which int
			id    uint8
		}
		var hits []hit
		for f := range m.Table.All() {
			id := f.ID()
			if id == 0 {
				continue
			}
			wrapper = max(wrapper, id)
			for i := range want {
				if f.NameIs(want[i].name) {
					hits = append(hits, hit{i, id})
				}
			}
		}
		for _, h := range hits {
			if h.id != wrapper {
				*want[h.which].id = h.id
			}
		}
		// All modules of a process come from one toolchain; plugins have no
		// runtime of their own.
		if found.sigpanic != 0 {
			return found
		}
		if found != (kinds{}) {
			k = found
		}
	}
	return k
}

// stackAlign is internal/goarch.StackAlign.
func stackAlign(a arch.Arch) uint64 {
	switch a.Name {
	case "arm64", "ppc64", "ppc64le":
		return 16
	}
	return uint64(a.PtrSize)
}

// minFrame is the frame size up to which the stack map of the locals is not
// consulted (runtime/stkframe.go, getStackMap).
func (w *Walker) minFrame() uint64 {
	if w.arch.Name == "arm64" {
		return w.stackAlign
	}
	return uint64(w.arch.MinFrameSize)
}

// regArgs describes internal/abi.RegArgs, the block in which the stubs of
// reflect keep register arguments at the top of their frames.
type regArgs struct {
	size     uint64 // rounded up to 8; 0 where arguments are passed on the stack
	ptrBytes uint64
	firstPtr uint64 // offset of the first pointer; all up to ptrBytes are
}

// regArgsOf knows the register counts of internal/abi/abi_*.go: Ints, Floats
// (8 bytes each), Ptrs, and a bitmap of one bit per integer register.
func regArgsOf(a arch.Arch) regArgs {
	var ints, floats uint64
	switch a.Name {
	case "amd64":
		ints, floats = 9, 15
	case "arm64", "loong64", "riscv64":
		ints, floats = 16, 16
	case "ppc64", "ppc64le":
		ints, floats = 12, 12
	case "s390x":
		ints, floats = 8, 16
	default:
		return regArgs{}
	}
	ptr := uint64(a.PtrSize)
	r := regArgs{firstPtr: ints*ptr + floats*8}
	r.ptrBytes = r.firstPtr + ints*ptr
	r.size = alignUp(r.ptrBytes+(ints+7)/8, 8)
	return r
}

func alignUp(n, align uint64) uint64 { return (n + align - 1) &^ (align - 1) }
