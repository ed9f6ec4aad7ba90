//go:build culprits

package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"goheap/internal/testcore"
	"goheap/report"
)

// walk is how a person comes from the first screen to the line of code that is to blame.
type walk struct {
	program string
	keys    []string // three at most
	line    string   // what stands in that line of the program
	why     string   // what it is, for the page of walks
}

func walks() []walk {
	frames := []string{"5", "enter", "enter"}
	return []walk{
		{"chansend", nil, "ch <- r", "the send that nobody receives"},
		{"waiters", nil, "a.mu.Lock()", "the lock that is never given back"},
		{"deferloop", nil, "<-stop", "the loop in which the deferred calls pile up"},
		{"condwait", nil, "q.ready.Wait()", "the wait for a Signal that never comes"},
		{"groupwait", nil, "range merged", "the loop over a channel that nobody closes"},
		{"nilselect", nil, "select {", "the select on a channel that was never made"},
		{"rwreaders", nil, "t.mu.RLock()", "the readers behind a writer that waits for ever"},
		{"wgwait", nil, "j.parts.Wait()", "the wait for a part that is never done"},
		{"stacks", frames, "<-stop", "the end of the recursion, with 1,400 calls above it"},
		{"ticker", nil, "range t.C", "the loop over the ticks of a ticker that nobody stops"},
		{"pipeline", frames, "select {", "where the stages wait"},
	}
}

// From opening a core to the line of code that is to blame, which the source of the
// program says, in at most three keys at 80x24.
func TestWalks(t *testing.T) {
	var page strings.Builder
	page.WriteString("# From the core to the line of code\n\n" +
		"What the terminal shows of leaking programs, those of testdata/programs/cases, at 80x24, and which keys lead from the first screen to the line that is to blame. " +
		"`go test -tags culprits -run TestWalks ./tui -update` writes this page; the test holds that the line is on the screen.\n")
	for _, w := range walks() {
		t.Run(w.program, func(t *testing.T) {
			if len(w.keys) > 3 {
				t.Fatalf("%d keys", len(w.keys))
			}
			source, err := os.ReadFile(filepath.Join("..", "testdata", "programs", "cases", w.program, "main.go"))
			if err != nil {
				t.Fatal(err)
			}
			var places []string
			for i, line := range strings.Split(string(source), "\n") {
				if strings.Contains(line, w.line) && !strings.HasPrefix(line, "//") {
					places = append(places, fmt.Sprintf("main.go:%d", i+1))
				}
			}
			d := testcore.Core(t, "cases/"+w.program, testcore.Options{}, testcore.Captured)
			s, err := report.Load(t.Context(), d.Core, report.Options{Exe: d.Exe})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			tm := newTerminal(t, s, 80, 24, Options{Title: w.program + ".core"})
			tm.press(w.keys...)
			screen := tm.text()
			if len(places) == 0 || !strings.Contains(screen, places[0]) {
				t.Errorf("%v (%s) is not on the screen after %q:\n%s", places, w.line, w.keys, screen)
			}
			keys := "No key"
			if len(w.keys) > 0 {
				keys = "`" + strings.Join(w.keys, "` `") + "`"
			}
			fmt.Fprintf(&page, "\n## %s: %s\n\n%s: `%s` in %s.\n\n```text\n%s```\n", w.program, w.why, keys, w.line, strings.Join(places[:min(1, len(places))], ""), strings.ReplaceAll(screen, " <<\n", "\n"))
		})
	}
	if *update && !t.Failed() {
		if err := os.WriteFile(filepath.Join("..", "docs", "walks.md"), []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
