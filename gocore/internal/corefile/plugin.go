package corefile

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"slices"

	"goheap/dump"
	"goheap/gocore/internal/program"
	"goheap/gocore/internal/symbols"
	"goheap/gocore/internal/types"
)

// loadPlugin finds the file that is mapped where a module has its code, and lets the
// core have those of its pages that the dump left out. The error says what keeps the
// file from being read.
func (d *decoder) loadPlugin(text, etext uint64) (*program.Plugin, error) {
	i := slices.IndexFunc(d.core.Mappings, func(m dump.Mapping) bool { return text >= m.Start && text < m.End })
	if i < 0 {
		return nil, fmt.Errorf("the core does not say what is mapped at %#x", text)
	}
	m := d.core.Mappings[i]
	p := &program.Plugin{Path: m.Path, Text: text, Etext: etext}
	st, err := os.Stat(m.Path)
	if err == nil && !st.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file", m.Path)
	}
	if err == nil {
		p.Data, p.Free, err = dump.MapFile(m.Path)
	}
	if err != nil {
		return nil, fmt.Errorf("%w; put the plugin where it was loaded from", err)
	}
	if p.File, err = symbols.New(bytes.NewReader(p.Data)); err != nil {
		p.Free()
		return nil, fmt.Errorf("%s: %w", m.Path, err)
	}
	if err := p.Place(d.core, m, text, d.Exe.Force); err != nil {
		p.Close()
		return nil, err
	}
	missing, again := program.FillConstant(d.core, p.File.ELF(), p.Data, p.Bias)
	if again > 0 {
		d.Problems = append(d.Problems, program.HeadersAgain(p.Path, again))
	}
	d.Problem(dump.Error, missing, fmt.Sprintf("pages of the data of %s are not in the core: some variables, and some types that only they describe, are missing", p.Path))
	d.Exe.Plugins = append(d.Exe.Plugins, p)
	return p, nil
}

// addPlugins makes the package variables of plugins the program's own. Their types
// are found among the program's by descriptor and by name. It is called once the
// type table knows the modules of r.
func (d *decoder) addPlugins(r types.Runtime) {
	x := d.Exe
	untyped := 0
	for i, m := range d.Modules {
		if m.Plugin == nil {
			continue
		}
		own := m.Plugin.File.Types()
		mine := r
		mine.Modules = slices.Clone(r.Modules)
		for k := range mine.Modules {
			mine.Modules[k].DWARF = k == i
		}
		own.SetRuntime(mine)
		for _, v := range m.Plugin.File.Globals() {
			t := d.Types.Import(own, v.Type)
			if t == 0 {
				untyped++
			}
			x.Variables = append(x.Variables, symbols.Variable{Name: v.Name, Addr: v.Addr + m.Plugin.Bias - x.Bias, Type: t})
		}
	}
	slices.SortFunc(x.Variables, func(a, b symbols.Variable) int {
		return cmp.Or(cmp.Compare(a.Addr, b.Addr), cmp.Compare(a.Name, b.Name))
	})
	d.Problem(dump.Info, untyped, "variables of plugins have types of which the program itself knows nothing: what they hold is found, but has no type by them")
}
