package inferior

import (
	"cmp"
	"slices"

	"goheap/gocore/internal/types"
)

// Label is a pair that the program gave to a goroutine.
type Label struct{ Key, Value string }

const (
	maxLabels    = 1 << 10 // of a goroutine are read
	maxLabelText = 1 << 12 // bytes of a key or a value
)

// Labels reads the field labels of the runtime.g at addr, by key: a pointer to a
// labelMap, which is a map until Go 1.23, and since then a set, a sorted slice
// (runtime/pprof/label.go).
func (s *Space) Labels(addr uint64) []Label {
	l := &s.Layout.Library
	id, ok := s.Types.Lookup("runtime/pprof.labelMap")
	if field := l.LabelsOfG.Labels; !ok || !field.Has() || addr == 0 {
		return nil
	}
	at, _ := s.Mem.Word(addr + l.LabelsOfG.Labels.Offset)
	if at == 0 {
		return nil
	}
	var out []Label
	add := func(key, value uint64) bool {
		k, ok1 := s.text(key)
		v, ok2 := s.text(value)
		if ok1 && ok2 {
			out = append(out, Label{k, v})
		}
		return len(out) < maxLabels
	}
	switch typ := s.Types.Type(id); typ.Kind {
	case types.Map:
		header, _ := s.Mem.Word(at)
		s.Entries(id, header, func(e Entry) bool { return add(e.Key, e.Elem) })
	case types.Struct:
		if len(typ.Fields) != 1 {
			return nil // the set alone is embedded in it
		}
		set := s.Types.Type(typ.Fields[0].Type)
		list, header, ok := s.Part(set, at+typ.Fields[0].Offset, l.LabelSet.List)
		if !ok {
			list, header, ok = s.Part(set, at+typ.Fields[0].Offset, l.OlderLabelSet.List)
		}
		if !ok || list.Kind != types.Slice {
			return nil
		}
		label := s.Types.Type(list.Elem)
		first, _ := s.Mem.Word(header)
		n, _ := s.Mem.Word(header + uint64(s.Arch.PtrSize))
		for i := range min(n, maxLabels) {
			at := first + i*label.Size
			key, keyAt, ok1 := s.Part(label, at, l.Label.Key)
			value, valueAt, ok2 := s.Part(label, at, l.Label.Value)
			if !ok1 || !ok2 || key.Kind != types.String || value.Kind != types.String || !add(keyAt, valueAt) {
				break
			}
		}
	}
	slices.SortFunc(out, func(a, b Label) int { return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Value, b.Value)) })
	return out
}

// text copies the string whose header stands at addr.
func (s *Space) text(addr uint64) (string, bool) {
	data, ok := s.Mem.Word(addr)
	n, ok2 := s.Mem.Word(addr + uint64(s.Arch.PtrSize))
	if !ok || !ok2 || n > maxLabelText {
		return "", false
	}
	b, ok := s.Mem.Slice(data, n)
	return string(b), ok
}
