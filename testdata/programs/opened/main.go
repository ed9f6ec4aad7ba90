// Opened holds values that say more than their memory does: numbers that are constants,
// and the containers and wrappers of the library, in whatever way the version of Go that
// builds it has these. It says of each what a reader of its core must show.
package main

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"runtime/pprof"
	"unsafe"

	"goheap/testdata/programs/internal/ready"
)

// want is one line of output: the value reached from main.all by the names in
// Path is shown as Text. Exact is false where the text may go on behind Text.
type want struct {
	Case     string   `json:"case"`
	Path     []string `json:"path"`
	Text     string   `json:"text"`
	Exact    bool     `json:"exact"`
	Children []string `json:"children"` // names in order; nil for not stated
	Count    int      `json:"count"`    // of the children, -1 for not stated
}

type everything struct {
	Constants constants
	Held      held
	Wrapped   wrapped
	Library   library
	Since119  since119
	Since121  since121
	Since123  since123
	Since124  since124
}

var (
	all   everything
	wants []*want
)

func say(text string, path ...string) *want {
	w := &want{Case: "value", Path: path, Text: text, Exact: true, Count: -1}
	wants = append(wants, w)
	return w
}

func starts(text string, path ...string) *want {
	w := say(text, path...)
	w.Exact = false
	return w
}

func hex(p unsafe.Pointer) string { return fmt.Sprintf("%#x", uintptr(p)) }

func main() {
	// For make drift, which sees of the library only what a program uses.
	runtime.SetBlockProfileRate(0) // which asks how fast the processor's clock goes
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("program", "opened")))
	reflect.MakeFunc(reflect.TypeOf(main), func([]reflect.Value) []reflect.Value { return nil })
	named()
	sized()
	keyed()
	containers()
	wrappers()
	texts()
	atomics()
	contexts()
	handles()
	weaklings()
	for _, w := range wants {
		ready.Say(w)
	}
	wants = nil
	ready.Wait()
	runtime.KeepAlive(&all)
	runtime.KeepAlive(&arrays)
}
