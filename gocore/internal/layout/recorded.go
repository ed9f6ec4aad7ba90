package layout

import (
	"bytes"
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Recorded is what is known of the runtime by the version of Go alone, for programs
// without debugging information on one processor: the table of Runtime as each of
// several builds of Go has it, and where the code of the runtime names its variables.
//
// In text it has a line for each fact, whose first cell is what it is about; the others
// are values, each with the builds that have it. Cells are separated by tabs:
//
//	build	go1.18
//	build	go1.18.10
//	layout	runtime.mspan.nelems	64+8@go1.18..go1.21.13	70+2@go1.22..go1.27.0
//	variable	runtime.allgs	24@go1.18..go1.27.0
//	operand	runtime.allgs	runtime.allgadd#2+0	1f3d5c7a@go1.18..go1.20	…
//
// A layout is an offset and a size, a size alone, or = and the value of a constant. An
// operand is a function, the number of an address among those that its code names, and how
// far behind the variable's start it is; its value are the prints of the function's code:
// see package code, References.
type Recorded struct {
	// Builds are the versions that there are facts of, as runtime.Version has them: by
	// minor version, each with its experiments, then by patch.
	Builds []string

	facts map[Fact]map[string]string // values by build
}

// Fact is what a line is about. Operand is "" for all but operands.
type Fact struct{ Kind, Name, Operand string }

// Kinds of facts.
const (
	layoutFact   = "layout"
	variableFact = "variable"
	operandFact  = "operand"
)

// Operand is a place in the code of a function that names an address.
type Operand struct {
	Function string
	Number   int    // among the addresses that the function's code names
	Offset   uint64 // of the address in the variable
}

func (o Operand) String() string { return fmt.Sprintf("%s#%d+%d", o.Function, o.Number, o.Offset) }

func parseOperand(text string) (o Operand, err error) {
	at, offset, ok := cutLast(text, "+")
	name, number, ok2 := cutLast(at, "#")
	o.Function = name
	o.Number, err = strconv.Atoi(number)
	if err == nil {
		o.Offset, err = strconv.ParseUint(offset, 10, 64)
	}
	if !ok || !ok2 || err != nil || o.Number < 0 {
		return o, fmt.Errorf("%q is no operand", text)
	}
	return o, nil
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// NewRecorded returns a table without facts.
func NewRecorded() *Recorded { return &Recorded{facts: map[Fact]map[string]string{}} }

// ParseRecorded reads the text of a table.
func ParseRecorded(text []byte) (*Recorded, error) {
	r := NewRecorded()
	index := map[string]int{}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		cells := strings.Split(line, "\t")
		bad := func(why string) error { return fmt.Errorf("line %d: %s", n, why) }
		if cells[0] == "build" && len(cells) == 2 {
			index[cells[1]] = len(r.Builds)
			r.Builds = append(r.Builds, cells[1])
			continue
		}
		if len(cells) < 3 {
			return nil, bad("too few cells")
		}
		f, values := Fact{Kind: cells[0], Name: cells[1]}, cells[2:]
		if f.Kind == operandFact {
			f.Operand, values = cells[2], cells[3:]
		}
		for _, v := range values {
			value, builds, ok := cutLast(v, "@")
			first, last, more := strings.Cut(builds, "..")
			if !more {
				last = first
			}
			i, ok1 := index[first]
			j, ok2 := index[last]
			if !ok || !ok1 || !ok2 || j < i {
				return nil, bad(fmt.Sprintf("%q says no value of builds", v))
			}
			for _, b := range r.Builds[i : j+1] {
				r.set(f, b, value)
			}
		}
	}
	return r, nil
}

func (r *Recorded) set(f Fact, build, value string) {
	if r.facts[f] == nil {
		r.facts[f] = map[string]string{}
	}
	r.facts[f][build] = value
}

// Text writes the table.
func (r *Recorded) Text() []byte {
	var b bytes.Buffer
	for _, v := range r.Builds {
		fmt.Fprintf(&b, "build\t%s\n", v)
	}
	order := map[Fact]int{}
	after := len(r.facts) // of what no list has, in the order of names
	walk(new(Runtime), nothing{}, func(e entry) {
		f := Fact{Kind: layoutFact, Name: e.key()}
		if _, ok := order[f]; !ok {
			order[f] = len(order)
		}
	})
	for _, v := range Variables() {
		order[Fact{Kind: variableFact, Name: v.Name}] = len(order)
	}
	facts := make([]Fact, 0, len(r.facts))
	place := func(f Fact) int {
		f.Operand, f.Kind = "", strings.Replace(f.Kind, operandFact, variableFact, 1)
		if i, ok := order[f]; ok {
			return i
		}
		return after
	}
	for f := range r.facts {
		facts = append(facts, f)
	}
	slices.SortFunc(facts, func(a, b Fact) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Operand, b.Operand))
	})
	for _, f := range facts {
		fmt.Fprintf(&b, "%s\t%s", f.Kind, f.Name)
		if f.Operand != "" {
			fmt.Fprintf(&b, "\t%s", f.Operand)
		}
		values := r.facts[f]
		for i := 0; i < len(r.Builds); {
			value, ok := values[r.Builds[i]]
			j := i + 1
			for ok && j < len(r.Builds) {
				if next, more := values[r.Builds[j]]; !more || next != value {
					break
				}
				j++
			}
			if ok {
				fmt.Fprintf(&b, "\t%s@%s", value, r.Builds[i])
				if j > i+1 {
					fmt.Fprintf(&b, "..%s", r.Builds[j-1])
				}
			}
			i = j
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// key is the name of an entry of the table in a Recorded, the same for all programs.
func (e entry) key() string {
	switch {
	case e.constant != "":
		return e.constant
	case e.path == "":
		return e.tag
	}
	return e.tag + "." + e.path
}

// OwnVariable reports whether a variable holds objects for the runtime, not for the
// program: see package image, level. All that have pointers are recorded.
func OwnVariable(name string) bool {
	return strings.HasPrefix(name, "runtime.") || strings.HasPrefix(name, "unique.") || name == "sync.allPools" || name == "sync.oldPools"
}

// Record returns what is to be recorded of a program, beside operands: the layout of what
// it has of Runtime, and the sizes of variables.
func Record(p Program, variables map[string]uint64) map[Fact]string {
	out := map[Fact]string{}
	walk(new(Runtime), p, func(e entry) {
		if !e.load(p) || e.into.Type() == reflect.TypeFor[TypeName]() {
			return
		}
		f := Fact{Kind: layoutFact, Name: e.key()}
		switch v := e.into.Interface().(type) {
		case Field:
			out[f] = fmt.Sprintf("%d+%d", v.Offset, v.Size)
		case Size:
			out[f] = fmt.Sprint(uint64(v))
		case Constant:
			out[f] = fmt.Sprintf("=%d", v.Value)
		}
	})
	for name, n := range variables {
		out[Fact{Kind: variableFact, Name: name}] = fmt.Sprint(n)
	}
	return out
}

// Runtime returns the table of the given build.
func (r *Recorded) Runtime(build string) (*Runtime, error) {
	t := new(Runtime)
	var err error
	walk(t, nothing{}, func(e entry) {
		e.load(nothing{}) // for the names of fields
		text, ok := r.facts[Fact{Kind: layoutFact, Name: e.key()}][build]
		if !ok || e.into.Type() == reflect.TypeFor[TypeName]() {
			return
		}
		switch v := e.into.Interface().(type) {
		case Field:
			offset, size, _ := strings.Cut(text, "+")
			var err1, err2 error
			v.Offset, err1 = strconv.ParseUint(offset, 10, 32)
			v.Size, err2 = strconv.Atoi(size)
			err = cmp.Or(err, err1, err2)
			e.into.Set(reflect.ValueOf(v))
		case Size:
			n, err1 := strconv.ParseUint(text, 10, 32)
			err = cmp.Or(err, err1)
			e.into.SetUint(n)
		case Constant:
			n, err1 := strconv.ParseInt(strings.TrimPrefix(text, "="), 10, 64)
			err = cmp.Or(err, err1)
			e.into.Set(reflect.ValueOf(Constant{n, true}))
		}
	})
	return t, err
}

// Variable is what is recorded of a variable of the runtime in one build.
type Variable struct {
	Name     string
	Size     uint64
	Operands []Place
}

// Place is an operand with the prints that its function has in builds of programs.
type Place struct {
	Operand
	Prints []string
}

// Print returns how the print of a function's code is written.
func Print(p uint64) string { return fmt.Sprintf("%08x", uint32(p)) }

// Variables returns what is recorded of the runtime's variables in a build, by name.
func (r *Recorded) Variables(build string) ([]Variable, error) {
	builds := r.alike(build)
	operands := map[string][]Place{}
	for f, values := range r.facts {
		if f.Kind != operandFact {
			continue
		}
		var prints []string
		for _, b := range builds {
			if value, ok := values[b]; ok {
				for _, p := range strings.Split(value, "|") {
					if !slices.Contains(prints, p) {
						prints = append(prints, p)
					}
				}
			}
		}
		if prints == nil {
			continue
		}
		o, err := parseOperand(f.Operand)
		if err != nil {
			return nil, err
		}
		operands[f.Name] = append(operands[f.Name], Place{o, prints})
	}
	var out []Variable
	for _, name := range r.variables() {
		text, ok := r.facts[Fact{Kind: variableFact, Name: name}][build]
		if !ok {
			continue
		}
		size, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return nil, err
		}
		list := operands[name]
		slices.SortFunc(list, func(a, b Place) int { return cmp.Compare(a.String(), b.String()) })
		out = append(out, Variable{name, size, list})
	}
	return out, nil
}

// alike returns the patches of a build's minor version, with its experiments, that have its
// layout, the build first: a patch between them that is not recorded has functions of one
// and functions of another.
func (r *Recorded) alike(build string) []string {
	list := []string{build}
	patch, experiments, _, _ := numbers(build)
	for _, b := range r.Builds {
		if p, e, _, _ := numbers(b); b != build && p[0] == patch[0] && e == experiments && r.same(b, build) {
			list = append(list, b)
		}
	}
	return list
}

// variables returns the names of all variables, in order.
func (r *Recorded) variables() (names []string) {
	for f := range r.facts {
		if f.Kind == variableFact {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	return names
}

// Nearest returns the build whose facts hold for a version: the version itself, or one of
// the patches around it. Sure says that they do: it is the version itself, or those
// before and behind it have the same layout. It fails where there is no build of that minor
// version with these experiments.
func (r *Recorded) Nearest(version string) (build string, sure, ok bool) {
	if slices.Contains(r.Builds, version) {
		return version, true, true
	}
	patch, experiments, plain, good := numbers(version)
	if !good {
		return "", false, false
	}
	var before, behind, itself string
	for _, b := range r.Builds {
		p, e, _, _ := numbers(b)
		switch {
		case e != experiments || p[0] != patch[0]:
		case p[1] <= patch[1]:
			before = b
			if p[1] == patch[1] {
				itself = b
			}
		case behind == "":
			behind = b
		}
	}
	build = cmp.Or(before, behind)
	return build, plain && (itself != "" || before != "" && behind != "" && r.same(before, behind)), build != ""
}

// same reports whether two builds have the same layout.
func (r *Recorded) same(a, b string) bool {
	for f, values := range r.facts {
		if f.Kind != operandFact && values[a] != values[b] {
			return false
		}
	}
	return true
}

// SplitVersion returns what runtime.Version says of the release, such as "go1.25.3", and
// of the experiments that it was built with, such as "greenteagc", "" for none: they stand
// behind " X:", or "-X:" since Go 1.26.
func SplitVersion(version string) (release, experiments string) {
	i := strings.Index(version, "X:")
	if i < 1 || version[i-1] != ' ' && version[i-1] != '-' {
		return version, ""
	}
	experiments = version[i+len("X:"):]
	if end := strings.IndexAny(experiments, " )"); end >= 0 {
		return version[:i-1] + experiments[end:], experiments[:end]
	}
	return version[:i-1], experiments
}

// numbers returns the minor version and the patch of a version such as "go1.25.3
// X:greenteagc", its experiments, and whether that is all that it says: vendors add words
// of their own, and what comes before a release has rc1.
func numbers(version string) (n [2]int, experiments string, plain, ok bool) {
	release, experiments := SplitVersion(version)
	rest, ok := strings.CutPrefix(release, "go1.")
	number := func() (v int, ok bool) {
		end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		if end < 0 {
			end = len(rest)
		}
		v, err := strconv.Atoi(rest[:end])
		rest = rest[end:]
		return v, err == nil
	}
	if !ok {
		return n, "", false, false
	}
	if n[0], ok = number(); !ok {
		return n, "", false, false
	}
	if after, more := strings.CutPrefix(rest, "."); more {
		rest = after
		n[1], ok = number()
	}
	return n, experiments, rest == "", ok
}

// Add sets all facts of a build, in place of those that there were of it.
func (r *Recorded) Add(build string, facts map[Fact]string) {
	if !slices.Contains(r.Builds, build) {
		r.Builds = append(r.Builds, build)
		slices.SortFunc(r.Builds, func(a, b string) int {
			p, e, _, _ := numbers(a)
			q, f, _, _ := numbers(b)
			return cmp.Or(cmp.Compare(p[0], q[0]), cmp.Compare(e, f), cmp.Compare(p[1], q[1]))
		})
	}
	for f, values := range r.facts {
		delete(values, build)
		if len(values) == 0 {
			delete(r.facts, f)
		}
	}
	for f, value := range facts {
		r.set(f, build, value)
	}
}

// Of returns the facts of a build.
func (r *Recorded) Of(build string) map[Fact]string {
	out := map[Fact]string{}
	for f, values := range r.facts {
		if v, ok := values[build]; ok {
			out[f] = v
		}
	}
	return out
}

// OperandFact is the fact that a variable is named by an operand.
func OperandFact(variable string, o Operand) Fact {
	return Fact{operandFact, variable, o.String()}
}

// Choose leaves of the operands of each variable as many as each build needs, so that a
// program of which some functions are compiled in another way still has enough: those that
// most builds share.
func (r *Recorded) Choose(enough int) {
	operands := map[string][]Fact{}
	for f := range r.facts {
		if f.Kind == operandFact {
			operands[f.Name] = append(operands[f.Name], f)
		}
	}
	relied := map[string]bool{}
	for _, v := range Variables() {
		relied[v.Name] = true
	}
	for name, all := range operands {
		enough := enough
		if !relied[name] {
			enough = min(enough, 4) // only what it is called depends on them
		}
		slices.SortFunc(all, func(a, b Fact) int {
			return cmp.Or(cmp.Compare(len(a.Operand), len(b.Operand)), cmp.Compare(a.Operand, b.Operand))
		})
		has, kept, functions := map[string]int{}, map[Fact]bool{}, map[[2]string]bool{}
		for {
			best, most := Fact{}, 0
			for _, f := range all {
				n, o := 0, f.function()
				for build := range r.facts[f] {
					if has[build] < enough && !functions[[2]string{o, build}] {
						n++
					}
				}
				if !kept[f] && n > most {
					best, most = f, n
				}
			}
			if most == 0 {
				break
			}
			kept[best] = true
			for build := range r.facts[best] {
				if key := [2]string{best.function(), build}; !functions[key] {
					functions[key] = true
					has[build]++
				}
			}
		}
		for _, f := range all {
			if !kept[f] {
				delete(r.facts, f)
			}
		}
	}
}

func (f Fact) function() string {
	name, _, _ := cutLast(f.Operand, "#")
	return name
}
