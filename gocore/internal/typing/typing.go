// Package typing finds the types of the objects of a heap: from what the allocator
// recorded, and along typed pointers from variables. It sees an image and a table of
// types, and knows nothing of files.
//
// Words that are used throughout:
//
//   - claim: that values of a type stand at an address. A claim that contradicts the
//     object's pointer map is rejected and counted.
//   - evidence: why a claim is believed. Of two claims on an object the one with the
//     stronger evidence wins, and of equals the one that a total order prefers, so that
//     the outcome does not depend on which was made first.
//   - form: how the values of a type fill an object: one, many, the bytes of a string, or
//     the header of a container.
//   - interior: a claim on a part of an object, whose beginning nothing points to.
//   - leaf: an object without pointers. What is claimed of it leads no further.
//   - static: a value in a module's data that is no variable, such as a composite literal.
//   - shape: what generic code knows of its type arguments; it is no type.
//   - step: a word of a type through which the walk goes on.
package typing

import (
	"context"
	"maps"
	"math/bits"

	"goheap/dump"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/types"
	"goheap/heap"
	"goheap/internal/flat"
	"goheap/internal/progress"
)

// Evidence is why an object has its type, strongest first. A claim with
// stronger evidence displaces a weaker one.
type Evidence uint8

const (
	ByHeader    Evidence = iota + 1 // the malloc header in front of it
	BySpan                          // the span of a large object
	ByInterface                     // the type word beside a pointer to it
	ByContainer                     // the structure of a map or channel
	ByPointer                       // a typed pointer, slice or string
	ByCode                          // its own first word: the entry of the code of a closure
	ByFit                           // that no other type fits: see Typer.fromUntyped
	ByInterior                      // only pointers to parts of it: the type is that of a part
	ByNothing
)

// String returns the evidence's name in reports.
func (e Evidence) String() string {
	switch e {
	case ByHeader:
		return "header"
	case BySpan:
		return "span"
	case ByInterface:
		return "interface"
	case ByContainer:
		return "container"
	case ByPointer:
		return "pointer"
	case ByCode:
		return "code"
	case ByFit:
		return "fits"
	case ByInterior:
		return "interior"
	}
	return "none"
}

// Form says how the type of a heap.TypeID fills an object. A TypeID is a
// types.ID and a form, with FirstFit added where that is no more than the only type that
// fits; unknown objects have numbers of their own from FirstUnknown up. While types are being found the evidence stands above them
// in the same word, so that looking at a claim touches memory once.
type Form uint8

const (
	OneValue   Form = iota // one value of the type
	ManyValues             // the elements of a slice or of an array made by make
	StringData             // the bytes of a string; the type is string
	Container              // the header of a map or channel of the type
	formBits   = 2
)

const (
	evidenceShift             = 28
	FirstUnknown  heap.TypeID = 1 << (evidenceShift - 1)
	FirstFit                  = FirstUnknown >> 1
	maxType                   = types.ID(FirstFit >> formBits) // more than any program has
)

func typeID(t types.ID, f Form) heap.TypeID { return heap.TypeID(t)<<formBits | heap.TypeID(f) }

// SplitTypeID returns what a heap.TypeID below FirstUnknown is made of.
func SplitTypeID(id heap.TypeID) (types.ID, Form) {
	return types.ID(id &^ FirstFit >> formBits), Form(id & (1<<formBits - 1))
}

// Typer walks typed memory and claims types for what it leads to.
//
// It is a worklist over one goroutine, so that its outcome does not depend on
// scheduling; where two claims meet, a total order decides (judge.better). Claims on
// objects without pointers lead no further: the leaf typer takes them, in the order in
// which they were made. Neither looks at the other's objects.
//
// The walk from variables begins while others still mark the live set, and takes
// what is allocated for alive: what a live variable leads to by its type, the
// collector reaches too. Where that proves wrong the walk starts again with the
// live set, so that no claim comes from a dead object. What the allocator recorded
// says nothing about life: it has to wait.
type Typer struct {
	judge
	Out    *Result
	Config Config

	strings *compiled
	near    int                 // index of the extent of the object that was walked last
	itabs   map[uint64]types.ID // by itab address
	// firstWords has what interfaceType returns.
	firstWords map[uint64]types.ID
	cached     [dynCacheLen]dynCached

	stack     []heap.Node // waiting to be walked, depth first
	waits     []uint64    // waiting to be walked in a sweep, a bit for each node
	waiting   int         // bits set in waits
	sweeping  bool
	interior  []interiorClaim
	parts     []Part      // what claims say of the parts of objects without a type
	leafParts []Part      // likewise of objects without pointers
	unnamed   []StackWord // that lead to objects without a type
	mayLead   []mayLead
	floor     Evidence // no claim is stronger
	static    map[Static]bool
	statics   []Static // to be walked
	within    Static   // the one whose pointers are being followed

	// Late starts the walk at more, once it is known what is alive: what leads there
	// does not keep it so. It may be nil.
	Late func(*Typer)

	chunks    map[heap.Node]*chunk
	chunkType heap.TypeID // of chunks, 0 where there are none

	// groupsOf has the types of maps by those of their groups, noMap where several have
	// them; anyMap is one of them.
	groupsOf map[types.ID]types.ID
	anyMap   types.ID

	part    func(inferior.Part) // pointPart
	onStack *Stack              // the stack whose variables are being followed, or nil

	leaves   chan []claim // to the leaf typer; nil when it has ended
	spare    chan []claim // back from it, to be filled again
	batch    []claim
	returned []claim // by the leaf typer: about objects with pointers after all
}

// noMap is no type.
const noMap = ^types.ID(0)

// Config is what typing is told.
type Config struct {
	Image *image.Image
	Types *types.Table
	Space *inferior.Space
	// Data is the writable data of modules, where values stand that are no objects.
	Data []Range
	// Capture returns the type of the closure at addr whose code begins at entry, 0 for
	// unknown; it may be nil.
	Capture func(entry, addr uint64) types.ID
	// Closure is Capture for what nothing says to be a closure: its type where it can be
	// nothing else, 0 otherwise. It may be nil.
	Closure func(entry, addr uint64) types.ID
	// Entry reports whether the code of a function begins at pc; it may be nil.
	Entry func(pc uint64) bool
	// StackWords calls f with each goroutine and the words of its stack that the
	// collector follows, by their addresses, in ascending order. It may be nil.
	StackWords func(f func(goroutine int, addrs []uint64))
	// Unplaced calls f with what those of the words hold that are in no variable, and
	// with what the variables of the same call that have no place may point to. The words
	// are in the order of their goroutines. It may be nil.
	Unplaced func(words []StackWord, f func(word uint64, may []types.ID))
	// Stored makes claims on what those of the words lead to whose origin the code of
	// their frames tells. The words are in the order of their goroutines. It may be nil.
	Stored func(t *Typer, words []StackWord)
	// Used makes claims on what variables lead to, where the code that uses them tells. It
	// may be nil.
	Used func(ctx context.Context, t *Typer) error
	// Global returns the address of a variable.
	Global func(name string) (uint64, error)
	// Complete says that the types are those that descriptors tell of: all of which the
	// program makes objects.
	Complete bool
	// Described are types known beforehand, by the addresses of their descriptors.
	Described map[uint64]types.ID
	// Found is told of static values as they are met; it may be nil.
	Found func(s FoundStatic)
}

// Range is memory of a module: [Lo, Hi).
type Range struct{ Lo, Hi uint64 }

// FoundStatic is a static value that a pointer in another one, within, leads to.
type FoundStatic struct {
	Static
	Size     uint64
	Elements bool // it is the array behind a slice
	Within   Static
}

// New makes a Typer of the objects in g, which may lack the rows of the roots; nil
// is for static values alone.
func New(c Config, g *heap.Graph) *Typer {
	t := &Typer{Config: c, Out: &Result{}, itabs: map[uint64]types.ID{}, firstWords: map[uint64]types.ID{}, static: map[Static]bool{}}
	t.judge = judge{im: c.Image, g: g, table: c.Types, arch: c.Image.Arch, space: c.Space, dynamic: map[uint64]types.ID{}}
	if g != nil {
		t.Out.IDs, t.Out.Evidence = flat.Make[heap.TypeID](c.Image.Nodes), flat.Make[Evidence](c.Image.Nodes)
		t.id = t.Out.IDs
	}
	maps.Copy(t.dynamic, c.Described)
	t.part = t.pointPart
	t.readAnew()
	text, _ := t.table.Lookup("string")
	t.strings = t.compile(text)
	return t
}

// walkEvery is how many objects are walked between looks at the context.
const walkEvery = 1 << 14

// Run finds the types of the live objects and fills Out. seed starts the walk at what is
// certain, and is called again where the walk starts again. The error is that of ctx, or
// that of a page that has vanished.
func (t *Typer) Run(ctx context.Context, seed func(*Typer)) error {
	phase := progress.Start(ctx, "type objects", 0)
	defer phase.Finish()
	t.Mem.Ended = func() bool { return ctx.Err() != nil }
	t.waits = flat.Make[uint64]((t.im.Nodes + 63) / 64)
	defer flat.Free(t.waits)
	if t.Alive == nil {
		t.Alive = t.im.Allocated
	}
	again, err := t.pass(ctx, phase, seed)
	if err == nil && again {
		clear(t.id)
		t.conflicts, t.rejected = 0, nil
		t.readAnew()
		_, err = t.pass(ctx, phase, seed)
	}
	if err == nil {
		err = t.finish()
	}
	return err
}

// pass finds the types of all objects. It gives up, and reports that, where it
// finds out that it has looked into dead ones.
func (t *Typer) pass(ctx context.Context, phase *progress.Phase, seed func(*Typer)) (again bool, err error) {
	t.static, t.interior, t.parts, t.leafParts, t.mayLead = map[Static]bool{}, nil, nil, nil, nil
	startChunks(t)
	wait := t.startLeaves()
	// The leaf typer must have ended, whatever becomes of the walk.
	err = dump.Guard(func() (err error) {
		again, err = t.walkAll(ctx, phase, seed)
		return err
	})
	if leafErr := wait(); err == nil {
		err = leafErr
	}
	if again || err != nil {
		return again, err
	}
	for _, c := range t.returned {
		t.point(c)
	}
	if err := t.Drain(ctx, phase); err != nil {
		return false, err
	}
	return false, t.fromUntyped(ctx, phase)
}

// sawDead reports whether the type of an object that is not live has led to
// claims.
func (t *Typer) sawDead(live []uint64) bool {
	for i := range t.im.Extents {
		e := &t.im.Extents[i]
		if e.Pointers == image.NoPointers {
			continue // the leaf typer's
		}
		end := e.First + heap.Node(e.N)
		for base := e.First &^ 63; base < end; base += 64 {
			for dead := t.Alive[base/64] &^ live[base/64]; dead != 0; dead &= dead - 1 {
				n := base + heap.Node(bits.TrailingZeros64(dead))
				if n < e.First || n >= end {
					continue // of a neighbour, which may be the leaf typer's
				}
				if ev := t.evidenceOf(n); ev != 0 && ev < ByInterior && !unclaimed(t, n) {
					return true
				}
			}
		}
	}
	return false
}

// leafBatch is how many claims are handed over at a time, and leafBatches how
// many batches there are.
const (
	leafBatch   = 1 << 10
	leafBatches = 32
)

// leafTyper decides about claims on objects without pointers.
type leafTyper struct {
	judge
	returned []claim     // about objects with pointers after all
	parts    []Part      // what claims say of the parts of objects without a type
	touched  heap.TypeID // means nothing: see claims
}

// startLeaves starts the leaf typer. The function returned hands over what is
// left and waits until all is done.
func (t *Typer) startLeaves() (wait func() error) {
	leaf := &leafTyper{judge: t.judge.beside()}
	leaves, spare := make(chan []claim, leafBatches), make(chan []claim, leafBatches)
	for range leafBatches {
		spare <- make([]claim, 0, leafBatch)
	}
	t.leaves, t.spare = leaves, spare
	t.batch = <-t.spare
	done := make(chan error, 1)
	go func() {
		done <- dump.Guard(func() error {
			slots := make([]image.SlotAt, leafBatch)
			for batch := range leaves {
				leaf.claims(batch, slots)
				spare <- batch[:0]
			}
			return nil
		})
		for range leaves { // after an error the sender must not wait for ever
			spare <- nil
		}
	}()
	return func() error {
		leaves <- t.batch
		close(leaves)
		err := <-done
		t.leaves = nil
		t.conflicts += leaf.conflicts
		t.rejected = append(t.rejected, leaf.rejected...)
		t.rejected = t.rejected[:min(len(t.rejected), maxRejected)]
		t.returned = leaf.returned
		t.leafParts = leaf.parts
		return err
	}
}

// walkAll walks from everything that has a type of its own. It reports whether to
// start again with the live set that is known now.
func (t *Typer) walkAll(ctx context.Context, phase *progress.Phase, seed func(*Typer)) (again bool, err error) {
	seed(t)
	if err := t.Drain(ctx, phase); err != nil {
		return false, err
	}
	live, err := t.Reached()
	if err != nil {
		return false, err
	}
	again = t.sawDead(live.Bits().Words())
	t.Alive = live.Bits().Words()
	if again {
		return true, nil
	}
	if t.Late != nil {
		t.Late(t)
	}
	shapes := t.fromHeap()
	if err := t.Drain(ctx, phase); err != nil {
		return false, err
	}
	// Parts of objects that nothing points to the start of: what they lead to
	// is typed although they are not.
	for len(t.interior) > 0 {
		t.longerArrays()
		if err := t.Drain(ctx, phase); err != nil {
			return false, err
		}
		list := t.interior
		t.interior = nil
		t.keepParts(list)
		seen := map[Static]bool{}
		for _, c := range list {
			if t.evidenceOf(c.node) < ByInterior || !image.HasBit(t.Alive, c.node) {
				continue
			}
			k := Static{c.p, c.x.id, c.n}
			if t.static[k] || seen[k] {
				continue
			}
			seen[k], t.static[k] = true, true
			t.WalkRange(c.p, c.x.id, c.n)
		}
		if err := t.Drain(ctx, phase); err != nil {
			return false, err
		}
	}
	for _, s := range shapes {
		if ev := t.evidenceOf(s.node); ev == 0 || ev >= ByInterior {
			t.set(s.node, typeID(s.t, OneValue), ByInterior)
		}
	}
	return false, nil
}

// Drain walks until nothing is left to walk; a nil phase is allowed.
//
// Many objects are walked in order of address, in sweeps over the set of those
// that are waiting: neighbours were mostly allocated together and point to
// neighbours. Few are walked depth first, so that a long list does not take a
// sweep for each of its elements.
func (t *Typer) Drain(ctx context.Context, phase *progress.Phase) error {
	done := 0
	tick := func() error {
		if done++; done%walkEvery != 0 {
			return nil
		}
		if phase != nil {
			phase.Add(walkEvery)
		}
		return ctx.Err()
	}
	for {
		for len(t.stack) > 0 || len(t.statics) > 0 {
			if err := tick(); err != nil {
				return err
			}
			if k := len(t.statics); k > 0 {
				s := t.statics[k-1]
				t.statics = t.statics[:k-1]
				t.WalkStatic(s)
				continue
			}
			n := t.stack[len(t.stack)-1]
			t.stack = t.stack[:len(t.stack)-1]
			t.walkObject(n)
		}
		if t.waiting == 0 {
			return ctx.Err()
		}
		t.sweeping = t.waiting >= sweepFrom
		for i := range t.waits {
			for t.waits[i] != 0 {
				if err := tick(); err != nil {
					return err
				}
				n := heap.Node(i*64 + bits.TrailingZeros64(t.waits[i]))
				t.waits[i] &= t.waits[i] - 1
				t.waiting--
				if t.sweeping {
					t.walkObject(n)
				} else {
					t.stack = append(t.stack, n)
				}
			}
		}
		t.sweeping = false
	}
}

// sweepFrom is how many objects have to wait for a sweep to be worth looking at
// the whole set, a bit for each node.
const sweepFrom = 1 << 13

// push makes an object wait to be walked.
func (t *Typer) push(n heap.Node) {
	if !t.sweeping {
		t.stack = append(t.stack, n)
		if len(t.stack) < sweepFrom {
			return
		}
		for _, n := range t.stack {
			t.wait(n)
		}
		t.stack = t.stack[:0]
		return
	}
	t.wait(n)
}

func (t *Typer) wait(n heap.Node) {
	if bit := uint64(1) << (n % 64); t.waits[n/64]&bit == 0 {
		t.waits[n/64] |= bit
		t.waiting++
	}
}

// fromHeap takes the types that the allocator itself recorded, where they were not
// taken before. Generic code allocates by the shape of its type arguments: what
// these are is left to claims, and the objects are returned.
func (t *Typer) fromHeap() (shapes []recordedShape) {
	for i := range t.im.Extents {
		e := &t.im.Extents[i]
		if e.Pointers != image.Headers && e.Pointers != image.OneType {
			continue
		}
		for s := range e.N {
			n := e.First + heap.Node(s)
			if ev := t.evidenceOf(n); image.HasBit(t.Alive, n) && ev != ByHeader && ev != BySpan {
				if shape := t.record(n); shape != 0 {
					shapes = append(shapes, recordedShape{n, shape})
				}
			}
		}
	}
	return shapes
}

// record gives an object the type that the allocator recorded for it, if it did;
// a shape is returned in its place.
func (t *Typer) record(n heap.Node) (shape types.ID) {
	e := &t.im.Extents[t.g.ExtentOf(n)]
	id := t.byDescriptor(Recorded(t.im, e, e.Base+uint64(n-e.First)*e.Elem))
	if id == 0 {
		return 0
	}
	c := t.compile(id)
	if c.shape {
		return id
	}
	ev, f := BySpan, OneValue
	if e.Pointers == image.Headers {
		ev = ByHeader
	}
	if c.size > 0 && t.usable(e)/c.size > 1 {
		f = ManyValues
	}
	t.set(n, typeID(id, f), ev)
	t.push(n)
	return 0
}

// recordedShape is an object that generic code allocated.
type recordedShape struct {
	node heap.Node
	t    types.ID
}

// Recorded returns the address of the type that the allocator recorded for a slot, live or
// not, 0 for none.
func Recorded(im *image.Image, e *image.Extent, slot uint64) uint64 {
	switch e.Pointers {
	case image.OneType:
		if im.Listed {
			return 0 // see Image.Listed
		}
		return e.At
	case image.Headers:
		addr, _ := im.Mem.Word(slot)
		return addr
	}
	return 0
}

// RecordedName is the name of the type that the allocator recorded for a slot, live or not:
// that of an array where the slot has room for several of it, "" for none.
func RecordedName(im *image.Image, table *types.Table, e *image.Extent, slot uint64) string {
	id, ok := table.ByRuntimeType(Recorded(im, e, slot))
	if !ok {
		return ""
	}
	t, room := table.Type(id), e.Elem
	if e.Pointers == image.Headers {
		room -= image.MallocHeader
	}
	if t.Size > 0 && room/t.Size > 1 {
		return "[]" + t.Name
	}
	return t.Name
}

func (t *judge) set(n heap.Node, id heap.TypeID, ev Evidence) {
	t.id[n] = id | heap.TypeID(ev)<<evidenceShift
}

func (t *judge) evidenceOf(n heap.Node) Evidence { return Evidence(t.id[n] >> evidenceShift) }

func (t *judge) idOf(n heap.Node) heap.TypeID { return t.id[n] & (1<<evidenceShift - 1) }

// usable is how many bytes of a slot can hold values.
func (t *judge) usable(e *image.Extent) uint64 { return e.Elem - t.headerSize(e) }

func (t *judge) headerSize(e *image.Extent) uint64 {
	if e.Pointers == image.Headers {
		return image.MallocHeader
	}
	return 0
}

// byDescriptor returns the type that the descriptor at addr describes; 0 for none.
func (t *judge) byDescriptor(addr uint64) types.ID {
	if addr == 0 {
		return 0
	}
	if id, ok := t.dynamic[addr]; ok {
		return id
	}
	id, ok := t.table.ByRuntimeType(addr)
	if !ok {
		id = 0
	}
	t.dynamic[addr] = id
	return id
}
