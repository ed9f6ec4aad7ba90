package heapdump

import (
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
	"goheap/gocore/internal/program"
)

// findExecutable opens the program that the dump is of: the one given, else one
// that lies beside the dump. Without any, the one returned is empty.
func (d *decoder) findExecutable(ctx context.Context, opt program.Options) (*program.Executable, error) {
	none := withoutExecutable(d)
	opt.Beside, opt.Arch = filepath.Dir(d.file.Path), d.file.Params.GOARCH
	if opt.Exe != "" {
		x, problems, err := program.OpenExecutable(opt.Exe, "--exe", opt)
		if err == nil {
			var more []dump.Problem
			more, err = d.place(x, opt.Force)
			problems = append(problems, more...)
			if err != nil {
				x.Close()
			}
		}
		if err != nil {
			return none, err
		}
		d.Problems = append(d.Problems, problems...)
		x.Variables = x.File.Globals()
		return x, nil
	}
	for _, path := range executablesBeside(d.file.Path) {
		if err := ctx.Err(); err != nil {
			return none, err
		}
		if !d.mayBe(path) {
			continue
		}
		x, problems, err := program.OpenExecutable(path, "beside the dump", opt)
		if err != nil && opt.Debug != "" && (errors.Is(err, program.ErrNoDWARF) || errors.Is(err, program.ErrWrongDebug)) {
			return none, err
		}
		if err != nil {
			continue
		}
		more, err := d.place(x, false)
		if err != nil {
			d.Problem(dump.Warning, 1, fmt.Sprintf("%s, which lies beside the dump, cannot be used: %v", path, err))
			x.Close()
			continue
		}
		d.Problems = append(append(d.Problems, problems...), more...)
		x.Variables = x.File.Globals()
		return x, nil
	}
	if opt.Debug != "" {
		return none, fmt.Errorf("%w: the executable that %s (from --debug) belongs to is not beside the dump; give it with --exe PATH", program.ErrNoExecutable, opt.Debug)
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
		if info.Mode()&0o111 != 0 || strings.EqualFold(filepath.Ext(e.Name()), ".exe") || strings.HasPrefix(name, e.Name()+".") {
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
func (d *decoder) mayBe(path string) bool {
	info, err := buildinfo.ReadFile(path)
	if err != nil || info.GoVersion != d.file.Params.GoVersion {
		return false
	}
	f, err := elf.Open(path)
	if err != nil {
		return true // of another system: place looks closer
	}
	defer f.Close()
	data, bss := f.Section(".data"), f.Section(".bss")
	return data != nil && bss != nil && (!d.bss.Present || d.bss.Addr-d.data.Addr == bss.Addr-data.Addr)
}

// place computes the bias of an executable from where its data segment is, and
// compares what the dump says of the program with it. It says, too, what keeps one that
// matches from being read.
func (d *decoder) place(x *program.Executable, force bool) ([]dump.Problem, error) {
	p := &d.file.Params
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s: %s: it is another build; give the program that wrote the dump with --exe PATH, or --force to go on and read nonsense", program.ErrWrongExecutable, x.Path, fmt.Sprintf(format, args...))
	}
	if a := x.File.Arch; a.Name != p.GOARCH {
		return nil, wrong("it is a program for %s, the dump is of one for %s", a.Name, p.GOARCH)
	}
	if x.File.GoVersion == "" {
		return nil, x.Usable()
	}
	var failed error
	check := func(ok bool, format string, args ...any) {
		if !ok && failed == nil {
			failed = wrong(format, args...)
		}
	}
	check(x.File.GoVersion == p.GoVersion, "it was built by %s, the program of the dump by %s", x.File.GoVersion, p.GoVersion)
	if failed != nil && !force {
		return nil, failed
	}
	if err := x.UsableBare(); err != nil {
		return nil, err
	}
	if _, ok := x.File.Symbol("runtime.data"); !ok && x.File.OS == "windows" {
		// One section has all of the data, and only symbols say which part is in the dump.
		return nil, fmt.Errorf("%w: %s has no symbols, without which it is not known where its data is; give an unstripped build of the same program with --debug PATH", program.ErrNoDWARF, x.Path)
	}
	data, bss := x.Bounds("data", ".data"), x.Bounds("bss", ".bss")
	switch {
	case !d.data.Present:
		if x.File.PIE {
			return nil, fmt.Errorf("%w: the dump ends before it says where the program was loaded, so that %s cannot be used", program.ErrWrongExecutable, x.Path)
		}
	default:
		x.Bias = d.data.Addr - data.Start
		check(x.Bias%program.MinPage == 0 && (x.File.PIE || x.Bias == 0), "its data would be at %#x, that of the dump is at %#x", data.Start, d.data.Addr)
		check(uint64(len(d.data.Contents)) == data.End-data.Start, "it has %d bytes of data, the dump %d", data.End-data.Start, len(d.data.Contents))
	}
	if d.bss.Present {
		check(d.bss.Addr-x.Bias == bss.Start, "its bss would be at %#x, that of the dump is at %#x", bss.Start+x.Bias, d.bss.Addr)
		check(uint64(len(d.bss.Contents)) == bss.End-bss.Start, "it has %d bytes of bss, the dump %d", bss.End-bss.Start, len(d.bss.Contents))
	}
	if failed == nil {
		return nil, nil
	}
	if !force {
		return nil, failed
	}
	x.OtherBuild = true
	return []dump.Problem{{Severity: dump.Error, Message: forced(failed), Count: 1}}, nil
}

// forced is what becomes of an error about the executable with Options.Force.
func forced(err error) string {
	return "types and addresses may be wrong, since --force was given: " + err.Error()
}

// verify compares functions and types of the dump with the executable's tables.
func (d *decoder) verify() error {
	m := &d.Modules[0]
	compared := 0
	for i := range d.frames {
		f := &d.frames[i]
		if f.Entry < m.Text || f.Entry >= m.Etext {
			continue // of a plugin
		}
		compared++
		if fn, ok := m.Table.Find(f.Entry); !ok || fn.Entry != f.Entry {
			return d.otherBuild(fmt.Sprintf("the dump has a function %s at %#x", f.Name, f.Entry))
		} else if fn.Name() != f.Name {
			return d.otherBuild(fmt.Sprintf("the function at %#x is %s, in the dump it is %s", f.Entry, fn.Name(), f.Name))
		}
	}
	if compared == 0 && len(d.frames) > 0 {
		return d.otherBuild(fmt.Sprintf("its code is from %#x to %#x, where no function on the stacks of the dump is", m.Text, m.Etext))
	}
	w := uint64(d.Image.Arch.PtrSize)
	for _, t := range d.typeNames {
		if t.addr < m.Types || t.addr >= m.Etypes {
			continue // of a plugin, or made by package reflect
		}
		if size, ok := d.Image.Mem.Word(t.addr); !ok || size != t.size || t.addr%w != 0 {
			return d.otherBuild(fmt.Sprintf("the type at %#x has %d bytes, in the dump it is %s and has %d", t.addr, size, t.name, t.size))
		}
	}
	return nil
}

func (d *decoder) otherBuild(what string) error {
	return fmt.Errorf("%w: %s: %s: it is another build; give the program that wrote the dump with --exe PATH, or --force to go on and read nonsense", program.ErrWrongExecutable, d.Exe.Path, what)
}
