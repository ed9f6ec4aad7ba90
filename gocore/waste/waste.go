// Package waste says of which bytes of a live heap a program has no use, as plain data.
//
// Words that are used throughout:
//
//   - dead: bytes of a live object that no pointer, slice or string can reach.
//   - unused: bytes that can be reached and that nobody uses now: capacity beyond length,
//     room in maps and channels, what waits in a sync.Pool.
//   - gain: bytes that would not be needed if the program was changed, such as those of texts
//     that are equal to others.
//   - rule: the reason why bytes count. The rules of dead and unused bytes stand in an
//     order, and a byte is charged to the first that knows it, so that their sum is true.
package waste

import "goheap/heap"

// Rule is why bytes count.
type Rule uint8

// Dead bytes first, then unused ones, each in the order in which they are charged; what can
// be gained last.
const (
	Substring   Rule = iota + 1 // strings keep an array of which they are a part
	Subslice                    // slices do
	BeforeStart                 // what stands before the start of all slices
	Part                        // pointers to some of its elements or fields keep an object
	Pool                        // nothing but sync.Pools keep an object
	Empty                       // what a slice or map without elements has room for
	Capacity                    // capacity beyond the length of slices
	MapRoom                     // what a map has beyond what its entries need
	ChannelRoom                 // what a channel has room for beside what waits in it
	Buffer                      // what a bufio.Reader or Writer has room for beside what is buffered
	Duplicate                   // texts that are equal to others
	Boxed                       // small values in objects of their own, since interfaces hold them
	Padding                     // that the order of the fields of a struct makes
	Rounding                    // what slots have beyond the values in them

	Rules = iota + 1 // a number above all of them
)

// Kind is a sum to which rules belong.
type Kind uint8

const (
	Dead   Kind = iota
	Unused      // shares no byte with Dead
	Gain        // may share bytes with the others
	Kinds  = iota
)

// Kind says to which sum a rule belongs.
func (r Rule) Kind() Kind {
	switch {
	case r <= Part:
		return Dead
	case r <= Buffer:
		return Unused
	}
	return Gain
}

// String returns the kind's name in reports.
func (k Kind) String() string {
	switch k {
	case Dead:
		return "dead"
	case Unused:
		return "unused"
	}
	return "gain"
}

// String returns the rule's name in reports.
func (r Rule) String() string {
	switch r {
	case Substring:
		return "substring"
	case Subslice:
		return "subslice"
	case BeforeStart:
		return "before start"
	case Part:
		return "part"
	case Pool:
		return "pool"
	case Empty:
		return "empty"
	case Capacity:
		return "capacity"
	case MapRoom:
		return "map room"
	case ChannelRoom:
		return "channel room"
	case Buffer:
		return "buffer"
	case Duplicate:
		return "duplicate"
	case Boxed:
		return "boxed"
	case Padding:
		return "padding"
	case Rounding:
		return "rounding"
	}
	return ""
}

// Finding is bytes of an object that one rule charges. Those of a map are in its parts.
type Finding struct {
	Rule  Rule
	Node  heap.Node
	Bytes uint64
	// First says of a Duplicate that it is the one that would stay, and has no Bytes.
	First bool
	// Least says that there may be more: a pointer of which it is not known how far it
	// reaches counts as reaching to the end.
	Least bool
}

// Type is sums over all live objects of a type.
type Type struct {
	ID       heap.TypeID
	First    heap.Node // the lowest of them
	Objects  uint64
	Words    uint64 // that the collector follows
	Padding  uint64 // that a better order of its fields would save, by smaller slots
	Rounding uint64 // bytes of their slots, headers among them, beyond single values
}

// Range is bytes of an object that a rule charges: N of them from Addr on.
type Range struct {
	Rule    Rule
	Addr, N uint64
}

// Object is one of which all is known that leads to it.
type Object struct {
	Node heap.Node
	// Holders are all live nodes that point to it.
	Holders []heap.Node
}

// Visitor is told of what is found.
type Visitor struct {
	Finding func(f Finding)
	// Only restricts the search to an object, which takes as long as to look at its holders.
	// Range is told then where the bytes of its findings are, but those of rooms in maps and
	// channels; Pointer and Type are not called, and duplicates are not looked for.
	Only  *Object
	Range func(r Range)
	// Pointer is told of pointers from dead or unused bytes of an object, where none of its
	// other bytes leads to the same: behind the findings of the object, each target once.
	Pointer func(from, to heap.Node)
	// Type is told of each type that is known, last.
	Type func(t Type)
	// Within, if there are any, are the only nodes that are looked at: a root or an object,
	// then all that it dominates. It takes time in proportion to their number. Nothing is
	// said of types, nor of the first of them beyond the room that a map or channel has, and
	// the duplicate that would stay may be none of them. What only pools keep is not told
	// from what somebody uses.
	Within []heap.Node
}
