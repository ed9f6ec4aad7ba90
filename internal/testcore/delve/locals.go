package delve

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"goheap/gocore"
)

// locals compares the variables of a goroutine's calls by their values, also those that
// stand in registers or in parts, and the calls that each has deferred.
func (c *comparison) locals(g *gocore.Goroutine, index int, theirs []stackframe) {
	calls, _, _ := c.h.Stack(index, -1)
	if len(calls) == 0 || len(theirs) == 0 {
		return // told of by frames
	}
	for g.Status == "syscall" && len(theirs) > len(calls) && theirs[0].name() != calls[0].Func {
		theirs = theirs[1:]
	}
	for i := range min(len(calls), len(theirs)) {
		o, t := &calls[i], &theirs[i]
		if !sameFunction(o.Func, t.name()) {
			return
		}
		where := fmt.Sprintf("%s: goroutine %d, frame %d %s", c.name, g.ID, i, o.Func)
		c.deferredBy(o, t, where)
		if o.PC != t.PC && g.Status == "syscall" && i == 0 {
			continue
		}
		list := slices.Concat(t.Arguments, t.Locals)
		for _, l := range o.Locals {
			at := theSame(&l, list)
			switch {
			case l.Unnamed: // Delve shows variables alone
				continue
			case at < 0 && l.State == gocore.LocalDead:
				c.values["local that is nowhere to both"]++
				continue
			case at < 0 && strings.Contains(o.Func, "-range"):
				c.disagree("variable on a stack that goheap alone has, in the body of a loop over a function", "%s · %s %s %s", where, l.Name, l.Type, l.Text)
				continue
			case at < 0:
				c.disagree("local variable that goheap alone has, "+string(l.State), "%s · %s %s %s", where, l.Name, l.Type, l.Text)
				continue
			}
			c.local(&l, &list[at], where+" · "+l.Name)
			list = slices.Delete(list, at, at+1)
		}
		for i := range list {
			switch d := &list[i]; {
			case d.Unreadable != "":
				c.values["local that is nowhere to both"]++
			case strings.Contains(d.Name, ".") && !strings.HasPrefix(d.Name, "."):
				c.disagree("part of a local variable that Delve alone has", "%s · %s %s %s", where, d.Name, d.Type, d.Value)
			case strings.HasPrefix(d.Name, "."):
				c.disagree("variable on a stack that Delve alone has: one of the compiler's own", "%s · %s %s", where, d.Name, d.Type)
			default:
				c.disagree("local variable that Delve alone has", "%s · %s %s %s", where, d.Name, d.Type, d.Value)
			}
		}
	}
}

// theSame returns which of Delve's variables is l, -1 for none. A parameter that has gone
// to the heap is there twice: as it came, and where it is.
func theSame(l *gocore.Local, list []variable) int {
	at, best := -1, 0
	for i := range list {
		d := &list[i]
		if d.Name != l.Name || int(d.DeclLine) != l.Line {
			continue
		}
		fits := 1
		if d.Addr == l.Addr {
			fits += 2
		}
		if l.Arg == (d.Flags&flagArgument != 0) {
			fits++
		}
		if fits > best {
			at, best = i, fits
		}
	}
	return at
}

// local compares one variable.
func (c *comparison) local(l *gocore.Local, d *variable, where string) {
	switch {
	case strings.HasPrefix(d.Unreadable, "could not find function") && strings.HasPrefix(l.Text, "0x"):
		c.values["local that is no function to both"]++
		return
	case d.Unreadable != "" && l.State == gocore.LocalKnown:
		c.disagree("local variable that Delve cannot read: "+d.Unreadable, "%s %s: goheap %s", where, l.Type, l.Text)
		return
	case d.Unreadable != "":
		c.values["local that is "+string(l.State)]++
		return
	case l.State == gocore.LocalPartly:
		c.skipped["locals that are partly optimised out"]++
		return
	case l.State != gocore.LocalKnown:
		c.disagree("local variable that is "+string(l.State)+" to goheap", "%s %s: Delve %s", where, l.Type, d.Value)
		return
	case isShape(l.Type, d.Type):
		c.skipped[shapes]++
		return
	case !sameType(l.Type, d.Type):
		c.disagree(fmt.Sprintf("type of a local variable: goheap %s, Delve %s", l.Type, d.Type), "%s", where)
		return
	case strings.Contains(where, "-range"):
		// Delve calls nothing an argument in the body of a loop over a function.
	case l.Arg != (d.Flags&flagArgument != 0) || l.Result != (d.Flags&flagReturnArgument != 0):
		c.disagree("argument or result", "%s: goheap %v %v, Delve %#x", where, l.Arg, l.Result, d.Flags)
		return
	case l.Addr != 0 && d.Addr != 0 && d.Flags&flagFakeAddress == 0 && l.Addr != d.Addr:
		c.disagree("address of a local variable", "%s: goheap %#x, Delve %#x", where, l.Addr, d.Addr)
		return
	}
	if q := ring(d); q != nil && d.Kind == reflect.Chan && (q.queued > q.size || q.size > maxQueue) {
		c.skipped["dead variables that are no channels any more"]++
		return
	}
	kind, different := c.text(gocore.Value{Type: l.Type, Addr: l.Addr, Text: l.Text}, peeled(d))
	if different != nil {
		c.disagree(kind+" of a local variable", "%s %s: goheap %s, Delve %v", where, l.Type, l.Text, different)
		return
	}
	c.values["local variable"]++
}

// deferredBy compares the calls that one call has deferred. Those that the compiler
// writes into the function are not in the list of records that Delve reads.
func (c *comparison) deferredBy(o *gocore.StackCall, t *stackframe, where string) {
	var own []gocore.Deferred
	for _, d := range o.Deferred {
		for range d.Count {
			own = append(own, d)
		}
	}
	for _, d := range t.Defers {
		at := slices.IndexFunc(own, func(x gocore.Deferred) bool {
			name := d.DeferredLoc.name() // sometimes the compiler's wrapper of the call
			return (sameFunction(x.Func, name) || wrapped(name)) && x.File == d.DeferLoc.File && x.Line == d.DeferLoc.Line
		})
		if at < 0 {
			c.disagree("deferred call that Delve alone has", "%s: %s at %s:%d, goheap %v", where, d.DeferredLoc.name(), d.DeferLoc.File, d.DeferLoc.Line, own)
			continue
		}
		own = slices.Delete(own, at, at+1)
		c.values["deferred call of a frame"]++
	}
	if n := len(own); n > 0 {
		c.skipped["deferred calls that the compiler has written into the function"] += n
	}
}

// maxQueue is more than the buffer of any channel has room for.
const maxQueue = 1 << 40
