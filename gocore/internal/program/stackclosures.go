package program

import (
	"strings"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/symbols"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
	"goheap/gocore/internal/unwind"
)

// SeedStackClosures starts the walk at the closures that lie on a stack, such as those of
// deferred calls: a live word leads to each, whose first word is where its function
// begins. What it captured counts where the live words agree.
func (c *Closures) SeedStackClosures(t *typing.Typer, stack *typing.Stack, g *image.Goroutine, words []unwind.Slot) {
	c.eachOnStack(g, words, func(code, at uint64) { c.seedStackClosure(t, stack, code, at, words) })
}

// CapturedOnStack calls f with the variables that the closures on a stack have captured: of
// which type debugging information has them, and where they stand.
func (c *Closures) CapturedOnStack(g *image.Goroutine, words []unwind.Slot, f func(t types.ID, addr uint64)) {
	c.eachOnStack(g, words, func(code, at uint64) {
		for _, v := range c.captures(code, at) {
			f(v.Type, at+v.Offset)
		}
	})
}

// eachOnStack calls f with the closures on a stack: their code, and where they stand.
func (c *Closures) eachOnStack(g *image.Goroutine, words []unwind.Slot, f func(code, at uint64)) {
	seen := map[uint64]bool{}
	for _, s := range words {
		at, _ := c.Image.Mem.Word(s.Addr)
		if s.Conservative || at < g.StackLo || at >= g.StackHi || seen[at] {
			continue
		}
		seen[at] = true
		code, ok := c.Image.Mem.Word(at)
		if !ok {
			continue
		}
		if fn, ok := c.Function(code); ok && fn.Entry == code && isClosure(fn.Name()) {
			f(code, at)
		}
	}
}

// isClosure reports whether a function is one that the compiler has named by the function
// around it, or calls a method value (cmd/compile/internal/ir, closureName, Go 1.26).
func isClosure(name string) bool {
	last := name[strings.LastIndexByte(name, '.')+1:]
	for _, prefix := range [...]string{"func", "deferwrap", "gowrap"} {
		if number, ok := strings.CutPrefix(last, prefix); ok && number != "" && strings.Trim(number, "0123456789") == "" {
			return true
		}
	}
	return strings.HasSuffix(name, "-fm")
}

// seedStackClosure starts the walk at what the closure at an address captured.
func (c *Closures) seedStackClosure(t *typing.Typer, stack *typing.Stack, code, at uint64, words []unwind.Slot) {
	list := c.captures(code, at)
	fn, _ := c.Function(code)
	if wrapped, ok := fn.Wrapped(); ok && len(list) == 0 {
		list = c.passedOnStack(wrapped, at, words)
	}
	for _, v := range list {
		ref := c.isLive(v.Type, at+v.Offset, words)
		if !v.ByRef || v.Sure {
			if ref {
				t.PointVariable(stack, v.Type, at+v.Offset)
			}
			continue
		}
		// See captured: what has the name of an address may be the variable itself.
		elem := c.Types.Type(v.Type).Elem
		switch value := c.isLive(elem, at+v.Offset, words); {
		case ref && !value:
			t.PointVariable(stack, v.Type, at+v.Offset)
		case value && !ref:
			t.PointVariable(stack, elem, at+v.Offset)
		}
	}
	if len(list) > 0 {
		return
	}
	// A method of an interface is called, which is all that was captured, or what was
	// captured first is an interface: nothing else has the address of an itab. Until Go
	// 1.21 the names of wrappers do not say that they are.
	w := uint64(c.Image.Arch.PtrSize)
	itab, _ := c.Image.Mem.Word(at + w)
	if p, ok := c.Image.Mem.Word(at + 2*w); ok && !unwind.LiveWord(words, at+w) && unwind.LiveWord(words, at+2*w) && c.IsItab(itab) {
		t.PointInterface(stack, itab, p)
	}
}

// IsItab reports whether there is an itab at an address: the descriptors of an interface
// and of a type, and the code of its methods.
func (d *Program) IsItab(addr uint64) bool {
	l, a := &d.Layout.Itab, d.Image.Arch
	b, ok := d.Image.Mem.Slice(addr, uint64(l.Size))
	if !ok || addr%uint64(a.PtrSize) != 0 || !d.IsDescriptor(l.Inter.Uint(a, b)) || !d.IsDescriptor(l.Type.Uint(a, b)) {
		return false
	}
	inter, ok := d.Types.ByRuntimeType(l.Inter.Uint(a, b))
	if !ok || d.Types.Type(inter).Kind != types.Interface {
		return false
	}
	code, _ := d.Image.Mem.Word(addr + l.Fun.Offset)
	fn, ok := d.Function(code)
	return ok && fn.Entry == code
}

// passedOnStack is passedOn for a closure on a stack, of which no slot tells how long it
// is: nothing of the call may be a constant.
func (c *Closures) passedOnStack(wrapped, at uint64, words []unwind.Slot) []symbols.Capture {
	params, ok := c.Parameters(wrapped)
	if !ok || len(params) > maxPassed {
		return nil
	}
	end := uint64(c.Image.Arch.PtrSize)
	var list []symbols.Capture
	for _, p := range params {
		end = image.AlignUp(end, c.align(p.Type, 0))
		if !c.isLive(p.Type, at+end, words) {
			return nil
		}
		list = append(list, symbols.Capture{Name: p.Name, Offset: end, Type: p.Type})
		end += c.Types.Type(p.Type).Size
	}
	return list
}

// isLive reports whether the live words of a stack are the pointers of a value of a type
// at an address.
func (c *Closures) isLive(id types.ID, addr uint64, words []unwind.Slot) bool {
	w := uint64(c.Image.Arch.PtrSize)
	size := c.Types.Type(id).Size
	if size == 0 || size > maxCaptured {
		return false
	}
	for off := (w - addr%w) % w; off < size; off += w {
		if c.Types.PointerAt(id, off) != unwind.LiveWord(words, addr+off) {
			return false
		}
	}
	return true
}

// maxCaptured is the size up to which variables are captured by value, in bytes
// (cmd/compile/internal/escape, flowClosure, Go 1.26).
const maxCaptured = 128
