package gocore_test

import (
	"bytes"
	"fmt"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/testcore"
	"goheap/report"
)

// What is found in a core is the same, to the byte of every document, whether
// words are read in the way of all processors or in that of amd64.
func TestGenericPath(t *testing.T) {
	t.Parallel()
	for _, program := range [][]string{{"quiet"}, {"probe"}, {"typed"}, {"kinds"}, {"sessions", "2000"}} {
		t.Run(program[0], func(t *testing.T) {
			t.Parallel()
			sameGeneric(t, testcore.Core(t, program[0], testcore.Options{}, testcore.Kernel, program[1:]...).Core, gocore.Options{})
		})
	}
	t.Run("heap dump", func(t *testing.T) {
		t.Parallel()
		d := testcore.Core(t, "quiet", testcore.Options{}, testcore.HeapDump)
		sameGeneric(t, d.Heap, gocore.Options{Exe: d.Exe})
	})
}

func sameGeneric(t *testing.T, core string, opt gocore.Options) {
	t.Helper()
	want := take(t, core, opt)
	got := take(t, core, gocore.Generic(opt))
	if what := got.unlike(want); what != "" {
		t.Error(what)
	}
	wantText := documents(t, core, opt)
	gotText := documents(t, core, gocore.Generic(opt))
	if line := firstDifference(gotText, wantText); line != "" {
		t.Error(line)
	}
	if bytes.Count(gotText, []byte("\n")) < 1000 {
		t.Errorf("the documents have only %d bytes", len(gotText))
	}
}

// documents returns what the verbs say of a core in JSON, with everything that may
// be shown, and of some hundred objects why they are alive and what they are.
func documents(t *testing.T, core string, opt gocore.Options) []byte {
	t.Helper()
	p, err := gocore.Open(t.Context(), core, opt)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	h, err := p.Analyse(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := report.New(t.Context(), p, h)
	if err != nil {
		t.Fatal(err)
	}
	s.Phases = nil // how long each took
	s.Disclosure = report.Shown
	var out bytes.Buffer
	write := func(document any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if err := report.WriteJSON(&out, document); err != nil {
			t.Fatal(err)
		}
	}
	limits := report.SameLimit(1000)
	write(report.NewInfoDocument(s), nil)
	write(report.NewCheckDocument(s), nil)
	d, err := report.NewReportDocument(t.Context(), s, limits)
	write(d, err)
	step := max(1, s.Graph.Len()/300)
	for n := heap.Node(0); int(n) < s.Graph.Len(); n += heap.Node(step) {
		target := fmt.Sprintf("%#x", h.Addr(n))
		if at, ok := h.NodeAt(h.Addr(n)); !ok || at != n || !s.Dominators.Live(n) {
			continue
		}
		why, err := report.NewWhyDocument(t.Context(), s, target, 3, false)
		write(why, err)
		show, err := report.NewShowDocument(t.Context(), s, []string{target}, report.Parts{}, limits)
		write(show, err)
	}
	return out.Bytes()
}

// firstDifference returns the first line in which two texts differ, "" for none.
func firstDifference(got, want []byte) string {
	g, w := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range max(len(g), len(w)) {
		if i >= len(g) || i >= len(w) || !bytes.Equal(g[i], w[i]) {
			return fmt.Sprintf("line %d: %s, want %s", i+1, bytes.Join(g[min(i, len(g)):min(i+1, len(g))], nil), bytes.Join(w[min(i, len(w)):min(i+1, len(w))], nil))
		}
	}
	return ""
}
