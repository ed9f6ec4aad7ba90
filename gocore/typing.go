package gocore

import (
	"context"
	"encoding/binary"
	"errors"
	"math/bits"
	"runtime"
	"strings"
	"sync"

	"goheap/dump"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/types"
	"goheap/heap"
	"goheap/internal/arch"
	"goheap/internal/flat"
	"goheap/internal/progress"
)

// evidence is why an object has its type, strongest first. A claim with
// stronger evidence displaces a weaker one.
type evidence uint8

const (
	byHeader    evidence = iota + 1 // the malloc header in front of it
	bySpan                          // the span of a large object
	byInterface                     // the type word beside a pointer to it
	byContainer                     // the structure of a map or channel
	byPointer                       // a typed pointer, slice or string
	byInterior                      // only pointers to parts of it: the type is that of a part
	byNothing
)

// String returns the evidence's name in reports.
func (e evidence) String() string {
	switch e {
	case byHeader:
		return "header"
	case bySpan:
		return "span"
	case byInterface:
		return "interface"
	case byContainer:
		return "container"
	case byPointer:
		return "pointer"
	case byInterior:
		return "interior"
	}
	return "none"
}

// form says how the type of a heap.TypeID fills an object. A TypeID is a
// types.ID and a form; unknown objects have numbers of their own from
// firstUnknown up. While types are being found the evidence stands above them
// in the same word, so that looking at a claim touches memory once.
type form uint8

const (
	oneValue   form = iota // one value of the type
	manyValues             // the elements of a slice or of an array made by make
	stringData             // the bytes of a string; the type is string
	container              // the header of a map or channel of the type
	formBits   = 2
)

const (
	evidenceShift             = 29
	firstUnknown  heap.TypeID = 1 << (evidenceShift - 1)
)

func typeID(t types.ID, f form) heap.TypeID { return heap.TypeID(t)<<formBits | heap.TypeID(f) }

func splitTypeID(id heap.TypeID) (types.ID, form) {
	return types.ID(id >> formBits), form(id & (1<<formBits - 1))
}

// typing holds what is known of the types of live objects, by node.
type typing struct {
	id       []heap.TypeID  // 0 where the node is no live object
	evidence []evidence     // set when all types have been found
	unknown  []unknownShape // by TypeID - firstUnknown

	conflicts uint64
	rejected  []claim // the first of them
	totals    Typing
}

// unknownShape groups objects without a type: by the slot's size, by the words
// that are pointers, and by the type of a part where one is known.
type unknownShape struct {
	size uint64
	mask uint64 // of the first 64 words
	part types.ID
}

// typer walks typed memory and claims types for what it leads to.
//
// It is a worklist over one goroutine, so that its outcome does not depend on
// scheduling; where two claims meet, a total order decides (better). Claims on
// objects without pointers lead no further: a second typer, the leaf typer, takes
// them in the order in which they were made. Neither looks at the other's objects.
//
// The walk from variables begins while others still mark the live set, and takes
// what is allocated for alive: what a live variable leads to by its type, the
// collector reaches too. Where that proves wrong the walk starts again with the
// live set, so that no claim comes from a dead object. What the allocator recorded
// says nothing about life: it has to wait.
type typer struct {
	im      *image.Image
	g       *heap.Graph                  // perhaps without the rows of the roots
	alive   []uint64                     // a bit for each node that claims may be about
	reached func() (*heap.Marker, error) // waits for the live set
	table   *types.Table
	arch    arch.Arch
	out     *typing

	modules []module
	strings *compiled
	capture func(entry, addr uint64) types.ID // the type of a closure, 0 for unknown; may be nil
	global  func(name string) (uint64, error) // the address of a variable
	near    int                               // index of the extent of the object that was walked last

	stack    []heap.Node // waiting to be walked, depth first
	waits    []uint64    // waiting to be walked in a sweep, a bit for each node
	waiting  int         // bits set in waits
	sweeping bool
	interior []interiorClaim
	static   map[staticValue]bool
	statics  []staticValue                                  // to be walked
	within   staticValue                                    // the one whose pointers are being followed
	found    func(c claim, size uint64, within staticValue) // told of new static values; may be nil

	space *inferior.Space
	mem   inferior.Reader
	part  func(inferior.Part) // pointPart

	onStack *stackWalk // the stack whose variables are being followed, or nil

	leaves   chan []claim // to the leaf typer; nil when it has ended
	spare    chan []claim // back from it, to be filled again
	batch    []claim
	returned []claim     // by the leaf typer: about objects with pointers after all
	touched  heap.TypeID // means nothing: see leafClaims

	compiled []*compiled         // by types.ID
	dynamic  map[uint64]types.ID // by descriptor address
	itabs    map[uint64]types.ID // by itab address
	dynCache [dynCacheLen]dynCached
	layouts  [maxHeapBits/8 + 1]slotLayout // by slot size / 8, as far as met
}

// compiled is what the walk needs of a type. Apart from layout and what the steps
// lead to, it does not change once it is made.
type compiled struct {
	id      types.ID
	size    uint64
	steps   []step
	mask    uint64        // which of the first 64 words are pointers
	shape   bool          // see shapePrefix
	direct  *step         // the word of a value that interfaces store directly
	runtime *compiled     // of a map or channel, the structure that it points to; nil where unknown
	refine  refinement    // nil for nearly all types
	layout  *inferior.Map // of a map, once one was walked
}

// shapePrefix starts the names of the types that stand for all type arguments of
// one shape in the code of a generic function. No value has such a type: a claim
// of one says nothing.
const shapePrefix = "go.shape."

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

func (t *typer) run(ctx context.Context, prog *progress.Tracker, seed func(*typer)) error {
	phase := prog.Start("type objects", 0)
	defer phase.Finish()
	t.waits = flat.Make[uint64]((t.im.Nodes + 63) / 64)
	defer flat.Free(t.waits)
	if t.alive == nil {
		t.alive = t.im.Allocated
	}
	again, err := t.pass(ctx, phase, seed)
	if err == nil && again {
		clear(t.out.id)
		t.out.conflicts, t.out.rejected = 0, nil
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
func (t *typer) pass(ctx context.Context, phase *progress.Phase, seed func(*typer)) (again bool, err error) {
	t.static, t.interior = map[staticValue]bool{}, nil
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
	return false, t.drain(ctx, phase)
}

// sawDead reports whether the type of an object that is not live has led to
// claims.
func (t *typer) sawDead(live []uint64) bool {
	for i := range t.im.Extents {
		e := &t.im.Extents[i]
		if e.Pointers == image.NoPointers {
			continue // the leaf typer's
		}
		end := e.First + heap.Node(e.N)
		for base := e.First &^ 63; base < end; base += 64 {
			for dead := t.alive[base/64] &^ live[base/64]; dead != 0; dead &= dead - 1 {
				n := base + heap.Node(bits.TrailingZeros64(dead))
				if ev := t.evidenceOf(n); n >= e.First && n < end && ev != 0 && ev < byInterior {
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

// startLeaves starts the leaf typer. The function returned hands over what is
// left and waits until all is done.
func (t *typer) startLeaves() (wait func() error) {
	leaf := *t
	leaf.compiled = nil
	out := *t.out
	leaf.out = &out
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
				leaf.leafClaims(batch, slots)
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
		t.out.conflicts += leaf.out.conflicts
		t.out.rejected = append(t.out.rejected, leaf.out.rejected...)
		t.out.rejected = t.out.rejected[:min(len(t.out.rejected), examples)]
		t.returned = leaf.returned
		return err
	}
}

// walkAll walks from everything that has a type of its own. It reports whether to
// start again with the live set that is known now.
func (t *typer) walkAll(ctx context.Context, phase *progress.Phase, seed func(*typer)) (again bool, err error) {
	seed(t)
	if err := t.drain(ctx, phase); err != nil {
		return false, err
	}
	live, err := t.reached()
	if err != nil {
		return false, err
	}
	again = t.sawDead(live.Bits().Words())
	t.alive = live.Bits().Words()
	if again {
		return true, nil
	}
	shapes := t.fromHeap()
	if err := t.drain(ctx, phase); err != nil {
		return false, err
	}
	// Parts of objects that nothing points to the start of: what they lead to
	// is typed although they are not.
	for len(t.interior) > 0 {
		list := t.interior
		t.interior = nil
		seen := map[staticValue]bool{}
		for _, c := range list {
			if t.evidenceOf(c.node) < byInterior || !image.HasBit(t.alive, c.node) {
				continue
			}
			k := staticValue{c.p, c.x.id, c.n}
			if t.static[k] || seen[k] {
				continue
			}
			seen[k], t.static[k] = true, true
			t.walkRange(c.p, c.x.id, c.n)
		}
		if err := t.drain(ctx, phase); err != nil {
			return false, err
		}
	}
	for _, s := range shapes {
		if ev := t.evidenceOf(s.node); ev == 0 || ev >= byInterior {
			t.set(s.node, typeID(s.t, oneValue), byInterior)
		}
	}
	return false, nil
}

// drain walks until nothing is left to walk; a nil phase is allowed.
//
// Many objects are walked in order of address, in sweeps over the set of those
// that are waiting: neighbours were mostly allocated together and point to
// neighbours. Few are walked depth first, so that a long list does not take a
// sweep for each of its elements.
func (t *typer) drain(ctx context.Context, phase *progress.Phase) error {
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
				t.walkStatic(s)
				continue
			}
			n := t.stack[len(t.stack)-1]
			t.stack = t.stack[:len(t.stack)-1]
			t.walkObject(n)
		}
		if t.waiting == 0 {
			return nil
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
func (t *typer) push(n heap.Node) {
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

func (t *typer) wait(n heap.Node) {
	if bit := uint64(1) << (n % 64); t.waits[n/64]&bit == 0 {
		t.waits[n/64] |= bit
		t.waiting++
	}
}

// fromHeap takes the types that the allocator itself recorded, where they were not
// taken before. Generic code allocates by the shape of its type arguments: what
// these are is left to claims, and the objects are returned.
func (t *typer) fromHeap() (shapes []recordedShape) {
	for i := range t.im.Extents {
		e := &t.im.Extents[i]
		if e.Pointers != image.Headers && e.Pointers != image.OneType {
			continue
		}
		for s := range e.N {
			n := e.First + heap.Node(s)
			if ev := t.evidenceOf(n); image.HasBit(t.alive, n) && ev != byHeader && ev != bySpan {
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
func (t *typer) record(n heap.Node) (shape types.ID) {
	e := &t.im.Extents[t.g.ExtentOf(n)]
	id := t.byDescriptor(t.recorded(e, e.Base+uint64(n-e.First)*e.Elem))
	if id == 0 {
		return 0
	}
	c := t.compile(id)
	if c.shape {
		return id
	}
	ev, f := bySpan, oneValue
	if e.Pointers == image.Headers {
		ev = byHeader
	}
	if c.size > 0 && t.usable(e)/c.size > 1 {
		f = manyValues
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
func (t *typer) recorded(e *image.Extent, slot uint64) uint64 {
	switch e.Pointers {
	case image.OneType:
		if t.im.Listed {
			return 0 // see image.listed
		}
		return e.At
	case image.Headers:
		addr, _ := t.im.Mem.Word(slot)
		return addr
	}
	return 0
}

func (t *typer) set(n heap.Node, id heap.TypeID, ev evidence) {
	t.out.id[n] = id | heap.TypeID(ev)<<evidenceShift
}

func (t *typer) evidenceOf(n heap.Node) evidence { return evidence(t.out.id[n] >> evidenceShift) }

func (t *typer) idOf(n heap.Node) heap.TypeID { return t.out.id[n] & (1<<evidenceShift - 1) }

// usable is how many bytes of a slot can hold values.
func (t *typer) usable(e *image.Extent) uint64 { return e.Elem - t.headerSize(e) }

func (t *typer) headerSize(e *image.Extent) uint64 {
	if e.Pointers == image.Headers {
		return image.MallocHeader
	}
	return 0
}

// byDescriptor returns the type that the descriptor at addr describes; 0 for none.
func (t *typer) byDescriptor(addr uint64) types.ID {
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
func (t *typer) byItab(addr uint64) types.ID {
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

func (t *typer) compile(id types.ID) *compiled {
	if int(id) < len(t.compiled) && t.compiled[id] != nil {
		return t.compiled[id]
	}
	typ := t.table.Type(id)
	c := &compiled{id: id, shape: strings.Contains(typ.Name, shapePrefix) && !strings.HasPrefix(typ.Name, closurePrefix)}
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
func (t *typer) pointerMask(id types.ID, size uint64) (mask uint64) {
	w := uint64(t.arch.PtrSize)
	for i := uint64(0); i < 64 && (i+1)*w <= size; i++ {
		if t.table.PointerAt(id, i*w) {
			mask |= 1 << i
		}
	}
	return mask
}

// walkObject follows the pointers in an object by its type.
func (t *typer) walkObject(n heap.Node) {
	id, f := splitTypeID(t.idOf(n))
	e := &t.im.Extents[t.near]
	if uint32(n-e.First) >= e.N {
		t.near = t.g.ExtentOf(n)
		e = &t.im.Extents[t.near]
	}
	slot, head := e.Base+uint64(n-e.First)*e.Elem, t.headerSize(e)
	c := t.compile(id)
	if f == container {
		t.walkContainer(slot+head, c)
		return
	}
	if len(c.steps) == 0 || c.size == 0 || f == stringData {
		return
	}
	size := c.size
	if f == manyValues {
		size = t.im.Filled(e, slot, e.Elem-head, c.size)
	}
	t.walkValues(t.mem.Bytes(slot+head, min(size, e.Elem-head)), c)
}

// walkStatic follows the pointers in a value outside the heap.
func (t *typer) walkStatic(s staticValue) {
	t.within = s
	t.walkRange(s.addr, s.t, s.n)
	t.within = staticValue{}
}

// walkRange follows the pointers in n values of type id at addr.
func (t *typer) walkRange(addr uint64, id types.ID, n uint64) {
	c := t.compile(id)
	if len(c.steps) == 0 || c.size == 0 {
		return
	}
	hi, size := bits.Mul64(c.size, n)
	if hi != 0 {
		return
	}
	t.walkValues(t.mem.Bytes(addr, size), c)
}

// walkTimes is how many times as much as the core holds is walked at most. A value
// is walked again when a better claim finds it, and some overlap, but only in a
// damaged core do they overlap without end.
const walkTimes = 16

func (t *typer) walkValues(data []byte, c *compiled) {
	if !t.mem.Take(uint64(len(data))) {
		return
	}
	for uint64(len(data)) >= c.size {
		t.walkSteps(data[:c.size], c.steps)
		data = data[c.size:]
	}
}

func (t *typer) walkSteps(data []byte, steps []step) {
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
func (t *typer) wordAt(data []byte, off, i uint64) uint64 {
	w := uint64(t.arch.PtrSize)
	if at := off + i*w; at+w <= uint64(len(data)) {
		return t.arch.Word(data[at:])
	}
	return 0
}

// follow claims what the step x of a value, which holds p, leads to.
func (t *typer) follow(x *step, p uint64, data []byte) {
	if x.to == nil {
		x.to = t.compile(x.target)
	}
	switch x.kind {
	case types.PointerWord:
		t.point(claim{p: p, n: 1, x: x.to, evidence: byPointer})
	case types.SliceWord, types.BufferWord:
		n := t.wordAt(data, x.off, 2)
		if n == 0 {
			return
		}
		if x.kind == types.BufferWord {
			outer := &x.sub[0]
			if at, ok := t.im.Pages.Find(p); ok && at.Pointers != image.NoPointers && at.Off == outer.off {
				t.point(claim{p: p - at.Off, n: 1, x: t.compile(outer.target), evidence: byPointer})
				return
			}
		}
		t.point(claim{p: p, n: n, x: x.to, form: manyValues, evidence: byPointer})
	case types.StringWord:
		if n := t.wordAt(data, x.off, 1); n > 0 {
			t.point(claim{p: p, n: n, x: t.strings, form: stringData, evidence: byPointer})
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
		t.point(claim{p: v, n: 1, x: to, evidence: byInterface})
	case types.ArrayWord:
		n := t.wordAt(data, x.off, 1)
		if n == 0 {
			// The victims of a sync.Pool whose size was set to 0 are alive
			// until the next collection (sync/pool.go, getSlow).
			n = t.capacity(p, x.to.size)
		}
		if n > 0 {
			t.point(claim{p: p, n: n, x: x.to, form: manyValues, evidence: byContainer})
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
			t.point(claim{p: p, n: 1, x: to, evidence: byInterface})
		} else if d := to.direct; d != nil {
			t.follow(d, p, nil)
		}
	case types.FuncWord:
		t.pointClosure(p)
	case types.MapWord, types.ChanWord:
		if x.to.runtime != nil {
			t.point(claim{p: p, n: 1, x: x.to, form: container, evidence: byContainer})
		}
	}
}

// reflectIndirect is the flag of a reflect.Value that holds a pointer to the value
// (reflect/value.go, flagIndir).
const reflectIndirect = 1 << 7

// capacity returns how many values of the given size fit into the object at p; 0
// where p is not the start of one.
func (t *typer) capacity(p, size uint64) uint64 {
	at, ok := t.im.Pages.Find(p)
	if !ok || at.Off != 0 || size == 0 {
		return 0
	}
	e := &t.im.Extents[t.g.ExtentOf(at.Node)]
	return t.usable(e) / size
}

// dynamicType returns the type of the value in an interface whose first word is
// given: a descriptor, or an itab. Its id is 0 where it is not known.
func (t *typer) dynamicType(word uint64, kind types.WordKind) *compiled {
	// Descriptors and itabs are aligned, and never at the same address.
	at := &t.dynCache[word/16%dynCacheLen]
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
func (t *typer) finish() error {
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
	out := &t.out.totals
	out.Conflicts = t.out.conflicts
	out.EvidenceBytes = map[string]uint64{}
	shapes := map[unknownShape]heap.TypeID{}
	for i := range sums {
		s := &sums[i]
		for ev := byHeader; ev <= byNothing; ev++ {
			out.EvidenceBytes[ev.String()] += s.byEvidence[ev]
		}
		out.TypedObjects += s.typedObjects
		out.TypedBytes += s.typedBytes
		out.CoveredBytes += s.coveredBytes
		global := make([]heap.TypeID, len(s.unknown))
		same := true
		for local, shape := range s.unknown {
			id, ok := shapes[shape]
			if !ok {
				id = firstUnknown + heap.TypeID(len(t.out.unknown))
				shapes[shape] = id
				t.out.unknown = append(t.out.unknown, shape)
			}
			global[local] = id
			same = same && id == firstUnknown+heap.TypeID(local)
		}
		if !same {
			t.renumber(s.extents, global)
		}
	}
	return nil
}

// renumber gives the unknown objects of extents the numbers of their shapes that
// hold for all of the heap.
func (t *typer) renumber(extents []image.Extent, global []heap.TypeID) {
	for i := range extents {
		e := &extents[i]
		ids := t.out.id[e.First:][:e.N]
		for k, id := range ids {
			if id >= firstUnknown {
				ids[k] = global[id-firstUnknown]
			}
		}
	}
}

// tally is what finish finds out about a part of the heap. The types of its unknown
// objects are numbers in its own list of shapes at first.
type tally struct {
	extents                                []image.Extent
	typedObjects, typedBytes, coveredBytes uint64
	byEvidence                             [byNothing + 1]uint64
	unknown                                []unknownShape // in the order in which they are met
}

func (t *typer) tally(sum *tally) error {
	shapes := map[unknownShape]heap.TypeID{}
	var lastShape unknownShape // neighbours are alike
	var lastID heap.TypeID
	var covered uint64 // by the type looked at last, which last says, in slots of elem bytes
	var last heap.TypeID
	var elem uint64
	for i := range sum.extents {
		e := &sum.extents[i]
		for s := range e.N {
			n := e.First + heap.Node(s)
			if !image.HasBit(t.alive, n) {
				if image.HasBit(t.im.Allocated, n) {
					t.out.id[n] = 0 // what the leaf typer took for alive
				}
				continue
			}
			ev, id := t.evidenceOf(n), t.idOf(n)
			if ev == 0 {
				ev = byNothing
			}
			t.out.evidence[n] = ev
			sum.byEvidence[ev] += e.Elem
			if ev < byInterior {
				if id != last || e.Elem != elem {
					covered, last, elem = t.covered(e, id), id, e.Elem
				}
				sum.typedObjects++
				sum.typedBytes += e.Elem
				sum.coveredBytes += covered
				t.out.id[n] = id
				continue
			}
			shape := unknownShape{size: e.Elem}
			if ev == byInterior {
				shape.part, _ = splitTypeID(id)
			}
			if e.Pointers == image.HeapBits || t.im.Listed && e.Pointers != image.NoPointers {
				shape.mask = t.im.SlotMask(e, e.Base+uint64(s)*e.Elem)
			}
			if shape != lastShape || lastID == 0 {
				id, ok := shapes[shape]
				if !ok {
					id = firstUnknown + heap.TypeID(len(sum.unknown))
					shapes[shape] = id
					sum.unknown = append(sum.unknown, shape)
				}
				lastShape, lastID = shape, id
			}
			t.out.id[n] = lastID
		}
	}
	return nil
}

// covered returns how many bytes of a slot its type explains.
func (t *typer) covered(e *image.Extent, id heap.TypeID) uint64 {
	typ, f := splitTypeID(id)
	usable := t.usable(e)
	size := t.table.Type(typ).Size
	switch f {
	case stringData, container:
		return usable
	case manyValues:
		if size > 0 {
			return usable / size * size
		}
	}
	return min(usable, size)
}

// Typing sums up how much of the live heap has a type.
type Typing struct {
	TypedObjects, TypedBytes uint64
	CoveredBytes             uint64 // of TypedBytes, what the types explain
	Conflicts                uint64 // claims that contradicted a pointer map
	EvidenceBytes            map[string]uint64
}
