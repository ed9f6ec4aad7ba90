package gocore_test

import (
	"testing"

	"goheap/internal/testcore"
)

// openedBuilds are all versions, and the experiments with which containers of the
// library lie otherwise.
func openedBuilds() []build {
	return append(few(allMaps(), "go1.18", "go1.22", "go1.24-classic", "go1.24", "go1.27"),
		build{"unoptimised", testcore.Options{Flags: []string{"-gcflags=all=-N -l"}}, testcore.Gcore})
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
