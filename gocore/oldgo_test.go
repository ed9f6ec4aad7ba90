package gocore_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"goheap/dump"
	"goheap/gocore"
	"goheap/internal/testcore"
)

// oldProgram writes a heap dump to its argument or, without one, says that it waits.
const oldProgram = `package main

import (
	"os"
	"runtime/debug"
	"time"
)

func main() {
	if len(os.Args) > 1 {
		f, _ := os.Create(os.Args[1])
		debug.WriteHeapDump(f.Fd())
		return
	}
	os.Stdout.WriteString("ready\n")
	time.Sleep(time.Hour)
}
`

// TestOldGo has programs of Go that goheap does not read: the answer says which Go it
// was, as far as the file does.
func TestOldGo(t *testing.T) {
	t.Parallel()
	versions := map[string]string{"go1.12.17": "Go 1.12 or older", "go1.17.13": ""}
	if testcore.EveryBuild() {
		for _, v := range []string{"go1.9.7", "go1.10.8", "go1.11.13"} {
			versions[v] = versions["go1.12.17"]
		}
		for _, v := range []string{"go1.13.15", "go1.14.15", "go1.15.15", "go1.16.15"} {
			versions[v] = ""
		}
	}
	for version, stripped := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			build := oldToolchain(t, version, dir)
			for _, flags := range []string{"", "-s"} {
				exe := filepath.Join(dir, "program"+flags)
				build("-ldflags="+flags, "-o", exe)
				core, _ := gcore(t, exe)
				want := version
				if flags == "-s" && stripped != "" {
					want = stripped
				}
				refused(t, core, gocore.Options{}, gocore.ErrVersion, exe+" was built by "+want+";", "Go 1.18 and later")
			}
			heap := filepath.Join(dir, "dump")
			if out, err := exec.Command(filepath.Join(dir, "program"), heap).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			cause, who := gocore.ErrVersion, version
			if version != "go1.17.13" {
				cause, who = dump.ErrUnsupported, "Go 1.16 or older"
			}
			refused(t, heap, gocore.Options{}, cause, who, "Go 1.18 and later")
		})
	}
}

// oldToolchain returns a function that builds oldProgram in dir with a version of Go
// that knows fewer flags and no modules.
func oldToolchain(t *testing.T, version, dir string) func(args ...string) {
	t.Helper()
	locate := exec.Command("go", "env", "GOROOT")
	locate.Dir = dir
	locate.Env = append(os.Environ(), "GOTOOLCHAIN="+version, "GOFLAGS=", "GO111MODULE=", "GOWORK=off")
	out, err := locate.Output()
	root := strings.TrimSpace(string(out))
	if err != nil || !strings.Contains(root, version) {
		t.Skipf("no toolchain %s: %q, %v", version, root, err)
	}
	source := filepath.Join(dir, "main.go")
	if err := os.WriteFile(source, []byte(oldProgram), 0o666); err != nil {
		t.Fatal(err)
	}
	return func(args ...string) {
		t.Helper()
		cmd := exec.Command(filepath.Join(root, "bin", "go"), append(append([]string{"build"}, args...), source)...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOROOT="+root, "GOTOOLCHAIN=local", "GO111MODULE=off", "GOFLAGS=", "GOENV=off", "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", version, err, out)
		}
	}
}
