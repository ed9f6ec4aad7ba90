// Probe sets up, one by one, the ways in which a Go program can keep an object
// alive, and says of each what a heap reader must find.
//
// The object of a case is held in that one way only. Addresses travel as
// uintptr, and the functions that make objects never return them to main, so
// that neither a report nor a stale stack slot is a second way. The ways that Go
// 1.18 does not have are in newer.go.
package main

import (
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"goheap/testdata/programs/internal/ready"
)

// T has 64 bytes and a pointer, so that a slot of it is 64 bytes too.
type T struct {
	Index int64
	Peer  *T
	Pad   [6]int64
}

// Wide has 200 bytes; Count is at +24.
type Wide struct {
	Name  string
	Next  *Wide
	Count int64
	Rest  [21]int64
}

// Big has the size of no class but that of large objects.
type Big struct {
	Self *Big
	Body [1 << 20]byte
}

// Case is one line of output. Addr is where the value begins; in a slot with
// a malloc header the object begins eight bytes before. Retained is the sum of
// the slots that freeing the object would free, null where it depends on what
// else the program does; RetainedMin is a lower bound of it.
type Case struct {
	Case        string   `json:"case"`
	Addr        string   `json:"addr"`
	Type        string   `json:"type"`
	TypeSize    uint64   `json:"type_size"`
	Count       int      `json:"count"` // of elements of that type
	Live        bool     `json:"live"`
	Kind        string   `json:"kind"` // of root: global, goroutine, special; joint with Others; "" when not live
	Root        string   `json:"root"` // its name: the global, or the function and variable
	Others      []string `json:"others,omitempty"`
	Interior    uint64   `json:"interior,omitempty"` // the pointer goes to Addr + Interior
	Retained    *uint64  `json:"retained"`
	RetainedMin uint64   `json:"retained_min,omitempty"`
	Elements    []string `json:"elements,omitempty"`
	Only        Only     `json:"only,omitempty"`
}

// Only names the kind of core in which the case holds, "" for both.
type Only string

func bytes(n uint64) *uint64 { return &n }

func address[V any](p *V) uintptr { return uintptr(unsafe.Pointer(p)) }

// Globals, each the only holder of its case.
var (
	fifty        []*T
	thousand     []*T
	tenThousand  []*T
	insideStruct *int64
	insideArray  []int64
	finalized    *T
	finalizedBig *Wide
	cleanedUp    *T
	openFile     *os.File
	left, right  []*T
	chain        *T
	tiny         [3]*byte
	hidden       uintptr
	big          *Big
	boxed        any
	ringHead     *T
	through      unsafe.Pointer
	empty        *struct{}
	table        map[string]*T
	entry        func() int64
	mailbox      chan *T
)

// stop is never set: it keeps the spinning goroutine's loop from being
// infinite in the compiler's eyes.
var stop uint32

// spun receives the result of the loop, so that the loop is not dead code.
var spun int64

//go:noinline
func newT(i int) *T {
	t := &T{Index: int64(i)}
	for j := range t.Pad {
		t.Pad[j] = int64(i)
	}
	return t
}

func newTs(n int) []*T {
	ts := make([]*T, n)
	for i := range ts {
		ts[i] = newT(i)
	}
	return ts
}

const word = uint64(unsafe.Sizeof(uintptr(0)))

//go:noinline
func sayTs(name string, ts []*T, backing uint64) {
	c := Case{Case: name, Addr: ready.Hex(address(&ts[0])), Type: "*main.T", TypeSize: word, Count: cap(ts), Live: true,
		Kind: "global", Root: "main." + name, Retained: bytes(backing + uint64(len(ts))*64)}
	for _, t := range ts {
		c.Elements = append(c.Elements, ready.Hex(address(t)))
	}
	ready.Say(c)
}

// one reports a single T.
func one(name string, addr uintptr, kind, root string) {
	ready.Say(oneT(name, addr, kind, root))
}

func oneT(name string, addr uintptr, kind, root string) Case {
	return Case{Case: name, Addr: ready.Hex(addr), Type: "main.T", TypeSize: uint64(unsafe.Sizeof(T{})), Count: 1, Live: true,
		Kind: kind, Root: root, Retained: bytes(64)}
}

//go:noinline
func slices() {
	fifty, thousand, tenThousand = newTs(50), newTs(1000), newTs(10_000)
	// With words of 8 bytes: 400 bytes, size class 416; 8000 bytes and a malloc
	// header; a span of ten pages. With 4: 200 and 4000 bytes with malloc headers,
	// and a span of five.
	sayTs("fifty", fifty, 208*word/4)
	sayTs("thousand", thousand, 4096*word/4)
	sayTs("tenThousand", tenThousand, 40960*word/4)
}

//go:noinline
func interiors() {
	w := &Wide{Name: "wide", Count: 7}
	insideStruct = &w.Count
	ready.Say(Case{Case: "insideStruct", Addr: ready.Hex(address(w)), Type: "main.Wide", TypeSize: uint64(unsafe.Sizeof(*w)), Count: 1, Live: true,
		Kind: "global", Root: "main.insideStruct", Interior: uint64(unsafe.Offsetof(w.Count)), Retained: bytes(208)})
	a := new([1000]int64)
	insideArray = a[500:510:510]
	ready.Say(Case{Case: "insideArray", Addr: ready.Hex(address(a)), Type: "int64", TypeSize: 8, Count: 1000, Live: true,
		Kind: "global", Root: "main.insideArray", Interior: 4000, Retained: bytes(8192)})
}

// stackLocal's frame is the only holder of local.
//
//go:noinline
func stackLocal(addr chan<- uintptr, block <-chan int) {
	local := newT(1)
	addr <- address(local)
	local.Index += int64(<-block)
}

// box does not escape, but its address is taken: it is a stack object.
type box struct {
	label string
	held  *T
}

//go:noinline
func stackObject(addr chan<- uintptr, block <-chan int) {
	onStack := box{label: "on the stack", held: newT(2)}
	waitWith(&onStack, addr, block)
}

// waitWith's pointer into its caller's frame is what keeps the stack object,
// and by it the T, alive: the caller itself does not use it again.
//
//go:noinline
func waitWith(b *box, addr chan<- uintptr, block <-chan int) {
	addr <- address(b.held)
	b.held.Index += int64(<-block)
}

// spin holds t in a register only: it makes no call, so there is nothing to
// spill for, and its caller does not use t afterwards.
//
//go:noinline
func spin(t *T, stop *uint32) (sum int64) {
	for atomic.LoadUint32(stop) == 0 {
		sum += t.Index
	}
	return sum
}

// fresh returns an object after reporting its address, so that the caller
// never has to keep it across a call.
//
//go:noinline
func fresh(i int, addr chan<- uintptr) *T {
	t := newT(i)
	addr <- address(t)
	return t
}

//go:noinline
func spinning(addr chan<- uintptr) {
	spun = spin(fresh(3, addr), &stop)
}

// deferring's object is known to a deferred closure only.
//
//go:noinline
func deferring(addr chan<- uintptr, block <-chan int) {
	captured := fresh(4, addr)
	defer func() { spun = captured.Index }()
	<-block
}

// sending is blocked with its object half way into a channel.
//
//go:noinline
func sending(addr chan<- uintptr, to chan *T) {
	to <- fresh(5, addr)
}

// selecting waits in a select whose send case holds the object.
//
//go:noinline
func selecting(addr chan<- uintptr, to chan *T, block <-chan int) {
	select {
	case to <- fresh(6, addr):
	case n := <-block:
		spun = int64(n)
	}
}

//go:noinline
func goroutines() {
	addr := make(chan uintptr)
	block := make(chan int)
	nobody := make(chan *T)
	go stackLocal(addr, block)
	one("stackLocal", <-addr, "goroutine", "main.stackLocal local")
	go stackObject(addr, block)
	one("stackObject", <-addr, "goroutine", "main.stackObject onStack")
	go deferring(addr, block)
	one("deferring", <-addr, "goroutine", "main.deferring captured")
	go sending(addr, nobody)
	one("sending", <-addr, "goroutine", "main.sending")
	go selecting(addr, nobody, block)
	one("selecting", <-addr, "goroutine", "main.selecting")
	go spinning(addr)
	c := oneT("register", <-addr, "goroutine", "main.spin t")
	c.Only = "gcore" // a process that aborts stops its threads in a signal handler
	ready.Say(c)
}

// specialsOfLive attaches finalizers and cleanups to objects that globals
// hold: what those capture is retained by the object, and so by the global.
//
//go:noinline
func specialsOfLive() {
	captured := newT(10)
	finalized = newT(11)
	runtime.SetFinalizer(finalized, func(t *T) { spun = t.Index + captured.Index })
	one("finalizerCapture", address(captured), "global", "main.finalized")

	w := &Wide{Name: "wide", Next: &Wide{Name: "next"}}
	finalizedBig = w
	runtime.SetFinalizer(w, func(w *Wide) { spun = w.Count })
	ready.Say(Case{Case: "finalizedSubtree", Addr: ready.Hex(address(w)), Type: "main.Wide", TypeSize: uint64(unsafe.Sizeof(*w)), Count: 1, Live: true,
		Kind: "global", Root: "main.finalizedBig", RetainedMin: 2 * 208})

	cleanedUp = newT(14)
	cleanups()
}

// file opens a real file whose name is a megabyte. os.NewFile puts a finalizer
// on the os.file inside the os.File (file_unix.go, Go 1.26); a reader that
// makes every special a root takes the name away from the os.File.
//
//go:noinline
func file() {
	r, _, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	name := strings.Repeat("x", 1<<20)
	openFile = os.NewFile(r.Fd(), name)
	runtime.SetFinalizer(r, nil)
	pipes[0] = r
	ready.Say(Case{Case: "openFile", Addr: ready.Hex(address(openFile)), Type: "os.File", TypeSize: uint64(unsafe.Sizeof(os.File{})), Count: 1, Live: true,
		Kind: "global", Root: "main.openFile", RetainedMin: 1 << 20})
	ready.Say(Case{Case: "openFileName", Addr: ready.Hex(*(*uintptr)(unsafe.Pointer(&name))), Type: "uint8", TypeSize: 1, Count: 1 << 20, Live: true,
		Kind: "global", Root: "main.openFile", Retained: bytes(1 << 20)})
}

// pipes keeps the descriptor under openFile from being closed by its first
// owner.
var pipes [1]*os.File

// queued makes n objects with a finalizer each and forgets them.
//
//go:noinline
func queuedFinalizers(n int) []uintptr {
	var addrs []uintptr
	for i := 0; i < n; i++ {
		t := newT(20 + i)
		t.Peer = newT(30 + i)
		runtime.SetFinalizer(t, func(t *T) { spun = t.Peer.Index })
		addrs = append(addrs, address(t), address(t.Peer))
	}
	return addrs
}

//go:noinline
func blockFinalizers(entered chan<- uintptr, block <-chan int) {
	runtime.SetFinalizer(newT(60), func(t *T) {
		entered <- address(t)
		t.Index += int64(<-block)
	})
}

// queues stops the finalizer goroutine and the cleanup goroutine, and then
// lets more of both become due: they stay in the queues.
//
//go:noinline
func queues() {
	entered, block := make(chan uintptr), make(chan int)
	blockFinalizers(entered, block)
	collectUntil(entered, func(addr uintptr) {
		// The queue lets go of an entry after its finalizer has returned
		// (mfinal.go, runFinalizers, Go 1.26); a cleanup is taken off before,
		// since Go 1.26.
		c := oneT("runningFinalizer", addr, "joint", "main.blockFinalizers.func1 t")
		c.Others = []string{"finalizer queue"}
		ready.Say(c)
	})
	if cleanupGoroutines {
		blockCleanups(entered, block)
		collectUntil(entered, func(addr uintptr) {
			c := oneT("runningCleanup", addr, "goroutine", "main.blockCleanups.func1 t")
			if queueHoldsRunning {
				c.Kind, c.Others = "joint", []string{cleanupQueue}
			}
			ready.Say(c)
		})
	}
	for i, addr := range queuedFinalizers(4) {
		c := oneT("queuedFinalizer", addr, "special", "finalizer queue")
		if i%2 == 0 {
			c.Retained = bytes(128) // with its Peer, the next line
		} else {
			c.Case = "queuedFinalizerPeer"
		}
		ready.Say(c)
	}
	for _, addr := range queuedCleanups(4) {
		one("queuedCleanup", addr, "special", cleanupQueue)
	}
}

// collectUntil collects garbage until something arrives.
func collectUntil(from <-chan uintptr, then func(uintptr)) {
	for {
		runtime.GC()
		select {
		case addr := <-from:
			then(addr)
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

//go:noinline
func others() {
	shared := newTs(100)
	left, right = append([]*T(nil), shared...), append([]*T(nil), shared...)
	c := Case{Case: "joint", Addr: ready.Hex(address(shared[0])), Type: "main.T", TypeSize: 64, Count: 1, Live: true,
		Kind: "joint", Root: "main.left", Others: []string{"main.right"}, Retained: bytes(64)}
	for _, t := range shared {
		c.Elements = append(c.Elements, ready.Hex(address(t)))
	}
	ready.Say(c)

	for i := 0; i < 1000; i++ {
		chain = &T{Index: int64(i), Peer: chain}
	}
	c = oneT("chain", address(chain), "global", "main.chain")
	c.Retained = bytes(64 * 1000)
	ready.Say(c)

	ringHead = newT(70)
	ringHead.Peer = newT(71)
	ringHead.Peer.Peer = ringHead
	c = oneT("ring", address(ringHead), "global", "main.ringHead")
	c.Retained = bytes(128)
	ready.Say(c)

	for i := range tiny {
		tiny[i] = new(byte)
		*tiny[i] = byte(i)
		ready.Say(Case{Case: "tiny", Addr: ready.Hex(address(tiny[i])), Type: "uint8", TypeSize: 1, Count: 1, Live: true,
			Kind: "global", Root: "main.tiny"})
	}

	big = new(Big)
	big.Self = big
	ready.Say(Case{Case: "big", Addr: ready.Hex(address(big)), Type: "main.Big", TypeSize: uint64(unsafe.Sizeof(*big)), Count: 1, Live: true,
		Kind: "global", Root: "main.big", Retained: bytes(1<<20 + 8192)})

	direct := newT(72)
	boxed = struct{ In struct{ P [1]*T } }{struct{ P [1]*T }{[1]*T{direct}}}
	one("boxed", address(direct), "global", "main.boxed")

	atomicPointer()
	t := newT(74)
	through = unsafe.Pointer(t)
	one("through", address(t), "global", "main.through")
	empty = new(struct{})

	table = map[string]*T{"held": newT(75)}
	one("mapElement", address(table["held"]), "global", "main.table")

	captured := newT(76)
	entry = func() int64 { return captured.Index }
	one("closureCapture", address(captured), "global", "main.entry")

	mailbox = make(chan *T, 4)
	inside := newT(77)
	mailbox <- inside
	one("channelBuffer", address(inside), "global", "main.mailbox")

	inTimer := newT(78)
	late := func() { spun = inTimer.Index }
	time.AfterFunc(1000*time.Hour, late)
	one("timer", address(inTimer), "timers", "timers that run "+runtime.FuncForPC(reflect.ValueOf(late).Pointer()).Name())
}

// dead makes objects that nothing keeps alive: a weak pointer does not, and
// neither does an integer.
//
//go:noinline
func dead() {
	weakPointer()
	t := newT(81)
	hidden = address(t)
	c := oneT("hiddenInInteger", hidden, "", "")
	c.Live, c.Retained = false, nil
	ready.Say(c)
	outsideHeap()
}

// outside is memory that the runtime did not ask for, as a just-in-time compiler
// has it: readable, writable and executable.
var outside []byte

// outsideHeap puts the only pointer to an object there.
//
//go:noinline
func outsideHeap() {
	var err error
	if outside, err = syscall.Mmap(-1, 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE|syscall.PROT_EXEC, syscall.MAP_ANON|syscall.MAP_PRIVATE); err != nil {
		return // where the kernel refuses such memory there is none
	}
	t := newT(82)
	*(**T)(unsafe.Pointer(&outside[0])) = t
	c := oneT("hiddenOutside", address(t), "", "")
	c.Live, c.Retained = false, nil
	ready.Say(c)
}

func main() {
	// Two processors: one for the loop that spins, one for the rest; and so
	// few that the runtime runs a single cleanup goroutine (mcleanup.go,
	// maxCleanupGs, Go 1.26).
	runtime.GOMAXPROCS(2)
	debug.SetGCPercent(-1)
	slices()
	interiors()
	specialsOfLive()
	file()
	others()
	queues()
	goroutines()
	// After the last collection that this program starts itself: the slots of
	// these are not reused before the dump.
	var done sync.WaitGroup
	done.Add(1)
	go func() {
		defer done.Done()
		dead()
	}()
	done.Wait()
	ready.Wait()
}
