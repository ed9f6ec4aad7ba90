package types

import (
	"fmt"
	"strings"

	"goheap/gocore/internal/layout"
)

// The compiler calls the buckets of classic maps so (until Go 1.23, and with
// GOEXPERIMENT=noswissmap until 1.25): a struct of topbits, keys, elems and
// overflow (cmd/compile/internal/reflectdata, MapBucketType).
const bucketPrefix = "map.bucket["

// bucketOf returns the type of a classic map's buckets, as its descriptor has it
// (runtime.maptype, internal/abi.OldMapType); 0 where there is none.
//
// DWARF has buckets too, bucket<K,V>, whose overflow is a pointer in any case. The
// compiler makes it a uintptr where neither keys nor elements have pointers.
func (t *Table) bucketOf(id ID) ID {
	addr, ok := t.RuntimeType(id)
	if !ok {
		return 0
	}
	p, ok := t.word(addr, t.headerSize()+2*uint64(t.Arch.PtrSize))
	if !ok {
		return 0
	}
	if bucket, ok := t.ByRuntimeType(p); ok && strings.HasPrefix(t.Type(bucket).Name, bucketPrefix) {
		return bucket
	}
	return 0
}

// maxInBucket is the size above which keys and elements stand outside of their
// bucket (runtime/map.go, maxKeySize and maxElemSize).
const maxInBucket = 128

// reflectBucket returns the type of the buckets of a map type that package reflect
// made, whose descriptor is at addr: that of the buckets has their size and
// pointers, and no fields (reflect.bucketOf, Go 1.23). It is 0 where the fields
// that there must be are not of that size.
func (t *Table) reflectBucket(addr uint64, key, elem ID) ID {
	const entries = 8
	word := uint64(t.Arch.PtrSize)
	p, ok := t.word(addr, t.headerSize()+2*word)
	h, ok2 := t.readHeader(p)
	link, ok3 := t.Lookup("uintptr")
	if ok && h.ptrBytes == h.size {
		link, ok3 = t.Lookup("unsafe.Pointer")
	}
	top, ok4 := t.Lookup("uint8")
	if !ok || !ok2 || !ok3 || !ok4 || h.kind != Struct || key == 0 || elem == 0 {
		return 0
	}
	name := bucketPrefix + t.Type(key).Name + "]" + t.Type(elem).Name
	fields := []Field{{Name: "topbits", Type: t.newArray(top, entries)}}
	at := uint64(entries)
	for _, f := range []struct {
		name string
		of   ID
	}{{"keys", key}, {"elems", elem}} {
		if t.Type(f.of).Size > maxInBucket {
			f.of = t.made(fmt.Sprintf("* %d", f.of), Type{Name: "*" + t.Type(f.of).Name, Kind: Pointer, Size: word, Elem: f.of})
		}
		fields = append(fields, Field{Name: f.name, Offset: at, Type: t.newArray(f.of, entries)})
		at += entries * t.Type(f.of).Size
	}
	fields = append(fields, Field{Name: "overflow", Offset: at, Type: link})
	if at+word != h.size {
		return 0
	}
	return t.made(fmt.Sprintf("bucket %d %d %d", key, elem, link), Type{Name: name, Kind: Struct, Size: h.size, Fields: fields})
}

// newArray returns the type of an array of n values.
func (t *Table) newArray(elem ID, n uint64) ID {
	of := t.Type(elem)
	return t.made(fmt.Sprintf("[%d] %d", n, elem), Type{Name: fmt.Sprintf("[%d]%s", n, of.Name), Kind: Array, Elem: elem, Len: n, Size: n * of.Size})
}

// made returns a type that neither DWARF nor a descriptor has, the same one for
// each key.
func (t *Table) made(key string, typ Type) ID {
	t.mu.Lock()
	defer t.mu.Unlock()
	if id, ok := t.instances[key]; ok {
		return id
	}
	id, s := t.newSlot()
	s.typ.Store(&typ)
	t.instances[key] = id
	return id
}

// chainBuckets tells what the overflow of a bucket leads to, an unsafe.Pointer for
// the compiler: list has the words of type id.
func (t *Table) chainBuckets(id ID, typ *Type, list []Word) {
	if len(list) == 0 || !strings.HasPrefix(typ.Name, bucketPrefix) {
		return
	}
	last := &typ.Fields[len(typ.Fields)-1]
	if w := &list[len(list)-1]; t.names.MapBucket.Overflow.Named(last.Name) && w.Kind == UnsafePointerWord && w.Offset == last.Offset {
		w.Kind, w.Target = PointerWord, id
	}
}

// bucketName returns the name of the buckets described at addr with the full
// names of keys and elements; str is the descriptor's own, with the names of
// packages. Large keys and elements stand behind pointers that str does not have.
func (n *namer) bucketName(addr uint64, str string, depth int) string {
	elem := func(field layout.Field) string {
		for _, f := range n.t.rawFields(addr) {
			if name, _ := n.t.readName(f.name); field.Named(name) {
				p, _ := n.t.word(f.typ, n.t.headerSize())
				return n.name(p, depth+1)
			}
		}
		return unknown.Name
	}
	key, value := elem(n.t.names.MapBucket.Keys), elem(n.t.names.MapBucket.Elems)
	if !strings.HasPrefix(str, bucketPrefix+"*") {
		key = strings.TrimPrefix(key, "*")
	}
	// The key's name in str may differ in its packages, but not in its brackets.
	if !strings.HasPrefix(behindBracket(str[len(bucketPrefix):]), "*") {
		value = strings.TrimPrefix(value, "*")
	}
	return bucketPrefix + key + "]" + value
}

// behindBracket returns what follows the bracket that closes the one before s.
func behindBracket(s string) string {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '[':
			depth++
		case ']':
			if depth == 0 {
				return s[i+1:]
			}
			depth--
		case '"':
			i += quotedLen(s[i:]) - 1
		}
	}
	return ""
}
