package gocore_test

import (
	"cmp"
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"goheap/dump"
	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/testcore"
)

// The kernel dumps what the process's coredump_filter says (core(5)). Private
// anonymous memory, bit 0, is all that is needed: the rest is in the executable.
// Without it there is a sentence that says so.
func TestCoredumpFilter(t *testing.T) {
	t.Parallel()
	for _, pie := range []bool{false, true} {
		for _, filter := range []string{"0x1", "0x11", "0x23", "0x33", "0x7f", "0x0", "0x10", "0x2"} {
			name := filter
			if pie {
				name += "-pie"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				opt := testcore.Options{PIE: pie, Filter: filter}
				if bits, _ := strconv.ParseUint(filter, 0, 64); bits&1 == 0 {
					d := testcore.Core(t, "quiet", opt, testcore.Kernel)
					_, err := gocore.Open(t.Context(), d.Core, gocore.Options{})
					if !errors.Is(err, dump.ErrTruncated) || !strings.Contains(err.Error(), "coredump_filter") {
						t.Errorf("%v, want the memory to be missing and coredump_filter to be named", err)
					}
					return
				}
				p := open(t, "quiet", opt, testcore.Kernel)
				p.agrees(t)
			})
		}
	}
}

// agrees demands that the runtime's own word is what was found, and that nothing is
// a problem.
func (p process) agrees(t *testing.T) {
	t.Helper()
	checks, err := p.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range checks {
		if c.Status != gocore.CheckOK || slices.Contains(exact, c.Name) && c.Difference != 0 {
			t.Errorf("%+v", c)
		}
	}
	for _, pr := range p.Problems() {
		t.Errorf("a whole core has a problem: %+v", pr)
	}
}

// In a container a process has another number than outside. The kernel writes the
// numbers that the process knows, a debugger outside those that it knows itself.
func TestPidNamespace(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can make a pid namespace")
	}
	for _, kind := range []testcore.Kind{testcore.Kernel, testcore.Gcore} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			p := open(t, "probe", testcore.Options{Namespace: true}, kind)
			for _, c := range decode[probeCase](t, p.said, "") {
				if c.Case == "memstats" || c.Only != "" && c.Only != p.by {
					continue
				}
				if held, wrong := p.probe(c); len(wrong) > 0 {
					t.Errorf("%s at %s, held by %s: %s", c.Case, c.Addr, held, strings.Join(wrong, "; "))
				}
			}
			for _, pr := range p.Problems() {
				t.Errorf("a whole core has a problem: %+v", pr)
			}
			for _, g := range p.Goroutines() {
				if g.Status == "running" && g.Thread == 0 {
					t.Errorf("%+v runs, but has no thread", g)
				}
			}
		})
	}
}

// Pages that are missing leave the rest as it is, and are told of with a count.
func TestMissingPages(t *testing.T) {
	t.Parallel()
	d := kernelCore(t, "quiet", testcore.Options{})
	whole := open(t, "quiet", testcore.Options{}, testcore.Kernel)
	at := func(name string) heap.Node {
		n, err := whole.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	const page = 4096
	large := whole.Addr(at("main.large[0]"))
	var stack uint64
	for _, g := range whole.Goroutines() {
		if g.Func == "main.hold" {
			for _, f := range whole.Frames(int(slices.IndexFunc(whole.Goroutines(), func(o gocore.Goroutine) bool { return o.ID == g.ID }))) {
				for _, v := range f.Vars {
					stack = cmp.Or(stack, v.Addr)
				}
			}
		}
	}
	if stack == 0 {
		t.Fatal("no goroutine of main.hold has a variable on its stack")
	}
	for _, test := range []struct {
		name    string
		lo, hi  uint64
		says    string
		objects int // that are lost at least
	}{
		{"an object of many pages", large + 8*page, large + 9*page, "spans of heap memory are not in the core", 1},
		{"a stack", stack &^ (page - 1), stack&^(page-1) + page, "stacks could not be walked", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			core := filepath.Join(t.TempDir(), "core")
			clone(t, core, d.Core)
			cutHole(t, core, test.lo, test.hi)
			p, err := gocore.Open(t.Context(), core, gocore.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			problems := survey(t, p)
			if !slices.ContainsFunc(problems, func(pr gocore.Problem) bool { return strings.Contains(pr.Message, test.says) && pr.Count >= 1 }) {
				t.Errorf("problems %+v, want one that says %q", problems, test.says)
			}
			doms := analysed(t, p).doms
			lost := int(whole.doms.LiveCount()) - int(doms.LiveCount())
			if lost < test.objects || lost > int(whole.doms.LiveCount())/4 {
				t.Errorf("%d of %d objects are lost", lost, whole.doms.LiveCount())
			}
		})
	}
}

// cutHole takes the memory in [lo, hi) out of a core: the segment that it is in
// ends at lo, and a segment without bytes gets what is behind hi. All of that stands in
// the program headers, which mend writes back.
func cutHole(t *testing.T, core string, lo, hi uint64) (mend func()) {
	t.Helper()
	f, err := os.Open(core)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var h elf.Header64
	if err := binary.Read(f, binary.LittleEndian, &h); err != nil {
		t.Fatal(err)
	}
	progs := make([]elf.Prog64, h.Phnum)
	if _, err := f.Seek(int64(h.Phoff), 0); err != nil {
		t.Fatal(err)
	}
	if err := binary.Read(f, binary.LittleEndian, progs); err != nil {
		t.Fatal(err)
	}
	isLoad := func(p elf.Prog64) bool { return elf.ProgType(p.Type) == elf.PT_LOAD }
	in := slices.IndexFunc(progs, func(p elf.Prog64) bool { return isLoad(p) && p.Vaddr <= lo && hi <= p.Vaddr+p.Filesz })
	free := slices.IndexFunc(progs, func(p elf.Prog64) bool { return isLoad(p) && p.Filesz == 0 })
	if in < 0 || free < 0 {
		t.Fatalf("segments %d and %d: the core has no memory at [%#x,%#x), or no segment without bytes", in, free, lo, hi)
	}
	whole := slices.Clone(progs)
	s := progs[in]
	progs[free] = elf.Prog64{
		Type: s.Type, Flags: s.Flags, Align: s.Align,
		Off: s.Off + hi - s.Vaddr, Vaddr: hi, Filesz: s.Vaddr + s.Filesz - hi, Memsz: s.Vaddr + s.Memsz - hi,
	}
	progs[in].Filesz, progs[in].Memsz = lo-s.Vaddr, lo-s.Vaddr
	write := func(progs []elf.Prog64) {
		t.Helper()
		b, err := binary.Append(nil, binary.LittleEndian, progs)
		if err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(core, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteAt(b, int64(h.Phoff)); err != nil {
			t.Fatal(err)
		}
	}
	write(progs)
	return func() { write(whole) }
}

// A page may be missing anywhere. What is found is then the same as in the whole
// core, or there is a problem that tells of it, or an error that is a sentence.
func TestMissingPageAnywhere(t *testing.T) {
	t.Parallel()
	// The descriptions of types are in the core where they are relocated.
	for name, pie := range map[string]bool{"exe": false, "pie": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			missingPages(t, kernelCore(t, "quiet", testcore.Options{PIE: pie}))
		})
	}
}

func missingPages(t *testing.T, d testcore.Dump) {
	type found struct {
		live, bytes, typed, edges uint64
		frames                    int
	}
	look := func(core string) (f found, problems []gocore.Problem, err error) {
		p, err := gocore.Open(t.Context(), core, gocore.Options{})
		if err != nil {
			return f, nil, err
		}
		defer p.Close()
		h, err := p.Analyse(t.Context(), nil)
		if err != nil {
			return f, nil, err
		}
		doms := h.Dominators()
		f = found{live: uint64(doms.LiveCount()), bytes: doms.LiveBytes(), typed: h.Typing().TypedBytes, edges: uint64(len(h.Graph().Target))}
		for i := range p.Goroutines() {
			f.frames += len(p.Frames(i))
		}
		return f, p.Problems(), nil
	}
	want, problems, err := look(d.Core)
	if err != nil || len(problems) > 0 {
		t.Fatalf("the whole core: %v, %+v", err, problems)
	}
	const page = 4096
	holes := 6 // in each segment
	if os.Getenv(manyEnv) == "all" {
		holes = 64
	}
	core := filepath.Join(t.TempDir(), "core")
	clone(t, core, d.Core)
	same, told, refused := 0, 0, 0
	for _, s := range loads(t, d.Core) {
		pages := s.Filesz / page
		for i := range min(uint64(holes), pages) {
			lo := s.Vaddr + pages*i/min(uint64(holes), pages)*page
			mend := cutHole(t, core, lo, lo+page)
			got, problems, err := look(core)
			mend()
			switch {
			case err != nil:
				sentence(t, err)
				refused++
			case len(problems) > 0:
				told++
			case got == want:
				same++
			default:
				t.Errorf("without [%#x,%#x): %+v, in the whole core %+v, and no problem", lo, lo+page, got, want)
			}
		}
	}
	t.Logf("%d holes do not matter, %d are told of, %d are refused", same, told, refused)
	if told == 0 || refused == 0 {
		t.Errorf("no hole is told of, or none refused")
	}
}

// loads returns the segments of a core that have bytes.
func loads(t *testing.T, core string) (list []elf.ProgHeader) {
	t.Helper()
	f, err := elf.Open(core)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD && p.Filesz > 0 {
			list = append(list, p.ProgHeader)
		}
	}
	return list
}
