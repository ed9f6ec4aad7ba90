package library

import (
	"fmt"
	"strings"

	"goheap/gocore/internal/layout"
	"goheap/gocore/internal/types"
)

// errnoText returns the program's own text for an error number: the table is a
// part of package syscall (syscall/zerrors_linux_amd64.go).
func (p *Reader) errnoText(n uint64) (string, bool) {
	t, addr, ok := p.Global("syscall.errors")
	table := p.Types.Type(t)
	if !ok || table.Kind != types.Array || p.Types.Type(table.Elem).Kind != types.String {
		return "", false
	}
	if n < table.Len {
		s, ok := p.String(addr+n*p.Types.Type(table.Elem).Size, maxString)
		if !ok || s != "" {
			return s, ok
		}
	}
	return fmt.Sprintf("errno %d", int64(n)), true
}

// errorReader makes the message of an error from those of the errors in it. What
// it reads is bounded in all: errors in a damaged or hostile file may hold each
// other.
type errorReader struct {
	p             *Reader
	errors, bytes int // that may still be read
}

const (
	maxErrors    = 32
	maxErrorText = maxString
)

func (e *errorReader) str(typ *types.Type, addr uint64, f layout.Field) (string, bool) {
	s, ok := e.p.stringPart(typ, addr, f)
	e.bytes -= len(s)
	return s, ok && e.bytes >= 0
}

// message returns what the Error method of an error of the standard library
// returns, where that is made of nothing but what memory holds. typ is the type
// behind the pointer for those whose method has a pointer receiver.
func (e *errorReader) message(typ *types.Type, addr uint64) (string, bool) {
	if e.errors--; e.errors < 0 {
		return "", false
	}
	l := e.p.library()
	switch typ.Name {
	case "errors.errorString":
		return e.str(typ, addr, l.ErrorString.S)
	case "context.deadlineExceededError":
		return "context deadline exceeded", true
	case "fmt.wrapError":
		return e.str(typ, addr, l.WrapError.Msg)
	case "fmt.wrapErrors":
		return e.str(typ, addr, l.WrapErrors.Msg)
	case "errors.joinError":
		return e.joined(typ, addr)
	case "io/fs.PathError":
		return e.wrapped(typ, addr, l.PathError.Err, "%s %s: %s", l.PathError.Op, l.PathError.Path)
	case "os.SyscallError":
		return e.wrapped(typ, addr, l.SyscallError.Err, "%s: %s", l.SyscallError.Syscall)
	case "os.LinkError":
		return e.wrapped(typ, addr, l.LinkError.Err, "%s %s %s: %s", l.LinkError.Op, l.LinkError.Old, l.LinkError.New)
	case "net/url.Error":
		return e.wrapped(typ, addr, l.URLError.Err, "%s %q: %s", l.URLError.Op, l.URLError.URL)
	case "os/exec.Error":
		return e.wrapped(typ, addr, l.ExecError.Err, "exec: %q: %s", l.ExecError.Program)
	case "strconv.NumError":
		return e.wrapped(typ, addr, l.NumError.Err, "strconv.%s: parsing %q: %s", l.NumError.Func, l.NumError.Num)
	case "net.OpError":
		return e.opError(typ, addr)
	}
	return "", false
}

// wrapped formats some fields and the error in the field err.
func (e *errorReader) wrapped(typ *types.Type, addr uint64, err layout.Field, format string, fields ...layout.Field) (string, bool) {
	var args []any
	for _, f := range fields {
		s, ok := e.str(typ, addr, f)
		if !ok {
			return "", false
		}
		args = append(args, s)
	}
	inner, ok := e.field(typ, addr, err)
	if !ok {
		return "", false
	}
	return fmt.Sprintf(format, append(args, inner)...), true
}

// field returns the message of the error in a field.
func (e *errorReader) field(typ *types.Type, addr uint64, f layout.Field) (string, bool) {
	part, at, ok := e.p.Part(typ, addr, f)
	if !ok {
		return "", false
	}
	return e.in(part, at)
}

// in returns the message of the error in the interface at addr.
func (e *errorReader) in(typ *types.Type, addr uint64) (string, bool) {
	if typ.Kind != types.Interface {
		return "", false
	}
	d, to, ok := e.p.dynamicTarget(typ, addr)
	if !ok {
		return "", false
	}
	if d.Name == "syscall.Errno" {
		n, ok := e.p.Mem.Word(to)
		text, known := e.p.errnoText(n)
		return text, ok && known
	}
	return e.message(d, to)
}

// joined is joinError.Error (errors/join.go).
func (e *errorReader) joined(typ *types.Type, addr uint64) (string, bool) {
	p := e.p
	f, at, ok := p.Part(typ, addr, p.library().JoinError.Errs)
	if !ok || f.Kind != types.Slice {
		return "", false
	}
	data, ok1 := p.Mem.Word(at)
	n, ok2 := p.Mem.Word(at + uint64(p.Arch.PtrSize))
	if !ok1 || !ok2 || n == 0 || n > maxErrors {
		return "", false
	}
	var texts []string
	for i := range n {
		text, ok := e.in(p.Types.Type(f.Elem), data+i*p.Types.Type(f.Elem).Size)
		if !ok {
			return "", false
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "\n"), true
}

// opError is net.OpError.Error (net/net.go).
func (e *errorReader) opError(typ *types.Type, addr uint64) (string, bool) {
	p := e.p
	l := &p.library().OpError
	text, ok1 := e.str(typ, addr, l.Op)
	network, ok2 := e.str(typ, addr, l.Net)
	inner, ok3 := e.field(typ, addr, l.Err)
	if !ok1 || !ok2 || !ok3 {
		return "", false
	}
	if network != "" {
		text += " " + network
	}
	sep := " "
	for _, field := range []layout.Field{l.Source, l.Addr} {
		f, at, ok := p.Part(typ, addr, field)
		if !ok || f.Kind != types.Interface {
			return "", false
		}
		if word, ok := p.Mem.Word(at); ok && word == 0 {
			continue // nil
		}
		d, to, ok := p.dynamicTarget(f, at)
		if !ok {
			return "", false
		}
		a, ok := p.netAddr(d, to)
		if !ok {
			return "", false
		}
		text += sep + a
		sep = "->"
	}
	return text + ": " + inner, true
}

// dynamicTarget is what an interface holds, with a pointer followed.
func (p *Reader) dynamicTarget(typ *types.Type, addr uint64) (*types.Type, uint64, bool) {
	dyn, at, ok := p.Dynamic(typ, addr)
	if !ok {
		return nil, 0, false
	}
	d := p.Types.Type(dyn)
	if d.Kind != types.Pointer {
		return d, at, true
	}
	to, _ := p.Mem.Word(at)
	return p.Types.Type(d.Elem), to, to != 0
}
