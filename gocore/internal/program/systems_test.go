package program

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"goheap/gocore/internal/aself"
	"goheap/gocore/internal/pclntab"
	"goheap/gocore/internal/types"
	"goheap/internal/testcore"
)

// built is portable for a system.
func built(t *testing.T, version, system, goarch string, flags ...string) string {
	t.Helper()
	return testcore.Build(t, "portable", testcore.Options{Go: version, Arch: goarch, Flags: flags, Env: []string{"GOOS=" + system, "CGO_ENABLED=0", "GOARCH=" + goarch}})
}

func opened(t *testing.T, path string, opt Options) *Executable {
	t.Helper()
	x, problems, err := OpenExecutable(path, "--exe", opt)
	if err != nil {
		t.Fatal(err)
	}
	if len(problems) > 0 {
		t.Errorf("%s: %v", path, problems)
	}
	t.Cleanup(x.Close)
	return x
}

// Of executables for macOS and Windows the same is read as of that for Linux: types,
// variables, functions and their lines.
func TestOtherSystems(t *testing.T) {
	t.Parallel()
	type target struct{ version, system, goarch string }
	targets := []target{{"go1.27.0", "darwin", "arm64"}, {"go1.22.12", "windows", "amd64"}, {"go1.18.10", "darwin", "amd64"}}
	if testcore.EveryBuild() {
		targets = nil
		for _, version := range []string{"go1.18.10", "go1.22.12", "go1.26.8", "go1.27.0"} {
			for _, system := range []string{"darwin", "windows"} {
				targets = append(targets, target{version, system, "amd64"}, target{version, system, "arm64"})
			}
		}
	}
	for _, c := range targets {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			t.Parallel()
			x := opened(t, built(t, c.version, c.system, c.goarch), Options{})
			if x.File.OS != c.system || x.File.Arch.Name != c.goarch || x.File.GoVersion != c.version || x.File.MainPath != "goheap/testdata/programs/portable" {
				t.Errorf("%s/%s, %s, %s", x.File.OS, x.File.Arch.Name, x.File.GoVersion, x.File.MainPath)
			}
			want, got := facts(t, opened(t, built(t, c.version, "linux", c.goarch), Options{})), facts(t, x)
			compared, lacks, wrong := 0, 0, 0
			for what, is := range want {
				has, ok := got[what]
				switch {
				case !ok && strings.Contains(what, " main."):
					t.Errorf("%s is missing", what)
				case !ok:
					lacks++ // the linker keeps other functions of the library there
				case has != is && wrong < 10:
					wrong++
					t.Errorf("%s is %s, for Linux %s", what, has, is)
				default:
					compared++
				}
			}
			if compared < 400 || lacks > compared/10 {
				t.Errorf("%d facts are the same, %d missing", compared, lacks)
			}
			t.Logf("%d facts are the same, %d missing", compared, lacks)
		})
	}
}

// facts returns what an executable says of the parts of the library that are the same on
// all systems, and of the package main.
func facts(t *testing.T, x *Executable) map[string]string {
	t.Helper()
	f := x.File
	if err := f.DWARF(); err != nil {
		t.Fatalf("%s: %v", x.Path, err)
	}
	everywhere := func(name string) bool {
		pkg, _, ok := strings.Cut(strings.TrimLeft(name, "*[]"), ".")
		return ok && slices.Contains([]string{"main", "fmt", "strconv", "unicode", "unicode/utf8", "errors", "io", "reflect", "math", "math/bits", "sort", "sync", "sync/atomic", "internal/fmtsort", "internal/reflectlite", "internal/abi"}, pkg)
	}
	out := map[string]string{}
	table := f.Types()
	for _, id := range table.All() {
		typ := table.Type(id)
		if !everywhere(typ.Name) {
			continue
		}
		text := fmt.Sprint(typ.Kind, " ", typ.Size)
		if typ.Kind == types.Struct {
			for _, field := range typ.Fields {
				text += fmt.Sprint(" ", field.Name, " ", field.Offset, " ", table.Type(field.Type).Name)
			}
		}
		out["type "+typ.Name] = text
	}
	for _, v := range f.Globals() {
		if everywhere(v.Name) {
			out["variable "+v.Name] = table.Type(v.Type).Name
			if s, ok := f.Symbol(v.Name); !ok || s.Addr != v.Addr || s.Func {
				t.Errorf("the symbol of the variable %s at %#x is %+v", v.Name, v.Addr, s)
			}
		}
	}

	text, _ := f.Symbol("runtime.text")
	etext, _ := f.Symbol("runtime.etext")
	start, _ := f.Symbol("runtime.pclntab")
	end, _ := f.Symbol("runtime.epclntab")
	var lines []byte
	for _, b := range x.Blocks(f.Arch) {
		if start.Addr >= b.Addr && end.Addr <= b.Addr+uint64(len(b.Data)) && start.Addr < end.Addr {
			lines = b.Data[start.Addr-b.Addr : end.Addr-b.Addr]
		}
	}
	functions, err := pclntab.New(pclntab.Config{Arch: f.Arch, Pclntab: lines, Text: text.Addr, EText: etext.Addr})
	if err != nil {
		t.Fatalf("%s: the function table at %#x: %v", x.Path, start.Addr, err)
	}
	for _, s := range f.Symbols() {
		if !s.Func || !everywhere(s.Name) {
			continue
		}
		fn, ok := functions.Find(s.Addr)
		if !ok || fn.Entry != s.Addr || fn.Name() != s.Name {
			continue // a part of the runtime's tables that stands in the code
		}
		file, line := fn.FileLine(s.Addr)
		out["function "+s.Name] = fmt.Sprint(file, ":", line)
	}
	return out
}

// What the loader moves are words that lead into the program: with a bias, by so much more.
func TestOtherSystemsMoved(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{{"darwin", "arm64"}, {"windows", "amd64"}} {
		x := opened(t, built(t, "go1.27.0", c[0], c[1]), Options{})
		low, high := ^uint64(0), uint64(0)
		for _, p := range x.File.ELF().Progs {
			low, high = min(low, p.Vaddr), max(high, p.Vaddr+p.Memsz)
		}
		if !x.File.PIE {
			t.Errorf("%s: it is loaded where it was linked", c[0])
		}
		moved := 0
		before := x.Blocks(x.File.Arch)
		const bias = 0x10000
		x.Bias = bias
		for i, b := range x.Blocks(x.File.Arch) {
			if b.Addr != before[i].Addr+bias || len(b.Data) != len(before[i].Data) {
				t.Fatalf("%s: the block at %#x is at %#x", c[0], before[i].Addr, b.Addr)
			}
			for off := 0; off+8 <= len(b.Data); off += 8 {
				was, is := x.File.Arch.Word(before[i].Data[off:]), x.File.Arch.Word(b.Data[off:])
				if was == is {
					continue
				}
				if moved++; is != was+bias || was < low || was > high {
					t.Fatalf("%s: the word at %#x is %#x, and then %#x", c[0], b.Addr+uint64(off), was, is)
				}
			}
		}
		// Each descriptor of a type has the address of another word of the program.
		if moved < 1000 {
			t.Errorf("%s: %d words were moved", c[0], moved)
		}
	}
}

// A universal file is read for the processor asked for, and debugging information is found
// in a bundle beside the program.
func TestUniversalAndBundle(t *testing.T) {
	t.Parallel()
	amd64, arm64 := built(t, "go1.22.12", "darwin", "amd64"), built(t, "go1.22.12", "darwin", "arm64")
	dir := t.TempDir()
	read := func(path string) []byte {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	write := func(path string, b []byte) string {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o777); err != nil {
			t.Fatal(err)
		}
		return path
	}
	// struct fat_header and fat_arch of mach-o/fat.h, big-endian.
	parts := [][]byte{read(amd64), read(arm64)}
	fat := binary.BigEndian.AppendUint32(nil, 0xcafebabe)
	fat = binary.BigEndian.AppendUint32(fat, 2)
	off := uint32(1 << 14)
	for i, cpu := range []uint32{0x01000007, 0x0100000c} {
		for _, v := range []uint32{cpu, 0, off, uint32(len(parts[i])), 14} {
			fat = binary.BigEndian.AppendUint32(fat, v)
		}
		off += uint32(len(parts[i])+1<<14-1) &^ (1<<14 - 1)
	}
	for _, p := range parts {
		for len(fat)%(1<<14) != 0 {
			fat = append(fat, 0)
		}
		fat = append(fat, p...)
	}
	universal := write("universal", fat)
	for goarch, thin := range map[string]string{"amd64": amd64, "arm64": arm64, "": amd64} {
		a, b := opened(t, universal, Options{Arch: goarch}), opened(t, thin, Options{})
		if len(a.data) == 0 || !bytes.Equal(a.data, b.data) {
			t.Errorf("%q: the part of the universal file is not the thin one", goarch)
		}
	}
	if _, _, err := OpenExecutable(universal, "--exe", Options{Arch: "386"}); err == nil || !strings.Contains(err.Error(), "no program for 386, only for") {
		t.Errorf("for 386: %v", err)
	}

	// Without its own information the program has that of the bundle.
	bare := bytes.ReplaceAll(bytes.ReplaceAll(read(amd64), []byte("__zdebug_"), []byte("__xdebug_")), []byte("__debug_"), []byte("__xebug_"))
	program := write("server", bare)
	if x := opened(t, program, Options{}); x.File.HasDWARF() {
		t.Fatal("it has its own information")
	}
	debug := write("server.dSYM/Contents/Resources/DWARF/server", read(amd64))
	for _, opt := range []Options{{}, {Debug: filepath.Join(dir, "server.dSYM")}} {
		if x := opened(t, program, opt); x.DebugPath != debug || !x.File.HasDWARF() {
			t.Errorf("%+v: the information is from %q", opt, x.DebugPath)
		}
	}
}

// A stripped program of another system has a twin too.
func TestOtherSystemsTwin(t *testing.T) {
	t.Parallel()
	for _, system := range []string{"darwin", "windows"} {
		bare, twin := built(t, "go1.22.12", system, "amd64", "-ldflags=-s -w"), built(t, "go1.22.12", system, "amd64", "-ldflags=-f -f")
		x := opened(t, bare, Options{})
		if err := x.Usable(); err == nil || !strings.Contains(err.Error(), "GOOS="+system) || !strings.Contains(err.Error(), "-ldflags='-f -f'") {
			t.Errorf("%s: %v", system, err)
		}
		if y := opened(t, bare, Options{Debug: twin}); !y.File.HasDWARF() {
			t.Errorf("%s: no DWARF", system)
		}
		if _, _, err := OpenExecutable(bare, "--exe", Options{Debug: built(t, "go1.22.12", system, "amd64")}); err == nil {
			t.Errorf("%s: a plain build is taken for a twin", system)
		}
	}
}

// Damaged files of other systems are errors, or files with less in them.
func TestOtherSystemsDamaged(t *testing.T) {
	t.Parallel()
	for _, system := range []string{"darwin", "windows"} {
		b, err := os.ReadFile(built(t, "go1.22.12", system, "amd64"))
		if err != nil {
			t.Fatal(err)
		}
		whole, err := aself.Convert(b, "")
		if err != nil {
			t.Fatal(err)
		}
		try := func(damaged []byte) {
			out, err := aself.Convert(damaged, "")
			if err == nil && len(out) > 4*len(whole) {
				t.Errorf("%s: %d bytes become %d", system, len(damaged), len(out))
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %q", system, err)
			}
		}
		for n := 0; n < len(b); n = n*5/4 + 1 {
			try(b[:n:n])
		}
		c := bytes.Clone(b[:len(b)/8])
		for i := range 3000 {
			was := c[i]
			for _, v := range []byte{0, 0x7f, 0xff, was ^ 1} {
				if c[i] = v; i%7 == 0 || v == 0xff {
					try(c)
				}
			}
			c[i] = was
		}
	}
}
