package gocore

import (
	"testing"

	"goheap/heap"
)

// sizeClasses returns the runtime's size classes: bytes in a slot, pages in a
// span (internal/runtime/gc/sizeclasses.go, Go 1.26).
func sizeClasses() [67]struct{ elem, pages uint64 } {
	return [...]struct{ elem, pages uint64 }{
		{8, 1}, {16, 1}, {24, 1}, {32, 1}, {48, 1}, {64, 1}, {80, 1}, {96, 1},
		{112, 1}, {128, 1}, {144, 1}, {160, 1}, {176, 1}, {192, 1}, {208, 1}, {224, 1},
		{240, 1}, {256, 1}, {288, 1}, {320, 1}, {352, 1}, {384, 1}, {416, 1}, {448, 1},
		{480, 1}, {512, 1}, {576, 1}, {640, 1}, {704, 1}, {768, 1}, {896, 1}, {1024, 1},
		{1152, 1}, {1280, 1}, {1408, 2}, {1536, 1}, {1792, 2}, {2048, 1}, {2304, 2}, {2688, 1},
		{3072, 3}, {3200, 2}, {3456, 3}, {4096, 1}, {4864, 3}, {5376, 2}, {6144, 3}, {6528, 4},
		{6784, 5}, {6912, 6}, {8192, 1}, {9472, 7}, {9728, 6}, {10240, 5}, {10880, 4}, {12288, 3},
		{13568, 5}, {14336, 7}, {16384, 2}, {18432, 9}, {19072, 7}, {20480, 5}, {21760, 8}, {24576, 3},
		{27264, 10}, {28672, 7}, {32768, 4},
	}
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
	t.Helper()
	im := new(image)
	base := uint64(0xc000000000)
	for round, lost := range []uint32{0, 1} {
		for i, class := range sizeClasses() {
			elem, size := class.elem, class.pages*pageSize
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

// A span with one slot may be longer than it, as those of user arenas are, with
// their heap bits behind: what lies there is no part of the object.
func TestLookupBehindOnlyObject(t *testing.T) {
	im := new(image)
	base := uint64(0xc000000000) + 3*pageSize
	for i, elem := range []uint64{8, 800, pageSize - 8, pageSize, pageSize + 8, 2 * pageSize, 4*pageSize + 4000, 5*pageSize - 8, 5 * pageSize} {
		im.extents = append(im.extents, extent{base: base, elem: elem, size: 5 * pageSize, n: 1, pointers: pointerMap(i % 4)})
		base += 5 * pageSize
	}
	if !im.number(0) {
		t.Fatal("the nodes did not fit")
	}
	defer im.pages.free()
	for addr := im.extents[0].base - pageSize; addr < base+pageSize; addr++ {
		checkAddress(t, im, im.extents, addr)
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
