// Package stand is the last step of the programs in cases, as package ready is of the
// other test programs: it prints what a program holds and stands still. It collects
// before it says what the heap has, and not after: what a case does in settle, such as
// filling a pool or leaving garbage, is in the core as it is then.
//
// The protocol is that of package ready. Its lines have the case "culprit" with the
// name, the number and the bytes of what is to be found, and "memstats" at the end.
package stand

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
)

// Culprit prints that name holds a number of things of so many bytes, as the runtime
// has allocated them; 0 is for what it does not say.
func Culprit(name string, count int, bytes uint64) {
	fmt.Printf(`{"case":"culprit","name":%q,"count":%d,"bytes":%d}`+"\n", name, count, bytes)
}

// Measured is Culprit with the bytes by which the live heap has grown when fill returns.
func Measured(name string, count int, fill func()) {
	before := live()
	fill()
	Culprit(name, count, live()-before)
}

func live() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Ready collects, calls settle where that is not nil, prints "ready" and waits to be
// dumped; until then keep is alive. It does not return.
func Ready(settle func(), keep ...any) {
	crash := os.Getenv("GOHEAP_CRASH") == "1"
	if crash {
		debug.SetTraceback("crash")
	}
	const prSetPtracer = 0x59616d61 // prctl(2): debuggers may attach
	syscall.RawSyscall(syscall.SYS_PRCTL, prSetPtracer, ^uintptr(0), 0)
	live()
	if settle != nil {
		settle()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	debug.SetGCPercent(-1)
	if path := os.Getenv("GOHEAP_HEAPDUMP"); path != "" {
		f, err := os.Create(path)
		if err != nil {
			fmt.Fprintln(os.Stderr, "cannot make the heap dump:", err)
			os.Exit(1)
		}
		debug.WriteHeapDump(f.Fd())
		f.Close()
	}
	fmt.Printf(`{"case":"memstats","heap_alloc":%d,"heap_objects":%d}`+"\n", m.HeapAlloc, m.HeapObjects)
	fmt.Println("ready")
	if crash {
		time.Sleep(100 * time.Millisecond)
		syscall.Kill(syscall.Getpid(), syscall.SIGABRT)
	}
	var input [64]byte
	for {
		n, err := syscall.Read(0, input[:])
		if n == 0 || err != nil && err != syscall.EINTR && err != syscall.EAGAIN {
			runtime.KeepAlive(keep)
			syscall.Exit(0)
		}
	}
}
