// Values holds one value of every kind in main.all, and says of each what a
// reader of its core must show. The texts come from fmt, strconv and the types'
// own methods.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/big"
	"net"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unique"
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
	Addr     string   `json:"addr"` // "" where it is not known
	Size     uint64   `json:"size"`
	Children []string `json:"children"` // names in order; nil for not stated
	Count    int      `json:"count"`    // of the children, -1 for not stated
}

type Point struct{ X, Y int }

type Node struct {
	ID   string
	Next *Node
	Any  any
}

type Big struct{ Words [20]uint64 }

type All struct {
	Bool    bool
	Int8    int8
	Int16   int16
	Int32   int32
	Int64   int64
	Uint8   uint8
	Uint64  uint64
	Uintptr uintptr
	F32     float32
	F64     float64
	NaN     float64
	C64     complex64
	C128    complex128
	Str     string
	Hostile string
	Empty   string
	Long    string
	Wide    string
	UUID    [16]byte
	Bytes   []byte
	NoBytes []byte
	Ints    []int
	Array   [3]int16
	Strs    []string
	None    []int
	Zero    []int
	Points  []Point
	Many    []int
	Units   []struct{}
	Point   Point
	Unit    struct{}

	PInt    *int
	PStr    *string
	PPoint  *Point
	PNil    *int
	PP      **int
	Ring    *Node
	Unsafe  unsafe.Pointer
	Recurse any

	Nil     any
	BoxInt  any
	BoxStr  any
	BoxPtr  any
	BoxMap  any
	BoxFunc any
	BoxSt   any
	Stringy fmt.Stringer

	NilMap  map[string]int
	One     map[string]int
	NoEnt   map[string]int
	Large   map[int]string
	Deleted map[int]int
	Keys    map[Point]string
	BigKeys map[Big]Big
	AnyKeys map[any]int
	Map     map[string]*Node

	NilChan chan int
	Queue   chan int
	Wrapped chan string
	Closed  chan int
	Waited  chan int
	Sent    chan string
	Select  chan bool

	NilFunc func()
	Func    func(int) string
	Closure func() int

	Time     time.Time
	Now      time.Time
	ZeroTime time.Time
	Ancient  time.Time
	Zone     time.Time
	PTime    *time.Time
	Dur      time.Duration
	NegDur   time.Duration

	Err      error
	Wrap     error
	Wraps    error
	Join     error
	PathErr  error
	OpErr    error
	OpErr2   error
	URLErr   error
	NumErr   error
	SysErr   error
	ExecErr  error
	LinkErr  error
	Errno    error
	ErrnoVal syscall.Errno
	BadErrno error
	Custom   error
	Cyclic   error

	IP       net.IP
	IP6      net.IP
	Mapped   net.IP
	NilIP    net.IP
	Mask     net.IPMask
	Net      net.IPNet
	Net6     *net.IPNet
	TCP      *net.TCPAddr
	UDP      net.UDPAddr
	ZoneAddr net.Addr
	Unix     net.Addr
	Addr     netip.Addr
	Addr6    netip.Addr
	Addr6z   netip.Addr
	Addr4in6 netip.Addr
	NoAddr   netip.Addr
	Port     netip.AddrPort
	Port6    netip.AddrPort
	NoPort   netip.AddrPort
	Prefix   netip.Prefix
	NoPrefix netip.Prefix

	BigInt  big.Int
	PBig    *big.Int
	ZeroBig big.Int
	HugeBig *big.Int

	Mutex    sync.Mutex
	Locked   sync.Mutex
	RW       sync.RWMutex
	RWRead   sync.RWMutex
	RWLocked sync.RWMutex
	AInt     atomic.Int64
	ABool    atomic.Bool
	AU32     atomic.Uint32
	APtr     atomic.Pointer[Point]
	AVal     atomic.Value
	Handle   unique.Handle[string]
	Reflect  reflect.Value
	NoValue  reflect.Value
}

type custom struct{ Code int }

func (c custom) Error() string { return "custom" }

type stringy struct{ S string }

func (s stringy) String() string { return s.S }

var (
	all   All
	wants []want
)

// field returns where a field of all stands.
func field(name string) (addr uintptr, size uint64) {
	v := reflect.ValueOf(&all).Elem()
	f, ok := v.Type().FieldByName(name)
	if !ok {
		panic("no field " + name)
	}
	return v.UnsafeAddr() + f.Offset, uint64(f.Type.Size())
}

func say(text string, path ...string) *want { return sayThat(text, true, path...) }

func starts(text string, path ...string) *want { return sayThat(text, false, path...) }

func sayThat(text string, exact bool, path ...string) *want {
	w := want{Case: "value", Path: path, Text: text, Exact: exact, Count: -1}
	if len(path) == 1 {
		addr, size := field(path[0])
		w.Addr, w.Size = ready.Hex(addr), size
	}
	wants = append(wants, w)
	return &wants[len(wants)-1]
}

func hex[T any](p *T) string { return fmt.Sprintf("%#x", uintptr(unsafe.Pointer(p))) }

func scalars() {
	a := &all
	a.Bool, a.Int8, a.Int16, a.Int32, a.Int64 = true, -128, -1, math.MinInt32, math.MaxInt64
	a.Uint8, a.Uint64, a.Uintptr = 255, math.MaxUint64, 0xabc
	a.F32, a.F64, a.NaN, a.C64, a.C128 = 0.1, 1e300, math.NaN(), complex(1.5, -2), complex(0, math.Inf(1))
	for name, v := range map[string]any{"Bool": a.Bool, "Int8": a.Int8, "Int16": a.Int16, "Int32": a.Int32, "Int64": a.Int64,
		"Uint8": a.Uint8, "Uint64": a.Uint64, "F32": a.F32, "F64": a.F64, "NaN": a.NaN, "C64": a.C64, "C128": a.C128} {
		say(fmt.Sprint(v), name).Count = 0
	}
	say("0xabc", "Uintptr")

	a.Str, a.Hostile = "hello \"there\"", "evil\x1b[31m\x00\u202e\xff\n\ttab"
	a.Long, a.Wide = strings.Repeat("0123456789", 50), strings.Repeat("日", 100)
	say(strconv.QuoteToGraphic(a.Str), "Str").Count = 0
	say(strconv.QuoteToGraphic(a.Hostile), "Hostile")
	say(`""`, "Empty")
	say(fmt.Sprintf("%q… (500 bytes)", a.Long[:120]), "Long")
	say(fmt.Sprintf("%q… (300 bytes)", a.Wide[:120]), "Wide")
	copy(a.UUID[:], "0123456789abcdef")
	say(`"0123456789abcdef"`, "UUID")
	a.Bytes = append(make([]byte, 0, 16), "raw\x00\xfe"...)
	say(`len 5 cap 16 "raw\x00\xfe"`, "Bytes")
	say("nil", "NoBytes").Count = 0

	a.Ints, a.Array, a.Strs, a.Zero = append(make([]int, 0, 8), 1, 2, 3), [3]int16{-1, 0, 1}, []string{"a", "b"}, []int{}
	w := say("len 3 cap 8 {1, 2, 3}", "Ints")
	w.Children, w.Count = []string{"[0]", "[1]", "[2]"}, 3
	say("{-1, 0, 1}", "Array").Count = 3
	say("1", "Array", "[2]")
	say(`len 2 cap 2 {"a", "b"}`, "Strs")
	say(`"b"`, "Strs", "[1]")
	say("nil", "None").Count = 0
	say("len 0 cap 0", "Zero").Count = 0
	a.Points = []Point{{1, 2}, {3, 4}}
	say("len 2 cap 2 {{X: 1, Y: 2}, {X: 3, Y: 4}}", "Points")
	say("{X: 3, Y: 4}", "Points", "[1]").Children = []string{"X", "Y"}
	say("4", "Points", "[1]", "Y")
	a.Many = make([]int, 100_000)
	for i := range a.Many {
		a.Many[i] = i
	}
	starts("len 100000 cap 100000 {0, 1, 2, 3, ", "Many").Count = 100_000
	say("99999", "Many", "[99999]")
	a.Units = make([]struct{}, 1<<40)
	starts("len 1099511627776 cap 1099511627776 {{}, {}, ", "Units")
	say("{}", "Units", "[1099511627775]")
	a.Point = Point{5, -6}
	say("{X: 5, Y: -6}", "Point").Children = []string{"X", "Y"}
	say("{}", "Unit").Count = 0
}

func pointers() {
	a := &all
	n, s := 42, "pointed to"
	a.PInt, a.PStr, a.PPoint, a.Unsafe = &n, &s, &Point{7, 8}, unsafe.Pointer(&n)
	a.PP = &a.PInt
	w := say(hex(a.PInt)+" → 42", "PInt")
	w.Children, w.Count = []string{"*"}, 1
	say("42", "PInt", "*")
	say(hex(a.PStr)+` → "pointed to"`, "PStr")
	say(hex(a.PPoint)+" → {X: 7, Y: 8}", "PPoint").Children = []string{"X", "Y"}
	say("8", "PPoint", "Y")
	say("nil", "PNil").Count = 0
	say(hex(a.PP)+" → "+hex(a.PInt), "PP")
	say("42", "PP", "*", "*")
	say(hex(a.PInt), "Unsafe")
	one, two := &Node{ID: "one"}, &Node{ID: "two"}
	one.Next, two.Next, a.Ring = two, one, one
	one.Any = one
	say(fmt.Sprintf(`%s → {ID: "one", Next: %s, Any: (*main.Node) %s}`, hex(one), hex(two), hex(one)), "Ring")
	say(fmt.Sprintf(`%s → {ID: "two", Next: %s, Any: nil}`, hex(two), hex(one)), "Ring", "Next")
	say(`"one"`, "Ring", "Next", "Next", "Any", "Next", "Next", "ID")
	cycle := []any{nil}
	cycle[0] = cycle
	a.Recurse = cycle
	starts("([]interface {}) len 1 cap 1", "Recurse")
	starts("([]interface {}) len 1 cap 1", "Recurse", "[0]", "[0]", "[0]")
}

func boxes() {
	a := &all
	say("nil", "Nil").Count = 0
	a.BoxInt, a.BoxStr, a.BoxPtr, a.BoxSt = 12345, "boxed", &Point{1, 1}, struct{ P *Point }{&Point{2, 2}}
	say("(int) 12345", "BoxInt")
	say(`(string) "boxed"`, "BoxStr")
	say("(*main.Point) "+hex(a.BoxPtr.(*Point))+" → {X: 1, Y: 1}", "BoxPtr").Children = []string{"X", "Y"}
	starts("(struct { P *main.Point }) {P: "+hex(a.BoxSt.(struct{ P *Point }).P), "BoxSt").Children = []string{"P"}
	say("2", "BoxSt", "P", "Y")
	a.BoxMap, a.BoxFunc = map[string]int{"k": 1}, strings.ToUpper
	say(`(map[string]int) len 1 {"k": 1}`, "BoxMap").Children = []string{`["k"]`}
	say("(func(string) string) strings.ToUpper", "BoxFunc")
	a.Stringy = stringy{"text"}
	say(`(main.stringy) {S: "text"}`, "Stringy")
}

func maps() {
	a := &all
	a.One, a.NoEnt, a.Large, a.Deleted = map[string]int{"a\n": 1}, map[string]int{}, map[int]string{}, map[int]int{}
	say("nil", "NilMap").Count = 0
	w := say(`len 1 {"a\n": 1}`, "One")
	w.Children, w.Count = []string{`["a\n"]`}, 1
	say("1", "One", `["a\n"]`)
	say("len 0", "NoEnt").Count = 0
	for i := range 5000 {
		a.Large[i] = fmt.Sprint("value ", i)
		a.Deleted[i] = i
	}
	starts("len 5000 {", "Large").Count = 5000
	for _, i := range []int{0, 1, 2500, 4999} {
		say(fmt.Sprintf(`"value %d"`, i), "Large", fmt.Sprintf("[%d]", i))
	}
	for i := range 4997 {
		delete(a.Deleted, i)
	}
	starts("len 3 {", "Deleted").Count = 3
	say("4998", "Deleted", "[4998]")
	a.Keys = map[Point]string{{1, 2}: "one two"}
	starts("len 1 {", "Keys")
	say("{X: 1, Y: 2}", "Keys", "", "key")
	say(`"one two"`, "Keys", "", "value")
	key, elem := Big{}, Big{}
	key.Words[19], elem.Words[0] = 19, 77
	a.BigKeys = map[Big]Big{key: elem}
	say("19", "BigKeys", "", "key", "Words", "[19]")
	say("77", "BigKeys", "", "value", "Words", "[0]")
	a.AnyKeys = map[any]int{"k": 3}
	say("3", "AnyKeys", "")
	a.Map = map[string]*Node{"n": {ID: "in a map"}}
	say(`"in a map"`, "Map", `["n"]`, "ID")
}

func channels() {
	a := &all
	say("nil", "NilChan").Count = 0
	a.Queue, a.Wrapped, a.Closed = make(chan int, 8), make(chan string, 3), make(chan int, 2)
	a.Waited, a.Sent, a.Select = make(chan int), make(chan string, 1), make(chan bool)
	for i := range 3 {
		a.Queue <- 10 + i
	}
	w := say("3/8", "Queue")
	w.Children, w.Count = []string{"[0]", "[1]", "[2]"}, 3
	say("11", "Queue", "[1]")
	for i := range 3 {
		a.Wrapped <- fmt.Sprint("s", i)
	}
	<-a.Wrapped
	<-a.Wrapped
	a.Wrapped <- "s3"
	say("2/3", "Wrapped").Children = []string{"[0]", "[1]"}
	say(`"s2"`, "Wrapped", "[0]")
	say(`"s3"`, "Wrapped", "[1]")
	a.Closed <- 9
	close(a.Closed)
	say("1/2, closed", "Closed").Children = []string{"[0]"}
	for range 2 {
		go func() { <-all.Waited }()
	}
	say("0/0, 2 goroutines wait to receive", "Waited").Children = []string{"receiver", "receiver"}
	a.Sent <- "first"
	go func() { all.Sent <- "second" }()
	say("1/1, 1 goroutine waits to send", "Sent").Children = []string{"[0]", "sender"}
	go func() {
		select {
		case <-all.Select:
		case v := <-all.Select:
			fmt.Println(v)
		}
	}()
	say("0/0, 1 goroutine waits to receive", "Select").Count = 1
}

//go:noinline
func counter(start int, name string) func() int {
	return func() int { start++; return start + len(name) }
}

func functions() {
	a := &all
	a.Func, a.Closure = strconv.Itoa, counter(7, "captured")
	a.Closure()
	say("nil", "NilFunc").Count = 0
	say("strconv.Itoa", "Func")
	say("main.counter.func1", "Closure").Count = 2
	say(`"captured"`, "Closure", "name")
}

func times() {
	a := &all
	a.Time = time.Date(2024, 2, 29, 23, 59, 59, 123456789, time.UTC)
	a.Now = time.Now()
	a.Ancient = time.Date(-5, 1, 2, 3, 4, 5, 0, time.UTC)
	a.Zone = time.Date(1999, 12, 31, 1, 2, 3, 4000, time.FixedZone("Nowhere", 5400))
	a.PTime = &a.Zone
	a.Dur, a.NegDur = 62*time.Minute+3*time.Second, -1500*time.Microsecond
	say("2024-02-29T23:59:59.123456789Z", "Time")
	// time.Local is named after TZ.
	starts(a.Now.UTC().Format(time.RFC3339Nano), "Now")
	say("0001-01-01T00:00:00Z", "ZeroTime")
	say(a.Ancient.Format(time.RFC3339Nano), "Ancient")
	zone := a.Zone.UTC().Format(time.RFC3339Nano) + " (Nowhere)"
	say(zone, "Zone")
	say(hex(a.PTime)+" → "+zone, "PTime")
	say(a.Dur.String(), "Dur")
	say(a.NegDur.String(), "NegDur")
}

func message(err error, name string) { say(fmt.Sprintf("(%T) %q", err, err), name) }

func failures() {
	a := &all
	a.Err = errors.New("plain\x1b")
	message(a.Err, "Err")
	a.Wrap = fmt.Errorf("wrapped: %w", a.Err)
	message(a.Wrap, "Wrap")
	a.Wraps = fmt.Errorf("%w and %w", a.Err, a.Wrap)
	message(a.Wraps, "Wraps")
	_, pathErr := os.Open("/does/not/exist")
	a.PathErr = pathErr
	say(fmt.Sprintf("(*io/fs.PathError) %q", pathErr), "PathErr")
	a.Join = errors.Join(a.Err, &fs.PathError{Op: "stat", Path: "x", Err: syscall.EACCES})
	message(a.Join, "Join")
	a.OpErr = &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 443}, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	message(a.OpErr, "OpErr")
	a.OpErr2 = &net.OpError{Op: "read", Net: "udp", Source: &net.UDPAddr{IP: net.IPv6loopback, Port: 1}, Addr: &net.UnixAddr{Name: "/run/s", Net: "unix"}, Err: errors.New("x")}
	message(a.OpErr2, "OpErr2")
	a.URLErr = &url.Error{Op: "Get", URL: "http://a/\n", Err: a.OpErr}
	say(fmt.Sprintf("(*net/url.Error) %q", a.URLErr), "URLErr")
	_, a.NumErr = strconv.Atoi("12\"x")
	message(a.NumErr, "NumErr")
	a.SysErr = os.NewSyscallError("futex", syscall.EINTR)
	message(a.SysErr, "SysErr")
	a.ExecErr = &exec.Error{Name: "nope", Err: exec.ErrNotFound}
	say(fmt.Sprintf("(*os/exec.Error) %q", a.ExecErr), "ExecErr")
	a.LinkErr = &os.LinkError{Op: "rename", Old: "a", New: "b", Err: fs.ErrExist}
	message(a.LinkErr, "LinkErr")
	a.Errno, a.ErrnoVal, a.BadErrno = syscall.ENOENT, syscall.EPERM, syscall.Errno(100000)
	say("(syscall.Errno) 2 ("+a.Errno.Error()+")", "Errno")
	say("1 ("+a.ErrnoVal.Error()+")", "ErrnoVal")
	say("(syscall.Errno) 100000 ("+a.BadErrno.Error()+")", "BadErrno")
	a.Custom = custom{3}
	say("(main.custom) {Code: 3}", "Custom")
	// An error that holds itself has no message.
	loop := &fs.PathError{Op: "loop", Path: "y"}
	loop.Err = loop
	a.Cyclic = loop
	starts("(*io/fs.PathError) "+hex(loop), "Cyclic")
}

func addresses() {
	a := &all
	a.IP, a.IP6, a.Mapped = net.IP{1, 2, 3, 4}, net.ParseIP("2001:db8::1"), net.IPv4(127, 0, 0, 1)
	say(a.IP.String(), "IP")
	say(a.IP6.String(), "IP6")
	say(a.Mapped.String(), "Mapped")
	say("nil", "NilIP")
	a.Mask = net.CIDRMask(20, 32)
	say(a.Mask.String(), "Mask")
	_, n, _ := net.ParseCIDR("10.20.0.0/14")
	_, n6, _ := net.ParseCIDR("fe80::/10")
	a.Net, a.Net6 = *n, n6
	say(a.Net.String(), "Net")
	say(hex(n6)+" → "+n6.String(), "Net6")
	a.TCP, a.UDP = &net.TCPAddr{IP: a.IP6, Port: 80}, net.UDPAddr{Port: 53}
	say(hex(a.TCP)+" → "+a.TCP.String(), "TCP")
	say(a.UDP.String(), "UDP")
	a.ZoneAddr, a.Unix = &net.TCPAddr{IP: net.IPv6linklocalallnodes, Port: 1, Zone: "eth0"}, &net.UnixAddr{Name: "@x", Net: "unix"}
	say("(*net.TCPAddr) "+a.ZoneAddr.String(), "ZoneAddr")
	say("(*net.UnixAddr) @x", "Unix")
	for _, s := range []struct {
		name, addr string
		to         *netip.Addr
	}{{"Addr", "192.0.2.1", &a.Addr}, {"Addr6", "2001:db8::2", &a.Addr6}, {"Addr6z", "fe80::1%eth1", &a.Addr6z}, {"Addr4in6", "::ffff:1.2.3.4", &a.Addr4in6}} {
		*s.to = netip.MustParseAddr(s.addr)
		say(s.to.String(), s.name)
	}
	say(a.NoAddr.String(), "NoAddr")
	a.Port, a.Port6 = netip.AddrPortFrom(a.Addr, 8080), netip.AddrPortFrom(a.Addr6z, 1)
	say(a.Port.String(), "Port")
	say(a.Port6.String(), "Port6")
	say(a.NoPort.String(), "NoPort")
	a.Prefix = netip.MustParsePrefix("192.0.2.0/24")
	say(a.Prefix.String(), "Prefix")
	say(a.NoPrefix.String(), "NoPrefix")
}

func library() {
	a := &all
	a.BigInt.SetString("-123456789012345678901234567890", 10)
	a.PBig = new(big.Int).Exp(big.NewInt(7), big.NewInt(100), nil)
	a.HugeBig = new(big.Int).Lsh(big.NewInt(1), 100_000)
	say(a.BigInt.String(), "BigInt")
	say(hex(a.PBig)+" → "+a.PBig.String(), "PBig")
	say("0", "ZeroBig")
	starts(hex(a.HugeBig)+" → {neg: false, abs: len 1563 cap ", "HugeBig")
	a.Locked.Lock()
	a.RWRead.RLock()
	a.RWRead.RLock()
	a.RWLocked.Lock()
	say("unlocked", "Mutex")
	say("locked", "Locked")
	say("unlocked", "RW")
	say("locked for reading ×2", "RWRead")
	say("locked", "RWLocked")
	a.AInt.Store(-5)
	a.ABool.Store(true)
	a.AU32.Store(6)
	a.APtr.Store(&Point{9, 9})
	a.AVal.Store("stored")
	a.Handle = unique.Make("unique text")
	say("-5", "AInt")
	say("true", "ABool")
	say("6", "AU32")
	say(hex(a.APtr.Load())+" → {X: 9, Y: 9}", "APtr").Children = []string{"X", "Y"}
	say(`(string) "stored"`, "AVal")
	starts("0x", "Handle")
	say(`"unique text"`, "Handle", "*")
	a.Reflect = reflect.ValueOf(a.Point)
	say("(main.Point) {X: 5, Y: -6}", "Reflect").Children = []string{"X", "Y"}
	say("invalid", "NoValue")
}

func main() {
	// For make drift, which sees of the library only what a program uses.
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("program", "values")))
	for _, f := range []func(){scalars, pointers, boxes, maps, channels, functions, times, failures, addresses, library} {
		f()
	}
	for _, w := range wants {
		ready.Say(w)
	}
	wants = nil
	ready.Wait()
	runtime.KeepAlive(&all)
}
