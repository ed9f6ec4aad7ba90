// Package later says what a program has put off, or keeps for later: what waits to run, when
// timers are due, what pools have, and which contexts are not over. It is plain data.
package later

import "goheap/heap"

// State is all of it.
type State struct {
	Clock    Clock
	Records  []Record // those that wait first, in the order of their queues; then by the addresses of their objects
	Timers   []Timer  // by time, and address
	Pools    []Pool   // by address
	Contexts []Context
	// PoolsKnown says that the lists of all pools were found: package sync keeps them.
	PoolsKnown bool
	// FuncsKnown says that it is known what closures have captured, and so which of them
	// cancel contexts.
	FuncsKnown bool
}

// Clock is what is known of the runtime's clock (runtime.nanotime) at the moment of the file.
type Clock struct {
	// Least is the latest time that the runtime has written down, in nanoseconds; 0 where
	// it has none. The clock may have gone on since: what was due before is overdue.
	Least int64
	// Unix is the same moment in nanoseconds since 1970, 0 where that is not known. A
	// collection writes down both.
	Unix int64
}

// Kind is what kind of record is attached to an object.
type Kind string

const (
	Finalizer Kind = "finalizer"
	Cleanup   Kind = "cleanup"
	Weak      Kind = "weak pointer"
	Unique    Kind = "unique handle"
)

// Stage is how far a record has come.
type Stage string

const (
	// Queued says that it waits to run, or runs: the object is unreachable already.
	Queued Stage = "queued"
	// Due says that nothing reaches its object any more: the next collection queues a
	// finalizer or cleanup, and empties weak pointers and frees the object.
	Due Stage = "due"
	// Never says that what a finalizer or cleanup needs leads to its object, or that of a
	// finalizer to itself: it is never found to be unreachable.
	Never Stage = "never"
	// Set says that the object is still reached.
	Set Stage = "set"
)

// Record is a finalizer or cleanup of an object, or that it has weak pointers.
type Record struct {
	Kind  Kind
	Stage Stage
	// Object is what it is about, heap.None where that is not known, as of a cleanup that
	// is queued: its object may be gone.
	Object heap.Node
	Type   string // of the object, "" for unknown
	Func   string // that will run, "" for unknown, and for weak pointers
	// Root holds what it needs to run, where nothing else does; heap.None for none.
	Root heap.Node
	// Freed is what the next collection frees with the object of a weak pointer that is
	// due, as far as no record before has it: bytes of slots.
	Freed uint64
}

// TimerKind is what a timer does when its time comes.
type TimerKind string

const (
	CallTimer    TimerKind = "function"   // time.AfterFunc
	ChannelTimer TimerKind = "channel"    // time.NewTimer, After, Tick
	SleepTimer   TimerKind = "sleep"      // a goroutine goes on: time.Sleep
	PollTimer    TimerKind = "connection" // its deadline: net.Conn.SetDeadline
	OtherTimer   TimerKind = "runtime"    // anything else of the runtime's own
)

// Timer is one that is set.
type Timer struct {
	Addr uint64
	Node heap.Node // of the object that it is, or is a part of
	Kind TimerKind
	Func string // that runs, "" for unknown
	// When is its time on the runtime's clock, in nanoseconds. Period is 0 unless it comes
	// again.
	When, Period int64
}

// Pool is a sync.Pool that has been used since the last but one collection.
type Pool struct {
	Addr uint64
	// Local and Victim are the arrays of caches, heap.None for none. The next collection
	// frees what is in Victim, and Local becomes that.
	Local, Victim heap.Node
	Items         []Item
}

// Item is what lies in a pool.
type Item struct {
	Node   heap.Node // heap.None for what is no object of the heap
	Type   string    // of the value that was put there
	Victim bool
}

// Context is an object of package context.
type Context struct {
	Node heap.Node
	// Call is the call that made it, without values: ".WithCancel",
	// ".WithValue(main.key, string)".
	Call string
	// Parent is the place of its parent among all contexts, which may be behind it; -1
	// where that is none. Base is what it is then: "context.Background", or the type of
	// somebody's own.
	Parent int
	Base   string
	// Cancels says that it can be cancelled by itself, Cancelled that it was.
	Cancels, Cancelled bool
	// Deadline is on the runtime's clock, 0 where there is none, or it is not known.
	Deadline int64
	// Children is how many contexts are cancelled with it: those that are registered.
	Children uint64
	// Funcs are the live closures that cancel it, but for that of its own timer. Goroutines
	// are those with such a closure on their stacks, by their places.
	Funcs      []heap.Node
	Goroutines []int
}
