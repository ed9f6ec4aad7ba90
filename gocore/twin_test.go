package gocore_test

import (
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"goheap/dump"
	"goheap/gocore"
	"goheap/internal/testcore"
)

// A stripped program's core, read with an unstripped build of the same program, says
// what the same core says when that build is taken for the program itself.
func TestTwin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, program string
		opt           testcore.Options
		stripped, twn string // flags of the linker
	}{
		{"newest", "quiet", testcore.Options{Go: "go1.27.0"}, "-s -w", "-f -f"},
		{"longer flags", "quiet", testcore.Options{Go: "go1.22.12"}, "-s -w", "-w=0 "},
		{"PIE", "probe", testcore.Options{PIE: true}, "-s", "-f"},
		{"external linking", "quiet", testcore.Options{Env: []string{"CGO_ENABLED=1"}}, "-s -w -linkmode=external", "-f -f -linkmode=external"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			opt := c.opt
			opt.Flags = []string{"-ldflags=" + c.twn}
			twin := testcore.Build(t, c.program, opt)
			opt.Flags = []string{"-ldflags=" + c.stripped}
			core := testcore.Core(t, c.program, opt, testcore.Kernel)
			warned(t, core.Core, gocore.Options{}, "go build", "-ldflags="+quoted(c.twn, c.stripped))

			want := toldWith(t, core.Core, gocore.Options{Exe: twin, Force: true}, true)
			if strings.Count(want, "\n") < 1000 {
				t.Fatalf("the process tells this: %s", want)
			}
			if got := toldWith(t, core.Core, gocore.Options{Debug: twin}, false); got != want {
				t.Error("with a twin for the debugging information another story is told")
			}
			// It is also found beside the program.
			dir := t.TempDir()
			exe := filepath.Join(dir, "server")
			clone(t, exe, core.Exe)
			clone(t, exe+".debug", twin)
			if got := toldWith(t, core.Core, gocore.Options{Exe: exe}, false); got != want {
				t.Error("with a twin beside the program another story is told")
			}
			// And serves a program without a table of sections.
			withoutSections(t, exe)
			if got := toldWith(t, core.Core, gocore.Options{Exe: exe, Debug: twin}, false); got != want {
				t.Error("without a table of sections another story is told")
			}
		})
	}
}

// Until Go 1.21 the tables of functions and types of a twin stand elsewhere, so that it
// cannot be taken for the program: the program's own word decides.
func TestTwinWithTablesElsewhere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ version, stripped, twin string }{
		{"go1.18.10", "-s -w", "-f -f"},
		{"go1.20.14", "-s", "-f"},
		{"go1.21.13", "-w", "-f"},
	} {
		t.Run(c.version, func(t *testing.T) {
			t.Parallel()
			twin := testcore.Build(t, "kinds", testcore.Options{Go: c.version, Flags: []string{"-ldflags=" + c.twin}})
			core := testcore.Core(t, "kinds", testcore.Options{Go: c.version, Flags: []string{"-ldflags=" + c.stripped}}, testcore.Kernel)
			if a, b := sectionOffset(t, twin, ".gopclntab"), sectionOffset(t, core.Exe, ".gopclntab"); a == b {
				t.Errorf("the table of functions is at %#x in both", a)
			}
			opened, err := gocore.Open(t.Context(), core.Core, gocore.Options{Debug: twin})
			if err != nil {
				t.Fatal(err)
			}
			defer opened.Close()
			p := analysed(t, opened)
			if len(p.Problems()) > 0 || !p.Source().Complete {
				t.Errorf("problems %v", p.Problems())
			}
			p.said = core.Output
			seen := 0
			for _, o := range decode[kindObject](t, p.said, "kind") {
				if o.Missing != "" {
					continue
				}
				seen++
				if why := p.kind(o); len(why) > 0 {
					t.Errorf("%s:\n\t%s", o.Name, strings.Join(why, "\n\t"))
				}
			}
			if seen < 200 {
				t.Errorf("the program has only %d kinds", seen)
			}
			p.checkTyping(t)
		})
	}
}

// quoted returns the flags that a twin should be built with, as a word for a shell: those
// of the stripped program with -f for -s and -w.
func quoted(twin, stripped string) string {
	flags := strings.NewReplacer("-s", "-f", "-w", "-f").Replace(stripped)
	if strings.Contains(flags, " ") {
		return "'" + flags + "'"
	}
	return flags
}

func toldWith(t *testing.T, core string, opt gocore.Options, problems bool) string {
	t.Helper()
	p, err := gocore.Open(t.Context(), core, opt)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	s := p.Source()
	if has := len(p.Problems()) > 0; has != problems || s.Complete == problems || problems == (s.DebugFile != "") {
		t.Errorf("debug file %q, problems %v", s.DebugFile, p.Problems())
	}
	return told(t, p)
}

// withoutSections takes the table of sections from a 64-bit little-endian ELF file.
func withoutSections(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const shoff, shnum, shstrndx = 0x28, 0x3c, 0x3e
	binary.LittleEndian.PutUint64(b[shoff:], 0)
	binary.LittleEndian.PutUint16(b[shnum:], 0)
	binary.LittleEndian.PutUint16(b[shstrndx:], 0)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o777); err != nil {
		t.Fatal(err)
	}
}

// An unstripped build with another layout is refused by a sentence that says what
// differs, and how to build the right one.
func TestWrongTwin(t *testing.T) {
	t.Parallel()
	core := testcore.Core(t, "quiet", testcore.Options{Flags: []string{"-ldflags=-s -w"}}, testcore.Kernel)
	build := func(program string, opt testcore.Options) string { return testcore.Build(t, program, opt) }
	flipped := filepath.Join(t.TempDir(), "flipped")
	good := build("quiet", testcore.Options{Flags: []string{"-ldflags=-f -f"}})
	for _, c := range []struct {
		name, twin string
		says       string
	}{
		{"plain build", build("quiet", testcore.Options{}), "that of the executable"},
		{"not optimised", build("quiet", testcore.Options{Flags: []string{"-ldflags=-f -f", "-gcflags=all=-N -l"}}), "that of the executable"},
		{"another version", build("quiet", testcore.Options{Go: "go1.27.0", Flags: []string{"-ldflags=-f -f"}}), "it was built by go1.27.0, the executable by go1.26.8"},
		{"another program", build("typed", testcore.Options{Flags: []string{"-ldflags=-f -f"}}), "it is the program goheap/testdata/programs/typed, the executable is goheap/testdata/programs/quiet"},
		{"position-independent", build("quiet", testcore.Options{PIE: true, Flags: []string{"-ldflags=-f -f"}}), "position-independent"},
		{"another processor", build("quiet", testcore.Options{Arch: "arm64", Flags: []string{"-ldflags=-f -f"}}), "it is for arm64, the executable for amd64"},
	} {
		refused(t, core.Core, gocore.Options{Debug: c.twin}, gocore.ErrWrongDebug, c.says, "-ldflags='-f -f'", "GOTOOLCHAIN=go1.26.8", "--force")
		if p, err := gocore.Open(t.Context(), core.Core, gocore.Options{Debug: c.twin, Force: true}); err == nil {
			if pr := p.Problems(); p.Source().Complete || len(pr) == 0 || pr[0].Severity != dump.Error {
				t.Errorf("%s: with --force: complete %t, problems %v", c.name, p.Source().Complete, pr)
			}
			p.Close()
		} else {
			sentence(t, err)
		}
	}

	// One byte that differs anywhere in what is loaded is enough.
	b, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range []string{".text", ".rodata", ".gopclntab", ".typelink", ".itablink", ".data", ".noptrdata"} {
		c := append([]byte(nil), b...)
		c[sectionOffset(t, good, section)] ^= 1
		if err := os.WriteFile(flipped, c, 0o777); err != nil {
			t.Fatal(err)
		}
		refused(t, core.Core, gocore.Options{Debug: flipped}, gocore.ErrWrongDebug, section)
	}
}

// sectionOffset returns where the middle of a section of an ELF file is.
func sectionOffset(t *testing.T, path, name string) uint64 {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := f.Section(name)
	if s == nil {
		t.Fatalf("%s has no section %s", path, name)
	}
	return s.Offset + s.FileSize/2
}

// sectionStart returns where a section of an ELF file begins.
func sectionStart(t *testing.T, path, name string) uint64 {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return f.Section(name).Offset
}

// Programs of which no file says anything are refused, each by its own sentence: what
// garble has built, and what UPX has packed.
func TestUnreadablePrograms(t *testing.T) {
	t.Parallel()
	core := testcore.Core(t, "quiet", testcore.Options{Flags: []string{"-ldflags=-s -w"}}, testcore.Kernel)
	b, err := os.ReadFile(core.Exe)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o777); err != nil {
			t.Fatal(err)
		}
		return path
	}
	// As garble leaves it (v0.17.0): the version is "unknown", without a list of modules.
	info := sectionStart(t, core.Exe, ".go.buildinfo")
	garbled := append([]byte(nil), b...)
	copy(garbled[info+32:], "\x07unknown\x00")
	refused(t, core.Core, gocore.Options{Exe: write("garbled", garbled)}, gocore.ErrNoDWARF, "garble")

	other := testcore.Build(t, "portable", testcore.Options{Go: "go1.22.12", Env: []string{"GOOS=windows", "CGO_ENABLED=0"}})
	refused(t, core.Core, gocore.Options{Exe: other}, gocore.ErrWrongExecutable, other, "a program for windows, the core is of one for Linux")
	refused(t, core.Core, gocore.Options{Debug: other}, gocore.ErrWrongDebug, "it is for windows, the executable for linux")

	// As UPX does (src/stub/src/include/linux.h, l_info): its magic behind the headers.
	upx := append([]byte(nil), b[:4096]...)
	phnum := binary.LittleEndian.Uint16(upx[56:])
	copy(upx[64+56*int(phnum)+4:], "UPX!")
	refused(t, core.Core, gocore.Options{Exe: write("packed", upx)}, gocore.ErrNoExecutable, "packed by UPX", "upx -d")
	copy(upx[64+56*int(phnum)+4:], "\x00\x00\x00\x00")
	upx[2048] = 'U'
	if _, err := gocore.Open(t.Context(), core.Core, gocore.Options{Exe: write("plain", upx)}); err == nil || strings.Contains(err.Error(), "UPX") {
		t.Errorf("a file that is not packed: %v", err)
	}
}
