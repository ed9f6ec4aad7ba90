package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/internal/testcore"
	"goheap/report"
)

// Whatever a verb asks: where the file is cut behind its back, it ends with a sentence.
func TestCutFile(t *testing.T) {
	d := testcore.Core(t, "quiet", testcore.Options{}, testcore.Kernel)
	whole, err := os.ReadFile(d.Core)
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"find", "CORE", "PATH="},
		{"find", "--format", "json", "CORE", "PATH="},
		{"find", "--format", "csv", "CORE", "PATH="},
		{"find", "--where", `excerpt contains "PATH="`, "CORE", "PATH="},
		{"show", "CORE", "g:1"},
		{"show", "CORE", "type:string data"},
		{"show", "--format", "json", "CORE", "type:string data"},
	} {
		for _, found := range []bool{false, true} { // cut when it was searched, or before
			if found && strings.HasPrefix(args[len(args)-1], "type:") {
				continue // nothing is looked up
			}
			core := filepath.Join(t.TempDir(), "core")
			if err := os.WriteFile(core, whole, 0o600); err != nil {
				t.Fatal(err)
			}
			var stdout, stderr bytes.Buffer
			c := &command{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, load: func(ctx context.Context, path string, opt report.Options) (*report.Snapshot, error) {
				s, err := report.Load(ctx, path, opt)
				if err != nil {
					return nil, err
				}
				cut := func() {
					if err := os.Truncate(core, 4096); err != nil {
						t.Error(err)
					}
				}
				if !found {
					cut()
				} else {
					s.Heap = &cutLater{s.Heap, cut}
				}
				return s, nil
			}}
			for i := range args {
				if args[i] == "CORE" {
					args[i] = core
				}
			}
			status := c.run(t.Context(), args)
			said := stderr.String()
			if status != statusFailed || strings.Count(said, "\n") != 1 || !strings.Contains(said, "the file changed while it was being read") || !strings.Contains(said, "open it again") {
				t.Errorf("%q: status %d, %s%s", args, status, said, stdout.String())
			}
			for i := range args {
				if args[i] == core {
					args[i] = "CORE"
				}
			}
		}
	}
}

// cutLater is a heap whose file is cut once something was looked up or found.
type cutLater struct {
	report.Heap
	cut func()
}

func (c *cutLater) FindBytes(ctx context.Context, text []byte, most int) (gocore.Hits, error) {
	defer c.cut()
	return c.Heap.FindBytes(ctx, text, most)
}

func (c *cutLater) FindWord(ctx context.Context, value uint64, most int) (gocore.Hits, error) {
	defer c.cut()
	return c.Heap.FindWord(ctx, value, most)
}

func (c *cutLater) Resolve(target string) (gocore.Place, error) {
	defer c.cut()
	return c.Heap.Resolve(target)
}
