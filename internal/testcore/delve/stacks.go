package delve

import (
	"encoding/binary"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"goheap/gocore"
	"goheap/heap"
)

// allGoroutines compares the goroutines, their stacks and the variables on them.
func (c *comparison) allGoroutines() error {
	list, err := c.c.goroutines()
	if err != nil {
		return err
	}
	theirs := map[uint64]*goroutine{}
	for i := range list {
		theirs[uint64(list[i].ID)] = &list[i]
	}
	for i, g := range c.p.Goroutines() {
		d := theirs[g.ID]
		if d == nil {
			c.disagree("goroutine that goheap alone has", "%s: %d %s", c.name, g.ID, g.Func)
			continue
		}
		delete(theirs, g.ID)
		if err := c.goroutine(i, &g, d); err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(theirs)) {
		c.disagree("goroutine that Delve alone has: "+statuses[theirs[id].Status], "%s: %d %s", c.name, id, theirs[id].CurrentLoc.name())
	}
	return nil
}

// statuses are those of a goroutine (runtime/runtime2.go).
var statuses = map[uint64]string{0: "idle", 1: "runnable", 2: "running", 3: "syscall", 4: "waiting", 6: "dead", 8: "copystack", 9: "preempted", 10: "leaked", 11: "deadextra"}

// goroutine compares one goroutine.
func (c *comparison) goroutine(index int, g *gocore.Goroutine, d *goroutine) error {
	same := func(what string, goheap, delve any) {
		if goheap != delve {
			c.disagree("goroutine's "+what, "%s: goroutine %d: goheap %v, Delve %v", c.name, g.ID, goheap, delve)
			return
		}
		c.values["goroutine's "+what]++
	}
	same("status", g.Status, statuses[d.Status])
	if g.WaitReason != "" {
		v, err := c.c.eval(anywhere, fmt.Sprintf("runtime.waitReasonStrings[%d]", d.WaitReason), headers)
		if err != nil {
			return err
		}
		// Delve loads no more of a string than it is told.
		v, err = c.c.eval(anywhere, fmt.Sprintf("*(*string)(%#x)", v.Addr), loads)
		if err != nil {
			return err
		}
		same("wait reason", g.WaitReason, v.text())
	}
	same("thread", g.Thread, d.ThreadID)
	if g.CreatedBy != "" {
		same("go statement", g.CreatedBy+" "+g.CreatedAt, fmt.Sprintf("%s %s:%d", d.GoStatementLoc.name(), d.GoStatementLoc.File, d.GoStatementLoc.Line))
	} else {
		same("go statement, of the first", "", d.GoStatementLoc.name())
	}
	labels := map[string]string{}
	for _, l := range c.p.Labels(index) {
		labels[l.Key] = l.Value
	}
	if !maps.Equal(labels, d.Labels) {
		c.disagree("goroutine's labels", "%s: goroutine %d: goheap %v, Delve %v", c.name, g.ID, labels, d.Labels)
	} else {
		c.values["goroutine's label"] += len(labels)
	}
	frames, err := c.stackOf(d.ID)
	if err != nil {
		c.disagree("Delve has no stack: "+err.Error(), "%s: goroutine %d", c.name, g.ID)
		return nil
	}
	own := c.p.Frames(index)
	if len(own) == 0 || len(frames) == 0 {
		c.disagree("stack that one has not", "%s: goroutine %d: goheap %d frames, Delve %d", c.name, g.ID, len(own), len(frames))
		return nil
	}
	c.located(g, own, "current location", &d.CurrentLoc)
	c.located(g, own, "location outside of the runtime", &d.UserCurrentLoc)
	outermost := len(own) - 1
	if own[outermost].Func == goexit && outermost > 0 {
		outermost--
	}
	if wrapped(own[outermost].Func) && outermost > 0 && own[outermost].Func != d.StartLoc.name() {
		outermost--
	}
	same("start", own[outermost].Func, d.StartLoc.name())
	c.frames(g, own, frames)
	c.locals(g, index, frames)
	return c.deferredCalls(g, d, frames)
}

// sameFunction compares the names of functions; of a generic one Go's own tracebacks write
// the type arguments as dots.
func sameFunction(goheap, delve string) bool {
	return goheap == delve || typeArguments.ReplaceAllString(goheap, "[...]") == typeArguments.ReplaceAllString(delve, "[...]")
}

var typeArguments = regexp.MustCompile(`\[.*\]`)

// wrapped reports whether a function, or the closure of one, is what the compiler has made
// of a go or defer statement with arguments: Delve passes it over, and names the function
// that it calls.
func wrapped(fn string) bool {
	return strings.Contains(fn, ".gowrap") || strings.Contains(fn, ".deferwrap")
}

// goexit is where all goroutines end; no call came from it.
const goexit = "runtime.goexit"

// located demands that a location of Delve's is that of a frame. A goroutine that is in
// a system call has gone on behind the frame from which it was entered, which is the
// innermost to the collector and to goheap.
func (c *comparison) located(g *gocore.Goroutine, own []gocore.Frame, what string, l *location) {
	for i := range own {
		// Of the innermost frame only the function: see frames. For a call that is inlined
		// Delve gives the place of that and the function around it.
		o := &own[i]
		if (sameFunction(o.Func, l.name()) || o.Inlined) && o.File == l.File && (i == 0 || o.Line == l.Line) {
			c.values["goroutine's "+what]++
			return
		}
	}
	if g.Status == "syscall" {
		c.skipped["locations behind the entry of a system call"]++
		return
	}
	c.disagree("goroutine's "+what, "%s: goroutine %d: Delve's %s %s:%d is no frame's", c.name, g.ID, l.name(), l.File, l.Line)
}

// frames compares two stacks, frame by frame.
func (c *comparison) frames(g *gocore.Goroutine, own []gocore.Frame, theirs []stackframe) {
	for g.Status == "syscall" && len(theirs) > len(own) && theirs[0].name() != own[0].Func {
		theirs = theirs[1:]
		c.skipped["frames behind the entry of a system call"]++
	}
	for i := range min(len(own), len(theirs)) {
		o, t := &own[i], &theirs[i]
		where := fmt.Sprintf("%s: goroutine %d, frame %d", c.name, g.ID, i)
		if !sameFunction(o.Func, t.name()) {
			c.disagree("function of a frame", "%s: goheap %s, Delve %s", where, o.Func, t.name())
			return
		}
		if t.Err != "" {
			c.disagree("frame that Delve cannot read: "+t.Err, "%s", where)
		}
		c.values["frame's function"]++
		which := "frame"
		if i == 0 {
			which = "innermost frame"
		}
		if o.File != t.File || o.Line != t.Line {
			c.disagree("line of the "+which, "%s %s: goheap %s:%d, Delve %s:%d", where, o.Func, filepath.Base(o.File), o.Line, filepath.Base(t.File), t.Line)
		} else {
			c.values["frame's line"]++
		}
		if o.PC != t.PC && g.Status == "syscall" && i == 0 {
			c.skipped["frames behind the entry of a system call"]++
			continue
		}
		if !o.Inlined && t.PC != 0 && o.PC != t.PC {
			c.disagree("pc of the "+which, "%s %s: goheap %#x, Delve %#x", where, o.Func, o.PC, t.PC)
		}
		c.variables(o, t, where+" "+o.Func)
	}
	if len(own) != len(theirs) {
		c.disagree("number of frames", "%s: goroutine %d: goheap %d, Delve %d", c.name, g.ID, len(own), len(theirs))
	}
}

// maxDeferred is more deferred calls than any goroutine of the programs has.
const maxDeferred = 1000

// deferredCalls compares the calls that a goroutine has deferred, those that it has in
// its list (runtime.g, _defer). goheap has what they keep on the heap: closures.
func (c *comparison) deferredCalls(g *gocore.Goroutine, d *goroutine, frames []stackframe) error {
	var calls []deferred
	for i := range frames {
		calls = append(calls, frames[i].Defers...)
	}
	v, err := c.c.eval(scope{GoroutineID: d.ID}, "runtime.curg._defer", headers)
	if err != nil {
		return err
	}
	at := v.target()
	targets := c.h.Graph().Targets(g.Node)
	i := 0
	for ; at != 0 && i < maxDeferred; i++ {
		record := fmt.Sprintf("(*`runtime._defer`)(%#x)", at)
		fn, err := c.c.eval(anywhere, record+".fn", headers)
		if err != nil {
			return err
		}
		closure, _ := c.word(fn.Addr)
		link, err := c.c.eval(anywhere, record+".link", headers)
		if err != nil {
			return err
		}
		at = link.target()
		if i >= len(calls) {
			continue
		}
		n, ok := c.h.NodeAt(closure)
		if !ok {
			c.skipped["deferred calls that keep nothing on the heap"]++
			continue
		}
		name := calls[i].DeferredLoc.name()
		if !slices.Contains(targets, n) {
			c.disagree("deferred call that goheap has not", "%s: goroutine %d: %s at %#x", c.name, g.ID, name, closure)
		} else if !c.h.TypeOf(n).Known {
			c.unknown++
		} else if typ := c.h.Type(n); typ != "closure "+name && !wrapped(typ) {
			c.disagree("function of a deferred call", "%s: goroutine %d: goheap %s, Delve %s", c.name, g.ID, typ, name)
		} else {
			c.values["deferred call"]++
		}
	}
	if i != len(calls) {
		c.disagree("number of deferred calls", "%s: goroutine %d: its list has %d, Delve's frames %d", c.name, g.ID, i, len(calls))
	}
	return nil
}

// variables compares the variables of a frame. goheap has those that stand in memory.
func (c *comparison) variables(o *gocore.Frame, t *stackframe, where string) {
	theirs := slices.Concat(t.Arguments, t.Locals)
	taken := make([]bool, len(theirs))
	for _, v := range o.Vars {
		at := -1
		for i := range theirs {
			// Of several of one name, the one that stands there.
			if d := &theirs[i]; d.Name == v.Name && !taken[i] && (at < 0 || d.Addr == v.Addr) {
				at = i
			}
		}
		if at < 0 {
			what := "of which goheap says what it holds"
			if v.Target == heap.None {
				what = "of which goheap says that it holds nothing"
			}
			if strings.Contains(o.Func, "-range") {
				what = "in the body of a loop over a function"
			}
			c.disagree("variable on a stack that goheap alone has, "+what, "%s · %s %s", where, v.Name, v.Type)
			continue
		}
		taken[at] = true
		c.variable(v, &theirs[at], where+" · "+v.Name)
	}
	for i := range theirs {
		d := &theirs[i]
		switch {
		case taken[i]:
		case d.Unreadable != "":
			c.values["variable that is nowhere to both"]++
		case d.Addr == 0 || d.Flags&flagFakeAddress != 0:
			c.skipped["variables in registers, or whose place is constant"]++
		case strings.HasPrefix(d.Name, "."):
			c.disagree("variable on a stack that Delve alone has: one of the compiler's own", "%s · %s %s at %#x", where, d.Name, d.Type, d.Addr)
		default:
			c.disagree("variable on a stack that Delve alone has", "%s · %s %s at %#x", where, d.Name, d.Type, d.Addr)
		}
	}
}

// variable compares one variable of a frame.
func (c *comparison) variable(v gocore.Var, d *variable, where string) {
	if d.Unreadable != "" {
		if v.Target != heap.None {
			c.disagree("variable on a stack that Delve cannot read, and of which goheap says what it holds: "+d.Unreadable, "%s: goheap %s at %#x → %s", where, v.Type, v.Addr, c.h.Name(v.Target))
			return
		}
		// Nothing uses it any more, and its slot, or what is left of it, holds anything.
		c.values["variable that holds nothing to both"]++
		return
	}
	if d.Flags&flagEscaped != 0 && sameType(v.Type, "*"+d.Type) {
		// To goheap it is the pointer to where it has gone.
		if word, ok := c.word(v.Addr); ok && word != d.Addr {
			c.disagree("variable that has gone to the heap", "%s: goheap %#x at %#x, Delve %#x", where, word, v.Addr, d.Addr)
			return
		}
		c.values["variable that has gone to the heap"]++
		return
	}
	if isShape(v.Type, d.Type) {
		c.skipped[shapes]++
		return
	}
	if !sameType(v.Type, d.Type) {
		c.disagree(fmt.Sprintf("type of a variable on a stack: goheap %s, Delve %s", v.Type, d.Type), "%s", where)
		return
	}
	switch {
	case d.Flags&flagFakeAddress != 0 || v.Addr == 0:
		c.skipped["variables of which only parts stand in memory"]++
		return
	case v.Addr != d.Addr:
		c.disagree("address of a variable on a stack", "%s: goheap %#x, Delve %#x", where, v.Addr, d.Addr)
		return
	}
	c.values["variable on a stack"]++
	if v.Target != heap.None && d.Kind == reflect.Ptr {
		if n, ok := c.h.NodeAt(d.target()); !ok || n != v.Target {
			c.disagree("target of a variable on a stack", "%s: goheap %s, Delve %#x", where, c.h.Name(v.Target), d.target())
		} else {
			c.values["target of a variable on a stack"]++
		}
	}
	c.scalar(v, d, where)
}

// scalar compares the memory at the address that goheap gives with Delve's value.
func (c *comparison) scalar(v gocore.Var, d *variable, where string) {
	word, ok := c.word(v.Addr)
	if !ok {
		c.disagree("variable on a stack that is not in the core", "%s", where)
		return
	}
	got, want := strconv.FormatUint(word, 10), ""
	if k := d.Kind; k >= reflect.Int && k <= reflect.Uintptr && bitsOf(d.Type) == 0 {
		c.skipped["integers on a stack whose type has a name: Delve does not say how large they are"]++
		return
	}
	switch d.Kind {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		shift := 64 - bitsOf(d.Type)
		got, want = strconv.FormatInt(int64(word<<shift)>>shift, 10), d.number()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		shift := 64 - bitsOf(d.Type)
		got, want = strconv.FormatUint(word<<shift>>shift, 10), d.number()
	case reflect.Bool:
		got, want = strconv.FormatBool(word&0xff != 0), d.Value
	case reflect.Ptr, reflect.UnsafePointer:
		want = strconv.FormatUint(d.target(), 10)
	case reflect.Slice, reflect.String, reflect.Map, reflect.Chan:
		want = strconv.FormatUint(d.Base, 10)
	default:
		return
	}
	if got != want {
		c.disagree("value of a variable on a stack", "%s %s: goheap %s, Delve %s", where, d.Type, got, want)
		return
	}
	c.values["value of a variable on a stack"]++
}

// bitsOf is the size of a predeclared integer type, 0 for another: Delve's kinds do not
// tell.
func bitsOf(typ string) int {
	switch typ {
	case "int", "uint", "uintptr", "int64", "uint64":
		return 64
	case "int32", "uint32":
		return 32
	case "int16", "uint16":
		return 16
	case "int8", "uint8":
		return 8
	}
	return 0
}

// word reads a word of the program, as all machines that Delve reads cores of have it.
func (c *comparison) word(addr uint64) (uint64, bool) {
	b, ok := c.p.Memory(addr, 8)
	if !ok {
		return 0, false
	}
	return binary.LittleEndian.Uint64(b), true
}
