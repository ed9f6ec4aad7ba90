package frames

import (
	"fmt"
	"slices"
	"strings"

	"goheap/gocore/internal/code"
	"goheap/gocore/internal/pclntab"
	"goheap/gocore/internal/program"
	"goheap/gocore/internal/unwind"
)

// A lock of Go does not record who has it. What a goroutine has locked stands in its frames:
// the code of each says which locks it has taken, and not given back, on every way to the
// call that it is in, and which calls of Unlock it has put off.

// LockKind is how a lock is held.
type LockKind uint8

const (
	MutexLock LockKind = iota + 1
	WriteLock
	ReadLock
	GroupDone // no lock: a sync.WaitGroup that is told when the frame ends
)

// HeldLock is one that a goroutine has.
type HeldLock struct {
	Kind LockKind
	Addr uint64
	// Frame is that of it which has taken it, or has put off to give it back.
	Frame int
	// ByCode says that the code says so; otherwise a deferred call does.
	ByCode bool
	// Place is the line that has taken it, or that has the defer statement, "" for unknown.
	Place string
	Func  string // that has taken it
}

// lockMethods are the methods that take locks and give them back; of package internal/sync
// since Go 1.24. Their inlined parts work with a field of the lock.
func lockMethods(name string) (op code.LockOp, kind LockKind) {
	switch name {
	case "sync.(*Mutex).Lock", "internal/sync.(*Mutex).Lock":
		return code.LockTake, MutexLock
	case "sync.(*Mutex).Unlock", "internal/sync.(*Mutex).Unlock":
		return code.LockDrop, MutexLock
	case "sync.(*RWMutex).Lock":
		return code.LockTake, WriteLock
	case "sync.(*RWMutex).Unlock":
		return code.LockDrop, WriteLock
	case "sync.(*RWMutex).RLock":
		return code.LockTake, ReadLock
	case "sync.(*RWMutex).RUnlock":
		return code.LockDrop, ReadLock
	case "sync.(*WaitGroup).Done":
		return code.LockDrop, GroupDone
	}
	return code.LockNothing, 0
}

// LockReader finds the locks that goroutines have. It keeps what it has found of functions.
type LockReader struct {
	p     *Reader
	codes *StoredReader
	flows map[uint64]*code.LockFlow
}

// NewLockReader returns a LockReader for the goroutines that p reads.
func NewLockReader(p *Reader) *LockReader {
	codes := NewStoredReader(p, nil)
	codes.loads = true
	return &LockReader{p: p, codes: codes, flows: map[uint64]*code.LockFlow{}}
}

// flow returns the locks of a function, nil where nothing is known of them.
func (l *LockReader) flow(fn pclntab.Func) *code.LockFlow {
	if f, ok := l.flows[fn.Entry]; ok {
		return f
	}
	var flow *code.LockFlow
	if f := l.follow(fn); f != nil {
		flow = f.Locks(func(pc, target uint64) code.LockEffect { return l.effect(fn, pc, target) })
	}
	l.flows[fn.Entry] = flow
	return flow
}

func (l *LockReader) follow(fn pclntab.Func) *code.Function {
	if !l.codes.follow || fn.Flags()&(pclntab.Asm|pclntab.SPWrite) != 0 {
		return nil
	}
	return l.codes.function(fn)
}

// effect says what the instruction at pc of a function does, which calls target, or else
// changes memory in one step.
func (l *LockReader) effect(fn pclntab.Func, pc, target uint64) (e code.LockEffect) {
	op, kind := inlinedMethod(fn.Inlined(pc))
	e = code.LockEffect{Op: op, Kind: uint8(kind)}
	if target != 0 {
		to, ok := l.p.program.Function(target)
		if !ok || to.Entry != target || !strings.Contains(to.Name(), "sync.") {
			return code.LockEffect{}
		}
		if to.NameIs("sync.(*WaitGroup).Add") {
			return e
		}
		if op, kind := lockMethods(to.Name()); op != code.LockNothing {
			return code.LockEffect{Op: op, Kind: uint8(kind)}
		}
		e.Slow = true
	}
	if kind == GroupDone || kind == WriteLock {
		return code.LockEffect{}
	}
	lib := &l.p.program.Layout.Library
	field := lib.Mutex.State
	if kind == ReadLock {
		field = lib.RWMutex.Readers
	}
	if e.Off = int64(field.Offset); !field.Has() {
		return code.LockEffect{}
	}
	return e
}

// inlinedMethod returns what the outermost of the inlined calls that are of such a method
// does.
func inlinedMethod(calls []pclntab.InlinedCall) (op code.LockOp, kind LockKind) {
	for i := len(calls) - 2; i >= 0; i-- {
		if op, kind = lockMethods(calls[i].Name); op != code.LockNothing {
			return op, kind
		}
	}
	return code.LockNothing, 0
}

// callSite is the call of a method of a lock that an instruction belongs to: the function
// that calls it, and the line.
func callSite(calls []pclntab.InlinedCall) (fn, place string) {
	at := 0
	for i := len(calls) - 2; i >= 0 && at == 0; i-- {
		if op, _ := lockMethods(calls[i].Name); op != code.LockNothing {
			at = i + 1
		}
	}
	if at >= len(calls) {
		return "", ""
	}
	return program.WithoutShapes(calls[at].Name), placeText(calls[at].File, calls[at].Line)
}

func placeText(file string, line int) string {
	if file == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", file, line)
}

// Held returns the locks that a goroutine has, as its frames say, from the outermost on.
// waits is the address of what it waits for, by which the lock of a sync.Cond is told that
// has been woken, 0 for nothing; given is a lock that it has given back for the time of its
// wait, 0 for none.
func (l *LockReader) Held(gi int, waits, given uint64) (held []HeldLock) {
	g := &l.p.image.Goroutines[gi]
	if g.Recorded || l.p.program.Layout == nil {
		return nil
	}
	frames, words := l.p.Walk(gi)
	deferred := program.DeferredClosures(l.p.program, g, frames)
	drop := func(kind LockKind, addr uint64) {
		held = slices.DeleteFunc(held, func(h HeldLock) bool { return h.Kind == kind && h.Addr == addr && kind != GroupDone })
	}
	for i := len(frames) - 1; i >= 0; i-- {
		fr := &frames[i]
		if fr.Func.NameIs("sync.(*Cond).Wait") {
			for _, kind := range []LockKind{MutexLock, WriteLock, ReadLock} {
				drop(kind, waits)
				drop(kind, given)
			}
			continue
		}
		lock := uint64(0) // that the frame itself waits for
		if l.waitsIn(frames[:i]) {
			lock = waits
		}
		known := l.inFrame(fr, words, i, lock, drop, func(h HeldLock) { held = append(held, h) })
		for _, d := range deferred {
			if d.Frame != i {
				continue
			}
			for _, h := range l.putOff(&d) {
				h.Func = program.WithoutShapes(fr.Func.Name())
				contradicted := slices.Contains(known, lockKey{h.Kind, h.Addr}) || h.Addr == lock && lock != 0
				already := slices.ContainsFunc(held, func(o HeldLock) bool { return o.Kind == h.Kind && o.Addr == h.Addr })
				if h.Kind == GroupDone || !contradicted && !already {
					held = append(held, h)
				}
			}
		}
	}
	return held
}

// waitsIn reports whether all of some innermost frames are of the runtime and package sync.
func (l *LockReader) waitsIn(frames []unwind.Frame) bool {
	return !slices.ContainsFunc(frames, func(f unwind.Frame) bool {
		pkg := program.PackageOf(f.Func.Name())
		return pkg != "runtime" && pkg != "sync" && pkg != "internal/sync"
	})
}

type lockKey struct {
	kind LockKind
	addr uint64
}

// inFrame says which locks a frame has taken and given back. lock is the address of the one
// that it waits for, 0 for none. known are those that its code is about.
func (l *LockReader) inFrame(fr *unwind.Frame, words []unwind.Slot, index int, lock uint64, drop func(LockKind, uint64), take func(HeldLock)) (known []lockKey) {
	if !Followable(fr) {
		return nil
	}
	flow := l.flow(fr.Func)
	if flow == nil {
		return nil
	}
	held, dropped, takes, ok := flow.During(fr.PC)
	if !ok {
		return nil
	}
	v := newOrigins(l.p, l.codes.function(fr.Func), fr, words)
	if takes.Origin != 0 && lock != 0 {
		v.words[takes.Origin] = lock
	}
	for _, e := range flow.Events() {
		if addr, ok := v.value(e.Origin, 0); ok {
			known = append(known, lockKey{LockKind(e.Kind), addr})
		}
	}
	for _, x := range dropped {
		if addr, ok := v.value(x.Origin, 0); ok {
			drop(LockKind(x.Kind), addr)
		}
	}
	for _, x := range held {
		name, place := callSite(fr.Func.Inlined(x.Site))
		addr, ok := v.value(x.Origin, 0)
		if !ok {
			continue
		}
		take(HeldLock{Kind: LockKind(x.Kind), Addr: addr, Frame: index, ByCode: true, Place: place, Func: name})
	}
	return known
}

// putOff returns the locks that a deferred call gives back.
func (l *LockReader) putOff(d *program.DeferredClosure) (list []HeldLock) {
	mem := l.p.image.Mem
	place := placeText(d.File, d.Line)
	if entry, ok := mem.Word(d.Addr); ok {
		if fn, ok := l.p.program.Function(entry); ok && fn.Entry == entry {
			if flow := l.flow(fn); flow != nil {
				v := &origins{p: l.p, f: l.codes.function(fn), closure: d.Addr}
				for _, e := range flow.Drops() {
					if addr, ok := v.value(e.Origin, 0); ok {
						list = append(list, HeldLock{Kind: LockKind(e.Kind), Addr: addr, Frame: d.Frame, Place: place})
					}
				}
				return list
			}
		}
	}
	op, kind := lockMethods(d.Func)
	if op != code.LockDrop {
		return nil
	}
	if addr, ok := mem.Word(d.Addr + uint64(l.p.image.Arch.PtrSize)); ok {
		list = append(list, HeldLock{Kind: kind, Addr: addr, Frame: d.Frame, Place: place})
	}
	return list
}

// origins says which values words have that the code of a frame is about, by where they come
// from: those that stand in the frame, and what can be computed from them.
type origins struct {
	p       *Reader
	f       *code.Function
	cfa     uint64
	closure uint64 // that is called, 0 for unknown
	words   map[code.ID]uint64
}

func newOrigins(p *Reader, f *code.Function, fr *unwind.Frame, words []unwind.Slot) *origins {
	v := &origins{p: p, f: f, cfa: fr.CFA(), words: map[code.ID]uint64{}}
	for _, s := range f.At(fr.PC) {
		addr := fr.CFA() + uint64(s.CFA)
		if s.Doubt && !unwind.LiveWord(words, addr) {
			continue
		}
		word, ok := p.image.Mem.Word(addr)
		if !ok {
			continue
		}
		v.words[s.Origin] = word
		if o := f.Origins[s.Origin]; o.Kind == code.Inside {
			if _, known := v.words[o.Base]; !known {
				v.words[o.Base] = word - uint64(o.Off)
			}
		}
	}
	return v
}

// value returns the word that has an origin.
func (v *origins) value(id code.ID, depth int) (uint64, bool) {
	if depth > maxLoads || id == 0 {
		return 0, false
	}
	if w, ok := v.words[id]; ok {
		return w, true
	}
	switch o := v.f.Origins[id]; o.Kind {
	case code.Static:
		return o.Addr, true
	case code.Frame:
		return v.cfa + uint64(o.Off), v.cfa != 0
	case code.Context:
		return v.closure, v.closure != 0
	case code.Inside:
		base, ok := v.value(o.Base, depth+1)
		return base + uint64(o.Off), ok
	case code.Load:
		base, ok := v.value(o.Base, depth+1)
		if !ok {
			return 0, false
		}
		return v.p.image.Mem.Word(base + uint64(o.Off))
	}
	return 0, false
}
