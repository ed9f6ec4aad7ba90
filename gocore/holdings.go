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
	// Expr is the path through it, from the name of the root on: "goroutine 17
	// [chan receive] main.worker main.go:42 · local.f[3]". WithoutKeys is as in Path.
	Expr, WithoutKeys string
	Link              string // what it adds to the name of the root, as Edge has it
	Detail            string // as in Hop
	Named             bool   // a variable holds it, whose name is known
	Slot              uint64 // the address of the word, 0 for a register
	Exact             bool   // the collector takes the word for a pointer, and does not only suspect it
}

// Holdings returns the words by which a goroutine, or what a special keeps, holds an
// object: the one that Path goes through first, then up to most others in the order of
// their addresses, and how many there are besides.
func (p *naming) Holdings(root, object heap.Node, most int) (list []Holding, more int) {
	defer p.caught(debug.SetPanicOnFault(true))
	r := p.root(root)
	if r == nil || r.Kind == image.GlobalRoot {
		return nil, 0
	}
	best, how := p.bestHolding(r, object)
	if how < 0 {
		return nil, 0
	}
	list = append(list, p.holding(root, r, best, object))
	p.im.EachHolding(r, object, func(number int) bool {
		switch {
		case number == best:
		case len(list) > most:
			more++
		default:
			list = append(list, p.holding(root, r, number, object))
		}
		return true
	})
	return list, more
}

// holding is the word of a root with the given number, which holds an object.
func (p *naming) holding(root heap.Node, r *image.Root, number int, object heap.Node) Holding {
	var h Hop
	s, _ := p.hopFromPiece(r, number, object, &h)
	name := p.Name(root)
	full, keyless := notation.NewExpression(name), notation.NewExpression(name)
	full.Add(s, s.Suffix)
	keyless.Add(s, s.WithoutKey())
	pc := &p.im.Pieces[r.First+number]
	return Holding{
		Expr: full.String(), WithoutKeys: keyless.String(), Detail: h.Detail, Link: strings.TrimPrefix(s.Text(), " "),
		Slot: pc.Slot, Exact: !pc.Conservative, Named: p.howNamed(r, pc) == wholeName,
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
	best, how := p.bestHolding(r, to)
	if how < 0 {
		return notation.Link{Suffix: " → ?"}, p.ownView(to)
	}
	return p.hopFromPiece(r, best, to, last)
}

// bestHolding returns the number of the first word by which a root holds a node that has
// most of a name, and how much it has: -1 if none holds it.
func (p *naming) bestHolding(r *image.Root, to heap.Node) (best, most int) {
	most = -1
	asked := 0
	p.im.EachHolding(r, to, func(number int) bool {
		if n := p.howNamed(r, &p.im.Pieces[r.First+number]); n > most {
			best, most = number, n
		}
		asked++
		return most < wholeName && asked < maxHoldings
	})
	return best, most
}
