package report

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// The columns that a section is said to have are those of its table, whose titles its text
// has.
func TestSections(t *testing.T) {
	s := analyse(t, blockstore())
	whole := map[string]string{}
	for _, part := range Sections() {
		var b bytes.Buffer
		l := Layout{Top: -1, Sections: []string{part.Name}}
		if err := WriteSections(t.Context(), &b, s, l); err != nil {
			t.Fatal(err)
		}
		whole[part.Name] = b.String()
		if !strings.HasPrefix(b.String(), part.Title) || strings.TrimSpace(b.String()) == "" {
			t.Errorf("%s begins with\n%s", part.Name, b.String())
		}
		if part.Columns == nil {
			if _, err := SectionTable(t.Context(), s, part.Name, l); err == nil {
				t.Errorf("%s has a table", part.Name)
			}
			continue
		}
		table, err := SectionTable(t.Context(), s, part.Name, l)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, c := range table.Columns {
			names = append(names, c.Name)
		}
		if !slices.Equal(names, part.Columns) {
			t.Errorf("%s has the columns %q, and says %q", part.Name, names, part.Columns)
		}
		// Each can be sorted by, both ways.
		for i, name := range names {
			for _, order := range []string{name, "-" + name} {
				sorted, err := SectionTable(t.Context(), s, part.Name, Layout{Sort: order})
				if err != nil || sorted.Len() != table.Len() {
					t.Fatal(order, err)
				}
				c := sorted.Columns[i]
				number := c.Kind == Bytes || c.Kind == Count || c.Kind == Percent || c.Numeric
				for k := 1; k < sorted.Len(); k++ {
					a, b := sorted.Cell(k-1, i), sorted.Cell(k, i)
					if a.Unknown || b.Unknown {
						continue
					}
					down := number != (order[0] == '-')
					if a.Num != b.Num && a.Num > b.Num != down || a.Num == b.Num && a.Text != b.Text && a.Text > b.Text != down {
						t.Errorf("%s by %s: %+v stands before %+v", part.Name, order, a, b)
					}
				}
			}
		}
	}
	// All of them are the report.
	var all bytes.Buffer
	if err := WriteReport(t.Context(), &all, s, -1, false); err != nil {
		t.Fatal(err)
	}
	var parts []string
	for _, part := range Sections() {
		if part.Name == SectionWaste {
			continue // only where it is asked for
		}
		parts = append(parts, whole[part.Name])
	}
	if got := strings.Join(parts, "\n"); got != all.String() {
		t.Errorf("the sections are\n%s\nthe report is\n%s", got, all.String())
	}
}

// What is not there is said with what is.
func TestLayoutCheck(t *testing.T) {
	for _, c := range []struct {
		sections []string
		sort     string
		want     string
	}{
		{nil, "", ""},
		{[]string{"types", "file"}, "objects", ""},
		{nil, "-retained", ""},
		{[]string{"types"}, "retained", ""},
		{[]string{"typs"}, "", `there is no section "typs": verdict, holders, suspects, types, roots, goroutines, file, waste`},
		{[]string{"types"}, "wait", `there is no column "wait": types: retained_bytes_min, share, shallow_bytes, objects, type, package`},
		{nil, "-size of it", `there is no column "size of it": holders: retained_bytes, `},
		{[]string{"file", "verdict"}, "size", "there is nothing to sort in what is asked for"},
	} {
		err := Layout{Sections: c.sections, Sort: c.sort}.Check()
		if (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q sorted by %q: %v, want %s", c.sections, c.sort, err, c.want)
		}
	}
}

// Lists that are not asked for are null, not empty.
func TestReportDocumentSections(t *testing.T) {
	s := analyse(t, blockstore())
	d, err := NewReportDocument(t.Context(), s, DefaultLimits(), SectionTypes)
	if err != nil || len(d.Types) == 0 || d.Roots != nil || d.Goroutines != nil || d.Retainers != nil || d.Suspects != nil {
		t.Errorf("%+v, %v", d, err)
	}
	if d, err = NewReportDocument(t.Context(), s, DefaultLimits(), SectionHolders, SectionSuspects); err != nil || d.Types != nil || len(d.Retainers) == 0 || len(d.Suspects) == 0 {
		t.Errorf("%+v, %v", d, err)
	}
}
