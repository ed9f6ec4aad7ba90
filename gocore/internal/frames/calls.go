package frames

import (
	"fmt"
	"slices"
	"strings"

	"goheap/gocore/internal/notation"
	"goheap/gocore/internal/program"
	"goheap/gocore/internal/unwind"
)

// CallName names a call in a frame, which may be inlined there, and the line that it has
// come to: "main.inner (inlined in main.outer) main.go:42". Of several calls that have the
// same text, as recursion makes them, the second from the innermost one on has "#2" behind
// it.
func (p *Reader) CallName(gi int, fr *unwind.Frame, fn string) string {
	name := p.callText(fr, fn)
	n := 1
	c := callFinder{p: p, name: name}
	list, _ := p.Walk(gi)
	for i := range list {
		if list[i].SP == fr.SP {
			break
		}
		if c.is(&list[i], fn) {
			n++
		}
	}
	if n > 1 {
		name += fmt.Sprintf(" #%d", n)
	}
	return name
}

// OfWords returns the function that words of a frame are counted to that are in no variable:
// the frame's, and of one that the compiler made, as for a go statement, what it calls, where
// that is inlined.
func (p *Reader) OfWords(fr *unwind.Frame) string {
	calls := p.program.CallsAt(fr.LookupPC())
	if last := len(calls) - 1; last > 0 && p.program.Wrapper(&calls[last]) {
		return calls[last-1].Name
	}
	return fr.Func.Name()
}

// callFinder tells which frames have a call of a given text.
type callFinder struct {
	p    *Reader
	name string
	seen map[uint64]bool // by pc
}

// is reports whether the call of fn in a frame has the text.
func (c *callFinder) is(fr *unwind.Frame, fn string) bool {
	is, ok := c.seen[fr.LookupPC()]
	if !ok {
		if is = strings.Contains(c.name, fr.Func.Name()); is {
			is = c.p.callText(fr, fn) == c.name
		}
		if c.seen == nil {
			c.seen = map[uint64]bool{}
		}
		c.seen[fr.LookupPC()] = is
	}
	return is
}

// callText is CallName without the number.
func (p *Reader) callText(fr *unwind.Frame, fn string) string {
	outer := fr.Func.Name()
	file, line := fr.Func.FileLine(fr.LookupPC())
	for _, c := range p.program.CallsAt(fr.LookupPC()) {
		if c.Name == fn {
			file, line = c.File, c.Line
			break
		}
	}
	name := fn
	if fn != outer {
		name += " (inlined in " + outer + ")"
	}
	return fmt.Sprintf("%s %s:%d", name, notation.ShortFile(file), line)
}

// Call is the one that an expression is about.
type Call struct {
	callFinder
	fn     string // the function in the name that goheap gives the call
	number int    // of those that fit
	first  bool   // no number is written
}

// Call finds the call that an expression says: it takes the number off the name of a call: "main.f main.go:12 #3".
func (p *Reader) Call(name string) *Call {
	c := &Call{callFinder: callFinder{p: p}}
	c.name, c.number = notation.Ordinal(name)
	c.first = c.name == name
	c.fn, _, _ = strings.Cut(c.name, " (inlined in ")
	if i := strings.LastIndexByte(c.fn, ' '); i >= 0 {
		c.fn = c.fn[:i]
	}
	return c
}

// fits reports whether a person may mean a call of fn: by the name of the function, as
// stacks have it, with or without the path of its package.
func (c *Call) fits(fn string) bool {
	if strings.HasSuffix(c.name, "]") || strings.Contains(c.name, "[...]") {
		fn = program.WithoutShapes(fn)
	}
	return c.name == fn || strings.HasSuffix(fn, "/"+c.name) || strings.HasSuffix(fn, "."+c.name)
}

// Next reports whether a frame, or one of the calls that are inlined there, is what is
// meant. It is asked for each frame once, innermost first. Where no number says which of
// several calls is, those behind the first one are too, for what the first does not have.
func (c *Call) Next(fr *unwind.Frame) bool {
	if c.name == "" {
		return true
	}
	fits := c.is(fr, c.fn) || c.fits(fr.Func.Name())
	if !fits && !strings.Contains(c.name, " ") {
		fits = slices.ContainsFunc(c.p.program.CallsAt(fr.LookupPC()), func(x program.Call) bool { return c.fits(x.Name) })
	}
	if fits {
		c.number--
	}
	return fits && (c.number == 0 || c.first)
}

// NextOf is Next for a frame of which only the function is known.
func (c *Call) NextOf(fn string) bool {
	fits := c.fits(fn)
	if fits {
		c.number--
	}
	return c.name == "" || fits && c.number == 0
}

// Of reports whether a variable of fn, in the frame that is meant, is one of the call.
func (c *Call) Of(fn string) bool { return c.name == "" || fn == c.fn || c.fits(fn) }
