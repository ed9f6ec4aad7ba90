package gocore

import (
	"strings"

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
	in := p.index.keys.Entries(p.keys(), want)
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
	// As goheap prints it, as Go and Delve write it, and with what its names stand for.
	o, found := find(p.keys().Matcher(t, want))
	in = p.space.Entries
	written, ok := notation.ParseKey(want)
	var unknown error
	for ok && !found {
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
			break
		}
		ok = false // unless a name stands for something
		written = written.Resolve(func(text string) (*notation.Key, bool) {
			k, err := e.keyOf(text)
			if err != nil && unknown == nil {
				unknown = err
			}
			ok = ok || err == nil
			return k, err == nil
		})
	}
	if !found {
		in = p.space.Emptied // of such a key something is left
		if o, found = find(p.keys().Matcher(t, want)); !found {
			what, ending := p.keys().Missing(t, addr, want, unknown, maxPartShow)
			return o, e.failShowing(s.Pos, what, ending)
		}
	}
	if t := p.types.Type(o.t); isKey && t.Kind == types.Interface {
		if dyn, ok := e.dynamic(o); ok {
			o = dyn
		}
	}
	return o, nil
}

// keys reads and writes the keys of maps.
func (p *values) keys() *keys.Reader {
	known := p.known()
	scalar := func(typ *types.Type, addr uint64) string { return known.Scalar(typ, addr, p.functionName) }
	return &keys.Reader{Types: p.types, Space: p.space, OwnPath: p.exe.OwnPath(), Scalar: scalar}
}

// keyText is the key of an entry as it stands between the brackets of an index.
func (p *values) keyText(e inferior.Entry) string { return p.keys().Text(e) }

// direct follows the pointer to a key or element that a map keeps outside of its groups.
func (p *values) direct(t types.ID, addr uint64, want types.ID) (types.ID, uint64) {
	return p.keys().Direct(t, addr, want)
}
