package culprits

import (
	"debug/elf"
	"regexp"
	"strconv"
	"strings"
)

// variables are the data of a program by the symbols that its executable has before it is
// stripped.
type variables struct {
	symbols []elf.Symbol
	start   map[string]uint64 // of the sections that places are counted from
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
	return v, nil
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
		return word
	})
}

var variable = regexp.MustCompile(`^main\.[A-Za-z_]\w*`)

// stripped is what the screen must have of a program without symbols, once its variables
// were named: bytes, types and functions as ever, variables without the fields that lead
// on from them, and what uses them.
func (e expected) stripped(v *variables) expected {
	var texts []string
	used := false
	for _, text := range e.texts {
		var left []string
		for _, alternative := range strings.Split(text, "|") {
			name := variable.FindString(alternative)
			switch {
			case name != "" && v.is(name):
				left, used = append(left, name), true
			case !strings.HasPrefix(alternative, "."):
				left = append(left, alternative)
			}
		}
		if len(left) > 0 {
			texts = append(texts, strings.Join(left, "|"))
		}
	}
	if used {
		texts = append(texts, "used by ")
	}
	e.texts = texts
	return e
}
