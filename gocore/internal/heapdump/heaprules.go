package heapdump

import (
	"math/bits"
	"slices"
	"strings"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/program"
)

// heapRules are what a heap dump's version of Go does to its heap that the dump
// does not say.
type heapRules struct {
	word uint64
	// headers says that slots above minHeader bytes start with the address of their
	// type if they have pointers.
	headers bool
	// phantoms says that records of slots exist which the spans do not have: see
	// slotsOf.
	phantoms   bool
	heapBits   uint64 // bytes at the end of a small span with pointers that are no slots
	inlineBits uint64 // the same for any small span
}

const (
	// minInline is the smallest slot whose span has inline mark bits
	// (runtime/mgcmark_greenteagc.go, gcUsesSpanInlineMarkBits).
	minInline = 16
	// inlineBytes is how many they take (unsafe.Sizeof(spanInlineMarkBits{})).
	inlineBytes = 128
	// maxSmallSize is the largest slot that shares a span with others
	// (internal/runtime/gc, MaxSmallSize).
	maxSmallSize = 32 << 10
	// maxSmallPages is above the pages of any span of such slots
	// (internal/runtime/gc/sizeclasses.go, Go 1.18 to 1.27: 10).
	maxSmallPages = 32
)

// rulesOf returns the rules of a version string such as "go1.25.0 X:greenteagc".
func rulesOf(version string, word uint64) heapRules {
	minor, ok := 0, false
	if i := strings.Index(version, "go1."); i >= 0 {
		minor, ok = program.GoMinor(version[i:])
	}
	if !ok {
		minor = program.NewestGo
	}
	experiment := func(name string) bool {
		_, list, _ := strings.Cut(version, "X:")
		return slices.Contains(strings.Split(list, ","), name)
	}
	r := heapRules{word: word}
	if minor >= 22 && !experiment("noallocheaders") {
		r.headers, r.phantoms = true, true
		r.heapBits = image.PageSize / word / 8
	}
	if minor >= 26 && !experiment("nogreenteagc") || minor == 25 && experiment("greenteagc") {
		r.inlineBits = inlineBytes
	}
	return r
}

// minHeader is the largest slot whose pointers are described by heap bits: one for each
// word, in one word (internal/runtime/gc, MinSizeForMallocHeader, Go 1.26).
func (r heapRules) minHeader() uint64 { return r.word * r.word * 8 }

// slotsOf returns how many slots of a size the span of one page has. The dumper
// divides all of the page instead, and writes what lies behind the last slot, the
// bits about the slots, as objects (runtime/heapdump.go, dumpobjs).
func (r heapRules) slotsOf(elem uint64, pointers bool) uint64 {
	size := uint64(image.PageSize)
	if pointers {
		size -= r.heapBits
	}
	if elem >= minInline {
		size -= r.inlineBits
	}
	return size / elem
}

// spanPeriod returns how far apart two spans of slots of a size are at least whose
// slots would lie in one line: the least common multiple of the size and a page. No
// span of small slots is longer, since its pages are the first number of them that
// leaves little over, and such a multiple leaves nothing
// (runtime/_mkmalloc/mksizeclasses.go, makeClasses).
func spanPeriod(elem uint64) uint64 {
	return elem << (image.PageShift - min(image.PageShift, bits.TrailingZeros64(elem)))
}

// spanBase returns the start of the span of a small slot at addr: the highest page
// from which slots of its size come to lie there. It fails where no span can have
// such a slot.
func spanBase(addr, elem uint64) (uint64, bool) {
	base := addr &^ (image.PageSize - 1)
	for range maxSmallPages {
		if (addr-base)%elem == 0 {
			return base, true
		}
		if base < image.PageSize {
			break
		}
		base -= image.PageSize
	}
	return 0, false
}
