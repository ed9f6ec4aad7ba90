package gocore

import (
	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/notation"
	"goheap/gocore/internal/types"
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
