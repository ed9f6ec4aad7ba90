package program

import (
	"debug/elf"
	"encoding/binary"
	"slices"
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
		generic, args, ok := typeArguments(name)
		if got := append([]string{generic}, args...); ok != (want != nil) || ok && !slices.Equal(got, want) {
			t.Errorf("%s: %q %v, want %q", name, got, ok, want)
		}
	}
}

// Of the dictionaries of a function the one is taken that is the only one of its shapes.
func TestOnlyDictionary(t *testing.T) {
	table := types.New(arch.AMD64(), nil, nil)
	d := &Program{Exe: &Executable{File: &symbols.File{}}, Types: table, Image: &image.Image{Arch: arch.AMD64(), Mem: dump.NewMemory(elf.EM_X86_64, binary.LittleEndian, 8, nil)}}
	d.Exe.dictionaries.once.Do(func() {})
	d.Exe.dictionaries.of = map[string][]dictionary{
		"main.one":   {{[]string{"*main.T"}, 8, 8}},
		"main.two":   {{[]string{"*main.T"}, 16, 8}, {[]string{"*main.U"}, 24, 8}},
		"main.cache": {{[]string{"string", "*main.T"}, 32, 8}},
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
		"main.one":                                           0,
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
	list := []dictionary{{[]string{"*main.T"}, 16, 8}, {[]string{"*main.U"}, 24, 8}, {[]string{"*main.V"}, 32, 8}}
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
