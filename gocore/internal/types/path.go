package types

import "strconv"

// FieldPath names the byte at off of a value of the type as a Go expression
// does: what to write behind the value's own name, such as ".User.Tags" or
// "[3].Name". leaf is the type of what the path names, rest the distance of
// the byte from its start.
//
// The path ends at what is neither a struct nor an array; the second word of a
// slice is 8 bytes into the slice. It also ends at padding between fields, and
// is "" for a byte beyond the value.
func (t *Table) FieldPath(id ID, off uint64) (path string, leaf ID, rest uint64) {
	var b []byte
	leaf, rest = id, off
	for range maxNesting {
		typ := t.Type(leaf)
		i, part, within, ok := t.step(typ, rest)
		if !ok {
			break
		}
		if typ.Kind == Array {
			b = append(b, '[')
			b = strconv.AppendUint(b, i, 10)
			b = append(b, ']')
		} else {
			b = append(b, '.')
			b = append(b, typ.Fields[i].Name...)
		}
		leaf, rest = part, within
	}
	return string(b), leaf, rest
}
