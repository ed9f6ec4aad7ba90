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
	"encoding/binary"
	"errors"
	"maps"
	"math/bits"
	"runtime"
	"strings"
	"sync"

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
	case ByInterior:
		return "interior"
	}
	return "none"
}

// Form says how the type of a heap.TypeID fills an object. A TypeID is a
// types.ID and a form; unknown objects have numbers of their own from
// FirstUnknown up. While types are being found the evidence stands above them
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
	evidenceShift             = 29
	FirstUnknown  heap.TypeID = 1 << (evidenceShift - 1)
)

func typeID(t types.ID, f Form) heap.TypeID { return heap.TypeID(t)<<formBits | heap.TypeID(f) }

func SplitTypeID(id heap.TypeID) (types.ID, Form) {
	return types.ID(id >> formBits), Form(id & (1<<formBits - 1))
}

// Result holds what is known of the types of live objects, by node.
type Result struct {
	IDs      []heap.TypeID  // 0 where the node is no live object
	Evidence []Evidence     // set when all types have been found
	Unknown  []UnknownShape // by TypeID - FirstUnknown

	Conflicts uint64
	Rejected  []Rejection // the first of them
	Totals    Totals
}

// Rejection is a claim that contradicted a pointer map: where, and in words what it said
// and what is so.
type Rejection struct {
	Addr uint64
	Said string
}

// Clear takes back all types.
func (r *Result) Clear() {
	clear(r.IDs)
	clear(r.Evidence)
	*r = Result{IDs: r.IDs, Evidence: r.Evidence}
}

// Free gives back the arrays. Nothing may be looked up afterwards.
func (r *Result) Free() {
	flat.Free(r.IDs)
	flat.Free(r.Evidence)
	*r = Result{}
}

// UnknownShape groups objects without a type: by the slot's size, by the words
// that are pointers, and by the type of a part where one is known.
type UnknownShape struct {
	Size uint64
	Mask uint64 // of the first 64 words
	Part types.ID
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
	cached  [dynCacheLen]dynCached

	stack    []heap.Node // waiting to be walked, depth first
	waits    []uint64    // waiting to be walked in a sweep, a bit for each node
	waiting  int         // bits set in waits
	sweeping bool
	interior []interiorClaim
	static   map[Static]bool
	statics  []Static // to be walked
	within   Static   // the one whose pointers are being followed

	part    func(inferior.Part) // pointPart
	onStack *Stack              // the stack whose variables are being followed, or nil

	leaves   chan []claim // to the leaf typer; nil when it has ended
	spare    chan []claim // back from it, to be filled again
	batch    []claim
	returned []claim // by the leaf typer: about objects with pointers after all
}

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
	// Global returns the address of a variable.
	Global func(name string) (uint64, error)
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
	t := &Typer{Config: c, Out: &Result{}, itabs: map[uint64]types.ID{}, static: map[Static]bool{}}
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

// compiled is what the walk needs of a type. Apart from layout and what the steps
// lead to, it does not change once it is made.
type compiled struct {
	id      types.ID
	size    uint64
	steps   []step
	mask    uint64        // which of the first 64 words are pointers
	shape   bool          // see ShapePrefix
	direct  *step         // the word of a value that interfaces store directly
	runtime *compiled     // of a map or channel, the structure that it points to; nil where unknown
	refine  refinement    // nil for nearly all types
	layout  *inferior.Map // of a map, once one was walked
}

// ShapePrefix starts the names of the types that stand for all type arguments of
// one shape in the code of a generic function. No value has such a type: a claim
// of one says nothing.
const ShapePrefix = "go.shape."

// step is a types.Word with the compiled form of its target.
type step struct {
	off    uint64
	kind   types.WordKind
	target types.ID
	to     *compiled // nil until it is needed

	// For types.RepeatWord; sub for types.BufferWord too.
	count, stride uint64
	sub           []step
}

// stepsOf compiles the words of a type.
func stepsOf(words []types.Word) []step {
	steps := make([]step, len(words))
	for i, w := range words {
		steps[i] = step{off: w.Offset, kind: w.Kind, target: w.Target, count: w.Count, stride: w.Stride}
		if len(w.Sub) > 0 {
			steps[i].sub = stepsOf(w.Sub)
		}
	}
	return steps
}

// dynCached remembers the dynamic type behind the first word of an interface.
type dynCached struct {
	word uint64
	to   *compiled
}

const dynCacheLen = 64

// walkEvery is how many objects are walked between looks at the context.
const walkEvery = 1 << 14

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
	t.static, t.interior = map[Static]bool{}, nil
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
	return false, t.Drain(ctx, phase)
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
				if ev := t.evidenceOf(n); n >= e.First && n < end && ev != 0 && ev < ByInterior {
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
	shapes := t.fromHeap()
	if err := t.Drain(ctx, phase); err != nil {
		return false, err
	}
	// Parts of objects that nothing points to the start of: what they lead to
	// is typed although they are not.
	for len(t.interior) > 0 {
		list := t.interior
		t.interior = nil
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
	id := t.byDescriptor(t.recorded(e, e.Base+uint64(n-e.First)*e.Elem))
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

// recorded returns the address of the type that the allocator recorded for a
// slot, 0 for none.
func (t *judge) recorded(e *image.Extent, slot uint64) uint64 {
	switch e.Pointers {
	case image.OneType:
		if t.im.Listed {
			return 0 // see Image.Listed
		}
		return e.At
	case image.Headers:
		addr, _ := t.im.Mem.Word(slot)
		return addr
	}
	return 0
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

// byItab returns the dynamic type that an itab stands for: its second word
// (internal/abi.ITab).
func (t *Typer) byItab(addr uint64) types.ID {
	if id, ok := t.itabs[addr]; ok {
		return id
	}
	var id types.ID
	if typ := t.space.ItabType(addr); typ != 0 {
		id = t.byDescriptor(typ)
	}
	t.itabs[addr] = id
	return id
}

func (t *judge) compile(id types.ID) *compiled {
	if int(id) < len(t.compiled) && t.compiled[id] != nil {
		return t.compiled[id]
	}
	typ := t.table.Type(id)
	c := &compiled{id: id, shape: strings.Contains(typ.Name, ShapePrefix) && !strings.HasPrefix(typ.Name, ClosurePrefix)}
	if !c.shape {
		c.size, c.steps = typ.Size, stepsOf(t.table.Words(id))
	}
	if len(c.steps) > 0 {
		c.mask = t.pointerMask(id, c.size)
	}
	if len(c.steps) == 1 && t.table.Direct(id) {
		c.direct = &c.steps[0]
	}
	for int(id) >= len(t.compiled) {
		t.compiled = append(t.compiled, make([]*compiled, 1+len(t.compiled))...)
	}
	t.compiled[id] = c
	if typ.Runtime != 0 {
		c.runtime = t.compile(typ.Runtime)
	}
	c.refine = t.refinementOf(typ)
	return c
}

// pointerMask returns which of the first 64 words of a type are pointers.
func (t *judge) pointerMask(id types.ID, size uint64) (mask uint64) {
	w := uint64(t.arch.PtrSize)
	for i := uint64(0); i < 64 && (i+1)*w <= size; i++ {
		if t.table.PointerAt(id, i*w) {
			mask |= 1 << i
		}
	}
	return mask
}

// walkObject follows the pointers in an object by its type.
func (t *Typer) walkObject(n heap.Node) {
	id, f := SplitTypeID(t.idOf(n))
	e := &t.im.Extents[t.near]
	if uint32(n-e.First) >= e.N {
		t.near = t.g.ExtentOf(n)
		e = &t.im.Extents[t.near]
	}
	slot, head := e.Base+uint64(n-e.First)*e.Elem, t.headerSize(e)
	c := t.compile(id)
	if f == Container {
		t.walkContainer(slot+head, c)
		return
	}
	if len(c.steps) == 0 || c.size == 0 || f == StringData {
		return
	}
	size := c.size
	if f == ManyValues {
		size = t.im.Filled(e, slot, e.Elem-head, c.size)
	}
	t.walkValues(t.Mem.Bytes(slot+head, min(size, e.Elem-head)), c)
}

// WalkStatic follows the pointers in a value outside the heap.
func (t *Typer) WalkStatic(s Static) {
	t.within = s
	t.WalkRange(s.Addr, s.Type, s.N)
	t.within = Static{}
}

// WalkRange follows the pointers in n values of type id at addr.
func (t *Typer) WalkRange(addr uint64, id types.ID, n uint64) {
	c := t.compile(id)
	if len(c.steps) == 0 || c.size == 0 {
		return
	}
	hi, size := bits.Mul64(c.size, n)
	if hi != 0 {
		return
	}
	t.walkValues(t.Mem.Bytes(addr, size), c)
}

// Overlap says, in words for people, why the reader of a walk refuses: see
// inferior.Reader.Take.
const Overlap = "there is more to follow than memory, so that the core is damaged"

// walkTimes is how many times as much as the core holds is walked at most. A value
// is walked again when a better claim finds it, and some overlap, but only in a
// damaged core do they overlap without end.
const walkTimes = 16

// maxPiece is how many bytes of one array are walked between looks at the context.
const maxPiece = 1 << 20

func (t *Typer) walkValues(data []byte, c *compiled) {
	for uint64(len(data)) > maxPiece {
		piece := max(maxPiece/c.size, 1) * c.size
		piece = min(piece, uint64(len(data)))
		if !t.walkPiece(data[:piece], c) {
			return
		}
		data = data[piece:]
	}
	t.walkPiece(data, c)
}

func (t *Typer) walkPiece(data []byte, c *compiled) bool {
	if !t.Mem.Take(uint64(len(data))) {
		return false
	}
	for uint64(len(data)) >= c.size {
		t.walkSteps(data[:c.size], c.steps)
		data = data[c.size:]
	}
	return true
}

func (t *Typer) walkSteps(data []byte, steps []step) {
	w := uint64(t.arch.PtrSize)
	for i := range steps {
		x := &steps[i]
		if x.off+w > uint64(len(data)) {
			return
		}
		if x.kind == types.RepeatWord {
			for k := range x.count {
				at := x.off + k*x.stride
				if at+x.stride > uint64(len(data)) {
					break
				}
				t.walkSteps(data[at:at+x.stride], x.sub)
			}
			continue
		}
		b := data[x.off:]
		if len(b) < 8 || !t.arch.LittleWords64 {
			if p := t.arch.Word(b); p != 0 {
				t.follow(x, p, data)
			}
		} else if p := binary.LittleEndian.Uint64(b); p != 0 {
			t.follow(x, p, data)
		}
	}
}

// wordAt reads the word i words behind off; 0 where there is none.
func (t *Typer) wordAt(data []byte, off, i uint64) uint64 {
	w := uint64(t.arch.PtrSize)
	if at := off + i*w; at+w <= uint64(len(data)) {
		return t.arch.Word(data[at:])
	}
	return 0
}

// follow claims what the step x of a value, which holds p, leads to.
func (t *Typer) follow(x *step, p uint64, data []byte) {
	if x.to == nil {
		x.to = t.compile(x.target)
	}
	switch x.kind {
	case types.PointerWord:
		t.point(claim{p: p, n: 1, x: x.to, evidence: ByPointer})
	case types.SliceWord, types.BufferWord:
		n := t.wordAt(data, x.off, 2)
		if n == 0 {
			return
		}
		if x.kind == types.BufferWord {
			outer := &x.sub[0]
			if at, ok := t.im.Pages.Find(p); ok && at.Pointers != image.NoPointers && at.Off == outer.off {
				t.point(claim{p: p - at.Off, n: 1, x: t.compile(outer.target), evidence: ByPointer})
				return
			}
		}
		t.point(claim{p: p, n: n, x: x.to, Form: ManyValues, evidence: ByPointer})
	case types.StringWord:
		if n := t.wordAt(data, x.off, 1); n > 0 {
			t.point(claim{p: p, n: n, x: t.strings, Form: StringData, evidence: ByPointer})
		}
	case types.EfaceWord, types.TracedEfaceWord, types.IfaceWord:
		v := t.wordAt(data, x.off, 1)
		if v == 0 {
			return
		}
		to := t.dynamicType(p, x.kind)
		if to.id == 0 {
			return
		}
		if d := to.direct; d != nil {
			t.follow(d, v, nil)
			return
		}
		t.point(claim{p: v, n: 1, x: to, evidence: ByInterface})
	case types.ArrayWord:
		n := t.wordAt(data, x.off, 1)
		if n == 0 {
			// The victims of a sync.Pool whose size was set to 0 are alive
			// until the next collection (sync/pool.go, getSlow).
			n = t.capacity(p, x.to.size)
		}
		if n > 0 {
			t.point(claim{p: p, n: n, x: x.to, Form: ManyValues, evidence: ByContainer})
		}
	case types.ReflectWord:
		w := uint64(t.arch.PtrSize)
		desc := t.wordAt(data, x.off-w, 0)
		if desc == 0 {
			return
		}
		to := t.dynamicType(desc, types.EfaceWord)
		if to.id == 0 {
			return
		}
		if t.wordAt(data, x.off, 1)&reflectIndirect != 0 {
			t.point(claim{p: p, n: 1, x: to, evidence: ByInterface})
		} else if d := to.direct; d != nil {
			t.follow(d, p, nil)
		}
	case types.FuncWord:
		t.PointClosure(p)
	case types.MapWord, types.ChanWord:
		if x.to.runtime != nil {
			t.point(claim{p: p, n: 1, x: x.to, Form: Container, evidence: ByContainer})
		}
	}
}

// reflectIndirect is the flag of a reflect.Value that holds a pointer to the value
// (reflect/value.go, flagIndir).
const reflectIndirect = 1 << 7

// capacity returns how many values of the given size fit into the object at p; 0
// where p is not the start of one.
func (t *Typer) capacity(p, size uint64) uint64 {
	at, ok := t.im.Pages.Find(p)
	if !ok || at.Off != 0 || size == 0 {
		return 0
	}
	e := &t.im.Extents[t.g.ExtentOf(at.Node)]
	return t.usable(e) / size
}

// dynamicType returns the type of the value in an interface whose first word is
// given: a descriptor, or an itab. Its id is 0 where it is not known.
func (t *Typer) dynamicType(word uint64, kind types.WordKind) *compiled {
	// Descriptors and itabs are aligned, and never at the same address.
	at := &t.cached[word/16%dynCacheLen]
	if at.word == word {
		return at.to
	}
	id := types.ID(0)
	if kind == types.IfaceWord {
		id = t.byItab(word)
	} else {
		id = t.byDescriptor(word)
	}
	*at = dynCached{word, t.compile(id)}
	return at.to
}

// finish adds up what is typed, and gives the objects without a type the number
// of their shape.
func (t *Typer) finish() error {
	sums := make([]tally, runtime.GOMAXPROCS(0))
	errs := make([]error, len(sums))
	var wg sync.WaitGroup
	for i := range sums {
		s := &sums[i]
		s.extents = t.im.Extents[len(t.im.Extents)*i/len(sums) : len(t.im.Extents)*(i+1)/len(sums)]
		wg.Go(func() { errs[i] = dump.Guard(func() error { return t.tally(s) }) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	t.Out.Conflicts = t.conflicts
	for _, c := range t.rejected {
		t.Out.Rejected = append(t.Out.Rejected, Rejection{c.p, t.rejection(c)})
	}
	out := &t.Out.Totals
	out.Conflicts = t.Out.Conflicts
	out.EvidenceBytes = map[Evidence]uint64{}
	shapes := map[UnknownShape]heap.TypeID{}
	for i := range sums {
		s := &sums[i]
		for ev := ByHeader; ev <= ByNothing; ev++ {
			out.EvidenceBytes[ev] += s.byEvidence[ev]
		}
		out.TypedObjects += s.typedObjects
		out.TypedBytes += s.typedBytes
		out.CoveredBytes += s.coveredBytes
		global := make([]heap.TypeID, len(s.unknown))
		same := true
		for local, shape := range s.unknown {
			id, ok := shapes[shape]
			if !ok {
				id = FirstUnknown + heap.TypeID(len(t.Out.Unknown))
				shapes[shape] = id
				t.Out.Unknown = append(t.Out.Unknown, shape)
			}
			global[local] = id
			same = same && id == FirstUnknown+heap.TypeID(local)
		}
		if !same {
			t.renumber(s.extents, global)
		}
	}
	return nil
}

// renumber gives the unknown objects of extents the numbers of their shapes that
// hold for all of the heap.
func (t *Typer) renumber(extents []image.Extent, global []heap.TypeID) {
	for i := range extents {
		e := &extents[i]
		ids := t.id[e.First:][:e.N]
		for k, id := range ids {
			if id >= FirstUnknown {
				ids[k] = global[id-FirstUnknown]
			}
		}
	}
}

// tally is what finish finds out about a part of the heap. The types of its unknown
// objects are numbers in its own list of shapes at first.
type tally struct {
	extents                                []image.Extent
	typedObjects, typedBytes, coveredBytes uint64
	byEvidence                             [ByNothing + 1]uint64
	unknown                                []UnknownShape // in the order in which they are met
}

func (t *Typer) tally(sum *tally) error {
	shapes := map[UnknownShape]heap.TypeID{}
	var lastShape UnknownShape // neighbours are alike
	var lastID heap.TypeID
	var covered uint64 // by the type looked at last, which last says, in slots of elem bytes
	var last heap.TypeID
	var elem uint64
	for i := range sum.extents {
		e := &sum.extents[i]
		for s := range e.N {
			n := e.First + heap.Node(s)
			if !image.HasBit(t.Alive, n) {
				if image.HasBit(t.im.Allocated, n) {
					t.id[n] = 0 // what the leaf typer took for alive
				}
				continue
			}
			ev, id := t.evidenceOf(n), t.idOf(n)
			if ev == 0 {
				ev = ByNothing
			}
			t.Out.Evidence[n] = ev
			sum.byEvidence[ev] += e.Elem
			if ev < ByInterior {
				if id != last || e.Elem != elem {
					covered, last, elem = t.covered(e, id), id, e.Elem
				}
				sum.typedObjects++
				sum.typedBytes += e.Elem
				sum.coveredBytes += covered
				t.id[n] = id
				continue
			}
			shape := UnknownShape{Size: e.Elem}
			if ev == ByInterior {
				shape.Part, _ = SplitTypeID(id)
			}
			if e.Pointers == image.HeapBits || t.im.Listed && e.Pointers != image.NoPointers {
				shape.Mask = t.im.SlotMask(e, e.Base+uint64(s)*e.Elem)
			}
			if shape != lastShape || lastID == 0 {
				id, ok := shapes[shape]
				if !ok {
					id = FirstUnknown + heap.TypeID(len(sum.unknown))
					shapes[shape] = id
					sum.unknown = append(sum.unknown, shape)
				}
				lastShape, lastID = shape, id
			}
			t.id[n] = lastID
		}
	}
	return nil
}

// covered returns how many bytes of a slot its type explains.
func (t *Typer) covered(e *image.Extent, id heap.TypeID) uint64 {
	typ, f := SplitTypeID(id)
	usable := t.usable(e)
	size := t.table.Type(typ).Size
	switch f {
	case StringData, Container:
		return usable
	case ManyValues:
		if size > 0 {
			return usable / size * size
		}
	}
	return min(usable, size)
}

// Totals sums up how much of the live heap has a type.
type Totals struct {
	TypedObjects, TypedBytes uint64
	CoveredBytes             uint64 // of TypedBytes, what the types explain
	Conflicts                uint64 // claims that contradicted a pointer map
	EvidenceBytes            map[Evidence]uint64
}

// walkLive follows those pointers of a value on a stack that live reports.
func (t *Typer) walkLive(data []byte, c *compiled, live func(off uint64) bool) {
	w := uint64(t.arch.PtrSize)
	for i := range c.steps {
		x := &c.steps[i]
		if x.kind == types.RepeatWord || x.off+w > uint64(len(data)) {
			continue
		}
		at := x.off
		if x.kind == types.EfaceWord || x.kind == types.IfaceWord {
			at += w
		}
		p := t.arch.Word(data[x.off:])
		if p == 0 || !live(at) {
			continue
		}
		if x.kind == types.SliceWord && t.wordAt(data, x.off, 2) == 0 {
			// A live slice whose capacity is in a register, or nowhere, has
			// at least its length, and one element.
			n := max(1, t.wordAt(data, x.off, 1))
			t.point(claim{p: p, n: n, x: t.compile(x.target), Form: ManyValues, evidence: ByPointer})
			continue
		}
		t.follow(x, p, data)
	}
}
