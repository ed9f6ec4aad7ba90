package gocore

import (
	"runtime/debug"
	"strings"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/notation"
	"goheap/heap"
)

// Holding is one word by which a root holds an object.
type Holding struct {
	Expr   string // as in the path through it: "main.worker main.go:42 · local.f[3]"
	Detail string // as in Hop
	Named  bool   // a variable holds it, whose name is known
	Slot   uint64 // the address of the word, 0 for a register
	Exact  bool   // the collector takes the word for a pointer, and does not only suspect it
}

// Holdings returns all words by which a goroutine, or what a special keeps, holds an
// object, in the order of their addresses: Path goes through the first that has a name.
func (p *naming) Holdings(root, object heap.Node) []Holding {
	defer p.caught(debug.SetPanicOnFault(true))
	r := p.root(root)
	if r == nil || r.Kind == image.GlobalRoot {
		return nil
	}
	var out []Holding
	p.eachHolding(r, object, func(number int) bool {
		var h Hop
		s, _ := p.hopFromPiece(r, number, object, &h)
		pc := &p.im.Pieces[r.First+number]
		out = append(out, Holding{
			Expr: strings.TrimPrefix(s.Text(), " "), Detail: h.Detail, Slot: pc.Slot, Exact: !pc.Conservative, Named: p.howNamed(r, pc) == wholeName,
		})
		return true
	})
	return out
}

// eachHolding calls f with the numbers of the words of a root that lead to a node until it
// returns false.
func (p *naming) eachHolding(r *image.Root, to heap.Node, f func(number int) bool) {
	pieces := p.im.Pieces[r.First : r.First+r.N]
	for i := range pieces {
		if n, ok := p.im.Pages.Lookup(pieces[i].Value); ok && n == to && !f(i) {
			return
		}
	}
}

// How much of a name a word of a root has.
const (
	noName   = iota
	partName // it is known which variable it is in, but not which part of it
	wholeName
)

func (p *naming) howNamed(r *image.Root, pc *image.Piece) int {
	if r.Kind != image.GoroutineRoot {
		return wholeName
	}
	switch h := p.holderOf(int(r.Goroutine), pc); {
	case h.v == nil:
		return noName
	case h.v.Parted:
		return partName
	}
	return wholeName
}

// maxHoldings is how many words that lead to one object are asked for a name, when one
// is looked for. A deep recursion has many.
const maxHoldings = 64

// hopFromPieces names how a goroutine or a special holds a node: by a variable, if one
// does.
func (p *naming) hopFromPieces(r *image.Root, to heap.Node, last *Hop) (s notation.Link, next view) {
	best, most, asked := 0, -1, 0
	p.eachHolding(r, to, func(number int) bool {
		if n := p.howNamed(r, &p.im.Pieces[r.First+number]); n > most {
			best, most = number, n
		}
		asked++
		return most < wholeName && asked < maxHoldings
	})
	if most < 0 {
		return notation.Link{Suffix: " → ?"}, p.ownView(to)
	}
	return p.hopFromPiece(r, best, to, last)
}
