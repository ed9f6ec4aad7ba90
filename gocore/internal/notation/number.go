package notation

import (
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	goparser "go/parser"
	"go/token"
	"math"
	"strings"
	"time"
)

// Number is what an index or a key stands for that is an expression: its value, and the
// name of its type where it is more than a constant that could have any.
type Number struct {
	Value constant.Value // Int or Float
	Type  string
}

const (
	maxNumberText = 1 << 12
	// maxBits bounds the integers on the way to a value, as the compiler does
	// (go/types, overflow).
	maxBits = 512
)

// Key is the number as the key of a map.
func (n Number) Key() *Key {
	if v := constant.ToInt(n.Value); v.Kind() == constant.Int {
		return &Key{Kind: NumberKey, Text: v.ExactString(), Type: n.Type}
	}
	f, _ := constant.Float64Val(n.Value)
	return &Key{Kind: NumberKey, Text: fmt.Sprint(f), Type: n.Type}
}

// Integer64 is an integer of the named type. A constant that is declared without a type is
// an int for all that is known.
func Integer64(v int64, typ string) Number { return numberOf(constant.MakeInt64(v), typ) }

// Unsigned is Integer64 for numbers that are not negative.
func Unsigned(v uint64, typ string) Number { return numberOf(constant.MakeUint64(v), typ) }

func numberOf(v constant.Value, typ string) Number {
	if typ == "int" {
		typ = ""
	}
	return Number{v, typ}
}

// Int64 is the value of an integer that is one.
func (n Number) Int64() (int64, bool) { return constant.Int64Val(constant.ToInt(n.Value)) }

// Number is the value of a key that is a number.
func (k *Key) Number() (n Number, ok bool) {
	if k.Kind != NumberKey || strings.HasPrefix(k.Text, "0x") { // an address is no number in Go
		return n, false
	}
	kind := token.INT
	if strings.ContainsAny(k.Text, ".e") && !strings.HasPrefix(k.Text, "0x") {
		kind = token.FLOAT
	}
	digits, negative := strings.CutPrefix(k.Text, "-")
	v := constant.MakeFromLiteral(digits, kind, 0)
	if negative && v.Kind() != constant.Unknown {
		v = constant.UnaryOp(token.SUB, v, 0)
	}
	return numberOf(v, k.Type), v.Kind() == constant.Int || v.Kind() == constant.Float
}

// String is the number with its type: "main.Color(1)".
func (n Number) String() string {
	if n.Type != "" {
		return n.Type + "(" + n.Key().Text + ")"
	}
	return n.Key().Text
}

// IsExpression reports whether a text is spelled as an expression that Calculate may find the
// value of: numbers and names with operators, not a literal of a composite or a function.
func IsExpression(text string) bool {
	x, err := parseNumber(text)
	if err != nil {
		return false
	}
	ok := true
	ast.Inspect(x, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.CompositeLit, *ast.FuncLit, *ast.KeyValueExpr, *ast.BadExpr:
			ok = false
		}
		return ok
	})
	return ok
}

func parseNumber(text string) (ast.Expr, error) {
	if len(text) > maxNumberText {
		return nil, errors.New("it is too long")
	}
	x, err := goparser.ParseExpr(text)
	if err != nil {
		return nil, errors.New("it is no expression")
	}
	return x, nil
}

// Calculate finds the value of an expression of numbers. It asks operand for what is no
// number by itself: the name of a constant or a variable with what is selected of it, and
// len and cap. Numbers are as large as they have to be, as constants are in Go.
func Calculate(text string, operand func(text string) (Number, error)) (Number, error) {
	text = strings.TrimSpace(text)
	if n, ok := decimal(text); ok {
		return Number{constant.MakeInt64(n), ""}, nil
	}
	if r, ok := Rune(text); ok {
		return Number{constant.MakeInt64(int64(r)), ""}, nil
	}
	if d, err := time.ParseDuration(text); err == nil && strings.Trim(text, "+-0123456789_.") != "" {
		return Number{constant.MakeInt64(int64(d)), "time.Duration"}, nil
	}
	x, err := parseNumber(text)
	if err != nil {
		return Number{}, err
	}
	c := calculation{text, operand}
	return c.value(x)
}

// decimal is the value of a number that is written as nearly all are, in decimal digits
// alone: of many targets, to read them as Go does takes longer than to look them up.
func decimal(text string) (n int64, ok bool) {
	const most = 18 // digits fit into 64 bits
	if len(text) > most || len(text) > 1 && text[0] == '0' {
		return 0, false
	}
	for _, r := range text {
		if r < '0' || r > '9' {
			return 0, false
		}
		n = 10*n + int64(r-'0')
	}
	return n, text != ""
}

type calculation struct {
	text    string
	operand func(text string) (Number, error)
}

// source is the text of a part, whose positions count from 1.
func (c *calculation) source(x ast.Expr) string {
	return c.text[min(int(x.Pos())-1, len(c.text)):min(int(x.End())-1, len(c.text))]
}

func (c *calculation) value(x ast.Expr) (Number, error) {
	switch x := x.(type) {
	case *ast.ParenExpr:
		return c.value(x.X)
	case *ast.BasicLit:
		v := constant.MakeFromLiteral(x.Value, x.Kind, 0)
		if v.Kind() == constant.Int || v.Kind() == constant.Float {
			return c.bounded(x, Number{v, ""})
		}
		return Number{}, fmt.Errorf("%s is no number", c.source(x))
	case *ast.UnaryExpr:
		n, err := c.value(x.X)
		if err != nil {
			return n, err
		}
		switch {
		case x.Op == token.SUB, x.Op == token.ADD, x.Op == token.XOR && n.Value.Kind() == constant.Int:
			return Number{constant.UnaryOp(x.Op, n.Value, 0), n.Type}, nil
		}
		return n, fmt.Errorf("%s is no number", c.source(x))
	case *ast.BinaryExpr:
		return c.binary(x)
	case *ast.CallExpr:
		if f, ok := x.Fun.(*ast.Ident); ok && (f.Name == "len" || f.Name == "cap") {
			break
		}
		if len(x.Args) != 1 {
			return Number{}, fmt.Errorf("%s is no number", c.source(x))
		}
		n, err := c.value(x.Args[0]) // a conversion
		n.Type = c.source(x.Fun)
		return n, err
	}
	return c.operand(c.source(x))
}

func (c *calculation) binary(x *ast.BinaryExpr) (Number, error) {
	a, err := c.value(x.X)
	if err != nil {
		return a, err
	}
	b, err := c.value(x.Y)
	if err != nil {
		return b, err
	}
	integers := constant.ToInt(a.Value).Kind() == constant.Int && constant.ToInt(b.Value).Kind() == constant.Int
	if x.Op == token.SHL || x.Op == token.SHR {
		by, exact := constant.Uint64Val(constant.ToInt(b.Value))
		if !integers || !exact || by > maxBits {
			return a, fmt.Errorf("%s cannot be shifted", c.source(x))
		}
		a.Value = constant.Shift(constant.ToInt(a.Value), x.Op, uint(by))
		return c.bounded(x, a)
	}
	n := Number{Type: a.Type}
	if n.Type == "" {
		n.Type = b.Type
	} else if b.Type != "" && !SameType(a.Type, b.Type) && !SameType(b.Type, a.Type) {
		return n, fmt.Errorf("%s is a %s and %s a %s", c.source(x.X), a.Type, c.source(x.Y), b.Type)
	}
	op := x.Op
	switch op {
	case token.ADD, token.SUB, token.MUL:
	case token.QUO:
		if constant.Sign(b.Value) == 0 {
			return n, fmt.Errorf("%s divides by zero", c.source(x))
		}
		if a.Value.Kind() == constant.Int && b.Value.Kind() == constant.Int {
			op = token.QUO_ASSIGN // that of integers
		}
	case token.REM, token.AND, token.OR, token.XOR, token.AND_NOT:
		if !integers {
			return n, fmt.Errorf("%s has operands that are no integers", c.source(x))
		}
		if a.Value, b.Value = constant.ToInt(a.Value), constant.ToInt(b.Value); op == token.REM && constant.Sign(b.Value) == 0 {
			return n, fmt.Errorf("%s divides by zero", c.source(x))
		}
	default:
		return n, fmt.Errorf("%s is no number", c.source(x))
	}
	n.Value = constant.BinaryOp(a.Value, op, b.Value)
	return c.bounded(x, n)
}

// bounded refuses numbers that are larger than those of any type. What is no integer is
// as exact as a float64 is.
func (c *calculation) bounded(x ast.Expr, n Number) (Number, error) {
	large := n.Value.Kind() == constant.Unknown || n.Value.Kind() == constant.Int && constant.BitLen(n.Value) > maxBits
	if n.Value.Kind() == constant.Float {
		f, _ := constant.Float64Val(n.Value)
		if large = math.IsInf(f, 0); !large {
			n.Value = constant.MakeFloat64(f)
		}
	}
	if large {
		return n, fmt.Errorf("%s is too large", c.source(x))
	}
	return n, nil
}
