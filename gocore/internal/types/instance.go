package types

import "strings"

const shapePrefix = "go.shape."

// LookupInstance is Lookup for an instance of a generic struct: generic is its
// name, params the type arguments as in "interface {},interface {}]", as the linker
// writes them.
//
// DWARF lacks an instance that only code which instances share handles: Go 1.27
// has no internal/sync.entry[interface {},interface {}] in most programs. Then a
// type is made of the instance that this code is for, with go.shape.T for each T
// (cmd/compile/internal/noder, shapify).
func (t *Table) LookupInstance(generic, params string) (ID, bool) {
	name := generic + "[" + params
	if id, ok := t.Lookup(name); ok {
		return id, true
	}
	t.mu.Lock()
	id, ok := t.instances[name]
	t.mu.Unlock()
	if ok {
		return id, true
	}
	args := strings.Split(strings.TrimSuffix(params, "]"), ",")
	shape, ok := t.Lookup(generic + "[" + shapePrefix + strings.Join(args, ","+shapePrefix) + "]")
	typ := t.Type(shape)
	if !ok || typ.Kind != Struct {
		return 0, false
	}
	fields := append([]Field(nil), typ.Fields...)
	for i := range fields {
		f := t.Type(fields[i].Type)
		own, ok := t.Lookup(strings.ReplaceAll(f.Name, shapePrefix, ""))
		if o := t.Type(own); ok && o.Kind == f.Kind && o.Size == f.Size {
			fields[i].Type = own
		}
	}
	id = t.NewStruct(cleanName(name), typ.Package, typ.Size, fields)
	t.mu.Lock()
	defer t.mu.Unlock()
	if first, ok := t.instances[name]; ok {
		return first, true
	}
	t.instances[name] = id
	return id, true
}
