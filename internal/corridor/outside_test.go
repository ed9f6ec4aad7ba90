package corridor

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"goheap/internal/testcore"
)

// testdata/outside is a module of its own that imports goheap: it builds from the
// module cache with the versions that goheap has, and does its work.
func TestOutside(t *testing.T) {
	dir, err := filepath.Abs("../../testdata/outside")
	if err != nil {
		t.Fatal(err)
	}
	// In a copy, so that what is missing from the files is not just added to them.
	mod := filepath.Join(t.TempDir(), "go.mod")
	sums := filepath.Join(filepath.Dir(mod), "go.sum")
	program := filepath.Join(filepath.Dir(mod), "outside")
	was := map[string][]byte{}
	for _, copied := range []string{mod, sums} {
		b, err := os.ReadFile(filepath.Join(dir, filepath.Base(copied)))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(copied, b, 0o600); err != nil {
			t.Fatal(err)
		}
		was[copied] = b
	}
	for _, args := range [][]string{{"vet", "."}, {"build", "-o", program, "."}} {
		cmd := exec.Command("go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod -buildvcs=false -modfile="+mod, "GOPROXY=off", "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", args[0], err, out)
		}
	}
	for copied, b := range was {
		if now, err := os.ReadFile(copied); err != nil || !bytes.Equal(now, b) {
			t.Errorf("testdata/outside/%s is not what its build needs, %v: run go mod tidy there", filepath.Base(copied), err)
		}
	}

	core := testcore.Core(t, "quiet", testcore.Options{}, testcore.Kernel).Core
	run := func(args ...string) (stdout, stderr string, status int) {
		t.Helper()
		var out, said bytes.Buffer
		cmd := exec.Command(program, args...)
		cmd.Stdout, cmd.Stderr = &out, &said
		if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return out.String(), said.String(), cmd.ProcessState.ExitCode()
	}
	opening := []string{"open", "read runtime"}
	analysis := []string{"scan heap", "live set", "type objects", "mark", "predecessors", "dominators", "retained sizes"}
	// times holds how often each phase is told of against what is wanted.
	times := func(said string, want int, phases ...string) {
		t.Helper()
		for _, phase := range phases {
			if strings.Count(said, phase+" …\n") != want || strings.Count(said, phase+" done\n") != want {
				t.Errorf("not %d times the phase %q:\n%s", want, phase, said)
			}
		}
	}
	all := func(said string) {
		t.Helper()
		times(said, 1, analysis...)
		for _, stage := range []string{"graph", "dominators", "types"} {
			if strings.Count(said, "the stage "+stage+" has ended\n") != 1 {
				t.Errorf("of the stage %q it says:\n%s", stage, said)
			}
		}
	}
	want, said, status := run(core)
	lines := strings.Split(strings.TrimSuffix(want, "\n"), "\n")
	line := regexp.MustCompile(`^[0-9.,]+ (B|KiB|MiB)\t(object|global|goroutine|special)[^\t]*\t[^\t]*\t[^\t]+$`)
	for _, l := range lines {
		if !line.MatchString(l) {
			t.Errorf("a line says %q", l)
		}
	}
	if status != 0 || len(lines) != 10 || lines[0] != "1.00 MiB\tglobal\t[]uint8\tmain.noscan" {
		t.Errorf("status %d, %d lines:\n%s", status, len(lines), want)
	}
	times(said, 1, opening...)
	all(said)

	for _, flags := range [][]string{{"-cancel-after", "open"}, {"-cancel-after", "scan heap"}, {"-cancel-after", "live set"}, {"-cancel-after", "type objects"}, {"-timeout", "1ns"}} {
		got, said, status := run(append(flags, core)...)
		before, after, given := strings.Cut(said, "given up: ")
		whole := strings.Contains(before, "retained sizes done") && flags[1] != "type objects" // which ends beside the dominators
		if got != want || status != 0 || !given || whole {
			t.Errorf("%q: status %d,\n%s\n%s", flags, status, got, said)
		}
		times(before, 1, opening...)
		times(after, 0, opening...)
		all(after)
	}
	if got, said, status := run(filepath.Join(dir, "main.go")); status != 1 || got != "" || !strings.Contains(said, "not an ELF core file") || !strings.HasSuffix(said, "gcore PID takes a core of a running program\n") {
		t.Errorf("of what is no core: status %d,\n%s\n%s", status, got, said)
	}
}
