package report

import (
	"context"
	"fmt"
	"io"

	"goheap/gocore/waste"
	"goheap/heap"
)

// What sums of waste are by.
const (
	WasteByRule   = "rule"
	WasteByType   = "type"
	WasteByHolder = "holder"
)

// SumsBy returns the sums by rule, type or holder.
func (x *Waste) SumsBy(by string) ([]WasteSum, error) {
	switch by {
	case WasteByRule:
		return x.Rules, nil
	case WasteByType:
		return x.Types, nil
	case WasteByHolder:
		return x.Holders, nil
	}
	return nil, fmt.Errorf("there are no sums by %q: %s, %s or %s", by, WasteByRule, WasteByType, WasteByHolder)
}

// WasteSumTable lists sums by rule, type or holder.
func WasteSumTable(ctx context.Context, s *Snapshot, by string) (*Table, error) {
	x, err := NewWaste(ctx, s)
	if err != nil {
		return nil, err
	}
	sums, err := x.SumsBy(by)
	if err != nil {
		return nil, err
	}
	of := func(k waste.Kind, name, title string) Column {
		return Column{Name: name, Title: title, Kind: Bytes, MinWidth: 9, Right: true, Cell: func(row int) Cell { return Cell{Num: sums[row].Kinds[k]} }}
	}
	columns := []Column{
		of(waste.Dead, "dead", "Dead"), of(waste.Unused, "unused", "Unused"), of(waste.Gain, "gain", "To gain"),
		{Name: "objects", Title: "Objects", Kind: Count, Priority: 1, MinWidth: 8, Right: true,
			Cell: func(row int) Cell { return Cell{Num: sums[row].Objects} }},
	}
	title := map[string]string{WasteByRule: "Rule", WasteByType: "Type", WasteByHolder: "Held by"}[by]
	if by == WasteByType {
		columns = append(columns, Column{Name: "words", Title: "Pointer words", Kind: Count, Priority: 2, MinWidth: 8, Right: true,
			Cell: func(row int) Cell { return Cell{Num: sums[row].Words} }})
	}
	columns = append(columns, Column{Name: by, Title: title, MinWidth: 16, Cell: func(row int) Cell { return textCell(sums[row].Name) }})
	return NewTable(len(sums), func(int) heap.Node { return heap.None }, columns...), nil
}

// WasteSumsDocument is sums by rule, type or holder in JSON.
type WasteSumsDocument struct {
	Schema string             `json:"schema"`
	By     string             `json:"by"`
	Live   uint64             `json:"live_bytes"`
	Sums   []WasteSumDocument `json:"sums"`
	More   int                `json:"more"`
}

// NewWasteSumsDocument lays them out; the filter sees the rows of the table.
func NewWasteSumsDocument(ctx context.Context, s *Snapshot, by string, l List) (*WasteSumsDocument, error) {
	t, err := WasteSumTable(ctx, s, by)
	rows, err := wantedRows(ctx, s, t, err, l)
	if err != nil {
		return nil, err
	}
	x, err := NewWaste(ctx, s)
	if err != nil {
		return nil, err
	}
	all, err := x.SumsBy(by)
	if err != nil {
		return nil, err
	}
	var sums []WasteSum
	for _, row := range rows {
		sums = append(sums, all[row])
	}
	return &WasteSumsDocument{"goheap/wastesums/1", by, s.Dominators.LiveBytes(), wasteSums(sums, len(sums)), len(all) - len(rows)}, nil
}

// WriteWasteSums writes them for people.
func WriteWasteSums(ctx context.Context, w io.Writer, s *Snapshot, by string, l List) error {
	t, err := WasteSumTable(ctx, s, by)
	if err != nil {
		return err
	}
	if t, err = s.Where(ctx, t, l.Where); err != nil {
		return err
	}
	x, err := NewWaste(ctx, s)
	if err != nil {
		return err
	}
	p := newPrinter(w, s)
	p.line("%s", x.Sentence(s))
	if t.Len() > 0 {
		p.line("")
		p.table(t.Head(l.Top), "")
	}
	return p.w.Flush()
}
