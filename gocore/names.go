package gocore

import (
	"cmp"
	"fmt"
	"math"
	"runtime/debug"
	"strconv"
	"strings"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/notation"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
	"goheap/heap"
)

// naming says in Go's own words how things are reached, and finds them by such words.
//
// Words that are used throughout:
//
//   - hop: a pointer of a chain, named as what a Go programmer would write for it.
//   - view: the typed value that a chain has reached; what the next hop adds depends on
//     it.
//   - link: the text of a hop, before it is joined to those before it.
//   - piece: a word of a goroutine or special by which it holds an object.
//   - operand: what a part of an expression stands for while it is looked up.
type naming struct {
	*values
	index *nameIndex
}

// Path tells in Go's own words how a chain of nodes holds its last.
type Path struct {
	Root       heap.Node
	Expression string // "main.cache.byID[3].Tags", "(<-main.queue[0]).name"
	// WithoutKeys is the expression without the keys of maps, which are values of
	// the program: `main.cache.byID[…].Tags[3]`.
	WithoutKeys string
	Hops        []Hop // the root first
	// typed says that it goes through chunks of user arenas by their values.
	typed bool
}

// Hop is one node of a Path.
type Hop struct {
	Node heap.Node
	Expr string // what this hop adds to the expression: ".User", "[3]", " → +0x18"
	// Key says that an index in Expr is the key of a map: a value of the program,
	// where others are places in an array.
	Key bool
	// Fits says that Expr begins at a type of which no more is known than that no other
	// fits: " → ≈.User". What follows it in the path is no better known.
	Fits      bool
	Type      string
	Addr      uint64 // of the slot of an object; ValueAddr is that of its value
	ValueAddr uint64
	Detail    string // of a goroutine: the frame and variable that hold the next node
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
	elements bool           // an element has to be chosen by an index
	inside   inferior.Place // where in a container, if anywhere
	// bytes are those of a variable of a frame, whose words may stand apart, and gaps says
	// that some of them are not known, and zero.
	bytes []byte
	gaps  bool
	// length is that of the slice whose array this is, where hasLen says that it is known.
	length uint64
	hasLen bool
}

// Path names a chain of nodes as heap gives it: a root first, each pointing to
// the next. A chain that starts at an object is named from its address.
func (p *naming) Path(nodes []heap.Node) Path {
	defer p.caught(debug.SetPanicOnFault(true))
	var path Path
	if len(nodes) == 0 {
		return path
	}
	path.Root = nodes[0]
	path.Hops = make([]Hop, len(nodes))
	c := p.start(nodes[0], &path.Hops[0])
	keyless := notation.NewExpression(path.Hops[0].Expr)
	var to run
	for i := 1; i < len(nodes); {
		within := c.v.inside.Stage != 0
		next := p.follow(&c, nodes, i, &path.Hops[i-1], &to)
		for j := i; j < next; j++ {
			h, n := &path.Hops[j], nodes[j]
			h.Node, h.Addr, h.ValueAddr, h.Type = n, p.Addr(n), p.ValueAddr(n), p.Type(n)
		}
		h := &path.Hops[i]
		for _, s := range to.links {
			keyless.Add(s, s.WithoutKey())
		}
		if next == i+1 {
			s := &to.links[0]
			h.Expr, h.Key, h.Fits = s.Text(), s.HasKey(), s.Fits()
			h.Internal = within && c.v.inside.Stage != 0 && h.Expr == ""
		} else {
			leadsTo := func(k, place int) bool { return to.nodes[k] == nodes[i+place] }
			for j, part := range notation.Parts(to.links, next-i, leadsTo) {
				h = &path.Hops[i+j]
				h.Expr, h.Key, h.Fits = part.Text, part.Key, part.Fits
			}
			path.typed = true
		}
		i = next
	}
	path.Expression, path.WithoutKeys = c.full.String(), keyless.String()
	return path
}

// chain is the name of a chain of nodes, what it has reached, and whether its last hop is
// dereferenced.
type chain struct {
	full *notation.Expression
	v    view
	star bool
}

// run is what leads to a node, or through a run of chunks to what follows it.
type run struct {
	links []notation.Link
	nodes []heap.Node // that they lead to, of a run of chunks
}

// follow adds to a chain what leads to nodes[i], or through the run of chunks that begins
// there to what follows it, puts that into r, and returns the place of the node after those
// that it has come to.
func (p *naming) follow(c *chain, nodes []heap.Node, i int, last *Hop, r *run) (next int) {
	r.links, r.nodes = r.links[:0], nil
	if end := endOfChunks(p, nodes, i); end > i {
		if through, to, v, ok := throughChunks(p, nodes[i-1], c.v, nodes[i:end], nodes[end], last); ok {
			c.v, r.nodes = v, to
			for _, s := range through {
				r.links = append(r.links, c.add(s))
			}
			return end + 1
		}
	}
	s, v := p.hop(nodes[i-1], nodes[i], c.v, last)
	c.v = v
	r.links = append(r.links, c.add(s))
	return i + 1
}

// add adds a link to the name, and returns it as it is written there.
func (c *chain) add(s notation.Link) notation.Link {
	s.Unstar = c.star && (s.Out != "" || strings.HasPrefix(s.Suffix, arrow))
	c.star = s.Star
	c.full.Add(s, s.Suffix)
	return s
}

// longChain is how many nodes, or repetitions, cost more than to remember them.
const longChain = 100

// Expr returns the expression of Path.
func (p *naming) Expr(nodes []heap.Node) string {
	if len(nodes) < longChain {
		return p.Path(nodes).Expression
	}
	defer p.caught(debug.SetPanicOnFault(true))
	var h Hop
	c, n := p.index.chains.Longest(nodes)
	if n == 0 {
		c, n = p.start(nodes[0], &h), 1
	}
	c.full = c.full.Clone()
	var to run
	for n < len(nodes) {
		n = p.follow(&c, nodes, n, &h, &to)
	}
	// Behind a chunk a longer chain would go on from its values.
	if p.typing.ChunkOf(nodes[len(nodes)-1]) == nil {
		p.index.chains.Add(nodes, c)
	}
	return c.full.Clone().String()
}

// start names the first node of a chain.
func (p *naming) start(n heap.Node, h *Hop) (c chain) {
	h.Node, h.Addr, h.ValueAddr, h.Expr, h.Type = n, p.Addr(n), p.ValueAddr(n), p.Name(n), p.Type(n)
	if r := p.root(n); r != nil {
		return chain{full: notation.NewExpression(h.Expr), v: rootView(r)}
	}
	h.Expr = fmt.Sprintf("(*%s)(%#x)", h.Type, h.ValueAddr)
	v, ok := p.fitView(n)
	if !ok {
		v = p.ownView(n)
	}
	return chain{full: notation.NewExpression(h.Expr), v: v}
}

// anyCount is more elements than any array has.
const anyCount = 1 << 62

// ownView is an object by its own type.
func (p *naming) ownView(n heap.Node) view {
	t, addr, count, ok := p.valueType(n)
	if !ok || p.typing.ChunkOf(n) != nil {
		return view{}
	}
	return formView(p.typing.IDs[n], t, addr, count)
}

// formView is what stands at addr by the type of its object.
func formView(id heap.TypeID, t types.ID, addr, count uint64) view {
	_, f := typing.SplitTypeID(id)
	switch f {
	case typing.StringData:
		return view{}
	case typing.Container:
		return containerView(t, addr)
	}
	return view{t: t, addr: addr, n: count, elements: f == typing.ManyValues}
}

// hop names the pointer that leads from one node to the next, and returns what
// it leads to.
func (p *naming) hop(from, to heap.Node, v view, last *Hop) (notation.Link, view) {
	if r := p.root(from); r != nil && r.Kind != image.GlobalRoot {
		return p.hopFromPieces(r, to, last)
	}
	slot, value, how := p.pointer(from, to)
	if how != "" {
		return notation.Link{Suffix: how}, p.ownView(to)
	}
	if slot == 0 {
		return notation.Link{Suffix: " → ?"}, p.ownView(to)
	}
	if v.inside.Stage != 0 {
		return p.hopInContainer(slot, value, to, v)
	}
	return p.hopInValue(slot, value, to, v, p.ValueAddr(from))
}

// offsetHop is a hop that can only be named by its offset.
func (p *naming) offsetHop(off uint64, to heap.Node) (notation.Link, view) {
	return notation.Link{Suffix: fmt.Sprintf(" → +%#x", off)}, p.ownView(to)
}

// hopInValue names the word at slot of the value v, which points to a node. base
// is where the object or variable that holds v starts.
func (p *naming) hopInValue(slot, value uint64, to heap.Node, v view, base uint64) (s notation.Link, next view) {
	if v.t == 0 {
		return p.hopOutward(slot, value, to, base)
	}
	size := p.types.Type(v.t).Size
	off := slot - v.addr
	switch index, ok := p.indexOf(&v, slot, size); {
	case !ok:
		return p.hopOutward(slot, value, to, base)
	case v.elements:
		s.Suffix = index
		off -= uint64(v.first(slot, size)) * size
	}
	at := types.Select(p.types, v.t, off, inferior.IsInside(p.space))
	variable := false // the word is the address of a captured variable
	if name, ok := notation.ClosureName(p.types.Type(v.t).Name); ok {
		at.Path = "." + name + " captured " + strings.TrimPrefix(at.Path, ".")
		variable = at.Outer == v.t && p.capturesAddress(v.addr, at.OuterOff)
	}
	s.Suffix += at.Path
	typ := p.types.Type(at.Leaf)
	w := uint64(p.im.Arch.PtrSize)
	switch {
	case typ.Kind == types.Pointer && at.Rest == 0 && strings.HasPrefix(typ.Name, "go.shape."):
		next = p.ownView(to) // of what type parameters stand for only the shape is known
	case typ.Kind == types.Pointer && at.Rest == 0:
		next = view{t: typ.Elem, addr: value, n: 1}
		s.Star = !variable && p.needsStar(typ.Elem)
	case typ.Kind == types.Slice && at.Rest == 0:
		next = p.sliceView(typ, v, slot, value)
	case typ.Kind == types.String && at.Rest == 0:
	case typ.Kind == types.Interface && at.Rest == w:
		var dyn types.ID
		if dyn, next = p.dynamicOf(typ, p.wordOf(v, slot-w), value); dyn == 0 {
			return p.offsetHop(slot-base, to)
		}
		path, star := p.directPath(dyn)
		s.Suffix += ".(" + p.types.Type(dyn).Name + ")" + path
		s.Star = star
	case typ.Kind == types.Map || typ.Kind == types.Chan:
		next = containerView(at.Leaf, value)
	case typ.Kind == types.UnsafePointer:
		next, s.Star = p.hiddenView(&at, slot, value, to)
	case typ.Kind == types.Func:
		next = p.ownView(to)
	default:
		place, ok := p.space.Inside(at.Leaf, at.Rest)
		if !ok {
			return p.offsetHop(slot-base, to)
		}
		next = view{addr: value, inside: place}
	}
	return s, next
}

// sliceView is the array behind the slice that stands at addr in v, from its first element
// on.
func (p *naming) sliceView(typ *types.Type, v view, addr, first uint64) view {
	w := uint64(p.im.Arch.PtrSize)
	capacity := p.wordOf(v, addr+2*w)
	if capacity == 0 && v.gaps {
		capacity = anyCount // it is in no place
	}
	return view{
		t: typ.Elem, addr: first, elements: true, n: capacity,
		length: p.wordOf(v, addr+w), hasLen: !v.gaps,
	}
}

// first returns the index of the element of a given size that holds the byte at addr.
func (v *view) first(addr, size uint64) int64 {
	i := int64(addr-v.addr) / int64(size)
	if addr < v.addr && (v.addr-addr)%size != 0 {
		i--
	}
	return i
}

// indexOf names the element of v that holds the byte at slot: "[3]", "[-1]" in front of
// the first one of a slice, "[5] beyond len 3" behind the last one. ok is false where v
// has no byte there.
func (p *naming) indexOf(v *view, slot, size uint64) (index string, ok bool) {
	if size == 0 || size > math.MaxInt64 {
		return "", false
	}
	i := v.first(slot, size)
	if (i < 0 || uint64(i) >= v.n) && !v.hasLen {
		return "", false
	}
	if v.hasLen && i >= 0 && uint64(i) >= v.length {
		return notation.BeyondLen(strconv.FormatInt(i, 10), v.length), true
	}
	return fmt.Sprintf("[%d]", i), true
}

// wordOf reads a word of a value by the address where it would stand if all of
// the value stood in one place; 0 where it is not known.
func (p *naming) wordOf(v view, at uint64) uint64 {
	if v.bytes == nil {
		w, _ := p.im.Mem.Word(at)
		return w
	}
	w := uint64(p.im.Arch.PtrSize)
	if off := at - v.addr; off <= uint64(len(v.bytes)) && w <= uint64(len(v.bytes))-off {
		return p.im.Arch.Word(v.bytes[off:])
	}
	return 0
}

// needsStar reports whether a pointer to the type is dereferenced explicitly: Go
// follows those to structs and arrays by itself.
func (p *naming) needsStar(elem types.ID) bool {
	kind := p.types.Type(elem).Kind
	return kind != types.Struct && kind != types.Array && kind != types.Invalid
}

// hiddenView is what an unsafe.Pointer leads to: what the struct that it is in
// declares in another way, as in sync/atomic.Pointer, or whatever stands there.
func (p *naming) hiddenView(at *types.Selected, slot, value uint64, to heap.Node) (next view, star bool) {
	if at.Outer != 0 {
		for _, x := range p.types.Words(at.Outer) {
			if x.Offset != at.OuterOff {
				continue
			}
			switch x.Kind {
			case types.PointerWord:
				return view{t: x.Target, addr: value, n: 1}, p.needsStar(x.Target)
			case types.ArrayWord:
				n, _ := p.im.Mem.Word(slot + uint64(p.im.Arch.PtrSize))
				return view{t: x.Target, addr: value, n: n, elements: true}, false
			}
		}
	}
	return p.ownView(to), false
}

// capturesAddress reports whether the word at an offset in the closure at addr is
// the address of a variable that the function shares with others.
func (p *naming) capturesAddress(addr, off uint64) bool {
	code, ok := p.im.Mem.Word(addr)
	return ok && p.decoder.CapturesAddress(code, off)
}

// dynamicOf returns the dynamic type of an interface of the given two words, and what it
// leads to.
func (p *naming) dynamicOf(typ *types.Type, word, value uint64) (types.ID, view) {
	dyn, ok := p.space.DynamicType(typ, word)
	if !ok {
		return 0, view{}
	}
	if !p.types.Direct(dyn) {
		return dyn, view{t: dyn, addr: value, n: 1}
	}
	if x := p.space.DirectWord(dyn); x != nil {
		switch x.Kind {
		case types.PointerWord:
			return dyn, view{t: x.Target, addr: value, n: 1}
		case types.MapWord, types.ChanWord:
			return dyn, containerView(x.Target, value)
		}
	}
	if n, ok := p.NodeAt(value); ok {
		return dyn, p.ownView(n)
	}
	return dyn, view{}
}

// directPath names the word that stands in an interface's data word itself, and
// says whether it is dereferenced explicitly; "" for other types.
func (p *naming) directPath(dyn types.ID) (path string, star bool) {
	x := p.space.DirectWord(dyn)
	if x == nil {
		return "", false
	}
	return types.Select(p.types, dyn, 0, nil).Path, x.Kind == types.PointerWord && p.needsStar(x.Target)
}

// pointer finds the word of one node that points to another: the one with the
// lowest address. For an edge that no word makes, how says what does.
func (p *naming) pointer(from, to heap.Node) (slot, value uint64, how string) {
	if r := p.root(from); r != nil {
		for _, pc := range p.im.Pieces[r.First : r.First+r.N] {
			if n, ok := p.im.Pages.Lookup(pc.Value); ok && n == to {
				return pc.Slot, pc.Value, ""
			}
		}
		return 0, 0, ""
	}
	e, addr, ok := p.slot(from)
	if !ok {
		return 0, 0, ""
	}
	if off, v, ok := p.index.words.To(p.im, p.gcTypes, e, addr, to); ok {
		return addr + off, v, ""
	}
	p.eachKept(from, func(what string, address uint64) bool {
		n, ok := p.im.Pages.Lookup(address)
		if ok && n == to {
			how = what
		}
		return how == ""
	})
	return 0, 0, how
}

// eachKept calls f with what the specials of an object keep, until it returns
// false.
func (p *naming) eachKept(object heap.Node, f func(how string, address uint64) bool) {
	seen := map[image.SpecialKind]int{}
	for i := range p.im.Specials {
		s := &p.im.Specials[i]
		if n, ok := p.im.Pages.Lookup(s.Object); !ok || n != object {
			continue
		}
		seen[s.Kind]++
		for k, address := range s.Keeps {
			if !f(arrow+s.KeepName(k, seen[s.Kind]), address) {
				return
			}
		}
	}
}

// Edge names the pointer from one node to another by itself: ".User", "[3]" or
// "+0x18", and gives its offset in the first. ok is false where there is none.
func (p *naming) Edge(from, to heap.Node) (expr string, offset uint64, ok bool) {
	defer p.caught(debug.SetPanicOnFault(true))
	if r := p.root(from); r != nil && r.Kind != image.GlobalRoot {
		var h Hop
		s, _ := p.hopFromPieces(r, to, &h)
		expr = s.Text()
		return strings.TrimPrefix(expr, " "), 0, expr != " → ?"
	}
	slot, value, how := p.pointer(from, to)
	if how != "" {
		return strings.TrimPrefix(how, " → "), 0, true
	}
	if slot == 0 {
		return "", 0, false
	}
	base := p.ValueAddr(from)
	v := p.ownView(from)
	if r := p.root(from); r != nil {
		v = rootView(r)
	}
	var s notation.Link
	if v.inside.Stage != 0 {
		s, _ = p.hopInContainer(slot, value, to, v)
		if s.Text() == "" { // its header: what the runtime calls the field
			path, _, _ := p.types.FieldPath(p.types.Type(v.inside.Type).Runtime, slot-v.addr)
			s.Suffix = path
		}
	} else {
		s, _ = p.hopInValue(slot, value, to, v, base)
	}
	if expr = s.Text(); expr == "" {
		expr = "*" // the whole value is the pointer
	}
	return strings.TrimPrefix(expr, " → "), slot - base, true
}

func rootView(r *image.Root) view {
	return view{t: r.Type, addr: r.Addr, n: r.Count, elements: r.Elements}
}

// arrow stands in front of a hop that no Go expression names.
const arrow = " → "

// Name names a node: a global by its variable, a goroutine by its number, state
// and function, an object by address and type.
func (p *naming) Name(n heap.Node) string {
	defer p.caught(debug.SetPanicOnFault(true))
	r := p.root(n)
	switch {
	case r == nil && n == heap.SuperRoot:
		return "roots"
	case r == nil:
		return fmt.Sprintf("%#x %s", p.ValueAddr(n), p.Type(n))
	}
	return p.rootName(r)
}

func (p *stacks) goroutineName(i int) string {
	g := p.goroutineInfo(i)
	return notation.Goroutine(g.ID, cmp.Or(g.WaitReason, g.Status), g.WaitNanos)
}

// KindOf returns the kind of a root, NoRoot for an object.
func (p *naming) KindOf(n heap.Node) RootKind {
	if r := p.root(n); r != nil {
		return rootKind(r.Kind)
	}
	return NoRoot
}

// rootKind has both lists in the same order, of which this one begins with objects.
func rootKind(k image.RootKind) RootKind { return RootKind(k) + GlobalRoot }

// Type names the type of an object or of a global; "" for other roots.
func (p *naming) Type(n heap.Node) string {
	defer p.caught(debug.SetPanicOnFault(true))
	if r := p.root(n); r != nil {
		return p.rootTypeName(r)
	}
	return p.TypeOf(n).Name
}

// rootTypeName names the type of a global, "" where it is not known.
func (p *contents) rootTypeName(r *image.Root) string {
	switch {
	case r.Type == 0:
		return ""
	case r.Elements:
		return "[]" + p.types.Type(r.Type).Name
	}
	return p.types.Type(r.Type).Name
}
