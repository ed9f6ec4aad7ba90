package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rivo/uniseg"

	"goheap/internal/testcore"
)

// What a report begins with fits a terminal that nobody has made larger, whatever the
// program is, and what its holders hold adds up to the live heap.
func TestFirstLines(t *testing.T) {
	for _, program := range []string{"blockstore", "goroutines", "kinds", "quiet"} {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			d := testcore.Core(t, program, testcore.Options{}, testcore.Kernel)
			s, err := Load(t.Context(), d.Core, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			var b bytes.Buffer
			if err := WriteReport(t.Context(), &b, s, 10, false); err != nil {
				t.Fatal(err)
			}
			first, _, ok := strings.Cut(b.String(), "\n\nWho holds it\n")
			lines := strings.Split(first, "\n")
			if !ok || len(lines) > 24 {
				t.Errorf("%d lines:\n%s", len(lines), first)
			}
			for _, line := range lines {
				if uniseg.StringWidth(line) > 80 {
					t.Errorf("wider than 80 columns: %s", line)
				}
			}
			holders, err := s.Holders(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var objects, sum uint64
			for _, h := range holders {
				objects, sum = objects+h.Objects, sum+h.Retained
			}
			if sum != s.Dominators.LiveBytes() || objects != uint64(s.Dominators.LiveCount()) {
				t.Errorf("holders hold %d bytes in %d objects, alive are %d in %d", sum, objects, s.Dominators.LiveBytes(), s.Dominators.LiveCount())
			}
		})
	}
}

// Lines are broken at spaces, or cut where there is none, so that a
// number stays with what it counts.
func TestIndented(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{strings.Repeat("a", 90), "1  " + strings.Repeat("a", 76) + "…"},
		{strings.Repeat("a ", 36) + "12 × main.T", "1  " + strings.Repeat("a ", 35) + "a\n  12 × main.T"},
		{strings.Repeat("a ", 37) + "4.72 MiB stacks", "1  " + strings.Repeat("a ", 36) + "a\n  4.72 MiB stacks"},
		{"", "1  "},
	} {
		if got := strings.Join(indented("1  ", "  ", c.text), "\n"); got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}
