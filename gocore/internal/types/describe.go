package types

import (
	"slices"
	"strconv"
	"strings"
)

// Naming a type by its structure visits at most maxNameSteps descriptors,
// nested at most maxNameDepth deep: descriptors from a damaged file may form
// loops.
const (
	maxNameSteps = 4096
	maxNameDepth = 64
)

// namer writes the name of a type from its descriptors. A descriptor's own
// string has package names instead of paths, so that only named types take
// their last part from it.
type namer struct {
	t      *Table
	budget int
	pkg    string   // of the outermost type, if it has a name
	within []uint64 // the descriptors of types without a name that are being written
}

// recursion stands in the name of a type without one for the type itself, where it is a
// part of what it points to: interpreters patch what package reflect has made.
const recursion = "…"

// name returns the name of the type described at addr. Long names use up the
// budget too, so that the result stays below some megabytes.
func (n *namer) name(addr uint64, depth int) string {
	s := n.describe(addr, depth)
	n.budget -= len(s) / 256
	return s
}

func (n *namer) describe(addr uint64, depth int) string {
	t := n.t
	n.budget--
	if n.budget < 0 || depth > maxNameDepth {
		return unknown.Name
	}
	if depth > 0 {
		if m := t.runtime.module(addr); m >= 0 {
			if id := t.inDWARF(m, addr); id != 0 {
				return t.Type(id).Name
			}
		}
	}
	h, ok := t.readHeader(addr)
	if !ok {
		return unknown.Name
	}
	str, haveStr := t.nameAt(addr, h.str)
	if h.tflag&tflagExtraStar != 0 {
		str = strings.TrimPrefix(str, "*")
	}
	if h.tflag&tflagNamed != 0 || h.kind <= Complex128 || h.kind == String || h.kind == UnsafePointer {
		if !haveStr {
			return unknown.Name
		}
		return cleanName(n.named(addr, h, str, depth))
	}
	if bucket := strings.TrimPrefix(str, "noalg."); haveStr && h.kind == Struct && strings.HasPrefix(bucket, bucketPrefix) {
		return n.bucketName(addr, bucket, depth)
	}
	if haveStr && (strings.HasPrefix(str, "noalg.") || strings.HasPrefix(str, "map.")) {
		return cleanName(str) // the compiler's own: groups and buckets of maps
	}
	if slices.Contains(n.within, addr) {
		return recursion
	}
	n.within = append(n.within, addr)
	defer func() { n.within = n.within[:len(n.within)-1] }()
	return n.composite(addr, h, depth)
}

// named puts the path of the package in place of its name.
func (n *namer) named(addr uint64, h header, str string, depth int) string {
	t := n.t
	if h.tflag&tflagUncommon == 0 {
		return str
	}
	tail := t.tail(h.kind)
	if tail == 0 {
		return str
	}
	b, ok := t.read(addr, tail, 4)
	if !ok {
		return str
	}
	pkg, ok := t.nameAt(addr, int32(t.Arch.Order().Uint32(b)))
	if !ok || pkg == "" {
		return str
	}
	if pkg == "go.shape" {
		return str
	}
	if depth == 0 {
		n.pkg = pkg
	}
	head := str
	if i := strings.IndexByte(head, '['); i >= 0 {
		head = head[:i]
	}
	if i := strings.IndexByte(head, '.'); i >= 0 {
		return pkg + str[i:]
	}
	return str
}

func (n *namer) composite(addr uint64, h header, depth int) string {
	t := n.t
	word := uint64(t.Arch.PtrSize)
	at := t.headerSize()
	part := func(off uint64) string {
		p, ok := t.word(addr, off)
		if !ok {
			return unknown.Name
		}
		return n.name(p, depth+1)
	}
	switch h.kind {
	case Pointer:
		return "*" + part(at)
	case Slice:
		return "[]" + part(at)
	case Array:
		count, _ := t.word(addr, at+2*word)
		return "[" + strconv.FormatUint(count, 10) + "]" + part(at)
	case Map:
		return "map[" + part(at) + "]" + part(at+word)
	case Chan:
		elem := part(at)
		dir, _ := t.word(addr, at+word)
		switch {
		case dir == 1:
			return "<-chan " + elem
		case dir == 2:
			return "chan<- " + elem
		case strings.HasPrefix(elem, "<-"):
			return "chan (" + elem + ")"
		}
		return "chan " + elem
	case Func:
		return "func" + n.signature(addr, h, depth)
	case Interface:
		return n.interfaceName(addr, depth)
	case Struct:
		return n.structName(addr, depth)
	}
	return unknown.Name
}

// signature writes the parameters and results of a func type.
func (n *namer) signature(addr uint64, h header, depth int) string {
	t := n.t
	word := uint64(t.Arch.PtrSize)
	b, ok := t.read(addr, t.headerSize(), 4)
	if !ok {
		return "(" + unknown.Name + ")"
	}
	in, out := uint64(t.Arch.Order().Uint16(b)), uint64(t.Arch.Order().Uint16(b[2:]))
	dots := out&variadic != 0
	out &^= variadic
	at := t.tail(Func)
	if h.tflag&tflagUncommon != 0 {
		at += uncommonSize
	}
	var s strings.Builder
	list := func(first, count uint64, dots bool) {
		for i := range count {
			if n.budget < 0 {
				return
			}
			if i > 0 {
				s.WriteString(", ")
			}
			p, _ := t.word(addr, at+(first+i)*word)
			name := n.name(p, depth+1)
			if dots && i == count-1 {
				name = "..." + strings.TrimPrefix(name, "[]")
			}
			s.WriteString(name)
		}
	}
	s.WriteString("(")
	list(0, in, dots)
	s.WriteString(")")
	switch {
	case out == 1:
		s.WriteString(" ")
		list(in, 1, false)
	case out > 1:
		s.WriteString(" (")
		list(in, out, false)
		s.WriteString(")")
	}
	return s.String()
}

func (n *namer) interfaceName(addr uint64, depth int) string {
	t := n.t
	word := uint64(t.Arch.PtrSize)
	at := t.headerSize()
	base, ok1 := t.word(addr, at+word)
	count, ok2 := t.word(addr, at+2*word)
	if !ok1 || !ok2 || count > maxFields {
		return "interface { " + unknown.Name + " }"
	}
	if count == 0 {
		return "interface {}"
	}
	b, ok := t.read(base, 0, count*8)
	if !ok {
		return "interface { " + unknown.Name + " }"
	}
	order := t.Arch.Order()
	var s strings.Builder
	s.WriteString("interface {")
	for i := range count {
		if n.budget < 0 {
			break
		}
		if i > 0 {
			s.WriteString(";")
		}
		name, ok := t.nameAt(addr, int32(order.Uint32(b[i*8:])))
		if !ok {
			name = unknown.Name
		}
		s.WriteString(" " + name)
		sig := n.name(t.typeAt(addr, int32(order.Uint32(b[i*8+4:]))), depth+1)
		s.WriteString(strings.TrimPrefix(sig, "func"))
	}
	s.WriteString(" }")
	return s.String()
}

func (n *namer) structName(addr uint64, depth int) string {
	t := n.t
	fields := t.rawFields(addr)
	if len(fields) == 0 {
		return "struct {}"
	}
	var s strings.Builder
	s.WriteString("struct {")
	for i, f := range fields {
		if n.budget < 0 {
			break
		}
		if i > 0 {
			s.WriteString(";")
		}
		s.WriteString(" ")
		if !f.embedded {
			name, _ := t.readName(f.name)
			s.WriteString(name + " ")
		}
		s.WriteString(n.name(f.typ, depth+1))
		if tag := t.readTag(f.name); tag != "" {
			s.WriteString(" " + strconv.Quote(tag))
		}
	}
	s.WriteString(" }")
	return s.String()
}

// readTag returns the tag behind a field's name, "" if there is none.
func (t *Table) readTag(name uint64) string {
	const hasTag = 1 << 1
	flags, ok := t.read(name, 0, 1)
	if !ok || flags[0]&hasTag == 0 {
		return ""
	}
	s, ok := t.readName(name)
	if !ok {
		return ""
	}
	size := uint64(2)
	if len(s) >= 1<<7 {
		size = 3
	}
	if len(s) >= 1<<14 {
		size = 4
	}
	// The tag has a length and bytes like a name, but no flags: start one
	// byte early.
	tag, _ := t.readName(name + size + uint64(len(s)) - 1)
	return tag
}
