package heapdump

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"goheap/gocore/internal/image"
)

// classTable reads a list of numbers from the runtime's own source.
func classTable(t *testing.T, source, name string) []uint64 {
	t.Helper()
	m := regexp.MustCompile(name + `\s*=\s*\[\w+\]\w+\{([^}]*)\}`).FindStringSubmatch(source)
	if m == nil {
		t.Fatalf("no %s in the source", name)
	}
	var list []uint64
	for _, s := range strings.Split(m[1], ",") {
		if s = strings.TrimSpace(s); s != "" {
			n, err := strconv.ParseUint(s, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, n)
		}
	}
	return list
}

// Of each slot of each size class the start of its span is found, and slots of the
// span behind it are not taken for its own.
func TestSpanBase(t *testing.T) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "src/internal/runtime/gc/sizeclasses.go"))
	if err != nil {
		t.Fatal(err)
	}
	sizes, pages := classTable(t, string(b), "SizeClassToSize"), classTable(t, string(b), "SizeClassToNPages")
	if len(sizes) != len(pages) || len(sizes) < 60 || sizes[len(sizes)-1] != maxSmallSize {
		t.Fatalf("%d sizes, %d numbers of pages", len(sizes), len(pages))
	}
	const start = 0xc000000000 + 12345*image.PageSize
	for class := 1; class < len(sizes); class++ {
		elem, size := sizes[class], pages[class]*image.PageSize
		if size > spanPeriod(elem) || pages[class] > maxSmallPages {
			t.Errorf("class of %d bytes: a span of %d, a period of %d", elem, size, spanPeriod(elem))
		}
		for off := uint64(0); off+elem <= size; off += elem {
			if base, ok := spanBase(start+off, elem); !ok || base != start {
				t.Fatalf("class of %d bytes: the slot at +%d is in a span at %#x, %t; want %#x", elem, off, base, ok, start)
			}
			if base, _ := spanBase(start+size+off, elem); base != start+size {
				t.Fatalf("class of %d bytes: the slot at +%d of the next span is in one at %#x", elem, off, base)
			}
		}
		if elem%image.PageSize != 0 {
			if base, ok := spanBase(start+size/elem*elem+8, elem); ok && base == start && elem > 8 {
				t.Errorf("class of %d bytes: what is no slot is in the span", elem)
			}
		}
	}
}

// What versions do to their heaps follows from the version and its experiments.
func TestRulesOf(t *testing.T) {
	for _, test := range []struct {
		version           string
		headers, phantoms bool
		bits, inline      uint64
	}{
		{"go1.18.10", false, false, 0, 0},
		{"go1.21.13", false, false, 0, 0},
		{"go1.22.12", true, true, 128, 0},
		{"go1.22.12 X:noallocheaders", false, false, 0, 0},
		{"go1.25.0", true, true, 128, 0},
		{"go1.25.0 X:loopvar,greenteagc", true, true, 128, 128},
		{"go1.26.8", true, true, 128, 128},
		{"go1.26.8-X:nogreenteagc", true, true, 128, 0},
		{"go1.27.0", true, true, 128, 128},
		{"devel go1.27-abcdef0123", true, true, 128, 128},
		{"devel +abcdef", true, true, 128, 128},
	} {
		r := rulesOf(test.version, 8)
		if r.headers != test.headers || r.phantoms != test.phantoms || r.heapBits != test.bits || r.inlineBits != test.inline {
			t.Errorf("%s: %+v", test.version, r)
		}
	}
	if r := rulesOf("go1.26.8", 4); r.heapBits != 256 || r.minHeader() != 128 {
		t.Errorf("words of 4 bytes: %+v", r)
	}
	// The numbers of slots that the runtime's spans have (runtime.mspan.nelems).
	r := rulesOf("go1.26.8", 8)
	for _, test := range []struct {
		elem     uint64
		pointers bool
		want     uint64
	}{{8, true, 1008}, {8, false, 1024}, {16, true, 496}, {16, false, 504}, {512, true, 15}, {512, false, 15}, {64, true, 124}} {
		if got := r.slotsOf(test.elem, test.pointers); got != test.want {
			t.Errorf("%d slots of %d bytes, pointers %t; want %d", got, test.elem, test.pointers, test.want)
		}
	}
}
