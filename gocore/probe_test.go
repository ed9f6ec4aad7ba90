package gocore_test

import (
	"fmt"
	"strings"
	"testing"

	"goheap/internal/testcore"
	"goheap/internal/testcore/said"
)

// probeCase is a line of testdata/programs/probe.
type probeCase = said.Case

// probe compares one case with what is found, and says who is found to hold it
// and what is wrong.
func (p process) probe(c probeCase) (held string, wrong []string) { return p.asSaid().Compare(c) }

// The program lists the ways in which an object can be held, one object each:
// every one is found, live or not, with its type, its root and what it retains.
func TestProbe(t *testing.T) {
	t.Parallel()
	for _, b := range builds() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, "probe", b.opt, b.kind)
			table := []string{fmt.Sprintf("%-20s %-14s %-40s %s", "case", "address", "held by", "wrong")}
			failed := 0
			for _, c := range decode[probeCase](t, p.said, "") {
				if c.Case == "memstats" || c.Only != "" && c.Only != p.by {
					continue
				}
				held, wrong := p.probe(c)
				table = append(table, fmt.Sprintf("%-20s %-14s %-40s %s", c.Case, c.Addr, held, strings.Join(wrong, "; ")))
				failed += len(wrong)
			}
			if failed > 0 {
				t.Errorf("%d answers are wrong:\n%s", failed, strings.Join(table, "\n"))
			}
		})
	}
}

// A goroutine's path names the function and the variable where debugging
// information has them.
func TestProbeVariables(t *testing.T) {
	p := open(t, "probe", testcore.Options{}, testcore.Kernel)
	want := map[string]string{
		"stackLocal":  "local",
		"stackObject": "onStack.held",
		"fifty":       "main.fifty",
		"tenThousand": "main.tenThousand",
		"ring":        "main.ringHead",
		"big":         "main.big",
		"through":     "main.through",
	}
	for _, c := range decode[probeCase](t, p.said, "") {
		suffix, ok := want[c.Case]
		if !ok {
			continue
		}
		n, _ := p.NodeAt(address(t, c.Addr))
		if e := p.Expr(p.doms.PathTo(n)); !strings.HasSuffix(e, suffix) {
			t.Errorf("%s: %q, want it to end in %q", c.Case, e, suffix)
		}
		delete(want, c.Case)
	}
	for name := range want {
		t.Errorf("the program printed no case %s", name)
	}
}
