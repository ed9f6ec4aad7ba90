package types

import (
	"fmt"
	"strings"
)

// maxSelectors bounds how deep a value may lie in values.
const maxSelectors = 500

// Selected is a part of a value, as a Go programmer writes it.
type Selected struct {
	Path string // ".User.Tags", "[3]"
	Leaf ID     // the type of the part
	Rest uint64 // the distance of the byte that was asked for from its start
	// Outer is the innermost struct around the part, at an offset from the part's
	// start; 0 for none.
	Outer    ID
	OuterOff uint64
}

// Select names the byte at off of a value of type id: the part that is neither
// a struct nor an array, or one for which stop is true. Fields of embedded structs
// are promoted where that names them and nothing else.
func Select(t *Table, id ID, off uint64, stop func(id ID, off uint64) bool) Selected {
	var b strings.Builder
	at := Selected{Leaf: id, Rest: off}
	var chain []Field // embedded structs that have not been written
	var base ID       // the struct that the first of them is in
	flush := func(last *Field) {
		for len(chain) > 0 {
			if last != nil && promotes(t, base, chain, last) {
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
		if stop != nil && stop(at.Leaf, at.Rest) {
			break
		}
		typ := t.Type(at.Leaf)
		if typ.Kind == Array {
			size := t.Type(typ.Elem).Size
			if size == 0 || at.Rest/size >= typ.Len {
				break
			}
			flush(nil)
			fmt.Fprintf(&b, "[%d]", at.Rest/size)
			at.Leaf, at.Rest = typ.Elem, at.Rest%size
			at.Outer = 0
			continue
		}
		f, ok := fieldAt(t, typ, at.Rest)
		if !ok {
			break
		}
		at.Outer, at.OuterOff = at.Leaf, f.Offset
		if f.Embedded && t.Type(f.Type).Kind == Struct {
			if len(chain) == 0 {
				base = at.Leaf
			}
			chain = append(chain, f)
		} else {
			if len(chain) == 0 {
				base = at.Leaf
			}
			flush(&f)
		}
		at.Leaf, at.Rest = f.Type, at.Rest-f.Offset
	}
	flush(nil)
	at.Path = b.String()
	return at
}

// fieldAt returns the field of a struct that holds the byte at off.
func fieldAt(t *Table, typ *Type, off uint64) (Field, bool) {
	if typ.Kind != Struct {
		return Field{}, false
	}
	for _, f := range typ.Fields {
		if off >= f.Offset && off-f.Offset < t.Type(f.Type).Size {
			return f, true
		}
	}
	return Field{}, false
}

// promotes reports whether last, a field of the last of the embedded structs in
// chain, can be selected from base without their names.
func promotes(t *Table, base ID, chain []Field, last *Field) bool {
	off := last.Offset
	for _, f := range chain {
		off += f.Offset
	}
	found, ok := Promoted(t, base, last.Name)
	return ok && len(found) == len(chain)+1 && offsetOf(found) == off
}

func offsetOf(fields []Field) (off uint64) {
	for _, f := range fields {
		off += f.Offset
	}
	return off
}

// maxEmbedded bounds how many embedded structs are searched for a field.
const maxEmbedded = 1000

// Promoted finds the field that name selects in a struct of type id, as Go does: at
// the shallowest depth of embedding at which there is one, if there is only one.
// It returns the embedded fields that lead there and the field itself; one that is
// embedded as a pointer is among them too.
func Promoted(t *Table, id ID, name string) (path []Field, ok bool) {
	type candidate struct {
		id   ID
		path []Field
	}
	level := []candidate{{id: id}}
	seen := map[ID]bool{}
	for len(level) > 0 && len(seen) < maxEmbedded {
		var next []candidate
		found := 0
		for _, c := range level {
			for _, f := range t.Type(c.id).Fields {
				to := append(c.path[:len(c.path):len(c.path)], f)
				if f.Name == name {
					found++
					path = to
				}
				if !f.Embedded {
					continue
				}
				in := t.Type(f.Type)
				id := f.Type
				if in.Kind == Pointer {
					id = in.Elem
				}
				if t.Type(id).Kind == Struct {
					next = append(next, candidate{id, to})
				}
			}
		}
		if found > 0 {
			return path, found == 1
		}
		for _, c := range level {
			seen[c.id] = true
		}
		if len(next) > maxEmbedded {
			return nil, false
		}
		level = level[:0:0]
		for _, c := range next {
			if !seen[c.id] {
				level = append(level, c)
			}
		}
	}
	return nil, false
}
