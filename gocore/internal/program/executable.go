package program

import (
	"bytes"
	"cmp"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"goheap/dump"
	"goheap/gocore/internal/aself"
	"goheap/gocore/internal/symbols"
)

// Executable is the program file that a core belongs to.
type Executable struct {
	Path string
	File *symbols.File
	Bias uint64 // what to add to the file's addresses

	Variables []symbols.Variable // of packages, by address as linked

	data []byte // the mapped file
	Free func()

	Force bool // go on although build ids differ
	// OtherBuild is whether they, or the runtime's tables, do: Force is set then.
	OtherBuild bool
	Plugins    []*Plugin

	notDebug  string // says which file was looked at for it in vain, "" for none
	DebugPath string // of the file with the debugging information, "" if it is this one
	freeDebug func()

	dictionaries dictionaries
	followed     followed

	recorded *recorded // what is known of the runtime without debugging information; nil with it
}

// Options tell which files are the program's: see Options.
type Options struct {
	Exe, Debug string
	Force      bool
	Generic    bool   // read words in the longer way that fits all processors
	Arch       string // the GOARCH of the program, "" if it is not known
	Beside     string // the folder of the core or heap dump, where debugging information may lie too
}

// FindExecutable opens the program that core is of, at the path given or at the
// one that the core names, and checks that it is the same build.
func FindExecutable(core *dump.Core, opt Options) (*Executable, []dump.Problem, error) {
	path, how := opt.Exe, "--exe"
	if path == "" {
		path, how = executablePath(core)
		if path == "" && len(core.Auxv) == 0 {
			return nil, nil, fmt.Errorf("%w, %w: the notes that name it, which gdb writes last, are missing from the core (%s); take it again, or try --exe PATH", ErrNoExecutable, dump.ErrTruncated, firstProblem(core))
		}
		if path == "" {
			return nil, nil, fmt.Errorf("%w: the core does not name it (no AT_EXECFN, no NT_FILE); give it with --exe PATH", ErrNoExecutable)
		}
	}
	if core.Path != "" {
		opt.Beside = filepath.Dir(core.Path)
	}
	x, problems, err := OpenExecutable(path, how, opt)
	if _, gone := os.Stat(path); opt.Exe == "" && errors.Is(gone, fs.ErrNotExist) {
		x, problems, err = openInCore(core, path, opt, err)
	}
	if err != nil {
		return nil, nil, err
	}
	more, err := x.place(core, opt.Force)
	problems = append(problems, more...)
	if err == nil {
		err = x.usableRecorded()
	}
	if err != nil {
		x.Close()
		return nil, nil, err
	}
	x.Variables = x.File.Globals()
	return x, problems, nil
}

// openInCore opens what the core itself has of a program whose file does not exist here,
// which missing says.
func openInCore(core *dump.Core, path string, opt Options, missing error) (*Executable, []dump.Problem, error) {
	data, ok := aself.FromMemory(core)
	if !ok {
		return nil, nil, fmt.Errorf("%w. The core has not the program's code either: it has where 0x37 was written to /proc/PID/coredump_filter before, see core(5)", missing)
	}
	file, err := symbols.New(bytes.NewReader(data))
	if err != nil {
		return nil, nil, fmt.Errorf("%w. What the core has of it is damaged: %w", missing, err)
	}
	x := &Executable{Path: path, File: file, data: data, Free: func() {}, Force: opt.Force}
	problems, err := x.attach(opt)
	if err != nil {
		return nil, nil, err
	}
	return x, append(problems, dump.Problem{Severity: dump.Warning, Count: 1, Message: path + " does not exist here, and is read from the core, which has no symbols; give the file with --exe PATH"}), nil
}

// OpenExecutable opens the program at path, which how says where it comes from, and
// its debugging information.
func OpenExecutable(path, how string, opt Options) (*Executable, []dump.Problem, error) {
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, fmt.Errorf("%w: %s (from %s) does not exist here; copy the program from where the core was taken and give it with --exe PATH", ErrNoExecutable, path, how)
	case err != nil:
		return nil, nil, fmt.Errorf("%w: %w; give the program with --exe PATH", ErrNoExecutable, err)
	case st.IsDir():
		return nil, nil, fmt.Errorf("%w: %s (from %s) is a directory; give the program with --exe PATH", ErrNoExecutable, path, how)
	}
	x := &Executable{Path: path, Force: opt.Force}
	x.data, x.File, x.Free, err = openELF(path, opt.Arch)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w (from %s); give the program with --exe PATH", ErrNoExecutable, err, how)
	}
	problems, err := x.attach(opt)
	if err != nil {
		return nil, nil, err
	}
	return x, problems, nil
}

// attach finds the debugging information of an executable that was opened, and closes that
// after an error.
func (x *Executable) attach(opt Options) ([]dump.Problem, error) {
	problems, err := x.attachDebug(opt)
	if err != nil {
		x.Close()
		return nil, err
	}
	if opt.Generic {
		x.File.Arch.LittleWords64, x.File.Types().Arch.LittleWords64 = false, false
	}
	return problems, nil
}

// openELF maps a file that should be a program or the debugging information of one.
// Its error starts with the path. One of another system becomes an ELF file; goarch is
// which part of a universal file it is, "" for any.
func openELF(path, goarch string) (data []byte, file *symbols.File, free func(), err error) {
	data, free, err = dump.MapFile(path)
	if err != nil {
		return nil, nil, nil, err
	}
	if aself.System(data) != "" {
		mapped, unmap := data, free
		data, err = aself.Convert(mapped, goarch)
		unmap()
		free = func() {}
		if err != nil {
			return nil, nil, nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	switch {
	case len(data) == 0:
		err = fmt.Errorf("%s is empty", path)
	case packed(data):
		err = fmt.Errorf("%s is packed by UPX, so that nothing of the program can be read in it; unpack a copy with upx -d, or take the program as it was built", path)
	case !bytes.HasPrefix(data, []byte(elf.ELFMAG)):
		err = fmt.Errorf("%s is no program: it does not start with the ELF magic", path)
	default:
		file, err = symbols.New(bytes.NewReader(data))
		switch {
		case err != nil:
			err = fmt.Errorf("%s: %w", path, err)
		case file.ELF().Type == elf.ET_CORE:
			err = fmt.Errorf("%s is a core file, not a program", path)
		}
	}
	if err != nil {
		free()
		return nil, nil, nil, err
	}
	return data, file, free, nil
}

// Despite makes of what keeps the file from being read with an executable of
// another build, which --force let pass, an error about that.
func (x *Executable) Despite(err error) error {
	if x == nil || !x.OtherBuild || err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	// What the error advises is for the right build, and what it calls the file too.
	why, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), dump.ErrTruncated.Error()+": "), "; ")
	return fmt.Errorf("%w: %s is of another build, and --force does not help: nothing can be read with it (%s); give the right one with --exe PATH", ErrWrongExecutable, x.Path, why)
}

// Usable says what keeps an executable that matches from being read.
func (x *Executable) Usable() error {
	switch x.File.Era {
	case "":
	case symbols.EraUnknown:
		return fmt.Errorf("%w: the build information of %s, which says what version of Go built it, is damaged or was taken out; give the program as it was built with --exe PATH", ErrVersion, x.Path)
	default:
		return tooOld(x.Path+" was", x.File.Era)
	}
	if x.File.GoVersion == "" {
		return fmt.Errorf("%w: %s has no Go build information; goheap reads cores of Go programs only", ErrNotGo, x.Path)
	}
	if err := CheckVersion(x.Path+" was", x.File.GoVersion); err != nil {
		return err
	}
	err := x.File.DWARF()
	switch {
	case errors.Is(err, symbols.ErrNoDWARF) && x.File.GoVersion == garbled:
		return fmt.Errorf("%w: %s was built by garble, which takes the debugging information, names and the version of Go out; build the same sources with the go command, run that program and take a new core", ErrNoDWARF, x.Path)
	case errors.Is(err, symbols.ErrNoDWARF):
		return fmt.Errorf("%w: %s was linked without it (-ldflags=-w or -s) or stripped%s; give the file that has it with --debug PATH, or %s", ErrNoDWARF, x.Path, x.notDebug, x.howToRebuild())
	case err != nil && !x.File.HasDWARF():
		return fmt.Errorf("%w: the debugging information of %s is damaged: %w; give an undamaged copy with --exe PATH", ErrNoDWARF, x.Path, err)
	}
	return nil
}

// oldestGo and NewestGo are the minor versions of Go that are tested.
const (
	oldestGo = 18
	NewestGo = 27
)

// CheckVersion says that a program was built by a version of Go that is too old to be
// read, if it was. what is the program as the sentence begins: "PATH was".
func CheckVersion(what, version string) error {
	if minor, ok := GoMinor(version); ok && minor < oldestGo {
		return tooOld(what, version)
	}
	return nil
}

func tooOld(what, builder string) error {
	return fmt.Errorf("%w: %s built by %s; goheap reads programs of Go 1.%d and later", ErrVersion, what, builder, oldestGo)
}

// GoMinor returns the minor version in a string such as "go1.26.8 X:foo". A
// development version has none.
func GoMinor(version string) (int, bool) {
	rest, ok := strings.CutPrefix(version, "go1.")
	if !ok {
		return 0, false
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end >= 0 {
		rest = rest[:end]
	}
	n, err := strconv.Atoi(rest)
	return n, err == nil
}

// variableAt returns the index in x.variables of the one that covers addr, an
// address in the process.
func (x *Executable) variableAt(addr uint64) (int, bool) {
	addr -= x.Bias
	i, ok := slices.BinarySearchFunc(x.Variables, addr, func(v symbols.Variable, a uint64) int { return cmp.Compare(v.Addr, a) })
	if !ok {
		i--
	}
	if i < 0 || addr-x.Variables[i].Addr >= max(1, x.size(x.Variables[i])) {
		return 0, false
	}
	return i, true
}

func (x *Executable) size(v symbols.Variable) uint64 { return x.File.Types().Type(v.Type).Size }

func (x *Executable) Close() {
	for _, p := range x.Plugins {
		p.Close()
	}
	x.File.Close()
	x.Free()
	if x.freeDebug != nil {
		x.freeDebug()
	}
}

func firstProblem(core *dump.Core) string {
	if len(core.Problems) == 0 {
		return "though it is not cut short"
	}
	return core.Problems[0].Message
}

// executablePath returns where the core says its program is, and which of its
// notes says so.
func executablePath(core *dump.Core) (path, how string) {
	execfn := ""
	if addr := core.Auxv[dump.AuxExecFn]; addr != 0 {
		execfn, _ = core.Memory.CString(addr)
	}
	// AT_EXECFN may be relative to a directory that is long forgotten: the
	// mapping of the program's own headers has the full path.
	phdr := core.Auxv[dump.AuxPhdr]
	entry := core.Auxv[dump.AuxEntry]
	for _, m := range core.Mappings {
		if phdr >= m.Start && phdr < m.End || entry >= m.Start && entry < m.End {
			return m.Path, "NT_FILE"
		}
	}
	for _, m := range core.Mappings {
		if execfn != "" && filepath.Base(m.Path) == filepath.Base(execfn) {
			return m.Path, "NT_FILE"
		}
	}
	return execfn, "AT_EXECFN"
}

// MinPage is the smallest page size of Linux.
const MinPage = 4096

// place computes the bias, compares build ids and fills the file's pages in
// where the core has none.
func (x *Executable) place(core *dump.Core, force bool) ([]dump.Problem, error) {
	var problems []dump.Problem
	f := x.File.ELF()
	wrong := func(format string, args ...any) error {
		advice := "give the right one with --exe PATH"
		if force {
			advice = "--force does not help, since its addresses are others; " + advice
		}
		return fmt.Errorf("%w: %s: it is another build; %s", ErrWrongExecutable, fmt.Sprintf(format, args...), advice)
	}
	if x.File.OS != "linux" {
		return nil, fmt.Errorf("%w: %s is a program for %s, the core is of one for Linux; give the right one with --exe PATH", ErrWrongExecutable, x.Path, x.File.OS)
	}
	if f.Machine != core.Memory.Machine() {
		return nil, fmt.Errorf("%w: %s is a program for %s, the core is of one for %s; give the right one with --exe PATH", ErrWrongExecutable, x.Path, f.Machine, core.Memory.Machine())
	}
	entry := core.Auxv[dump.AuxEntry]
	switch {
	case f.Type == elf.ET_EXEC:
	case entry != 0:
		x.Bias = entry - f.Entry
	default:
		problems = append(problems, dump.Problem{Severity: dump.Warning, Message: "the core does not say where the program was loaded (no AT_ENTRY): taken to be at its own addresses", Count: 1})
	}
	if entry != 0 && entry-x.Bias != f.Entry {
		return nil, wrong("%s starts at %#x, the program of the core at %#x", x.Path, f.Entry, entry)
	}
	phdr := core.Auxv[dump.AuxPhdr]
	for _, p := range f.Progs {
		if p.Type == elf.PT_PHDR && phdr != 0 && p.Vaddr+x.Bias != phdr {
			return nil, wrong("the program headers of %s would be at %#x, those of the core's program are at %#x", x.Path, p.Vaddr+x.Bias, phdr)
		}
	}
	if x.Bias%MinPage != 0 {
		return nil, wrong("%s would have been loaded at %#x, which is no page", x.Path, x.Bias)
	}
	compared, other := CompareNotes(core, f, x.data, x.Bias)
	if other > 0 && !force {
		return nil, fmt.Errorf("%w: the build id of %s (%s) is not the one in the core; give the program that the core was taken of with --exe PATH, or --force to go on and read nonsense", ErrWrongExecutable, x.Path, x.File.BuildID)
	}
	if other > 0 {
		x.OtherBuild = true
		problems = append(problems, dump.Problem{Severity: dump.Error, Message: "the build id of the executable is not the one in the core: types and addresses may be wrong", Count: 1})
	}
	// The notes of a program stand in its first page, which is in every core
	// unless coredump_filter or gcore left it out. Then the program's writable
	// data, which a core always has, must agree where nothing ever writes.
	if !compared && !x.sameModuledata(core, f) {
		if !force {
			return nil, fmt.Errorf("%w: the runtime's own tables in the core are not those of %s: it is another build; give the right one with --exe PATH, or --force to go on and read nonsense", ErrWrongExecutable, x.Path)
		}
		x.OtherBuild = true
		problems = append(problems, dump.Problem{Severity: dump.Error, Message: "the runtime's tables in the core are not those of the executable: types and addresses may be wrong", Count: 1})
	}
	missing, again := FillConstant(core, f, x.data, x.Bias)
	if again > 0 {
		problems = append(problems, HeadersAgain(x.Path, again))
	}
	if missing > 0 {
		problems = append(problems, dump.Problem{Severity: dump.Error, Message: "pages of the program's data are not in the core: some variables, and some types that only they describe, are missing", Count: missing})
	}
	return problems, nil
}

// FillConstant lets a core have what dumps leave out because a file has it: the
// segments that nobody writes to, and the part of the others that is read only once
// the program runs, if nothing was relocated there before. Elsewhere a page that is
// missing is not the one in the file. It returns how many of those there are, and
// how many program headers name bytes of the file that others name.
func FillConstant(core *dump.Core, f *elf.File, data []byte, bias uint64) (missing, again int) {
	var constant, written []dump.Part
	for _, p := range f.Progs {
		part := dump.Part{Addr: p.Vaddr + bias, Off: p.Off, Size: p.Filesz}
		if p.Type == elf.PT_LOAD && p.Flags&elf.PF_W == 0 || p.Type == elf.PT_GNU_RELRO && f.Type == elf.ET_EXEC {
			constant = append(constant, part)
		} else if p.Type == elf.PT_LOAD {
			written = append(written, part)
		}
	}
	again = len(core.Memory.FillFile(data, constant))
	written, twice := dump.Disjoint(written, uint64(len(data)))
	for _, p := range written {
		for off := uint64(0); off < p.Size; off += MinPage {
			if len(core.Memory.Prefix(p.Addr+off, 1)) == 0 {
				missing++
			}
		}
	}
	return missing, again + len(twice)
}

// HeadersAgain is the problem of a file some of whose program headers are no use.
func HeadersAgain(path string, n int) dump.Problem {
	return dump.Problem{Severity: dump.Error, Message: fmt.Sprintf("program headers of %s give bytes of the file a second address: the file is damaged, and its memory there is left out", path), Count: n}
}

// CompareNotes compares the notes of an ELF file, in which its build id stands, with
// what the core has of them where the file is loaded. compared is whether it has
// any, other how many differ.
func CompareNotes(core *dump.Core, f *elf.File, data []byte, bias uint64) (compared bool, other int) {
	var notes []dump.Part
	for _, p := range f.Progs {
		if p.Type == elf.PT_NOTE {
			notes = append(notes, dump.Part{Addr: p.Vaddr + bias, Off: p.Off, Size: p.Filesz})
		}
	}
	notes, _ = dump.Disjoint(notes, uint64(len(data)))
	for _, p := range notes {
		in := bytesAt(data, p.Off, p.Size)
		was := core.Memory.Prefix(p.Addr, p.Size)
		if len(was) < len(in) || allZero(was) {
			continue
		}
		compared = true
		if !bytes.Equal(in, was) {
			other++
		}
	}
	return compared, other
}

// sameModuledata compares the link-time words of runtime.firstmoduledata with
// the core's: addresses of tables, which differ between two builds of almost any
// two programs. It reports true where there is nothing to compare.
func (x *Executable) sameModuledata(core *dump.Core, f *elf.File) bool {
	sym, ok := x.File.Symbol("runtime.firstmoduledata")
	if !ok || f.Type != elf.ET_EXEC {
		return true
	}
	words := 24 * uint64(core.Memory.PtrSize()) // the slices and addresses at its start, all set by the linker
	for _, p := range f.Progs {
		if p.Type != elf.PT_LOAD || sym.Addr < p.Vaddr || sym.Addr+words > p.Vaddr+p.Filesz {
			continue
		}
		was, ok := core.Memory.Slice(sym.Addr, words)
		return !ok || bytes.Equal(was, bytesAt(x.data, p.Off+sym.Addr-p.Vaddr, words))
	}
	return true
}

func bytesAt(data []byte, off, n uint64) []byte {
	if off >= uint64(len(data)) {
		return nil
	}
	return data[off : off+min(n, uint64(len(data))-off)]
}

func allZero(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }
