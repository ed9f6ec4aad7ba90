package program

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"goheap/gocore/internal/symbols"
)

// The command that Rebuild prints, typed into a shell, builds a twin.
func TestRebuild(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no shell")
	}
	run := func(dir string, env []string, name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Env = dir, append(append(os.Environ(), "GOFLAGS=", "GOWORK=off"), env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
	}
	for _, c := range []struct {
		name string
		env  []string
		args []string
		add  string // what the command does not say, after "go build"
		says string
	}{
		{"-s -w", nil, []string{"-ldflags=-s -w"}, "", "-ldflags='-f -f'"},
		{"values", nil, []string{"-ldflags=-s -w -X main.version=v1.2.3 -X 'main.date=two words'"}, "", `'\''main.date=two words'\''`},
		{"trimmed", nil, []string{"-trimpath", "-ldflags=-s -X main.version=v1.2.3"}, "-ldflags='-X main.version=v3.2.1'", "add those that it was built with"},
		{"PIE, tags, code generation", []string{"GOAMD64=v2"}, []string{"-buildmode=pie", "-tags=a,b", "-gcflags=-N -l", "-ldflags=-w=true"}, "", "GOAMD64=v2"},
		{"another system", []string{"GOARCH=arm64", "CGO_ENABLED=0"}, []string{"-ldflags=--s -w=1"}, "", "GOARCH=arm64"},
		{"experiment", []string{"GOTOOLCHAIN=go1.22.12", "GOEXPERIMENT=noallocheaders"}, []string{"-ldflags=-s"}, "", "GOEXPERIMENT=noallocheaders"},
		{"old", []string{"GOTOOLCHAIN=go1.18.10"}, []string{"-ldflags=-s -w"}, "", "GOTOOLCHAIN=go1.18.10"},
		{"strip", nil, nil, "", "go build"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write := func(name, text string) {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			write("go.mod", "module example.com/server\n\ngo 1.18\n")
			write("main.go", "package main\n\nvar version, date string\n\nfunc main() { println(version, date) }\n")
			run(dir, c.env, "go", append(append([]string{"build", "-buildvcs=false", "-o", "server"}, c.args...), ".")...)
			path := filepath.Join(dir, "server")
			if c.args == nil {
				if _, err := exec.LookPath("strip"); err != nil {
					t.Skip("strip is not installed; it comes with binutils")
				}
				run(dir, nil, "strip", path)
			}
			f, err := symbols.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if f.HasDWARF() {
				t.Fatal("it has DWARF")
			}
			command, provided := Rebuild(f, path)
			if all := command + " (" + provided + ")"; !strings.Contains(all, c.says) {
				t.Errorf("%s: does not say %s", all, c.says)
			}
			if c.add != "" {
				command = strings.Replace(command, "go build", "go build "+c.add, 1)
			}
			run(dir, nil, "sh", "-c", command)
			twin, err := symbols.Open(path + ".twin")
			if err != nil {
				t.Fatal(err)
			}
			defer twin.Close()
			if err := f.AddTwin(twin); err != nil {
				t.Errorf("%s: %v", command, err)
			}
		})
	}
}

// Of the linker's flags those that strip are replaced by as many bytes.
func TestUnstripped(t *testing.T) {
	for _, c := range [][2]string{
		{"", ""},
		{"-s -w", "-f -f"},
		{"-w\t-s ", "-f\t-f "},
		{"--s=true -w=1 -w=0 -s=false", "--f=true -f=1 -w=0 -s=false"},
		{"-X main.s=-s -s", "-X main.s=-s -f"},
		{"-X 'main.s=a -s b' -s", "-X 'main.s=a -s b' -f"},
		{`-X "main.s=a -w b" -w`, `-X "main.s=a -w b" -f`},
		{"-extldflags -s -w", "-extldflags -g -f"},
		{"-extldflags '-static -s' -s", "-extldflags '-static -g' -f"},
		{"'-extldflags=-static -s' -s", "'-extldflags=-static -g' -f"},
		{"-extldflags=-s", "-extldflags=-g"},
		{"-buildid= -linkmode=external -size", "-buildid= -linkmode=external -size"},
		{"'-s", "'-s"},
	} {
		if got := unstripped(c[0]); got != c[1] {
			t.Errorf("%q becomes %q, want %q", c[0], got, c[1])
		}
	}
}
