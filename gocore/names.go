package gocore

import (
	"fmt"
	"strings"
	"time"

	"goheap/gocore/internal/types"
	"goheap/heap"
)

// Path tells in Go's own words how a chain of nodes holds its last.
type Path struct {
	Root       heap.Node
	Expression string // "main.cache.byID[3].Tags"
	Hops       []Hop  // the root first
}

// Hop is one node of a Path.
type Hop struct {
	Node   heap.Node
	Expr   string // what this hop adds to the expression: ".User", "[3]", " → +0x18"
	Type   string
	Addr   uint64
	Detail string // of a goroutine: the frame and variable that hold the next node
	// Internal says that the node is part of a map or channel behind its header,
	// which adds nothing to the expression.
	Internal bool
}

// view is a typed value that a chain has reached: n elements of type t from
// addr. What the next hop adds depends on it. t is 0 where nothing is known.
type view struct {
	t        types.ID
	addr     uint64
	n        uint64
	elements bool // an element has to be chosen by an index
	inside   inside
}

// Path names a chain of nodes as heap gives it: a root first, each pointing to
// the next. A chain that starts at an object is named from its address.
func (p *Process) Path(nodes []heap.Node) Path {
	p.typed()
	var path Path
	if len(nodes) == 0 {
		return path
	}
	path.Root = nodes[0]
	path.Hops = make([]Hop, len(nodes))
	expr, v := p.start(nodes[0], &path.Hops[0])
	fold := folder{}
	for i := 1; i < len(nodes); i++ {
		from, to := nodes[i-1], nodes[i]
		h := &path.Hops[i]
		h.Node, h.Addr, h.Type = to, p.Addr(to), p.Type(to)
		var star bool
		within := v.inside.stage != 0
		h.Expr, star, v = p.hop(from, to, v, &path.Hops[i-1])
		h.Internal = within && v.inside.stage != 0 && h.Expr == ""
		fold.add(h.Expr)
		if star {
			expr = "(*" + expr + fold.String() + ")"
			fold = folder{}
		}
	}
	path.Expression = expr + fold.String()
	return path
}

// Expr returns the expression of Path.
func (p *Process) Expr(nodes []heap.Node) string { return p.Path(nodes).Expression }

// folder joins the parts of an expression, the same part several times in a row
// as one with a count: ".next ×1204331".
type folder struct {
	out   strings.Builder
	last  string
	times int
}

// foldFrom is how often a part must repeat to be folded.
const foldFrom = 4

func (f *folder) add(s string) {
	if s == f.last {
		f.times++
		return
	}
	f.flush()
	f.last, f.times = s, 1
}

func (f *folder) flush() {
	if f.times >= foldFrom && f.last != "" {
		fmt.Fprintf(&f.out, "%s ×%d", f.last, f.times)
	} else {
		for range f.times {
			f.out.WriteString(f.last)
		}
	}
	f.last, f.times = "", 0
}

func (f *folder) String() string {
	f.flush()
	return f.out.String()
}

// start names the first node of a chain.
func (p *Process) start(n heap.Node, h *Hop) (string, view) {
	h.Node, h.Addr, h.Expr, h.Type = n, p.Addr(n), p.Name(n), p.Type(n)
	if r := p.root(n); r != nil {
		return h.Expr, r.view()
	}
	h.Expr = fmt.Sprintf("(*%s)(%#x)", h.Type, h.Addr)
	return h.Expr, p.ownView(n)
}

// anyCount is more elements than any array has.
const anyCount = 1 << 62

// ownView is an object by its own type.
func (p *Process) ownView(n heap.Node) view {
	t, addr, count, ok := p.valueType(n)
	if !ok {
		return view{}
	}
	_, f := splitTypeID(p.typed().id[n])
	switch f {
	case stringData:
		return view{}
	case container:
		return containerView(t, addr)
	}
	return view{t: t, addr: addr, n: count, elements: f == manyValues}
}

// hop names the pointer that leads from one node to the next. star says that the
// whole expression so far, this hop included, has to be dereferenced: Go does so
// by itself only to select a field or an element.
func (p *Process) hop(from, to heap.Node, v view, last *Hop) (expr string, star bool, next view) {
	if r := p.root(from); r != nil && r.kind != globalRoot {
		return p.hopFromPieces(r, to, last)
	}
	slot, value, how := p.pointer(from, to)
	if how != "" {
		return how, false, p.ownView(to)
	}
	if slot == 0 {
		return " → ?", false, p.ownView(to)
	}
	if v.inside.stage != 0 {
		return p.hopInContainer(slot, value, to, v)
	}
	return p.hopInValue(slot, value, to, v, p.Addr(from))
}

// hopInValue names the word at slot of the value v, which points to a node.
func (p *Process) hopInValue(slot, value uint64, to heap.Node, v view, base uint64) (expr string, star bool, next view) {
	unknown := func() (string, bool, view) {
		return fmt.Sprintf(" → +%#x", slot-base), false, p.ownView(to)
	}
	if v.t == 0 {
		return unknown()
	}
	size := p.types.Type(v.t).Size
	off := slot - v.addr
	if slot < v.addr || size == 0 || off/size >= v.n {
		return unknown()
	}
	if v.elements {
		expr = fmt.Sprintf("[%d]", off/size)
	}
	path, leaf, rest := p.types.FieldPath(v.t, off%size)
	if name, ok := closureName(p.types.Type(v.t).Name); ok {
		path = "." + name + " captured " + strings.TrimPrefix(path, ".")
	}
	expr += path
	typ := p.types.Type(leaf)
	w := uint64(p.im.arch.PtrSize)
	switch {
	case typ.Kind == types.Pointer && rest == 0:
		next = view{t: typ.Elem, addr: value, n: 1}
	case typ.Kind == types.Slice && rest == 0:
		n, _ := p.im.mem.Word(slot + 2*w)
		next = view{t: typ.Elem, addr: value, n: n, elements: true}
	case typ.Kind == types.String && rest == 0:
		next = view{}
	case typ.Kind == types.Interface && rest == w:
		var dyn types.ID
		dyn, next = p.dynamicView(typ, slot-w, value)
		if dyn == 0 {
			return unknown()
		}
		expr += ".(" + p.types.Type(dyn).Name + ")"
	case typ.Kind == types.Map || typ.Kind == types.Chan:
		next = containerView(leaf, value)
	case typ.Kind == types.Func || typ.Kind == types.UnsafePointer:
		next = p.ownView(to)
	default:
		return unknown()
	}
	if elem := p.types.Type(typ.Elem).Kind; typ.Kind == types.Pointer && elem != types.Struct && elem != types.Array {
		star = true
	}
	return expr, star, next
}

// dynamicView returns the dynamic type of the interface at addr, whose data word
// holds value, and what it leads to.
func (p *Process) dynamicView(typ *types.Type, addr, value uint64) (types.ID, view) {
	word, _ := p.im.mem.Word(addr)
	if !typ.NoMethods {
		word, _ = p.im.mem.Word(word + uint64(p.im.arch.PtrSize))
	}
	dyn, ok := p.types.ByRuntimeType(word)
	if !ok {
		return 0, view{}
	}
	if words := p.types.Words(dyn); p.types.Type(dyn).Size == uint64(p.im.arch.PtrSize) && len(words) == 1 {
		switch words[0].Kind {
		case types.PointerWord:
			return dyn, view{t: words[0].Target, addr: value, n: 1}
		case types.MapWord, types.ChanWord:
			return dyn, containerView(words[0].Target, value)
		case types.FuncWord, types.UnsafePointerWord:
			if n, ok := p.NodeAt(value); ok {
				return dyn, p.ownView(n)
			}
			return dyn, view{}
		}
	}
	return dyn, view{t: dyn, addr: value, n: 1}
}

// hopFromPieces names how a goroutine or a special holds a node.
func (p *Process) hopFromPieces(r *root, to heap.Node, last *Hop) (expr string, star bool, next view) {
	pieces := p.im.pieces[r.first : r.first+r.n]
	for i := range pieces {
		pc := &pieces[i]
		n, ok := p.im.pages.lookup(pc.value)
		if !ok || n != to {
			continue
		}
		if r.kind != goroutineRoot {
			return "", false, p.ownView(to)
		}
		if pc.slot == 0 {
			last.Detail = "register"
			return " · register", false, p.ownView(to)
		}
		fr, v, off := p.variableOf(int(r.goroutine), pc)
		if fr == nil {
			last.Detail = fmt.Sprintf("stack word %#x", pc.slot)
			return " · " + last.Detail, false, p.ownView(to)
		}
		file, line := fr.Func.FileLine(fr.LookupPC())
		where := fmt.Sprintf("%s %s:%d", fr.Func.Name(), shortFile(file), line)
		if v == nil {
			what := fmt.Sprintf("stack +%#x", pc.slot-fr.SP)
			if pc.conservative {
				what += " (conservative)"
			}
			last.Detail = where + " · " + what
			return " " + last.Detail, false, p.ownView(to)
		}
		if v.fn != fr.Func.Name() {
			where = fmt.Sprintf("%s (inlined in %s) %s:%d", v.fn, fr.Func.Name(), shortFile(file), line)
		}
		last.Detail = where + " · " + v.name
		addr := pc.slot - off
		if v.escaped {
			return " " + last.Detail, false, view{t: p.types.Type(v.typ).Elem, addr: pc.value, n: 1}
		}
		rest, _, next := p.hopInValue(pc.slot, pc.value, to, view{t: v.typ, addr: addr, n: 1}, addr)
		if len(v.parts) > 1 && next.elements {
			next.n = anyCount // the capacity does not stand beside the pointer
		}
		return " " + last.Detail + rest, false, next
	}
	return " → ?", false, p.ownView(to)
}

// pointer finds the word of one node that points to another: the one with the
// lowest address. For an edge that no word makes, how says what does.
func (p *Process) pointer(from, to heap.Node) (slot, value uint64, how string) {
	if r := p.root(from); r != nil {
		for _, pc := range p.im.pieces[r.first : r.first+r.n] {
			if n, ok := p.im.pages.lookup(pc.value); ok && n == to {
				return pc.slot, pc.value, ""
			}
		}
		return 0, 0, ""
	}
	e, addr, ok := p.slot(from)
	if !ok {
		return 0, 0, ""
	}
	for _, off := range p.im.pointerWords(p.gcTypes, e, addr) {
		if v, ok := p.im.mem.Word(addr + off); ok {
			if n, ok := p.im.pages.lookup(v); ok && n == to {
				return addr + off, v, ""
			}
		}
	}
	for _, s := range p.im.specials {
		if n, ok := p.im.pages.lookup(s.object); !ok || n != from {
			continue
		}
		for _, k := range s.keeps {
			if n, ok := p.im.pages.lookup(k); ok && n == to {
				return 0, 0, [...]string{" → finalizer", " → cleanup", " → weak handle"}[s.kind]
			}
		}
	}
	return 0, 0, ""
}

// Edge names the pointer from one node to another by itself: ".User", "[3]" or
// "+0x18", and gives its offset in the first. ok is false where there is none.
func (p *Process) Edge(from, to heap.Node) (expr string, offset uint64, ok bool) {
	if r := p.root(from); r != nil && r.kind != globalRoot {
		var h Hop
		expr, _, _ = p.hopFromPieces(r, to, &h)
		return strings.TrimPrefix(expr, " "), 0, expr != " → ?"
	}
	slot, value, how := p.pointer(from, to)
	if how != "" {
		return strings.TrimPrefix(how, " → "), 0, true
	}
	if slot == 0 {
		return "", 0, false
	}
	base := p.Addr(from)
	v := p.ownView(from)
	if r := p.root(from); r != nil {
		v = r.view()
	}
	if v.inside.stage != 0 {
		expr, _, _ = p.hopInContainer(slot, value, to, v)
	} else {
		expr, _, _ = p.hopInValue(slot, value, to, v, base)
	}
	if expr == "" {
		expr = "*" // the whole value is the pointer
	}
	return strings.TrimPrefix(expr, " → "), slot - base, true
}

func (r *root) view() view {
	return view{t: r.typ, addr: r.addr, n: r.count, elements: r.elements}
}

// Name names a node: a global by its variable, a goroutine by its number, state
// and function, an object by address and type.
func (p *Process) Name(n heap.Node) string {
	r := p.root(n)
	switch {
	case r == nil && n == heap.SuperRoot:
		return "roots"
	case r == nil:
		return fmt.Sprintf("%#x %s", p.Addr(n), p.Type(n))
	case r.kind == goroutineRoot:
		return p.goroutineName(int(r.goroutine))
	}
	return r.name
}

func (p *Process) goroutineName(i int) string {
	g := p.goroutineInfo(i)
	state := g.Status
	if g.WaitReason != "" {
		state = g.WaitReason
	}
	if g.WaitNanos >= int64(time.Minute) {
		state += fmt.Sprintf(", %d minutes", g.WaitNanos/int64(time.Minute))
	}
	return fmt.Sprintf("goroutine %d [%s]", g.ID, state)
}

// KindOf returns the kind of a node: "object", or that of a root.
func (p *Process) KindOf(n heap.Node) string {
	if r := p.root(n); r != nil {
		return r.kind.String()
	}
	return "object"
}

// Type names the type of an object or of a global; "" for other roots.
func (p *Process) Type(n heap.Node) string {
	if r := p.root(n); r != nil {
		return p.rootTypeName(r)
	}
	return p.TypeOf(n).Name
}

// rootTypeName names the type of a global, "" where it is not known.
func (p *Process) rootTypeName(r *root) string {
	switch {
	case r.typ == 0:
		return ""
	case r.elements:
		return "[]" + p.types.Type(r.typ).Name
	}
	return p.types.Type(r.typ).Name
}
