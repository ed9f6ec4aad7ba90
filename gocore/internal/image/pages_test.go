package image_test

import (
	"math/rand/v2"
	"testing"

	"goheap/gocore/internal/image"
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
func slotOf(extents []image.Extent, addr uint64) (image.SlotAt, bool) {
	for _, e := range extents {
		if addr < e.Base || addr >= e.Base+e.Elem*uint64(e.N) {
			continue
		}
		s := image.SlotAt{Node: e.First, Off: addr - e.Base, Elem: e.Elem, Pointers: e.Pointers}
		for s.Off >= e.Elem {
			s.Off -= e.Elem
			s.Node++
		}
		if e.N == 1 {
			s.Elem = 0
		}
		return s, true
	}
	return image.SlotAt{}, false
}

// checkAddress compares lookup and find with a walk over near: all extents that
// can hold addr.
func checkAddress(t *testing.T, im *image.Image, near []image.Extent, addr uint64) {
	t.Helper()
	want, ok := slotOf(near, addr)
	if got, found := im.Pages.Find(addr); found != ok || got != want {
		t.Fatalf("find(%#x) = %+v, %v, want %+v, %v", addr, got, found, want, ok)
	}
	if node, found := im.Pages.Lookup(addr); found != ok || node != want.Node {
		t.Fatalf("lookup(%#x) = %d, %v, want %d, %v", addr, node, found, want.Node, ok)
	}
}

// classImage has a span of every size class, full and with its last slots given
// up to inline mark bits and the like; every third one follows a hole, and the
// second half lies several blocks behind the first.
func classImage(t *testing.T) *image.Image {
	t.Helper()
	im := new(image.Image)
	base := uint64(0xc000000000)
	for round, lost := range []uint32{0, 1} {
		for i, class := range sizeClasses() {
			elem, size := class.elem, class.pages*image.PageSize
			n := uint32(size / elem)
			if lost > 0 && n > 2 {
				n -= 1 + n/4
			}
			im.Extents = append(im.Extents, image.Extent{Base: base, Elem: elem, Size: size, N: n, Pointers: image.PointerMap((i + round) % 3)})
			base += size
			if i%3 == 0 {
				base += image.PageSize
			}
		}
		base += 5<<image.BlockShift + 3*image.PageSize
	}
	if !im.Number(10) {
		t.Fatal("the nodes did not fit")
	}
	return im
}

func TestLookupEverySizeClass(t *testing.T) {
	im := classImage(t)
	defer im.Pages.Free()
	for i := range im.Extents {
		near := im.Extents[max(0, i-1):min(len(im.Extents), i+2)]
		e := im.Extents[i]
		for addr := e.Base - image.PageSize; addr < e.Base+e.Size+image.PageSize; addr++ {
			// All of the span, and the ends of the pages around it.
			if in := addr >= e.Base && addr < e.Base+e.Size; !in && addr%image.PageSize > 8 && addr%image.PageSize < image.PageSize-8 {
				continue
			}
			checkAddress(t, im, near, addr)
		}
	}
}

func TestLookupOutside(t *testing.T) {
	im := classImage(t)
	defer im.Pages.Free()
	first, last := im.Extents[0], im.Extents[len(im.Extents)-1]
	for _, addr := range []uint64{
		0, 1, image.PageSize, first.Base - 1, first.Base - 1<<image.BlockShift, first.Base&^(1<<image.BlockShift-1) - 1,
		first.Base + 3<<image.BlockShift, last.Base + last.Size, last.Base + 1<<image.BlockShift, last.Base + 1<<32,
		1 << 48, 1<<63 + first.Base, 1<<63 - 1, ^uint64(0), ^uint64(0) - image.PageSize,
	} {
		checkAddress(t, im, im.Extents, addr)
	}
	var none image.Image
	if !none.Number(0) {
		t.Fatal("an empty heap did not fit")
	}
	checkAddress(t, &none, nil, 0)
	checkAddress(t, &none, nil, 0xc000000000)
}

// Large objects take one slot, over as many blocks as they like.
func TestLookupLarge(t *testing.T) {
	im := new(image.Image)
	base := uint64(0xc000000000) + 7*image.PageSize
	for i, pages := range []uint64{5, 1, image.PagesPerBlock - 13, 3*image.PagesPerBlock + 1, 1, 1 << 17} {
		size := pages * image.PageSize
		im.Extents = append(im.Extents, image.Extent{Base: base, Elem: size, Size: size, N: 1, Pointers: []image.PointerMap{image.NoPointers, image.OneType}[i%2]})
		base += size
	}
	small := image.Extent{Base: base, Elem: 48, Size: image.PageSize, N: 168, Pointers: image.HeapBits}
	im.Extents = append(im.Extents, small)
	if !im.Number(0) {
		t.Fatal("the nodes did not fit")
	}
	defer im.Pages.Free()
	for _, e := range im.Extents {
		for at := e.Base; at <= e.Base+e.Size; at += image.PageSize {
			for d := uint64(0); d < 10; d++ {
				checkAddress(t, im, im.Extents, at+d)
				checkAddress(t, im, im.Extents, at-d)
			}
		}
	}
}

// A span with one slot may be longer than it, as those of user arenas are, with
// their heap bits behind: what lies there is no part of the object.
func TestLookupBehindOnlyObject(t *testing.T) {
	im := new(image.Image)
	base := uint64(0xc000000000) + 3*image.PageSize
	for i, elem := range []uint64{8, 800, image.PageSize - 8, image.PageSize, image.PageSize + 8, 2 * image.PageSize, 4*image.PageSize + 4000, 5*image.PageSize - 8, 5 * image.PageSize} {
		im.Extents = append(im.Extents, image.Extent{Base: base, Elem: elem, Size: 5 * image.PageSize, N: 1, Pointers: image.PointerMap(i % 4)})
		base += 5 * image.PageSize
	}
	if !im.Number(0) {
		t.Fatal("the nodes did not fit")
	}
	defer im.Pages.Free()
	for addr := im.Extents[0].Base - image.PageSize; addr < base+image.PageSize; addr++ {
		checkAddress(t, im, im.Extents, addr)
	}
}

// Spans of slots are divisible exactly as long as the last byte of every slot is found
// in it.
func TestDivisible(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for _, class := range sizeClasses() {
		if !image.Divisible(class.elem, class.pages*image.PageSize/class.elem) {
			t.Errorf("the runtime's slots of %d bytes are not divisible", class.elem)
		}
	}
	for _, c := range []struct{ elem, n uint64 }{{image.MaxSmallElem, 1}, {1 << 40, 1}, {8, 1<<16 - 1}} {
		if !image.Divisible(c.elem, c.n) {
			t.Errorf("%d slots of %d bytes are not divisible", c.n, c.elem)
		}
	}
	for _, c := range []struct{ elem, n uint64 }{{8, 1 << 16}, {image.MaxSmallElem + 8, 2}, {1 << 40, 2}} {
		if image.Divisible(c.elem, c.n) {
			t.Errorf("%d slots of %d bytes are divisible", c.n, c.elem)
		}
	}
	kinds := map[bool]int{}
	for range 300 {
		elem := 8 * (1 + r.Uint64N(image.MaxSmallElem/8))
		n := 2 + r.Uint64N(40)
		im := &image.Image{Extents: []image.Extent{{Base: 0xc000000000, Elem: elem, Size: image.AlignUp(elem*n, image.PageSize), N: uint32(n)}}}
		im.Number(0)
		sound := true
		for i := range n {
			last := im.Extents[0].Base + (i+1)*elem - 1
			at, ok := im.Pages.Find(last)
			sound = sound && ok && at.Node == im.FirstNode()+heap.Node(i) && at.Off == elem-1
		}
		kinds[sound]++
		if got := image.Divisible(elem, n); got != sound {
			t.Errorf("%d slots of %d bytes: divisible %t, want %t", n, elem, got, sound)
		}
		im.Free()
	}
	if kinds[true] < 50 || kinds[false] < 50 {
		t.Errorf("tried %v", kinds)
	}
}

// Every slot has a node of its own, none of them a root's or 0, and extents
// start at multiples of heap.ExtentAlign.
func TestNumber(t *testing.T) {
	const roots = 10
	im := classImage(t)
	defer im.Pages.Free()
	next := heap.Node(1 + roots)
	for _, e := range im.Extents {
		if e.First < next || e.First%heap.ExtentAlign != 0 || e.First >= next+heap.ExtentAlign {
			t.Fatalf("the extent at %#x starts with node %d, the last one ended before %d", e.Base, e.First, next)
		}
		next = e.First + heap.Node(e.N)
	}
	if im.Nodes < int(next) || im.Nodes >= int(next)+heap.ExtentAlign {
		t.Errorf("%d nodes, the last one is %d", im.Nodes, next-1)
	}
	many := &image.Image{Extents: []image.Extent{{Base: 1 << 20, Elem: 8, Size: image.PageSize, N: 1024}}}
	if many.Number(heap.MaxNodes - 100) {
		t.Error("more nodes than a graph can have were numbered")
	}
}
