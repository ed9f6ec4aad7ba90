package gocore

import (
	"strings"

	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/notation"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
	"goheap/heap"
)

// containerView is the header of a map or channel at addr.
func containerView(t types.ID, addr uint64) view {
	return view{addr: addr, inside: inferior.Header(t)}
}

// hopInContainer names the word at slot of the header or part of a container that v is.
// What leads on inside of one is named by the key or the place in the queue, and the
// steps in between add nothing.
func (p *naming) hopInContainer(slot, value uint64, to heap.Node, v view) (s notation.Link, next view) {
	switch step := p.space.Step(v.inside, v.addr, slot); step.Kind {
	case inferior.ToPart:
		return notation.Link{}, view{addr: value, inside: step.Next}
	case inferior.ToValue:
		return notation.Link{}, view{t: step.Type, addr: value, n: 1}
	case inferior.InEntry:
		return p.hopInEntry(step.Entry, step.InKey, slot, value, to, v.addr)
	case inferior.InQueue:
		s, next = p.hopInValue(slot, value, to, view{t: step.Type, addr: step.Addr, n: 1}, v.addr)
		s.Receive, s.Index = true, step.Index
		return s, next
	case inferior.InHeader:
		return p.hopInValue(slot, value, to, view{t: p.types.Type(v.inside.Type).Runtime, addr: v.addr, n: 1}, v.addr)
	}
	return p.offsetHop(slot-v.addr, to)
}

// hopInEntry names the word at slot of an entry of a map.
func (p *naming) hopInEntry(e inferior.Entry, inKey bool, slot, value uint64, to heap.Node, base uint64) (s notation.Link, next view) {
	key := p.keyText(e)
	if !inKey {
		s, next = p.hopInValue(slot, value, to, view{t: e.ElemType, addr: e.Elem, n: 1}, base)
		if at, ok := p.space.SyncEntry(next.t); ok {
			next = view{addr: next.addr, inside: at}
		}
		return notation.KeyLink(key).Then(s), next
	}
	s, next = p.hopInValue(slot, value, to, view{t: e.KeyType, addr: e.Key, n: 1}, base)
	if p.types.Type(e.KeyType).Kind == types.Interface {
		s.Suffix = "" // the key is shown as what the interface holds
	}
	if s.Star = s.Star && s.Suffix != ""; s.Suffix == "" {
		s.Star = false
	}
	return notation.KeyLink("key " + key).Then(s), next
}

// closureName returns what a Go programmer sees of a closure's function: the part
// of its name behind the function that it stands in, such as "func1" or "func1.2",
// or the name of a method that is bound to its receiver.
func closureName(typ string) (string, bool) {
	name, ok := strings.CutPrefix(typ, typing.ClosurePrefix)
	if !ok {
		return "", false
	}
	name = withoutTypeArguments(name)
	if method, ok := strings.CutSuffix(name, "-fm"); ok {
		return method[strings.LastIndexByte(method, '.')+1:], true
	}
	for i := strings.LastIndexByte(name, '/') + 1; i < len(name); i++ {
		if name[i] != '.' {
			continue
		}
		for _, prefix := range []string{"func", "gowrap", "deferwrap"} {
			if rest, ok := strings.CutPrefix(name[i+1:], prefix); ok && rest != "" && rest[0] >= '0' && rest[0] <= '9' {
				return name[i+1:], true
			}
		}
	}
	return name[strings.LastIndexByte(name, '.')+1:], true
}

// withoutTypeArguments drops what stands in brackets.
func withoutTypeArguments(name string) string {
	var b strings.Builder
	depth := 0
	for _, r := range name {
		switch {
		case r == '[':
			depth++
		case r == ']':
			depth--
		case depth == 0:
			b.WriteRune(r)
		}
	}
	return b.String()
}
