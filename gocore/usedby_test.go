package gocore_test

import (
	"bufio"
	"bytes"
	"debug/elf"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/internal/testcore"
)

// namedBy returns the functions whose code names an address, as linked, as the
// disassembler of Go's toolchain says by the symbols of a program. What it says of code that
// was inlined is the function that it was inlined into.
func namedBy(t *testing.T, exe string, symbols map[string]uint64) map[uint64][]string {
	t.Helper()
	out, err := exec.Command("go", "tool", "objdump", exe).Output()
	if err != nil {
		t.Fatal(err)
	}
	operand := regexp.MustCompile(`([^\s,$]+?)(\+\d+)?\(SB\)`)
	nameless := regexp.MustCompile(`\s0x([0-9a-f]+)\s+([0-9a-f]+)\s.*[\s,]0x([0-9a-f]+)\(IP\)`)
	by := map[uint64][]string{}
	function := ""
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if rest, ok := strings.CutPrefix(line, "TEXT "); ok {
			function = rest[:strings.LastIndex(rest, "(SB)")]
			continue
		}
		add := func(place uint64) {
			if !slices.Contains(by[place], function) {
				by[place] = append(by[place], function)
			}
		}
		if m := nameless.FindStringSubmatch(line); m != nil {
			pc, _ := strconv.ParseUint(m[1], 16, 64)
			off, _ := strconv.ParseUint(m[3], 16, 64)
			add(pc + uint64(len(m[2])/2) + off)
		}
		for _, m := range operand.FindAllStringSubmatch(line, -1) {
			place, ok := symbols[m[1]]
			if off, err := strconv.ParseUint(strings.TrimPrefix(m[2], "+"), 0, 64); err == nil {
				place += off
			}
			if ok {
				add(place)
			}
		}
	}
	for _, list := range by {
		slices.Sort(list)
	}
	return by
}

// symbolsOf returns the addresses of all symbols of a program, as linked.
func symbolsOf(t *testing.T, exe string) map[string]uint64 {
	t.Helper()
	f, err := elf.Open(exe)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	list, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	symbols := map[string]uint64{}
	for _, s := range list {
		symbols[s.Name] = s.Value
	}
	return symbols
}

// used is a word of a program's data, and what is said to use it.
type used struct {
	variable  string
	addr      uint64 // as linked
	functions []string
}

// usesOf returns what is said of the uses of words of a program without symbols that its
// code names.
func usesOf(t *testing.T, d testcore.Dump, file string, symbols map[string]uint64) (uses []used) {
	t.Helper()
	p, full := openFile(t, file, bare(t, d.Exe, testcore.Symbols), nil), openFile(t, file, d.Exe, nil)
	word := regexp.MustCompile(`^(data|bss)\+0x[0-9a-f]+$`)
	for _, r := range full.Roots() {
		if u := full.UsedBy(r.Node); (u.Words != "" || u.Functions != nil) && !word.MatchString(r.Name) {
			t.Errorf("%s has a name, and is said to be %q for %q", r.Name, u.Words, u.Functions)
		}
	}
	bias := uint64(0)
	named := map[uint64]gocore.Root{}
	for _, r := range full.Roots() {
		for off := uint64(0); off < r.Size && r.Kind == gocore.GlobalRoot; off += 8 {
			named[r.Addr+off] = r
		}
		if at, ok := symbols[r.Name]; ok && strings.HasPrefix(r.Name, "main.") {
			bias = r.Addr - at
		}
	}
	for _, r := range p.Roots() {
		u := p.UsedBy(r.Node)
		words, functions := u.Words, u.Functions
		if words == "" {
			continue
		}
		if r.Kind != gocore.GlobalRoot || !word.MatchString(r.Name) || len(functions) == 0 || !strings.Contains(words, "used by "+functions[0]) {
			t.Errorf("%s %s is said to be %q for %q", r.Kind, r.Name, words, functions)
		}
		if strings.HasPrefix(words, "used by ") {
			slices.Sort(functions)
			uses = append(uses, used{named[r.Addr].Name, r.Addr - bias, functions})
		}
	}
	return uses
}

// Of the variables without names it is said which functions use them: those that Go's
// disassembler says, of a package into which nothing is inlined.
func TestUsedBy(t *testing.T) {
	t.Parallel()
	opt := testcore.Options{Go: "go1.26.8", Flags: []string{"-gcflags=-l"}}
	pie, old := opt, opt
	pie.PIE, old.Go = true, "go1.18.10"
	for name, opt := range map[string]testcore.Options{"go1.26": opt, "go1.26 pie": pie, "go1.18": old} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := testcore.Core(t, "kinds", opt, testcore.Kernel)
			symbols := symbolsOf(t, d.Exe)
			by, uses := namedBy(t, d.Exe, symbols), usesOf(t, d, d.Core, symbols)
			own := 0
			for _, u := range uses {
				want := by[u.addr]
				if len(want) == 0 {
					t.Errorf("%s, at %#x, is said to be used by %q, and nothing names it", u.variable, u.addr, u.functions)
				}
				if strings.HasPrefix(u.variable, "main.") {
					own++
					if !slices.Equal(u.functions, want) {
						t.Errorf("%s, at %#x, is said to be used by %q, want %q", u.variable, u.addr, u.functions, want)
					}
				}
			}
			t.Logf("%d words of variables, %d of them of package main", len(uses), own)
			if own < 50 {
				t.Errorf("only %d words of package main are used", own)
			}
		})
	}
}
