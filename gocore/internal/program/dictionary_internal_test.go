package program

import (
	"debug/elf"
	"encoding/binary"
	"math/rand"
	"slices"
	"strconv"
	"testing"

	"goheap/dump"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/symbols"
	"goheap/gocore/internal/types"
	"goheap/internal/arch"
)

func TestTypeArguments(t *testing.T) {
	for name, want := range map[string][]string{
		"main.f[int]": {"main.f", "int"},
		"main.(*cache[go.shape.string,go.shape.*uint8]).put.func1":           {"main.(*cache", "go.shape.string", "go.shape.*uint8"},
		"iter.Pull2[map[string]int,func(a, b) []c,struct { x [2]int; y d }]": {"iter.Pull2", "map[string]int", "func(a, b) []c", "struct { x [2]int; y d }"},
		"main.f":       nil,
		"main.f[int":   nil,
		"main.f[a,(b]": nil,
	} {
		generic, args, _, ok := typeArguments(name)
		if got := append([]string{generic}, args...); ok != (want != nil) || ok && !slices.Equal(got, want) {
			t.Errorf("%s: %q %v, want %q", name, got, ok, want)
		}
	}
}

// Of a function that was inlined the package is not known: a word must say which dictionary
// it is, though there is one alone.
func TestDictionaryOfInlined(t *testing.T) {
	d := &Program{Exe: &Executable{File: &symbols.File{}}, Types: types.New(arch.AMD64(), nil, nil), Image: &image.Image{Arch: arch.AMD64(), Mem: dump.NewMemory(elf.EM_X86_64, binary.LittleEndian, 8, nil)}}
	d.Exe.dictionaries.once.Do(func() {})
	one := []dictionary{{args: []string{"*main.T"}, addr: 8, size: 8}}
	d.Exe.dictionaries.of, d.Exe.dictionaries.as = map[string][]dictionary{"x/y.one": one}, map[string][]dictionary{"one": one}
	for _, test := range []struct {
		name       string
		word, want uint64
	}{
		{"main.f.one[go.shape.*uint8].func1", 8, 8},
		{"main.(*T).m.one[go.shape.*uint8].func1", 8, 8},
		{"main.f.one[go.shape.*uint8].func1", 9, 0},
		{"main.f.one[go.shape.int,go.shape.int].func1", 8, 0},
		{"main.f.two[go.shape.*uint8].func1", 8, 0},
		{"main.one[go.shape.*uint8].func1", 8, 0}, // that is of another package
		{"x/y.one[go.shape.*uint8].func1", 9, 8},
	} {
		if got := d.DictionaryAmong(test.name, func(yield func(uint64) bool) { yield(test.word) }); got != test.want {
			t.Errorf("%s, with the word %d: %d, want %d", test.name, test.word, got, test.want)
		}
	}
}

// Of the dictionaries of a function the one is taken that is the only one of its shapes.
func TestOnlyDictionary(t *testing.T) {
	table := types.New(arch.AMD64(), nil, nil)
	d := &Program{Exe: &Executable{File: &symbols.File{}}, Types: table, Image: &image.Image{Arch: arch.AMD64(), Mem: dump.NewMemory(elf.EM_X86_64, binary.LittleEndian, 8, nil)}}
	d.Exe.dictionaries.once.Do(func() {})
	d.Exe.dictionaries.of = map[string][]dictionary{
		"main.one":   {{args: []string{"*main.T"}, addr: 8, size: 8}},
		"main.two":   {{args: []string{"*main.T"}, addr: 16, size: 8}, {args: []string{"*main.U"}, addr: 24, size: 8}},
		"main.cache": {{args: []string{"string", "*main.T"}, addr: 32, size: 8}},
		"main.queue": {{args: []string{"*main.T"}, method: ").run", addr: 40, size: 8}, {args: []string{"*main.T"}, method: ").stop", addr: 48, size: 8}},
	}
	for name, want := range map[string]uint64{
		"main.one[go.shape.*uint8]":                          8,
		"main.one[go.shape.*uint8_0]":                        8,
		"main.one[go.shape.*uint8].func1":                    8,
		"main.two[go.shape.*uint8]":                          0,
		"main.(*cache[go.shape.string,go.shape.*uint8]).put": 32,
		"main.cache[go.shape.string,go.shape.*uint8].get":    32,
		"main.cache[go.shape.*uint8]":                        0,
		"main.none[go.shape.*uint8]":                         0,
		"main.(*queue[go.shape.*uint8_0]).run":               40,
		"main.(*queue[go.shape.*uint8_0]).run.func1":         40,
		"main.(*queue[go.shape.*uint8_0]).stop":              48,
		"main.(*queue[go.shape.*uint8_0]).running":           0,
		"main.one": 0,
	} {
		if got := d.OnlyDictionary(name); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}

// Shapes are replaced where one argument is all that they can stand for.
func TestUnshaped(t *testing.T) {
	in := &instances{shapes: []string{"go.shape.int", "go.shape.int64", "go.shape.*uint8", "go.shape.string", "go.shape.string"}}
	args := []string{"main.n", "main.wide", "*main.T", "string", "main.label"}
	for name, want := range map[string]string{
		"go.shape.int":                             "main.n",
		"[]go.shape.int64":                         "[]main.wide",
		"map[go.shape.int]go.shape.*uint8":         "map[main.n]*main.T",
		"*main.list[go.shape.*uint8,go.shape.int]": "*main.list[*main.T,main.n]",
		"func(go.shape.int64) bool":                "func(main.wide) bool",
		"go.shape.string":                          "",
		"go.shape.*uint16":                         "",
		"go.shape.int6":                            "",
		"main.T":                                   "main.T",
	} {
		if got, ok := in.unshaped(name, args); got != want && ok || ok != (want != "") {
			t.Errorf("%s: %q %t, want %q", name, got, ok, want)
		}
	}
}

// Of the words that a function keeps, one alone may be a dictionary of it, and none that
// it may have from another of them.
func TestDictionaryAmong(t *testing.T) {
	table := types.New(arch.AMD64(), nil, nil)
	d := &Program{Exe: &Executable{File: &symbols.File{}}, Types: table, Image: &image.Image{Arch: arch.AMD64()}}
	d.Exe.dictionaries.once.Do(func() {})
	list := []dictionary{{args: []string{"*main.T"}, addr: 16, size: 8}, {args: []string{"*main.U"}, addr: 24, size: 8}, {args: []string{"*main.V"}, addr: 32, size: 8}}
	d.Exe.dictionaries.found = map[string]*instances{"main.f[go.shape.*uint8]": {shapes: []string{"go.shape.*uint8"}, list: list, passed: map[uint64]bool{32: true}}}
	for _, test := range []struct {
		words []uint64
		want  uint64
	}{
		{[]uint64{1, 16, 2}, 16},
		{[]uint64{24, 24}, 24},
		{[]uint64{16, 24}, 0},
		{[]uint64{32}, 0},
		{[]uint64{8}, 0},
		{nil, 0},
	} {
		if got := d.DictionaryAmong("main.f[go.shape.*uint8]", slices.Values(test.words)); got != test.want {
			t.Errorf("%d: %d, want %d", test.words, got, test.want)
		}
	}
}

// leading returns a program whose function main.f has n dictionaries, each of which leads
// to those that edge says.
func leading(n int, edge func(from, to int) bool) *Program {
	const size = 1 << 13 // of the place of each
	at := func(i int) uint64 { return uint64(i+1) * size }
	data := make([]byte, n*size)
	d := &Program{Exe: &Executable{File: &symbols.File{}}, Types: types.New(arch.AMD64(), nil, nil), Image: &image.Image{Arch: arch.AMD64()}}
	d.Exe.dictionaries.once.Do(func() {})
	var list []dictionary
	d.Exe.dictionaries.at = map[uint64]dictionary{}
	for i := range n {
		dict := dictionary{args: []string{"*main.T" + strconv.Itoa(i)}, addr: at(i)}
		for k := range n {
			if edge(i, k) {
				binary.LittleEndian.PutUint64(data[i*size+int(dict.size):], at(k))
				dict.size += 8
			}
		}
		list = append(list, dict)
		d.Exe.dictionaries.at[dict.addr] = dict
	}
	d.Exe.dictionaries.of = map[string][]dictionary{"main.f": list}
	d.Image.Mem = dump.NewMemory(elf.EM_X86_64, binary.LittleEndian, 8, []dump.Block{{Addr: at(0), Data: data}})
	return d
}

// A dictionary is passed on if another one of the function leads to it, through however
// many: by the transitive closure of what stands in each.
func TestPassedOn(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	for range 200 {
		n := 2 + rnd.Intn(8)
		reach := make([][]bool, n)
		for i := range reach {
			reach[i] = make([]bool, n)
			for k := range n {
				reach[i][k] = rnd.Intn(n) == 0
			}
		}
		d := leading(n, func(from, to int) bool { return reach[from][to] })
		in := d.instances("main.f[go.shape.*uint8]")
		for via := range n {
			for i := range n {
				for k := range n {
					reach[i][k] = reach[i][k] || reach[i][via] && reach[via][k]
				}
			}
		}
		for k := range n {
			want := false
			for i := range n {
				want = want || i != k && reach[i][k]
			}
			if got := in.passed[in.list[k].addr]; got != want || in.unclear {
				t.Fatalf("%d of %d: passed on is %t, unclear %t, want %t", k, n, got, in.unclear, want)
			}
		}
	}
}

// Where each of very many dictionaries leads to all, which of them a function is run with
// is not said, and little of it is followed.
func TestManyDictionaries(t *testing.T) {
	d := leading(1000, func(from, to int) bool { return true })
	const f = "main.f[go.shape.*uint8]"
	in := d.instances(f)
	if len(in.list) != 1000 || !in.unclear {
		t.Errorf("%d dictionaries, unclear %t", len(in.list), in.unclear)
	}
	if got := d.DictionaryAmong(f, slices.Values([]uint64{in.list[3].addr})); got != 0 {
		t.Errorf("the dictionary is said to be %#x", got)
	}
	left := maxFollowed
	if seen := (dictionaryReader{d}).passedOnBy(in.list[0], map[uint64][]dictionary{}, &left); left > 0 || left < -2*maxDictionary || len(seen) > 1000 {
		t.Errorf("%d were seen, with %d left", len(seen), left)
	}
}
