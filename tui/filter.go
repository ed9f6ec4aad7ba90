package tui

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"goheap/internal/progress"
	"goheap/report"
)

// regexpLimit bounds a regular expression that a person types.
const regexpLimit = 1000

// tableFilter keeps some rows of a table.
type tableFilter func(ctx context.Context, t *report.Table) (*report.Table, error)

// matcher turns the text of a filter into a test, nil for all rows: /re/ is a
// regular expression, everything else a part of the text, whatever the case.
func matcher(text string) (func(string) bool, error) {
	switch {
	case text == "" || text == "/":
		return nil, nil
	case len(text) > regexpLimit:
		return nil, fmt.Errorf("longer than %d characters", regexpLimit)
	case strings.HasPrefix(text, "/"):
		re, err := regexp.Compile(strings.TrimSuffix(text[1:], "/"))
		if err != nil {
			return nil, err
		}
		return re.MatchString, nil
	}
	text = strings.ToLower(text)
	return func(s string) bool { return strings.Contains(strings.ToLower(s), text) }, nil
}

// parseFilter turns the text of a filter into what filters a table, nil for all
// rows.
func (a *App) parseFilter(text string) (tableFilter, error) {
	match, err := matcher(text)
	if match == nil || err != nil {
		return nil, err
	}
	return func(ctx context.Context, t *report.Table) (*report.Table, error) {
		const pace = 1 << 12
		p := progress.From(ctx).Start("filter", int64(t.Len()))
		defer p.Finish()
		return t.Filtered(ctx, func(i int) bool {
			if i%pace == pace-1 {
				p.Add(pace)
			}
			return matches(t, i, match)
		})
	}, nil
}

// matches looks at the texts and addresses of a row.
func matches(t *report.Table, i int, match func(string) bool) bool {
	for c, col := range t.Columns {
		if (col.Kind == report.Text || col.Kind == report.Addr) && match(col.Human(t.Cell(i, c))) {
			return true
		}
	}
	return false
}
