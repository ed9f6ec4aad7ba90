package gocore

import (
	"cmp"
	"runtime/debug"
	"slices"

	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/types"
)

// Label is a pair that the program gave to a goroutine with runtime/pprof.Do or
// SetGoroutineLabels. Both are values of the program.
type Label struct{ Key, Value string }

// maxLabels bounds how many labels of a goroutine are read.
const maxLabels = 1 << 10

// Labels returns the labels of the goroutine with the given index in Goroutines, by key.
func (p *Process) Labels(g int) []Label {
	defer p.caught(debug.SetPanicOnFault(true))
	if g < 0 || g >= len(p.im.Goroutines) {
		return nil
	}
	return p.stacks.labels(p.im.Goroutines[g].Addr)
}

// labels reads the field labels of the runtime.g at addr: a pointer to a labelMap, which
// is a map until Go 1.23, and since then a set, a sorted slice (runtime/pprof/label.go).
func (p *stacks) labels(addr uint64) []Label {
	l := p.library()
	id, ok := p.types.Lookup("runtime/pprof.labelMap")
	if field := l.LabelsOfG.Labels; !ok || !field.Has() || addr == 0 {
		return nil
	}
	at, _ := p.im.Mem.Word(addr + l.LabelsOfG.Labels.Offset)
	if at == 0 {
		return nil
	}
	var out []Label
	add := func(key, value uint64) bool {
		k, ok1 := p.readString(key)
		v, ok2 := p.readString(value)
		if ok1 && ok2 {
			out = append(out, Label{k, v})
		}
		return len(out) < maxLabels
	}
	switch typ := p.types.Type(id); typ.Kind {
	case types.Map:
		header, _ := p.im.Mem.Word(at)
		p.space.Entries(id, header, func(e inferior.Entry) bool { return add(e.Key, e.Elem) })
	case types.Struct:
		if len(typ.Fields) != 1 {
			return nil // the set alone is embedded in it
		}
		set := p.types.Type(typ.Fields[0].Type)
		list, header, ok := p.space.Part(set, at+typ.Fields[0].Offset, l.LabelSet.List)
		if !ok {
			list, header, ok = p.space.Part(set, at+typ.Fields[0].Offset, l.OlderLabelSet.List)
		}
		if !ok || list.Kind != types.Slice {
			return nil
		}
		label := p.types.Type(list.Elem)
		first, _ := p.im.Mem.Word(header)
		n, _ := p.im.Mem.Word(header + uint64(p.im.Arch.PtrSize))
		for i := range min(n, maxLabels) {
			at := first + i*label.Size
			key, keyAt, ok1 := p.space.Part(label, at, l.Label.Key)
			value, valueAt, ok2 := p.space.Part(label, at, l.Label.Value)
			if !ok1 || !ok2 || key.Kind != types.String || value.Kind != types.String || !add(keyAt, valueAt) {
				break
			}
		}
	}
	slices.SortFunc(out, func(a, b Label) int { return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Value, b.Value)) })
	return out
}
