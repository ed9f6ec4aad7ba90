package program

import (
	"slices"
	"testing"

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
	d := &Program{Exe: &Executable{File: &symbols.File{}}, Types: table}
	d.Exe.dictionaries.once.Do(func() {})
	d.Exe.dictionaries.of = map[string][]dictionary{
		"main.one":   {{[]string{"*main.T"}, 8}},
		"main.two":   {{[]string{"*main.T"}, 16}, {[]string{"*main.U"}, 24}},
		"main.cache": {{[]string{"string", "*main.T"}, 32}},
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
