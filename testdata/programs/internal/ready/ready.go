// Package ready is the last step of every test program: it prints what the
// program knows about itself and then stands still, so that a core file shows
// exactly the heap that was described.
//
// The protocol, on standard output: any number of lines, each one JSON object
// with the key "case"; the last of them has case "memstats"; then the line
// "ready". After that line the process does nothing until standard input
// reaches its end, and then exits with status 0. With GOHEAP_CRASH=1 in the
// environment it aborts itself instead, leaving the core to the kernel. With
// GOHEAP_HEAPDUMP=PATH it writes a heap dump there before it is ready.
package ready

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
)

// Say prints v, which must encode to a JSON object with the key "case", as
// one line. It must not be called after Wait.
func Say(v any) {
	line, err := json.Marshal(v)
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot describe the heap:", err)
		os.Exit(1)
	}
	os.Stdout.Write(append(line, '\n'))
}

// Hex renders an address. Callers convert to uintptr at the call, so that
// nothing that is printed keeps the object alive.
func Hex(addr uintptr) string {
	return "0x" + strconv.FormatUint(uint64(addr), 16)
}

// Holds says how many objects of a type, as goheap writes it, the program holds at
// its end, and how many of them by variables that closures captured and by nothing
// else: until Go 1.22 debugging information does not say what these are.
func Holds(typ string, objects, captured int) {
	Say(struct {
		Case     string `json:"case"`
		Type     string `json:"type"`
		Objects  int    `json:"objects"`
		Captured int    `json:"captured,omitempty"`
	}{"holds", typ, objects, captured})
}

// page is what Wait works in. It exists so that nothing is allocated between
// the last collection and the dump.
type page struct {
	stats runtime.MemStats
	line  [512]byte
	input [64]byte
	left  syscall.Timespec
}

var wait page

// Wait collects garbage until what finalizers and pools held back is gone,
// turns the collector off, prints the runtime's own counters and "ready", and
// then waits to be dumped. It does not return.
//
// The forced collection every two minutes does not happen either: a negative
// GC percentage rules it out (mgc.go, gcTrigger.test, Go 1.26).
func Wait() {
	crash := os.Getenv("GOHEAP_CRASH") == "1"
	if crash {
		debug.SetTraceback("crash")
	}
	allowTracer()
	pause(20e6)
	for i := 0; i < 3; i++ {
		runtime.GC()
		pause(5e6)
	}
	heapDump := -1
	if path := os.Getenv("GOHEAP_HEAPDUMP"); path != "" {
		var err error
		heapDump, err = syscall.Open(path, syscall.O_CREAT|syscall.O_WRONLY|syscall.O_TRUNC, 0o666)
		if err != nil {
			fmt.Fprintln(os.Stderr, "cannot make the heap dump:", err)
			os.Exit(1)
		}
	}
	debug.SetGCPercent(-1)
	// SetGCPercent restarts the world with a fresh goal and GC completes its
	// sweep, so these counters describe live objects and nothing else.
	runtime.GC()
	if heapDump >= 0 {
		debug.WriteHeapDump(uintptr(heapDump))
		syscall.Close(heapDump)
	}
	runtime.ReadMemStats(&wait.stats)

	b := append(wait.line[:0], `{"case":"memstats","heap_alloc":`...)
	b = strconv.AppendUint(b, wait.stats.HeapAlloc, 10)
	b = append(b, `,"heap_objects":`...)
	b = strconv.AppendUint(b, wait.stats.HeapObjects, 10)
	b = append(b, `,"num_gc":`...)
	b = strconv.AppendUint(b, uint64(wait.stats.NumGC), 10)
	b = append(b, "}\nready\n"...)
	write(b)

	if crash {
		pause(100e6)
		syscall.Kill(syscall.Getpid(), syscall.SIGABRT)
	}
	for {
		n, err := syscall.Read(0, wait.input[:])
		if n == 0 || err != nil && err != syscall.EINTR && err != syscall.EAGAIN {
			syscall.Exit(0)
		}
	}
}

// pause stops the calling thread, not merely its goroutine, because
// time.Sleep allocates a timer. It lets goroutines that were just started
// reach the operation they block on, and finalizers run.
func pause(nanoseconds int64) {
	wait.left = syscall.NsecToTimespec(nanoseconds)
	for syscall.Nanosleep(&wait.left, &wait.left) == syscall.EINTR {
	}
}

func write(b []byte) {
	for len(b) > 0 {
		n, err := syscall.Write(1, b)
		if err == syscall.EINTR || err == syscall.EAGAIN {
			continue
		}
		if err != nil {
			syscall.Exit(1)
		}
		b = b[n:]
	}
}

// allowTracer lets a debugger that is not an ancestor attach where the Yama
// security module restricts that (prctl(2), PR_SET_PTRACER).
func allowTracer() {
	const prSetPtracer = 0x59616d61
	syscall.RawSyscall(syscall.SYS_PRCTL, prSetPtracer, ^uintptr(0), 0)
}
