// Quiet is a small process at rest: a few megabytes of objects of many sizes
// and kinds, a few blocked goroutines, one of each kind of special, and no
// allocation after the last collection. A reader of its core must find the
// collector's live set object by object. What Go 1.18 does not have is in files of
// its own.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"unsafe"

	"goheap/testdata/programs/internal/ready"
)

// object is one line of output: something that lives at addr.
type object struct {
	Case string `json:"case"`
	Name string `json:"name"`
	Addr string `json:"addr"`
	Type string `json:"type"`
	Size uint64 `json:"type_size"`
}

type Node struct {
	Left, Right *Node
	Key         int
	Label       string
}

type Account struct {
	Owner   string
	Balance int64
	History []Entry
	Limits  map[string]int
	Parent  *Account
}

type Entry struct {
	When   int64
	Amount int64
	Note   *string
}

// Block is the element of slices that need a malloc header or a span of
// their own.
type Block struct {
	Next    *Block
	Payload [6]uint64
	Tag     string
}

type Shape interface{ Area() float64 }

type Square struct{ Side float64 }

type Circle struct {
	Radius float64
	Name   *string
}

func (s Square) Area() float64  { return s.Side * s.Side }
func (c *Circle) Area() float64 { return 3 * c.Radius * c.Radius }

var (
	tree     *Node
	accounts = map[int]*Account{}
	sizes    [][]byte
	headered []*[]Block
	large    []Block
	noscan   []byte
	digits   []*int32
	shapes   []Shape
	words    []string
	queue    = make(chan *Entry, 64)
	table    = map[string][]int{}
	registry sync.Map
	pooled   = sync.Pool{New: func() any { return new([256]byte) }}
	finished *Account
	cleaned  *Account
	closures []func() int
	file     *os.File
	pair     [2]*Entry
	inline   Account
	boxed    any
)

func grow(depth, key int) *Node {
	if depth == 0 {
		return nil
	}
	return &Node{
		Left:  grow(depth-1, 2*key),
		Right: grow(depth-1, 2*key+1),
		Key:   key,
		Label: fmt.Sprintf("node %d", key),
	}
}

func account(i int) *Account {
	a := &Account{Owner: fmt.Sprintf("owner %d", i), Balance: int64(i)}
	for j := 0; j < i%7; j++ {
		note := fmt.Sprintf("note %d of %d", j, i)
		a.History = append(a.History, Entry{int64(i), int64(j), &note})
	}
	if i%5 == 0 {
		a.Limits = map[string]int{"day": i, "week": 7 * i}
	}
	return a
}

// hold keeps what only its frame knows.
func hold(i int, block <-chan struct{}) {
	mine := account(i)
	text := make([]string, 10+i)
	for j := range text {
		text[j] = fmt.Sprintf("line %d of goroutine %d", j, i)
	}
	<-block
	mine.Balance++
	fmt.Println(mine, text)
}

func populate() {
	tree = grow(12, 1)
	for i := 0; i < 1500; i++ {
		accounts[i] = account(i)
		if i > 0 {
			accounts[i].Parent = accounts[i/2]
		}
	}
	for n := 1; n <= 40_000; n += 1 + n/6 {
		sizes = append(sizes, make([]byte, n))
		b := make([]Block, 1+n/int(unsafe.Sizeof(Block{})))
		b[0].Next = &b[len(b)-1]
		b[len(b)-1].Tag = fmt.Sprintf("tail %d", n)
		headered = append(headered, &b)
	}
	large = make([]Block, 3000)
	for i := range large {
		large[i].Next = &large[(i+1)%len(large)]
		large[i].Tag = words0(i)
	}
	noscan = make([]byte, 1<<20)
	for i := 0; i < 300; i++ {
		v := int32(i)
		digits = append(digits, &v)
		name := fmt.Sprintf("circle %d", i)
		shapes = append(shapes, Square{float64(i)}, &Circle{float64(i), &name})
		words = append(words, words0(i))
		n := i
		closures = append(closures, func() int { n++; return n + len(name) })
		registry.Store(i, &Entry{When: int64(i)})
		table[name] = make([]int, i)
	}
	for i := 0; i < 40; i++ {
		queue <- &Entry{When: int64(i), Note: &words[i]}
	}
	for i := 0; i < 4; i++ {
		pooled.Put(new([256]byte))
	}
	pair = [2]*Entry{{When: 1}, {When: 2}}
	inline = *account(13)
	boxed = *account(6)
}

func words0(i int) string { return fmt.Sprintf("word %d", i) }

func specials() {
	finished = account(6)
	captured := account(5)
	runtime.SetFinalizer(finished, func(a *Account) { fmt.Println(a, captured) })
	cleaned = account(4)
	newerSpecials()
	newestSpecials()
	f, err := os.Open(os.Args[0])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	file = f
}

func say(name string, p unsafe.Pointer, typ string, size uintptr) {
	ready.Say(object{"object", name, ready.Hex(uintptr(p)), typ, uint64(size)})
}

// sayHolds counts the objects of each type that main, the goroutines, and the
// specials hold.
func sayHolds() {
	owners, histories := 0, 0 // of Accounts that somebody holds
	count := func(i int) {
		owners++
		if i%7 > 0 {
			histories++
		}
	}
	for i := range accounts {
		count(i)
	}
	for i := 0; i < holders; i++ {
		count(i)
	}
	count(6)    // finished
	count(5)    // captured by the finalizer
	count(4)    // cleaned
	count(6)    // boxed
	histories++ // of inline, which is in a global itself
	ready.Holds("main.Account", owners, 1)
	ready.Holds("[]main.Entry", histories, 1)
	ready.Holds("main.Node", 1<<12-1, 0)
	ready.Holds("main.Entry", 300+40+len(pair)+cleanups, 0) // registry, queue
	ready.Holds("*main.Entry", cleanups, 0)
	ready.Holds("main.Circle", 300, 0)
	ready.Holds("main.Square", 299, 0)                // the value 0 needs none
	ready.Holds("[]main.Block", 2*len(headered)+1, 0) // large, and slices behind pointers to them
	ready.Holds("[]*[]main.Block", 1, 0)
	ready.Holds("[]main.Shape", 1, 0)
	ready.Holds("[]*main.Entry", 1, 0) // the buffer of queue
}

// holders is how many goroutines hold what their frames know.
const holders = 8

func main() {
	populate()
	specials()
	block := make(chan struct{})
	for i := 0; i < holders; i++ {
		go hold(i, block)
	}
	var mu sync.Mutex
	mu.Lock()
	go func() { mu.Lock() }()
	go func() { select {} }()

	say("main.tree", unsafe.Pointer(tree), "main.Node", unsafe.Sizeof(*tree))
	say("main.accounts[7]", unsafe.Pointer(accounts[7]), "main.Account", unsafe.Sizeof(Account{}))
	say("main.large", unsafe.Pointer(&large[0]), "[3000]main.Block", uintptr(len(large))*unsafe.Sizeof(Block{}))
	say("main.noscan", unsafe.Pointer(&noscan[0]), "[1048576]uint8", uintptr(len(noscan)))
	say("main.finished", unsafe.Pointer(finished), "main.Account", unsafe.Sizeof(Account{}))
	say("main.cleaned", unsafe.Pointer(cleaned), "main.Account", unsafe.Sizeof(Account{}))
	say("main.pair[1]", unsafe.Pointer(pair[1]), "main.Entry", unsafe.Sizeof(Entry{}))
	say("main.file", unsafe.Pointer(file), "os.File", unsafe.Sizeof(os.File{}))
	sayHolds()
	ready.Wait()
	close(block)
}
