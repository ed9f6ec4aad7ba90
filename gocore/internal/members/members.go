// Package members reads parts of values of one type, again and again: which fields lead to
// a part is found out once.
package members

import (
	"fmt"
	"math"
	"strings"

	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/library"
	"goheap/gocore/internal/notation"
	"goheap/gocore/internal/types"
	"goheap/gocore/member"
)

const (
	maxText     = 1 << 20 // bytes that are read of a string
	maxPointers = 4       // that lead from one field to the next
	maxEmbedded = 8       // levels of embedded fields
	maxNear     = 5       // names that an error mentions
)

// Reader finds parts. It changes nothing, and may be used by several goroutines.
type Reader struct {
	*library.Reader
	// Header says that the addresses are those of headers of maps or channels, which have a
	// length and no more.
	Header bool
	// Shown is what lists show of a value.
	Shown func(t types.ID, addr uint64) string
}

// Read reads a part of the value at an address.
type Read func(addr uint64) (v member.Scalar, ok bool)

// way leads from the address of a value to that of a part of it.
type way struct {
	t     types.ID // of the part
	steps []func(addr uint64) (uint64, bool)
}

func (w *way) add(t types.ID, step func(addr uint64) (uint64, bool)) {
	w.t, w.steps = t, append(w.steps, step)
}

func (w *way) to(addr uint64) (uint64, bool) {
	for _, step := range w.steps {
		var ok bool
		if addr, ok = step(addr); !ok {
			return 0, false
		}
	}
	return addr, true
}

// Find finds the part of values of type t that the names of fields lead to. As in Go,
// pointers are followed, and fields of embedded structs are found without their names.
func (r *Reader) Find(t types.ID, path []string, ask member.Ask) (member.Kind, Read, error) {
	w := &way{t: t}
	if r.Header {
		if ask != member.Length {
			return 0, nil, fmt.Errorf("of a %s filters know len(value)", r.Types.Type(t).Name)
		}
		return member.Whole, func(addr uint64) (member.Scalar, bool) { return r.held(t, addr) }, nil
	}
	for i, name := range path {
		r.unwrap(w)
		r.follow(w, types.Struct)
		fields, err := r.field(w.t, name)
		if err != nil {
			if i > 0 {
				err = fmt.Errorf("%s: %w", strings.Join(path[:i], "."), err)
			}
			return 0, nil, err
		}
		for _, f := range fields {
			r.follow(w, types.Struct)
			w.add(f.Type, func(addr uint64) (uint64, bool) { return addr + f.Offset, true })
		}
	}
	r.unwrap(w)
	var kind member.Kind
	var read Read
	var err error
	switch ask {
	case member.Length:
		kind = member.Whole
		read, err = r.length(w)
	case member.Nil:
		kind = member.Bool
		read, err = r.isNil(w.t)
	default:
		kind, read = r.value(w)
	}
	if err != nil {
		return 0, nil, fmt.Errorf("%s is a %s, and %w", strings.Join(path, "."), r.Types.Type(w.t).Name, err)
	}
	return kind, func(addr uint64) (member.Scalar, bool) {
		at, ok := w.to(addr)
		if !ok {
			return member.Scalar{}, false
		}
		return read(at)
	}, nil
}

// unwrap goes on to what is in a type that is nothing but a way to get at it, where that is
// of one type in all values.
func (r *Reader) unwrap(w *way) {
	outer := w.t
	inner, _ := r.Unwrap(outer, 0)
	if inner == outer {
		return
	}
	w.add(inner, func(addr uint64) (uint64, bool) {
		t, at := r.Unwrap(outer, addr)
		return at, t == inner
	})
}

// follow goes on along pointers where they lead to a type of one of some kinds.
func (r *Reader) follow(w *way, kinds ...types.Kind) {
	to, n := w.t, 0
	for r.Types.Type(to).Kind == types.Pointer && n < maxPointers {
		to, n = r.Types.Type(to).Elem, n+1
	}
	for _, k := range kinds {
		if n > 0 && r.Types.Type(to).Kind == k {
			w.add(to, func(addr uint64) (uint64, bool) {
				for range n {
					if addr, _ = r.Mem.Word(addr); addr == 0 {
						return 0, false
					}
				}
				return addr, true
			})
			return
		}
	}
}

// field finds a field of a struct, or of one that is embedded in it: the fields that lead
// to it. Of fields with the same name that of the fewest levels counts; two in one level
// are none (the Go specification, Selectors).
func (r *Reader) field(t types.ID, name string) ([]types.Field, error) {
	typ := r.Types.Type(t)
	switch typ.Kind {
	case types.Struct:
	case types.Interface:
		return nil, fmt.Errorf("%s is an interface, and filters do not look into these", typ.Name)
	default:
		return nil, fmt.Errorf("%s is no struct, and has no field %s", typ.Name, name)
	}
	type embedded struct {
		t   types.ID
		way []types.Field
	}
	var names []string
	seen := map[types.ID]bool{t: true}
	for level := []embedded{{t, nil}}; len(level) > 0 && len(level[0].way) < maxEmbedded; {
		var next []embedded
		var found [][]types.Field
		for _, e := range level {
			for _, f := range r.Types.Type(e.t).Fields {
				way := append(e.way[:len(e.way):len(e.way)], f)
				names = append(names, f.Name)
				if f.Name == name {
					found = append(found, way)
				}
				inner := f.Type
				if p := r.Types.Type(inner); p.Kind == types.Pointer {
					inner = p.Elem
				}
				if f.Embedded && !seen[inner] && r.Types.Type(inner).Kind == types.Struct {
					seen[inner] = true
					next = append(next, embedded{inner, way})
				}
			}
		}
		switch len(found) {
		case 0:
			level = next
		case 1:
			return found[0], nil
		default:
			return nil, fmt.Errorf("%s has several fields %s in what is embedded in it: write the name of the embedded one before", typ.Name, name)
		}
	}
	near := notation.Nearest(name, names, maxNear)
	if len(near) == 0 {
		near = names[:min(len(names), maxNear)]
	}
	if len(near) == 0 {
		return nil, fmt.Errorf("%s has no fields", typ.Name)
	}
	return nil, fmt.Errorf("%s has no field %s; there are %s", typ.Name, name, strings.Join(near, ", "))
}

// value reads what is in a part. Of a pointer to a scalar it is that.
func (r *Reader) value(w *way) (member.Kind, Read) {
	r.follow(w, types.Bool, types.Int, types.Int8, types.Int16, types.Int32, types.Int64, types.Uint, types.Uint8, types.Uint16,
		types.Uint32, types.Uint64, types.Uintptr, types.Float32, types.Float64, types.String)
	t := w.t
	typ := r.Types.Type(t)
	size := int(typ.Size)
	switch typ.Kind {
	case types.Bool:
		return member.Bool, func(addr uint64) (member.Scalar, bool) {
			v, ok := r.Mem.Uint(addr, 1)
			return member.Scalar{Bool: v != 0}, ok
		}
	case types.Int, types.Int8, types.Int16, types.Int32, types.Int64:
		shift := 64 - 8*size
		return member.Whole, func(addr uint64) (member.Scalar, bool) {
			v, ok := r.Mem.Uint(addr, size)
			return member.Scalar{Whole: int64(v<<shift) >> shift}, ok
		}
	case types.Uint, types.Uint8, types.Uint16, types.Uint32, types.Uint64, types.Uintptr:
		return member.Whole, func(addr uint64) (member.Scalar, bool) {
			v, ok := r.Mem.Uint(addr, size)
			return whole(v), ok
		}
	case types.Float32:
		return member.Real, func(addr uint64) (member.Scalar, bool) {
			v, ok := r.Mem.Uint(addr, size)
			return member.Scalar{Real: float64(math.Float32frombits(uint32(v)))}, ok
		}
	case types.Float64:
		return member.Real, func(addr uint64) (member.Scalar, bool) {
			v, ok := r.Mem.Uint(addr, size)
			return member.Scalar{Real: math.Float64frombits(v)}, ok
		}
	case types.String:
		return member.Text, r.text
	case types.Slice:
		if r.Types.Type(typ.Elem).Kind == types.Uint8 {
			return member.Text, func(addr uint64) (member.Scalar, bool) {
				if text, ok := r.Text(typ, addr); ok {
					return member.Scalar{Text: text}, true
				}
				return r.text(addr)
			}
		}
	}
	return member.Text, func(addr uint64) (member.Scalar, bool) {
		if len(r.Mem.Prefix(addr, 1)) == 0 {
			return member.Scalar{}, false
		}
		return member.Scalar{Text: r.Shown(t, addr)}, true
	}
}

// text copies the bytes of a string or slice, the first of very many.
func (r *Reader) text(addr uint64) (v member.Scalar, ok bool) {
	data, ok1 := r.Mem.Word(addr)
	n, ok2 := r.Mem.Word(addr + uint64(r.Arch.PtrSize))
	if n = min(n, maxText); !ok1 || !ok2 || n == 0 {
		return v, ok1 && ok2
	}
	b, ok := r.Mem.Slice(data, n)
	return member.Scalar{Text: string(b)}, ok
}

func whole(n uint64) member.Scalar { return member.Scalar{Whole: int64(min(n, math.MaxInt64))} }

// length is Go's len of a part, and of the library's containers the number of what is in
// them, where that is counted.
func (r *Reader) length(w *way) (Read, error) {
	r.follow(w, types.Array, types.Struct)
	t := w.t
	typ := r.Types.Type(t)
	switch typ.Kind {
	case types.Array:
		return func(uint64) (member.Scalar, bool) { return whole(typ.Len), true }, nil
	case types.String, types.Slice:
		return func(addr uint64) (member.Scalar, bool) {
			n, ok := r.Mem.Word(addr + uint64(r.Arch.PtrSize))
			return whole(n), ok
		}, nil
	case types.Map, types.Chan:
		return func(addr uint64) (member.Scalar, bool) {
			header, ok := r.Mem.Word(addr)
			if !ok {
				return member.Scalar{}, false
			}
			return r.held(t, header)
		}, nil
	}
	if inferior.Holds(r.Space, t) {
		return func(addr uint64) (member.Scalar, bool) {
			n, more, ok := inferior.Held(r.Space, t, addr)
			return whole(n), ok && !more
		}, nil
	}
	return nil, fmt.Errorf("len is of strings, slices, arrays, maps and channels")
}

// held is how much there is in the map or channel whose header stands at an address.
func (r *Reader) held(t types.ID, header uint64) (member.Scalar, bool) {
	n, _, ok := inferior.Length(r.Space, t, header)
	return whole(n), ok
}

// isNil says of what is nil in Go whether it is.
func (r *Reader) isNil(t types.ID) (Read, error) {
	switch r.Types.Type(t).Kind {
	case types.Pointer, types.UnsafePointer, types.Map, types.Chan, types.Func, types.Slice, types.Interface:
		return func(addr uint64) (member.Scalar, bool) {
			v, ok := r.Mem.Word(addr)
			return member.Scalar{Bool: v == 0}, ok
		}, nil
	}
	return nil, fmt.Errorf("is never nil")
}
