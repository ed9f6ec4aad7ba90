package program

import (
	"context"
	"fmt"
	"slices"

	"goheap/dump"
	"goheap/gocore/internal/pclntab"
)

// Module is one runtime.moduledata: the program itself, and each plugin.
type Module struct {
	Text, Etext         uint64
	Data, Edata         uint64
	BSS, EBSS           uint64
	DataMask, DataBits  uint64 // address and number of bits
	BSSMask, BSSBits    uint64
	Types, Etypes       uint64
	rodata, end         uint64
	noptrbss, enoptrbss uint64
	Table               *pclntab.Table // nil for a plugin of which it cannot be read
	Plugin              *Plugin        // the file that the module is in, nil for the program and where there is none
}

// MaxModules bounds the list of modules: a program has one, and one for each
// plugin.
const MaxModules = 1 << 12

// ReadModules follows the list that starts at runtime.firstmoduledata. Modules behind
// the first have files of their own, which load finds by the address of their code.
func (d *Program) ReadModules(ctx context.Context, load func(text, etext uint64) (*Plugin, error)) error {
	im, f, a := d.Image, &d.Layout.Moduledata, d.Image.Arch
	if err := (bare{d}).findModuledata(); err != nil {
		return err
	}
	addr, err := d.Global("runtime.firstmoduledata")
	if err != nil {
		return err
	}
	for seen := map[uint64]bool{}; addr != 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if seen[addr] || len(d.Modules) == MaxModules {
			d.Problem(dump.Error, 1, fmt.Sprintf("the list of modules does not end: behind %d of them it leads to %#x, which was read already or is one too many; the globals of others may be missing", len(d.Modules), addr))
			break
		}
		seen[addr] = true
		b, ok := im.Mem.Slice(addr, uint64(f.Size))
		if !ok {
			if len(d.Modules) == 0 {
				return fmt.Errorf("%w: runtime.firstmoduledata at %#x is neither in the core nor in the executable", dump.ErrTruncated, addr)
			}
			d.Problem(dump.Error, 1, fmt.Sprintf("the module at %#x is not in the core: its globals are missing", addr))
			break
		}
		m := Module{
			Text: f.Text.Uint(a, b), Etext: f.Etext.Uint(a, b),
			Data: f.Data.Uint(a, b), Edata: f.Edata.Uint(a, b), BSS: f.BSS.Uint(a, b), EBSS: f.EBSS.Uint(a, b),
			DataMask: f.DataMask.Uint(a, b), DataBits: f.DataBits.Uint(a, b),
			BSSMask: f.BSSMask.Uint(a, b), BSSBits: f.BSSBits.Uint(a, b),
			Types: f.Types.Uint(a, b), Etypes: f.Etypes.Uint(a, b), rodata: f.Rodata.Uint(a, b), end: f.End.Uint(a, b),
			noptrbss: f.Noptrbss.Uint(a, b), enoptrbss: f.Enoptrbss.Uint(a, b),
		}
		addr = f.Next.Uint(a, b)
		if slices.ContainsFunc(d.Modules, func(o Module) bool { return m.Text < o.Etext && o.Text < m.Etext }) {
			d.Problem(dump.Error, 1, fmt.Sprintf("the module with code from %#x overlaps another: its globals are left out, and those of others are missing perhaps", m.Text))
			continue
		}
		if len(d.Modules) == 0 {
			if m.Table, err = d.functions(m, b); err != nil {
				return err
			}
			if err := (bare{d}).findVariables(ctx, &m); err != nil {
				return err
			}
		} else if m.Plugin, err = load(m.Text, m.Etext); err != nil {
			d.Problem(dump.Error, 1, fmt.Sprintf("the file of the plugin whose code is at %#x cannot be read: %v: its variables have no names, and the frames of its functions are not known", m.Text, err))
		} else if m.Table, err = d.functions(m, b); err != nil {
			d.Problem(dump.Error, 1, fmt.Sprintf("the function table of the plugin %s cannot be read: %v: the frames of its functions are not known", m.Plugin.Path, err))
		}
		d.Modules = append(d.Modules, m)
	}
	return nil
}

// maxTable bounds the function table of a module: those of the largest programs have
// some hundred megabytes.
const maxTable = 1 << 30

// functions reads a module's pclntab: from its header to the end of
// moduledata.pclntable, and the blob that funcdata offsets count from.
func (d *Program) functions(m Module, b []byte) (*pclntab.Table, error) {
	mem, f, a := d.Image.Mem, &d.Layout.Moduledata, d.Image.Arch
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
		Arch: a, Pclntab: table, Text: m.Text, EText: m.Etext,
		FuncData: mem.Prefix(gofunc, max(blobEnd, gofunc)-gofunc), FuncDataAddr: gofunc,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: the function table at [%#x,%#x): %w; take the core again, or give the program that it was taken of with --exe PATH", ErrDamaged, start, end, err)
	}
	return t, nil
}
