package uses

import (
	"slices"

	"goheap/gocore/internal/code"
	"goheap/gocore/internal/program"
	"goheap/gocore/internal/typing"
)

// What functions that name a variable make, in the order of the code: what the variable
// leads to is likely to be among it, by whichever way it gets there, as by an element of an
// array that is chosen as the code runs.

// makes returns what the code of a function has the runtime make.
func (x *lookup) makes(f *code.Function, c code.Call) (to program.Pointee) {
	return x.p.Made(f, code.Origin{Kind: code.Result, Target: c.Target, Args: c.Args}, x.descriptor)
}

// maxMade bounds what is remembered of one word.
const maxMade = 64

// tellMade tells the typer what the functions make that name the words that lead to objects
// without a type, or the words that lead to these in the data.
func (x *reader) tellMade(wanted []uint64) {
	for _, w := range wanted {
		v, ok := typing.Word(x.t, w)
		if !ok || !x.p.Image.InHeap(v) {
			continue
		}
		var list []typing.Fit
		for _, at := range x.through(w) {
			for _, entry := range x.naming[at] {
				for _, to := range x.made[entry] {
					fit := typing.Fit{Type: to.Type, Form: to.Form}
					if to.Form != typing.Container && len(list) < maxMade && !slices.Contains(list, fit) {
						list = append(list, fit)
					}
				}
			}
		}
		if len(list) > 0 {
			typing.MayLeadTo(x.t, w, list)
		}
	}
}

// through returns a word, and those of the data that lead to the literal that it is in.
func (x *reader) through(w uint64) []uint64 {
	list := []uint64{w}
	for range maxLinks {
		at := list[len(list)-1]
		i := x.linkTo(at)
		if i < 0 || at-x.linked[i].to >= maxStatic {
			break
		}
		list = append(list, x.linked[i].from)
	}
	return list
}

// linkTo returns the last link to at, or to what is in front of it, -1 for none.
func (x *reader) linkTo(at uint64) int {
	i, _ := slices.BinarySearchFunc(x.linked, at+1, func(l link, to uint64) int {
		if l.to < to {
			return -1
		}
		return 1
	})
	return i - 1
}
