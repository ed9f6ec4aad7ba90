package program

import (
	"fmt"
	"strings"
	"sync"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/symbols"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
)

// receiverField is the name of what a method value captured.
const receiverField = "receiver"

// Closures knows the types of closures, by the addresses of their code. It may be used
// by several goroutines.
type Closures struct {
	*Program
	mu    sync.Mutex
	known map[uint64]types.ID // by the addresses of code
	made  madeClosures
	run   map[instantiation]types.ID // of code that several instantiations share, which known has as shared
}

// instantiation is code and the dictionary that it is run with, 0 for unknown.
type instantiation struct{ entry, dict uint64 }

// shared stands for the type of closures whose code does not tell it.
const shared = ^types.ID(0)

// NewClosures returns the closures of a program.
func NewClosures(p *Program) *Closures {
	return &Closures{Program: p, known: map[uint64]types.ID{}, run: map[instantiation]types.ID{}}
}

// TypeOf returns the type of the closure at addr, whose code begins at
// entry: a structure of its code and of the variables that it captured. All
// Closures of a function have the same layout, so that the first one on the heap
// stands for all that are run with the same dictionary. It is 0 where the closure is not the start of an object, or
// has no code that is known.
func (c *Closures) TypeOf(entry, addr uint64) types.ID {
	c.mu.Lock()
	defer c.mu.Unlock()
	id, ok := c.known[entry]
	if ok && id != shared {
		return id
	}
	run := instantiation{entry: entry}
	if ok {
		run.dict = c.dictionary(c.CodeName(entry), addr)
		if id, ok := c.run[run]; ok {
			return id
		}
	}
	fn, ok := c.Function(entry)
	at, inHeap := c.Image.Pages.Find(addr)
	if !ok || fn.Entry != entry || !inHeap || at.Off != 0 || at.Elem == 0 || at.Pointers != image.HeapBits && at.Pointers != image.NoPointers {
		return 0
	}
	id = c.describeClosure(fn.Name(), entry, addr, at)
	c.keep(entry, addr, id)
	return id
}

// keep remembers the type of the closure at addr, and returns the one that was known
// before, if there is one.
func (c *Closures) keep(entry, addr uint64, id types.ID) types.ID {
	if known, ok := c.known[entry]; ok && known != shared {
		return known
	}
	name := c.CodeName(entry)
	if len(c.instances(name).list) < 2 {
		c.known[entry] = id
		return id
	}
	c.known[entry] = shared
	run := instantiation{entry, c.dictionary(name, addr)}
	if known, ok := c.run[run]; ok {
		return known
	}
	c.run[run] = id
	return id
}

// dictionary returns the dictionary that the closure at addr is run with, by the name of
// its code; 0 for unknown. It is captured, though debugging information has a variable for
// it only where the code uses it.
func (c *Closures) dictionary(name string, addr uint64) uint64 {
	return c.DictionaryAmong(name, func(yield func(uint64) bool) {
		at, ok := c.Image.Pages.Find(addr)
		numbers := c.dictionariesAreNumbers()
		if !ok || at.Pointers != image.HeapBits && !(numbers && at.Pointers == image.NoPointers) {
			return
		}
		mask := ^uint64(0)
		if !numbers {
			mask = c.Image.SlotMask(c.Image.ExtentAt(addr), addr)
		}
		w := uint64(c.Image.Arch.PtrSize)
		for off := w; off < min(at.Elem, 64*w); off += w {
			if word, _ := c.Image.Mem.Word(addr + off); mask>>(off/w)&1 != 0 && !yield(word) {
				return
			}
		}
	})
}

// dictionariesAreNumbers reports whether the addresses of dictionaries are no pointers to
// the collector, as until Go 1.19.
func (c *Closures) dictionariesAreNumbers() bool {
	minor, ok := c.Minor()
	return ok && minor < 20
}

// CodeName returns the name that debugging information has for the function whose code
// begins at entry, with the shapes of its type arguments; without debugging information,
// that which tracebacks have.
func (d *Program) CodeName(entry uint64) string {
	f, bias := d.Exe.codeAt(entry)
	name, _ := f.FuncName(entry - bias)
	if name == "" && WithoutDebugging(d) {
		if fn, ok := d.Function(entry); ok && fn.Entry == entry {
			return fn.Name()
		}
	}
	return name
}

// Surely is TypeOf for an object that nothing says to be a closure, 0 where it need not be
// one: its first word is the entry of a function that captures variables, and what it
// captures fills the object and has its pointers.
func (c *Closures) Surely(entry, addr uint64) types.ID {
	fn, ok := c.Function(entry)
	at, inHeap := c.Image.Pages.Find(addr)
	if !ok || fn.Entry != entry || !inHeap || at.Off != 0 || at.Elem == 0 || at.Pointers != image.HeapBits {
		return 0
	}
	mask := c.Image.SlotMask(c.Image.ExtentAt(addr), addr)
	list := c.captures(entry, addr)
	id := c.describeClosure(fn.Name(), entry, addr, at)
	typ := c.Types.Type(id)
	if len(list) == 0 || len(typ.Fields) != 1+len(list) || typ.Size > at.Elem || typ.Size <= c.Image.SmallerClass(at.Elem) {
		return 0
	}
	for i, f := range typ.Fields[1:] {
		if f.Name != list[i].Name || f.Offset != list[i].Offset {
			return 0
		}
	}
	w := uint64(c.Image.Arch.PtrSize)
	for off := uint64(0); off < at.Elem; off += w {
		if (mask>>(off/w)&1 != 0) != c.Types.PointerAt(id, off) {
			return 0
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.keep(entry, addr, id)
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
func (c *Closures) describeClosure(name string, entry, addr uint64, at image.SlotAt) types.ID {
	for _, r := range runtimeClosures {
		if name == r.function {
			id, _ := c.Types.Lookup(r.object)
			return id
		}
	}
	w := uint64(c.Image.Arch.PtrSize)
	code, _ := c.Types.Lookup("uintptr")
	word, _ := c.Types.Lookup("unsafe.Pointer")
	mask := uint64(0)
	if at.Pointers == image.HeapBits {
		mask = c.Image.SlotMask(c.Image.ExtentAt(addr), addr)
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
	list := c.captures(entry, addr)
	for i, v := range list {
		// Captures stand close together, and a smaller closure would have a
		// smaller slot: this one ends behind least and not behind limit.
		least, limit := c.Image.SmallerClass(at.Elem)+1, at.Elem
		if i+1 < len(list) {
			limit = min(limit, list[i+1].Offset)
			least = limit - min(limit, w-1)
		}
		v.Type = c.captured(v, addr, mask, least, limit)
		size := c.Types.Type(v.Type).Size
		if v.Offset < end || v.Type == 0 || size == 0 {
			continue // what its words are is left to the slot
		}
		upTo(v.Offset)
		fields = append(fields, types.Field{Name: v.Name, Offset: v.Offset, Type: v.Type})
		end = v.Offset + size
	}
	end = image.AlignUp(end, w)
	upTo(at.Elem)
	// The last pointer, and more than the next smaller slot has room for.
	last := fields[len(fields)-1]
	size := max(last.Offset+c.Types.Type(last.Type).Size, c.Image.SmallerClass(at.Elem)+1)
	return c.Types.NewStruct(typing.ClosurePrefix+WithoutShapes(name), PackageOf(name), image.AlignUp(size, w), fields)
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
func (c *Closures) captured(v symbols.Capture, addr, mask, least, limit uint64) types.ID {
	if !v.ByRef || v.Sure {
		if c.fitsClosure(v.Type, v.Offset, mask, limit) {
			return v.Type
		}
		return 0
	}
	w := uint64(c.Image.Arch.PtrSize)
	elem := c.Types.Type(v.Type).Elem
	size := c.Types.Type(elem).Size
	ref, value := c.fitsClosure(v.Type, v.Offset, mask, limit), c.fitsClosure(elem, v.Offset, mask, limit)
	if ref && value {
		refFills, valueFills := v.Offset+w >= least, v.Offset+size >= least
		switch {
		case refFills != valueFills:
			ref, value = refFills, valueFills
		case size == w:
			word, _ := c.Image.Mem.Word(addr + v.Offset)
			if to, ok := c.Image.Pages.Find(word); ok {
				target := c.Types.Type(c.Types.Type(elem).Elem).Size
				if r := c.Types.Type(elem).Runtime; r != 0 { // a map or a channel
					target = c.Types.Type(r).Size
				}
				ref = to.Off == 0 && to.Elem >= w && c.Image.SmallerClass(to.Elem) < w
				value = to.Off != 0 || to.Elem >= target && c.Image.SmallerClass(to.Elem) < target
			}
		}
	}
	switch {
	case ref && value:
		pointer, _ := c.Types.Lookup("unsafe.Pointer")
		return pointer
	case ref:
		return v.Type
	case value:
		return elem
	}
	return 0
}

// fitsClosure reports whether a value of a type can stand at off in a closure.
func (c *Closures) fitsClosure(t types.ID, off, mask, limit uint64) bool {
	w := uint64(c.Image.Arch.PtrSize)
	size := c.Types.Type(t).Size
	if size == 0 || off > limit || size > limit-off {
		return false
	}
	for at := off / w; at*w < off+size; at++ {
		if (mask>>at&1 != 0) != (at*w >= off && c.Types.PointerAt(t, at*w-off)) {
			return false
		}
	}
	return true
}

// captures returns the variables in the closure at addr, by offset: as DWARF has
// them, or the receiver of a method value, which only the function's name tells
// of: "main.(*T).M-fm", or what a go or defer statement calls its function with.
func (c *Closures) captures(entry, addr uint64) []symbols.Capture {
	w := uint64(c.Image.Arch.PtrSize)
	name := c.CodeName(entry)
	if method, ok := strings.CutSuffix(name, "-fm"); ok {
		if id, ok := c.receiverType(method); ok {
			return []symbols.Capture{{Name: receiverField, Offset: w, Type: id}}
		}
		return nil
	}
	if WithoutDebugging(c.Program) {
		return c.MadeWith(entry)
	}
	list := c.CapturesOf(entry)
	if len(list) == 0 {
		return c.passedOn(entry, addr)
	}
	var dict uint64
	for _, v := range list {
		if v.Name == symbols.DictName {
			dict, _ = c.Image.Mem.Word(addr + v.Offset)
		}
	}
	if dict == 0 {
		dict = c.dictionary(name, addr)
	}
	for i := range list {
		if t := c.Instance(list[i].Dict, dict); t != 0 {
			list[i].Type = t
		} else if t := c.Argument(name, list[i].Type, dict); t != 0 {
			list[i].Type = t
		}
	}
	return list
}

// MadeWith returns what the closures whose code begins at entry captured, by the code that
// makes them.
func (c *Closures) MadeWith(entry uint64) []symbols.Capture { return c.made.captures(c.Program, entry) }
