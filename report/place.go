package report

import (
	"context"
	"fmt"

	"goheap/gocore"
	"goheap/heap"
)

// ErrorDocument says what is wrong about a target.
type ErrorDocument struct {
	Asked Escaped `json:"asked"`
	Error Escaped `json:"error"`
}

// newPlaceDocument describes what a target names: a node, or a value in one or in data
// that is none.
func newPlaceDocument(ctx context.Context, s *Snapshot, place gocore.Place, parts Parts, limits Limits) (*ObjectDocument, error) {
	if !place.Part {
		return newObjectDocument(ctx, s, place.Node, parts, limits)
	}
	v := &place.Value
	d := &ObjectDocument{
		Address: Address(v.Addr), ValueAddress: Address(v.Addr), Size: v.Size, Type: Optional(v.Type), Count: 1, Live: true,
		Fields: []FieldDocument{}, Referrers: []ReferrerDocument{}, part: true,
	}
	switch {
	case place.Node != heap.None:
		within := describeNode(s, place.Node)
		d.Within, d.Live = &within, s.Dominators.Live(place.Node)
	case place.Variable != "":
		d.Within = &NodeDocument{Kind: Escaped(gocore.GlobalRoot.String()), Name: Optional(place.Variable)}
	}
	most := limits.Fields
	if most < 0 {
		most = int(^uint(0) >> 1)
	}
	chosen, err := d.choose(ctx, s, *v, parts.Entries)
	if err != nil {
		return nil, err
	}
	fields, more := s.Heap.FieldsOf(chosen, parts.From, most)
	d.MoreFields = more
	if s.Disclosure == Hidden {
		d.MoreFields, fields = more+len(fields), nil
	}
	d.addFields(s, fields)
	return d, nil
}

// choose is a value with the entries that are asked for alone, of which the document tells.
func (d *ObjectDocument) choose(ctx context.Context, s *Snapshot, v gocore.Value, e Entries) (gocore.Value, error) {
	if e == (Entries{}) {
		return v, nil
	}
	if !v.Map {
		return v, fmt.Errorf("%s is no map, or a nil one: only entries of maps can be filtered and sorted by their keys; leave out --filter and --sort", Printable(d.name))
	}
	v, chosen, err := s.Choose(ctx, v, e)
	if err == nil {
		d.Entries = newEntriesDocument(e, chosen)
	}
	return v, err
}

// addFields adds lines of a value.
func (d *ObjectDocument) addFields(s *Snapshot, fields []gocore.Field) {
	for _, f := range fields {
		field := FieldDocument{
			Address: Address(f.Addr), Size: f.Size, Depth: f.Depth, Name: Optional(f.Name), Type: Optional(f.Type), Value: Optional(f.Value),
			Target: Address(f.TargetAddr),
		}
		if f.Target != heap.None && f.TargetAddr == 0 {
			field.Target = Address(s.Heap.ValueAddr(f.Target))
		}
		if !f.Outside {
			field.Offset = &f.Offset
		}
		d.Fields = append(d.Fields, field)
	}
}

func retainedBy(s *Snapshot, n heap.Node) *uint64 {
	retained := s.Dominators.Retained(n)
	return &retained
}

// whyData says why there is data of the program that holds nothing on the heap.
func whyData(s *Snapshot, target string, place gocore.Place) *WhyDocument {
	d := &WhyDocument{Schema: "goheap/why/1", Live: true, Paths: []PathDocument{}, node: heap.None}
	switch place.Variable {
	case target:
		d.part = fmt.Sprintf("%s is a variable of the program, which is always there, and holds nothing on the heap%s.", Printable(target), Printable(s.dataBehind(place)))
	case "":
		d.part = fmt.Sprintf("%s is data of the program, which is always there, and holds nothing on the heap.", Printable(target))
		return d
	default:
		d.part = fmt.Sprintf("%s is data of the program, which is always there, and holds nothing on the heap%s: %s is it, or leads to it.", Printable(target), Printable(s.dataBehind(place)), Printable(place.Variable))
	}
	v := &place.Value
	d.Paths = append(d.Paths, PathDocument{
		Root:       NodeDocument{Kind: Escaped(gocore.GlobalRoot.String()), Name: Optional(place.Variable)},
		Expression: Optional(target),
		Hops: []HopDocument{{
			Expression: Optional(target), Type: Optional(v.Type), Address: Address(v.Addr), ValueAddress: Address(v.Addr),
			Dominates: true, word: target,
		}},
	})
	return d
}
