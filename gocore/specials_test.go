package gocore_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"goheap/gocore"
)

// immortal makes objects that nothing but their own finalizers and cleanups
// keep alive: the classic leaks that package runtime's documentation warns of.
// The collector never frees them.
const immortal = `package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
	"unsafe"
)

type T struct {
	Peer *T
	Body [6]int64
	Name *string
}

var sink int64

func say(name string, t *T) {
	line, _ := json.Marshal(map[string]string{"case": name, "addr": fmt.Sprintf("%#x", uintptr(unsafe.Pointer(t)))})
	fmt.Println(string(line))
}

//go:noinline
func leak() {
	// The runtime refuses a cleanup that captures its object itself
	// (mcleanup.go, AddCleanup, Go 1.26).
	captured := &T{}
	captured.Peer = &T{Peer: captured}
	peer := captured.Peer
	runtime.AddCleanup(captured, func(int) { sink = peer.Body[0] }, 1)
	say("cleanup leads to its object", captured)
	say("cleanup leads to its object", peer)

	a, b := &T{}, &T{}
	a.Peer, b.Peer = b, a
	runtime.SetFinalizer(a, func(*T) {})
	runtime.SetFinalizer(b, func(*T) {})
	say("finalizers of a ring", a)
	say("finalizers of a ring", b)

	under := &T{}
	over := &T{Peer: under}
	under.Peer = over
	runtime.SetFinalizer(over, func(*T) {})
	say("ring with one finalizer", over)
	say("ring with one finalizer", under)
}

func main() {
	leak()
	for range 3 {
		runtime.GC()
	}
	debug.SetGCPercent(-1)
	syscall.RawSyscall(syscall.SYS_PRCTL, 0x59616d61, ^uintptr(0), 0) // PR_SET_PTRACER
	os.Stdout.WriteString("ready\n")
	var b [1]byte
	syscall.Read(0, b[:])
}
`

// An object that only its own finalizer or cleanup keeps alive is live, in the
// graph as for the collector, and what holds it is that special.
func TestImmortal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	exe := filepath.Join(dir, "immortal")
	for name, text := range map[string]string{"main.go": immortal, "go.mod": "module immortal\n\ngo 1.26\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.Command("go", "build", "-o", exe, ".")
	build.Dir, build.Env = dir, append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	core, said := gcore(t, exe)
	opened, err := gocore.Open(t.Context(), core, gocore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	proc := analysed(t, opened)
	d := proc.doms
	checks, err := proc.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range checks {
		if c.Status != gocore.CheckOK {
			t.Errorf("%+v", c)
		}
	}
	lines := strings.Split(strings.TrimSpace(said), "\n")
	for _, c := range decode[struct{ Case, Addr string }](t, lines[:len(lines)-1], "") {
		n, ok := proc.NodeAt(address(t, c.Addr))
		if !ok || !d.Live(n) {
			t.Errorf("%s: %s is not live", c.Case, c.Addr)
			continue
		}
		path := d.PathTo(n)
		if kind := proc.KindOf(path[0]).String(); kind != "special" {
			t.Errorf("%s: %s is held by the %s %s, want a special", c.Case, c.Addr, kind, proc.Name(path[0]))
		}
	}
	// The collector's live set is also the graph's.
	_, marked := proc.AllocatedSlots()
	if d.LiveBytes() != marked {
		t.Errorf("%d bytes are live in the graph, %d are allocated just after a collection", d.LiveBytes(), marked)
	}
}
