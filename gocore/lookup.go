package gocore

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"goheap/dump"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/symbols"
	"goheap/gocore/internal/types"
	"goheap/heap"
)

// ErrNotFound is wrapped by the errors of Lookup.
var ErrNotFound = errors.New("not found")

// Lookup finds what a person names: an address ("0xc000012345"), a goroutine
// ("g:17"), or a Go expression that starts at a global variable
// ("main.cache.byID[3]", "main.srv.store.(*main.memory).blocks", and all that Path
// prints of one: `(<-main.queue[0]).name`). An expression
// whose value is a pointer, slice, string or interface stands for the object that
// it leads to; one that ends inside a variable, for the variable.
func (p *naming) Lookup(target string) (n heap.Node, err error) {
	n = heap.None
	err = dump.GuardFaults(func() (err error) {
		n, err = p.lookup(target)
		return err
	})
	return n, err
}

func (p *naming) lookup(target string) (heap.Node, error) {
	switch {
	case strings.HasPrefix(target, "0x"):
		addr, err := strconv.ParseUint(target[2:], 16, 64)
		if err != nil {
			return heap.None, fmt.Errorf("%w: %q is no hexadecimal address", ErrNotFound, target)
		}
		if n, ok := p.NodeAt(addr); ok {
			return n, nil
		}
		for i := range p.im.Roots {
			if r := &p.im.Roots[i]; r.Kind == image.GlobalRoot && addr >= r.Addr && addr < r.Addr+max(r.Size, 1) {
				return heap.Node(1 + i), nil
			}
		}
		return heap.None, fmt.Errorf("%w: %#x is neither in a slot of the heap nor in a global variable that holds one", ErrNotFound, addr)
	case strings.HasPrefix(target, "g:"):
		id, err := strconv.ParseUint(target[2:], 10, 64)
		if err != nil {
			return heap.None, fmt.Errorf("%w: %q: a goroutine is given as g:17", ErrNotFound, target)
		}
		for _, g := range p.im.Goroutines {
			if g.ID == id {
				return heap.Node(1 + g.Root), nil
			}
		}
		return heap.None, fmt.Errorf("%w: there is no goroutine %d with a stack; see `goheap goroutines`", ErrNotFound, id)
	}
	e := evaluation{p: p, target: target}
	o, err := e.value(target)
	if err != nil {
		return heap.None, err
	}
	return p.holder(target, o)
}

// globalPrefix cuts the longest name of a global variable off target.
func (p *naming) globalPrefix(target string) (symbols.Variable, string, bool) {
	for end := min(len(target), maxName); end > 0; end-- {
		if end < len(target) && target[end] != '.' && target[end] != '[' && target[end] != ' ' && target[end] != '(' {
			continue
		}
		if v, ok := p.exe.Global(target[:end]); ok {
			return v, target[end:], true
		}
	}
	return symbols.Variable{}, "", false
}

// rootPrefix cuts the name of a part of the data that is no variable off target:
// "data at 0x5e80c8".
func (p *naming) rootPrefix(target string) (*image.Root, string) {
	for i := range p.im.Roots {
		r := &p.im.Roots[i]
		if rest, ok := strings.CutPrefix(target, r.Name); ok && r.Kind == image.GlobalRoot && r.Name != "" && (rest == "" || strings.ContainsRune(".[ (", rune(rest[0]))) {
			return r, rest
		}
	}
	return nil, ""
}

// operand is the value that a part of an expression stands for.
type operand struct {
	view
	// Of an unsafe.Pointer, the struct that declares it, and where in it.
	outer    types.ID
	outerOff uint64
}

func valueAt(t types.ID, addr uint64) operand { return operand{view: view{t: t, addr: addr, n: 1}} }

// evaluation follows one expression.
type evaluation struct {
	p      *naming
	target string // the whole
	depth  int    // of operators and parentheses that are being evaluated
	// repeating says that what stands in the parentheses of a repetition is being
	// followed.
	repeating bool
}

// fail says what is wrong with the expression, of which rest was not understood.
func (e *evaluation) fail(rest, format string, args ...any) error {
	at := e.target
	if i := strings.LastIndex(at, rest); i > 0 && rest != "" {
		at = at[:i]
	}
	return fmt.Errorf("%w: %s: %s", ErrNotFound, onOneLine(at), fmt.Sprintf(format, args...))
}

// onOneLine returns what a person wrote, quoted if it cannot be shown as it is.
func onOneLine(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// maxOperators bounds how deep operators and parentheses may nest.
const maxOperators = 1000

// value evaluates an expression: dereferences and receives in front, then a
// global variable or an expression in parentheses, then what is selected of it.
func (e *evaluation) value(s string) (operand, error) {
	if e.depth++; e.depth > maxOperators {
		return operand{}, fmt.Errorf("%w: the expression nests deeper than %d", ErrNotFound, maxOperators)
	}
	defer func() { e.depth-- }()
	switch {
	case strings.HasPrefix(s, "*"):
		o, err := e.value(s[1:])
		if err != nil {
			return o, err
		}
		if kind := e.p.types.Type(o.t).Kind; kind == types.UnsafePointer || kind == types.Pointer {
			if to, ok := e.load(o); ok {
				return to, nil
			}
		}
		return o, e.fail("", "%s of type %s is no pointer to anything", onOneLine(s[1:]), e.p.types.Type(o.t).Name)
	case strings.HasPrefix(s, "<-"):
		open := lastBracket(s)
		if open < 0 {
			return operand{}, e.fail("", "an element of a channel is given with its place in the queue, as in <-main.queue[0]")
		}
		o, err := e.value(s[2:open])
		if err != nil {
			return o, err
		}
		return e.receive(o, s[open+1:len(s)-1])
	case strings.HasPrefix(s, "("):
		end := matching(s)
		if end < 0 {
			return operand{}, e.fail("", "the parenthesis is not closed")
		}
		o, err := e.value(s[1:end])
		if err != nil {
			return o, err
		}
		return e.follow(o, s[end+1:])
	}
	v, rest, ok := e.p.globalPrefix(s)
	if !ok {
		if r, rest := e.p.rootPrefix(s); r != nil {
			return e.follow(operand{view: rootView(r)}, rest)
		}
		return operand{}, fmt.Errorf("%w: %q starts with no global variable of the program; write it with its package, as in main.cache, and see `goheap roots`", ErrNotFound, s)
	}
	return e.follow(valueAt(v.Type, v.Addr+e.p.exe.Bias), rest)
}

// load returns what a value leads to.
func (e *evaluation) load(o operand) (operand, bool) {
	p := e.p
	typ := p.types.Type(o.t)
	to, ok := p.im.Mem.Word(o.addr)
	if !ok || to == 0 || o.inside.Stage != 0 || o.elements {
		return operand{}, false
	}
	switch typ.Kind {
	case types.Pointer:
		if strings.HasPrefix(typ.Name, "go.shape.") {
			return e.object(to)
		}
		return valueAt(typ.Elem, to), true
	case types.UnsafePointer:
		n, ok := p.NodeAt(to)
		if !ok {
			return operand{}, false
		}
		v, _ := p.hiddenView(&selected{outer: o.outer, outerOff: o.outerOff}, o.addr, to, n)
		if v.t == 0 && v.inside.Stage == 0 {
			return e.object(to)
		}
		return operand{view: v}, true
	case types.Func:
		return e.object(to)
	case types.Slice:
		n, _ := p.im.Mem.Word(o.addr + 2*uint64(p.im.Arch.PtrSize))
		return operand{view: view{t: typ.Elem, addr: to, n: n, elements: true}}, true
	}
	return operand{}, false
}

// object is what stands at an address by its own type: an object, or a global
// variable or a part of the data that has no name.
func (e *evaluation) object(addr uint64) (operand, bool) {
	p := e.p
	n, ok := p.NodeAt(addr)
	if !ok {
		if r := p.rootAt(addr); r != nil {
			return operand{view: rootView(r)}, true
		}
		return operand{}, false
	}
	o := operand{view: p.ownView(n)}
	if o.t == 0 && o.inside.Stage == 0 {
		o.addr = addr // untyped: its words can be followed by their offsets
	}
	return o, true
}

// rootAt returns the global variable, or other data, that covers addr.
func (p *naming) rootAt(addr uint64) *image.Root {
	for i := range p.im.Roots {
		if r := &p.im.Roots[i]; r.Kind == image.GlobalRoot && addr >= r.Addr && addr-r.Addr < max(r.Size, 1) {
			return r
		}
	}
	return nil
}

// header returns the address of the header of a map or channel.
func (e *evaluation) header(o operand) (t types.ID, addr uint64) {
	if o.inside.Stage == inferior.AtHeader {
		return o.inside.Type, o.addr
	}
	addr, _ = e.p.im.Mem.Word(o.addr)
	return o.t, addr
}

// receive returns an element of a channel by its place in the queue.
func (e *evaluation) receive(o operand, index string) (operand, error) {
	p := e.p
	t, addr := e.header(o)
	typ := p.types.Type(t)
	i, err := strconv.ParseUint(index, 10, 64)
	if typ.Kind != types.Chan || err != nil || addr == 0 {
		return o, e.fail("", "%s is no channel that holds anything, or %q is no place in its queue", typ.Name, index)
	}
	c, _ := p.space.Chan(nil, addr)
	at, ok := c.Place(i)
	if !ok {
		return o, e.fail("", "the queue has no place %d: it holds %d elements", i, c.Queued)
	}
	return valueAt(typ.Elem, c.Buffer+at*p.types.Type(typ.Elem).Size), nil
}

// follow follows rest, the end of an expression, from a value.
func (e *evaluation) follow(o operand, rest string) (operand, error) {
	for rest != "" {
		n := firstSelector(rest)
		if closure, variable, n, ok := e.cutCaptured(o, rest); ok {
			var err error
			if o, err = e.captured(closure, variable); err != nil {
				return o, err
			}
			rest = rest[n:]
			continue
		}
		if rest[0] == '(' {
			if n = matching(rest) + 1; n == 0 {
				return o, e.fail(rest, "the parenthesis is not closed")
			}
		}
		part := rest[:n]
		times, n, err := e.times(rest, n)
		if err != nil {
			return o, err
		}
		for range times {
			if part[0] == '(' {
				if e.repeating {
					return o, e.fail(rest, "repetitions do not nest")
				}
				e.repeating = true
				o, err = e.follow(o, part[1:len(part)-1])
				e.repeating = false
			} else {
				o, err = e.selected(o, part, rest)
			}
			if err != nil {
				return o, err
			}
		}
		rest = rest[n:]
	}
	return o, nil
}

// capturedBy stands between a function and a variable that it captured.
const capturedBy = " captured "

// times reads how often the part of n bytes at the start of rest is repeated, and
// returns the length with that.
func (e *evaluation) times(rest string, n int) (times, length int, err error) {
	number, ok := strings.CutPrefix(rest[n:], " ×")
	if !ok {
		if rest[0] == '(' {
			return 0, 0, e.fail(rest, "%q is not understood", rest)
		}
		return 1, n, nil
	}
	if e.repeating {
		return 0, 0, e.fail(rest, "repetitions do not nest")
	}
	digits := 0
	for digits < len(number) && number[digits] >= '0' && number[digits] <= '9' {
		digits++
	}
	times, err = strconv.Atoi(number[:digits])
	if err != nil || times > e.p.im.Nodes {
		return 0, 0, e.fail(rest, "%q is no number of repetitions", number[:digits])
	}
	return times, len(rest) - len(number) + digits, nil
}

// cutCaptured splits ".func1 captured x.y", where o is a closure of func1 or leads
// to one.
func (e *evaluation) cutCaptured(o operand, rest string) (closure operand, variable string, n int, ok bool) {
	if rest[0] != '.' {
		return o, "", 0, false
	}
	if e.p.types.Type(o.t).Kind == types.Func {
		if o, ok = e.load(o); !ok {
			return o, "", 0, false
		}
	}
	name, ok := closureName(e.p.types.Type(o.t).Name)
	variable, ok2 := strings.CutPrefix(rest[1:], name+capturedBy)
	if !ok || !ok2 {
		return o, "", 0, false
	}
	variable = variable[:nameLength(variable)]
	return o, variable, len(".") + len(name) + len(capturedBy) + len(variable), true
}

// nameLength returns the length of the name at the start of s.
func nameLength(s string) int {
	if end := strings.IndexAny(s, ".[ ("); end >= 0 {
		return end
	}
	return len(s)
}

// captured returns a variable that a closure captured.
func (e *evaluation) captured(o operand, variable string) (operand, error) {
	p := e.p
	f, ok := field(p.types.Type(o.t), variable)
	if !ok {
		return o, e.fail("", "no variable %q is captured", variable)
	}
	v := valueAt(f.Type, o.addr+f.Offset)
	if p.types.Type(f.Type).Kind == types.Pointer && p.capturesAddress(o.addr, f.Offset) {
		if v, ok = e.load(v); !ok {
			return v, e.fail("", "%s is a nil pointer", variable)
		}
	}
	return v, nil
}

// selected follows one selector, index or type assertion.
func (e *evaluation) selected(o operand, part, rest string) (operand, error) {
	p := e.p
	typ := p.types.Type(o.t)
	if hop, ok := strings.CutPrefix(part, " → "); ok {
		return e.arrow(o, hop, rest)
	}
	if strings.HasPrefix(part, ".(") {
		if typ.Kind != types.Interface || !strings.HasSuffix(part, ")") {
			return o, e.fail(rest, "%s is no interface, or the parenthesis is not closed", typ.Name)
		}
		dyn, at, _ := p.space.Dynamic(typ, o.addr)
		if got, want := p.types.Type(dyn).Name, part[2:len(part)-1]; got != want {
			return o, e.fail(rest, "it holds a %s, not a %s", got, onOneLine(want))
		}
		return valueAt(dyn, at), nil
	}
	// Go follows a pointer before a selector or an index by itself.
	if typ.Kind == types.Pointer || typ.Kind == types.UnsafePointer || typ.Kind == types.Func {
		to, ok := e.load(o)
		if !ok {
			return o, e.fail(rest, "%s leads to nothing", typ.Name)
		}
		o = to
	}
	switch {
	case part[0] == '.':
		return e.field(o, part[1:], rest)
	case part[0] == '[' && strings.HasSuffix(part, "]"):
		return e.index(o, part[1:len(part)-1], rest)
	case part[0] == '[':
		return o, e.fail(rest, "the bracket is not closed")
	}
	return o, e.fail(rest, "%q is not understood", rest)
}

// field selects a field, promoted ones included.
func (e *evaluation) field(o operand, name, rest string) (operand, error) {
	p := e.p
	if o.inside.Stage == inferior.AtHeader {
		o = valueAt(p.types.Type(o.inside.Type).Runtime, o.addr)
	} else if kind := p.types.Type(o.t).Kind; kind == types.Map || kind == types.Chan {
		t, addr := e.header(o)
		o = valueAt(p.types.Type(t).Runtime, addr)
	}
	typ := p.types.Type(o.t)
	path, ok := p.promoted(o.t, name)
	if !ok || o.elements {
		return o, e.fail(rest, "%s has no field %q", typ.Name, name)
	}
	for _, f := range path {
		if p.types.Type(o.t).Kind == types.Pointer {
			if o, ok = e.load(o); !ok {
				return o, e.fail(rest, "%s is promoted from a nil pointer", name)
			}
		}
		o = operand{view: view{t: f.Type, addr: o.addr + f.Offset, n: 1}, outer: o.t, outerOff: f.Offset}
	}
	return o, nil
}

// index selects an element of an array or slice, or of a map by its key.
func (e *evaluation) index(o operand, index, rest string) (operand, error) {
	p := e.p
	typ := p.types.Type(o.t)
	if p.space.IsSyncMap(o.t) {
		return e.entry(o.t, o.addr, index, rest)
	}
	if typ.Kind == types.Map || o.inside.Stage == inferior.AtHeader {
		t, addr := e.header(o)
		if typ = p.types.Type(t); typ.Kind == types.Map {
			return e.entry(t, addr, index, rest)
		}
	}
	i, err := strconv.ParseUint(index, 10, 64)
	if err != nil {
		return o, e.fail(rest, "%q is no index", index)
	}
	switch {
	case o.elements:
	case typ.Kind == types.Slice:
		var ok bool
		if o, ok = e.load(o); !ok {
			return o, e.fail(rest, "index %d is out of range: it has 0 elements", i)
		}
	case typ.Kind == types.Array:
		o = operand{view: view{t: typ.Elem, addr: o.addr, n: typ.Len, elements: true}}
	default:
		return o, e.fail(rest, "%s cannot be indexed here", typ.Name)
	}
	if i >= o.n {
		return o, e.fail(rest, "index %d is out of range: it has %d elements", i, o.n)
	}
	return valueAt(o.t, o.addr+i*p.types.Type(o.t).Size), nil
}

// entry finds an element of the container of type t at addr by its key, or the key
// itself: "key 17".
func (e *evaluation) entry(t types.ID, addr uint64, index, rest string) (operand, error) {
	p := e.p
	want, isKey := strings.CutPrefix(index, "key ")
	var o operand
	found := false
	p.space.Entries(t, addr, func(m inferior.Entry) bool {
		if p.keyText(m) != want {
			return true
		}
		found = true
		if isKey {
			o = valueAt(m.KeyType, m.Key)
		} else {
			o = valueAt(m.ElemType, m.Elem)
		}
		return false
	})
	if !found {
		return o, e.fail(rest, "it has no key %s", onOneLine(want))
	}
	if t := p.types.Type(o.t); isKey && t.Kind == types.Interface {
		if dyn, at, ok := p.space.Dynamic(t, o.addr); ok {
			o = valueAt(dyn, at)
		}
	}
	return o, nil
}

// arrow follows what has no Go expression: a word of an object by its offset, or
// what a special keeps.
func (e *evaluation) arrow(o operand, hop, rest string) (operand, error) {
	p := e.p
	at := e.objectOf(o)
	if offset, ok := strings.CutPrefix(hop, "+0x"); ok {
		off, err := strconv.ParseUint(offset, 16, 64)
		to, ok := p.im.Mem.Word(at + off)
		if object, found := e.object(to); err == nil && ok && found {
			return object, nil
		}
		return o, e.fail(rest, "nothing stands at offset %q", offset)
	}
	var kept operand
	found := false
	if n, ok := p.NodeAt(at); ok {
		p.eachKept(n, func(how string, address uint64) bool {
			if how == arrow+hop {
				kept, found = e.object(address)
			}
			return !found
		})
	}
	if !found {
		return o, e.fail(rest, "it has no %s", onOneLine(hop))
	}
	return kept, nil
}

// objectOf returns the address of the object that a value leads to, or that it is
// in: that of its slot, or of a global variable.
func (e *evaluation) objectOf(o operand) uint64 {
	p := e.p
	at := p.leadsTo(o)
	if n, ok := p.NodeAt(at); ok {
		return p.Addr(n)
	}
	if r := p.rootAt(at); r != nil {
		return r.Addr
	}
	return at
}

// leadsTo returns the address that a value holds, or where it stands if it is no
// pointer.
func (p *naming) leadsTo(o operand) uint64 {
	at := o.addr
	if o.inside.Stage == 0 && !o.elements {
		switch p.types.Type(o.t).Kind {
		case types.Pointer, types.Slice, types.String, types.Map, types.Chan, types.Func, types.UnsafePointer:
			at, _ = p.im.Mem.Word(o.addr)
		case types.Interface:
			at, _ = p.im.Mem.Word(o.addr + uint64(p.im.Arch.PtrSize))
		}
	}
	return at
}

// holder returns the node that a value stands for.
func (p *naming) holder(target string, o operand) (heap.Node, error) {
	typ := p.types.Type(o.t)
	at := p.leadsTo(o)
	// A whole variable stands for itself: it is the root of what it holds.
	for i := range p.im.Roots {
		if r := &p.im.Roots[i]; r.Kind == image.GlobalRoot && r.Addr == o.addr && (r.Size == typ.Size || r.Type == 0) {
			return heap.Node(1 + i), nil
		}
	}
	if n, ok := p.NodeAt(at); ok {
		return n, nil
	}
	// A value that leads to nothing on the heap may be an object itself.
	if n, ok := p.NodeAt(o.addr); ok && at != 0 {
		if t, addr, _, ok := p.valueType(n); ok && t == o.t && addr == o.addr {
			return n, nil
		}
	}
	for i := range p.im.Roots {
		if r := &p.im.Roots[i]; r.Kind == image.GlobalRoot && o.addr >= r.Addr && o.addr-r.Addr < r.Size {
			return heap.Node(1 + i), nil
		}
	}
	return heap.None, fmt.Errorf("%w: %s leads to nothing on the heap (%s at %#x)", ErrNotFound, onOneLine(target), typ.Name, o.addr)
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

// matching returns the index of what closes the bracket, brace or parenthesis at
// s[0], quoted strings apart, or -1.
func matching(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			n := quotedLength(s[i:])
			if n < 0 {
				return -1
			}
			i += n - 1
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// lastBracket returns the index of the bracket that the one at the end of s closes, -1
// where s does not end in one.
func lastBracket(s string) int {
	if !strings.HasSuffix(s, "]") {
		return -1
	}
	open := -1
	for i := 0; i < len(s); {
		switch s[i] {
		case '(', '[', '{':
			end := matching(s[i:])
			if end < 0 {
				return -1
			}
			open = i
			if s[i] != '[' {
				open = -1
			}
			i += end + 1
		case '"':
			n := quotedLength(s[i:])
			if n < 0 {
				return -1
			}
			i += n
		default:
			i++
		}
	}
	return open
}

// quotedLength returns the length of the quoted string at the start of s, -1 where
// it does not end.
func quotedLength(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}
