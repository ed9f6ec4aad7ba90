package gocore

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"goheap/gocore/internal/symbols"
	"goheap/gocore/internal/types"
	"goheap/heap"
)

// ErrNotFound is wrapped by the errors of Lookup.
var ErrNotFound = errors.New("not found")

// Lookup finds what a person names: an address ("0xc000012345"), a goroutine
// ("g:17"), or a Go expression that starts at a global variable
// ("main.cache.byID[3]", "main.srv.store.(*main.memory).blocks"). An expression
// whose value is a pointer, slice, string or interface stands for the object that
// it leads to; one that ends inside a variable, for the variable.
func (p *Process) Lookup(target string) (heap.Node, error) {
	switch {
	case strings.HasPrefix(target, "0x"):
		addr, err := strconv.ParseUint(target[2:], 16, 64)
		if err != nil {
			return heap.None, fmt.Errorf("%w: %q is no hexadecimal address", ErrNotFound, target)
		}
		if n, ok := p.NodeAt(addr); ok {
			return n, nil
		}
		for i := range p.im.roots {
			if r := &p.im.roots[i]; r.kind == globalRoot && addr >= r.addr && addr < r.addr+max(r.size, 1) {
				return heap.Node(1 + i), nil
			}
		}
		return heap.None, fmt.Errorf("%w: %#x is neither in a slot of the heap nor in a global variable that holds one", ErrNotFound, addr)
	case strings.HasPrefix(target, "g:"):
		id, err := strconv.ParseUint(target[2:], 10, 64)
		if err != nil {
			return heap.None, fmt.Errorf("%w: %q: a goroutine is given as g:17", ErrNotFound, target)
		}
		for _, g := range p.im.goroutines {
			if g.id == id {
				return heap.Node(1 + g.root), nil
			}
		}
		return heap.None, fmt.Errorf("%w: there is no goroutine %d with a stack; see `goheap goroutines`", ErrNotFound, id)
	}
	p.typed()
	t, addr, err := p.evaluate(target)
	if err != nil {
		return heap.None, err
	}
	return p.holder(target, t, addr)
}

// globalPrefix cuts the longest name of a global variable off target.
func (p *Process) globalPrefix(target string) (symbols.Variable, string, bool) {
	for end := len(target); end > 0; end-- {
		if end < len(target) && target[end] != '.' && target[end] != '[' {
			continue
		}
		if v, ok := p.exe.file.Global(target[:end]); ok {
			return v, target[end:], true
		}
	}
	return symbols.Variable{}, "", false
}

// evaluate returns the type and address of the value that an expression names.
func (p *Process) evaluate(target string) (t types.ID, addr uint64, err error) {
	if strings.HasPrefix(target, "(*") {
		end := matching(target)
		if end < 0 {
			return 0, 0, fmt.Errorf("%w: %s: the parenthesis is not closed", ErrNotFound, target)
		}
		inner := target[2:end]
		if t, addr, err = p.evaluate(inner); err != nil {
			return 0, 0, err
		}
		typ := p.types.Type(t)
		to, ok := p.im.mem.Word(addr)
		if typ.Kind != types.Pointer || !ok || to == 0 {
			return 0, 0, fmt.Errorf("%w: %s of type %s is no pointer to anything", ErrNotFound, inner, typ.Name)
		}
		return p.selectors(target, typ.Elem, to, target[end+1:])
	}
	v, rest, ok := p.globalPrefix(target)
	if !ok {
		return 0, 0, fmt.Errorf("%w: %q starts with no global variable of the program; write it with its package, as in main.cache, and see `goheap roots`", ErrNotFound, target)
	}
	return p.selectors(target, v.Type, v.Addr+p.exe.bias, rest)
}

// selectors follows rest, the end of target, from a value.
func (p *Process) selectors(target string, t types.ID, addr uint64, rest string) (types.ID, uint64, error) {
	fail := func(format string, args ...any) (types.ID, uint64, error) {
		at := target[:len(target)-len(rest)]
		return 0, 0, fmt.Errorf("%w: %s: %s", ErrNotFound, at, fmt.Sprintf(format, args...))
	}
	m, w := p.im.mem, uint64(p.im.arch.PtrSize)
	for rest != "" {
		typ := p.types.Type(t)
		// Go follows a pointer before a selector or an index by itself.
		if typ.Kind == types.Pointer && !strings.HasPrefix(rest, ".(") {
			to, ok := m.Word(addr)
			if !ok || to == 0 {
				return fail("it is a nil pointer")
			}
			t, addr = typ.Elem, to
			typ = p.types.Type(t)
		}
		switch {
		case strings.HasPrefix(rest, ".("):
			end := matching(rest[1:])
			if typ.Kind != types.Interface || end < 0 {
				return fail("%s is no interface, or the parenthesis is not closed", typ.Name)
			}
			value, _ := m.Word(addr + w)
			dyn, _ := p.dynamicView(typ, addr, value)
			if got, want := p.types.Type(dyn).Name, rest[2:1+end]; got != want {
				return fail("it holds a %s, not a %s", got, want)
			}
			rest = rest[1+end+1:]
			t = dyn
			if words := p.types.Words(dyn); p.types.Type(dyn).Size == w && len(words) == 1 && words[0].Kind != types.SliceWord && words[0].Kind != types.StringWord {
				addr += w // the value stands in the interface itself
			} else {
				addr = value
			}
		case rest[0] == '.':
			name := rest[1:]
			if end := strings.IndexAny(name, ".["); end >= 0 {
				name = name[:end]
			}
			f, ok := field(typ, name)
			if !ok {
				return fail("%s has no field %q", typ.Name, name)
			}
			t, addr, rest = f.Type, addr+f.Offset, rest[1+len(name):]
		case rest[0] == '[':
			end := closing(rest)
			if end < 0 {
				return fail("the bracket is not closed")
			}
			if typ.Kind == types.Map {
				header, _ := m.Word(addr)
				found := false
				p.eachEntry(t, header, func(e mapEntry) bool {
					if found = p.keyText(e) == rest[1:end]; found {
						t, addr = e.elemType, e.elem
					}
					return !found
				})
				if !found {
					return fail("it has no key %s", rest[1:end])
				}
				rest = rest[end+1:]
				continue
			}
			i, err := strconv.ParseUint(rest[1:end], 10, 64)
			if err != nil {
				return fail("%q is no index", rest[1:end])
			}
			n := typ.Len
			switch typ.Kind {
			case types.Slice:
				data, _ := m.Word(addr)
				n, _ = m.Word(addr + w)
				addr = data
			case types.Array:
			default:
				return fail("%s cannot be indexed here", typ.Name)
			}
			if i >= n {
				return fail("index %d is out of range: it has %d elements", i, n)
			}
			t, addr, rest = typ.Elem, addr+i*p.types.Type(typ.Elem).Size, rest[end+1:]
		default:
			return fail("%q is not understood", rest)
		}
	}
	return t, addr, nil
}

// holder returns the node that a value at addr stands for.
func (p *Process) holder(target string, t types.ID, addr uint64) (heap.Node, error) {
	typ := p.types.Type(t)
	at := addr
	switch typ.Kind {
	case types.Pointer, types.Slice, types.String, types.Map, types.Chan, types.Func, types.UnsafePointer:
		at, _ = p.im.mem.Word(addr)
	case types.Interface:
		at, _ = p.im.mem.Word(addr + uint64(p.im.arch.PtrSize))
	}
	// A whole variable stands for itself: it is the root of what it holds.
	for i := range p.im.roots {
		if r := &p.im.roots[i]; r.kind == globalRoot && r.addr == addr && r.size == typ.Size {
			return heap.Node(1 + i), nil
		}
	}
	if n, ok := p.NodeAt(at); ok {
		return n, nil
	}
	for i := range p.im.roots {
		if r := &p.im.roots[i]; r.kind == globalRoot && addr >= r.addr && addr < r.addr+r.size {
			return heap.Node(1 + i), nil
		}
	}
	return heap.None, fmt.Errorf("%w: %s leads to nothing on the heap (%s at %#x)", ErrNotFound, target, typ.Name, addr)
}

// field finds a field by name.
func field(typ *types.Type, name string) (types.Field, bool) {
	for _, f := range typ.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return types.Field{}, false
}

// closing returns the index of the bracket that closes the one at s[0], brackets
// in a quoted string apart; -1 for none.
func closing(s string) int {
	quoted := false
	for i := 1; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ']' && !quoted:
			return i
		}
	}
	return -1
}

// matching returns the index of the parenthesis that closes the one at s[0], or
// -1.
func matching(s string) int {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}
