package gocore_test

import (
	"fmt"
	"strings"
	"testing"

	"goheap/heap"
	"goheap/internal/testcore"
)

// openedBuilds are all versions, and the experiments with which containers of the
// library lie otherwise.
func openedBuilds() []build {
	return append(few(allMaps(), "go1.18", "go1.22", "go1.24-classic", "go1.24", "go1.27"),
		build{"unoptimised", testcore.Options{Flags: []string{"-gcflags=all=-N -l"}}, testcore.Captured})
}

// Numbers that are constants, and containers and wrappers of the library, are shown as
// the program says, whatever version of Go it was built by.
func TestOpened(t *testing.T) {
	t.Parallel()
	for _, b := range openedBuilds() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, "opened", b.opt, b.kind)
			n, err := p.Lookup("main.all")
			if err != nil {
				t.Fatal(err)
			}
			all, ok := p.Value(n)
			if !ok {
				t.Fatal("main.all has no value")
			}
			lines := decode[shown](t, p.said, "value")
			for _, want := range lines {
				p.checkShown(t, all, want)
			}
			t.Logf("%d values", len(lines))
		})
	}
}

// A sync.Pool opens into what it keeps: for a processor and in its queue, and what the
// next collection will drop.
func TestPoolItems(t *testing.T) {
	t.Parallel()
	for _, b := range few(allMaps(), "go1.18", "go1.22", "go1.26", "go1.27") {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, "kinds", b.opt, b.kind)
			want := map[heap.Node]bool{}
			for _, o := range decode[kindObject](t, p.said, "kind") {
				if strings.HasPrefix(o.Name, "sync.Pool, ") && o.Missing == "" {
					if n, ok := p.NodeAt(address(t, o.Addr)); ok && o.Type == "main.thing" {
						want[n] = true
					}
				}
			}
			n, err := p.Lookup("main.s")
			if err != nil {
				t.Fatal(err)
			}
			v, _ := p.Value(n)
			pool, ok := p.child(v, "pool")
			if start := fmt.Sprintf("len %d {(*main.thing) 0x", len(want)); !ok || len(want) != 3 || pool.Children != len(want) || !strings.HasPrefix(pool.Text, start) {
				t.Fatalf("%d children, %s, want %s and %d", pool.Children, pool.Text, start, len(want))
			}
			for i, c := range p.Children(pool, 0, 10) {
				if c.Name != fmt.Sprintf("[%d]", i) || !strings.HasPrefix(c.Text, "(*main.thing) 0x") || !want[c.Target] {
					t.Errorf("%s %s leads to %s", c.Name, c.Text, p.Name(c.Target))
				}
				delete(want, c.Target)
			}
			if len(want) > 0 {
				t.Errorf("%d items of the pool are missing", len(want))
			}
		})
	}
}
