package gocore_test

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"goheap/dump"
	"goheap/gocore"
	"goheap/gocore/profile"
	"goheap/heap"
	"goheap/heap/heaptest"
	"goheap/internal/testcore"
)

// sentinels are what every error of Open wraps one of.
var sentinels = []error{
	gocore.ErrNotGo, gocore.ErrNoExecutable, gocore.ErrWrongExecutable, gocore.ErrNoDWARF, gocore.ErrVersion, gocore.ErrDamaged, gocore.ErrWrongDebug,
	dump.ErrNoSpace, dump.ErrNotCore, dump.ErrUnsupported, dump.ErrTruncated, dump.ErrHeapDump, dump.ErrHeapDumpTruncated,
}

// refused opens what cannot be read and checks that the error wraps the
// sentinel and is a sentence that names the file.
func refused(t *testing.T, path string, opt gocore.Options, want error, says ...string) {
	t.Helper()
	p, err := gocore.Open(t.Context(), path, opt)
	if err == nil {
		p.Close()
		t.Fatalf("%s opens, want: %v", path, want)
	}
	if !errors.Is(err, want) {
		t.Errorf("the error is %q, want one that wraps %q", err, want)
	}
	sentence(t, err)
	for _, s := range says {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("the error is %q, which does not say %q", err, s)
		}
	}
}

// sentence checks an error's form: one line, which wraps a sentinel but says
// more than it.
func sentence(t *testing.T, err error) {
	t.Helper()
	for _, s := range sentinels {
		if errors.Is(err, s) {
			if text := err.Error(); strings.ContainsAny(text, "\n\x00\x1b") || len(text) < len(s.Error())+20 {
				t.Errorf("the error is not a sentence: %q", text)
			}
			return
		}
	}
	t.Errorf("the error wraps nothing that a caller could tell it by: %q", err)
}

// survey asks everything of a process, whatever state its core is in, and
// returns its problems. Nothing may panic.
func survey(t *testing.T, opened *gocore.Process) []gocore.Problem {
	t.Helper()
	ctx := t.Context()
	if _, err := opened.HeapProfile(ctx); err != nil {
		sentence(t, err)
	}
	for _, kind := range []profile.Kind{profile.Block, profile.Mutex, profile.Goroutines, profile.Threads} {
		_, err := opened.ProfileStacks(kind)
		if kind == profile.Block || kind == profile.Mutex {
			_, err = opened.Contention(ctx, kind)
		}
		if err != nil {
			sentence(t, err)
		}
	}
	h, err := opened.Analyse(ctx, nil)
	if err != nil {
		sentence(t, err)
		return opened.Problems()
	}
	p := process{Process: opened, Heap: h}
	d := h.Dominators()
	if _, err := p.Check(ctx); err != nil {
		sentence(t, err)
	}
	soundWaits(t, p)
	soundLater(t, p)
	for i := range p.Goroutines() {
		p.Frames(i)
		p.Labels(i)
		if calls, elided, behind := p.Stack(i, 20); len(calls) > 20 || elided < 0 || behind > len(calls) && elided > 0 {
			t.Errorf("%d calls, %d left out behind %d", len(calls), elided, behind)
		}
	}
	for _, r := range p.Roots() {
		p.Name(r.Node)
		p.Fields(r.Node, 20)
	}
	nodes := heaptest.Nodes(h.Graph())
	for i, n := range nodes {
		if i%(1+len(nodes)/500) == 0 {
			p.Name(n)
			path := d.PathTo(n)
			if name := p.Expr(path); len(path) < 100 {
				p.Resolve(name) // which may fail, in time
			}
			p.Fields(n, 20)
			p.Hex(n, 0, 64)
			p.AllocSite(n)
			p.FollowedAt(n, 8)
		}
	}
	if _, err := p.FindBytes(ctx, []byte("owner"), 10); err != nil {
		sentence(t, err)
	}
	for _, pr := range p.Problems() {
		if pr.Message == "" || pr.Count < 1 || strings.Contains(pr.Message, "\n") {
			t.Errorf("problem %+v", pr)
		}
	}
	return p.Problems()
}

// Each kind of damage is refused in so many words, or shown in part.
func TestDamaged(t *testing.T) {
	t.Parallel()
	want := map[testcore.Damage]error{
		testcore.TruncatedHeader: dump.ErrTruncated,
		testcore.WrongMachine:    dump.ErrUnsupported,
		testcore.Class32:         dump.ErrUnsupported,
		testcore.NotELF:          dump.ErrNotCore,
		testcore.Executable:      dump.ErrNotCore,
		testcore.Empty:           dump.ErrNotCore,
	}
	good := testcore.Core(t, "quiet", testcore.Options{}, testcore.Kernel)
	for _, how := range testcore.Damages() {
		t.Run(string(how), func(t *testing.T) {
			path := testcore.Damaged(t, good, how)
			if err, ok := want[how]; ok {
				refused(t, path, gocore.Options{}, err, path)
				return
			}
			incomplete(t, path, gocore.Options{})
		})
	}
}

// incomplete opens a core that has been cut short: it is refused as truncated,
// or opens and says that something is missing.
func incomplete(t *testing.T, path string, opt gocore.Options) (opened bool) {
	t.Helper()
	p, err := gocore.Open(t.Context(), path, opt)
	if err != nil {
		if !errors.Is(err, dump.ErrTruncated) && !errors.Is(err, dump.ErrNotCore) {
			t.Errorf("the error is %q, want one that wraps %q", err, dump.ErrTruncated)
		}
		sentence(t, err)
		return false
	}
	defer p.Close()
	problems := survey(t, p)
	if p.Source().Complete {
		t.Error("a truncated core is said to be complete")
	}
	for _, pr := range problems {
		if pr.Severity == dump.Error {
			return true
		}
	}
	t.Errorf("no problem of a truncated core is an error: %+v", problems)
	return true
}

// A core may end anywhere.
func TestTruncatedAnywhere(t *testing.T) {
	t.Parallel()
	for _, kind := range []testcore.Kind{testcore.Gcore, testcore.Kernel} {
		for _, given := range []bool{false, true} {
			name := string(kind)
			if given {
				name += " with the executable"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				good := testcore.Core(t, "quiet", testcore.Options{}, kind)
				var opt gocore.Options
				if given {
					// The notes, which name it, may be what is missing.
					opt.Exe = good.Exe
				}
				path := filepath.Join(t.TempDir(), "core")
				clone(t, path, good.Core)
				size := contents(t, good.Core)
				// From the back to the front of one copy: densely at the end,
				// where the last of the runtime's tables are, then evenly.
				opened := 0
				for cut := range int64(35) {
					end := size - 1<<(2*cut)
					if cut >= 10 {
						end = (size-1<<18)*(34-cut)/25 + cut%3
					}
					if err := os.Truncate(path, end); err != nil {
						t.Fatal(err)
					}
					if incomplete(t, path, opt) {
						opened++
					}
					if t.Failed() {
						break
					}
				}
				t.Logf("%d of 35 opened", opened)
			})
		}
	}
}

// contents is how much of a core its program headers speak of: gdb adds a table
// of sections, which nobody needs.
func contents(t *testing.T, core string) (size int64) {
	t.Helper()
	f, err := elf.Open(core)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Filesz > 0 {
			size = max(size, int64(p.Off+p.Filesz))
		}
	}
	return size
}

// clone copies a file and keeps its holes.
func clone(t *testing.T, to, from string) {
	t.Helper()
	if out, err := exec.Command("cp", "--sparse=always", from, to).CombinedOutput(); err != nil {
		t.Fatalf("cp: %v\n%s", err, out)
	}
}

// Bytes of a core may be anything: whatever they are, nothing panics, loops or
// takes all memory, and errors are sentences. Most of what is overwritten lies
// where the runtime keeps its own tables.
func TestScribbled(t *testing.T) {
	t.Parallel()
	good := testcore.Core(t, "quiet", testcore.Options{}, testcore.Kernel)
	whole, err := os.ReadFile(good.Core)
	if err != nil {
		t.Fatal(err)
	}
	// Empty pages are most of the file and mean nothing.
	const page = 4096
	var pages []int
	for at := 0; at+page <= len(whole); at += page {
		if len(bytes.Trim(whole[at:at+page], "\x00")) > 0 {
			pages = append(pages, at)
		}
	}
	path := filepath.Join(t.TempDir(), "core")
	r := rand.New(rand.NewPCG(5, 6))
	for round := range 40 {
		data := bytes.Clone(whole)
		for range 1 << r.IntN(12) {
			at := pages[r.IntN(len(pages))] + 8*r.IntN(page/8)
			switch r.IntN(5) {
			case 0:
				binary.LittleEndian.PutUint64(data[at:], r.Uint64())
			case 1:
				binary.LittleEndian.PutUint64(data[at:], ^uint64(0)>>r.IntN(64))
			case 2: // another word of the same page
				copy(data[at:at+8], data[at&^(page-1)+8*r.IntN(page/8):][:8])
			case 3:
				data[at] ^= 1 << r.IntN(8)
			case 4: // a word from anywhere, most likely a pointer
				copy(data[at:at+8], data[pages[r.IntN(len(pages))]+8*r.IntN(page/8):][:8])
			}
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		func() {
			defer func() {
				if v := recover(); v != nil {
					t.Errorf("round %d: panic: %v", round, v)
					panic(v)
				}
			}()
			p, err := gocore.Open(t.Context(), path, gocore.Options{})
			if err != nil {
				sentence(t, err)
				return
			}
			defer p.Close()
			survey(t, p)
		}()
	}
}

// The executable that a core names, or that is given, may be missing, another
// program, another build, or without what goheap needs.
func TestExecutables(t *testing.T) {
	t.Parallel()
	quiet := testcore.Core(t, "quiet", testcore.Options{}, testcore.Kernel)
	missing := filepath.Join(t.TempDir(), "nowhere")
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("#!/bin/sh\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, exe string
		want      error
	}{
		{"missing", missing, gocore.ErrNoExecutable},
		{"folder", t.TempDir(), gocore.ErrNoExecutable},
		{"text", text, gocore.ErrNoExecutable},
		{"another program", testcore.Build(t, "probe", testcore.Options{}), gocore.ErrWrongExecutable},
		{"another toolchain", testcore.Build(t, "quiet", testcore.Options{Go: "go1.27.0"}), gocore.ErrWrongExecutable},
		{"another build mode", testcore.Build(t, "quiet", testcore.Options{PIE: true}), gocore.ErrWrongExecutable},
	} {
		t.Run(c.name, func(t *testing.T) {
			refused(t, quiet.Core, gocore.Options{Exe: c.exe}, c.want, c.exe, "--exe")
		})
	}
	// Of these it is as true that they are not Go as that they are wrong.
	for _, exe := range []string{quiet.Core, "/bin/sleep"} {
		t.Run("not Go "+filepath.Base(exe), func(t *testing.T) {
			p, err := gocore.Open(t.Context(), quiet.Core, gocore.Options{Exe: exe})
			if err == nil {
				p.Close()
			}
			if !errors.Is(err, gocore.ErrNotGo) && !errors.Is(err, gocore.ErrWrongExecutable) && !errors.Is(err, gocore.ErrNoExecutable) {
				t.Fatal(err)
			}
			sentence(t, err)
			if !strings.Contains(err.Error(), exe) {
				t.Errorf("the error is %q, which does not say %q", err, exe)
			}
		})
	}

	t.Run("gone", func(t *testing.T) {
		exe := filepath.Join(t.TempDir(), "program")
		clone(t, exe, quiet.Exe)
		core, _ := gcore(t, exe)
		if err := os.Remove(exe); err != nil {
			t.Fatal(err)
		}
		refused(t, core, gocore.Options{}, gocore.ErrNoExecutable, exe, "--exe")
		// Another copy of the same build will do.
		p, err := gocore.Open(t.Context(), core, gocore.Options{Exe: quiet.Exe})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		for _, pr := range survey(t, p) {
			t.Errorf("a whole core has a problem: %+v", pr)
		}
	})
	t.Run("forced", func(t *testing.T) {
		// What comes out is nonsense, but no panic, and it says so.
		p, err := gocore.Open(t.Context(), quiet.Core, gocore.Options{Exe: testcore.Build(t, "quiet", testcore.Options{Go: "go1.27.0"}), Force: true})
		if err != nil {
			sentence(t, err)
			return
		}
		defer p.Close()
		survey(t, p)
		if p.Source().Complete {
			t.Error("a core read by another build's executable is said to be complete")
		}
	})
}

// A core of a program that is not Go's.
func TestNotGo(t *testing.T) {
	t.Parallel()
	core, _ := gcore(t, "sleep", "1000")
	refused(t, core, gocore.Options{}, gocore.ErrNotGo)
}

// gcore starts a program, waits until it has nothing to do and dumps it. said
// is what a test program printed, with "ready" as its last line.
func gcore(t *testing.T, name string, args ...string) (core, said string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	if name != "sleep" {
		for b := make([]byte, 4096); !strings.HasSuffix(said, "ready\n"); {
			n, err := out.Read(b)
			if err != nil {
				t.Fatal(err)
			}
			said += string(b[:n])
		}
	}
	time.Sleep(100 * time.Millisecond) // past the loading of libraries
	return testcore.Attach(t, cmd.Process.Pid), said
}

// A question that is cancelled ends at once with the context's error.
func TestCancelled(t *testing.T) {
	t.Parallel()
	core := testcore.Core(t, "quiet", testcore.Options{}, testcore.Kernel).Core
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if p, err := gocore.Open(done, core, gocore.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Open: %v", err)
		if err == nil {
			p.Close()
		}
	}
	p, err := gocore.Open(t.Context(), core, gocore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := p.Analyse(done, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Analyse: %v", err)
	}
}

// Whenever an analysis is cancelled, nothing of it is left, and the next one finds what
// it would have found at first.
func TestAnalyseAgain(t *testing.T) {
	core := testcore.Core(t, "quiet", testcore.Options{}, testcore.Kernel).Core
	want := openFile(t, core, "", nil)
	var phases []string
	all := heap.WithProgress(t.Context(), func(phase string, done, total int64) {
		if done == 0 {
			phases = append(phases, phase)
		}
	})
	p, err := gocore.Open(t.Context(), core, gocore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	roots := len(p.Roots())
	h, err := p.Analyse(all, nil)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := p.Analyse(t.Context(), nil); err != nil || again != h {
		t.Errorf("a second analysis is another heap: %v", err)
	}
	cancelled := 0
	for _, at := range phases {
		p, err := gocore.Open(t.Context(), core, gocore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		ctx, cancel := context.WithCancel(t.Context())
		_, err = p.Analyse(heap.WithProgress(ctx, func(phase string, _, _ int64) {
			if phase == at {
				cancel()
			}
		}), nil)
		cancel()
		if err != nil {
			cancelled++
			if !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled in %q: %v", at, err)
			}
		}
		var stages []gocore.Stage
		h, err := p.Analyse(t.Context(), func(s gocore.Stage) { stages = append(stages, s) })
		if err != nil {
			t.Fatalf("after a try that was cancelled in %q: %v", at, err)
		}
		slices.Sort(stages)
		if !slices.Equal(stages, []gocore.Stage{gocore.StageGraph, gocore.StageDominators, gocore.StageTypes}) {
			t.Errorf("after %q: stages %v", at, stages)
		}
		if !slices.Equal(h.Graph().Target, want.graph.Target) || h.Dominators().LiveBytes() != want.doms.LiveBytes() {
			t.Errorf("after a try that was cancelled in %q the graph is another", at)
		}
		for _, n := range heaptest.Nodes(h.Graph()) {
			if h.Type(n) != want.Type(n) || h.Evidence(n) != want.Evidence(n) {
				t.Fatalf("after a try that was cancelled in %q node %d is a %s, not a %s", at, n, h.Type(n), want.Type(n))
			}
		}
		if len(p.Roots()) != roots || len(h.Roots()) != len(want.Roots()) || len(p.Problems()) != len(want.Problems()) {
			t.Errorf("after %q: %d roots, %d of the heap, problems %v", at, len(p.Roots()), len(h.Roots()), p.Problems())
		}
	}
	if cancelled < 3 {
		t.Errorf("%d of the phases %q could be cancelled", cancelled, phases)
	}
}

// Who comes while another analyses gets the same heap, or goes when its own context
// ends.
func TestAnalyseTogether(t *testing.T) {
	p, err := gocore.Open(t.Context(), testcore.Core(t, "probe", testcore.Options{}, testcore.Kernel).Core, gocore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	begun, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	first := make(chan *gocore.Heap, 1)
	go func() {
		h, _ := p.Analyse(heap.WithProgress(t.Context(), func(string, int64, int64) {
			once.Do(func() { close(begun); <-goOn })
		}), nil)
		first <- h
	}()
	<-begun
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Analyse(impatient, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("whoever does not wait gets %v", err)
	}
	close(goOn)
	h, err := p.Analyse(t.Context(), nil)
	if err != nil || h == nil || h != <-first {
		t.Errorf("two who analyse at once get two heaps: %v", err)
	}
}

// Questions about what is no node have empty answers.
func TestNoNode(t *testing.T) {
	p := open(t, "quiet", testcore.Options{}, testcore.Kernel)
	for _, n := range []heap.Node{heap.SuperRoot, heap.None, heap.Node(p.graph.Len()), heap.Node(p.graph.Len() + 1000), heap.Node(p.graph.Roots)} {
		if n == heap.Node(p.graph.Roots) && p.KindOf(n) != gocore.NoRoot {
			continue // the last number that is kept for roots has one
		}
		if p.Allocated(n) || p.TypeOf(n).Known || p.Evidence(n) != 0 || p.Type(n) != "" {
			t.Errorf("node %d: allocated %t, type %q by %q", n, p.Allocated(n), p.Type(n), p.Evidence(n))
		}
		p.Name(n)
		if fields, more := p.Fields(n, 10); len(fields) > 0 || more > 0 {
			t.Errorf("node %d has fields: %+v and %d", n, fields, more)
		}
		if b := p.Hex(n, 0, 10); len(b) > 0 {
			t.Errorf("node %d has bytes: %x", n, b)
		}
		if _, _, ok := p.Edge(n, n); ok {
			t.Errorf("node %d points to itself", n)
		}
	}
	for _, addr := range []uint64{0, 1, ^uint64(0), 1 << 47, 1 << 63} {
		if n, ok := p.NodeAt(addr); ok {
			t.Errorf("there is node %d at %#x", n, addr)
		}
	}
	if e := p.Expr(nil); e != "" {
		t.Errorf("the expression of no path is %q", e)
	}
}
