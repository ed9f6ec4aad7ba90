package report

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"goheap/gocore"
	"goheap/heap"
)

// StackDocument is a goroutine with its stack: the calls, innermost first, of which
// ElidedCalls were left out behind the first ElidedBehind.
type StackDocument struct {
	GoroutineHead
	Calls        []StackCallDocument `json:"calls"`
	ElidedCalls  int                 `json:"elided_calls"`
	ElidedBehind int                 `json:"elided_behind"`
	// Waits is at which places it waits, and Holds what it has that others wait for.
	Waits []GoroutineWaitDocument `json:"waits"`
	Holds []GoroutineHoldDocument `json:"holds"`

	title string // for the text
}

// StackCallDocument is a call with its variables, arguments first, and the calls that it
// has deferred, in the order in which they will be made.
type StackCallDocument struct {
	FrameDocument
	PC        Address            `json:"pc"`
	Variables []VariableDocument `json:"variables"`
	Deferred  []DeferredDocument `json:"deferred"`
}

// VariableDocument is a variable of a call, by the name that a target has for it there: of
// several of one name with the line of its declaration, or a number. State is "known", "partly optimised out",
// "optimised out" (nothing uses it any more, and it is nowhere) or "unreadable" (the
// file lacks the memory in which it stands). Value is null where it is not known or
// values are hidden; Target is the object that it points to.
type VariableDocument struct {
	Name    Escaped           `json:"name"`
	Kind    string            `json:"kind"` // "argument", "result", "local", or "unnamed" for words that are no variable's
	Type    Optional          `json:"type"`
	Line    *int              `json:"line"` // of the declaration
	Address Address           `json:"address"`
	State   gocore.LocalState `json:"state"`
	Value   Optional          `json:"value"`
	Target  Address           `json:"target"`
}

// DeferredDocument is Count calls that one defer statement has put off.
type DeferredDocument struct {
	Function Optional `json:"function"`
	File     Optional `json:"file"`
	Line     *int     `json:"line"`
	Count    int      `json:"count"`
}

// newStackDocument describes the goroutine of a root, with most calls at most.
func newStackDocument(ctx context.Context, s *Snapshot, n heap.Node, most int) (*StackDocument, error) {
	rows, err := s.Goroutines(ctx)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		r := &rows[i]
		if r.Node != n {
			continue
		}
		d := &StackDocument{GoroutineHead: goroutineHead(s, r), Calls: []StackCallDocument{}, title: s.GoroutineTitle(r)}
		var calls []gocore.StackCall
		calls, d.ElidedCalls, d.ElidedBehind = s.Heap.Stack(r.Index, most)
		for _, c := range calls {
			d.Calls = append(d.Calls, stackCallDocument(s, &c))
		}
		d.Waits, d.Holds, err = goroutineWaits(ctx, s, r.Index)
		return d, err
	}
	return nil, nil
}

func stackCallDocument(s *Snapshot, c *gocore.StackCall) StackCallDocument {
	d := StackCallDocument{FrameDocument: frameDocument(&c.Frame), PC: Address(c.PC), Variables: []VariableDocument{}, Deferred: []DeferredDocument{}}
	for _, l := range c.Locals {
		v := VariableDocument{Name: Escaped(cmp.Or(l.As, l.Name)), Kind: "local", Type: Optional(l.Type), Line: lineNumber(l.Line), Address: Address(l.Addr), State: l.State}
		switch {
		case l.Arg:
			v.Kind = "argument"
		case l.Result:
			v.Kind = "result"
		case l.Unnamed:
			v.Kind = "unnamed"
		}
		if s.Disclosure == Shown {
			v.Value = Optional(l.Text)
		}
		if l.Target != heap.None {
			v.Target = Address(s.Heap.Addr(l.Target))
		}
		d.Variables = append(d.Variables, v)
	}
	for _, x := range c.Deferred {
		d.Deferred = append(d.Deferred, DeferredDocument{Optional(x.Func), Optional(x.File), lineNumber(x.Line), x.Count})
	}
	return d
}

// stackOf writes a stack: each call with its variables below it. Those that were
// optimised out share a line.
func (p *printer) stackOf(d *StackDocument, shown bool) {
	for _, line := range waitLines(d.Waits, d.Holds) {
		p.line("  %s", line)
	}
	if len(d.Waits)+len(d.Holds) > 0 {
		p.line("")
	}
	p.line("Stack")
	for i := range d.Calls {
		if i == d.ElidedBehind && d.ElidedCalls > 0 {
			p.line("  ...%s frames elided...", comma(uint64(d.ElidedCalls)))
		}
		p.call(&d.Calls[i], shown)
	}
	if d.ElidedCalls > 0 && d.ElidedBehind >= len(d.Calls) {
		p.line("  ...%s frames elided...", comma(uint64(d.ElidedCalls)))
	}
}

func (p *printer) call(c *StackCallDocument, shown bool) {
	f := gocore.Frame{File: string(c.File), Inlined: c.Inlined, Conservative: c.Conservative}
	if c.Line != nil {
		f.Line = *c.Line
	}
	p.line("%s", strings.TrimRight(fmt.Sprintf("  %s  %s", orDash(c.Function), framePlace(f)), " "))
	var rows [][]string
	var dead []string
	for _, v := range c.Variables {
		value := orDash(v.Value)
		switch {
		case v.State == gocore.LocalDead:
			dead = append(dead, Printable(string(v.Name)))
			continue
		case v.State == gocore.LocalUnreadable:
			value = "(not in the file)"
		case v.State == gocore.LocalPartly && v.Value == "":
			value = "(" + string(v.State) + ")"
		case !shown:
			value = "…"
		}
		name := Printable(string(v.Name))
		if v.Kind == "result" {
			name += " (result)"
		}
		rows = append(rows, []string{name, orDash(v.Type), value})
	}
	p.rows(rows, nil, "      ")
	if len(dead) > 0 {
		p.line("      optimised out: %s", strings.Join(dead, ", "))
	}
	for _, d := range c.Deferred {
		text := "      deferred: " + orDash(d.Function)
		if d.Count > 1 {
			text = fmt.Sprintf("      deferred: %s × %s", comma(uint64(d.Count)), orDash(d.Function))
		}
		if d.File != "" && d.Line != nil {
			text += Printable(fmt.Sprintf("  %s:%d", shortPlace(string(d.File)), *d.Line))
		}
		p.line("%s", text)
	}
}
