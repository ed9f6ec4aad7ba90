// Sampled has the memory profiler record every allocation, and says of some
// objects where they were allocated and what the profiler itself knows of the
// place. Go 1.18 builds it.
package main

import (
	"runtime"
	"strings"
	"unsafe"

	"goheap/testdata/programs/internal/ready"
)

// object is one line of output: something at addr that was allocated by function
// at a line of main.go, reached through the functions of callers, innermost first.
type object struct {
	Case     string   `json:"case"`
	Addr     string   `json:"addr"`
	Function string   `json:"function"`
	Line     int      `json:"line"`
	Callers  []string `json:"callers"`
}

// site is what runtime.MemProfile says of all places in a function.
type site struct {
	Case     string `json:"case"`
	Function string `json:"function"`
	Allocs   int64  `json:"allocs"`
	Frees    int64  `json:"frees"`
	Bytes    int64  `json:"bytes"` // allocated
}

type record struct {
	Name string
	Next *record
	Rest [10]int64
}

// line returns the line of the call that its caller is.
//
//go:noinline
func line() int {
	_, _, n, _ := runtime.Caller(1)
	return n
}

//go:noinline
func plain() (*record, int) {
	return new(record), line()
}

// inlined is part of its callers.
func inlined(n int) ([]*record, int) {
	return make([]*record, n), line()
}

//go:noinline
func outer(n int) ([]*record, int) { return inlined(n) }

//go:noinline
func large() ([]byte, int) {
	return make([]byte, 1<<20), line()
}

//go:noinline
func dropped(n int) {
	for i := 0; i < n; i++ {
		sink = new(record)
	}
	sink = nil
}

var (
	sink    *record
	records []*record
	lists   [][]*record
	buffer  []byte
)

func address(p unsafe.Pointer) string { return ready.Hex(uintptr(p)) }

func main() {
	runtime.MemProfileRate = 1
	for i := 0; i < 20; i++ {
		r, at := plain()
		records = append(records, r)
		ready.Say(object{"object", address(unsafe.Pointer(r)), "main.plain", at, []string{"main.main"}})
	}
	for i := 1; i <= 5; i++ {
		l, at := outer(300 * i)
		lists = append(lists, l)
		ready.Say(object{"object", address(unsafe.Pointer(&l[0])), "main.inlined", at, []string{"main.outer", "main.main"}})
	}
	var at int
	buffer, at = large()
	ready.Say(object{"object", address(unsafe.Pointer(&buffer[0])), "main.large", at, []string{"main.main"}})
	dropped(100)
	runtime.MemProfileRate = 0
	dropped(10) // the next sample was chosen with the old rate
	unsampled := new(record)
	records = append(records, unsampled)
	ready.Say(object{Case: "unsampled", Addr: address(unsafe.Pointer(unsampled))})
	// What was freed is published two collections later.
	for i := 0; i < 4; i++ {
		runtime.GC()
	}
	say("main.plain", "main.inlined", "main.large", "main.dropped")
	runtime.MemProfileRate = 1 << 30
	ready.Wait()
}

// say prints what the profiler knows of functions.
func say(functions ...string) {
	profile := make([]runtime.MemProfileRecord, 10000)
	n, ok := runtime.MemProfile(profile, true)
	if !ok {
		panic("the profile does not fit")
	}
	for _, name := range functions {
		s := site{Case: "site", Function: name}
		for _, r := range profile[:n] {
			frames := runtime.CallersFrames(r.Stack())
			for {
				f, more := frames.Next()
				if !strings.HasPrefix(f.Function, "runtime.") {
					if f.Function == name {
						s.Allocs += r.AllocObjects
						s.Frees += r.FreeObjects
						s.Bytes += r.AllocBytes
					}
					break
				}
				if !more {
					break
				}
			}
		}
		ready.Say(s)
	}
}
