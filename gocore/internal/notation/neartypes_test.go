package notation

import (
	"slices"
	"testing"
)

func TestNearestTypes(t *testing.T) {
	all := []string{
		"main.Session", "main.K", "main.Leaf", "[]*main.Session", "chan *main.Session", "map[string]*main.Session", "map[main.K]*main.Session",
		"map[string]*main.Session (insides)", "string data", "[]uint8", "closure main.main.func1", "map.bucket[string]main.Leaf", "example.com/x/store.Block", "struct { f func(); p interface {} }",
	}
	for name, want := range map[string][]string{
		"*K":                     {"main.K"},
		"k":                      {"main.K"},
		"*Session":               {"main.Session"},
		"Sesion":                 {"main.Session"},
		"main.Sessions":          {"main.Session"},
		"chan *K":                {"main.K"},
		"chan *Sesion":           {"chan *main.Session"},
		"chan main.Session":      {"chan *main.Session"},
		"map[string]Session":     {"map[string]*main.Session"},
		"map[string]main.Sesion": {"map[string]*main.Session"},
		"map[K]Session":          {"map[main.K]*main.Session"},
		"[]Session":              {"[]*main.Session"},
		"[5]Session":             {"[]*main.Session"},
		"leaf":                   {"main.Leaf", "map.bucket[string]main.Leaf"},
		"Lef":                    {"main.Leaf"},
		"store.Blok":             {"example.com/x/store.Block"},
		"other/store.Block":      {"example.com/x/store.Block"},
		"bytes":                  nil,
		"":                       nil,
		"x":                      nil,
	} {
		got := NearestTypes(name, all, 3)
		if len(got) < len(want) || !slices.Equal(got[:len(want)], want) || want == nil && len(got) > 0 {
			t.Errorf("%s: %q, want %q first", name, got, want)
		}
	}
}
