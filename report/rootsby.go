package report

import (
	"context"
	"io"

	"goheap/heap"
)

// RootGroupsDocument lists the roots by kind, or by package.
type RootGroupsDocument struct {
	Schema string              `json:"schema"`
	Groups []RootGroupDocument `json:"roots"`
}

// RootGroupDocument is Count roots of one kind, or of one package; those without a package
// are in a group of their kind. Retained is what would be freed without all of them, and so
// no less than what they retain each alone; Roots are at most 100 of them, those that
// retain most first.
type RootGroupDocument struct {
	Kind     Optional       `json:"kind"`
	Package  Optional       `json:"package"`
	Count    int            `json:"count"`
	Objects  uint64         `json:"objects"`
	Retained uint64         `json:"retained_bytes"`
	Roots    []RootDocument `json:"roots"`
	More     int            `json:"more_roots"`
}

// mostGroupRoots is how many roots of a group a document lists.
const mostGroupRoots = 100

// NewRootGroupsDocument lists roots by kind or by package; the filter sees the rows of
// RootGroupTable.
func NewRootGroupsDocument(ctx context.Context, s *Snapshot, l List, byPackage bool) (*RootGroupsDocument, error) {
	d := &RootGroupsDocument{Schema: "goheap/roots/1", Groups: []RootGroupDocument{}}
	groups, err := s.RootGroups(ctx, byPackage)
	if err != nil {
		return d, err
	}
	t, err := RootGroupTable(ctx, s, byPackage)
	rows, err := wantedRows(ctx, s, t, err, l)
	if err != nil {
		return d, err
	}
	all, err := rootsByNode(ctx, s)
	if err != nil {
		return d, err
	}
	for _, row := range rows {
		g := &groups[row]
		first := all[g.Roots[0]]
		of := RootGroupDocument{Kind: Optional(first.Kind.String()), Count: len(g.Roots), Objects: g.Objects, Retained: g.Retained, Roots: []RootDocument{}}
		if byPackage && first.Package != "" {
			of.Kind, of.Package = "", Optional(first.Package)
		}
		for _, n := range head(g.Roots, mostGroupRoots) {
			of.Roots = append(of.Roots, rootDocument(s, all[n]))
		}
		of.More = len(g.Roots) - len(of.Roots)
		d.Groups = append(d.Groups, of)
	}
	return d, nil
}

// rootsByNode are the rows of Roots by their nodes.
func rootsByNode(ctx context.Context, s *Snapshot) (map[heap.Node]*RootRow, error) {
	rows, err := s.Roots(ctx)
	if err != nil {
		return nil, err
	}
	all := make(map[heap.Node]*RootRow, len(rows))
	for i := range rows {
		all[rows[i].Node] = &rows[i]
	}
	return all, nil
}

// WriteRootGroups writes the roots by kind or by package for people: a table, then of each
// row the roots that retain most, and how much the row has beside what each of its roots
// retains alone.
func WriteRootGroups(ctx context.Context, w io.Writer, s *Snapshot, l List, byPackage bool) error {
	const most = 5
	groups, err := s.RootGroups(ctx, byPackage)
	if err != nil {
		return err
	}
	table, err := RootGroupTable(ctx, s, byPackage)
	if err != nil {
		return err
	}
	if table, err = s.Where(ctx, table, l.Where); err != nil {
		return err
	}
	all, err := rootsByNode(ctx, s)
	if err != nil {
		return err
	}
	p := newPrinter(w, s)
	table = table.Head(l.Top)
	p.table(table, "")
	for i := range table.Len() {
		g := &groups[table.Row(i)]
		alone := uint64(0)
		for _, n := range g.Roots {
			alone += all[n].Retained
		}
		p.line("")
		p.line("%s: %s", Printable(g.Name), plural(uint64(len(g.Roots)), "root"))
		rows := [][]string{}
		for _, n := range head(g.Roots, most) {
			r := all[n]
			rows = append(rows, []string{HumanBytes(r.Retained), Printable(r.Name), Printable(r.Type)})
		}
		p.rows(rows, []bool{true}, "  ")
		if more := len(g.Roots) - len(rows); more > 0 {
			p.line("  … %s more", comma(uint64(more)))
		}
		if rest := g.Retained - alone; rest > 0 {
			p.line("  %s more are held by several of them together", HumanBytes(rest))
		}
	}
	return p.w.Flush()
}
