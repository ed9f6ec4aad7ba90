package gocore

import (
	"fmt"
	"strings"

	"goheap/gocore/internal/types"
)

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
