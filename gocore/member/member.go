// Package member describes parts of values that are read of many objects of one type, as
// filters do. It is plain data, and knows neither files nor Go's structures.
package member

import "goheap/heap"

// Ask says what is asked of a part.
type Ask uint8

const (
	Value  Ask = iota // what is in it
	Length            // Go's len of it
	Nil               // whether it is nil
)

// Kind says which field of a Scalar has the answer.
type Kind uint8

const (
	Text  Kind = iota // of a string or bytes these, of all else what is shown of it
	Whole             // integers, and lengths; what an int64 has no room for is its largest
	Real
	Bool
)

// Scalar is what is in a part of one object.
type Scalar struct {
	Text  string
	Whole int64
	Real  float64
	Bool  bool
}

// Member is a part of the objects of one type.
type Member struct {
	Kind Kind
	// Read reads it of an object of the type, and may be called from several goroutines.
	// ok is false where there is no such part: a pointer on the way is nil, or the file
	// does not have the memory.
	Read func(n heap.Node) (v Scalar, ok bool)
}
