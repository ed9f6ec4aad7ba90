package keys

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"goheap/gocore/internal/notation"
	"goheap/gocore/internal/types"
)

// Scope knows what the names in an index or a key mean: what they mean in the package that
// the target starts in, what they mean with their package in front, and those that only one
// package has.
type Scope struct {
	Types     *types.Table
	Variables iter.Seq[string] // of packages, with the paths of these
	Home      string           // the package that the target starts in, or its last element
}

// durations are the units of package time, for programs whose debugging information lacks
// them (time/time.go).
var durations = [...]struct {
	name  string
	value int64
}{{"Nanosecond", 1}, {"Microsecond", 1e3}, {"Millisecond", 1e6}, {"Second", 1e9}, {"Minute", 60e9}, {"Hour", 3600e9}}

// Constant is the constant of a name: "Green", "main.Green", "time.Second". found is false
// where there is none; the error tells of several.
func (s *Scope) Constant(name string) (n notation.Number, found bool, err error) {
	pkg, short := notation.PackageOf(name)
	all := types.ConstantsNamed(s.Types, short)
	at := func(c types.Constant) notation.Number {
		typ := s.Types.Type(c.Type)
		if v := uint64(c.Value); c.Value < 0 && typ.Kind >= types.Uint {
			return notation.Unsigned(v, typ.Name)
		}
		return notation.Integer64(c.Value, typ.Name)
	}
	wanted := pkg
	if pkg == "" {
		wanted = s.Home
	}
	in := func(own string) func(c types.Constant) bool {
		return func(c types.Constant) bool { return c.Package == own || notation.ShortFile(c.Package) == own }
	}
	if i := slices.IndexFunc(all, in(wanted)); i >= 0 {
		all = slices.DeleteFunc(slices.Clone(all), func(c types.Constant) bool { return !in(wanted)(c) })
	} else if pkg != "" {
		all = nil
	}
	if len(all) == 0 && pkg == "time" {
		for _, d := range durations {
			if d.name == short {
				return notation.Integer64(d.value, "time.Duration"), true, nil
			}
		}
	}
	for _, c := range all {
		if c.Value != all[0].Value || c.Type != all[0].Type {
			return n, true, fmt.Errorf("%s may be %s.%s or %s.%s", name, all[0].Package, short, c.Package, short)
		}
	}
	if len(all) == 0 {
		return n, false, nil
	}
	return at(all[0]), true, nil
}

// Variable is the whole name of a variable that is written without its package.
func (s *Scope) Variable(name string) (whole string, err error) {
	var all []string
	for v := range s.Variables {
		pkg, short := notation.PackageOf(v)
		if short != name {
			continue
		}
		if pkg == s.Home || notation.ShortFile(pkg) == s.Home {
			return v, nil
		}
		all = append(all, v)
	}
	switch len(all) {
	case 0:
		return "", fmt.Errorf("%s is no constant and no variable of the program", notation.OneLine(name))
	case 1:
		return all[0], nil
	}
	return "", fmt.Errorf("%s may be %s", name, notation.AnyOf(all))
}

// TypeNamed is the type that a person means by a name, which may have but the last element
// of a package's path, or none. Types that have compilerOnly in their names are meant by
// their whole names alone.
func TypeNamed(t *types.Table, name, compilerOnly string) (types.ID, error) {
	if id, ok := t.Lookup(name); ok {
		return id, nil
	}
	var found types.ID
	var names []string
	for _, id := range t.All() {
		typ := t.Type(id)
		if strings.Contains(typ.Name, compilerOnly) {
			continue
		}
		if notation.SameType(typ.Name, name) {
			if found != 0 && t.Type(found).Name != typ.Name {
				return 0, fmt.Errorf("%s may be %s or %s", notation.OneLine(name), t.Type(found).Name, typ.Name)
			}
			found = id
		}
		names = append(names, typ.Name)
	}
	if found == 0 {
		return 0, fmt.Errorf("the program has no type %s%s", notation.OneLine(name), notation.DidYouMean(name, names))
	}
	return found, nil
}
