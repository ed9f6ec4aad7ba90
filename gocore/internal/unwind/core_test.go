package unwind_test

import (
	"bytes"
	"debug/dwarf"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"goheap/dump"
	"goheap/gocore/internal/pclntab"
	"goheap/gocore/internal/unwind"
	"goheap/internal/arch"
	"goheap/internal/testcore"
)

// toolchainVar names the Go toolchain that builds the program, such as
// go1.27.0; empty stands for the one that runs the test.
const toolchainVar = "GOHEAP_TEST_TOOLCHAIN"

// A corpse is the core of testdata/stacks and what it said before it died.
type corpse struct {
	stdout, stderr string
	core           *dump.Core
	exe            *elf.File
	dw             *dwarf.Data
	fields         map[string]uint64 // byte offsets by "type.field.field"
	symbols        map[string]uint64
	modules        []unwind.Module
	walker         *unwind.Walker
}

// die builds and runs the program for a processor, and returns its core.
func die(t *testing.T, goarch string, flags ...string) *corpse {
	t.Helper()
	dir := t.TempDir()
	source, err := os.ReadFile("testdata/stacks/main.go")
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string][]byte{"main.go": source, "go.mod": []byte("module stacks\ngo 1.18\n")} {
		if err := os.WriteFile(filepath.Join(dir, name), body, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.Command("go", append(append([]string{"build", "-o", "stacks"}, flags...), ".")...)
	build.Dir = dir
	build.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	if v := os.Getenv(toolchainVar); v != "" {
		build.Env = append(build.Env, "GOTOOLCHAIN="+v)
	}
	emulator, err := testcore.Emulator(goarch)
	if err == nil && emulator == "" {
		err = testcore.KernelCores()
	}
	if errors.Is(err, testcore.ErrLacks) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	names := "core*"
	if goarch != runtime.GOARCH {
		build.Env = append(build.Env, "GOARCH="+goarch, "CGO_ENABLED=0")
	}
	if emulator != "" {
		names = "qemu_*.core"
	}
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run := exec.Command("sh", "-c", "ulimit -c unlimited && exec "+emulator+" ./stacks")
	run.Dir = dir
	run.Env = append(os.Environ(), "GOTRACEBACK=crash", "GODEBUG=")
	var stdout, stderr bytes.Buffer
	run.Stdout, run.Stderr = &stdout, &stderr
	if err := run.Run(); err == nil {
		t.Fatal("the program did not crash")
	}
	cores, err := filepath.Glob(filepath.Join(dir, names))
	if err != nil || len(cores) != 1 {
		t.Fatalf("%d core files (%v); the program said\n%s", len(cores), err, stderr.String())
	}
	c := &corpse{stdout: stdout.String(), stderr: stderr.String(), fields: map[string]uint64{}, symbols: map[string]uint64{}}
	if c.core, err = dump.Open(cores[0]); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.core.Close() })
	if c.exe, err = elf.Open(filepath.Join(dir, "stacks")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.exe.Close() })
	for _, p := range c.exe.Progs {
		if p.Type == elf.PT_LOAD && p.Flags&elf.PF_W == 0 {
			b := make([]byte, p.Filesz)
			if _, err := p.ReadAt(b, 0); err != nil {
				t.Fatal(err)
			}
			c.core.Memory.Fill(p.Vaddr, b)
		}
	}
	syms, err := c.exe.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range syms {
		c.symbols[s.Name] = s.Value
	}
	if c.dw, err = c.exe.DWARF(); err != nil {
		t.Fatal(err)
	}
	c.readTypes(t)
	c.readModule(t)
	return c
}

// readTypes flattens the runtime's structures into byte offsets.
func (c *corpse) readTypes(t *testing.T) {
	want := map[string]bool{"runtime.g": true, "runtime.m": true, "runtime._defer": true, "runtime.moduledata": true, "runtime.xRegState": true}
	r := c.dw.Reader()
	for {
		e, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if e == nil {
			break
		}
		name, _ := e.Val(dwarf.AttrName).(string)
		if e.Tag != dwarf.TagStructType || !want[name] {
			continue
		}
		typ, err := c.dw.Type(e.Offset)
		if err != nil {
			t.Fatal(err)
		}
		var flatten func(prefix string, at uint64, s *dwarf.StructType)
		flatten = func(prefix string, at uint64, s *dwarf.StructType) {
			for _, f := range s.Field {
				off := at + uint64(f.ByteOffset)
				c.fields[prefix+"."+f.Name] = off
				ft := f.Type
				for {
					td, ok := ft.(*dwarf.TypedefType)
					if !ok {
						break
					}
					ft = td.Type
				}
				if st, ok := ft.(*dwarf.StructType); ok {
					flatten(prefix+"."+f.Name, off, st)
				}
			}
		}
		flatten(name, 0, typ.(*dwarf.StructType))
	}
	for name := range want {
		if !slices.ContainsFunc(keys(c.fields), func(k string) bool { return strings.HasPrefix(k, name+".") }) && name != "runtime.xRegState" {
			t.Fatalf("no %s in the DWARF", name)
		}
	}
}

func keys(m map[string]uint64) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	return out
}

func (c *corpse) has(field string) bool { _, ok := c.fields[field]; return ok }

// get reads the word in a field of the structure at addr.
func (c *corpse) get(t *testing.T, addr uint64, field string) uint64 {
	t.Helper()
	off, ok := c.fields[field]
	if !ok {
		t.Fatalf("no field %s", field)
	}
	v, ok := c.core.Memory.Word(addr + off)
	if !ok {
		t.Fatalf("%s of %#x is not in the core", field, addr)
	}
	return v
}

func (c *corpse) readModule(t *testing.T) {
	mem := c.core.Memory
	md := c.symbols["runtime.firstmoduledata"]
	word := func(f string) uint64 { return c.get(t, md, "runtime.moduledata."+f) }
	header, end := word("pcHeader"), word("pclntable.array")+word("pclntable.len")
	tab, ok := mem.Slice(header, end-header)
	if !ok {
		t.Fatalf("no table at [%#x,%#x)", header, end)
	}
	gofunc, blobEnd := word("gofunc"), word("end")
	if c.has("runtime.moduledata.epclntab") {
		blobEnd = word("epclntab")
	}
	a, _ := arch.ByMachine(c.exe.Machine, c.exe.Class, c.exe.Data)
	table, err := pclntab.New(pclntab.Config{Arch: a, Pclntab: tab, Text: word("text"), EText: word("etext"),
		FuncData: mem.Prefix(gofunc, blobEnd-gofunc), FuncDataAddr: gofunc})
	if err != nil {
		t.Fatal(err)
	}
	c.modules = []unwind.Module{{Table: table, ROData: word("rodata")}}
	c.walker, err = unwind.New(unwind.Config{Arch: a, Memory: mem, Modules: c.modules, Defer: unwind.DeferLayout{
		Heap: c.fields["runtime._defer.heap"], Fn: c.fields["runtime._defer.fn"], Link: c.fields["runtime._defer.link"]}})
	if err != nil {
		t.Fatal(err)
	}
}

// A goroutine of the core and its walked stack.
type goroutine struct {
	id, addr uint64
	status   uint64
	g        unwind.G
	thread   *unwind.Thread
	state    unwind.State
	frames   []unwind.Frame
	slots    []unwind.Slot
	err      error
}

const (
	gRunning = 2
	gDead    = 6
)

func (c *corpse) goroutines(t *testing.T) []goroutine {
	t.Helper()
	mem := c.core.Memory
	array, _ := mem.Word(c.symbols["runtime.allgs"])
	w := uint64(mem.PtrSize())
	n, _ := mem.Word(c.symbols["runtime.allgs"] + w)
	var out []goroutine
	for i := range n {
		addr, ok := mem.Word(array + w*i)
		if !ok {
			t.Fatalf("allgs[%d] is not in the core", i)
		}
		get := func(f string) uint64 { return c.get(t, addr, "runtime.g."+f) }
		half := func(f string) uint64 {
			v, _ := mem.Uint(addr+c.fields["runtime.g."+f], 4)
			return v
		}
		long := func(at uint64) uint64 {
			v, _ := mem.Uint(at, 8)
			return v
		}
		status := "atomicstatus.value"
		if !c.has("runtime.g." + status) {
			status = "atomicstatus"
		}
		g := goroutine{id: long(addr + c.fields["runtime.g.goid"]), addr: addr, status: half(status) & 0xfff}
		if g.status == 0 || g.status == gDead || g.status == 11 {
			continue
		}
		at := func(f string) uint64 { return addr + c.fields["runtime.g."+f] }
		g.g = unwind.G{
			StackLo: get("stack.lo"), StackHi: get("stack.hi"), StackTop: get("stktopsp"),
			SchedPC: get("sched.pc"), SchedSP: get("sched.sp"), SchedLR: get("sched.lr"), SchedBP: get("sched.bp"),
			SyscallPC: get("syscallpc"), SyscallSP: get("syscallsp"),
			Ctxt: at("sched.ctxt"), Defer: at("_defer"), Panic: at("_panic"), Running: g.status == gRunning,
		}
		if g.status == gRunning {
			m := get("m")
			procid := long(m + c.fields["runtime.m.procid"])
			signal := c.get(t, m, "runtime.m.gsignal")
			for _, th := range c.core.Threads {
				if uint64(th.ID) == procid {
					g.thread = &unwind.Thread{
						Registers: unwind.Registers{PC: th.PC, SP: th.SP, BP: th.BP, LR: th.LR, All: th.Regs},
						SignalLo:  c.get(t, signal, "runtime.g.stack.lo"), SignalHi: c.get(t, signal, "runtime.g.stack.hi"),
						VDSOPC: c.get(t, m, "runtime.m.vdsoPC"), VDSOSP: c.get(t, m, "runtime.m.vdsoSP"),
					}
				}
			}
			if g.thread == nil {
				t.Fatalf("goroutine %d runs on thread %d, which is not in the core", g.id, procid)
			}
		}
		var err error
		if g.state, err = c.walker.Start(&g.g, g.thread); err != nil {
			t.Errorf("goroutine %d: %v", g.id, err)
			continue
		}
		g.frames, g.slots, g.err = c.walker.Walk(g.state, nil, nil)
		out = append(out, g)
	}
	return out
}

// printed is one physical frame of a traceback.
type printed struct {
	name       string
	pc, sp, fp uint64
	// calls are the logical frames, innermost first, as "function file:line".
	calls []string
}

var (
	headerLine   = regexp.MustCompile(`^goroutine (\d+) .*\[.*\].*:$`)
	inlinedLine  = regexp.MustCompile(`^\t(.*:\d+)$`)
	positionLine = regexp.MustCompile(`^\t(.*:\d+)(?: \+0x[0-9a-f]+)? fp=0x([0-9a-f]+) sp=0x([0-9a-f]+) pc=0x([0-9a-f]+)$`)
)

// tracebacks reads what GOTRACEBACK=crash printed, by goroutine. A running
// goroutine is listed twice: once by the thread that crashed, which cannot see
// its stack, and once by its own thread: elsewhere has those that the first said
// this of, and those that collect.
func tracebacks(t *testing.T, s string) (out map[uint64][]printed, elsewhere map[uint64]bool) {
	out, elsewhere = map[uint64][]printed{}, map[uint64]bool{}
	var id uint64
	var name string
	var calls []string
	for _, line := range strings.Split(s, "\n") {
		if m := headerLine.FindStringSubmatch(line); m != nil {
			id, _ = strconv.ParseUint(m[1], 10, 64)
			out[id], calls = nil, nil
			if strings.Contains(line, " [GC ") && !strings.Contains(line, " m=nil ") {
				// A collection goes on while tracebacks are printed: what its worker
				// had on its thread's own stack was another moment's.
				elsewhere[id], id = true, 0
			}
			continue
		}
		if line == "" {
			id = 0
		}
		if id == 0 {
			continue
		}
		if strings.HasSuffix(line, "stack unavailable") {
			elsewhere[id] = true
		} else if m := positionLine.FindStringSubmatch(line); m != nil {
			var p printed
			p.name = name
			for i, v := range []*uint64{&p.fp, &p.sp, &p.pc} {
				*v, _ = strconv.ParseUint(m[i+2], 16, 64)
			}
			p.calls = append(calls, name+" "+m[1])
			calls = nil
			out[id] = append(out[id], p)
		} else if m := inlinedLine.FindStringSubmatch(line); m != nil {
			calls = append(calls, name+" "+m[1])
		} else if i := strings.LastIndexByte(line, '('); i > 0 && line[0] != '\t' {
			name = line[:i]
		}
	}
	return out, elsewhere
}

// short is a function's name as tracebacks print it.
func short(name string) string {
	if name == "runtime.gopanic" {
		return "panic"
	}
	if i, j := strings.IndexByte(name, '['), strings.LastIndexByte(name, ']'); i >= 0 && j > i {
		return name[:i] + "[...]" + name[j+1:]
	}
	return name
}

// wrapper says whether tracebacks leave f out: compiler-made wrappers. Only
// they have the highest function ID.
func wrappers(tab *pclntab.Table) uint8 {
	var id uint8
	for f := range tab.All() {
		id = max(id, f.ID())
	}
	return id
}

// The frames of every goroutine are those that the runtime printed: same
// functions, program counters, stack pointers and frame pointers, with the same
// calls inlined at the same lines.
func TestFramesAgreeWithTraceback(t *testing.T) {
	for _, goarch := range []string{"amd64", "386", "arm64", "arm", "loong64", "ppc64le", "s390x"} {
		for _, flags := range [][]string{nil, {"-gcflags=-N -l"}} {
			t.Run(goarch+strings.Join(flags, " "), func(t *testing.T) { framesAgree(t, goarch, flags...) })
		}
	}
}

// framesAgree compares them in one of three programs that died: threads go on while the
// runtime prints, some of them under emulation for long, and what they were in then was
// another moment's. A walk that is wrong is wrong in each.
func framesAgree(t *testing.T, goarch string, flags ...string) {
	for range 2 {
		if framesDiffer(t, t.Logf, goarch, flags...) == 0 {
			return
		}
	}
	framesDiffer(t, t.Errorf, goarch, flags...)
}

// framesDiffer says how many differences it has told complain of.
func framesDiffer(t *testing.T, complain func(format string, args ...any), goarch string, flags ...string) (differences int) {
	t.Helper()
	differ := func(format string, args ...any) {
		t.Helper()
		differences++
		complain(format, args...)
	}
	c := die(t, goarch, flags...)
	text, elsewhere := tracebacks(t, c.stderr)
	wrapper := wrappers(c.modules[0].Table)
	compared, inlined := 0, 0
	gs := c.goroutines(t)
	for _, g := range gs {
		if g.err != nil {
			differ("goroutine %d: %v", g.id, g.err)
		}
		want, printed := text[g.id]
		if !printed {
			differ("goroutine %d was not printed", g.id)
		}
		if len(want) == 0 {
			// The process died before the goroutine's own thread had its turn
			// to print, but perhaps not before the goroutine stopped running.
			if !elsewhere[g.id] {
				differ("goroutine %d was printed without a stack", g.id)
			}
			continue
		}
		// The goroutine that crashed went on, into raising the signal.
		got := g.frames
		for len(got) > 0 && got[0].SP != want[0].sp {
			if !g.state.Running || g.id != 1 {
				break
			}
			got = got[1:]
		}
		for i, f := range got {
			if len(want) == 0 {
				differ("goroutine %d: %s is not in the traceback", g.id, describe(got[i]))
				break
			}
			w := want[0]
			if f.PC != w.pc || f.SP != w.sp || f.FP != w.fp {
				if f.Func.ID() == wrapper {
					continue
				}
				differ("goroutine %d: frame %d is %s, the traceback says %s pc=%#x sp=%#x fp=%#x", g.id, i, describe(f), w.name, w.pc, w.sp, w.fp)
				break
			}
			if n := short(f.Func.Name()); n != w.name {
				differ("goroutine %d: frame %d is %s, the traceback says %s", g.id, i, n, w.name)
			}
			logical := func(pc uint64) (calls []string) {
				for _, call := range f.Func.Inlined(pc) {
					if call.ID != wrapper {
						calls = append(calls, fmt.Sprintf("%s %s:%d", short(call.Name), call.File, call.Line))
					}
				}
				return calls
			}
			calls := logical(f.LookupPC())
			if f.Trap && !slices.Equal(calls, w.calls) {
				// Until Go 1.20 tracebacks took the interrupted address
				// below asyncPreempt for a return address.
				calls = logical(f.PC - 1)
			}
			if f.Func.ID() != wrapper && !slices.Equal(calls, w.calls) {
				differ("goroutine %d: frame %d has the calls %q, the traceback says %q", g.id, i, calls, w.calls)
			}
			inlined += max(len(calls)-1, 0)
			want = want[1:]
			compared++
		}
		if len(want) > 0 && differences == 0 {
			differ("goroutine %d: the traceback goes on with %s", g.id, want[0].name)
		}
	}
	if len(gs) < 20 || compared < 100 || inlined < 2 {
		differ("only %d frames of %d goroutines were compared, with %d inlined calls", compared, len(gs), inlined)
	}
	if differences > 0 {
		t.Logf("stderr:\n%s", c.stderr)
		return differences
	}
	c.checkSlots(t, gs)
	c.checkStates(t, gs)
	return differences
}

func describe(f unwind.Frame) string {
	return fmt.Sprintf("%s pc=%#x sp=%#x fp=%#x", f.Func.Name(), f.PC, f.SP, f.FP)
}

// checkSlots compares the slots with what the program says that its frames
// keep, and checks that they are in order and within the stack.
func (c *corpse) checkSlots(t *testing.T, gs []goroutine) {
	type claim struct{ what, function string }
	claims := map[claim][]uint64{}
	n := 0
	for _, line := range strings.Split(strings.TrimSpace(c.stdout), "\n") {
		f := strings.Fields(line)
		if len(f) != 3 {
			t.Fatalf("the program said %q", line)
		}
		addr, err := strconv.ParseUint(f[2], 0, 64)
		if err != nil {
			t.Fatal(err)
		}
		claims[claim{f[0], f[1]}] = append(claims[claim{f[0], f[1]}], addr)
		n++
	}
	if n < 18 {
		t.Fatalf("the program made %d claims:\n%s", n, c.stdout)
	}
	exact, possible := map[string]map[uint64]bool{}, map[string]map[uint64]bool{}
	note := func(in map[string]map[uint64]bool, f string, v uint64) {
		if in[f] == nil {
			in[f] = map[uint64]bool{}
		}
		in[f][v] = true
	}
	for _, g := range gs {
		last := uint64(0)
		for _, s := range g.slots {
			if s.Addr <= last || s.Addr%uint64(c.core.Memory.PtrSize()) != 0 {
				t.Errorf("goroutine %d: slot %#x follows %#x", g.id, s.Addr, last)
			}
			last = s.Addr
			v, ok := c.core.Memory.Word(s.Addr)
			if !ok {
				t.Errorf("goroutine %d: slot %#x is not in the core", g.id, s.Addr)
			}
			if s.Frame < 0 {
				note(exact, "-", v)
				continue
			}
			f := g.frames[s.Frame]
			if s.Addr < f.SP || s.Addr >= g.g.StackHi {
				t.Errorf("goroutine %d: slot %#x is outside of %s", g.id, s.Addr, describe(f))
			}
			// What is inlined counts as the function that it is in.
			for _, call := range f.Func.Inlined(f.LookupPC()) {
				if s.Conservative {
					note(possible, call.Name, v)
				} else {
					note(exact, call.Name, v)
				}
			}
			// asyncPreempt holds the registers of the function below it.
			if s.Conservative && f.Func.Name() == "runtime.asyncPreempt" && int(s.Frame)+1 < len(g.frames) {
				note(possible, g.frames[s.Frame+1].Func.Name(), v)
			}
		}
		for _, v := range g.state.Registers {
			note(possible, g.frames[0].Func.Name(), v)
		}
	}
	optimised := !strings.Contains(t.Name(), "-N")
	for cl, addrs := range claims {
		for _, a := range addrs {
			switch cl.what {
			case "live", "root":
				if !exact[cl.function][a] {
					t.Errorf("%s holds %#x, but no exact slot of it does", cl.function, a)
				}
			case "dead":
				if exact[cl.function][a] && optimised {
					t.Errorf("%s no longer uses %#x, but a slot holds it", cl.function, a)
				}
			case "hold":
				if !possible[cl.function][a] && !exact[cl.function][a] {
					t.Errorf("%s holds %#x, but no slot or register does", cl.function, a)
				}
			}
		}
	}
}

// checkStates checks that the core held the situations that it is meant to.
func (c *corpse) checkStates(t *testing.T, gs []goroutine) {
	seen := map[string]int{}
	for _, g := range gs {
		if g.state.Running {
			seen["running"]++
			if !g.frames[0].Conservative || !g.frames[0].Trap {
				t.Errorf("goroutine %d runs in an exact frame %s", g.id, describe(g.frames[0]))
			}
		}
		if g.state.Syscall {
			seen["syscall"]++
		}
		for i, f := range g.frames {
			name := f.Func.Name()
			seen[name]++
			afterPreempt := i > 0 && g.frames[i-1].Func.Name() == "runtime.asyncPreempt"
			if want := name == "runtime.asyncPreempt" || afterPreempt || g.state.Running && i == 0; f.Conservative != want {
				t.Errorf("goroutine %d: conservative is %v for %s", g.id, f.Conservative, describe(f))
			}
			if f.BPKnown && i > 0 && g.frames[i-1].BPKnown && f.BP != 0 && (f.BP < f.SP || f.BP > g.g.StackHi) {
				t.Errorf("goroutine %d: the frame pointer is %#x in %s", g.id, f.BP, describe(f))
			}
		}
	}
	for _, want := range []string{"running", "syscall", "runtime.asyncPreempt", "runtime.sigpanic", "reflect.makeFuncStub", "main.recursion", "main.dies"} {
		if seen[want] == 0 {
			t.Errorf("no goroutine has %s", want)
		}
	}
}
