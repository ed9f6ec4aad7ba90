package report

import (
	"sync"

	"goheap/gocore/member"
	"goheap/heap"
)

// Field is a name that the expression of a filter may use.
type Field struct {
	Name string
	Kind Kind // Text, or a number in its unit: Percent is a float from 0 to 100
	Doc  string
}

// field is a Field of the rows of a table.
type field struct {
	Field
	// One of these is there. An unknown text is "", an unknown number -1.
	text func(row int) string
	num  func(row int) int64 // of a Percent, millionths
	// member, in place of both, is a part of the row's value; isNil may be there with it.
	member, isNil func(row int) (member.Scalar, bool)
	of            member.Kind
	// key may be there with text: rows of equal keys have equal texts.
	key func(row int) uint32
}

// aliases are names that mean the same in every list, by the columns that they
// may stand for.
func aliases() []struct{ name, column string } {
	return []struct{ name, column string }{
		{"retained", "retained_bytes"}, {"retained", "retained_bytes_min"},
		{"shallow", "shallow_bytes"}, {"shallow", "members_bytes"}, {"size", "shallow_bytes"},
		{"count", "objects"}, {"count", "members"},
		{"exclusive", "exclusive_bytes"}, {"stack", "stack_bytes"}, {"goroutine", "id"},
	}
}

// docs say what names mean.
func docs() map[string]string {
	return map[string]string{
		"address":    "where it stands, as in address == 0xc000123000",
		"at":         "file and line of that function's call",
		"count":      "how many there are; of an object, how many values of its type are in it",
		"created_at": "file and line of the go statement",
		"created_by": "the function of the go statement",
		"evidence":   `what its type is known from: "header", "span", "interface", "pointer", "container", "code" (of a closure), "fits" (no other type does), "interior" or "none"`,
		"exclusive":  "bytes that die with all goroutines of the row, and no sooner",
		"function":   "the innermost function that is not of the standard library, or the one of it that was started",
		"goroutine":  "the goroutine's number",
		"kind":       `"object", "global", "goroutine", …`,
		"labels":     "what runtime/pprof.Do gave to the goroutine",
		"locked":     `"locked" for a goroutine that is locked to its thread`,
		"name":       "what it is called",
		"objects":    "live objects, or those that die with it",
		"package":    "the package of the type or variable",
		"parent":     "the number of the goroutine that created it",
		"retained":   "bytes that die with it",
		"shallow":    "bytes of its own",
		"share":      "what it retains, in percent of the live heap",
		"size":       "bytes of its own",
		"stack":      "bytes of the stack",
		"state":      `what a goroutine does, as "chan receive"`,
		"through":    "the pointer as a Go expression",
		"type":       "the name of the type",
		"wait":       "how long a goroutine has waited, as in wait > 5m",
	}
}

// tableFields returns the names of a table's columns, the short names of these, and
// for tables of nodes what every node has, in this order.
func tableFields(s *Snapshot, t *Table) []field {
	var all []field
	seen := map[string]bool{}
	doc := docs()
	add := func(f field) {
		if seen[f.Name] {
			return
		}
		seen[f.Name] = true
		if f.Doc = doc[f.Name]; f.Doc == "" {
			f.Doc = "the column " + f.Name
		}
		all = append(all, f)
	}
	for i, c := range t.Columns {
		add(columnField(t, c.Name, i))
	}
	for _, a := range aliases() {
		if i := t.Column(a.column); i >= 0 {
			add(columnField(t, a.name, i))
		}
	}
	if t.node != nil {
		for _, f := range nodeFields(s, t.node) {
			add(f)
		}
	}
	return all
}

func columnField(t *Table, name string, col int) field {
	c := t.Columns[col]
	f := field{Field: Field{Name: name, Kind: c.Kind}}
	if c.Kind == Text && !c.Numeric {
		f.text = func(row int) string {
			if c := c.Cell(row); !c.Unknown {
				return c.Text
			}
			return ""
		}
		return f
	}
	if c.Kind == Text {
		f.Kind = Count
	}
	f.num = func(row int) int64 {
		if c := c.Cell(row); !c.Unknown {
			return int64(min(c.Num, 1<<63-1))
		}
		return -1
	}
	return f
}

// nodeFields are those of any node. What a row that stands for no node has is
// unknown.
func nodeFields(s *Snapshot, node func(row int) heap.Node) []field {
	p, d := s.Heap, s.Dominators
	text := func(name string, of func(n heap.Node) string) field {
		return field{Field: Field{Name: name}, text: func(row int) string {
			if n := node(row); n != heap.None {
				return of(n)
			}
			return ""
		}}
	}
	number := func(name string, kind Kind, of func(n heap.Node) uint64) field {
		return field{Field: Field{Name: name, Kind: kind}, num: func(row int) int64 {
			if n := node(row); n != heap.None {
				return int64(min(of(n), 1<<63-1))
			}
			return -1
		}}
	}
	packages := sync.OnceValue(func() map[heap.Node]string {
		of := map[heap.Node]string{}
		for _, r := range p.Roots() {
			of[r.Node] = r.Package
		}
		return of
	})
	return []field{
		text("type", p.Type),
		text("package", func(n heap.Node) string {
			if s.Graph.IsRoot(n) {
				return packages()[n]
			}
			return p.TypeOf(n).Package
		}),
		number("size", Bytes, s.Graph.Size), number("shallow", Bytes, s.Graph.Size),
		number("retained", Bytes, d.Retained),
		number("share", Percent, func(n heap.Node) uint64 { return s.Share(d.Retained(n)) }),
		number("objects", Count, d.Objects), number("count", Count, p.Count),
		text("kind", func(n heap.Node) string { return p.KindOf(n).String() }), text("name", p.Name), number("address", Addr, p.ValueAddr), text("evidence", func(n heap.Node) string { return p.Evidence(n).String() }),
	}
}

// objectFields are those of nodeFields for objects by node, whose types are known
// to have one text for each number.
func objectFields(s *Snapshot) []field {
	all := nodeFields(s, func(row int) heap.Node { return heap.Node(row) })
	ids := s.Heap.TypeIDs()
	doc := docs()
	for i := range all {
		f := &all[i]
		f.Doc = doc[f.Name]
		switch f.Name {
		case "type":
			f.text = func(row int) string { return s.Heap.TypeInfo(ids[row]).Name }
			f.key = func(row int) uint32 { return uint32(ids[row]) }
		case "package":
			f.text = func(row int) string { return s.Heap.TypeInfo(ids[row]).Package }
			f.key = func(row int) uint32 { return uint32(ids[row]) }
		}
	}
	return all
}

// Fields are the names that a filter of the table's rows may use.
func Fields(s *Snapshot, t *Table) []Field { return public(tableFields(s, t)) }

// ObjectFields are the names that Query knows.
func ObjectFields(s *Snapshot) []Field { return public(objectFields(s)) }

func public(all []field) []Field {
	out := make([]Field, len(all))
	for i, f := range all {
		out[i] = f.Field
	}
	return out
}
