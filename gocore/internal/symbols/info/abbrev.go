package info

import "fmt"

type attrForm struct {
	attr, form uint16
	implicit   int64 // of DW_FORM_implicit_const
}

type abbrev struct {
	tag      Tag
	children bool
	attrs    []attrForm
}

// abbrevs is one table of .debug_abbrev by code. Go's linker numbers them
// densely from 1; codes beyond maxDense are in the map.
type abbrevs struct {
	dense  []abbrev // index is the code; tag 0 is none
	sparse map[uint64]*abbrev
}

const maxDense = 4096

func (a *abbrevs) get(code uint64) *abbrev {
	if code < uint64(len(a.dense)) {
		if p := &a.dense[code]; p.tag != 0 {
			return p
		}
		return nil
	}
	return a.sparse[code]
}

func readAbbrevs(section []byte, off uint64, big bool) (*abbrevs, error) {
	if off >= uint64(len(section)) {
		return nil, fmt.Errorf(".debug_abbrev: no table at offset %#x, the section has %#x bytes", off, len(section))
	}
	c := Cursor{B: section, Off: int(off), Big: big}
	t := &abbrevs{sparse: map[uint64]*abbrev{}}
	for {
		start := c.Off
		code := c.Uleb()
		if code == 0 || c.Bad {
			break
		}
		a := abbrev{tag: Tag(c.Uleb()), children: c.Uint(1) != 0}
		for {
			at, form := c.Uleb(), c.Uleb()
			var implicit int64
			if form == formImplicitConst {
				implicit = c.Sleb()
			}
			if at == 0 && form == 0 || c.Bad {
				break
			}
			if at > 0xffff || form > 0xffff {
				return nil, fmt.Errorf(".debug_abbrev: entry at offset %#x has attribute %#x with form %#x", start, at, form)
			}
			a.attrs = append(a.attrs, attrForm{uint16(at), uint16(form), implicit})
		}
		if code < maxDense {
			for uint64(len(t.dense)) <= code {
				t.dense = append(t.dense, abbrev{})
			}
			t.dense[code] = a
		} else {
			t.sparse[code] = &a
		}
	}
	if c.Bad {
		return nil, fmt.Errorf(".debug_abbrev: table at offset %#x is cut off", off)
	}
	return t, nil
}
