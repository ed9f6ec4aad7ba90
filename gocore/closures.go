package gocore

import (
	"fmt"
	"strings"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/symbols"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
)

// receiverField is the name of what a method value captured.
const receiverField = "receiver"

// closureType returns the type of the closure at addr, whose code begins at
// entry: a structure of its code and of the variables that it captured. All
// closures of a function have the same layout, so that the first one on the heap
// stands for all. It is 0 where the closure is not the start of an object, or
// has no code that is known.
func (p *Process) closureType(entry, addr uint64) types.ID {
	p.varsMu.Lock()
	defer p.varsMu.Unlock()
	if id, ok := p.closures[entry]; ok {
		return id
	}
	fn, ok := p.function(entry)
	at, inHeap := p.im.Pages.Find(addr)
	if !ok || fn.Entry != entry || !inHeap || at.Off != 0 || at.Elem == 0 || at.Pointers != image.HeapBits && at.Pointers != image.NoPointers {
		return 0
	}
	id := p.describeClosure(fn.Name(), entry, addr, at)
	p.closures[entry] = id
	return id
}

// runtimeClosures are objects that func values of package reflect point to, by
// the functions that their first words lead to (reflect/makefunc.go).
var runtimeClosures = [...]struct{ function, object string }{
	{"reflect.makeFuncStub", "reflect.makeFuncImpl"},
	{"reflect.methodValueCall", "reflect.methodValue"},
}

// describeClosure makes the type of the closure that stands in the slot at addr.
// DWARF leaves out variables that the optimised code reads in parts. Where they
// are pointers the slot says so, and the closure gets fields without names for
// them; how far it reaches beyond is known from its slot, since a smaller object
// would have got a smaller one.
func (p *Process) describeClosure(name string, entry, addr uint64, at image.SlotAt) types.ID {
	for _, c := range runtimeClosures {
		if name == c.function {
			id, _ := p.types.Lookup(c.object)
			return id
		}
	}
	w := uint64(p.im.Arch.PtrSize)
	code, _ := p.types.Lookup("uintptr")
	word, _ := p.types.Lookup("unsafe.Pointer")
	mask := uint64(0)
	if at.Pointers == image.HeapBits {
		mask = p.im.SlotMask(p.im.ExtentAt(addr), addr)
	}
	if mask&1 != 0 {
		code = word // package plugin keeps the address of a function in a variable of this type
	}
	fields := []types.Field{{Name: "F", Type: code}}
	end := w
	// upTo adds fields for the pointers in front of off.
	upTo := func(off uint64) {
		for ; end+w <= off; end += w {
			if mask>>(end/w)&1 != 0 {
				fields = append(fields, types.Field{Name: fmt.Sprintf("+%#x", end), Offset: end, Type: word})
			}
		}
	}
	list := p.captures(entry, addr)
	for i, c := range list {
		// Captures stand close together, and a smaller closure would have a
		// smaller slot: this one ends behind least and not behind limit.
		least, limit := p.im.SmallerClass(at.Elem)+1, at.Elem
		if i+1 < len(list) {
			limit = min(limit, list[i+1].Offset)
			least = limit - min(limit, w-1)
		}
		c.Type = p.captured(c, addr, mask, least, limit)
		size := p.types.Type(c.Type).Size
		if c.Offset < end || c.Type == 0 || size == 0 {
			continue // what its words are is left to the slot
		}
		upTo(c.Offset)
		fields = append(fields, types.Field{Name: c.Name, Offset: c.Offset, Type: c.Type})
		end = c.Offset + size
	}
	end = image.AlignUp(end, w)
	upTo(at.Elem)
	// The last pointer, and more than the next smaller slot has room for.
	last := fields[len(fields)-1]
	size := max(last.Offset+p.types.Type(last.Type).Size, p.im.SmallerClass(at.Elem)+1)
	return p.types.NewStruct(typing.ClosurePrefix+withoutShapes(name), packageOf(name), image.AlignUp(size, w), fields)
}

// captured returns the type of the word or words of a closure at addr that a
// capture stands in, of which the slot's pointers are given; 0 where what DWARF
// says cannot be. The capture ends at limit or before it, and at least or behind
// it unless DWARF leaves out one that follows.
//
// DWARF has "&x" and the type *T for a closure that holds the address of x, but
// also for one that holds x itself and uses its address, for instance to look it
// up in a map. Where both fit, the one that fills its place is right; where both
// do, T is a pointer, and what it points to tells whether that is a variable of
// its own, in the smallest slot that has room for a word. Otherwise the type is unsafe.Pointer.
func (p *Process) captured(c symbols.Capture, addr, mask, least, limit uint64) types.ID {
	if !c.ByRef {
		if p.fitsClosure(c.Type, c.Offset, mask, limit) {
			return c.Type
		}
		return 0
	}
	w := uint64(p.im.Arch.PtrSize)
	elem := p.types.Type(c.Type).Elem
	size := p.types.Type(elem).Size
	ref, value := p.fitsClosure(c.Type, c.Offset, mask, limit), p.fitsClosure(elem, c.Offset, mask, limit)
	if ref && value {
		refFills, valueFills := c.Offset+w >= least, c.Offset+size >= least
		switch {
		case refFills != valueFills:
			ref, value = refFills, valueFills
		case refFills && size == w:
			word, _ := p.im.Mem.Word(addr + c.Offset)
			if to, ok := p.im.Pages.Find(word); ok {
				target := p.types.Type(p.types.Type(elem).Elem).Size
				ref = to.Off == 0 && to.Elem >= w && p.im.SmallerClass(to.Elem) < w
				value = to.Off != 0 || to.Elem >= target && p.im.SmallerClass(to.Elem) < target
			}
		}
	}
	switch {
	case ref && value:
		pointer, _ := p.types.Lookup("unsafe.Pointer")
		return pointer
	case ref:
		return c.Type
	case value:
		return elem
	}
	return 0
}

// fitsClosure reports whether a value of a type can stand at off in a closure.
func (p *Process) fitsClosure(t types.ID, off, mask, limit uint64) bool {
	w := uint64(p.im.Arch.PtrSize)
	size := p.types.Type(t).Size
	if size == 0 || off > limit || size > limit-off {
		return false
	}
	for at := off / w; at*w < off+size; at++ {
		if (mask>>at&1 != 0) != (at*w >= off && p.types.PointerAt(t, at*w-off)) {
			return false
		}
	}
	return true
}

// captures returns the variables in the closure at addr, by offset: as DWARF has
// them, or the receiver of a method value, which only the function's name tells
// of: "main.(*T).M-fm".
func (p *Process) captures(entry, addr uint64) []symbols.Capture {
	w := uint64(p.im.Arch.PtrSize)
	f, bias := p.exe.codeAt(entry)
	name, _ := f.FuncName(entry - bias)
	if method, ok := strings.CutSuffix(name, "-fm"); ok {
		if id, ok := p.receiverType(method); ok {
			return []symbols.Capture{{Name: receiverField, Offset: w, Type: id}}
		}
		return nil
	}
	list := p.capturesOf(entry)
	var dict uint64
	for _, c := range list {
		if c.Name == symbols.DictName {
			dict, _ = p.im.Mem.Word(addr + c.Offset)
		}
	}
	for i := range list {
		if t := p.instance(list[i].Dict, dict); t != 0 {
			list[i].Type = t
		}
	}
	return list
}

// instance returns the type that stands at a place of a dictionary of a generic
// function's type arguments and of the types made of them; 0 where there is no
// dictionary, or nothing known in it (cmd/compile/internal/noder/reader.go,
// Go 1.26: the entries for types are the addresses of their descriptors).
func (p *Process) instance(place symbols.DictPlace, dict uint64) types.ID {
	if place == 0 || dict == 0 {
		return 0
	}
	w := uint64(p.im.Arch.PtrSize)
	addr, ok := p.im.Mem.Word(dict + place.Index()*w)
	if !ok {
		return 0
	}
	id, _ := p.types.ByRuntimeType(addr)
	return id
}

// receiverType returns the type in the name of a method: *main.T of "main.(*T).M",
// main.T of "main.T.M", type arguments included.
func (p *Process) receiverType(method string) (types.ID, bool) {
	dot := lastDot(method)
	if dot < 0 {
		return 0, false
	}
	name := method[:dot]
	if pkg, rest, ok := strings.Cut(name, ".(*"); ok && strings.HasSuffix(rest, ")") {
		name = "*" + pkg + "." + strings.TrimSuffix(rest, ")")
	}
	return p.types.Lookup(name)
}

// withoutShapes writes the shapes of type arguments in a function's name as the
// runtime does in a stack trace: "[...]".
func withoutShapes(name string) string {
	i := strings.Index(name, "["+typing.ShapePrefix)
	if i < 0 {
		return name
	}
	depth := 0
	for j := i; j < len(name); j++ {
		switch name[j] {
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				return name[:i] + "[...]" + withoutShapes(name[j+1:])
			}
		}
	}
	return name
}

// lastDot returns the index of the last dot of a name that is not in the brackets
// of type arguments, or -1.
func lastDot(name string) int {
	depth := 0
	for i := len(name) - 1; i >= 0; i-- {
		switch name[i] {
		case ']':
			depth++
		case '[':
			depth--
		case '.':
			if depth == 0 {
				return i
			}
		}
	}
	return -1
}
