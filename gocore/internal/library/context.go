package library

import (
	"slices"
	"strconv"
	"strings"

	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/layout"
	"goheap/gocore/internal/notation"
	"goheap/gocore/internal/types"
)

const (
	maxContexts = 64 // of a chain that are looked at
	maxContext  = 40 // bytes of a key or a value that are shown
)

// contextText describes a context by the calls that made it, as its String method does
// (context/context.go), the one that typ at addr is last, with deadlines but not how far
// off they are, and why it was cancelled. Of a long chain it is the end.
func (p *Reader) contextText(typ *types.Type, addr uint64) (string, bool) {
	l := p.library()
	why, ok := "", false
	var calls []string
	for n := 0; ; {
		name := strings.TrimPrefix(typ.Name, "context.")
		if name == typ.Name {
			break // somebody's own
		}
		next, call := l.CancelCtx.Context, ""
		switch name {
		case "backgroundCtx":
			calls = append(calls, "context.Background")
		case "todoCtx":
			calls = append(calls, "context.TODO")
		case "emptyCtx": // until Go 1.20
			made := ""
			for _, of := range []struct{ variable, made string }{{"context.background", "context.Background"}, {"context.todo", "context.TODO"}} {
				if _, at, ok := p.Global(of.variable); ok {
					if to, ok := p.Mem.Word(at); ok && to == addr {
						made = of.made
					}
				}
			}
			if made == "" {
				return "", false
			}
			calls = append(calls, made)
		case "cancelCtx":
			call = ".WithCancel"
		case "timerCtx":
			deadline, at, ok := p.Part(typ, addr, l.TimerCtx.Deadline)
			if !ok {
				return "", false
			}
			text, ok := p.timeText(deadline, at)
			if !ok {
				return "", false
			}
			call = ".WithDeadline(" + text + ")"
		case "afterFuncCtx":
			call = ".AfterFunc"
		case "withoutCancelCtx":
			call, next = ".WithoutCancel", l.WithoutCancelCtx.C
		case "valueCtx":
			key, ok1 := p.contextPart(typ, addr, l.ValueCtx.Key)
			val, ok2 := p.contextPart(typ, addr, l.ValueCtx.Val)
			if !ok1 || !ok2 {
				return "", false
			}
			call = ".WithValue(" + key + ", " + val + ")"
		default:
			if n == 0 {
				return "", false
			}
			call = "." + name
		}
		if call == "" {
			return contextCalls(calls, why), true
		}
		calls = append(calls, call)
		if n++; n == maxContexts {
			break
		}
		if typ, addr, ok = p.cancelCtx(typ, addr); !ok {
			return "", false
		}
		if n == 1 {
			why = p.cancelled(typ, addr)
		}
		if typ, addr, ok = p.contextIn(typ, addr, next); !ok {
			return "", false
		}
	}
	if len(calls) == 0 {
		return "", false
	}
	base := "…"
	if len(calls) < maxContexts {
		base = Bare(typ.Name)
	}
	return contextCalls(append(calls, base), why), true
}

// contextCalls joins what was found from the inside out.
func contextCalls(calls []string, why string) string {
	total := 0
	for i, c := range calls {
		if total += len(c); i > 0 && total > MaxShow {
			calls = append(calls[:i:i], "…")
			break
		}
	}
	slices.Reverse(calls)
	return strings.Join(calls, "") + why
}

// cancelCtx is the context.cancelCtx that others are built around; of the rest they
// themselves.
func (p *Reader) cancelCtx(typ *types.Type, addr uint64) (*types.Type, uint64, bool) {
	part, at, ok := p.Part(typ, addr, p.library().TimerCtx.Cancel)
	if !ok {
		return typ, addr, true
	}
	if part.Kind == types.Pointer { // in Go 1.20
		at, ok = p.Mem.Word(at)
		part = p.Types.Type(part.Elem)
	}
	return part, at, ok
}

// cancelled is why a context was cancelled, in brackets; "" where it was not.
func (p *Reader) cancelled(typ *types.Type, addr uint64) string {
	l := &p.library().CancelCtx
	part, at, ok := p.part(typ, addr, l.Err)
	if !ok || !l.Name.Is(typ.Name) || part.Kind != types.Interface {
		return ""
	}
	if word, _ := p.Mem.Word(at); word == 0 {
		return ""
	}
	e := errorReader{p: p, errors: maxErrors, bytes: maxErrorText}
	if text, ok := e.in(part, at); ok {
		return " (" + Bare(text) + ")"
	}
	return " (cancelled)"
}

// contextIn is the context in an interface.
func (p *Reader) contextIn(typ *types.Type, addr uint64, f layout.Field) (*types.Type, uint64, bool) {
	part, at, ok := p.Part(typ, addr, f)
	if !ok || part.Kind != types.Interface {
		return nil, 0, false
	}
	return p.dynamicTarget(part, at)
}

// contextDynamic is the value in a key or value of a context. Where there is none, its type is
// 0, and other has what stands for it; ok is false where it is no interface.
func (p *Reader) contextDynamic(typ *types.Type, addr uint64, f layout.Field) (id types.ID, at uint64, other string, ok bool) {
	part, at, ok := p.Part(typ, addr, f)
	if !ok || part.Kind != types.Interface {
		return 0, 0, "", false
	}
	if word, ok := p.Mem.Word(at); ok && word == 0 {
		return 0, 0, "nil", true
	}
	if id, at, ok = p.Dynamic(part, at); !ok || id == 0 {
		return 0, 0, "?", true
	}
	return id, at, "", true
}

// contextPart is a key or value of a context: a string, the name of a constant, or the
// type.
func (p *Reader) contextPart(typ *types.Type, addr uint64, f layout.Field) (string, bool) {
	id, at, other, ok := p.contextDynamic(typ, addr, f)
	if id == 0 {
		return other, ok
	}
	dyn := p.Types.Type(id)
	switch {
	case dyn.Kind == types.String && dyn.Package == "":
		s, ok := p.String(at, maxString)
		if !ok {
			return dyn.Name, true
		}
		n := uint64(len(s))
		return notation.Quote(WholeRunes([]byte(s[:min(n, maxContext)]), n), n), true
	case dyn.Kind >= types.Int && dyn.Kind <= types.Uint64:
		v, ok := p.Mem.Uint(at, int(dyn.Size))
		if name := types.ConstantsOf(p.Types, id).Name(v, dyn.Size); ok && name != "" {
			return Bare(name), true
		} else if ok && dyn.Package == "" {
			shift := 64 - 8*dyn.Size
			if dyn.Kind <= types.Int64 {
				return strconv.FormatInt(int64(v<<shift)>>shift, 10), true
			}
			return strconv.FormatUint(v, 10), true
		}
	}
	return Bare(dyn.Name), true
}

// Context is what one of package context's is, and which it was made from.
type Context struct {
	// Call is the call that made it, without values of the program: ".WithCancel",
	// ".WithValue(main.key, string)". Of one that has no parent it is all of its text.
	Call string
	// Cancel is the context.cancelCtx in it, nil where it has none, and CancelAt where that
	// stands.
	Cancel   *types.Type
	CancelAt uint64
	// Cancelled says that it is over, Children how many are cancelled with it.
	Cancelled bool
	Children  uint64
	// Wall is its deadline in nanoseconds since 1970, and Monotonic the same since the
	// program has begun, where that is known; both are 0 where there is no deadline.
	Wall, Monotonic int64
	// Parent is the type of its parent, which stands at ParentAt; nil where that is not
	// known, or it has none.
	Parent   *types.Type
	ParentAt uint64
}

// ContextAt reads a context of package context, or another struct that has one embedded:
// Call is the name of its type then.
func (p *Reader) ContextAt(typ *types.Type, addr uint64) (c Context, ok bool) {
	l := p.library()
	name, ours := strings.CutPrefix(typ.Name, "context.")
	next := l.CancelCtx.Context
	switch {
	case !ours:
		c.Call = typ.Name
		if f, ok := embeddedContext(p.Types, typ); ok {
			c.Parent, c.ParentAt, _ = p.dynamicTarget(p.Types.Type(f.Type), addr+f.Offset)
		}
		return c, true
	case name == "backgroundCtx" || name == "todoCtx" || name == "emptyCtx":
		c.Call, ok = p.contextText(typ, addr)
		return c, ok
	case name == "cancelCtx":
		c.Call = ".WithCancel"
	case name == "timerCtx":
		c.Call = ".WithDeadline"
		if deadline, at, ok := p.Part(typ, addr, l.TimerCtx.Deadline); ok {
			c.Wall, c.Monotonic = p.timeOf(deadline, at)
		}
	case name == "afterFuncCtx":
		c.Call = ".AfterFunc"
	case name == "withoutCancelCtx":
		c.Call, next = ".WithoutCancel", l.WithoutCancelCtx.C
	case name == "valueCtx":
		key, ok1 := p.contextPartType(typ, addr, l.ValueCtx.Key)
		val, ok2 := p.contextPartType(typ, addr, l.ValueCtx.Val)
		if !ok1 || !ok2 {
			return c, false
		}
		c.Call = ".WithValue(" + key + ", " + val + ")"
	default:
		c.Call = "." + name
	}
	inner, at, ok := p.cancelCtx(typ, addr)
	if !ok {
		return c, false
	}
	if l.CancelCtx.Name.Is(inner.Name) {
		c.Cancel, c.CancelAt = inner, at
		c.Cancelled = p.cancelled(inner, at) != ""
		if f, ok := inferior.FieldOf(inner, l.CancelCtx.Children); ok && p.Types.Type(f.Type).Kind == types.Map {
			header, _ := p.Mem.Word(at + f.Offset)
			c.Children, _, _ = inferior.Length(p.Space, f.Type, header)
		}
	}
	c.Parent, c.ParentAt, _ = p.contextIn(inner, at, next)
	return c, true
}

// embeddedContext is the field by which a struct is a context: one of type context.Context
// that is embedded.
func embeddedContext(t *types.Table, typ *types.Type) (types.Field, bool) {
	for _, f := range typ.Fields {
		if f.Embedded && t.Type(f.Type).Name == "context.Context" {
			return f, true
		}
	}
	return types.Field{}, false
}

// contextPartType is the type of a key or value of a context, or the name of a constant.
func (p *Reader) contextPartType(typ *types.Type, addr uint64, f layout.Field) (string, bool) {
	id, at, other, ok := p.contextDynamic(typ, addr, f)
	if id == 0 {
		return other, ok
	}
	dyn := p.Types.Type(id)
	if dyn.Kind >= types.Int && dyn.Kind <= types.Uint64 {
		if v, ok := p.Mem.Uint(at, int(dyn.Size)); ok {
			if name := types.ConstantsOf(p.Types, id).Name(v, dyn.Size); name != "" {
				return name, true
			}
		}
	}
	return dyn.Name, true
}
