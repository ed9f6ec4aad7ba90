package gocore

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"goheap/gocore/internal/keys"
	"goheap/gocore/internal/notation"
	"goheap/gocore/internal/types"
)

// maxMentioned bounds how many names in brackets an expression may have: each is evaluated.
const maxMentioned = 1000

// integer is the value of an index or a bound: a number, or an expression of numbers,
// constants and variables.
func (e *evaluation) integer(text string) (int64, error) {
	n, err := notation.Calculate(text, e.number)
	if err != nil {
		return 0, err
	}
	i, ok := n.Int64()
	if !ok {
		return 0, errors.New("it is no integer")
	}
	return i, nil
}

// number is the value of what a name in brackets, and what is selected of it, stand for.
func (e *evaluation) number(text string) (notation.Number, error) {
	k, err := e.mentioned(text)
	if err != nil {
		return notation.Number{}, err
	}
	n, ok := k.Number()
	if !ok {
		return n, fmt.Errorf("%s is no number", notation.OneLine(text))
	}
	return n, nil
}

// keyOf is what a name or an expression in a key stands for. Its error has no values of the
// program in it.
func (e *evaluation) keyOf(text string) (*notation.Key, error) {
	k, err := e.mentioned(text)
	if err == nil {
		return k, nil
	}
	n, err := notation.Calculate(text, e.number)
	if err != nil {
		return nil, plainly(err)
	}
	return n.Key(), nil
}

// mentioned evaluates what stands in brackets: a local variable, where the target is about
// a goroutine, or else a constant or a variable of a package.
func (e *evaluation) mentioned(text string) (*notation.Key, error) {
	if *e.mentions++; *e.mentions > maxMentioned {
		return nil, fmt.Errorf("more than %d names stand in brackets", maxMentioned)
	}
	in := evaluation{p: e.p, text: text, goroutine: e.goroutine, frame: e.frame, home: e.home, mentions: e.mentions}
	if in.goroutine >= 0 {
		if x, err := notation.ParseExpr(text, nil); err == nil {
			if _, err := in.local(x.Head()); err == nil {
				return in.key(x)
			}
		}
		in.goroutine = -1
	}
	scope := in.scope()
	if n, ok, err := scope.Constant(notation.OwnName(text, e.p.exe.OwnPath())); ok || err != nil {
		return n.Key(), err
	}
	in.bare = true
	x, err := notation.ParseExpr(text, func(s string) int {
		if n := e.p.nameLength(s); n > 0 {
			return n
		}
		n := notation.NameLength(s)
		if _, err := scope.Variable(s[:n]); err != nil {
			return 0
		}
		return n
	})
	if err != nil {
		return nil, err
	}
	return in.key(x)
}

// key is the value of an expression as the key of a map.
func (e *evaluation) key(x *notation.Expr) (*notation.Key, error) {
	if x.Op == notation.Len || x.Op == notation.Cap {
		n, _, err := e.length(x)
		return notation.Unsigned(n, "int").Key(), err
	}
	o, err := e.value(x)
	if err != nil {
		return nil, err
	}
	p := e.p
	if p.types.Type(o.t).Kind == types.Interface {
		if dyn, ok := e.dynamic(o); ok {
			o = dyn
		}
	}
	if o.exact { // &x
		return &notation.Key{Kind: notation.NumberKey, Text: fmt.Sprintf("%#x", o.addr)}, nil
	}
	if typ := p.types.Type(o.t); o.bytes != nil && !p.inMemory(o) && !o.gaps && typ.Kind >= types.Int && typ.Kind <= types.Uintptr && uint64(len(o.bytes)) >= typ.Size {
		return p.keys().Integer(typ, o.bytes), nil // in registers
	}
	if o.inside.Stage == 0 && !o.elements && o.t != 0 && (o.bytes == nil || p.inMemory(o)) {
		if k, ok := p.keys().Key(o.t, o.addr); ok {
			return k, nil
		}
	}
	return nil, fmt.Errorf("%s of type %s is no number and no key of a map", notation.OneLine(x.String()), p.typeName(o))
}

// scope is what names in brackets mean.
func (e *evaluation) scope() *keys.Scope {
	return &keys.Scope{Types: e.p.types, Home: e.home, Variables: e.p.exe.VariableNames}
}

// plainly is an error about what stands in brackets without values of the program.
func plainly(err error) error {
	return errors.New(strings.TrimPrefix(notation.WithoutValues(err), ErrNotFound.Error()+": "))
}

// noIndex says what is wrong with an index.
func (e *evaluation) noIndex(s *notation.Step, err error) error {
	return e.fail(s.Pos, "%q is no index: %s", notation.OneLine(s.Text), plainly(err))
}

// outOfRange says of an index that there is no such element, and what it is where it is
// written as an expression, whose value is the program's.
func (e *evaluation) outOfRange(s *notation.Step, i int64, format string, args ...any) error {
	index, why := "index "+notation.OneLine(s.Text), fmt.Sprintf(format, args...)
	plain := e.fail(s.Pos, "%s%s", index, why)
	if _, err := strconv.ParseInt(s.Text, 0, 64); err == nil {
		return plain
	}
	return notation.Showing(e.fail(s.Pos, "%s, which is %d,%s", index, i, why), plain.Error())
}
