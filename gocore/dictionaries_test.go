package gocore_test

import (
	"testing"

	"goheap/internal/testcore"
)

// genericObject is a line of testdata/programs/dictionaries.
type genericObject struct {
	Held string `json:"held"`
	Addr string `json:"addr"`
	Type string `json:"type"`
}

// What code that several instantiations share keeps has the type that the program says,
// or none, and no claim contradicts a pointer map.
func TestDictionaries(t *testing.T) {
	t.Parallel()
	var all []build
	for _, v := range []string{"go1.18.10", "go1.19.13", "go1.20.14", "go1.21.13", "go1.22.12", "go1.23.12", "go1.25.0", "go1.26.8", "go1.27.0"} {
		all = append(all,
			build{v, testcore.Options{Go: v}, testcore.Kernel},
			build{v + "-noopt", testcore.Options{Go: v, Flags: []string{"-gcflags=all=-N -l"}}, testcore.Kernel},
			build{v + "-pie", testcore.Options{Go: v, PIE: true}, testcore.Kernel})
	}
	for _, b := range few(all, "go1.18.10", "go1.21.13", "go1.26.8", "go1.26.8-noopt", "go1.27.0") {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, "dictionaries", b.opt, b.kind)
			list := decode[genericObject](t, p.said, "object")
			known := 0
			for _, o := range list {
				n, ok := p.NodeAt(address(t, o.Addr))
				if !ok || !p.doms.Live(n) {
					t.Errorf("%s: %s at %s is not alive", o.Held, o.Type, o.Addr)
					continue
				}
				info := p.TypeOf(n)
				switch {
				case !info.Known:
					t.Logf("%s: %s at %s is unknown", o.Held, o.Type, o.Addr)
				case info.Name != o.Type:
					t.Errorf("%s: %s at %s is called %s", o.Held, o.Type, o.Addr, info.Name)
				default:
					known++
				}
			}
			least := len(list)
			if b.name < "go1.20" {
				least -= 4 // the receiver of a method value is no variable
			}
			if t.Logf("%d of %d have a type", known, len(list)); known < least {
				t.Errorf("want at least %d", least)
			}
			if p.Typing().Conflicts != 0 {
				t.Errorf("%d conflicts", p.Typing().Conflicts)
			}
		})
	}
}
