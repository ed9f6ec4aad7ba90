package gocore

import (
	"context"
	"fmt"
	"slices"

	"goheap/dump"
	"goheap/gocore/internal/pclntab"
)

// module is one runtime.moduledata: the program itself, and each plugin.
type module struct {
	text, etext        uint64
	data, edata        uint64
	bss, ebss          uint64
	dataMask, dataBits uint64 // address and number of bits
	bssMask, bssBits   uint64
	types, etypes      uint64
	rodata, end        uint64
	table              *pclntab.Table // nil for a plugin of which it cannot be read
	plugin             *plugin        // the file that the module is in, nil for the program and where there is none
}

// maxModules bounds the list of modules: a program has one, and one for each
// plugin.
const maxModules = 1 << 12

// readModules follows the list that starts at runtime.firstmoduledata. Modules behind
// the first have files of their own, which load finds by the address of their code.
func (d *program) readModules(ctx context.Context, load func(text, etext uint64) (*plugin, error)) error {
	im, f, a := d.im, &d.layout.Moduledata, d.im.Arch
	addr, err := d.global("runtime.firstmoduledata")
	if err != nil {
		return err
	}
	for seen := map[uint64]bool{}; addr != 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if seen[addr] || len(d.modules) == maxModules {
			d.problem(dump.Error, 1, fmt.Sprintf("the list of modules does not end: behind %d of them it leads to %#x, which was read already or is one too many; the globals of others may be missing", len(d.modules), addr))
			break
		}
		seen[addr] = true
		b, ok := im.Mem.Slice(addr, uint64(f.Size))
		if !ok {
			if len(d.modules) == 0 {
				return fmt.Errorf("%w: runtime.firstmoduledata at %#x is neither in the core nor in the executable", dump.ErrTruncated, addr)
			}
			d.problem(dump.Error, 1, fmt.Sprintf("the module at %#x is not in the core: its globals are missing", addr))
			break
		}
		m := module{
			text: f.Text.Uint(a, b), etext: f.Etext.Uint(a, b),
			data: f.Data.Uint(a, b), edata: f.Edata.Uint(a, b), bss: f.BSS.Uint(a, b), ebss: f.EBSS.Uint(a, b),
			dataMask: f.DataMask.Uint(a, b), dataBits: f.DataBits.Uint(a, b),
			bssMask: f.BSSMask.Uint(a, b), bssBits: f.BSSBits.Uint(a, b),
			types: f.Types.Uint(a, b), etypes: f.Etypes.Uint(a, b), rodata: f.Rodata.Uint(a, b), end: f.End.Uint(a, b),
		}
		addr = f.Next.Uint(a, b)
		if slices.ContainsFunc(d.modules, func(o module) bool { return m.text < o.etext && o.text < m.etext }) {
			d.problem(dump.Error, 1, fmt.Sprintf("the module with code from %#x overlaps another: its globals are left out, and those of others are missing perhaps", m.text))
			continue
		}
		if len(d.modules) == 0 {
			if m.table, err = d.functions(m, b); err != nil {
				return err
			}
		} else if m.plugin, err = load(m.text, m.etext); err != nil {
			d.problem(dump.Error, 1, fmt.Sprintf("the file of the plugin whose code is at %#x cannot be read: %v: its variables have no names, and the frames of its functions are not known", m.text, err))
		} else if m.table, err = d.functions(m, b); err != nil {
			d.problem(dump.Error, 1, fmt.Sprintf("the function table of the plugin %s cannot be read: %v: the frames of its functions are not known", m.plugin.path, err))
		}
		d.modules = append(d.modules, m)
	}
	return nil
}

// maxTable bounds the function table of a module: those of the largest programs have
// some hundred megabytes.
const maxTable = 1 << 30

// functions reads a module's pclntab: from its header to the end of
// moduledata.pclntable, and the blob that funcdata offsets count from.
func (d *program) functions(m module, b []byte) (*pclntab.Table, error) {
	mem, f, a := d.im.Mem, &d.layout.Moduledata, d.im.Arch
	w := uint64(a.PtrSize)
	start := f.PcHeader.Uint(a, b)
	end := f.Pclntable.Uint(a, b) + a.Word(b[f.Pclntable.Offset+w:])
	table, ok := mem.Items(start, end-start, 1, maxTable)
	if !ok || end < start {
		return nil, fmt.Errorf("%w: the function table at [%#x,%#x) is neither in the core nor in the executable; give the program that the core was taken of with --exe PATH", dump.ErrTruncated, start, end)
	}
	gofunc := f.Gofunc.Uint(a, b)
	// Since Go 1.26 the blob lies in the pclntab section and has an end of its
	// own; before, all that is known is the end of the module.
	blobEnd := f.Epclntab.Uint(a, b)
	if !f.Epclntab.Has() {
		blobEnd = m.end
	}
	t, err := pclntab.New(pclntab.Config{
		Arch: a, Pclntab: table, Text: m.text, EText: m.etext,
		FuncData: mem.Prefix(gofunc, max(blobEnd, gofunc)-gofunc), FuncDataAddr: gofunc,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: the function table at [%#x,%#x): %w; take the core again, or give the program that it was taken of with --exe PATH", ErrDamaged, start, end, err)
	}
	return t, nil
}
