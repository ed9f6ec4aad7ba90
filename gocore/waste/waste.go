// Package waste says of which bytes of a live heap a program has no use, as plain data.
//
// Words that are used throughout:
//
//   - dead: bytes of a live object that no pointer, slice or string can reach.
//   - unused: bytes that can be reached and hold nothing yet, or no longer: capacity
//     beyond length, room in maps and channels.
//   - rule: the reason why bytes count. The rules of dead and unused bytes stand in an
//     order, and a byte is charged to the first that knows it, so that their sum is true.
package waste

import "goheap/heap"

// Rule is why bytes count.
type Rule uint8

// Dead bytes first, then unused ones, each in the order in which they are charged.
const (
	Substring   Rule = iota + 1 // strings keep an array of which they are a part
	Subslice                    // slices do
	BeforeStart                 // what stands before the start of all slices
	Survivor                    // pointers to some of its elements keep an array
	Field                       // pointers to some of its fields keep a structure
	Empty                       // what a slice, map or channel without elements has room for
	Capacity                    // capacity beyond the length of slices
	Rules       int  = iota + 1
)

// Rule says of what kind the bytes of a rule are.
func (r Rule) Dead() bool { return r <= Field }

// String returns the rule's name in reports.
func (r Rule) String() string {
	switch r {
	case Substring:
		return "substring"
	case Subslice:
		return "subslice"
	case BeforeStart:
		return "before start"
	case Survivor:
		return "survivor"
	case Field:
		return "field"
	case Empty:
		return "empty"
	case Capacity:
		return "capacity"
	}
	return ""
}

// Finding is bytes of an object that one rule charges.
type Finding struct {
	Rule  Rule
	Node  heap.Node
	Bytes uint64
	// Least says that there may be more: a pointer of which it is not known how far it
	// reaches counts as reaching to the end.
	Least bool
}
