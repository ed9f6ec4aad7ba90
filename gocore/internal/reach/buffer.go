package reach

import (
	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/layout"
	"goheap/gocore/waste"
)

// buffer finds out how much of its buffer a bufio.Reader or bufio.Writer does not use at
// the moment. What is in the buffer is not compared with others: it changes all the time
// (bufio/bufio.go).
func (w *walker) buffer(c *compiled, data []byte) {
	typ, l := w.Types.Type(c.id), &w.Space.Layout.Library
	word := func(f layout.Field, i uint64) (uint64, bool) {
		in, ok := inferior.FieldOf(typ, f)
		return w.at(data, in.Offset, i), ok
	}
	field, to, from := l.BufioWriter.Buf, l.BufioWriter.N, layout.Field{}
	if l.BufioReader.Name.Is(typ.Name) {
		field, to, from = l.BufioReader.Buf, l.BufioReader.W, l.BufioReader.R
	}
	p, ok1 := word(field, 0)
	n, _ := word(field, 1)
	end, ok2 := word(to, 0)
	start := uint64(0)
	if l.BufioReader.Name.Is(typ.Name) {
		start, _ = word(from, 0)
	}
	node, ok := w.Image.Pages.Lookup(p)
	if !ok || !ok1 || !ok2 || start > end || end > n || n > w.Graph.Size(node) {
		return
	}
	if w.texts != nil {
		w.texts.raise(node, noText)
	}
	if idle := n - (end - start); idle > 0 && !w.inPool(node) {
		w.found(waste.Finding{Rule: waste.Buffer, Node: node, Bytes: idle})
		for _, s := range gaps(nil, span{p, p + n}, []span{{p + start, p + end}}) {
			if w.ranged != nil {
				w.ranged(node, waste.Range{Rule: waste.Buffer, Addr: s.lo, N: s.hi - s.lo})
			}
		}
	}
}
