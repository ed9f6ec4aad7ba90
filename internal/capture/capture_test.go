//go:build linux && (amd64 || arm64)

package capture_test

import (
	"bufio"
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"goheap/dump"
	"goheap/gocore"
	"goheap/internal/capture"
	"goheap/internal/testcore"
)

// A running is a test program, and the number that it has printed last.
type running struct {
	exe  string
	pid  int
	last atomic.Uint64
}

// start runs a test program until it is ready. It ends with the test.
func start(t *testing.T, program string, opt testcore.Options, args ...string) *running {
	t.Helper()
	exe := testcore.Build(t, program, opt)
	cmd := exec.Command(exe, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil { // those that rest read it
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := &running{exe: exe, pid: cmd.Process.Pid}
	s := bufio.NewScanner(out)
	s.Buffer(nil, 1<<20)
	for s.Scan() && s.Text() != "ready" {
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for s.Scan() {
			if n, err := strconv.ParseUint(s.Text(), 10, 64); err == nil {
				r.last.Store(n)
			}
		}
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-read
		cmd.Wait()
	})
	return r
}

// status returns the first number behind "name:" in a file such as /proc/PID/status.
func status(t *testing.T, file, name string) int {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			n, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("%s has no %s", file, name)
	return 0
}

func (r *running) rss(t *testing.T) int {
	return status(t, fmt.Sprintf("/proc/%d/status", r.pid), "VmRSS") << 10
}

// unharmed demands that the process counts on, and that nobody holds it.
func (r *running) unharmed(t *testing.T) {
	t.Helper()
	before := r.last.Load()
	for until := time.Now().Add(20 * time.Second); r.last.Load() <= before; time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("process %d does not go on", r.pid)
		}
	}
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", r.pid))
	if err != nil || len(tasks) == 0 {
		t.Fatal("there are no threads", err)
	}
	for _, task := range tasks {
		b, err := os.ReadFile(task)
		if errors.Is(err, os.ErrNotExist) {
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			if f := strings.Fields(line); len(f) > 1 && (f[0] == "TracerPid:" && f[1] != "0" || f[0] == "State:" && strings.Contains("tT", f[1])) {
				t.Fatalf("%s: %s", task, line)
			}
		}
	}
}

// taken captures the process into a file, and skips the test where that is forbidden.
func (r *running) taken(t *testing.T, opt capture.Options) (path string, result capture.Result) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "core")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if result, err = capture.To(t.Context(), r.pid, f, opt); errors.Is(err, capture.ErrRefused) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	return path, result
}

// analysed opens a core, whose check has to be ok.
func analysed(t *testing.T, path string) (*gocore.Process, *gocore.Heap) {
	t.Helper()
	p, err := gocore.Open(t.Context(), path, gocore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	h, err := p.Analyse(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	checks, err := h.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range checks {
		if c.Status == gocore.CheckDiffers {
			t.Errorf("%s: %+v", path, c)
		}
	}
	for _, problem := range p.Problems() {
		if problem.Severity == dump.Error {
			t.Errorf("%s: %+v", path, problem)
		}
	}
	return p, h
}

// What is captured is what gdb takes of the same process, object by object, in all ways of
// writing it, and the process does not grow by being looked at.
func TestSameAsGdb(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"go1.18.10", "go1.22.12", "go1.27.0"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			r := start(t, "quiet", testcore.Options{Go: version})
			rss := r.rss(t)
			plain, result := r.taken(t, capture.Options{})
			buffered, _ := r.taken(t, capture.Options{Buffer: true})
			compressed, _ := r.taken(t, capture.Options{Zstd: true})
			streamed := filepath.Join(t.TempDir(), "core")
			var b bytes.Buffer
			if _, err := capture.To(t.Context(), r.pid, &b, capture.Options{}); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(streamed, b.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			if grown := r.rss(t) - rss; grown > 1<<20 {
				t.Errorf("the process has grown by %d bytes", grown)
			}
			if result.Lost != 0 || result.Threads < 2 || result.Content < 1<<20 || result.Pause <= 0 {
				t.Errorf("%+v", result)
			}
			_, want := analysed(t, testcore.Attach(t, r.pid))
			for _, path := range []string{plain, buffered, compressed, streamed} {
				_, got := analysed(t, path)
				if got.Dominators().LiveCount() != want.Dominators().LiveCount() || got.Dominators().LiveBytes() != want.Dominators().LiveBytes() {
					t.Errorf("%s has %d live objects of %d bytes, gdb's core %d of %d", path, got.Dominators().LiveCount(), got.Dominators().LiveBytes(), want.Dominators().LiveCount(), want.Dominators().LiveBytes())
				}
			}
		})
	}
}

// gdb sees the threads that there are, at the places where goheap sees them.
func TestGdbReads(t *testing.T) {
	t.Parallel()
	gdb, err := exec.LookPath("gdb")
	if err != nil {
		t.Skip(err)
	}
	r := start(t, "quiet", testcore.Options{})
	path, result := r.taken(t, capture.Options{})
	out, err := exec.Command(gdb, "-batch", "-nx", "-ex", "set style enabled off", "-ex", "thread apply all -q -ascending print/x $pc", r.exe, path).Output()
	if err != nil {
		t.Fatal(err)
	}
	c, err := dump.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var want, got []string
	for _, thread := range c.Threads {
		want = append(want, fmt.Sprintf("%#x", thread.PC))
	}
	for line := range strings.Lines(string(out)) {
		if _, pc, ok := strings.Cut(line, " = "); ok && strings.HasPrefix(line, "$") {
			got = append(got, strings.TrimSpace(pc))
		}
	}
	if len(got) != result.Threads || !slices.Equal(got, want) {
		t.Errorf("gdb sees threads at %v, of %d; goheap at %v\n%s", got, result.Threads, want, out)
	}
}

// A program that never rests goes on, whatever happens to the one who captures it: also
// when that is killed.
func TestUnharmed(t *testing.T) {
	if path := os.Getenv("GOHEAP_CAPTURE"); path != "" {
		captureForever(path, os.Getenv("GOHEAP_PID"))
	}
	t.Parallel()
	r := start(t, "counting", testcore.Options{})
	for i := range 10 {
		path, _ := r.taken(t, capture.Options{Buffer: i%2 == 1})
		analysed(t, path)
		r.unharmed(t)
	}
	for range 10 {
		ctx, stop := context.WithTimeout(t.Context(), time.Duration(rand.IntN(20))*time.Millisecond)
		f, err := os.Create(filepath.Join(t.TempDir(), "core"))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = capture.To(ctx, r.pid, f, capture.Options{})
		stop()
		f.Close()
		r.unharmed(t)
	}
	for range 10 {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestUnharmed$")
		cmd.Env = append(os.Environ(), "GOHEAP_CAPTURE="+filepath.Join(t.TempDir(), "core"), "GOHEAP_PID="+strconv.Itoa(r.pid))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(50+rand.IntN(150)) * time.Millisecond)
		cmd.Process.Kill()
		cmd.Wait()
		r.unharmed(t)
	}
}

// captureForever is what another process does until it is killed.
func captureForever(path, pid string) {
	n, err := strconv.Atoi(pid)
	for err == nil {
		var f *os.File
		if f, err = os.Create(path); err == nil {
			_, err = capture.To(context.Background(), n, f, capture.Options{})
			f.Close()
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// A pause that would be too long is not made, and says how to shorten it; nor does a disk
// that is full harm the process.
func TestGivesUp(t *testing.T) {
	t.Parallel()
	r := start(t, "counting", testcore.Options{})
	r.taken(t, capture.Options{}) // where it is forbidden, the test ends
	for range 100 {
		var b bytes.Buffer
		if _, err := capture.To(t.Context(), r.pid, &b, capture.Options{MaxPause: time.Nanosecond}); err == nil || !strings.Contains(err.Error(), "--buffer") {
			t.Fatalf("a pause of a nanosecond: %v", err)
		}
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	for _, opt := range []capture.Options{{}, {Buffer: true}, {Zstd: true}} {
		if _, err := capture.To(t.Context(), r.pid, full, opt); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%+v, on a full disk: %v", opt, err)
		}
	}
	r.unharmed(t)
}

// A process with more mappings than program headers may be has a core that opens.
func TestManyMappings(t *testing.T) {
	t.Parallel()
	r := start(t, "counting", testcore.Options{}, "40000")
	path, result := r.taken(t, capture.Options{})
	if result.Segments > 16<<10 {
		t.Errorf("there are %d segments", result.Segments)
	}
	p, _ := analysed(t, path)
	for _, root := range p.Roots() {
		if root.Name == "main.pages" {
			t.Errorf("main.pages leads to memory outside of the heap, and is a root of it: %+v", root)
		}
	}
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	at, seen := uint64(0), 0
	for _, p := range f.Progs {
		if p.Type != elf.PT_LOAD {
			continue
		}
		if p.Vaddr < at {
			t.Fatalf("the segment at %#x begins before the one in front of it ends, at %#x", p.Vaddr, at)
		}
		at = p.Vaddr + p.Memsz
		seen++
	}
	if seen != result.Segments {
		t.Errorf("the core has %d segments, %d were counted", seen, result.Segments)
	}
}
