package notation

import (
	"fmt"
	"slices"
	"strings"

	"goheap/internal/repeat"
)

// Link is what one hop adds to an expression.
type Link struct {
	// Head is text in front of the expression proper, which no parenthesis
	// encloses: the frame in which a variable stands.
	Head string
	// Out stands in front of all else where the link is a part of an object of which the
	// expression so far has but another part: " → ", or " → ≈" where no more is known of
	// the object's type than that no other fits.
	Out string
	// Receive says that the link takes an element of a channel: "<-x[index]",
	// where Index is its place in the queue. The suffix comes behind it.
	Receive bool
	Index   uint64
	Suffix  string // ".User", "[3]", " → +0x18"
	// KeyAt and KeyEnd bound the map key in the suffix; they are equal where it
	// has none.
	KeyAt, KeyEnd int
	// Star says that the whole expression so far, this link included, has to be
	// dereferenced: Go does so by itself only to select a field or an element.
	Star bool
	// Unstar takes back the dereference of the link before it: what follows is
	// found by its offset in the object, not in the value.
	Unstar bool
}

// Text is the link by itself.
func (s Link) Text() string {
	text := s.Head + s.Suffix
	if s.Receive {
		text = fmt.Sprintf("<-[%d]%s", s.Index, s.Suffix)
	}
	return s.Out + text
}

// Then is the link s in front of further selectors, with what follows them.
func (s Link) Then(next Link) Link {
	next.Suffix = s.Suffix + next.Suffix
	if next.KeyAt < next.KeyEnd {
		next.KeyAt += len(s.Suffix)
		next.KeyEnd += len(s.Suffix)
	} else {
		next.KeyAt, next.KeyEnd = s.KeyAt, s.KeyEnd
	}
	next.Head, next.Receive, next.Index, next.Out = s.Head, s.Receive, s.Index, s.Out
	return next
}

// HiddenKey stands in the place of a key that is not shown.
const HiddenKey = "…"

// WithoutKey is the suffix with a mark in the place of the map key in it.
func (s Link) WithoutKey() string {
	if s.KeyAt == s.KeyEnd {
		return s.Suffix
	}
	return s.Suffix[:s.KeyAt] + HiddenKey + s.Suffix[s.KeyEnd:]
}

// Expression puts a chain of links together. A dereference or a receive stands in
// front; it gets parentheses where something follows. Adding a link costs no more
// when the expression is long.
type Expression struct {
	head  string   // see Link
	front []string // operators and parentheses, the innermost first
	body  strings.Builder
	fold  folder
}

// NewExpression starts with the name of what everything else is selected of.
func NewExpression(name string) *Expression {
	e := &Expression{}
	e.body.WriteString(name)
	return e
}

// Add adds a link, with the given text in the place of its suffix.
func (e *Expression) Add(s Link, suffix string) {
	if s.Head != "" {
		*e = Expression{head: e.String() + s.Head}
	}
	if n := len(e.front); s.Unstar && n > 0 && e.front[n-1] == "*" {
		e.front = e.front[:n-1]
	}
	if s.Out != "" {
		e.wrap()
		e.fold.add(s.Out)
	}
	if s.Receive {
		e.wrap()
		e.flush()
		fmt.Fprintf(&e.body, "[%d]", s.Index)
		e.front = append(e.front, "<-")
	}
	if suffix != "" {
		e.wrap()
	}
	e.fold.add(suffix)
	if s.Star {
		e.flush()
		e.front = append(e.front, "*")
	}
}

// Clone returns an expression to which other links can be added.
func (e *Expression) Clone() *Expression {
	c := &Expression{head: e.head, front: slices.Clone(e.front)}
	c.body.WriteString(e.body.String())
	c.fold.parts = slices.Clone(e.fold.parts) // of which none is written yet
	return c
}

func (e *Expression) flush() { e.body.WriteString(e.fold.String()) }

// wrap encloses what starts with an operator, which binds less than what follows.
func (e *Expression) wrap() {
	if n := len(e.front); n > 0 && e.front[n-1] != "(" {
		e.flush()
		e.front = append(e.front, "(")
		e.body.WriteByte(')')
	}
}

func (e *Expression) String() string {
	e.flush()
	var b strings.Builder
	b.WriteString(e.head)
	for _, op := range slices.Backward(e.front) {
		b.WriteString(op)
	}
	b.WriteString(e.body.String())
	return b.String()
}

// folder joins the parts of an expression, those that follow each other over and over
// as one with a count: ".next ×1204331". What is more than one selector stands in
// parentheses then, so that it is clear what is repeated: "(.node.next) ×5".
type folder struct {
	out   strings.Builder
	parts []string
}

func (f *folder) add(s string) {
	if s != "" {
		f.parts = append(f.parts, s)
	}
}

func (f *folder) flush() {
	same := func(a, b int) bool { return f.parts[a] == f.parts[b] }
	for i := 0; i < len(f.parts); {
		round, times := repeat.At(i, len(f.parts), same)
		part := strings.Join(f.parts[i:i+round], "")
		i += round * times
		switch {
		case times == 1:
			f.out.WriteString(part)
		case FirstSelector(part) == len(part):
			fmt.Fprintf(&f.out, "%s ×%d", part, times)
		default:
			fmt.Fprintf(&f.out, "(%s) ×%d", part, times)
		}
	}
	f.parts = f.parts[:0]
}

// String returns what was added, and starts anew.
func (f *folder) String() string {
	f.flush()
	s := f.out.String()
	f.out.Reset()
	return s
}

// KeyLink is an index by a key.
func KeyLink(key string) Link {
	return Link{Suffix: "[" + key + "]", KeyAt: 1, KeyEnd: 1 + len(key)}
}
