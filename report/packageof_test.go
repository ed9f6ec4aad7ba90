package report

import (
	"testing"

	"goheap/gocore"
)

func TestPackageOf(t *testing.T) {
	for name, want := range map[string]string{
		"main.T": "main", "*main.T": "main", "[]main.T": "main", "[]*main.T": "main", "[4][]main.T": "main",
		"map[string]*main.T": "main", "map[main.K]int": "main", "map[net/http.K]*main.T": "main", "map[[2]main.K][]string": "main",
		"chan *main.T": "main", "<-chan time.Time": "time", "chan<- []github.com/a/b.T": "github.com/a/b",
		"map[string]map[int][]net/http.Header": "net/http", "closure main.serve.func1": "main",
		"github.com/a/b.Set[github.com/c/d.T]": "github.com/a/b", "[]*table<string,*main.T>": "main", "table<main.K,int>": "main",
		"group<string,map[int]main.T>": "main",
		"string":                       "", "[]uint8": "", "string data": "", "map[string]string": "", "func(main.T)": "", "*func() main.T": "",
		"struct { a main.T }": "", "[]interface {}": "", "(unknown, 64 bytes)": "", "": "", "[": "", "map[": "", "[3": "", "table<": "", "*": "",
	} {
		if got := packageOf(gocore.TypeInfo{Name: name}); got != want {
			t.Errorf("%s counts to %q, want %q", name, got, want)
		}
	}
	if got := packageOf(gocore.TypeInfo{Name: "T", Package: "a"}); got != "a" {
		t.Errorf("a declared type counts to %q", got)
	}
}
