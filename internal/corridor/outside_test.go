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
	phases := []string{"open", "read runtime", "scan heap", "live set", "type objects", "mark", "predecessors", "dominators", "retained sizes"}
	all := func(said string) {
		t.Helper()
		for _, phase := range phases {
			if strings.Count(said, phase+" …\n") != 1 || strings.Count(said, phase+" done\n") != 1 {
				t.Errorf("of the phase %q it says:\n%s", phase, said)
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
	all(said)

	for _, flags := range [][]string{{"-cancel-after", "open"}, {"-cancel-after", "scan heap"}, {"-cancel-after", "type objects"}, {"-timeout", "1ns"}} {
		got, said, status := run(append(flags, core)...)
		before, after, given := strings.Cut(said, "given up: ")
		if got != want || status != 0 || !given || strings.Contains(before, "retained sizes done") {
			t.Errorf("%q: status %d,\n%s\n%s", flags, status, got, said)
		}
		all(after)
	}
	if got, said, status := run(filepath.Join(dir, "main.go")); status != 1 || got != "" || !strings.Contains(said, "not an ELF core file") || !strings.HasSuffix(said, "gcore PID takes a core of a running program\n") {
		t.Errorf("of what is no core: status %d,\n%s\n%s", status, got, said)
	}
}
