// Command frames prints where its variables are, one JSON document.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"unsafe"
)

type point struct{ X, Y int64 }

const (
	Answer   = 42
	Negative = -7
)

var (
	counter int
	table   = map[string]*point{}
	origin  = point{1, 2}
)

type report struct {
	Version string
	Globals map[string]uint64
	// Frames have the address of each variable, by the name of the function.
	Frames map[string]frame
	Sizes  map[string]uint64
}

type frame struct {
	PC     uint64 // inside the call that reported
	Vars   map[string]uint64
	Hidden []string // not in scope there
}

var said = report{Frames: map[string]frame{}}

//go:noinline
func say(name string, vars map[string]uint64, hidden ...string) {
	var pcs [1]uintptr
	runtime.Callers(2, pcs[:])
	said.Frames[name] = frame{uint64(pcs[0]) - 1, vars, hidden}
}

// addr does not let its argument escape.
func addr[T any](p *T) uint64 { return uint64(uintptr(unsafe.Pointer(p))) }

//go:noinline
func outer(a int64, p point, list []string) (result int64) {
	local := point{a, p.Y}
	total := int64(len(list))
	if a > 0 {
		inner := [3]int64{a, total, 5}
		say("main.outer", map[string]uint64{
			"a": addr(&a), "p": addr(&p), "list": addr(&list),
			"result": addr(&result), "local": addr(&local), "total": addr(&total), "inner": addr(&inner),
		}, "later")
		result += inner[1]
	} else {
		later := [2]int64{a, total}
		say("never", map[string]uint64{"later": addr(&later)})
		result += later[1]
	}
	return result + local.X + inlined(total)
}

func inlined(n int64) int64 {
	held := point{n, n + 1}
	sayHeld(&held)
	return held.X
}

//go:noinline
func sayHeld(held *point) {
	var pcs [1]uintptr
	runtime.Callers(2, pcs[:])
	said.Frames["main.inlined"] = frame{uint64(pcs[0]) - 1, map[string]uint64{"held": addr(held)}, nil}
}

//go:noinline
func escaping(n int) func() int {
	kept := n * 2
	count := n
	text := fmt.Sprint(n)
	f := func() int {
		kept++
		return kept + count + len(text)
	}
	f()
	return f
}

func main() {
	outer(int64(len(os.Args)), point{7, 8}, os.Args)
	f := escaping(len(os.Args))
	f()
	said.Version = runtime.Version()
	said.Globals = map[string]uint64{
		"main.counter": addr(&counter), "main.table": addr(&table), "main.origin": addr(&origin), "main.said": addr(&said),
	}
	said.Sizes = map[string]uint64{
		"main.point":  uint64(unsafe.Sizeof(point{})),
		"main.report": uint64(unsafe.Sizeof(said)),
		"main.frame":  uint64(unsafe.Sizeof(frame{})),
	}
	table["x"] = &origin
	if err := json.NewEncoder(os.Stdout).Encode(said); err != nil {
		panic(err)
	}
}
