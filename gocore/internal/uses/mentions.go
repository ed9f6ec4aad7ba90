package uses

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"goheap/gocore/internal/code"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/program"
	"goheap/gocore/use"
)

// naming is who names a word, and by which place.
type naming struct {
	functions []string // see use.Use
	// at is what they name. It is the word itself, or else the nearest thing in front of
	// it in its section that any code or word of the data names: nothing tells how long a
	// variable is.
	at uint64
	// by is the word of the data that leads to at, which is what they name then. 0 is for
	// none.
	by uint64
}

// Mentions is what the code and the data of a program name of its data. It is read when the
// first word is asked for.
type Mentions struct {
	d        *program.Program
	mu       sync.Mutex
	read     bool
	mentions []code.Mention // by address, then as the code has them
	pointers []pointer      // by what they lead to
}

// pointer is a word of the data that leads to another place in it.
type pointer struct{ to, at uint64 }

// NewMentions returns those of a program.
func NewMentions(d *program.Program) *Mentions { return &Mentions{d: d} }

// UsedBy says what uses a root; nothing unless that is a word of the data without a name.
func (x *Mentions) UsedBy(r *image.Root) use.Use {
	s, ok := program.SectionOf(x.d, r.Addr)
	if !ok || r.Kind != image.GlobalRoot || r.Name != s.NameOf(r.Addr) {
		return use.Use{}
	}
	by := x.of(r.Addr)
	if len(by.functions) == 0 {
		return use.Use{}
	}
	return use.Use{Words: by.words(x.d, r.Addr), First: s.NameOf(by.at), Literal: by.by != 0, Functions: by.functions}
}

// of returns who names the word at addr, in a data section.
func (x *Mentions) of(addr uint64) naming {
	if len(x.d.Modules) == 0 || x.d.Modules[0].Table == nil {
		return naming{}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.read {
		x.mentions, x.pointers = mentions(x.d), dataPointers(x.d)
		x.read = true
	}
	left := maxLeads
	return x.useOf(addr, &left)
}

// maxLiteral is how far into a literal, to whose start something leads, a word may be: most
// are structs, and the farther the more likely it is that it is something else's.
const maxLiteral = 512

// maxLeads is how many words of the data are asked for one that lead to it, or to one
// another.
const maxLeads = 64

func (x *Mentions) useOf(addr uint64, left *int) naming {
	section, ok := program.SectionOf(x.d, addr)
	if !ok || *left == 0 {
		return naming{}
	}
	*left--
	pointers := x.pointers
	i, _ := slices.BinarySearchFunc(pointers, addr+1, func(p pointer, a uint64) int { return cmp.Compare(p.to, a) })
	target := section.Start
	if i--; i >= 0 {
		target = max(target, pointers[i].to)
	}
	if i >= 0 && addr-target > maxLiteral {
		i = -1
	}
	at, functions := x.nearest(addr, target)
	found := naming{functions: functions, at: at}
	if len(functions) > 0 && !initial(functions[0]) {
		return found
	}
	// What only the initialisation of a package names is part of a literal, if nothing else
	// stands between it and a place to which something leads.
	for next := at; next > target && len(functions) > 0; {
		if next, functions = x.nearest(next-1, target); len(functions) > 0 && !initial(functions[0]) {
			return found
		}
	}
	for ; i >= 0 && pointers[i].to == target && *left > 0; i-- {
		by := x.useOf(pointers[i].at, left)
		if len(by.functions) > 0 && (!initial(by.functions[0]) || len(found.functions) == 0) {
			found = naming{functions: by.functions, at: target, by: pointers[i].at}
		}
		if len(found.functions) > 0 && !initial(found.functions[0]) {
			break
		}
	}
	return found
}

// initial reports whether a function is part of the initialisation of a package.
func initial(function string) bool {
	return strings.HasSuffix(function, ".init") || strings.Contains(function, ".init.")
}

// nearest returns the nearest address from addr down to least that code names, and the
// functions that do.
func (x *Mentions) nearest(addr, least uint64) (at uint64, functions []string) {
	list := x.mentions
	end, _ := slices.BinarySearchFunc(list, addr+1, func(m code.Mention, a uint64) int { return cmp.Compare(m.Addr, a) })
	for end > 0 && list[end-1].Addr >= least {
		at := list[end-1].Addr
		first := end - 1
		for first > 0 && list[first-1].Addr == at {
			first--
		}
		if functions := functionsOf(x.d, list[first:end]); len(functions) > 0 {
			return at, functions
		}
		end = first
	}
	return 0, nil
}

// functionsOf returns the functions that mentions of one address are in.
func functionsOf(d *program.Program, list []code.Mention) []string {
	count := map[string]int{}
	for _, m := range list {
		fn, ok := d.Modules[0].Table.Find(m.At)
		if !ok {
			continue
		}
		start := fn.LineStart(m.At)
		text, ok := d.Image.Mem.Slice(start, min(fn.End, m.At+maxInstruction)-start)
		if ok && code.Confirm(d.Image.Arch.Name, start, text, m) {
			count[fn.Inlined(m.At)[0].Name]++
		}
	}
	functions := make([]string, 0, len(count))
	for name := range count {
		functions = append(functions, name)
	}
	last := func(name string) int {
		if initial(name) {
			return 1
		}
		return 0
	}
	slices.SortFunc(functions, func(a, b string) int {
		return cmp.Or(cmp.Compare(last(a), last(b)), cmp.Compare(count[b], count[a]), strings.Compare(a, b))
	})
	return functions
}

// maxData is more data than any program has.
const maxData = 1 << 30

// maxInstruction is the length of the longest instruction.
const maxInstruction = 16

// mentions returns what the code of the program names of its data with pointers.
func mentions(d *program.Program) (list []code.Mention) {
	m := &d.Modules[0]
	if len(d.Sections) == 0 || m.EBSS-m.Data > maxData {
		return nil
	}
	for at := m.Text; at < m.Etext; {
		start, text := d.Image.Mem.Segment(at)
		if text == nil {
			at = (at + program.MinPage) &^ (program.MinPage - 1)
			continue
		}
		text = text[at-start:]
		text = text[:min(uint64(len(text)), m.Etext-at)]
		list = append(list, code.Mentions(d.Image.Arch.Name, at, text, m.Data, m.EBSS)...)
		at += uint64(len(text))
	}
	slices.SortFunc(list, func(a, b code.Mention) int { return cmp.Or(cmp.Compare(a.Addr, b.Addr), cmp.Compare(a.At, b.At)) })
	return list
}

// dataPointers returns the words of the data that lead into the data.
func dataPointers(d *program.Program) (list []pointer) {
	for _, s := range d.Sections {
		s.EachPointer(&d.Image.Arch, func(at, to uint64) {
			if _, ok := program.SectionOf(d, to); ok {
				list = append(list, pointer{to, at})
			}
		})
	}
	slices.SortFunc(list, func(a, b pointer) int { return cmp.Or(cmp.Compare(a.to, b.to), cmp.Compare(a.at, b.at)) })
	return list
}

// words says of a word what uses it, for lists; "" where that is not known.
func (u naming) words(d *program.Program, addr uint64) string {
	if len(u.functions) == 0 {
		return ""
	}
	by := "used by " + u.functions[0]
	switch more := len(u.functions) - 1; more {
	case 0:
	case 1:
		by += " and " + u.functions[1]
	default:
		by += fmt.Sprintf(" and %d more", more)
		pkg := program.PackageOf(u.functions[0])
		if !slices.ContainsFunc(u.functions, func(f string) bool { return program.PackageOf(f) != pkg }) {
			by += " of " + pkg
		}
	}
	name := func(at uint64) string {
		s, _ := program.SectionOf(d, at)
		return s.NameOf(at)
	}
	switch {
	case u.by != 0 && u.at == addr:
		return "where " + name(u.by) + " leads, " + by
	case u.by != 0:
		return "behind where " + name(u.by) + " leads, " + by
	case u.at != addr:
		return "behind " + name(u.at) + ", " + by
	}
	return by
}
