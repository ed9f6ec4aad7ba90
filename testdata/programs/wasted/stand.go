package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"syscall"

	"goheap/testdata/programs/internal/ready"
)

// stand ends the program as ready.Wait does, and has something done before the last
// collection and after it: what a sync.Pool has does not outlive two.
func stand(before, after func()) {
	if os.Getenv("GOHEAP_CRASH") == "1" {
		debug.SetTraceback("crash")
	}
	const prSetPtracer = 0x59616d61 // lets a debugger attach (prctl(2), PR_SET_PTRACER)
	syscall.RawSyscall(syscall.SYS_PRCTL, prSetPtracer, ^uintptr(0), 0)
	for i := 0; i < 3; i++ {
		runtime.GC()
		pause(5e6)
	}
	before()
	runtime.GC()
	after()
	runtime.ReadMemStats(&stats)
	ready.Say(map[string]interface{}{"case": "memstats", "heap_alloc": stats.HeapAlloc, "heap_objects": stats.HeapObjects})
	if path := os.Getenv("GOHEAP_HEAPDUMP"); path != "" {
		f, err := os.Create(path)
		if err != nil {
			os.Exit(1)
		}
		debug.WriteHeapDump(f.Fd())
		f.Close()
	}
	os.Stdout.WriteString("ready\n")
	if os.Getenv("GOHEAP_CRASH") == "1" {
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
