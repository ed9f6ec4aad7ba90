package program

import (
	"bytes"
	"cmp"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"slices"
	"strings"

	"goheap/dump"
	"goheap/gocore/internal/code"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/layout"
	"goheap/gocore/internal/pclntab"
	"goheap/gocore/internal/symbols"
)

// recorded is what is known of the runtime of an executable by the version of Go that
// built it, in place of its debugging information.
type recorded struct {
	table *layout.Recorded
	build string
	sure  bool // build is the executable's own version, or has the same layout
}

// useRecorded lets x do with what is recorded of its version of Go. Its error is without,
// where there is nothing.
func (x *Executable) useRecorded(without error) error {
	if x.File.GoVersion == garbled {
		return without // its functions have no names either
	}
	table, err := layout.RecordedFor(x.File.Arch.Name)
	if err != nil {
		return err
	}
	if x.File.OS != "linux" {
		// The runtime.m and some functions are others there.
		return fmt.Errorf("%w (of programs for %s nothing is known without debugging information)", without, x.File.OS)
	}
	if table == nil {
		return fmt.Errorf("%w (of programs for %s nothing is known without debugging information)", without, x.File.Arch.Name)
	}
	build, sure, ok := table.Nearest(x.File.GoVersion)
	if !ok {
		return fmt.Errorf("%w (of version %q nothing is known without debugging information)", without, x.File.GoVersion)
	}
	x.recorded = &recorded{table, build, sure}
	return nil
}

// usableRecorded is Usable, but lets what is recorded do.
func (x *Executable) usableRecorded() error {
	err := x.Usable()
	if errors.Is(err, ErrNoDWARF) && !x.File.HasDWARF() {
		return x.useRecorded(err)
	}
	return err
}

// UsableBare is Usable for programs that are not in memory yet: without debugging
// information and symbols it finds in the file where the data is as linked, so that Bounds
// knows. It is called before the bias is known.
func (x *Executable) UsableBare() error {
	if err := x.usableRecorded(); err != nil || x.recorded == nil {
		return err
	}
	if _, ok := x.File.Symbol("runtime.firstmoduledata"); ok {
		return nil
	}
	r, a := x.recorded, x.File.Arch
	p := &Program{Exe: x, Image: &image.Image{Arch: a}}
	p.Image.Mem = dump.NewMemory(a.Machine, a.Order(), a.PtrSize, append(x.Blocks(a), x.initialData(a)...))
	var err error
	if p.Layout, err = r.table.Runtime(r.build); err != nil {
		return fmt.Errorf("the recorded layout of %s: %w", r.build, err)
	}
	if err := (bare{p}).findModuledata(); err != nil {
		return err
	}
	addr, err := p.Global("runtime.firstmoduledata")
	if err != nil {
		return err
	}
	f := &p.Layout.Moduledata
	b, ok := p.Image.Mem.Slice(addr, uint64(f.Size))
	if !ok {
		return fmt.Errorf("%w: %s ends in its runtime.moduledata; give the whole program with --exe PATH", ErrNoDWARF, x.Path)
	}
	x.File.Adopt([]symbols.Symbol{
		{Name: "runtime.data", Addr: f.Data.Uint(a, b)}, {Name: "runtime.edata", Addr: f.Edata.Uint(a, b)},
		{Name: "runtime.bss", Addr: f.BSS.Uint(a, b)}, {Name: "runtime.ebss", Addr: f.EBSS.Uint(a, b)},
	})
	return nil
}

// bare finds what symbols and debugging information would say of a program that has none.
// It does nothing where there is debugging information.
type bare struct{ *Program }

// loadRecorded fills the layout in.
func (d bare) loadRecorded() (err error) {
	r := d.Exe.recorded
	if d.Layout, err = r.table.Runtime(r.build); err != nil {
		return fmt.Errorf("the recorded layout of %s: %w", r.build, err)
	}
	what := "has no debugging information"
	if err := d.Exe.File.DWARF(); !errors.Is(err, symbols.ErrNoDWARF) {
		what = fmt.Sprintf("has debugging information that is damaged (%v)", err)
	}
	d.Problem(dump.Warning, 1, fmt.Sprintf("%s %s%s: types are those that the runtime describes, and variables are called by their addresses; give the file that has it with --debug PATH, or %s", d.Exe.Path, what, d.Exe.notDebug, d.Exe.howToRebuild()))
	if !r.sure {
		d.Problem(dump.Warning, 1, fmt.Sprintf("the program was built by %s, whose runtime is not recorded: it is taken for that of %s; see what `goheap check` says", d.Exe.File.GoVersion, r.build))
	}
	return nil
}

// tableSections are where the linker puts the function table.
var tableSections = []string{".gopclntab", ".data.rel.ro.gopclntab"}

// tableHeaders returns where function tables start in the process: at the start of
// their section, or, where there are no sections, wherever read-only bytes look like the
// start of one.
func (d bare) tableHeaders() (list []uint64) {
	f, a := d.Exe.File.ELF(), d.Image.Arch
	for _, name := range tableSections {
		if s := f.Section(name); s != nil {
			list = append(list, s.Addr+d.Exe.Bias)
		}
	}
	if len(list) > 0 {
		return list
	}
	for _, magic := range []uint32{pclntab.Magic118, pclntab.Magic120} {
		start := make([]byte, 4, 8)
		a.Order().PutUint32(start, magic)
		start = append(start, 0, 0, byte(a.PCQuantum), byte(a.PtrSize))
		for _, p := range f.Progs {
			if p.Type != elf.PT_LOAD {
				continue
			}
			b := bytesAt(d.Exe.data, p.Off, p.Filesz)
			for off := 0; ; off++ {
				i := bytes.Index(b[off:], start)
				if i < 0 || len(list) == maxHeaders {
					break
				}
				off += i
				if off%a.PtrSize == 0 {
					list = append(list, p.Vaddr+d.Exe.Bias+uint64(off))
				}
			}
		}
	}
	return list
}

// maxHeaders bounds what is taken for the start of a function table.
const maxHeaders = 1 << 8

// findModuledata finds runtime.firstmoduledata where no symbol says where it is: it is
// the only structure in the data that points to the start of the function table and whose
// bounds are in order. It does nothing with debugging information.
func (d bare) findModuledata() error {
	const name = "runtime.firstmoduledata"
	if d.Exe.recorded == nil {
		return nil
	}
	if _, err := d.Global(name); err == nil {
		return nil
	}
	a, f := d.Image.Arch, &d.Layout.Moduledata
	w := uint64(a.PtrSize)
	headers := d.tableHeaders()
	var found []uint64
	for _, p := range d.Exe.File.ELF().Progs {
		if p.Type != elf.PT_LOAD || p.Flags&elf.PF_W == 0 || len(headers) == 0 {
			continue
		}
		for at, end := (p.Vaddr+d.Exe.Bias+w-1)&^(w-1), p.Vaddr+d.Exe.Bias+p.Filesz; at < end; {
			start, data := d.Image.Mem.Segment(at)
			if data == nil {
				at += w // of a file, sections that begin in the middle of a page may follow
				continue
			}
			data = data[at-start:]
			data = data[:min(uint64(len(data)), end-at)]
			for ; uint64(len(data)) >= w; data, at = data[w:], at+w {
				if slices.Contains(headers, a.Word(data)) && d.isModuledata(at-f.PcHeader.Offset) {
					found = append(found, at-f.PcHeader.Offset)
				}
			}
			if len(data) > 0 {
				at = (at + w) &^ (w - 1)
			}
		}
	}
	if len(found) != 1 {
		return fmt.Errorf("%w: %s has no symbols, and %d places in its data look like its runtime.moduledata, not one: it is damaged, packed, or of another version than %s; give the program as it was built with --exe PATH, or a build of the same sources that has debugging information with --debug PATH", ErrNoDWARF, d.Exe.Path, len(found), d.Exe.File.GoVersion)
	}
	d.Exe.File.Adopt([]symbols.Symbol{{Name: name, Addr: found[0] - d.Exe.Bias, Size: uint64(f.Size)}})
	return nil
}

// isModuledata reports whether the structure at addr may be a runtime.moduledata: its
// bounds are in order, and all where the linker puts them (cmd/link/internal/ld/symtab.go,
// symtab, Go 1.26).
func (d bare) isModuledata(addr uint64) bool {
	a, f := d.Image.Arch, &d.Layout.Moduledata
	b, ok := d.Image.Mem.Slice(addr, uint64(f.Size))
	if !ok {
		return false
	}
	in := func(addr uint64, flags elf.ProgFlag) bool {
		for _, p := range d.Exe.File.ELF().Progs {
			if p.Type == elf.PT_LOAD && p.Flags&flags == flags && addr-d.Exe.Bias-p.Vaddr <= p.Memsz {
				return true
			}
		}
		return false
	}
	for _, bounds := range []struct {
		from, to *layout.Field
		flags    elf.ProgFlag
	}{
		{&f.Text, &f.Etext, elf.PF_X}, {&f.Data, &f.Edata, elf.PF_W}, {&f.BSS, &f.EBSS, elf.PF_W},
		{&f.Noptrbss, &f.Enoptrbss, elf.PF_W}, {&f.Types, &f.Etypes, 0}, {&f.PcHeader, &f.Pclntable, 0},
	} {
		from, to := bounds.from.Uint(a, b), bounds.to.Uint(a, b)
		if from > to || !in(from, bounds.flags) || !in(to, bounds.flags) {
			return false
		}
	}
	return f.Text.Uint(a, b) < f.Etext.Uint(a, b) && f.Edata.Uint(a, b) <= f.BSS.Uint(a, b)
}

// needed are the variables without which the heap, or what holds it, would not be known.
var needed = []string{"runtime.mheap_", "runtime.allgs", "runtime.allm", "runtime.allp", "runtime.allfin", "runtime.gcCleanups", "runtime.gcphase", "runtime.memstats", "runtime.gcController"}

// maxCode bounds the functions that are read for their operands.
const maxCode = 1 << 14

// findVariables finds the runtime's variables where no symbols say where they are: by
// what the code of functions of the runtime names, which is compared with how that
// version of Go compiles them. All functions that name a variable must agree, and for
// those lists that tell of themselves what they are, a search of the data, too.
func (d bare) findVariables(ctx context.Context, m *Module) error {
	if d.Exe.recorded == nil {
		return nil
	}
	r := d.Exe.recorded
	variables, err := r.table.Variables(r.build)
	if err != nil {
		return err
	}
	refs := d.references(variables, m.Table)
	var found []symbols.Symbol
	var lost []string
	for _, v := range variables {
		if err := ctx.Err(); err != nil {
			return err
		}
		addr, known, err := agreed(&v, refs)
		if !known && err == nil && v.Name == uniqueMaps {
			addr, known = d.findUniqueMaps(m.Table)
		}
		if err != nil {
			return fmt.Errorf("%w: %s: %w; give a build of the same sources that has debugging information with --debug PATH", ErrNoDWARF, d.Exe.Path, err)
		}
		if sym, has := d.Exe.File.Symbol(v.Name); has {
			if known && sym.Addr+d.Exe.Bias != addr {
				return fmt.Errorf("%w: %s: %s is at %#x by the code of the runtime, and elsewhere by what it is: give a build of the same sources that has debugging information with --debug PATH", ErrNoDWARF, d.Exe.Path, v.Name, addr)
			}
			continue
		}
		if !known {
			if slices.ContainsFunc(layout.Variables(), func(n layout.Name) bool { return n.Name == v.Name }) {
				lost = append(lost, v.Name)
			}
			continue
		}
		found = append(found, symbols.Symbol{Name: v.Name, Addr: addr - d.Exe.Bias, Size: v.Size})
	}
	for _, name := range needed {
		if slices.Contains(lost, name) {
			return fmt.Errorf("%w: %s has no symbols, and the code of its runtime is not as %s compiles it, so that %s is not found: it was built without optimisation, or by another toolchain; give the file that has its debugging information with --debug PATH, or %s", ErrNoDWARF, d.Exe.Path, d.Exe.File.GoVersion, name, d.Exe.howToRebuild())
		}
	}
	d.Exe.File.Adopt(found)
	d.Problem(dump.Warning, len(lost), fmt.Sprintf("variables of the runtime are not found in an executable without symbols: %s; what depends on them is missing", strings.Join(lost, ", ")))
	return d.confirm(m)
}

// references returns what the functions that are recorded name in this program, by
// function. A name that several functions have is none's.
func (d bare) references(variables []layout.Variable, table *pclntab.Table) map[string]code.References {
	wanted := map[string]int{}
	for _, v := range variables {
		for _, o := range v.Operands {
			wanted[o.Function] = 0
		}
	}
	refs := map[string]code.References{}
	for fn := range table.All() {
		name := fn.Name()
		if _, ok := wanted[name]; !ok {
			continue
		}
		delete(refs, name)
		if wanted[name]++; wanted[name] > 1 || fn.End-fn.Entry > maxCode {
			continue
		}
		text, ok := d.Image.Mem.Slice(fn.Entry, fn.End-fn.Entry)
		if !ok {
			continue
		}
		if r, ok := code.Refers(d.Image.Arch.Name, fn.Entry, text); ok {
			refs[name] = r
		}
	}
	return refs
}

// agreed returns the address of a variable that all functions name whose code is as it was
// recorded. It is not known where there is none of them; an error says that they differ.
func agreed(v *layout.Variable, refs map[string]code.References) (addr uint64, known bool, err error) {
	by := ""
	for _, o := range v.Operands {
		r, ok := refs[o.Function]
		if !ok || !slices.Contains(o.Prints, layout.Print(r.Print)) || o.Number >= len(r.Data) {
			continue
		}
		at := r.Data[o.Number] - o.Offset
		if known && at != addr {
			return 0, false, fmt.Errorf("%s is at %#x by the code of %s, and at %#x by that of %s", v.Name, addr, by, at, o.Function)
		}
		addr, known, by = at, true, cmp.Or(by, o.Function)
	}
	return addr, known, nil
}

// confirm looks in the data for lists that show by what they lead to what they are, and
// compares where they are with where the code of the runtime says.
func (d bare) confirm(m *Module) error {
	rt := d.Layout
	for _, list := range []struct {
		name   string
		offset uint64 // of the list in the variable
		proves func(element uint64) bool
	}{
		{"runtime.mheap_", rt.Mheap.AllSpans.Offset, d.isSpan},
		{"runtime.allgs", 0, d.isG},
	} {
		if d.NoSpans && list.name == "runtime.mheap_" {
			continue
		}
		addr, err := d.Global(list.name)
		if err != nil {
			return err
		}
		if !slices.Contains(d.listsOf(m, list.proves), addr+list.offset) {
			return fmt.Errorf("%w: %s: %s is at %#x by the code of the runtime, but what is there is no list of its kind: the core is damaged, or the executable is another; give a build of the same sources that has debugging information with --debug PATH", ErrNoDWARF, d.Exe.Path, list.name, addr)
		}
	}
	return nil
}

// proofs is how many elements of a list are looked at.
const proofs = 64

// listsOf returns where in the data without and with pointers there are slices of pointers
// of which the first elements, and the last, are what proves says.
func (d bare) listsOf(m *Module, proves func(element uint64) bool) (found []uint64) {
	a, mem := d.Image.Arch, d.Image.Mem
	w := uint64(a.PtrSize)
	for _, r := range []dump.Range{{Start: m.Data, End: m.Edata}, {Start: m.BSS, End: m.EBSS}, {Start: m.noptrbss, End: m.enoptrbss}} {
		for at := r.Start &^ (w - 1); at < r.End && r.End-at >= 3*w; {
			start, data := mem.Segment(at)
			if data == nil {
				at = (at + MinPage) &^ (MinPage - 1)
				continue
			}
			data = data[at-start:]
			data = data[:min(uint64(len(data)), r.End-at)]
			if uint64(len(data)) < 3*w {
				at += w
				continue
			}
			for ; uint64(len(data)) >= 3*w; data, at = data[w:], at+w {
				array, n, most := a.Word(data), a.Word(data[w:]), a.Word(data[2*w:])
				if array == 0 || array%w != 0 || n == 0 || n > most || most > MaxList {
					continue
				}
				if list, ok := mem.Items(array, n, w, MaxList); ok && d.proven(list, proves) {
					found = append(found, at)
				}
			}
		}
	}
	return found
}

func (d bare) proven(list []byte, proves func(element uint64) bool) bool {
	w := d.Image.Arch.PtrSize
	n := len(list) / w
	for i := range min(n, proofs) {
		if !proves(d.Image.Arch.Word(list[i*w:])) {
			return false
		}
	}
	return proves(d.Image.Arch.Word(list[(n-1)*w:]))
}

// isSpan reports whether there may be a runtime.mspan at addr. One that is in use is an
// array of slots, and one that is not keeps what it was before.
func (d bare) isSpan(addr uint64) bool {
	const pageShift, pageSize, states, inUse = 13, 1 << 13, 3, 1 // runtime/mheap.go
	f, a := &d.Layout.Mspan, d.Image.Arch
	b, ok := d.Image.Mem.Slice(addr, uint64(f.Size))
	if !ok || addr%uint64(a.PtrSize) != 0 {
		return false
	}
	state, base, pages := f.State.Uint(a, b)&0xff, f.StartAddr.Uint(a, b), f.Npages.Uint(a, b)
	if state != inUse {
		return state < states
	}
	n, elem := f.Nelems.Uint(a, b), f.Elemsize.Uint(a, b)
	return base != 0 && base%pageSize == 0 && pages > 0 && pages < 1<<35 && elem > 0 && n > 0 && n <= pages<<pageShift/elem &&
		f.AllocCount.Uint(a, b) <= n && f.Freeindex.Uint(a, b) <= n
}

// isG reports whether there may be a runtime.g at addr: its thread, if it has one, runs it,
// or runs the scheduler, or handles a signal for it.
func (d bare) isG(addr uint64) bool {
	f, a := &d.Layout.G, d.Image.Arch
	b, ok := d.Image.Mem.Slice(addr, uint64(f.Size))
	if !ok || addr%uint64(a.PtrSize) != 0 || f.StackLo.Uint(a, b) > f.StackHi.Uint(a, b) {
		return false
	}
	thread := f.M.Uint(a, b)
	if thread == 0 {
		return true
	}
	m, ok := d.Image.Mem.Slice(thread, uint64(d.Layout.M.Size))
	return ok && (d.Layout.M.Curg.Uint(a, m) == addr || d.Layout.M.Curg.Uint(a, m) == 0 && d.Layout.M.G0.Uint(a, m) != addr)
}
