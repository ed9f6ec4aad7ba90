package testcore

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// line is what all lines of all programs have in common, and of some the rest.
type line struct {
	Case        string   `json:"case"`
	Name        string   `json:"name"`
	Addr        string   `json:"addr"`
	Type        string   `json:"type"`
	TypeSize    uint64   `json:"type_size"`
	Count       int      `json:"count"`
	Live        bool     `json:"live"`
	Root        string   `json:"root"`
	Retained    *uint64  `json:"retained"`
	Elements    []string `json:"elements"`
	HeapAlloc   uint64   `json:"heap_alloc"`
	HeapObjects uint64   `json:"heap_objects"`
}

func parse(t *testing.T, d Dump) []line {
	t.Helper()
	var lines []line
	for i, text := range d.Output {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("line %d: %v: %s", i, err, text)
		}
		if l.Case == "" {
			t.Errorf("line %d has no case: %s", i, text)
		}
		lines = append(lines, l)
	}
	if len(lines) == 0 || lines[len(lines)-1].Case != "memstats" || lines[len(lines)-1].HeapAlloc == 0 {
		t.Fatalf("the last line is not memstats: %q", d.Output)
	}
	return lines
}

// memory reads a core by its program headers alone.
type memory struct{ *elf.File }

func openCore(t *testing.T, d Dump) memory {
	t.Helper()
	f, err := elf.Open(d.Core)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if f.Type != elf.ET_CORE {
		t.Fatalf("%s is %v, not a core", d.Core, f.Type)
	}
	return memory{f}
}

func (m memory) read(addr, n uint64) ([]byte, error) {
	for _, p := range m.Progs {
		if p.Type == elf.PT_LOAD && p.Vaddr <= addr && addr+n <= p.Vaddr+p.Filesz {
			b := make([]byte, n)
			_, err := p.ReadAt(b, int64(addr-p.Vaddr))
			return b, err
		}
	}
	return nil, fmt.Errorf("%#x is in no segment", addr)
}

func (m memory) word(t *testing.T, addr uint64) uint64 {
	t.Helper()
	b, err := m.read(addr, 8)
	if err != nil {
		t.Fatal(err)
	}
	return binary.LittleEndian.Uint64(b)
}

func parseAddr(t *testing.T, s string) uint64 {
	t.Helper()
	v, err := strconv.ParseUint(s, 0, 64)
	if err != nil || !strings.HasPrefix(s, "0x") {
		t.Fatalf("%q is no address", s)
	}
	return v
}

func TestQuietBothWays(t *testing.T) {
	for _, kind := range []Kind{Gcore, Kernel} {
		t.Run(string(kind), func(t *testing.T) {
			d := Core(t, "quiet", Options{}, kind)
			lines := parse(t, d)
			m := openCore(t, d)
			seen := 0
			for _, l := range lines {
				if l.Case != "object" {
					continue
				}
				seen++
				if _, err := m.read(parseAddr(t, l.Addr), l.TypeSize); err != nil {
					t.Errorf("%s: %v", l.Name, err)
				}
			}
			if seen < 8 {
				t.Errorf("%d objects described, want 8 or more", seen)
			}
			stats := lines[len(lines)-1]
			if stats.HeapAlloc < 2<<20 || stats.HeapAlloc > 10<<20 || stats.HeapObjects < 10_000 {
				t.Errorf("heap of %d bytes in %d objects, want some megabytes", stats.HeapAlloc, stats.HeapObjects)
			}
			again := Core(t, "quiet", Options{}, kind)
			if again.Core != d.Core || again.Exe != d.Exe || !slices.Equal(again.Output, d.Output) {
				t.Error("asking again gives another core")
			}
			if d.Kind == Gcore {
				if n := occupied(filepath.Dir(d.Core)); n > 100<<20 {
					t.Errorf("the core occupies %d bytes: its holes are not punched", n)
				}
			}
		})
	}
}

// The first word of main.tree's node is its left child; a child's key is twice
// its parent's. Two steps prove that addresses, layout and bytes belong
// together.
func TestQuietTree(t *testing.T) {
	d := Core(t, "quiet", Options{}, Kernel)
	m := openCore(t, d)
	for _, l := range parse(t, d) {
		if l.Name != "main.tree" {
			continue
		}
		node := parseAddr(t, l.Addr)
		for want := uint64(1); want <= 4; want *= 2 {
			if key := m.word(t, node+16); key != want {
				t.Fatalf("node %#x has key %d, want %d", node, key, want)
			}
			node = m.word(t, node)
		}
		return
	}
	t.Fatal("main.tree is not described")
}

func TestProbe(t *testing.T) {
	for _, kind := range []Kind{Gcore, Kernel} {
		d := Core(t, "probe", Options{}, kind)
		m := openCore(t, d)
		cases := map[string]int{}
		for _, l := range parse(t, d) {
			cases[l.Case]++
			if l.Case == "memstats" {
				continue
			}
			if l.Live == (l.Root == "") {
				t.Errorf("%s: live %v with root %q", l.Case, l.Live, l.Root)
			}
			addr := parseAddr(t, l.Addr)
			if _, err := m.read(addr, l.TypeSize*uint64(l.Count)); err != nil {
				t.Errorf("%s: %v", l.Case, err)
			}
			// A T carries its index in its first word and in its last.
			if l.Live && l.Type == "main.T" && l.Case != "chain" {
				if a, b := m.word(t, addr), m.word(t, addr+56); a != b {
					t.Errorf("%s: %#x holds %d and %d, no T", l.Case, addr, a, b)
				}
			}
			if l.Type == "*main.T" {
				if len(l.Elements) != l.Count {
					t.Errorf("%s: %d elements, want %d", l.Case, len(l.Elements), l.Count)
				}
				for i, e := range l.Elements {
					if got := m.word(t, addr+8*uint64(i)); got != parseAddr(t, e) {
						t.Errorf("%s: element %d is %#x, want %s", l.Case, i, got, e)
					}
				}
			}
		}
		for _, want := range []string{"fifty", "thousand", "tenThousand", "insideStruct", "insideArray", "stackLocal", "stackObject",
			"register", "finalizerCapture", "cleanupArgument", "cleanupCapture", "queuedFinalizer", "queuedCleanup", "openFile", "joint", "weaklyHeld"} {
			if cases[want] == 0 {
				t.Errorf("no case %s", want)
			}
		}
	}
}

// The thread that spins has the address of its case in a register: some
// thread's NT_PRSTATUS holds that word.
func TestProbeRegister(t *testing.T) {
	d := Core(t, "probe", Options{}, Gcore)
	if d.Kind != Gcore {
		t.Skip("the kernel alone takes no core of a program that goes on running")
	}
	m := openCore(t, d)
	var word []byte
	for _, l := range parse(t, d) {
		if l.Case == "register" {
			word = binary.LittleEndian.AppendUint64(nil, parseAddr(t, l.Addr))
		}
	}
	if word == nil {
		t.Fatal("no case register")
	}
	for _, p := range m.Progs {
		if p.Type != elf.PT_NOTE {
			continue
		}
		notes, err := io.ReadAll(p.Open())
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(notes, word) {
			return
		}
	}
	t.Errorf("%#x is in no register", word)
}

func TestTyped(t *testing.T) {
	d := Core(t, "typed", Options{}, Kernel)
	m := openCore(t, d)
	lines := parse(t, d)
	if len(lines) < 5000 {
		t.Errorf("%d lines, want thousands", len(lines))
	}
	names := map[string]bool{}
	for _, l := range lines {
		if l.Case != "object" {
			continue
		}
		if names[l.Name] {
			t.Errorf("%s is described twice", l.Name)
		}
		names[l.Name] = true
		if _, err := m.read(parseAddr(t, l.Addr), l.TypeSize*uint64(l.Count)); err != nil {
			t.Errorf("%s: %v", l.Name, err)
		}
	}
}

func TestOptionsDecideTheBuild(t *testing.T) {
	plain := Build(t, "quiet", Options{})
	pie := Build(t, "quiet", Options{PIE: true})
	stripped := Build(t, "quiet", Options{Flags: []string{"-ldflags=-s -w"}})
	if plain == pie || plain == stripped || pie == stripped {
		t.Fatalf("different options share an executable: %s, %s, %s", plain, pie, stripped)
	}
	for exe, want := range map[string]struct {
		kind  elf.Type
		dwarf bool
	}{
		plain:    {elf.ET_EXEC, true},
		pie:      {elf.ET_DYN, true},
		stripped: {elf.ET_EXEC, false},
	} {
		f, err := elf.Open(exe)
		if err != nil {
			t.Fatal(err)
		}
		if f.Type != want.kind || (f.Section(".debug_info") != nil) != want.dwarf {
			t.Errorf("%s: %v, .debug_info %v, want %+v", exe, f.Type, f.Section(".debug_info") != nil, want)
		}
		f.Close()
	}
	info, err := buildinfo.ReadFile(plain)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := info.GoVersion, (Options{}).toolchain(); want != "local" && !strings.HasPrefix(got, want) {
		t.Errorf("built by %s, want %s", got, want)
	}
}

func TestToolchainIsTheOneAskedFor(t *testing.T) {
	const want = "go1.27.0"
	for _, program := range []string{"quiet", "probe", "typed", "sessions", "blockstore"} {
		info, err := buildinfo.ReadFile(Build(t, program, Options{Go: want}))
		if err != nil {
			t.Fatal(err)
		}
		if info.GoVersion != want {
			t.Errorf("%s: built by %s, want %s", program, info.GoVersion, want)
		}
	}
}

func TestDamaged(t *testing.T) {
	good := Core(t, "quiet", Options{}, Kernel)
	whole, err := os.Stat(good.Core)
	if err != nil {
		t.Fatal(err)
	}
	for _, how := range Damages() {
		b, err := os.ReadFile(Damaged(t, good, how))
		if err != nil {
			t.Fatal(err)
		}
		f, err := elf.NewFile(bytes.NewReader(b))
		switch how {
		case Truncated:
			if good.Kind == Gcore && errors.Is(err, io.EOF) && int64(len(b)) < whole.Size() {
				break // of what gdb writes, the table of sections stands at the end
			}
			if err != nil || f.Type != elf.ET_CORE || int64(len(b)) >= whole.Size() {
				t.Errorf("%s: %d of %d bytes, %v", how, len(b), whole.Size(), err)
			}
		case WrongMachine:
			if err != nil || f.Machine != elf.EM_RISCV || int64(len(b)) != whole.Size() {
				t.Errorf("%s: %v", how, err)
			}
		case Executable:
			if err != nil || f.Type != elf.ET_EXEC {
				t.Errorf("%s: %v", how, err)
			}
		case Class32:
			if elf.Class(b[elf.EI_CLASS]) != elf.ELFCLASS32 {
				t.Errorf("%s: class %v", how, elf.Class(b[elf.EI_CLASS]))
			}
		case TruncatedHeader, NotELF, Empty:
			if err == nil {
				t.Errorf("%s: still an ELF file", how)
			}
		default:
			t.Errorf("%s is not tested", how)
		}
	}
	after, err := os.Stat(good.Core)
	if err != nil {
		t.Fatal(err)
	}
	if after.Size() != whole.Size() || !after.ModTime().Equal(whole.ModTime()) {
		t.Error("the good core was touched")
	}
}

func TestFailuresSayWhy(t *testing.T) {
	c, err := findCache()
	if err != nil {
		t.Fatal(err)
	}
	// In the cache that all share, tests of other packages are making such cores.
	c.dir = t.TempDir()
	for _, run := range []struct {
		program string
		opt     Options
		kind    Kind
		args    []string
		want    string
	}{
		{"nosuch", Options{}, Gcore, nil, "nosuch"},
		{"../dump", Options{}, Gcore, nil, "name of a folder"},
		{"quiet", Options{}, "gdb", nil, `"gdb"`},
		{"quiet", Options{Flags: []string{"-nosuchflag"}}, Gcore, nil, "-nosuchflag"},
		{"sessions", Options{}, Gcore, []string{"many"}, "usage: sessions N"},
		{"sessions", Options{}, Kernel, []string{"many"}, "usage: sessions N"},
	} {
		_, err := c.core(run.program, run.opt, run.kind, run.args)
		if errors.Is(err, ErrLacks) {
			t.Log(err) // which is why, too
			continue
		}
		if err == nil || !strings.Contains(err.Error(), run.want) {
			t.Errorf("%s %v %s: %v, want it to say %q", run.program, run.opt, run.kind, err, run.want)
		}
	}
	left, err := filepath.Glob(filepath.Join(c.dir, "core-*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		if filepath.Ext(entry) != ".lock" {
			t.Errorf("a failed run left %s", entry)
		}
	}
}

func TestEntryIsFilledOnce(t *testing.T) {
	c := cache{dir: t.TempDir()}
	var filled atomic.Int32
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			dir, err := c.entry("thing", "key", func(dir string) error {
				filled.Add(1)
				return os.WriteFile(filepath.Join(dir, "content"), []byte("whole"), 0o666)
			})
			if err != nil {
				t.Error(err)
				return
			}
			if b, err := os.ReadFile(filepath.Join(dir, "content")); string(b) != "whole" {
				t.Errorf("read %q, %v", b, err)
			}
		})
	}
	group.Wait()
	if n := filled.Load(); n != 1 {
		t.Errorf("filled %d times", n)
	}
	broken := errors.New("broken")
	if _, err := c.entry("thing", "other", func(string) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	dir, err := c.entry("thing", "other", func(string) error { return nil })
	if err != nil || filepath.Base(dir) != "thing-other" {
		t.Errorf("after a failure: %q, %v", dir, err)
	}
	left, err := filepath.Glob(filepath.Join(c.dir, "*"+making))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// Whoever waits for a core is told of each step before it is taken, and where the core
// lies.
func TestProgress(t *testing.T) {
	if err := KernelCores(); err != nil {
		t.Skip(err)
	}
	c, err := findCache()
	if err != nil {
		t.Fatal(err)
	}
	c.dir = t.TempDir()
	for _, want := range [][]string{
		{"building testdata/programs/quiet with go", "running quiet until", "it crashes, and leaves its core", "its core is " + c.dir},
		{"its core was taken before: " + c.dir},
	} {
		var told strings.Builder
		if _, err := c.core("quiet", Options{Progress: &told}, Kernel, nil); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(told.String()), "\n")
		if !slices.EqualFunc(lines, want, strings.HasPrefix) {
			t.Errorf("told %q, want %q", lines, want)
		}
	}
}

// What was being made when its maker was killed is gone as soon as something else is
// made, or that itself. What somebody else is making stays.
func TestInterruptedEntries(t *testing.T) {
	c := cache{dir: t.TempDir()}
	fill := func(dir string) error { return os.WriteFile(filepath.Join(dir, "whole"), nil, 0o666) }
	for _, name := range []string{"same-key", "killed-key", "busy-key"} {
		if err := os.MkdirAll(filepath.Join(c.dir, name+making, "half"), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	unlock, err := lock(filepath.Join(c.dir, "busy-key.lock"), true)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	dir, err := c.entry("same", "key", fill)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, glob := range []string{filepath.Join(dir, "*"), filepath.Join(c.dir, "*"+making)} {
		found, err := filepath.Glob(glob)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			got = append(got, filepath.Base(path))
		}
	}
	if want := []string{"whole", "busy-key.making"}; !slices.Equal(got, want) {
		t.Errorf("there are %q, want %q", got, want)
	}
}

// The children of a run die with it: nobody has an executable of the cache
// open when the cores are there.
func TestNoProcessStays(t *testing.T) {
	d := Core(t, "quiet", Options{Env: []string{"GODEBUG=panicnil=0"}}, Gcore)
	exes, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		t.Fatal(err)
	}
	for _, exe := range exes {
		if target, err := os.Readlink(exe); err == nil && target == d.Exe {
			t.Errorf("%s still runs", filepath.Dir(exe))
		}
	}
	cmd := exec.Command(d.Exe)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := readUntilReady(stdout); err != nil {
		t.Error(err)
		cmd.Process.Signal(syscall.SIGKILL)
	}
	stdin.Close()
	if err := cmd.Wait(); err != nil {
		t.Errorf("a program whose input ends: %v", err)
	}
}

func TestTail(t *testing.T) {
	w := &tail{limit: 10}
	for i := range 100 {
		fmt.Fprintf(w, "%03d ", i)
	}
	if got := w.String(); len(got) != 10 || !strings.HasSuffix(got, "098 099 ") {
		t.Errorf("got %q", got)
	}
}

func TestKeyOf(t *testing.T) {
	keys := map[string][]string{}
	for _, parts := range [][]string{{}, {""}, {"", ""}, {"ab"}, {"a", "b"}, {"a", "b", ""}, {"1:a"}, {"2:ab,"}} {
		k := keyOf(parts...)
		if other, found := keys[k]; found {
			t.Errorf("%q and %q have one key", parts, other)
		}
		keys[k] = parts
	}
}

func TestLanguage(t *testing.T) {
	for toolchain, want := range map[string]string{
		"go1.26.8": "1.26", "go1.27.0": "1.27", "go1.18": "1.18", "go1.20.14": "1.20", "go1.27rc1": "1.27", "local": "1.26",
	} {
		if got := (Options{Go: toolchain}).language(); got != want {
			t.Errorf("%s: %s, want %s", toolchain, got, want)
		}
	}
}

// A heap dump and a core are of one process.
func TestHeapDumpAndCore(t *testing.T) {
	d := Core(t, "quiet", Options{}, HeapDump)
	for path, magic := range map[string]string{d.Heap: "go1.7 heap dump\n", d.Core: "\x7fELF"} {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, len(magic))
		_, err = io.ReadFull(f, b)
		f.Close()
		if err != nil || string(b) != magic {
			t.Errorf("%s starts with %q: %v", path, b, err)
		}
	}
	if len(d.Output) == 0 || filepath.Dir(d.Heap) != filepath.Dir(d.Core) {
		t.Errorf("%+v", d)
	}
}

// Where neither the module cache nor a proxy has a module, the error says what is
// missing, and nothing is left that a later call would take for the command.
func TestInstallWithoutNetwork(t *testing.T) {
	opt := Options{Env: []string{"GOPROXY=off", "GOFLAGS=-modcacherw", "GOMODCACHE=" + t.TempDir()}}
	for range 2 {
		exe, err := Install("github.com/go-delve/delve/cmd/dlv", "v1.27.2", opt)
		if err == nil || !strings.Contains(err.Error(), "module proxy") || !strings.Contains(err.Error(), "github.com/go-delve/delve/cmd/dlv@v1.27.2") {
			t.Errorf("%s, %v, want an error that names the module and its proxy", exe, err)
		}
	}
}

func TestCommandName(t *testing.T) {
	for pkg, want := range map[string]string{
		"github.com/go-delve/delve/cmd/dlv":   "dlv",
		"github.com/nats-io/nats-server/v2":   "nats-server",
		"example.org/v":                       "v",
		"example.org/vx2":                     "vx2",
		"github.com/caddyserver/caddy/v2/cmd": "cmd",
	} {
		if got := commandName(pkg); got != want {
			t.Errorf("%s: %s, want %s", pkg, got, want)
		}
	}
}
