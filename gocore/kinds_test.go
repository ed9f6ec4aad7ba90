package gocore_test

import (
	"slices"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/internal/testcore"
	"goheap/internal/testcore/said"
)

// kindObject is a line of testdata/programs/kinds.
type kindObject = said.Kind

// kindBuilds are the ways in which the program with every kind of object is
// tried: how code is optimised decides where variables are.
func kindBuilds() []build {
	var all []build
	for _, v := range []string{"go1.26.8", "go1.27.0"} {
		all = append(all,
			build{v, testcore.Options{Go: v}, testcore.Kernel},
			build{v + "-gcore", testcore.Options{Go: v}, testcore.Captured},
			build{v + "-pie", testcore.Options{Go: v, PIE: true}, testcore.Kernel},
			build{v + "-noopt", testcore.Options{Go: v, Flags: []string{"-gcflags=all=-N -l"}}, testcore.Kernel})
	}
	// What closures capture only the code says, and the two of them differ in it.
	for _, v := range []string{"go1.18.10", "go1.20.14", "go1.22.12"} {
		all = append(all,
			build{v, testcore.Options{Go: v}, testcore.Kernel},
			build{v + "-noopt", testcore.Options{Go: v, Flags: []string{"-gcflags=all=-N -l"}}, testcore.Kernel})
	}
	return few(all, "go1.18.10", "go1.22.12", "go1.22.12-noopt", "go1.26.8", "go1.26.8-noopt", "go1.27.0-gcore", "go1.27.0-pie")
}

// Of every kind of object that a program can have, the type and the one path are
// what the program says, and the path leads back.
func TestKinds(t *testing.T) {
	t.Parallel()
	for _, b := range kindBuilds() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, "kinds", b.opt, b.kind)
			seen, wrong := map[string]bool{}, 0
			for _, o := range decode[kindObject](t, p.said, "kind") {
				if seen[o.Name] {
					t.Errorf("%s: said twice", o.Name)
				}
				seen[o.Name] = true
				if o.Missing != "" {
					t.Logf("%s: none, %s", o.Name, o.Missing)
					continue
				}
				if why := p.kind(o); len(why) > 0 {
					wrong++
					t.Errorf("%s:\n\t%s", o.Name, strings.Join(why, "\n\t"))
				}
			}
			t.Logf("%d kinds, %d wrong", len(seen), wrong)
			var labels []gocore.Label
			for i := range p.Goroutines() {
				labels = append(labels, p.Labels(i)...)
			}
			if want := []gocore.Label{{Key: "shard", Value: "7"}, {Key: "tenant", Value: "acme"}}; !slices.Equal(labels, want) {
				t.Errorf("the labels of all goroutines are %v, want %v", labels, want)
			}
			if len(seen) < 200 {
				t.Errorf("the program has only %d kinds", len(seen))
			}
		})
	}
}

// kind says what is wrong about one object.
func (p process) kind(o kindObject) []string { return p.asSaid().CompareKind(o) }
