package main

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"sync"
	"unsafe"

	"goheap/testdata/programs/internal/ready"
)

// sorted is one line of output: the keys of the map at main.maps.<Map>, in order, as the
// names of its entries begin.
type sorted struct {
	Case string   `json:"case"`
	Map  string   `json:"map"`
	Keys []string `json:"keys"`
}

type pt struct {
	X int
	S string
}

var maps struct {
	Ints     map[int]string
	Int8s    map[int8]int
	Uints    map[uint64]*item
	Floats   map[float64]int
	Bools    map[bool]int
	Strings  map[string]string
	Structs  map[pt]int
	Arrays   map[[3]int16]int
	Anys     map[interface{}]int
	Pointers map[*int]int
	Large    map[[40]int]string
	States   map[State]int
	Complexs map[complex128]int
	Sync     sync.Map
	Empty    map[string]int
}

func sortedKeys(name string, less func(i, j int) bool, keys []string) {
	index := make([]int, len(keys))
	for i := range index {
		index[i] = i
	}
	sort.SliceStable(index, func(i, j int) bool { return less(index[i], index[j]) })
	s := sorted{Case: "sorted", Map: name}
	for _, i := range index {
		s.Keys = append(s.Keys, keys[i])
	}
	ready.Say(s)
}

func keyed() {
	m := &maps
	var names []string
	reset := func() { names = nil }

	m.Ints = map[int]string{}
	var ints []int
	for i := -2500; i < 2500; i++ {
		k := i * 7919 % 100_003
		m.Ints[k] = fmt.Sprint("element ", k)
		ints, names = append(ints, k), append(names, fmt.Sprintf("[%d]", k))
	}
	sortedKeys("Ints", func(i, j int) bool { return ints[i] < ints[j] }, names)
	reset()
	m.Int8s = map[int8]int{}
	var i8 []int8
	for i := -128; i < 128; i += 3 {
		m.Int8s[int8(i)] = i
		i8, names = append(i8, int8(i)), append(names, fmt.Sprintf("[%d]", i))
	}
	sortedKeys("Int8s", func(i, j int) bool { return i8[i] < i8[j] }, names)
	reset()
	m.Uints = map[uint64]*item{}
	var u64 []uint64
	for i := uint(0); i < 64; i++ {
		m.Uints[1<<i] = &item{}
		u64, names = append(u64, 1<<i), append(names, fmt.Sprintf("[%d]", uint64(1)<<i))
	}
	sortedKeys("Uints", func(i, j int) bool { return u64[i] < u64[j] }, names)
	reset()
	m.Floats = map[float64]int{}
	floats := []float64{math.Inf(-1), -1e300, -2, -0.5, 0, 1e-300, 3, 1e9, math.Inf(1)}
	for i, f := range floats {
		m.Floats[f] = i
		names = append(names, "["+strconv.FormatFloat(f, 'g', -1, 64))
	}
	sortedKeys("Floats", func(i, j int) bool { return floats[i] < floats[j] }, names)
	reset()
	m.Bools = map[bool]int{true: 1, false: 0}
	sortedKeys("Bools", func(i, j int) bool { return i < j }, []string{"[false]", "[true]"})
	m.Strings = map[string]string{}
	var texts []string
	for i := 0; i < 3000; i++ {
		k := strconv.Itoa(i * 7)
		switch i {
		case 7:
			k = ""
		case 8:
			k = "\xff\x00"
		case 9:
			k = "é"
		}
		m.Strings[k] = "element of " + k
		texts, names = append(texts, k), append(names, "["+strconv.QuoteToGraphic(k)+"]")
	}
	sortedKeys("Strings", func(i, j int) bool { return texts[i] < texts[j] }, names)
	reset()
	m.Structs = map[pt]int{}
	var pts []pt
	for i := 0; i < 60; i++ {
		k := pt{i % 7, strconv.Itoa(i)}
		m.Structs[k] = i
		pts, names = append(pts, k), append(names, fmt.Sprintf("[{%d %q}]", k.X, k.S))
	}
	sortedKeys("Structs", func(i, j int) bool {
		if pts[i].X != pts[j].X {
			return pts[i].X < pts[j].X
		}
		return pts[i].S < pts[j].S
	}, names)
	reset()
	m.Arrays = map[[3]int16]int{}
	var arrays [][3]int16
	for i := int16(0); i < 50; i++ {
		k := [3]int16{i % 3, -i % 5, i}
		m.Arrays[k] = 1
		arrays, names = append(arrays, k), append(names, fmt.Sprintf("[{%d %d %d}]", k[0], k[1], k[2]))
	}
	sortedKeys("Arrays", func(i, j int) bool {
		for k := range arrays[i] {
			if arrays[i][k] != arrays[j][k] {
				return arrays[i][k] < arrays[j][k]
			}
		}
		return false
	}, names)
	reset()
	m.Anys = map[interface{}]int{nil: 0, 3: 1, -1: 2, "b": 3, "a": 4, true: 5, int8(9): 6}
	sortedKeys("Anys", func(i, j int) bool { return i < j }, []string{"[nil]", "[true]", "[-1]", "[3]", "[int8(9)]", `["a"]`, `["b"]`})
	m.Pointers = map[*int]int{}
	var pointers [20]int
	for i := range pointers {
		p := &pointers[(i*7)%20]
		m.Pointers[p] = i
	}
	for i := range pointers {
		names = append(names, "["+hex(unsafe.Pointer(&pointers[i]))+"]")
	}
	sortedKeys("Pointers", func(i, j int) bool { return i < j }, names)
	reset()
	m.Large = map[[40]int]string{}
	for i := 0; i < 30; i++ {
		m.Large[[40]int{39: -i}] = strconv.Itoa(i)
	}
	for i := 29; i >= 0; i-- {
		names = append(names, "[{0 0 0")
	}
	sortedKeys("Large", func(i, j int) bool { return i < j }, names)
	reset()
	m.States = map[State]int{StateFar: 1, StateNew: 2, StateActive: 3}
	sortedKeys("States", func(i, j int) bool { return i < j }, []string{"[0]", "[2]", "[200]"})
	m.Complexs = map[complex128]int{complex(1, 2): 1, complex(1, -2): 2, complex(-1, 9): 3}
	sortedKeys("Complexs", func(i, j int) bool { return i < j }, []string{"[(-1+9i)]", "[(1-2i)]", "[(1+2i)]"})
	var syncs []int
	for i := 0; i < 700; i++ {
		k := i * 31 % 701
		m.Sync.Store(k, i)
		syncs, names = append(syncs, k), append(names, fmt.Sprintf("[%d]", k))
	}
	sortedKeys("Sync", func(i, j int) bool { return syncs[i] < syncs[j] }, names)
	m.Empty = map[string]int{}
	sortedKeys("Empty", func(i, j int) bool { return i < j }, nil)
}
