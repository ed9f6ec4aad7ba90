// Accounts is a process at rest that says of itself where its memory is: what
// runtime.ReadMemStats and the kernel (/proc/self/smaps) said right before its core was
// taken, with nothing allocated in between. CASE is what it has done before:
//
//	quiet     a few objects of many sizes
//	released  200 MiB were collected, and not given back
//	returned  200 MiB were collected, and given back
//	garbage   100 MiB of records that nothing leads to wait for the next collection
//	fragment  of 64 MiB in small objects one in sixty-four is left
//	stacks    64 goroutines stand deep in a recursion
//	mmap      64 MiB are mapped without the runtime, and a file
//	limit     GOMEMLIMIT decides when the next collection ends
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

// room is what the end of the program works in: it allocates nothing.
var room struct {
	stats runtime.MemStats
	input [64]byte
	left  syscall.Timespec
	smaps [256 << 10]byte
	line  [2048]byte
}

type record struct {
	id   int
	line [1000]byte
}

// link has pointers, and is large enough for the allocator to record its type: since Go
// 1.22.
type link struct {
	next *link
	data [80]int64
}

var (
	chain   *link
	keep    []*record
	last    *record
	small   []*[48]byte
	sizes   [][]byte
	mapped  []byte
	file    []byte
	stopped = make(chan bool)
)

//go:noinline
func blocks(n int) int {
	var all [][]byte
	for i := 0; i < n; i++ {
		b := make([]byte, 1<<20)
		for j := range b {
			b[j] = 1
		}
		all = append(all, b)
	}
	return len(all)
}

//go:noinline
func records(n int) {
	for i := 0; i < n; i++ {
		last = &record{id: i}
		last.line[7] = 1
	}
}

// links leaves three as garbage and the others alive.
//
//go:noinline
func links(n int) {
	for i := 0; i < n; i++ {
		chain = &link{next: chain}
	}
	chain = chain.next.next.next
}

//go:noinline
func fragments() {
	var all []*[48]byte
	for i := 0; i < 64<<20/48; i++ {
		b := new([48]byte)
		b[3] = 1
		all = append(all, b)
		if i%64 == 0 {
			small = append(small, b)
		}
	}
	runtime.KeepAlive(all)
}

//go:noinline
func walk(depth int) int {
	var pad [400]byte
	pad[depth%400] = byte(depth)
	if depth == 0 {
		<-stopped
		return int(pad[0])
	}
	return walk(depth-1) + int(pad[depth%400])
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func do(what string) {
	switch what {
	case "quiet":
		for i := 1; i < 3000; i += 7 {
			sizes = append(sizes, make([]byte, i))
		}
	case "released", "returned":
		blocks(200)
	case "garbage":
		for i := 0; i < 5000; i++ {
			keep = append(keep, &record{id: i})
		}
	case "fragment":
		fragments()
	case "stacks":
		for i := 0; i < 64; i++ {
			go walk(1400)
		}
	case "mmap":
		var err error
		mapped, err = syscall.Mmap(-1, 0, 64<<20, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		must(err)
		for i := 0; i < len(mapped); i += 4 << 10 {
			mapped[i] = 1
		}
		self, err := os.Open("/proc/self/exe")
		must(err)
		file, err = syscall.Mmap(int(self.Fd()), 0, 1<<20, syscall.PROT_READ, syscall.MAP_SHARED)
		must(err)
		self.Close()
	case "limit":
		blocks(4)
		limit(24 << 20)
	default:
		must(fmt.Errorf("there is no case %q", what))
	}
}

// read reads a file whose name ends with a zero byte.
func read(name string, to []byte) (n int) {
	path := []byte(name)
	const atCWD = ^uintptr(99) // AT_FDCWD, -100
	fd, _, errno := syscall.RawSyscall6(syscall.SYS_OPENAT, atCWD, uintptr(unsafe.Pointer(&path[0])), 0, 0, 0, 0)
	if errno != 0 {
		return 0
	}
	for n < len(to) {
		got, _, errno := syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(&to[n])), uintptr(len(to)-n))
		if got == 0 || errno != 0 {
			break
		}
		n += int(got)
	}
	syscall.RawSyscall(syscall.SYS_CLOSE, fd, 0, 0)
	return n
}

// pause stops the calling thread: time.Sleep would allocate.
func pause(nanoseconds int64) {
	room.left = syscall.NsecToTimespec(nanoseconds)
	for {
		at := uintptr(unsafe.Pointer(&room.left))
		if _, _, errno := syscall.RawSyscall(syscall.SYS_NANOSLEEP, at, at, 0); errno != syscall.EINTR {
			return
		}
	}
}

func write(b []byte) {
	for len(b) > 0 {
		n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, 1, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
		if errno == syscall.EINTR || errno == syscall.EAGAIN {
			continue
		}
		if errno != 0 {
			syscall.Exit(1)
		}
		b = b[n:]
	}
}

// allowTracer lets a debugger attach (prctl(2), PR_SET_PTRACER).
func allowTracer() {
	const prSetPtracer = 0x59616d61
	syscall.RawSyscall(syscall.SYS_PRCTL, prSetPtracer, ^uintptr(0), 0)
}

func main() {
	what := "quiet"
	if len(os.Args) > 1 {
		what = os.Args[1]
	}
	crash := os.Getenv("GOHEAP_CRASH") == "1"
	if crash {
		debug.SetTraceback("crash")
	}
	allowTracer()
	do(what)
	runtime.Gosched()
	time.Sleep(50e6)
	for i := 0; i < 3; i++ {
		runtime.GC()
		pause(5e6)
	}
	if what == "returned" {
		debug.FreeOSMemory()
	}
	runtime.GC()
	// Behind the last collection: one that ends without a goal for the next has the
	// scavenger keep a tenth more than what is in use (gcPaceScavenger in
	// runtime/mgcscavenge.go, Go 1.26), so that memory is given back while the core is taken.
	if what != "limit" {
		debug.SetGCPercent(-1)
	}
	if what == "garbage" {
		records(100 << 20 / 1024)
		links(20000)
	}
	// The only processor stays with this goroutine, which makes no call that gives it
	// away: else the runtime goes on giving memory back to the system. It takes
	// GODEBUG=asyncpreemptoff=1 beside.
	runtime.GOMAXPROCS(1)
	// Twice: what the first one needed is there at the second.
	smaps := 0
	for i := 0; i < 2; i++ {
		smaps = read("/proc/self/smaps\x00", room.smaps[:])
		runtime.ReadMemStats(&room.stats)
	}
	say(smaps)
	if crash {
		syscall.Kill(syscall.Getpid(), syscall.SIGABRT)
	}
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_READ, 0, uintptr(unsafe.Pointer(&room.input[0])), uintptr(len(room.input)))
		if n == 0 || errno != 0 && errno != syscall.EINTR && errno != syscall.EAGAIN {
			syscall.Exit(0)
		}
	}
}

// say prints the statistics as JSON, and what the kernel says line by line, each as a
// JSON object.
func say(smaps int) {
	s := &room.stats
	b := append(room.line[:0], `{"case":"memstats"`...)
	for _, f := range [...]struct {
		name string
		n    uint64
	}{
		{"Sys", s.Sys}, {"HeapAlloc", s.HeapAlloc}, {"HeapSys", s.HeapSys}, {"HeapIdle", s.HeapIdle}, {"HeapInuse", s.HeapInuse}, {"HeapReleased", s.HeapReleased},
		{"StackInuse", s.StackInuse}, {"StackSys", s.StackSys}, {"MSpanInuse", s.MSpanInuse}, {"MSpanSys", s.MSpanSys},
		{"MCacheInuse", s.MCacheInuse}, {"MCacheSys", s.MCacheSys}, {"BuckHashSys", s.BuckHashSys}, {"GCSys", s.GCSys}, {"OtherSys", s.OtherSys},
		{"NextGC", s.NextGC}, {"LastGC", s.LastGC}, {"PauseTotalNs", s.PauseTotalNs}, {"NumGC", uint64(s.NumGC)}, {"NumForcedGC", uint64(s.NumForcedGC)},
	} {
		b = append(b, `,"`...)
		b = append(b, f.name...)
		b = append(b, `":`...)
		b = strconv.AppendUint(b, f.n, 10)
	}
	write(append(b, "}\n"...))
	for text := room.smaps[:smaps]; len(text) > 0; {
		n := 0
		for n < len(text) && text[n] != '\n' {
			n++
		}
		b := append(room.line[:0], `{"case":"smaps","line":"`...)
		b = append(b, text[:n]...)
		write(append(b, "\"}\n"...))
		if n < len(text) {
			n++
		}
		text = text[n:]
	}
	write(append(room.line[:0], "ready\n"...))
}
