package gocore

import (
	"fmt"
	"slices"
	"strings"

	"goheap/gocore/internal/types"
)

// link is what one hop adds to an expression.
type link struct {
	// head is text in front of the expression proper, which no parenthesis
	// encloses: the frame in which a variable stands.
	head string
	// receive says that the link takes an element of a channel: "<-x[index]",
	// where index is its place in the queue. The suffix comes behind it.
	receive bool
	index   uint64
	suffix  string // ".User", "[3]", " → +0x18"
	// keyAt and keyEnd bound the map key in the suffix; they are equal where it
	// has none.
	keyAt, keyEnd int
	// star says that the whole expression so far, this link included, has to be
	// dereferenced: Go does so by itself only to select a field or an element.
	star bool
	// unstar takes back the dereference of the link before it: what follows is
	// found by its offset in the object, not in the value.
	unstar bool
}

// text is the link by itself.
func (s link) text() string {
	if s.receive {
		return fmt.Sprintf("<-[%d]%s", s.index, s.suffix)
	}
	return s.head + s.suffix
}

// then is the link s in front of further selectors, with what follows them.
func (s link) then(next link) link {
	next.suffix = s.suffix + next.suffix
	if next.keyAt < next.keyEnd {
		next.keyAt += len(s.suffix)
		next.keyEnd += len(s.suffix)
	} else {
		next.keyAt, next.keyEnd = s.keyAt, s.keyEnd
	}
	next.head, next.receive, next.index = s.head, s.receive, s.index
	return next
}

// withoutKey is the suffix with a mark in the place of the map key in it.
func (s link) withoutKey() string {
	if s.keyAt == s.keyEnd {
		return s.suffix
	}
	return s.suffix[:s.keyAt] + "…" + s.suffix[s.keyEnd:]
}

// expression puts a chain of links together. A dereference or a receive stands in
// front; it gets parentheses where something follows. Adding a link costs no more
// when the expression is long.
type expression struct {
	head  string   // see link
	front []string // operators and parentheses, the innermost first
	body  strings.Builder
	fold  folder
}

// newExpression starts with the name of what everything else is selected of.
func newExpression(name string) *expression {
	e := &expression{}
	e.body.WriteString(name)
	return e
}

// add adds a link, with the given text in the place of its suffix.
func (e *expression) add(s link, suffix string) {
	if s.head != "" {
		*e = expression{head: e.String() + s.head}
	}
	if n := len(e.front); s.unstar && n > 0 && e.front[n-1] == "*" {
		e.front = e.front[:n-1]
	}
	if s.receive {
		e.wrap()
		e.flush()
		fmt.Fprintf(&e.body, "[%d]", s.index)
		e.front = append(e.front, "<-")
	}
	if suffix != "" {
		e.wrap()
	}
	e.fold.add(suffix)
	if s.star {
		e.flush()
		e.front = append(e.front, "*")
	}
}

func (e *expression) flush() { e.body.WriteString(e.fold.String()) }

// wrap encloses what starts with an operator, which binds less than what follows.
func (e *expression) wrap() {
	if n := len(e.front); n > 0 && e.front[n-1] != "(" {
		e.flush()
		e.front = append(e.front, "(")
		e.body.WriteByte(')')
	}
}

func (e *expression) String() string {
	e.flush()
	var b strings.Builder
	b.WriteString(e.head)
	for _, op := range slices.Backward(e.front) {
		b.WriteString(op)
	}
	b.WriteString(e.body.String())
	return b.String()
}

// folder joins the parts of an expression, the same part several times in a row
// as one with a count: ".next ×1204331". A part of several selectors stands in
// parentheses then, so that it is clear what is repeated: "(.node.next) ×5".
type folder struct {
	out   strings.Builder
	last  string
	times int
}

// foldFrom is how often a part must repeat to be folded.
const foldFrom = 4

func (f *folder) add(s string) {
	if s == "" {
		return
	}
	if s == f.last {
		f.times++
		return
	}
	f.flush()
	f.last, f.times = s, 1
}

func (f *folder) flush() {
	switch {
	case f.times < foldFrom:
		for range f.times {
			f.out.WriteString(f.last)
		}
	case firstSelector(f.last) == len(f.last):
		fmt.Fprintf(&f.out, "%s ×%d", f.last, f.times)
	default:
		fmt.Fprintf(&f.out, "(%s) ×%d", f.last, f.times)
	}
	f.last, f.times = "", 0
}

// String returns what was added, and starts anew.
func (f *folder) String() string {
	f.flush()
	s := f.out.String()
	f.out.Reset()
	return s
}

// arrow stands in front of a hop that no Go expression names.
const arrow = " → "

// firstSelector returns the length of the selector, index, type assertion or hop
// without a name at the start of s, len(s) where it does not end.
func firstSelector(s string) int {
	switch {
	case s == "":
		return 0
	case s[0] == '[':
		if end := matching(s); end >= 0 {
			return end + 1
		}
	case strings.HasPrefix(s, ".("):
		if end := matching(s[1:]); end >= 0 {
			return end + 2
		}
	case s[0] == '.':
		return 1 + nameLength(s[1:])
	case strings.HasPrefix(s, arrow):
		n := len(s)
		for _, next := range []string{".", "[", "(", arrow, " ×"} {
			if i := strings.Index(s[len(arrow):], next); i >= 0 {
				n = min(n, len(arrow)+i)
			}
		}
		return n
	}
	return len(s)
}

// maxSelectors bounds how deep a value may lie in values.
const maxSelectors = 500

// selected is a part of a value, as a Go programmer writes it.
type selected struct {
	path string   // ".User.Tags", "[3]"
	leaf types.ID // the type of the part
	rest uint64   // the distance of the byte that was asked for from its start
	// outer is the innermost struct around the part, at an offset from the part's
	// start; 0 for none.
	outer    types.ID
	outerOff uint64
}

// selectors names the byte at off of a value of type t: the part that is neither
// a struct nor an array, or one for which stop is true. Fields of embedded structs
// are promoted where that names them and nothing else.
func (p *naming) selectors(t types.ID, off uint64, stop func(t types.ID, off uint64) bool) selected {
	var b strings.Builder
	at := selected{leaf: t, rest: off}
	var chain []types.Field // embedded structs that have not been written
	var base types.ID       // the struct that the first of them is in
	flush := func(last *types.Field) {
		for len(chain) > 0 {
			if last != nil && p.promotes(base, chain, last) {
				break
			}
			b.WriteByte('.')
			b.WriteString(chain[0].Name)
			base, chain = chain[0].Type, chain[1:]
		}
		chain = nil
		if last != nil {
			b.WriteByte('.')
			b.WriteString(last.Name)
		}
	}
	for range maxSelectors {
		if stop != nil && stop(at.leaf, at.rest) {
			break
		}
		typ := p.types.Type(at.leaf)
		if typ.Kind == types.Array {
			size := p.types.Type(typ.Elem).Size
			if size == 0 || at.rest/size >= typ.Len {
				break
			}
			flush(nil)
			fmt.Fprintf(&b, "[%d]", at.rest/size)
			at.leaf, at.rest = typ.Elem, at.rest%size
			at.outer = 0
			continue
		}
		f, ok := p.fieldAt(typ, at.rest)
		if !ok {
			break
		}
		at.outer, at.outerOff = at.leaf, f.Offset
		if f.Embedded && p.types.Type(f.Type).Kind == types.Struct {
			if len(chain) == 0 {
				base = at.leaf
			}
			chain = append(chain, f)
		} else {
			if len(chain) == 0 {
				base = at.leaf
			}
			flush(&f)
		}
		at.leaf, at.rest = f.Type, at.rest-f.Offset
	}
	flush(nil)
	at.path = b.String()
	return at
}

// fieldAt returns the field of a struct that holds the byte at off.
func (p *naming) fieldAt(typ *types.Type, off uint64) (types.Field, bool) {
	if typ.Kind != types.Struct {
		return types.Field{}, false
	}
	for _, f := range typ.Fields {
		if off >= f.Offset && off-f.Offset < p.types.Type(f.Type).Size {
			return f, true
		}
	}
	return types.Field{}, false
}

// promotes reports whether last, a field of the last of the embedded structs in
// chain, can be selected from base without their names.
func (p *naming) promotes(base types.ID, chain []types.Field, last *types.Field) bool {
	off := last.Offset
	for _, f := range chain {
		off += f.Offset
	}
	found, ok := p.promoted(base, last.Name)
	return ok && len(found) == len(chain)+1 && offsetOf(found) == off
}

func offsetOf(fields []types.Field) (off uint64) {
	for _, f := range fields {
		off += f.Offset
	}
	return off
}

// maxEmbedded bounds how many embedded structs are searched for a field.
const maxEmbedded = 1000

// promoted finds the field that name selects in a struct of type t, as Go does: at
// the shallowest depth of embedding at which there is one, if there is only one.
// It returns the embedded fields that lead there and the field itself; one that is
// embedded as a pointer is among them too.
func (p *naming) promoted(t types.ID, name string) (path []types.Field, ok bool) {
	type candidate struct {
		t    types.ID
		path []types.Field
	}
	level := []candidate{{t: t}}
	seen := map[types.ID]bool{}
	for len(level) > 0 && len(seen) < maxEmbedded {
		var next []candidate
		found := 0
		for _, c := range level {
			for _, f := range p.types.Type(c.t).Fields {
				to := append(c.path[:len(c.path):len(c.path)], f)
				if f.Name == name {
					found++
					path = to
				}
				if !f.Embedded {
					continue
				}
				in := p.types.Type(f.Type)
				id := f.Type
				if in.Kind == types.Pointer {
					id = in.Elem
				}
				if p.types.Type(id).Kind == types.Struct {
					next = append(next, candidate{id, to})
				}
			}
		}
		if found > 0 {
			return path, found == 1
		}
		for _, c := range level {
			seen[c.t] = true
		}
		if len(next) > maxEmbedded {
			return nil, false
		}
		level = level[:0:0]
		for _, c := range next {
			if !seen[c.t] {
				level = append(level, c)
			}
		}
	}
	return nil, false
}
