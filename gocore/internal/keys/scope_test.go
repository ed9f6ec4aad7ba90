package keys

import (
	"slices"
	"strings"
	"testing"

	"goheap/gocore/internal/types"
)

// A name without its package is one of the package that the target starts in, or else the
// only one in the program.
func TestScopeOfVariables(t *testing.T) {
	names := []string{"main.count", "main.limit", "example.com/x/store.limit", "example.com/x/store.size", "example.com/y/queue.size", "net/http.only"}
	for _, test := range []struct{ home, name, want, refuse string }{
		{"main", "count", "main.count", ""},
		{"main", "limit", "main.limit", ""},
		{"store", "limit", "example.com/x/store.limit", ""},
		{"example.com/x/store", "limit", "example.com/x/store.limit", ""},
		{"main", "only", "net/http.only", ""},
		{"queue", "size", "example.com/y/queue.size", ""},
		{"main", "size", "", "size may be example.com/x/store.size or example.com/y/queue.size"},
		{"main", "nothing", "", "no constant and no variable"},
		{"", "count", "main.count", ""},
	} {
		s := Scope{Variables: slices.Values(names), Home: test.home}
		got, err := s.Variable(test.name)
		if test.refuse != "" {
			if err == nil || !strings.Contains(err.Error(), test.refuse) {
				t.Errorf("%s in %s: %q, %v", test.name, test.home, got, err)
			}
			continue
		}
		if got != test.want || err != nil {
			t.Errorf("%s in %s: %q, %v, want %q", test.name, test.home, got, err, test.want)
		}
	}
}

// The units of package time are known without debugging information.
func TestScopeOfUnits(t *testing.T) {
	s := Scope{Types: &types.Table{}, Home: "main"}
	n, ok, err := s.Constant("time.Minute")
	if v, exact := n.Int64(); !ok || err != nil || !exact || v != 60e9 || n.Type != "time.Duration" {
		t.Errorf("%v %v %v", n, ok, err)
	}
	if n, ok, _ := s.Constant("time.Fortnight"); ok {
		t.Errorf("%v", n)
	}
	if n, ok, _ := s.Constant("Minute"); ok {
		t.Errorf("%v", n)
	}
}
