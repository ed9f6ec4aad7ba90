// Wasted keeps memory of which it has no use, in each way that has a rule, and says how
// much it is. With MODE clean it keeps as much and wastes next to nothing.
//
// Go 1.18 builds it.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"unsafe"

	"goheap/testdata/programs/internal/ready"
)

// wasted is a line of output: what a rule is to find below a variable.
type wasted struct {
	Case     string `json:"case"`
	Rule     string `json:"rule"`
	Holder   string `json:"holder"`
	Type     string `json:"type"` // in place of the holder: it is of all objects of the type
	Objects  int    `json:"objects"`
	Bytes    uint64 `json:"bytes"`
	Behind   uint64 `json:"behind"`
	Distinct int    `json:"distinct"`
	// Measured says that bytes are the difference of what the runtime counts.
	Measured bool `json:"measured"`
}

func say(rule, holder string, objects int, bytes uint64) {
	ready.Say(wasted{Case: "wasted", Rule: rule, Holder: holder, Objects: objects, Bytes: bytes})
}

type record struct {
	next *record
	data [7]int64
}

type header struct {
	id   int64
	name *string
	body [4094]int64
}

// padded takes 40 bytes, and 24 in a better order.
type padded struct {
	a bool
	b int64
	c bool
	d int64
	e bool
}

// paddedPointers takes 40 bytes, and 32 in a better order.
type paddedPointers struct {
	a bool
	b *node
	c bool
	d *node
	e int64
}

type mixed struct {
	text  string
	array []byte
}

type sample struct{ at, val, min, max int64 }

type node struct {
	id   int64
	next *node
	rest [4]int64
}

var (
	substrings []string
	subslices  [][]byte
	consumed   []int64
	survivor   *record
	fields     []*int64
	both       mixed
	empties    [][]int64
	cleared    [][]*node
	capacities [][]int32
	shrunk     map[int64]sample
	emptied    map[string]sample
	queue      chan int64
	pointers   chan *node
	labels     []string
	blobs      [][]byte
	words      []interface{}
	numbers    []interface{}
	points     map[int64]interface{}
	larger     []interface{}
	aliased    []interface{}
	aliases    []*string
	parcels    sync.Pool
	tails      sync.Pool
	lists      sync.Pool
	outside    sync.Pool
	inUse      *parcel
	one, other sync.Pool
	known      = map[string]int{}
	held       []*node
	made       []map[int64]sample
	readers    []*bufio.Reader
	writers    []*bufio.Writer
	singles    []*padded
	arrays     [][]paddedPointers
)

// allocated is what the heap has after collections that have nothing left to free.
func allocated() uint64 {
	last := uint64(0)
	for i := 0; i < 20; i++ {
		runtime.GC()
		runtime.ReadMemStats(&stats)
		if stats.HeapAlloc == last && i > 3 {
			break
		}
		last = stats.HeapAlloc
	}
	return last
}

var stats runtime.MemStats

func fill(m map[int64]sample, n int64) map[int64]sample {
	for i := int64(0); i < n; i++ {
		m[i] = sample{at: i}
	}
	return m
}

func text(n int) string { return string(make([]byte, n)) }

//go:noinline
func dead() {
	for i := 0; i < 50; i++ {
		doc := strings.Repeat(fmt.Sprintf("%08d", i), 65536/8)
		substrings = append(substrings, doc[100:124])
	}
	say("substring", "main.substrings", 50, 50*(65536-24))
	for i := 0; i < 40; i++ {
		b := make([]byte, 32768)
		b[i] = 1
		subslices = append(subslices, b[1000:1100:1100])
	}
	say("before start", "main.subslices", 40, 40*1000)
	say("subslice", "main.subslices", 40, 40*(32768-1100))
	consumed = make([]int64, 4096)
	consumed = consumed[4000:]
	say("before start", "main.consumed", 1, 4000*8)
	records := make([]record, 512)
	survivor = &records[77]
	say("part", "main.survivor", 1, 511*64)
	for i := 0; i < 100; i++ {
		h := new(header)
		fields = append(fields, &h.id)
	}
	say("part", "main.fields", 100, 100*(4096*8-8))
	// The bytes between a string and a slice of one array.
	array := make([]byte, 4096)
	array[1] = 2
	both.array = array[1024:2048:2048]
	say("before start", "main.both", 1, 1024)
	say("subslice", "main.both", 1, 2048)
}

//go:noinline
func unused() {
	for i := 0; i < 30; i++ {
		empties = append(empties, make([]int64, 0, 1024))
	}
	say("empty", "main.empties", 30, 30*8192)
	for i := 0; i < 5; i++ {
		list := make([]*node, 0, 512)
		for k := 0; k < 512; k++ {
			list = append(list, &node{id: int64(k)})
		}
		cleared = append(cleared, list[:12])
	}
	ready.Say(wasted{Case: "wasted", Rule: "capacity", Holder: "main.cleared", Objects: 5, Bytes: 5 * 500 * 8, Behind: 5 * 500 * 48})
	for i := 0; i < 20; i++ {
		capacities = append(capacities, make([]int32, 100, 4096))
	}
	say("capacity", "main.capacities", 20, 20*(4096-100)*4)

	start := allocated()
	shrunk = fill(map[int64]sample{}, 100000)
	for i := int64(10); i < 100000; i++ {
		delete(shrunk, i)
	}
	grown := allocated()
	fresh := fill(make(map[int64]sample, 10), 10)
	small := allocated()
	runtime.KeepAlive(fresh)
	ready.Say(wasted{Case: "wasted", Rule: "map room", Holder: "main.shrunk", Objects: 1, Bytes: grown - start - (small - grown), Measured: true})

	start = allocated()
	emptied = map[string]sample{}
	header := allocated() - start
	for i := 0; i < 1000; i++ {
		emptied[fmt.Sprint(i)] = sample{}
	}
	for k := range emptied {
		delete(emptied, k)
	}
	ready.Say(wasted{Case: "wasted", Rule: "empty", Holder: "main.emptied", Objects: 1, Bytes: allocated() - start - header, Measured: true})

	queue, pointers = make(chan int64, 4096), make(chan *node, 1000)
	for i := 0; i < 10; i++ {
		queue <- 1
		pointers <- &node{}
	}
	say("channel room", "main.queue", 1, 4086*8)
	say("channel room", "main.pointers", 1, 990*8)
}

//go:noinline
func buffers() {
	for i := 0; i < 7; i++ {
		r := bufio.NewReaderSize(strings.NewReader("a line\nand more"), 4096)
		r.ReadString('\n') // leaves 8 of 15 bytes
		readers = append(readers, r)
		w := bufio.NewWriterSize(io.Discard, 8192)
		w.WriteString("hello")
		writers = append(writers, w)
	}
	say("buffer", "main.readers", 7, 7*(4096-8))
	say("buffer", "main.writers", 7, 7*(8192-5))
}

//go:noinline
func shapes() {
	for i := 0; i < 1000; i++ {
		singles = append(singles, &padded{b: int64(i)})
	}
	ready.Say(wasted{Case: "wasted", Rule: "padding", Type: "main.padded", Objects: 1000, Bytes: 1000 * 24})
	ready.Say(wasted{Case: "wasted", Rule: "rounding", Type: "main.padded", Objects: 1000, Bytes: 1000 * 8})
	for i := 0; i < 10; i++ {
		arrays = append(arrays, make([]paddedPointers, 12))
	}
	ready.Say(wasted{Case: "wasted", Rule: "padding", Type: "[]main.paddedPointers", Objects: 10, Bytes: 10 * 12 * 8})
}

// makeMaps makes maps for as many entries as are printed, and puts none into them.
func makeMaps() {
	sizes := []int{9, 13, 14, 100, 208, 209, 896, 897, 5000, 100000}
	for _, n := range sizes {
		made = append(made, make(map[int64]sample, n))
	}
	ready.Say(struct {
		Case  string `json:"case"`
		Sizes []int  `json:"sizes"`
	}{"made", sizes})
}

//go:noinline
func gain() {
	for i := 0; i < 1000; i++ {
		labels = append(labels, fmt.Sprintf("%048d", i%5))
	}
	ready.Say(wasted{Case: "wasted", Rule: "duplicate", Holder: "main.labels", Objects: 1000, Bytes: 995 * 48, Distinct: 5})
	for i := 0; i < 300; i++ {
		b := make([]byte, 64)
		b[0] = byte(i % 3)
		blobs = append(blobs, b)
	}
	ready.Say(wasted{Case: "wasted", Rule: "duplicate", Holder: "main.blobs", Objects: 300, Bytes: 297 * 64, Distinct: 3})
}

//go:noinline
func clean() {
	for i := 0; i < 2000; i++ {
		known[fmt.Sprintf("key number %d of this map", i)] = i
		held = append(held, &node{id: int64(i)})
	}
	held = append(make([]*node, 0, len(held)), held...)
	substrings = append(substrings, strings.Repeat("whole ", 50000))
	queue = make(chan int64, 16)
	consumed = make([]int64, 30000)
}

type point struct{ x, y float64 }

// data is the second word of an interface.
func data(v *interface{}) unsafe.Pointer { return (*[2]unsafe.Pointer)(unsafe.Pointer(v))[1] }

//go:noinline
func boxed() {
	for i := 0; i < 500; i++ {
		words = append(words, []string{"a", "word"}[i%2])
	}
	say("boxed", "main.words", 500, 500*16)
	// The allocator puts two small numbers into 16 bytes, where other values may be too: of
	// the first and the last one.
	all := make([]interface{}, 2001)
	in := map[uintptr]int{}
	for i := range all {
		all[i] = 1000 + i
		in[uintptr(data(&all[i]))&^15]++
	}
	blocks := map[uintptr]bool{}
	for i := range all {
		if block := uintptr(data(&all[i])) &^ 15; in[block] == 2 {
			numbers = append(numbers, all[i])
			blocks[block] = true
		}
	}
	if len(blocks) < 900 {
		panic("small numbers stand elsewhere")
	}
	say("boxed", "main.numbers", len(blocks), uint64(16*len(blocks)))
	points = map[int64]interface{}{}
	for i := 0; i < 8; i++ {
		points[int64(i)] = point{1, float64(i)}
	}
	say("boxed", "main.points", 8, 8*16)
	// Interfaces have no room for these, and others are used by their addresses.
	for i := int64(0); i < 50; i++ {
		larger = append(larger, [3]int64{i})
		aliased = append(aliased, []string{"a", "word"}[i%2])
		aliases = append(aliases, (*string)(data(&aliased[i])))
	}
	say("boxed", "main.larger", 0, 0)
	say("boxed", "main.aliased", 0, 0)
}

// parcel takes 80 bytes, as large as slots are.
type parcel struct {
	data []byte
	text string
	with *common
	list []*node
	one  bool
}

const parcelSize = 80

type common struct{ of [1000]int64 }

// dropped puts what the next collection drops from the local lists of a pool.
//
//go:noinline
func dropped() {
	for i := 0; i < 4; i++ {
		parcels.Put(&parcel{data: make([]byte, 0, 4096), text: text(48)})
	}
}

//go:noinline
func pools() {
	for i := 0; i < 6; i++ {
		parcels.Put(&parcel{data: make([]byte, 0, 4096), text: text(48)})
	}
	// Their texts are equal, which is no use to know.
	say("pool", "main.parcels", 3*10, 10*(4096+48+parcelSize))
	for i := 0; i < 5; i++ {
		doc := strings.Repeat(fmt.Sprintf("%08d", i), 8192/8)
		tails.Put(&parcel{text: doc[:24]})
	}
	say("pool", "main.tails", 2*5, 5*(24+parcelSize))
	say("substring", "main.tails", 5, 5*(8192-24))
	list := make([]*node, 0, 607) // 4,864 bytes, with and without a header
	for k := 0; k < 607; k++ {
		list = append(list, &node{id: int64(k)})
	}
	lists.Put(&parcel{list: list[:0]})
	say("pool", "main.lists", 2+607, 4864+607*48+parcelSize)
	// What is used elsewhere too, and what two pools have.
	inUse = &parcel{data: make([]byte, 4096)}
	outside.Put(inUse)
	outside.Put(&parcel{with: new(common)})
	say("pool", "main.outside", 1, parcelSize)
	c := new(common)
	one.Put(&parcel{with: c})
	other.Put(&parcel{with: c})
	say("pool", "main.one", 1, parcelSize)
	say("pool", "main.other", 1, parcelSize)
	// What the last two have together, and what the one in outside has.
	ready.Say(wasted{Case: "wasted", Rule: "pool", Type: "main.common", Objects: 2, Bytes: 2 * 8192})
}

func main() {
	debug.SetGCPercent(-1)
	if len(os.Args) > 1 && os.Args[1] == "clean" {
		clean()
		makeMaps()
	} else {
		dead()
		unused()
		buffers()
		shapes()
		gain()
		boxed()
		stand(dropped, pools)
	}
	ready.Wait()
}
