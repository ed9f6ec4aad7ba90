package gocore_test

import (
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/internal/testcore"
)

// What is made of types that package reflect has made, with interfaces in them, has the
// types and the paths that the program says, and nothing else in it is unknown.
func TestReflected(t *testing.T) {
	t.Parallel()
	var all []build
	for _, v := range []string{"go1.18.10", "go1.21.13", "go1.22.12", "go1.23.12", "go1.24.6", "go1.25.0", "go1.26.8", "go1.27.0"} {
		all = append(all, build{v, testcore.Options{Go: v}, testcore.Kernel})
	}
	for _, b := range few(all, "go1.21.13", "go1.23.12", "go1.26.8", "go1.27.0") {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, "reflected", b.opt, b.kind)
			list := decode[kindObject](t, p.said, "kind")
			for _, o := range list {
				if why := p.kind(o); len(why) > 0 {
					t.Errorf("%s:\n\t%s", o.Name, strings.Join(why, "\n\t"))
				}
			}
			if len(list) < 60 {
				t.Errorf("the program has only %d kinds", len(list))
			}
			least := 0.999
			if b.name < "go1.23" {
				least = 0.998 // debugging information does not say what closures capture
			}
			typing := p.Typing()
			if share := float64(typing.TypedBytes) / float64(p.doms.LiveBytes()); share < least {
				t.Errorf("%.2f %% of the live bytes have a type, by %v", 100*share, typing.EvidenceBytes)
			}
			checks, err := p.Check(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range checks {
				if c.Status == gocore.CheckDiffers || strings.Contains(c.Name, "pointer map") && c.Difference != 0 {
					t.Errorf("%s: %d, %s", c.Name, c.Difference, c.Reason)
				}
			}
		})
	}
}
