package gocore

import (
	"runtime"
	"testing"

	"goheap/heap"
)

// classSizes are the slot sizes of the runtime's size classes: those that the
// running runtime reports, and above them the last of its table
// (internal/runtime/gc/sizeclasses.go, Go 1.26).
func classSizes(t *testing.T) []uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	var sizes []uint64
	for _, c := range stats.BySize {
		if c.Size > 0 {
			sizes = append(sizes, uint64(c.Size))
		}
	}
	for _, size := range []uint64{18432, 19072, 20480, 21760, 24576, 27264, 28672, 32768} {
		if size > sizes[len(sizes)-1] {
			sizes = append(sizes, size)
		}
	}
	if len(sizes) != 67 {
		t.Fatalf("%d size classes: %v", len(sizes), sizes)
	}
	return sizes
}

// spanSize is the length the runtime gives to spans of a size class: the fewest
// pages of which at most an eighth is wasted (runtime/mksizeclasses.go).
func spanSize(elem uint64) uint64 {
	size := uint64(pageSize)
	for size%elem > size/8 {
		size += pageSize
	}
	return size
}

// slotOf is find by walking all extents.
func slotOf(extents []extent, addr uint64) (slotAt, bool) {
	for _, e := range extents {
		if addr < e.base || addr >= e.base+e.elem*uint64(e.n) {
			continue
		}
		s := slotAt{node: e.first, off: addr - e.base, elem: e.elem, pointers: e.pointers}
		for s.off >= e.elem {
			s.off -= e.elem
			s.node++
		}
		if e.n == 1 {
			s.elem = 0
		}
		return s, true
	}
	return slotAt{}, false
}

// checkAddress compares lookup and find with a walk over near: all extents that
// can hold addr.
func checkAddress(t *testing.T, im *image, near []extent, addr uint64) {
	t.Helper()
	want, ok := slotOf(near, addr)
	if got, found := im.pages.find(addr); found != ok || got != want {
		t.Fatalf("find(%#x) = %+v, %v, want %+v, %v", addr, got, found, want, ok)
	}
	if node, found := im.pages.lookup(addr); found != ok || node != want.node {
		t.Fatalf("lookup(%#x) = %d, %v, want %d, %v", addr, node, found, want.node, ok)
	}
}

// classImage has a span of every size class, full and with its last slots given
// up to inline mark bits and the like; every third one follows a hole, and the
// second half lies several blocks behind the first.
func classImage(t *testing.T) *image {
	im := new(image)
	base := uint64(0xc000000000)
	sizes := classSizes(t)
	for round, lost := range []uint32{0, 1} {
		for i, elem := range sizes {
			size := spanSize(elem)
			n := uint32(size / elem)
			if lost > 0 && n > 2 {
				n -= 1 + n/4
			}
			im.extents = append(im.extents, extent{base: base, elem: elem, size: size, n: n, pointers: pointerMap((i + round) % 3)})
			base += size
			if i%3 == 0 {
				base += pageSize
			}
		}
		base += 5<<blockShift + 3*pageSize
	}
	if !im.number(10) {
		t.Fatal("the nodes did not fit")
	}
	return im
}

func TestLookupEverySizeClass(t *testing.T) {
	im := classImage(t)
	defer im.pages.free()
	for i := range im.extents {
		near := im.extents[max(0, i-1):min(len(im.extents), i+2)]
		e := im.extents[i]
		for addr := e.base - pageSize; addr < e.base+e.size+pageSize; addr++ {
			// All of the span, and the ends of the pages around it.
			if in := addr >= e.base && addr < e.base+e.size; !in && addr%pageSize > 8 && addr%pageSize < pageSize-8 {
				continue
			}
			checkAddress(t, im, near, addr)
		}
	}
}

func TestLookupOutside(t *testing.T) {
	im := classImage(t)
	defer im.pages.free()
	first, last := im.extents[0], im.extents[len(im.extents)-1]
	for _, addr := range []uint64{
		0, 1, pageSize, first.base - 1, first.base - 1<<blockShift, first.base&^(1<<blockShift-1) - 1,
		first.base + 3<<blockShift, last.base + last.size, last.base + 1<<blockShift, last.base + 1<<32,
		1 << 48, 1<<63 + first.base, 1<<63 - 1, ^uint64(0), ^uint64(0) - pageSize,
	} {
		checkAddress(t, im, im.extents, addr)
	}
	var none image
	if !none.number(0) {
		t.Fatal("an empty heap did not fit")
	}
	checkAddress(t, &none, nil, 0)
	checkAddress(t, &none, nil, 0xc000000000)
}

// Large objects take one slot, over as many blocks as they like.
func TestLookupLarge(t *testing.T) {
	im := new(image)
	base := uint64(0xc000000000) + 7*pageSize
	for i, pages := range []uint64{5, 1, pagesPerBlock - 13, 3*pagesPerBlock + 1, 1, 1 << 17} {
		size := pages * pageSize
		im.extents = append(im.extents, extent{base: base, elem: size, size: size, n: 1, pointers: []pointerMap{noPointers, oneType}[i%2]})
		base += size
	}
	small := extent{base: base, elem: 48, size: pageSize, n: 168, pointers: heapBits}
	im.extents = append(im.extents, small)
	if !im.number(0) {
		t.Fatal("the nodes did not fit")
	}
	defer im.pages.free()
	for _, e := range im.extents {
		for at := e.base; at <= e.base+e.size; at += pageSize {
			for d := uint64(0); d < 10; d++ {
				checkAddress(t, im, im.extents, at+d)
				checkAddress(t, im, im.extents, at-d)
			}
		}
	}
}

// Every slot has a node of its own, none of them a root's or 0, and extents
// start at multiples of heap.ExtentAlign.
func TestNumber(t *testing.T) {
	const roots = 10
	im := classImage(t)
	defer im.pages.free()
	next := heap.Node(1 + roots)
	for _, e := range im.extents {
		if e.first < next || e.first%heap.ExtentAlign != 0 || e.first >= next+heap.ExtentAlign {
			t.Fatalf("the extent at %#x starts with node %d, the last one ended before %d", e.base, e.first, next)
		}
		next = e.first + heap.Node(e.n)
	}
	if im.nodes < int(next) || im.nodes >= int(next)+heap.ExtentAlign {
		t.Errorf("%d nodes, the last one is %d", im.nodes, next-1)
	}
	many := &image{extents: []extent{{base: 1 << 20, elem: 8, size: pageSize, n: 1024}}}
	if many.number(heap.MaxNodes - 100) {
		t.Error("more nodes than a graph can have were numbered")
	}
}
