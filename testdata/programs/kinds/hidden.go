package main

import (
	"fmt"
	"runtime/metrics"
	"unsafe"
)

// entry is what others know of a future: they have pointers to it alone.
type entry struct {
	index uint64
	data  []byte
	term  *thing
}

type deferred struct {
	err  error
	done chan error
	ok   bool
}

type future struct {
	deferred
	entry    entry
	response any
}

type failure struct{ f *future }

func (*failure) Error() string { return "" }

type room struct {
	number int
	keys   [2]*thing
	guests map[string]*thing
}

// mark has a place in two types of one size, whose pointers are the same.
type mark struct {
	n int
	p *thing
}

type (
	marked struct {
		n int
		m mark
	}
	noted struct {
		count uint
		m     mark
	}
)

// silent is behind an unsafe.Pointer, and says by itself what it holds.
type silent struct {
	n    int
	any  any
	sums interface{ Sum() int }
	s    string
}

// spot and grid have no pointers. A grid takes a slot in which there may be as well an
// array of spots.
type spot struct{ x, y int64 }

type grid struct {
	cells [12]spot
	n     int64
}

var h struct {
	spots     []spot
	front     []spot
	rest      []byte
	cells     []spot
	cell      *spot
	grid      *grid
	entries   []*entry
	room      *room
	queue     []*record
	mark      *mark
	noted     *noted
	silent    unsafe.Pointer
	code      unsafe.Pointer
	method    unsafe.Pointer
	unmarked  *int
	telling   *future
	telltales *marked
	samples   []metrics.Sample
}

// behind is the path to what an interface off bytes into an object without a type holds.
func behind(path string, off uintptr) string {
	return fmt.Sprintf("%s → +%#x", path, off+unsafe.Sizeof(off))
}

// buildHidden has objects to whose beginning nothing leads that has a type.
//
//go:noinline
func buildHidden() {
	f := &future{deferred: deferred{done: make(chan error, 3)}, entry: entry{term: newThing(), data: make([]byte, 100)}, response: newThing()}
	h.entries = append(h.entries, &f.entry)
	say("struct known by a part", at(f), "main.future", "main.h.entries[0]").Fits = true
	isThing("struct known by a part, behind the part", f.entry.term, "main.h.entries[0].term")
	isThing("struct known by a part, beside the part", f.response.(*thing), "main.h.entries[0] → ≈.response.(*main.thing)")
	say("struct known by a part, channel beside the part", word(f.done), "chan error", "main.h.entries[0] → ≈.done").Fits = true
	on := f.response.(*thing)
	for i := 0; i < 3; i++ {
		on.next = newThing()
		on = on.next
	}
	isThing("struct known by a part, on from beside the part", on, "main.h.entries[0] → ≈.response.(*main.thing).next.next.next")

	known := &future{entry: entry{term: newThing()}, response: newThing()}
	h.entries, known.err = append(h.entries, &known.entry), &failure{f: known}
	say("struct that a part of it leads to", at(known), "main.future", "main.h.entries[1]")
	isThing("struct that a part of it leads to, beside the part", known.response.(*thing), "main.h.entries[1] → .response.(*main.thing)")
	say("struct that a part of it leads to, promoted", at(known.err.(*failure)), "main.failure", "main.h.entries[1] → .err.(*main.failure)")

	rooms := make([]room, 5)
	rooms[1].guests, rooms[4].keys = map[string]*thing{"one": newThing()}, [2]*thing{1: newThing()}
	h.room = &rooms[2]
	say("array known by one element", at(&rooms[0]), "[]main.room", "main.h.room").Fits = true
	say("array known by one element, map in front of it", word(rooms[1].guests), "map[string]*main.thing", "main.h.room → ≈[1].guests").Fits = true
	isThing("array known by one element, behind the map", rooms[1].guests["one"], `main.h.room → ≈[1].guests["one"]`).Fits = true
	isThing("array known by one element, behind it", rooms[4].keys[1], "main.h.room → ≈[4].keys[1]").Fits = true

	queue := make([]*record, 0, 6)
	for i := 0; i < 6; i++ {
		queue = append(queue, &record{})
	}
	h.queue = queue[2:]
	say("array known by its end", word(queue), "[]*main.record", "main.h.queue").Fits = true

	h.mark = &(&marked{m: mark{p: newThing()}}).m
	h.noted, h.telltales, h.telling = new(noted), new(marked), new(future)
	say("struct of which several fit", at(h.mark), "main.mark", "main.h.mark").Interior = true
	isThing("struct of which several fit, on", h.mark.p, "main.h.mark.p")
	h.unmarked = &(&noted{m: mark{p: newThing()}}).m.n
	say("struct known by a number", at(h.unmarked), "int", "*main.h.unmarked").Interior = true

	h.spots = make([]spot, 8)[5:]
	say("array without pointers known by its end", word(h.spots)-5*unsafe.Sizeof(spot{}), "[]main.spot", "main.h.spots").Fits = true
	h.front = make([]spot, 16)[:4:4]
	say("array without pointers known by its start", word(h.front), "[]main.spot", "main.h.front").Fits = true
	h.rest = make([]byte, 3000)[100:]
	say("bytes known by their end", word(h.rest)-100, "[]uint8", "main.h.rest").Fits = true
	h.grid, h.cells = new(grid), new(grid).cells[2:]
	say("struct without pointers that an array may be", word(h.cells)-2*unsafe.Sizeof(spot{}), "main.spot", "main.h.cells").Interior = true
	h.cell = &make([]spot, 20)[7]
	say("array without pointers known by one element", at(h.cell)-7*unsafe.Sizeof(spot{}), "main.spot", "main.h.cell").Interior = true

	h.samples = []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}, {Name: "/gc/heap/allocs-by-size:bytes"}}
	metrics.Read(h.samples)
	histogram := h.samples[1].Value.Float64Histogram()
	say("metric with a histogram", at(histogram), "runtime.metricFloat64Histogram", "main.h.samples[1].Value.pointer")
	say("metric with a histogram, counts", word(histogram.Counts), "[]uint64", "main.h.samples[1].Value.pointer.counts")

	s := &silent{any: newThing(), sums: word1{newThing()}}
	h.silent = unsafe.Pointer(s)
	say("struct behind an unsafe.Pointer", at(s), unknown(8, 0x34), "main.h.silent")
	isThing("struct behind an unsafe.Pointer, any", s.any.(*thing), behind("main.h.silent", unsafe.Offsetof(s.any)))
	isThing("struct behind an unsafe.Pointer, interface", s.sums.(word1).p, behind("main.h.silent", unsafe.Offsetof(s.sums)))

	held := newThing()
	code := func() int { return held.id }
	h.code = *(*unsafe.Pointer)(unsafe.Pointer(&code))
	if describesCaptures {
		say("closure behind an unsafe.Pointer", word(code), "closure main.buildHidden.func1", "main.h.code")
		isThing("closure behind an unsafe.Pointer, captured", held, "main.h.code.func1 captured held")
	} else {
		missing("closure behind an unsafe.Pointer", "nothing describes what it captured")
		missing("closure behind an unsafe.Pointer, captured", "nothing describes what it captured")
	}
	receiver := newThing()
	method := receiver.Sum
	h.method = *(*unsafe.Pointer)(unsafe.Pointer(&method))
	say("method value behind an unsafe.Pointer", word(method), "closure main.(*thing).Sum-fm", "main.h.method")
	isThing("method value behind an unsafe.Pointer, receiver", receiver, "main.h.method.Sum captured receiver")
}
