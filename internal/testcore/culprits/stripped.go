package culprits

import (
	"cmp"
	"debug/elf"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// variables are the data of a program by the symbols that its executable has before it is
// stripped.
type variables struct {
	symbols  []elf.Symbol
	start    map[string]uint64 // of the sections that places are counted from
	literals []literal
}

// literal is the data [lo, hi) that a variable leads to as the program begins: composite
// literals have no symbols.
type literal struct {
	lo, hi   uint64
	variable string
}

func readVariables(exe string) (*variables, error) {
	f, err := elf.Open(exe)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	v := &variables{start: map[string]uint64{}}
	if v.symbols, err = f.Symbols(); err != nil {
		return nil, err
	}
	for _, s := range v.symbols {
		if name, ok := strings.CutPrefix(s.Name, "runtime."); ok && (name == "data" || name == "bss") {
			v.start[name] = s.Value
		}
	}
	return v, v.readLiterals(f)
}

// maxLiteral bounds literals, which end at the latest where something else begins.
const maxLiteral = 4096

// readLiterals follows the pointers that the data of the program has in its file, from each
// variable on.
func (v *variables) readLiterals(f *elf.File) error {
	data, err := f.Section(".data").Data()
	if err != nil {
		return err
	}
	lo, bss := f.Section(".data").Addr, f.Section(".bss")
	hi := bss.Addr + bss.Size
	var starts []uint64
	for _, s := range v.symbols {
		starts = append(starts, s.Value)
	}
	for i := 0; i+8 <= len(data); i += 8 {
		if p := f.ByteOrder.Uint64(data[i:]); p >= lo && p < hi {
			starts = append(starts, p)
		}
	}
	slices.Sort(starts)
	seen := map[uint64]bool{}
	var open []literal
	for _, s := range v.symbols {
		if elf.ST_TYPE(s.Info) == elf.STT_OBJECT && s.Size > 0 && s.Value >= lo && s.Value < hi {
			open = append(open, literal{s.Value, s.Value + s.Size, s.Name})
			seen[s.Value] = true
		}
	}
	slices.SortFunc(open, func(a, b literal) int { return cmp.Compare(a.lo, b.lo) })
	for len(open) > 0 {
		from := open[0]
		open = open[1:]
		for at := from.lo; at < from.hi && at-lo+8 <= uint64(len(data)); at += 8 {
			p := f.ByteOrder.Uint64(data[at-lo:])
			if p < lo || p >= hi || seen[p] {
				continue
			}
			seen[p] = true
			i, _ := slices.BinarySearch(starts, p+1)
			end := min(p+maxLiteral, hi)
			if i < len(starts) {
				end = min(end, starts[i])
			}
			to := literal{p, end, from.variable}
			v.literals = append(v.literals, to)
			open = append(open, to)
		}
	}
	return nil
}

// is reports whether the program has a variable of that name.
func (v *variables) is(name string) bool {
	for _, s := range v.symbols {
		if s.Name == name && elf.ST_TYPE(s.Info) == elf.STT_OBJECT {
			return true
		}
	}
	return false
}

var place = regexp.MustCompile(`\b(data|bss)\+0x([0-9a-f]+)\b`)

// named puts the names of variables in the place of those that they have without symbols.
func (v *variables) named(screen string) string {
	return place.ReplaceAllStringFunc(screen, func(word string) string {
		m := place.FindStringSubmatch(word)
		off, err := strconv.ParseUint(m[2], 16, 64)
		if err != nil {
			return word
		}
		addr := v.start[m[1]] + off
		for _, s := range v.symbols {
			if elf.ST_TYPE(s.Info) == elf.STT_OBJECT && addr-s.Value < s.Size {
				return s.Name
			}
		}
		for _, l := range v.literals {
			if addr >= l.lo && addr < l.hi {
				return l.variable
			}
		}
		return word
	})
}

var (
	variable = regexp.MustCompile(`^main\.[A-Za-z_]\w*`)
	field    = regexp.MustCompile(`^([a-z]\w*)(\.\w+)+$`)
	array    = regexp.MustCompile(`^\[(\d+)\]`)
)

// isPackage reports whether a symbol begins with a name that is a package's, with its path or
// without.
func (v *variables) isPackage(name string) bool {
	for _, s := range v.symbols {
		if strings.HasPrefix(s.Name, name+".") || strings.Contains(s.Name, "/"+name+".") {
			return true
		}
	}
	return false
}

// stripped is what the screen must have of a program without symbols, once its variables
// were named: bytes, types and functions as ever, variables without the fields that lead
// on from them, and what uses them. Variables of functions have no names but their fields',
// and of an array that is a variable, or a part of one, it is said that many words lead on.
func (e expected) stripped(v *variables) expected {
	var texts []string
	used := false
	for _, text := range e.texts {
		var left []string
		for _, alternative := range strings.Split(text, "|") {
			name := variable.FindString(alternative)
			local := field.FindStringSubmatch(alternative)
			length := array.FindStringSubmatch(alternative)
			switch {
			case name != "" && v.is(name):
				left, used = append(left, name), true
			case length != nil:
				left = append(left, alternative, " words of the data from")
			case local != nil && !v.isPackage(local[1]):
				left = append(left, strings.TrimPrefix(alternative, local[1]))
			case !strings.HasPrefix(alternative, "."):
				left = append(left, alternative)
			}
		}
		if len(left) > 0 {
			texts = append(texts, strings.Join(left, "|"))
		}
	}
	if used && !e.holderOnly {
		texts = append(texts, "used by ")
	}
	e.texts = texts
	return e
}
