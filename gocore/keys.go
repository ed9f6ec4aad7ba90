package gocore

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/keys"
	"goheap/gocore/internal/notation"
	"goheap/gocore/internal/types"
)

// entry finds an element of the container of type t at addr by its key, or the key
// itself: "key 17".
func (e *evaluation) entry(t types.ID, addr uint64, s *notation.Step) (operand, error) {
	p := e.p
	want, isKey := strings.CutPrefix(s.Text, "key ")
	in := p.space.Entries
	find := func(match func(m *inferior.Entry) bool) (o operand, found bool) {
		in(t, addr, func(m inferior.Entry) bool {
			if !match(&m) {
				return true
			}
			found = true
			slot, want := m.Elem, p.types.Type(t).Elem
			if o = valueAt(m.ElemType, slot); isKey {
				slot, want = m.Key, p.types.Type(t).Key
				o = valueAt(m.KeyType, slot)
			}
			// What is large stands behind a pointer, which is the map's own.
			if o.t, o.addr = p.direct(o.t, o.addr, want); o.addr != slot {
				o.whole, o.pointee = true, true
			}
			return false
		})
		return o, found
	}
	// As goheap prints it, and as Go and Delve write it.
	o, found := find(p.keys().Matcher(t, want))
	if written, ok := notation.ParseKey(want); ok && !found {
		var others []string
		find(func(m *inferior.Entry) bool {
			if p.keys().Is(m, written) {
				others = append(others, "["+p.keyText(*m)+"]")
			}
			return len(others) > 1
		})
		if len(others) > 1 {
			return o, e.failShowing(s.Pos, "several keys are written like that", ": it may be "+notation.AnyOf(others))
		}
		if len(others) == 1 {
			o, found = find(func(m *inferior.Entry) bool { return p.keys().Is(m, written) })
		}
	}
	if !found {
		in = p.space.Emptied // of such a key something is left
		if o, found = find(p.keys().Matcher(t, want)); !found {
			return o, e.noKey(t, addr, s, want)
		}
	}
	if t := p.types.Type(o.t); isKey && t.Kind == types.Interface {
		if dyn, ok := e.dynamic(o); ok {
			o = dyn
		}
	}
	return o, nil
}

// noKey says that a container has no such key, or why it cannot be told from others.
func (e *evaluation) noKey(t types.ID, addr uint64, s *notation.Step, want string) error {
	p := e.p
	const look = 100_000
	n, near, example := 0, []string{}, ""
	p.space.Entries(t, addr, func(m inferior.Entry) bool {
		if n++; n <= look {
			text := p.keyText(m)
			if example == "" {
				example = text
			}
			near = append(near, text)
		}
		return n <= look
	})
	looks := fmt.Sprintf("; its keys look like [%s]", cutText(example, maxPartShow))
	switch k, ok := notation.ParseKey(want); {
	case n == 0:
		return e.fail(s.Pos, "it has no entries")
	case want == notation.HiddenKey:
		return e.failShowing(s.Pos, "the key is hidden in this name: --values prints it", looks)
	case !utf8.ValidString(want):
		return e.fail(s.Pos, "the text in the brackets is no UTF-8: such a key is written [%s]", notation.EscapeInvalid(want))
	case (!ok || k.Kind == notation.ConstantKey) && !strings.Contains(want, " at 0x"):
		return e.failShowing(s.Pos, notation.OneLine(want)+" is not how a key is written", looks)
	}
	if k, ok := notation.ParseKey(want); ok && k.Kind == notation.CompositeKey && k.Type == "" {
		if typed := notation.TypedLike(k, near); len(typed) > 0 {
			return e.failShowing(s.Pos, "a key in an interface is written with its type", ": did you mean "+notation.AnyOf(typed)+"?")
		}
	}
	if like := notation.Nearest(want, near, 3); len(like) > 0 {
		looks = "; did you mean " + notation.AnyOf(like) + "?"
	}
	return e.failShowing(s.Pos, "it has no key "+notation.OneLine(want), looks)
}

// keys reads and writes the keys of maps.
func (p *values) keys() *keys.Reader {
	scalar := func(typ *types.Type, addr uint64) string {
		text, _ := p.scalar(typ, addr)
		return text
	}
	return &keys.Reader{Types: p.types, Space: p.space, Scalar: scalar}
}

// keyText is the key of an entry as it stands between the brackets of an index.
func (p *values) keyText(e inferior.Entry) string { return p.keys().Text(e) }

// direct follows the pointer to a key or element that a map keeps outside of its groups.
func (p *values) direct(t types.ID, addr uint64, want types.ID) (types.ID, uint64) {
	return p.keys().Direct(t, addr, want)
}
