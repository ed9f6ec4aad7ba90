// Kinds builds one object of every kind of thing that holds or is held in a Go
// program, each at the end of one chain of holders, and prints for each its
// address, its type and the Go expression that leads to it. All three come from
// this source: they are what a reader of the dump has to find.
package main

import (
	"fmt"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"unsafe"

	"goheap/testdata/programs/internal/ready"
)

// Kind is one line.
type Kind struct {
	Case string `json:"case"` // "kind"
	Name string `json:"name"`
	Addr string `json:"addr"`
	Type string `json:"type"`
	Path string `json:"path"` // [?] is an index that nobody decides
	// Tiny says that the slot holds other values too, all of them without
	// pointers, of any type.
	Tiny bool `json:"tiny,omitempty"`
	// Interior says that only pointers to a part lead there: Type is that of the
	// part.
	Interior bool `json:"interior,omitempty"`
	// Fits says that no more can be known of the type than that it alone fits.
	Fits bool `json:"fits,omitempty"`
	// Shape says that only code which instances of a generic function share leads
	// there: the compiler names no more than the shape of the type.
	Shape bool `json:"shape,omitempty"`
	// Parted says that the compiler took a variable apart and describes where the
	// parts are, but not rightly which: a reader may say that it does not know the
	// last part of the path, and the type, but nothing else.
	Parted bool `json:"parted,omitempty"`
	// Nameless says that the path leads through a variable that a closure captured
	// and that this Go version's debugging information does not have: a reader may say
	// at which offset of the closure it is, and that it does not know what is there,
	// but nothing else.
	Nameless bool `json:"nameless,omitempty"`
	// Missing says why this build has no such object; there is no Addr then.
	Missing string `json:"missing,omitempty"`
}

type thing struct {
	id   int
	next *thing
	note string
}

func (t *thing) Sum() int { return t.id }

// count numbers things, so that none is like another.
var count int

//go:noinline
func newThing() *thing {
	count++
	return &thing{id: count}
}

// said holds the lines, and no pointer to what they describe.
var said []Kind

func say(name string, addr uintptr, typ, path string) *Kind {
	nameless := !describesCaptures && strings.Contains(path, " captured ") && !strings.Contains(path, " captured receiver")
	said = append(said, Kind{Case: "kind", Name: name, Addr: ready.Hex(addr), Type: typ, Path: path, Nameless: nameless})
	return &said[len(said)-1]
}

func missing(name, why string) {
	said = append(said, Kind{Case: "kind", Name: name, Missing: why})
}

// isThing says that p, a *thing, is at path.
func isThing(name string, p *thing, path string) *Kind { return say(name, at(p), "main.thing", path) }

// at is the address of what p points to.
func at[T any](p *T) uintptr { return uintptr(unsafe.Pointer(p)) }

// word is the only word, or the first, of a map, channel, function, slice or
// string: the address of what it leads to.
func word[T any](v T) uintptr { return *(*uintptr)(unsafe.Pointer(&v)) }

// boxed is the address of what an interface holds.
func boxed(v any) uintptr { return (*[2]uintptr)(unsafe.Pointer(&v))[1] }

// code is the name of a closure's function.
func code(f any) string { return runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name() }

// own is what stands behind the name of the function that a closure is in.
func own(f any) string {
	name := code(f)
	return name[strings.Index(name, ".func")+1:]
}

// optimised reports whether the compiler inlines.
func optimised() bool { return inlined(leaf(), leaf) }

func leaf() uintptr {
	pc, _, _, _ := runtime.Caller(0)
	return pc
}

// long returns a string on the heap that shares its slot with nothing.
func long(s string) string {
	return strings.Clone(fmt.Sprintf("%-16s", s))
}

func main() {
	runtime.SetBlockProfileRate(0) // for make drift, as in the program opened
	runtime.GOMAXPROCS(4)
	buildMaps()
	buildChannels()
	buildSync()
	buildLibrary()
	buildClosures()
	buildTypes()
	buildHidden()
	buildFrames()
	buildSpills()
	buildWaits()
	buildStackMaps()
	stand(betweenCollections, afterCollections)
}

// stand ends the program as ready.Wait does, and has something done before the
// last collection and after it: what a sync.Pool holds does not outlive two.
func stand(before, after func()) {
	crash := os.Getenv("GOHEAP_CRASH") == "1"
	if crash {
		debug.SetTraceback("crash")
	}
	const prSetPtracer = 0x59616d61 // lets a debugger attach (prctl(2), PR_SET_PTRACER)
	syscall.RawSyscall(syscall.SYS_PRCTL, prSetPtracer, ^uintptr(0), 0)
	pause(50e6)
	tellReasons()
	for i := 0; i < 3; i++ {
		runtime.GC()
		pause(5e6)
	}
	before()
	debug.SetGCPercent(-1)
	runtime.GC()
	after()
	for _, k := range said {
		ready.Say(k)
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	ready.Say(map[string]any{"case": "memstats", "heap_alloc": stats.HeapAlloc, "heap_objects": stats.HeapObjects})
	os.Stdout.WriteString("ready\n")
	if crash {
		pause(100e6)
		syscall.Kill(syscall.Getpid(), syscall.SIGABRT)
	}
	var input [64]byte
	for {
		n, err := syscall.Read(0, input[:])
		if n == 0 || err != nil && err != syscall.EINTR && err != syscall.EAGAIN {
			syscall.Exit(0)
		}
	}
}

// pause stops the thread, so that it leaves no timer.
func pause(nanoseconds int64) {
	left := syscall.NsecToTimespec(nanoseconds)
	for syscall.Nanosleep(&left, &left) == syscall.EINTR {
	}
}
