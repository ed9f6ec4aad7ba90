package gocore_test

import (
	"strings"
	"testing"

	"goheap/internal/testcore"
)

// What only a word without a name leads to has the type that the code stored there; where
// that is not followed, of the one variable of the call that has no place, if it fits.
// Where two such variables point to what is alike, nothing is said.
func TestLockFirst(t *testing.T) {
	t.Parallel()
	var all []build
	for _, v := range []string{"go1.18.10", "go1.20.14", "go1.22.12", "go1.24.6", "go1.26.8", "go1.27.0"} {
		all = append(all,
			build{v, testcore.Options{Go: v}, testcore.Kernel},
			build{v + "-noopt", testcore.Options{Go: v, Flags: []string{"-gcflags=all=-N -l"}}, testcore.Kernel})
	}
	for _, b := range few(all, "go1.18.10", "go1.26.8", "go1.26.8-noopt", "go1.27.0") {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, "lockfirst", b.opt, b.kind)
			fit, unknown := 0, 0
			for _, c := range decode[struct{ Addr, Type, Why string }](t, p.said, "lockfirst") {
				n, ok := p.NodeAt(address(t, c.Addr))
				if !ok || !p.doms.Live(n) {
					t.Errorf("the %s at %s is not live", c.Type, c.Addr)
					continue
				}
				info := p.TypeOf(n)
				switch {
				case info.Known || info.Fits && c.Why == "":
					if info.Fits {
						fit++
					}
					if typ := strings.TrimPrefix(p.Type(n), "≈ "); typ != c.Type {
						t.Errorf("%s at %s is said to be %s by %s", c.Type, c.Addr, typ, p.Evidence(n))
					}
				case info.Fits:
					t.Errorf("%s at %s is said to be %s, but %s", c.Type, c.Addr, p.Type(n), c.Why)
				default:
					unknown++
					if c.Why == "" {
						t.Errorf("%s at %s has no type", c.Type, c.Addr)
					}
				}
			}
			t.Logf("%d by fit alone, %d unknown", fit, unknown)
			if c := p.Typing().Conflicts; c > 0 {
				t.Errorf("%d claims contradict pointer maps", c)
			}
			if fit != 0 || unknown != 0 {
				t.Errorf("%d are known by fit alone and %d unknown", fit, unknown)
			}
		})
	}
}
