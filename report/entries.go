package report

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"goheap/gocore"
)

// Entries says which entries of a map are shown, and in what order: those whose keys a
// filter keeps, in the order of the table, or of the keys, or backwards.
type Entries struct {
	Filter            string // a text or /re/, as Where has it, of the key in brackets; "" keeps all
	Sorted, Backwards bool
}

// Choose applies e to a value that opens into the entries of a map. Keys of all of them
// are read, elements of those that are shown.
func (s *Snapshot) Choose(ctx context.Context, v gocore.Value, e Entries) (gocore.Value, gocore.Chosen, error) {
	if strings.HasPrefix(e.Filter, "=") {
		return v, gocore.Chosen{}, errors.New("keys have no expressions: a text or /re/ is looked for in them")
	}
	keep, err := matcher(e.Filter)
	if err != nil {
		return v, gocore.Chosen{}, err
	}
	return s.Heap.Choose(ctx, v, gocore.Choice{Keep: keep, ByKey: e.Sorted, Descending: e.Backwards})
}

// EntriesDocument says what became of the entries of a map that was filtered or sorted:
// Passed were looked at, Kept of those are shown in pages, but for Left, the last of them
// in the order.
type EntriesDocument struct {
	Filter Optional `json:"filter"`
	Sorted Optional `json:"sorted"` // "key", "-key" or null
	Passed int      `json:"passed"`
	Kept   int      `json:"kept"`
	Left   int      `json:"left"`
}

// SortKey and SortKeyBack are the names of the orders of entries.
const (
	SortKey     = "key"
	SortKeyBack = "-key"
)

func newEntriesDocument(e Entries, c gocore.Chosen) *EntriesDocument {
	d := &EntriesDocument{Filter: Optional(e.Filter), Passed: c.Passed, Kept: c.Kept, Left: c.Left}
	if e.Sorted {
		d.Sorted = SortKey
		if e.Backwards {
			d.Sorted = SortKeyBack
		}
	}
	return d
}

// text says in a line what the entries are.
func (d *EntriesDocument) text() string {
	text := comma(uint64(d.Passed))
	if d.Filter != "" {
		text = fmt.Sprintf("%s of %s, whose keys match %s", comma(uint64(d.Kept)), text, Printable(string(d.Filter)))
	}
	switch d.Sorted {
	case SortKey:
		text += ", by key"
	case SortKeyBack:
		text += ", by key, backwards"
	}
	if d.Left > 0 {
		text += fmt.Sprintf("; the last %s of them are left out", comma(uint64(d.Left)))
	}
	return text
}
