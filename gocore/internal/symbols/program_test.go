package symbols

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// build is how testdata/frames is compiled.
type build struct {
	name  string
	env   []string
	flags []string
	pie   bool
}

var builds = []build{
	{name: "go1.26", env: []string{"GOTOOLCHAIN=go1.26.8"}},
	{name: "go1.26pie", env: []string{"GOTOOLCHAIN=go1.26.8"}, flags: []string{"-buildmode=pie"}, pie: true},
	{name: "go1.26dwarf4", env: []string{"GOTOOLCHAIN=go1.26.8", "GOEXPERIMENT=nodwarf5"}},
	{name: "go1.26plain", env: []string{"GOTOOLCHAIN=go1.26.8"}, flags: []string{"-ldflags=-compressdwarf=false", "-gcflags=-N -l"}},
	{name: "go1.27", env: []string{"GOTOOLCHAIN=go1.27.0"}},
}

var stripped = build{name: "stripped", env: []string{"GOTOOLCHAIN=go1.26.8"}, flags: []string{"-ldflags=-s -w"}}

// programs builds the program, each way once for all tests.
type programs struct {
	dir   string
	mu    sync.Mutex
	built map[string]string
}

var frames programs

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "symbols")
	if err != nil {
		panic(err)
	}
	frames = programs{dir: dir, built: map[string]string{}}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func (p *programs) path(t testing.TB, b build) string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if exe := p.built[b.name]; exe != "" {
		return exe
	}
	exe := filepath.Join(p.dir, b.name)
	args := append([]string{"build", "-o", exe}, b.flags...)
	cmd := exec.Command("go", append(args, "./testdata/frames")...)
	cmd.Env = append(os.Environ(), b.env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", b.name, err, out)
	}
	p.built[b.name] = exe
	return exe
}

func open(t testing.TB, exe string) *File {
	t.Helper()
	f, err := Open(exe)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// told is what the program prints.
type told struct {
	Version string
	Globals map[string]uint64
	Frames  map[string]struct {
		PC     uint64
		Vars   map[string]uint64
		Hidden []string
	}
	Sizes map[string]uint64
}

func run(t *testing.T, exe string) told {
	t.Helper()
	out, err := exec.Command(exe).Output()
	if err != nil {
		t.Fatal(err)
	}
	var said told
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(&said); err != nil {
		t.Fatal(err)
	}
	return said
}

// bias returns how far from where it was linked the program ran.
func bias(t *testing.T, f *File, said told) uint64 {
	t.Helper()
	g, ok := f.Global("main.counter")
	if !ok {
		t.Fatal("no main.counter")
	}
	return said.Globals["main.counter"] - g.Addr
}

func forEachBuild(t *testing.T, f func(t *testing.T, exe string, b build)) {
	for _, b := range builds {
		t.Run(b.name, func(t *testing.T) { f(t, frames.path(t, b), b) })
	}
}
