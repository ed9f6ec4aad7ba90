// Package wait says who waits for whom in a program: plain data.
package wait

import "goheap/heap"

// Awaited is what a goroutine waits on: a channel, or a part of what package sync makes.
type Awaited struct {
	Addr    uint64
	Node    heap.Node // of the object that it is, or is a part of; heap.None for a variable
	Channel bool
}

// Kind is what kind of thing a place is.
type Kind string

const (
	Channel    Kind = "channel"
	NilChannel Kind = "nil channel" // or a select without cases: nothing ends the wait
	Mutex      Kind = "sync.Mutex"
	RWMutex    Kind = "sync.RWMutex"
	WaitGroup  Kind = "sync.WaitGroup"
	Cond       Kind = "sync.Cond"
	Once       Kind = "sync.Once"
	Semaphore  Kind = "semaphore" // of the runtime, or of something that is not known
)

// Graph says at which places goroutines wait, and who could end it. Goroutines are numbers:
// their places among those of the process.
type Graph struct {
	Places    []Place // by address, that of NilChannel first
	Deadlocks []Deadlock
	Stuck     []int // goroutines whose wait nobody is left to end, the first one too, ascending
	// Unknown is how many goroutines wait for others at places that the file does not tell.
	Unknown int
	// Partly is of how many places not all were found who lead to them.
	Partly int
}

// Place is where goroutines wait.
type Place struct {
	Kind Kind
	Addr uint64    // of the channel, the lock; 0 for a NilChannel
	Node heap.Node // of the object that it is, or is a part of; heap.None for a variable

	// Of a channel, if Known:
	Queued, Capacity uint64
	Closed           bool
	// Of a lock, if Known: whether somebody has it, and how many have it to read.
	Locked  bool
	Readers int
	// Of a WaitGroup, if Known: how many calls of Done are missing.
	Missing int
	Known   bool

	// Queue are those that wait, in the order in which the runtime serves them: of a
	// channel first those that send, of an RWMutex first the writer whose turn is next.
	Queue []Waiter
	// Holders are those that have it locked, or will call Done of it, as their frames say.
	Holders []Holder
	// Others are goroutines that lead to it, where nobody else does: the nearest ones, of
	// very many. They are looked for only where somebody is stuck for it.
	Others []int
}

// Waiter is a goroutine that waits at a place.
type Waiter struct {
	Goroutine int
	// Operation is what it does there: "send", "receive", "Lock", "RLock", "Wait", "Do".
	Operation string
	Select    bool   // among others
	Func      string // that does it
	At        string // its "file:line", "" for unknown
}

// How says how it is known that a goroutine holds something.
type How string

const (
	ByCode   How = "locked"   // its code has locked it on every way to where it is
	ByDefer  How = "deferred" // it has put off a call that gives it back
	ByTurn   How = "next"     // it waits for the readers of an RWMutex, and those who come later for it
	ByLeader How = "leads"    // it leads to it, and so do only others that wait
)

// Holder is a goroutine that could end the wait of others.
type Holder struct {
	Goroutine int
	How       How
	Read      bool   // it has an RWMutex to read
	Func      string // that has locked it
	At        string // the "file:line" at which it was locked, or of the defer statement, "" for unknown
}

// Deadlock is a circle of goroutines that wait for each other.
type Deadlock struct {
	// Proven says that no goroutine that may go on, and nothing else, leads to what they
	// wait for. Otherwise somebody may, as to each variable, and it takes the word of their
	// frames that those who have it are among them.
	Proven  bool
	Members []int  // all that are in the circle, or in several that hang together, ascending
	Cycle   []Step // a shortest circle
	Behind  []int  // others that are stuck for them, ascending
}

// Step says that a goroutine waits for the one of the next step, and the last for the first.
type Step struct {
	Waiter
	Place int    // at which
	By    Holder // how the next one holds it
}
