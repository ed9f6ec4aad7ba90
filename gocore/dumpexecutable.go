package gocore

import (
	"bytes"
	"cmp"
	"context"
	"debug/buildinfo"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"goheap/dump"
	"goheap/internal/arch"
)

// findExecutable opens the program that the dump is of: the one given, else one
// that lies beside the dump. Without any, the one returned is empty.
func (d *dumpDecoder) findExecutable(ctx context.Context, opt Options) (*executable, error) {
	none := withoutExecutable(d)
	if opt.Exe != "" {
		x, problems, err := openExecutable(opt.Exe, "--exe", opt)
		if err == nil {
			var more []Problem
			more, err = d.place(x, opt.Force)
			problems = append(problems, more...)
			if err == nil {
				err = x.usable()
			}
			if err != nil {
				x.close()
			}
		}
		if err != nil {
			return none, err
		}
		d.problems = append(d.problems, problems...)
		x.variables = x.file.Globals()
		return x, nil
	}
	for _, path := range executablesBeside(d.file.Path) {
		if err := ctx.Err(); err != nil {
			return none, err
		}
		if !d.mayBe(path) {
			continue
		}
		x, problems, err := openExecutable(path, "beside the dump", opt)
		if err != nil && opt.Debug != "" && (errors.Is(err, ErrNoDWARF) || errors.Is(err, ErrWrongDebug)) {
			return none, err
		}
		if err != nil {
			continue
		}
		more, err := d.place(x, false)
		if err == nil {
			err = x.usable()
		}
		if err != nil {
			d.problem(dump.Warning, 1, fmt.Sprintf("%s, which lies beside the dump, cannot be used: %v", path, err))
			x.close()
			continue
		}
		d.problems = append(append(d.problems, problems...), more...)
		x.variables = x.file.Globals()
		return x, nil
	}
	if opt.Debug != "" {
		return none, fmt.Errorf("%w: the executable that %s (from --debug) belongs to is not beside the dump; give it with --exe PATH", ErrNoExecutable, opt.Debug)
	}
	return none, nil
}

// maxBeside is how many files beside a dump are looked at.
const maxBeside = 256

// executablesBeside lists the files in the folder of a dump that may be programs,
// those first whose names the dump's begins with: heap for heap.dump.
func executablesBeside(path string) []string {
	folder, name := filepath.Dir(path), filepath.Base(path)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil
	}
	var found []string
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(folder, e.Name()))
		if err != nil || !info.Mode().IsRegular() || e.Name() == name || len(found) >= maxBeside {
			continue
		}
		if info.Mode()&0o111 != 0 || strings.HasPrefix(name, e.Name()+".") {
			found = append(found, e.Name())
		}
	}
	stem := func(s string) int {
		if strings.HasPrefix(name, s) {
			return -len(s)
		}
		return 1
	}
	slices.SortStableFunc(found, func(a, b string) int { return cmp.Compare(stem(a), stem(b)) })
	for i, f := range found {
		found[i] = filepath.Join(folder, f)
	}
	return found
}

// mayBe looks at little of a file to tell whether it may be the program: at the
// version of Go and at where its data is.
func (d *dumpDecoder) mayBe(path string) bool {
	info, err := buildinfo.ReadFile(path)
	if err != nil || info.GoVersion != d.file.Params.GoVersion {
		return false
	}
	f, err := elf.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	data, bss := f.Section(".data"), f.Section(".bss")
	return data != nil && bss != nil && (!d.bss.Present || d.bss.Addr-d.data.Addr == bss.Addr-data.Addr)
}

// place computes the bias of an executable from where its data segment is, and
// compares what the dump says of the program with it.
func (d *dumpDecoder) place(x *executable, force bool) ([]Problem, error) {
	p := &d.file.Params
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s: %s: it is another build; give the program that wrote the dump with --exe PATH, or --force to go on and read nonsense", ErrWrongExecutable, x.path, fmt.Sprintf(format, args...))
	}
	if a := x.file.Arch; a.Name != p.GOARCH {
		return nil, wrong("it is a program for %s, the dump is of one for %s", a.Name, p.GOARCH)
	}
	if x.file.GoVersion == "" {
		return nil, nil // usable says so
	}
	var failed error
	check := func(ok bool, format string, args ...any) {
		if !ok && failed == nil {
			failed = wrong(format, args...)
		}
	}
	check(x.file.GoVersion == p.GoVersion, "it was built by %s, the program of the dump by %s", x.file.GoVersion, p.GoVersion)
	data, bss := x.bounds("data", ".data"), x.bounds("bss", ".bss")
	switch {
	case !d.data.Present:
		if x.file.PIE {
			return nil, fmt.Errorf("%w: the dump ends before it says where the program was loaded, so that %s cannot be used", ErrWrongExecutable, x.path)
		}
	default:
		x.bias = d.data.Addr - data.Start
		check(x.bias%minPage == 0 && (x.file.PIE || x.bias == 0), "its data would be at %#x, that of the dump is at %#x", data.Start, d.data.Addr)
		check(uint64(len(d.data.Contents)) == data.End-data.Start, "it has %d bytes of data, the dump %d", data.End-data.Start, len(d.data.Contents))
	}
	if d.bss.Present {
		check(d.bss.Addr-x.bias == bss.Start, "its bss would be at %#x, that of the dump is at %#x", bss.Start+x.bias, d.bss.Addr)
		check(uint64(len(d.bss.Contents)) == bss.End-bss.Start, "it has %d bytes of bss, the dump %d", bss.End-bss.Start, len(d.bss.Contents))
	}
	if failed == nil {
		return nil, nil
	}
	if !force {
		return nil, failed
	}
	x.otherBuild = true
	return []Problem{{Severity: dump.Error, Message: forced(failed), Count: 1}}, nil
}

// forced is what becomes of an error about the executable with Options.Force.
func forced(err error) string {
	return "types and addresses may be wrong, since --force was given: " + err.Error()
}

// bounds returns where a data segment is as linked: by the linker's symbols around
// it, else by its section.
func (x *executable) bounds(name, section string) (r dump.Range) {
	if s := x.file.ELF().Section(section); s != nil {
		r = dump.Range{Start: s.Addr, End: s.Addr + s.Size}
	}
	if s, ok := x.file.Symbol("runtime." + name); ok {
		r.Start = s.Addr
	}
	if s, ok := x.file.Symbol("runtime.e" + name); ok {
		r.End = s.Addr
	}
	return r
}

// verify compares functions and types of the dump with the executable's tables.
func (d *dumpDecoder) verify() error {
	m := &d.modules[0]
	compared := 0
	for i := range d.frames {
		f := &d.frames[i]
		if f.Entry < m.text || f.Entry >= m.etext {
			continue // of a plugin
		}
		compared++
		if fn, ok := m.table.Find(f.Entry); !ok || fn.Entry != f.Entry {
			return d.otherBuild(fmt.Sprintf("the dump has a function %s at %#x", f.Name, f.Entry))
		} else if fn.Name() != f.Name {
			return d.otherBuild(fmt.Sprintf("the function at %#x is %s, in the dump it is %s", f.Entry, fn.Name(), f.Name))
		}
	}
	if compared == 0 && len(d.frames) > 0 {
		return d.otherBuild(fmt.Sprintf("its code is from %#x to %#x, where no function on the stacks of the dump is", m.text, m.etext))
	}
	w := uint64(d.im.Arch.PtrSize)
	for _, t := range d.typeNames {
		if t.addr < m.types || t.addr >= m.etypes {
			continue // of a plugin, or made by package reflect
		}
		if size, ok := d.im.Mem.Word(t.addr); !ok || size != t.size || t.addr%w != 0 {
			return d.otherBuild(fmt.Sprintf("the type at %#x has %d bytes, in the dump it is %s and has %d", t.addr, size, t.name, t.size))
		}
	}
	return nil
}

func (d *dumpDecoder) otherBuild(what string) error {
	return fmt.Errorf("%w: %s: %s: it is another build; give the program that wrote the dump with --exe PATH, or --force to go on and read nonsense", ErrWrongExecutable, d.exe.path, what)
}

// writableSections are those whose bytes in the file are only the first ones that
// the program has there; others that can be written to are those with addresses
// that the loader relocates.
var writableSections = []string{".data", ".noptrdata", ".bss", ".noptrbss", ".tbss", ".tdata"}

// blocks returns the memory of the executable that its program does not write to.
// In a position-independent one, addresses are relocated as the loader does it.
func (x *executable) blocks(a arch.Arch) []dump.Block {
	if x.path == "" {
		return nil
	}
	var blocks []dump.Block
	f := x.file.ELF()
	for _, s := range f.Sections {
		if s.Flags&elf.SHF_ALLOC == 0 || s.Type == elf.SHT_NOBITS || s.Addr == 0 || slices.Contains(writableSections, s.Name) {
			continue
		}
		b := bytesAt(x.data, s.Offset, s.FileSize)
		if s.Flags&elf.SHF_WRITE != 0 {
			b = bytes.Clone(b) // to be relocated
		}
		blocks = append(blocks, dump.Block{Addr: s.Addr + x.bias, Data: b})
	}
	x.relocate(a, blocks)
	return blocks
}

// relocate applies those relocations to writable blocks that add the bias to an
// address.
func (x *executable) relocate(a arch.Arch, blocks []dump.Block) {
	if x.bias == 0 {
		return
	}
	relative, ok := relativeRelocation(a)
	if !ok {
		return
	}
	w := uint64(a.PtrSize)
	for _, s := range x.file.ELF().Sections {
		if s.Type != elf.SHT_RELA && s.Type != elf.SHT_REL || s.Flags&elf.SHF_ALLOC == 0 {
			continue
		}
		size := 2 * w
		if s.Type == elf.SHT_RELA {
			size += w
		}
		for b := bytesAt(x.data, s.Offset, s.FileSize); uint64(len(b)) >= size; b = b[size:] {
			at, info := a.Word(b)+x.bias, a.Word(b[w:])
			kind := info & 0xffffffff
			if w == 4 {
				kind = info & 0xff
			}
			if kind != relative {
				continue
			}
			i := slices.IndexFunc(blocks, func(b dump.Block) bool { return at-b.Addr < uint64(len(b.Data)) })
			if i < 0 || uint64(len(blocks[i].Data))-(at-blocks[i].Addr) < w || !x.writable(blocks[i].Addr) {
				continue
			}
			to := blocks[i].Data[at-blocks[i].Addr:]
			addend := a.Word(to)
			if s.Type == elf.SHT_RELA {
				addend = a.Word(b[2*w:])
			}
			a.PutWord(to, addend+x.bias)
		}
	}
}

// writable reports whether the section at an address is one that is cloned.
func (x *executable) writable(addr uint64) bool {
	for _, s := range x.file.ELF().Sections {
		if s.Addr+x.bias == addr && s.Flags&elf.SHF_ALLOC != 0 && s.Flags&elf.SHF_WRITE != 0 {
			return true
		}
	}
	return false
}

// relativeRelocation returns the number of the relocation that adds the bias (the
// processors' ELF supplements).
func relativeRelocation(a arch.Arch) (uint64, bool) {
	switch a.Machine {
	case elf.EM_X86_64:
		return uint64(elf.R_X86_64_RELATIVE), true
	case elf.EM_AARCH64:
		return uint64(elf.R_AARCH64_RELATIVE), true
	case elf.EM_ARM:
		return uint64(elf.R_ARM_RELATIVE), true
	case elf.EM_PPC64:
		return uint64(elf.R_PPC64_RELATIVE), true
	case elf.EM_S390:
		return uint64(elf.R_390_RELATIVE), true
	}
	return 0, false
}

// tables returns those variables among the writable data that the linker filled and
// whose fields that matter nothing changes, relocated like blocks: the last are the
// values that interfaces of small integers point to.
func (x *executable) tables() []dump.Block {
	if x.path == "" {
		return nil
	}
	var blocks []dump.Block
	f := x.file.ELF()
	for _, name := range []string{"runtime.firstmoduledata", "internal/runtime/gc.SizeClassToSize", "runtime.class_to_size", "runtime.staticuint64s"} {
		sym, ok := x.file.Symbol(name)
		if !ok {
			continue
		}
		for _, s := range f.Sections {
			if s.Flags&elf.SHF_ALLOC != 0 && s.Type != elf.SHT_NOBITS && sym.Addr >= s.Addr && sym.Addr-s.Addr < s.FileSize {
				b := bytes.Clone(bytesAt(x.data, s.Offset, s.FileSize))
				all := []dump.Block{{Addr: s.Addr + x.bias, Data: b}}
				x.relocate(x.file.Arch, all)
				blocks = append(blocks, dump.Block{Addr: sym.Addr + x.bias, Data: bytesAt(b, sym.Addr-s.Addr, sym.Size)})
			}
		}
	}
	return blocks
}
