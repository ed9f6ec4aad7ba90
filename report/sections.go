package report

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
)

// The sections of a report, in their order.
const (
	SectionVerdict    = "verdict"
	SectionHolders    = "holders"
	SectionSuspects   = "suspects"
	SectionTypes      = "types"
	SectionRoots      = "roots"
	SectionGoroutines = "goroutines"
	SectionFile       = "file"
	SectionWaste      = "waste" // only where it is asked for
)

// Section is a part of a report.
type Section struct {
	Name    string
	Title   string
	Columns []string // the names of those of its table; none if it has no table
}

// Sections returns all sections in the order in which a report has them.
func Sections() []Section {
	return []Section{
		{SectionVerdict, "", nil},
		{SectionHolders, "Who holds it", []string{"retained_bytes", "share", "split_bytes", "objects", "kind", "holder", "type"}},
		{SectionSuspects, "Suspects", []string{"retained_bytes", "share", "rule", "count", "sentence"}},
		{SectionTypes, "Types, with what dies when all objects of the type do", []string{"retained_bytes_min", "share", "shallow_bytes", "objects", "type", "package"}},
		{SectionRoots, "Roots, goroutines apart", []string{"retained_bytes", "share", "objects", "kind", "name", "type", "address", "size"}},
		{SectionGoroutines, "Goroutines by state and stack", []string{"count", "retained_bytes", "exclusive_bytes", "share", "stack_bytes", "state", "wait", "function", "at", "created_by", "created_at"}},
		{SectionFile, "File", nil},
		{SectionWaste, "Of no use", []string{"bytes", "behind", "share", "objects", "rule", "type", "held_by", "largest", "largest_bytes"}},
	}
}

// Layout says what of a report is written, and how.
type Layout struct {
	Top      int      // rows of each list at most, all if negative
	Physical bool     // the insides of maps are types of their own
	Sections []string // by name; none is all but waste, which takes as long as a load
	// Sort is the name of a column by which the tables that have it are sorted: numbers
	// the largest first, texts by the alphabet, and the other way round behind a "-". ""
	// leaves each in its own order.
	Sort string
}

// Check returns an error that lists what there is, where a section or column does not exist.
func (l Layout) Check() error {
	var names, have []string
	known := l.Sort == ""
	for _, s := range Sections() {
		names = append(names, s.Name)
		if l.has(s.Name) && s.Columns != nil {
			have = append(have, s.Name+": "+strings.Join(s.Columns, ", "))
			known = known || s.column(l.Sort) != ""
		}
	}
	for _, name := range l.Sections {
		if !slices.Contains(names, name) {
			return fmt.Errorf("there is no section %q: %s", name, strings.Join(names, ", "))
		}
	}
	switch {
	case known:
		return nil
	case have == nil:
		return fmt.Errorf("there is nothing to sort in what is asked for: sections with columns are %s, %s, %s, %s, %s and %s",
			SectionHolders, SectionSuspects, SectionTypes, SectionRoots, SectionGoroutines, SectionWaste)
	}
	return fmt.Errorf("there is no column %q: %s", strings.TrimPrefix(l.Sort, "-"), strings.Join(have, "; "))
}

// Columns are the names of the columns by which what is asked for can be sorted.
func (l Layout) Columns() []string {
	var names []string
	for _, s := range Sections() {
		for _, c := range s.Columns {
			if l.has(s.Name) && !slices.Contains(names, c) {
				names = append(names, c)
			}
		}
	}
	return names
}

func (l Layout) has(section string) bool {
	return len(l.Sections) == 0 && section != SectionWaste || slices.Contains(l.Sections, section)
}

// column is the name of the column that is meant: bytes may be left out of it.
func (s Section) column(name string) string {
	name = strings.TrimPrefix(name, "-")
	for _, c := range s.Columns {
		if c == name || strings.TrimSuffix(strings.TrimSuffix(c, "_min"), "_bytes") == name {
			return c
		}
	}
	return ""
}

// ahead begins with what suspects need late and does not depend on what they need early, on
// processors that would stand still; what it returns waits for its end. What goes wrong
// there goes wrong again where it is asked for.
func ahead(ctx context.Context, s *Snapshot) (wait func()) {
	var all sync.WaitGroup
	for _, f := range []func() error{
		func() error { _, err := s.FoldedTypes(ctx); return err },
		func() error { _, err := leaked(ctx, s); return err },
	} {
		all.Go(func() {
			defer func() { _ = recover() }()
			_ = Guard(f)
		})
	}
	return all.Wait
}

// SectionTable is the table of a section that has one, in the order that l asks for.
func SectionTable(ctx context.Context, s *Snapshot, name string, l Layout) (*Table, error) {
	var t *Table
	var err error
	switch name {
	case SectionHolders:
		t, err = HolderTable(ctx, s)
	case SectionSuspects:
		t, err = SuspectTable(ctx, s)
	case SectionTypes:
		t, err = TypeTable(ctx, s, !l.Physical)
	case SectionRoots:
		t, err = OwnRootTable(ctx, s)
	case SectionGoroutines:
		t, err = StackTable(ctx, s)
	case SectionWaste:
		var x *Waste
		if x, err = NewWaste(ctx, s); err == nil {
			t = x.Table(s)
		}
	default:
		return nil, fmt.Errorf("the section %s has no table", name)
	}
	if err != nil || l.Sort == "" {
		return t, err
	}
	return l.Sorted(ctx, t, name)
}

// Sorted is a table of a section in the order that l asks for, if it has such a column,
// which is shown then whatever the room is.
func (l Layout) Sorted(ctx context.Context, t *Table, section string) (*Table, error) {
	all := Sections()
	column := all[slices.IndexFunc(all, func(s Section) bool { return s.Name == section })].column(l.Sort)
	if column == "" {
		return t, nil
	}
	at := t.Column(column)
	if at < 0 {
		return t, nil
	}
	c := t.Columns[at]
	number := c.Kind != Text && c.Kind != Addr || c.Numeric
	t, err := t.Sorted(ctx, at, number != strings.HasPrefix(l.Sort, "-"))
	if err == nil {
		t.Columns = slices.Clone(t.Columns)
		t.Columns[at].Priority = 0
	}
	return t, err
}

// WriteSections writes the asked-for sections of a report for people.
func WriteSections(ctx context.Context, w io.Writer, s *Snapshot, l Layout) error {
	if err := l.Check(); err != nil {
		return err
	}
	var found []Suspect
	var first *Verdict
	var err error
	if l.has(SectionVerdict) || l.has(SectionSuspects) {
		defer ahead(ctx, s)()
		if found, err = Suspects(ctx, s); err != nil {
			return err
		}
	}
	summary := NewSummaryDocument(s)
	if l.has(SectionVerdict) {
		if first, err = verdict(ctx, s, found); err != nil {
			return err
		}
	}
	tables := map[string]*Table{}
	for _, part := range Sections() {
		if !l.has(part.Name) || part.Columns == nil {
			continue
		}
		if part.Name == SectionSuspects {
			if tables[part.Name], err = l.Sorted(ctx, suspectTable(s, found), part.Name); err != nil { // found once
				return err
			}
			continue
		}
		if tables[part.Name], err = SectionTable(ctx, s, part.Name, l); err != nil {
			return err
		}
	}
	p := newPrinter(w, s)
	blank := false // lines are asked for behind what is there
	for _, part := range Sections() {
		if !l.has(part.Name) || part.Name == SectionSuspects && len(found) == 0 && s.Known.unused(found) == nil && len(l.Sections) == 0 {
			continue
		}
		if blank {
			p.line("")
		}
		blank = true
		if part.Title != "" {
			p.line("%s", part.Title)
		}
		switch part.Name {
		case SectionVerdict:
			for _, line := range first.Lines {
				p.line("%s", clipped(line, verdictWidth))
			}
		case SectionSuspects:
			ordered := make([]Suspect, len(found))
			for i := range ordered {
				ordered[i] = found[tables[part.Name].Row(i)]
			}
			if err := p.suspects(ctx, s, ordered); err != nil {
				return err
			}
		case SectionFile:
			p.info(s, summary)
		case SectionWaste:
			x, err := NewWaste(ctx, s)
			if err != nil {
				return err
			}
			p.waste(s, x, tables[part.Name].Head(l.Top))
		default:
			p.table(tables[part.Name].Head(l.Top), "  ")
		}
	}
	return p.w.Flush()
}
