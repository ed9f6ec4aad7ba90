package unwind

import (
	"cmp"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"sort"

	"goheap/gocore/internal/pclntab"
)

// A Slot is the address of one word that the collector loads as a pointer.
// What it holds may be nil, a pointer into the same stack, or anything that a
// pointer can point to.
type Slot struct {
	Addr  uint64
	Frame int32 // index of the frame it belongs to; -1 for none
	// Conservative says that the word only may be a pointer.
	Conservative bool
}

// LiveWord reports whether the word at addr is among the words of a stack, in ascending
// order of their addresses, and certainly a pointer.
func LiveWord(words []Slot, addr uint64) bool {
	i, ok := slices.BinarySearchFunc(words, addr, func(s Slot, a uint64) int { return cmp.Compare(s.Addr, a) })
	return ok && !words[i].Conservative
}

// object is a stack object: a variable whose address was taken. It is live if
// something live points to it.
type object struct {
	addr, size uint64
	ptrBytes   uint64
	mask       []byte // pointer mask; nil for regArgs
	frame      int32
	scanned    bool
}

// walk is the state of one call of Walk.
type walk struct {
	state State
	slots []Slot
	base  int32 // index of the first frame of this walk in the caller's slice
	errs  []error
}

// maxProblems bounds the errors reported for one stack.
const maxProblems = 8

func (w *Walker) problem(f *Frame, format string, args ...any) {
	if len(w.errs) < maxProblems {
		w.errs = append(w.errs, &Error{PC: f.PC, SP: f.SP, Func: f.Func.Name(), Reason: fmt.Sprintf(format, args...)})
	}
}

// Walk appends the frames of a stack, innermost first, and the slots that the
// collector would scan, in ascending order of address and each once. A slot
// that is found both exactly and conservatively counts as exact. Slots outside
// of any frame are g.sched.ctxt, the links and functions of deferred calls and
// the words of State.Blocks. Slot.Frame indexes the whole of frames, what was
// in it before included.
//
// What was found is returned even with an error, which joins values of type
// *Error. The part of the stack that one of them names as lost can be read
// with Conservative.
func (w *Walker) Walk(s State, frames []Frame, slots []Slot) ([]Frame, []Slot, error) {
	first := len(slots)
	w.walk = walk{state: s, slots: slots, base: int32(len(frames))}
	w.objects, w.work, w.maybe = w.objects[:0], w.work[:0], w.maybe[:0]

	frames, err := w.frames(s, frames)
	if err != nil {
		w.errs = append(w.errs, err)
	}
	if s.Ctxt != 0 {
		w.slot(s.Ctxt, -1, false)
	}
	for _, b := range s.Blocks {
		w.conservative(b.Addr, b.Size, -1, nil)
	}
	for _, v := range s.Registers {
		if s.Running {
			w.follow(v, true)
		}
	}
	conservative := s.Running
	for i := int(w.base); i < len(frames); i++ {
		conservative = w.scanFrame(frames, int32(i), conservative)
	}
	w.scanDefers()
	if s.Panic != 0 {
		// A panic is a variable in the frame of gopanic.
		if p, ok := w.word(s.Panic); ok {
			w.follow(p, false)
		}
	}
	w.scanObjects()

	slots = w.slots
	slots = slots[:first+len(tidy(slots[first:]))]
	errs := w.errs
	w.walk = walk{}
	w.stack = nil
	return frames, slots, errors.Join(errs...)
}

// tidy sorts slots by address and keeps of those with one address the exact
// one with the lowest frame.
func tidy(s []Slot) []Slot {
	slices.SortFunc(s, func(a, b Slot) int {
		switch {
		case a.Addr != b.Addr:
			if a.Addr < b.Addr {
				return -1
			}
			return 1
		case a.Conservative != b.Conservative:
			if b.Conservative {
				return -1
			}
			return 1
		}
		return int(a.Frame) - int(b.Frame)
	})
	return slices.CompactFunc(s, func(a, b Slot) bool { return a.Addr == b.Addr })
}

// Conservative appends a slot for each word of [lo, hi) that slots does not have
// and that keep accepts, for a part of a stack that could not be walked. The bounds
// are drawn in to whole words, and to what is in the dump. keep may be nil; it is
// there since a damaged stack can be as large as the dump.
func (w *Walker) Conservative(lo, hi uint64, slots []Slot, keep func(word uint64) bool) []Slot {
	lo, hi = alignUp(lo, w.ptr), hi&^(w.ptr-1)
	if lo >= hi || hi-lo > maxStack {
		return slots
	}
	have := map[uint64]bool{}
	for _, s := range slots {
		if s.Addr >= lo && s.Addr < hi {
			have[s.Addr] = true
		}
	}
	for p := lo; p < hi; p += w.ptr {
		v, ok := w.word(p)
		if !ok {
			p += pageSize - p%pageSize - w.ptr
			continue
		}
		if !have[p] && (keep == nil || keep(v)) {
			slots = append(slots, Slot{Addr: p, Frame: -1, Conservative: true})
		}
	}
	return slots
}

// maxStack is the largest stack that a goroutine can have
// (runtime/proc.go, main: maxstackceiling, 64-bit). It bounds the work on sizes
// that no memory vouches for.
const maxStack = 2000000000

// slot reports the word at addr and follows what it points to. It does
// neither, and returns false, where the word is not in the dump.
func (w *Walker) slot(addr uint64, frame int32, conservative bool) bool {
	v, ok := w.word(addr)
	if !ok {
		return false
	}
	w.slots = append(w.slots, Slot{Addr: addr, Frame: frame, Conservative: conservative})
	w.follow(v, conservative)
	return true
}

// follow notes a value that may point to a stack object.
func (w *Walker) follow(v uint64, conservative bool) {
	if v < w.state.StackLo || v >= w.state.StackHi {
		return
	}
	if conservative {
		w.maybe = append(w.maybe, v)
	} else {
		w.work = append(w.work, v)
	}
}

// conservative reports every word of [addr, addr+size), or those in mask.
func (w *Walker) conservative(addr, size uint64, frame int32, mask []byte) {
	if size > maxStack {
		return
	}
	for off := uint64(0); off+w.ptr <= size; off += w.ptr {
		if mask != nil {
			i := off / w.ptr
			if mask[i/8]>>(i%8)&1 == 0 {
				continue
			}
		}
		if !w.slot(addr+off, frame, true) {
			// Memory comes in pages: no other word of this one is there.
			off += pageSize - (addr+off)%pageSize - w.ptr
		}
	}
}

// pageSize is the smallest page of any processor, in bytes.
const pageSize = 4096

// exact reports the words of the mask's first n bits, from addr up.
func (w *Walker) exact(addr uint64, mask []byte, n uint64, frame int32) {
	for i := uint64(0); i < n; i += 8 {
		b := mask[i/8]
		if rest := n - i; rest < 8 {
			b &= 1<<rest - 1
		}
		for ; b != 0; b &= b - 1 {
			w.slot(addr+(i+uint64(bits.TrailingZeros8(b)))*w.ptr, frame, false)
		}
	}
}

// bitmap is some bits of a stack map; the zero value has none.
type bitmap struct {
	n    uint64
	bits []byte
}

// clearFrom reports whether no bit from number i on is set.
func (m bitmap) clearFrom(i uint64) bool {
	for ; i < m.n; i++ {
		if m.bits[i/8]>>(i%8)&1 != 0 {
			return false
		}
	}
	return true
}

// stackMap returns bitmap i of the runtime.stackmap {n, nbit int32; bytes} in
// funcdata table which. ok is false where the table is missing or i is outside
// of it.
func (w *Walker) stackMap(f pclntab.Func, which int, i int32) (m bitmap, reason string) {
	b := f.FuncDataBytes(which)
	if len(b) < 8 {
		return m, "has no stack map"
	}
	n := int32(w.arch.Order().Uint32(b))
	nbit := int32(w.arch.Order().Uint32(b[4:]))
	if n <= 0 {
		return m, "has no stack map"
	}
	if nbit < 0 {
		return m, fmt.Sprintf("has a stack map of %d bits", nbit)
	}
	if nbit == 0 {
		return m, ""
	}
	if i < 0 || i >= n {
		return m, fmt.Sprintf("has %d stack maps, but is at number %d", n, i)
	}
	size := (uint64(nbit) + 7) / 8
	at := 8 + uint64(i)*size
	if at+size > uint64(len(b)) {
		return m, fmt.Sprintf("has a stack map number %d that ends after the tables", i)
	}
	return bitmap{uint64(nbit), b[at : at+size]}, ""
}

// scanFrame reports the slots of one frame and its stack objects. conservative
// says that there is no exact map; the result says so of the next older frame.
func (w *Walker) scanFrame(frames []Frame, i int32, conservative bool) bool {
	f := &frames[i]
	id := f.Func.ID()
	saver := id != 0 && (id == w.kinds.asyncPreempt || id == w.kinds.debugCall)
	if f.VarP == 0 {
		return false // of unknown size; the walk ended here with an error
	}
	if conservative || saver {
		w.scanConservative(frames, i)
		// asyncPreempt holds the registers of the frame it interrupted, whose
		// map is not known either.
		return saver
	}
	if f.ContinPC == 0 {
		return false
	}
	index := int32(0)
	if f.ContinPC == f.PC {
		if s, ok := w.site(f.PC); ok {
			index = s.pcdata
		}
	} else {
		index = mapIndex(f.Func, f.ContinPC)
	}

	var locals, args bitmap
	if f.VarP > f.SP && f.VarP-f.SP > w.minFrame() {
		var reason string
		if locals, reason = w.stackMap(f.Func, pclntab.FuncDataLocalsPointerMaps, index); reason != "" {
			w.problem(f, "the function's frame %s for its locals; all of the frame is read conservatively", reason)
			w.scanConservative(frames, i)
			return false
		}
		if locals.n > (f.VarP-f.SP)/w.ptr {
			w.problem(f, "the map of %d words of locals is larger than the frame; all of the frame is read conservatively", locals.n)
			w.scanConservative(frames, i)
			return false
		}
	}
	args, reflects, reason := w.args(f)
	if reason == "" && args.n > 0 && args.bits == nil {
		args, reason = w.stackMap(f.Func, pclntab.FuncDataArgsPointerMaps, index)
	}
	room := w.argRoom(frames, i)
	if args.n > room && args.clearFrom(room) {
		// Until Go 1.20 the maps of assembly functions were twice as long as
		// their arguments, the second half empty.
		args.n = room
	}
	if reason == "" && args.n > room {
		reason = fmt.Sprintf("has a map of %d words of arguments, but its caller has room for %d", args.n, room)
	}
	if reason != "" {
		w.problem(f, "the function %s; its arguments are read conservatively", reason)
		w.scanArgs(frames, i)
		args = bitmap{}
	}

	w.exact(f.VarP-locals.n*w.ptr, locals.bits, locals.n, i)
	w.exact(f.ArgP, args.bits, args.n, i)
	w.addObjects(f, i, reflects)
	return false
}

// scanConservative reports all words of a frame: locals, outgoing arguments,
// and the function's own arguments.
func (w *Walker) scanConservative(frames []Frame, i int32) {
	f := &frames[i]
	f.Conservative = true
	if f.VarP > f.SP {
		size := f.VarP - f.SP
		if w.arch.LinkRegister && w.isInjected(f.Func.ID()) {
			size += alignUp(uint64(w.arch.MinFrameSize), w.stackAlign)
		}
		w.conservative(f.SP, size, i, nil)
	}
	w.scanArgs(frames, i)
}

// scanArgs reports all words of a frame's arguments. Where even their number
// is in doubt, it is as many as there can be.
func (w *Walker) scanArgs(frames []Frame, i int32) {
	args, _, reason := w.args(&frames[i])
	room := w.argRoom(frames, i)
	if reason != "" || args.n > room {
		args.n = room
	}
	w.conservative(frames[i].ArgP, args.n*w.ptr, i, nil)
}

// argRoom returns how many words of arguments a frame can have: they are in
// its caller's frame. The size of the outermost frame says nothing, for what
// began it was no call.
func (w *Walker) argRoom(frames []Frame, i int32) uint64 {
	end := w.state.StackHi
	if int(i)+1 < len(frames) {
		if next := &frames[i+1]; next.VarP != 0 && next.Func.Flags()&pclntab.TopFrame == 0 {
			end = next.FP
		}
	}
	if p := frames[i].ArgP; p < end {
		return (end - p) / w.ptr
	}
	return 0
}

// args returns how many words of arguments the frame has. The stubs of reflect
// have as many as the call they stand for, and the bits come with it; for all
// others the bits are nil and the stack map has them. reflects says that the
// frame holds an abi.RegArgs that no funcdata mentions
// (runtime/stkframe.go, argMapInternal).
func (w *Walker) args(f *Frame) (m bitmap, reflects bool, reason string) {
	if n, known := f.Func.Args(); known {
		if n < 0 {
			return m, false, fmt.Sprintf("has %d bytes of arguments", n)
		}
		return bitmap{n: uint64(n) / w.ptr}, false, ""
	}
	if !f.Func.NameIs("reflect.makeFuncStub") && !f.Func.NameIs("reflect.methodValueCall") {
		return m, false, ""
	}
	// The stub keeps a *reflect.makeFuncImpl or *methodValue at the bottom of
	// its frame: {fn uintptr; stack *bitvector; argLen uintptr}, where
	// bitvector is {n int32; bytedata *uint8}. A flag above the outgoing
	// arguments says whether the results are there yet.
	arg0 := f.SP + uint64(w.arch.MinFrameSize)
	minSP := f.FP
	if !w.arch.LinkRegister {
		minSP -= w.ptr
	}
	if arg0 >= minSP {
		// The stub has not started: it takes no arguments.
		return m, false, ""
	}
	impl, ok := w.word(arg0)
	if !ok {
		return m, true, "has lost its reflect.methodValue"
	}
	flag, ok := w.mem.Slice(arg0+4*w.ptr, 1)
	if !ok {
		return m, true, "has lost its flag of valid results"
	}
	fn, ok1 := w.word(impl)
	vector, ok2 := w.word(impl + w.ptr)
	argLen, ok3 := w.word(impl + 2*w.ptr)
	if !ok1 || !ok2 || !ok3 {
		return m, true, fmt.Sprintf("has its reflect.methodValue at %#x, which is not in the dump", impl)
	}
	if fn != f.Func.Entry {
		return m, true, fmt.Sprintf("has a reflect.methodValue at %#x of another function", impl)
	}
	head, ok := w.mem.Slice(vector, 2*w.ptr)
	if !ok {
		return m, true, fmt.Sprintf("has its argument map at %#x, which is not in the dump", vector)
	}
	count := int32(w.arch.Order().Uint32(head))
	if count < 0 {
		return m, true, fmt.Sprintf("has an argument map of %d bits", count)
	}
	n := uint64(count)
	if flag[0] == 0 {
		n = min(n, argLen/w.ptr)
	}
	if n == 0 {
		return m, true, ""
	}
	bits, ok := w.mem.Slice(w.arch.Word(head[w.ptr:]), (n+7)/8)
	if !ok {
		return m, true, fmt.Sprintf("has an argument map of %d bits that is not in the dump", n)
	}
	return bitmap{n, bits}, true, ""
}

// stackObject is the size of a runtime.stackObjectRecord {off, size, ptrBytes
// int32; gcdataoff uint32}.
const stackObject = 16

// StackObject returns the size of the stack object that starts at addr in a frame:
// of a variable whose address was taken. It reports whether there is one.
func (w *Walker) StackObject(f *Frame, addr uint64) (size uint64, ok bool) {
	w.stackObjects(f, func(lo, n uint64) bool {
		size, ok = n, lo == addr
		return !ok
	})
	return size, ok
}

// ObjectAround returns the address and the size of the stack object of a frame that the word
// at addr is in; false where it is in none.
func (w *Walker) ObjectAround(f *Frame, addr uint64) (at, size uint64, in bool) {
	w.stackObjects(f, func(lo, n uint64) bool {
		if in = addr >= lo && addr-lo < n; in {
			at, size = lo, n
		}
		return !in
	})
	return at, size, in
}

// stackObjects calls f with the address and the size of the stack objects of a frame
// until it returns false.
func (w *Walker) stackObjects(fr *Frame, f func(addr, size uint64) bool) {
	b := fr.Func.FuncDataBytes(pclntab.FuncDataStackObjects)
	if uint64(len(b)) < w.ptr {
		return
	}
	order := w.arch.Order()
	n := w.arch.Word(b)
	for b = b[w.ptr:]; n > 0 && len(b) >= stackObject; n, b = n-1, b[stackObject:] {
		off, size := int32(order.Uint32(b)), int32(order.Uint32(b[4:]))
		base := fr.VarP
		if off >= 0 {
			base = fr.ArgP
		}
		if !f(base+uint64(int64(off)), uint64(max(size, 0))) {
			return
		}
	}
}

// addObjects notes the stack objects of a frame.
func (w *Walker) addObjects(f *Frame, i int32, reflects bool) {
	if reflects && w.regArgs.size != 0 {
		if r := w.regArgs; f.VarP-r.size >= f.SP && f.VarP >= r.size {
			w.addObject(f, object{addr: f.VarP - r.size, size: r.size, ptrBytes: r.ptrBytes, frame: i})
		}
		return
	}
	b := f.Func.FuncDataBytes(pclntab.FuncDataStackObjects)
	if uint64(len(b)) < w.ptr {
		return
	}
	n := w.arch.Word(b)
	b = b[w.ptr:]
	if n > uint64(len(b))/stackObject {
		w.problem(f, "the function's table of %d stack objects is longer than the tables; its stack objects are not read", n)
		return
	}
	order := w.arch.Order()
	for ; n > 0; n, b = n-1, b[stackObject:] {
		off := int32(order.Uint32(b))
		size := int32(order.Uint32(b[4:]))
		ptrBytes := int32(order.Uint32(b[8:]))
		data := w.modules[f.Module].ROData + uint64(order.Uint32(b[12:]))
		base := f.VarP
		if off >= 0 {
			base = f.ArgP
		}
		addr := base + uint64(int64(off))
		if addr < f.SP {
			continue // not allocated yet
		}
		if size < 0 || addr > w.state.StackHi || uint64(size) > w.state.StackHi-addr {
			w.problem(f, "a stack object of %d bytes at %#x is outside of the stack; it is not read", size, addr)
			continue
		}
		o := object{addr: addr, size: uint64(size), frame: i}
		var ok bool
		if ptrBytes >= 0 {
			o.ptrBytes = uint64(ptrBytes)
			o.mask, ok = w.mem.Slice(data, (o.ptrBytes/w.ptr+7)/8)
		} else {
			// Until Go 1.23 a negative number says that data is a program
			// which writes the mask, after its length.
			o.ptrBytes = uint64(-int64(ptrBytes))
			if o.ptrBytes <= o.size {
				o.mask, ok = w.runProgram(data, o.ptrBytes/w.ptr)
			}
		}
		if !ok || o.ptrBytes > o.size {
			w.problem(f, "the pointer mask at %#x of a stack object at %#x is damaged or not in the dump; the object is read conservatively", data, addr)
			o.ptrBytes, o.mask = o.size, nil
			w.addConservativeObject(f, o)
			continue
		}
		if o.mask == nil {
			o.mask = []byte{}
		}
		w.addObject(f, o)
	}
}

// addConservativeObject reports all words of an object without a mask, as if
// something pointed to it.
func (w *Walker) addConservativeObject(f *Frame, o object) {
	w.conservative(o.addr, o.size, o.frame, nil)
}

func (w *Walker) addObject(f *Frame, o object) {
	if n := len(w.objects); n > 0 && o.addr < w.objects[n-1].addr+w.objects[n-1].size {
		w.problem(f, "a stack object at %#x overlaps the one before; it is read conservatively", o.addr)
		w.addConservativeObject(f, o)
		return
	}
	w.objects = append(w.objects, o)
}

// scanDefers reports what the chain of deferred calls points to. The links
// weave between records on the stack and on the heap, so that neither the
// stack's maps nor the heap's reach them all.
func (w *Walker) scanDefers() {
	if w.state.Defer == 0 {
		return
	}
	// The word that the record was reached by stands for the collector's
	// pointer to a record on the heap.
	from := w.state.Defer
	d, ok := w.word(from)
	if !ok || d == 0 {
		return
	}
	if w.defers.Fn == w.defers.Link {
		w.errs = append(w.errs, &Error{PC: w.state.PC, SP: w.state.SP,
			Reason: fmt.Sprintf("the layout of deferred calls is not known; the one at %#x is not read", d)})
		return
	}
	seen := uint64(0)
	mark, power := d, uint64(1) // Brent's search for a circle
	for d != 0 {
		fn, ok1 := w.word(d + w.defers.Fn)
		link, ok2 := w.word(d + w.defers.Link)
		heap, ok3 := w.mem.Slice(d+w.defers.Heap, 1)
		if !ok1 || !ok2 || !ok3 {
			w.errs = append(w.errs, &Error{PC: w.state.PC, SP: w.state.SP,
				Reason: fmt.Sprintf("the deferred call at %#x is not in the dump; those after it are lost", d)})
			return
		}
		if heap[0] != 0 {
			w.slot(from, -1, false)
		}
		if fn != 0 {
			w.slot(d+w.defers.Fn, -1, false)
		}
		if link != 0 {
			w.slot(d+w.defers.Link, -1, false)
		}
		from, d = d+w.defers.Link, link
		if seen++; d == mark && d != 0 {
			w.errs = append(w.errs, &Error{PC: w.state.PC, SP: w.state.SP,
				Reason: fmt.Sprintf("the chain of deferred calls is a circle through %#x", d)})
			return
		} else if seen == power {
			mark, power = d, power*2
		}
	}
}

// scanObjects reports the words of all stack objects that are reachable. An
// object is exact if a chain of exact pointers leads to it.
func (w *Walker) scanObjects() {
	for len(w.work) > 0 || len(w.maybe) > 0 {
		list, conservative := &w.work, false
		if len(w.work) == 0 {
			list, conservative = &w.maybe, true
		}
		p := (*list)[len(*list)-1]
		*list = (*list)[:len(*list)-1]
		i := sort.Search(len(w.objects), func(i int) bool { return w.objects[i].addr > p }) - 1
		if i < 0 {
			continue
		}
		o := &w.objects[i]
		if o.scanned || p-o.addr >= o.size {
			continue
		}
		o.scanned = true
		switch {
		case o.mask == nil:
			for off := w.regArgs.firstPtr; off < o.ptrBytes; off += w.ptr {
				w.slot(o.addr+off, o.frame, conservative)
			}
		case conservative:
			w.conservative(o.addr, o.ptrBytes, o.frame, o.mask)
		default:
			w.exact(o.addr, o.mask, o.ptrBytes/w.ptr, o.frame)
		}
	}
}
