package gocore

import (
	"encoding/json"
	"os/exec"
	"strconv"
	"testing"

	"goheap/internal/testcore"
)

// An interface has its value itself, or its address, as the program says.
func TestInterfaces(t *testing.T) {
	opts := map[string]testcore.Options{
		"go1.18":     {Go: "go1.18.10", Env: []string{"CGO_ENABLED=0"}},
		"go1.25":     {Go: "go1.25.0", Env: []string{"CGO_ENABLED=0"}},
		"go1.26":     {Go: "go1.26.8", Env: []string{"CGO_ENABLED=0"}},
		"go1.27-cgo": {Go: "go1.27.0", Env: []string{"CGO_ENABLED=1"}},
		"go1.25-cgo": {Go: "go1.25.0", Env: []string{"CGO_ENABLED=1"}},
	}
	for name, opt := range opts {
		if name != "go1.26" && name != "go1.27-cgo" && !testcore.EveryBuild() {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath("gcc"); err != nil && opt.Env[0] == "CGO_ENABLED=1" {
				t.Skip("there is no C compiler to build a program with cgo: apt-get install gcc")
			}
			d := testcore.Core(t, "interfaces", opt, testcore.Captured)
			p, err := Open(t.Context(), d.Core, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			any, _ := p.types.Lookup("interface {}")
			cases := 0
			for _, line := range d.Output {
				var c struct {
					Case, Type, Addr, Word string
					Direct                 bool
				}
				if err := json.Unmarshal([]byte(line), &c); err != nil || c.Case != "interface" {
					continue
				}
				cases++
				addr, _ := strconv.ParseUint(c.Addr, 0, 64)
				want, _ := strconv.ParseUint(c.Word, 0, 64)
				dyn, at, ok := p.space.Dynamic(p.types.Type(any), addr)
				word, _ := p.im.Mem.Word(at)
				if direct := at == addr+uint64(p.im.Arch.PtrSize); !ok || word != want || direct != c.Direct {
					t.Errorf("%s: %s, direct %v with the word %#x, want %v and %#x", c.Type, p.types.Type(dyn).Name, direct, word, c.Direct, want)
				}
			}
			if cases < 17 {
				t.Errorf("the program has said %d cases", cases)
			}
		})
	}
}
