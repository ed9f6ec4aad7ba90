package report

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"
)

// This file and members.go alone know expr-lang, whose expressions the filters of tables
// are.

const (
	maxQuery  = 1000    // characters of an expression
	maxNodes  = 500     // of its tree
	maxMemory = 1 << 12 // what evaluating it once may allocate, in elements
	maxMemo   = 1 << 16 // texts whose answers are remembered
)

// QueryError is what is wrong with an expression.
type QueryError struct {
	Column  int // of the character, from 1; 0 where it is not about one
	Message string
}

func (e *QueryError) Error() string {
	if e.Column == 0 {
		return e.Message
	}
	return fmt.Sprintf("at character %d: %s", e.Column, e.Message)
}

// query is an expression over the fields of rows.
type query struct {
	source  plain
	program *vm.Program
	options []expr.Option
	field   map[string]*field
	members *memberNames // nil where the rows have no fields of values
}

// parseQuery reads an expression that is true or false. Its error is a
// *QueryError. of finds the fields of values by names that are none of fields; it may be
// nil.
func parseQuery(src string, fields []field, of findMember) (*query, error) {
	if len(src) > maxQuery {
		return nil, &QueryError{Message: fmt.Sprintf("longer than %d characters", maxQuery)}
	}
	q := &query{source: withoutUnits(src), field: map[string]*field{}}
	env := map[string]any{}
	var names []string
	for i := range fields {
		f := &fields[i]
		q.field[f.Name] = f
		names = append(names, f.Name)
	}
	if of != nil {
		q.members = &memberNames{listed: q.field}
		if err := q.findMembers(of, names); err != nil {
			return nil, err
		}
	}
	for name, f := range q.field {
		env[name] = f.zero()
	}
	q.options = []expr.Option{
		expr.Env(env), expr.AsBool(), expr.Optimize(false), expr.MaxNodes(maxNodes),
		// Those left look at their arguments once: none loops over a range.
		expr.DisableAllBuiltins(),
	}
	for _, name := range []string{"lower", "upper", "trim", "trimPrefix", "trimSuffix", "hasPrefix", "hasSuffix", "indexOf", "len", "abs", "min", "max"} {
		q.options = append(q.options, expr.EnableBuiltin(name))
	}
	if q.members != nil {
		q.options = append(q.options, expr.Patch(q.members))
	}
	var err error
	if q.program, err = expr.Compile(q.source.text, q.options...); err != nil {
		return nil, q.explain(err, names)
	}
	if n := q.refused(q.program.Node()); n != nil {
		return nil, &QueryError{q.source.original(n.Location().From) + 1, "an expression is about one row: it cannot go through lists and has no variables"}
	}
	return q, nil
}

// explain turns an error of expr-lang into one about what the person wrote.
func (q *query) explain(err error, names []string) error {
	var at *file.Error
	if !errors.As(err, &at) {
		return &QueryError{Message: err.Error()}
	}
	e := &QueryError{Column: q.source.original(at.Column) + 1, Message: at.Message}
	if strings.HasPrefix(e.Message, "unknown name ") && names != nil {
		e.Message += "; there are " + strings.Join(names, ", ")
	}
	return e
}

// identifiers are the names in a tree, in the order in which they first occur.
func identifiers(n ast.Node) []string {
	var names []string
	walk(n, func(n ast.Node) {
		if id, ok := n.(*ast.IdentifierNode); ok && !slices.Contains(names, id.Value) {
			names = append(names, id.Value)
		}
	})
	return names
}

// refused returns a part of a tree that expr-lang knows and filters do not, nil if
// there is none: what would be evaluated any number of times, since that nothing
// is bounds the time of a row (DisableAllBuiltins leaves such functions in), and
// names that are not fields.
func (q *query) refused(n ast.Node) (found ast.Node) {
	walk(n, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.PredicateNode, *ast.PointerNode, *ast.VariableDeclaratorNode:
			found = n
		case *ast.IdentifierNode:
			if q.field[n.Value] == nil {
				found = n
			}
		}
	})
	return found
}

func walk(n ast.Node, f func(ast.Node)) { v := visitor(f); ast.Walk(&n, v) }

type visitor func(ast.Node)

func (v visitor) Visit(n *ast.Node) { v(*n) }

// predicate evaluates a query for one row after the other, on one goroutine.
// Comparisons of numbers are compiled to functions of the row; what depends on
// one text is asked once for each different text, or each type; only the rest
// goes through expr-lang's own machine for each row.
type predicate struct {
	q       *query
	machine vm.VM
	env     map[string]any
	test    func(row int) bool
	missing bool  // a part of a value that was asked for
	err     error // the first
}

func (q *query) predicate() *predicate {
	p := &predicate{q: q, machine: vm.VM{MemoryBudget: maxMemory}, env: map[string]any{}}
	p.test = p.condition(q.program.Node(), true)
	return p
}

// keep reports whether the expression holds for a row.
func (p *predicate) keep(row int) (bool, error) {
	ok := p.test(row)
	return ok && p.err == nil, p.err
}

// condition compiles a tree that is true or false: whether it is as wanted. What depends on
// a part of a value that is not there is neither (as null in SQL).
func (p *predicate) condition(n ast.Node, want bool) func(row int) bool {
	switch n := n.(type) {
	case *ast.BoolNode:
		return func(int) bool { return n.Value == want }
	case *ast.UnaryNode:
		if n.Operator == "!" || n.Operator == "not" {
			return p.condition(n.Node, !want)
		}
	case *ast.BinaryNode:
		and := n.Operator == "&&" || n.Operator == "and"
		if and || n.Operator == "||" || n.Operator == "or" {
			a, b := p.condition(n.Left, want), p.condition(n.Right, want)
			if and == want {
				return func(row int) bool { return a(row) && b(row) }
			}
			return func(row int) bool { return a(row) || b(row) }
		}
		if test := p.isNil(n); test != nil {
			return p.known(n, test, want)
		}
		if test := p.comparison(n); test != nil {
			return p.known(n, test, want)
		}
	}
	return p.known(n, p.rest(n), want)
}

// known is a test that is neither true nor false where a part of a value is missing.
func (p *predicate) known(n ast.Node, test func(row int) bool, want bool) func(row int) bool {
	if !slices.ContainsFunc(identifiers(n), func(name string) bool { return p.q.field[name] != nil && p.q.field[name].member != nil }) {
		if want {
			return test
		}
		return func(row int) bool { return !test(row) }
	}
	return func(row int) bool {
		p.missing = false
		return test(row) == want && !p.missing
	}
}

// value is a tree that is a number; one of the two is there.
type value struct {
	whole func(row int) int
	real  func(row int) float64
}

func (v value) asReal() func(row int) float64 {
	if v.real != nil {
		return v.real
	}
	return func(row int) float64 { return float64(v.whole(row)) }
}

// comparison compiles a comparison of two numbers, nil if it is none. As in
// expr-lang, whole numbers are compared as such, and others as float64.
func (p *predicate) comparison(n *ast.BinaryNode) func(row int) bool {
	a, ok := p.number(n.Left)
	if !ok {
		return nil
	}
	b, ok := p.number(n.Right)
	if !ok {
		return nil
	}
	if a.whole != nil && b.whole != nil {
		return compare(n.Operator, a.whole, b.whole)
	}
	return compare(n.Operator, a.asReal(), b.asReal())
}

func compare[T int | float64](operator string, a, b func(row int) T) func(row int) bool {
	switch operator {
	case "==":
		return func(row int) bool { return a(row) == b(row) }
	case "!=":
		return func(row int) bool { return a(row) != b(row) }
	case "<":
		return func(row int) bool { return a(row) < b(row) }
	case "<=":
		return func(row int) bool { return a(row) <= b(row) }
	case ">":
		return func(row int) bool { return a(row) > b(row) }
	case ">=":
		return func(row int) bool { return a(row) >= b(row) }
	}
	return nil
}

// number compiles a tree that is a number made of fields and constants.
func (p *predicate) number(n ast.Node) (value, bool) {
	switch n := n.(type) {
	case *ast.IntegerNode:
		return value{whole: func(int) int { return n.Value }}, true
	case *ast.FloatNode:
		return value{real: func(int) float64 { return n.Value }}, true
	case *ast.IdentifierNode:
		f := p.q.field[n.Value]
		switch {
		case f != nil && f.member != nil:
			return p.memberNumber(f)
		case f == nil || f.num == nil:
			return value{}, false
		case f.Kind == Percent:
			return value{real: func(row int) float64 { return percent(f.num(row)) }}, true
		}
		return value{whole: func(row int) int { return int(f.num(row)) }}, true
	case *ast.BinaryNode:
		a, ok := p.number(n.Left)
		if !ok {
			return value{}, false
		}
		b, ok := p.number(n.Right)
		if !ok {
			return value{}, false
		}
		if a.whole != nil && b.whole != nil && n.Operator != "/" {
			f := arithmetic(n.Operator, a.whole, b.whole)
			return value{whole: f}, f != nil
		}
		f := arithmetic(n.Operator, a.asReal(), b.asReal())
		if n.Operator == "/" {
			x, y := a.asReal(), b.asReal()
			f = func(row int) float64 { return x(row) / y(row) }
		}
		return value{real: f}, f != nil
	}
	return value{}, false
}

func arithmetic[T int | float64](operator string, a, b func(row int) T) func(row int) T {
	switch operator {
	case "+":
		return func(row int) T { return a(row) + b(row) }
	case "-":
		return func(row int) T { return a(row) - b(row) }
	case "*":
		return func(row int) T { return a(row) * b(row) }
	}
	return nil
}

// percent is a number of millionths, -1 for unknown.
func percent(millionths int64) float64 {
	if millionths < 0 {
		return -1
	}
	return float64(millionths) / 1e4
}

// rest compiles a tree for expr-lang's machine, and remembers what it said where
// that depends on one text.
func (p *predicate) rest(n ast.Node) func(row int) bool {
	if b := p.boolean(n); b != nil {
		return b
	}
	if p.q.members != nil && nilElsewhere(n) {
		return func(int) bool {
			p.fail(errors.New("nil is compared with one field, by == or !=, and that joined by && || and not"))
			return false
		}
	}
	program, err := expr.Compile(n.String(), p.q.options...)
	if err != nil {
		return func(int) bool {
			p.fail(err)
			return false
		}
	}
	used := identifiers(n)
	ask := func(row int) bool {
		for _, name := range used {
			p.env[name] = p.value(p.q.field[name], row)
		}
		return p.run(program)
	}
	if len(used) == 0 {
		answer, asked := false, false
		return func(row int) bool {
			if !asked {
				answer, asked = ask(row), true
			}
			return answer
		}
	}
	f := p.q.field[used[0]]
	if len(used) > 1 || f.text == nil {
		return ask
	}
	if f.key != nil {
		return remember(f.key, func(_ uint32, row int) bool { return ask(row) })
	}
	return remember(f.text, func(text string, _ int) bool {
		p.env[f.Name] = text
		return p.run(program)
	})
}

// remember asks once for each key.
func remember[K comparable](key func(row int) K, ask func(k K, row int) bool) func(row int) bool {
	memo := map[K]bool{}
	var last K
	var answer, any bool
	return func(row int) bool {
		k := key(row)
		if any && k == last {
			return answer
		}
		known, ok := memo[k]
		if !ok {
			known = ask(k, row)
			if len(memo) < maxMemo {
				memo[k] = known
			}
		}
		last, answer, any = k, known, true
		return answer
	}
}

// value is what expr-lang's machine sees of a field of a list.
func (f *field) value(row int) any {
	switch {
	case f.num == nil:
		return f.text(row)
	case f.Kind == Percent:
		return percent(f.num(row))
	}
	return int(f.num(row))
}

func (p *predicate) run(program *vm.Program) bool {
	out, err := p.machine.Run(program, p.env)
	if err != nil {
		p.fail(err)
		return false
	}
	ok, _ := out.(bool)
	return ok
}

// fail keeps the first error of the evaluation. Its place is one in a part of the
// expression and says nothing.
func (p *predicate) fail(err error) {
	if p.err != nil {
		return
	}
	var at *file.Error
	if errors.As(err, &at) {
		p.err = &QueryError{Message: at.Message}
		return
	}
	p.err = &QueryError{Message: err.Error()}
}
