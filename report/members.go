package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"

	"goheap/gocore/member"
	"goheap/heap"
)

// WithFields is a table of nodes whose filters also know the fields of the values: those
// of the types that the nodes have. A field is written as in Go, `cfg.Name`, after
// "value." where a list has that name itself: `value.size`. So are `len(items)` and
// `conn == nil`; `len(value)` is that of a map or channel. Where a pointer on the way is nil, or memory is not in the file, what
// depends on it is neither true nor false, and the row is not kept for it.
func WithFields(t *Table, types []heap.TypeID) *Table {
	of := *t
	of.of = types
	return &of
}

// valueName stands before names of fields that a list has too.
const valueName = "value"

// findMember finds the part of a row's value that a name stands for.
type findMember func(path []string, ask member.Ask) (member.Kind, func(row int) (member.Scalar, bool), error)

// valueFields finds parts of the values of a table's rows, nil where it has no fields of these.
func valueFields(s *Snapshot, t *Table) findMember {
	if t.of == nil {
		return nil
	}
	return func(path []string, ask member.Ask) (member.Kind, func(row int) (member.Scalar, bool), error) {
		byType := map[heap.TypeID]func(n heap.Node) (member.Scalar, bool){}
		var kind member.Kind
		var first error
		for _, id := range t.of {
			m, err := s.Heap.Member(id, path, ask)
			switch {
			case err != nil:
				first = cmp.Or(first, err)
			case len(byType) == 0 || m.Kind == kind:
				kind, byType[id] = m.Kind, m.Read
			}
		}
		if len(byType) == 0 {
			return 0, nil, cmp.Or(first, fmt.Errorf("there are no objects"))
		}
		ids := s.Heap.TypeIDs()
		return kind, func(row int) (v member.Scalar, ok bool) {
			n := t.node(row)
			if n == heap.None || int(n) >= len(ids) || byType[ids[n]] == nil {
				return v, false
			}
			return byType[ids[n]](n)
		}, nil
	}
}

// memberNames writes what stands for a part of a value as one name: a.b, len(a.b).
type memberNames struct {
	listed map[string]*field
}

// is reports whether a name is that of a part of a value, and not of the list.
func (m *memberNames) is(name string) bool {
	f := m.listed[name]
	return f == nil || f.member != nil
}

// Visit implements ast.Visitor, for the parts of a node before the node.
func (m *memberNames) Visit(n *ast.Node) {
	replace := func(name string) { ast.Patch(n, &ast.IdentifierNode{Value: name}) }
	switch node := (*n).(type) {
	case *ast.MemberNode:
		of, ok := node.Node.(*ast.IdentifierNode)
		name, named := node.Property.(*ast.StringNode)
		if ok && named && (of.Value == valueName || m.is(of.Value)) {
			replace(of.Value + "." + name.Value)
		}
	case *ast.ChainNode:
		if of, ok := node.Node.(*ast.IdentifierNode); ok {
			replace(of.Value)
		}
	case *ast.BuiltinNode:
		if len(node.Arguments) != 1 || node.Name != "len" {
			return
		}
		if of, ok := node.Arguments[0].(*ast.IdentifierNode); ok && (of.Value == valueName || m.is(of.Value)) {
			replace("len(" + of.Value + ")")
		}
	}
}

// findMembers adds the parts of values that an expression names to the fields.
func (q *query) findMembers(of findMember, listed []string) error {
	tree, err := parser.Parse(q.source.text)
	if err != nil {
		return nil // which compiling it says
	}
	ast.Walk(&tree.Node, q.members)
	compared := map[ast.Node]bool{} // with nil
	walk(tree.Node, func(n ast.Node) {
		if id := comparedWithNil(n); id != nil {
			compared[id] = true
		}
	})
	var wrong error
	walk(tree.Node, func(n ast.Node) {
		id, ok := n.(*ast.IdentifierNode)
		if m, is := n.(*ast.MemberNode); is && wrong == nil {
			if of, ok := m.Node.(*ast.IdentifierNode); ok && q.members.is(of.Value) {
				wrong = &QueryError{q.source.original(n.Location().From) + 1, "of a field there is no part but its fields: filters do not look into lists and maps"}
			}
		}
		if !ok || wrong != nil || !q.members.is(id.Value) {
			return
		}
		f := q.field[id.Value]
		if f == nil {
			f = &field{Field: Field{Name: id.Value}}
		}
		fail := func(err error) {
			text := err.Error()
			if near := near(id.Value, listed); len(near) > 0 {
				text += "; the list itself has " + strings.Join(near, ", ")
			}
			wrong = &QueryError{q.source.original(n.Location().From) + 1, text}
		}
		name, ask := id.Value, member.Value
		if inner, ok := strings.CutPrefix(name, "len("); ok {
			name, ask = strings.TrimSuffix(inner, ")"), member.Length
		}
		var path []string // none is the value itself
		if name != valueName {
			path = strings.Split(strings.TrimPrefix(name, valueName+"."), ".")
		}
		var err error
		if f.of, f.member, err = of(path, ask); err != nil {
			fail(err)
			return
		}
		if compared[n] && ask == member.Value {
			if _, f.isNil, err = of(path, member.Nil); err != nil {
				fail(err)
				return
			}
		}
		q.field[id.Value] = f
	})
	return wrong
}

// near are the names of a list that a person may have meant.
func near(name string, listed []string) []string {
	var found []string
	for _, other := range listed {
		if len(name) > 1 && (strings.HasPrefix(other, strings.ToLower(name)) || strings.HasPrefix(strings.ToLower(name), other)) {
			found = append(found, other)
		}
	}
	const most = 3
	return head(found, most)
}

// comparedWithNil is the name that a tree compares with nil, nil for none.
func comparedWithNil(n ast.Node) *ast.IdentifierNode {
	b, ok := n.(*ast.BinaryNode)
	if !ok || b.Operator != "==" && b.Operator != "!=" {
		return nil
	}
	for _, sides := range [][2]ast.Node{{b.Left, b.Right}, {b.Right, b.Left}} {
		if _, ok := sides[1].(*ast.NilNode); ok {
			id, _ := sides[0].(*ast.IdentifierNode)
			return id
		}
	}
	return nil
}

// isNil compiles a comparison of a part of a value with nil, nil if it is none.
func (p *predicate) isNil(n *ast.BinaryNode) func(row int) bool {
	id := comparedWithNil(n)
	if id == nil || p.q.field[id.Value] == nil || p.q.field[id.Value].isNil == nil {
		return nil
	}
	read, want := p.q.field[id.Value].isNil, n.Operator == "=="
	return func(row int) bool { return p.read(read, row).Bool == want }
}

// read notes where there is nothing to read.
func (p *predicate) read(from func(row int) (member.Scalar, bool), row int) member.Scalar {
	v, ok := from(row)
	if !ok {
		p.missing = true
	}
	return v
}

// memberNumber is number for a part of a value.
func (p *predicate) memberNumber(f *field) (value, bool) {
	switch f.of {
	case member.Whole:
		return value{whole: func(row int) int { return int(p.read(f.member, row).Whole) }}, true
	case member.Real:
		return value{real: func(row int) float64 { return p.read(f.member, row).Real }}, true
	}
	return value{}, false
}

// boolean is a name that alone is true or false, nil for all else.
func (p *predicate) boolean(n ast.Node) func(row int) bool {
	id, ok := n.(*ast.IdentifierNode)
	if !ok || p.q.field[id.Value] == nil || p.q.field[id.Value].member == nil {
		return nil
	}
	f := p.q.field[id.Value]
	return func(row int) bool { return p.read(f.member, row).Bool }
}

// value is what expr-lang's machine sees of any field.
func (p *predicate) value(f *field, row int) any {
	if f.member == nil {
		return f.value(row)
	}
	v := p.read(f.member, row)
	switch f.of {
	case member.Whole:
		return int(v.Whole)
	case member.Real:
		return v.Real
	case member.Bool:
		return v.Bool
	}
	return v.Text
}

// zero is a value of the type that expr-lang is to take a field for.
func (f *field) zero() any {
	switch {
	case f.member != nil:
		return []any{member.Text: "", member.Whole: 0, member.Real: 0.0, member.Bool: false}[f.of]
	case f.num == nil:
		return ""
	case f.Kind == Percent:
		return 0.0
	}
	return 0
}

// nilElsewhere finds a comparison with nil below what only expr-lang's machine evaluates,
// which knows texts and numbers alone.
func nilElsewhere(n ast.Node) bool {
	found := false
	walk(n, func(n ast.Node) {
		_, is := n.(*ast.NilNode)
		found = found || is
	})
	return found
}
