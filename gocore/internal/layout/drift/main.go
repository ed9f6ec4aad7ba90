// Drift says what the runtime of one program has not of what gocore relies on in its
// version, or has in another shape than that of another program.
//
//	drift EXECUTABLE EXECUTABLE
//
// The first is of the newest Go version that is tested, the second of any other. The
// exit status is 4 where something is missing or differs.
package main

import (
	"fmt"
	"math"
	"os"

	"goheap/gocore/internal/layout"
	"goheap/gocore/internal/symbols"
)

// program is a layout.Program over DWARF.
type program struct{ *symbols.File }

func (p program) GoMinor() int {
	var minor int
	if _, err := fmt.Sscanf(p.GoVersion, "go1.%d", &minor); err != nil {
		return math.MaxInt // a development version
	}
	return minor
}

func (p program) HasType(name string) bool {
	_, ok := p.Types().Lookup(name)
	return ok
}

func (p program) HasVariable(name string) bool {
	_, ok := p.Global(name)
	return ok
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: drift EXECUTABLE EXECUTABLE")
		os.Exit(2)
	}
	var programs [2]program
	for i, path := range os.Args[1:] {
		f, err := symbols.Open(path)
		if err != nil {
			fmt.Fprintln(os.Stderr, "drift:", err)
			os.Exit(1)
		}
		defer f.Close()
		programs[i] = program{f}
	}
	lines := layout.Drift(programs[0], programs[1])
	for _, line := range lines {
		fmt.Println(line)
	}
	if len(lines) > 0 {
		os.Exit(4)
	}
}
