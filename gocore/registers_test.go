package gocore_test

import (
	"fmt"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/testcore"
)

// What only a register of a running goroutine's thread leads to has the type and the
// name of the variable that is in it.
func TestRegisters(t *testing.T) {
	t.Parallel()
	var all []build
	for _, v := range []string{"go1.18.10", "go1.20.14", "go1.22.12", "go1.24.6", "go1.25.0", "go1.26.8", "go1.27.0"} {
		// Before the kernel writes a core, the threads of a program that crashes are in
		// handlers of signals.
		all = append(all, build{v, testcore.Options{Go: v}, testcore.Captured})
	}
	for _, b := range few(all, "go1.18.10", "go1.26.8", "go1.27.0") {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, "registers", b.opt, b.kind)
			type registerCase struct {
				Addr, Type, Func, Path string
				Line                   int
			}
			found := 0
			for _, c := range decode[registerCase](t, p.said, "register") {
				// The scheduler may just have taken a goroutine from its thread.
				g := p.innermost(c.Func)
				if g == nil {
					t.Logf("%s is not running", c.Func)
					continue
				}
				found++
				n, ok := p.NodeAt(address(t, c.Addr))
				if !ok || !p.doms.Live(n) {
					t.Errorf("%s · %s is not live", c.Func, c.Path)
					continue
				}
				if typ := p.Type(n); typ != c.Type {
					t.Errorf("%s · %s is a %s by %s, want %s", c.Func, c.Path, typ, p.Evidence(n), c.Type)
				}
				want := fmt.Sprintf("%s main.go:%d · %s", c.Func, c.Line, c.Path)
				if got := p.Expr(p.doms.PathTo(n)); !strings.HasSuffix(got, want) {
					t.Errorf("path %s, want … %s", got, want)
				}
			}
			if found < 3 {
				t.Errorf("only %d of the objects are in registers", found)
			}
			if c := p.Typing().Conflicts; c > 0 {
				t.Errorf("%d claims contradict pointer maps", c)
			}
		})
	}
}

// innermost returns the running goroutine whose innermost call is of a function, nil for
// none.
func (p process) innermost(fn string) *gocore.Frame {
	for i, g := range p.Goroutines() {
		if frames := p.Frames(i); g.Status == "running" && len(frames) > 0 && frames[0].Func == fn && g.Node != heap.None {
			return &frames[0]
		}
	}
	return nil
}
