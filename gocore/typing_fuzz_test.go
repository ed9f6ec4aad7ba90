package gocore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"runtime"
	"strings"
	"testing"
	"time"

	"goheap/dump"
	"goheap/gocore/internal/corefile"
	"goheap/gocore/internal/doctored"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/program"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
	"goheap/heap"
	"goheap/internal/testcore"
)

// fuzzed are the programs whose cores FuzzTypes damages. Between them they have
// both implementations of maps, and one object of every kind.
var fuzzed = [...]struct {
	program string
	opt     testcore.Options
}{
	{"quiet", testcore.Options{}},
	{"kinds", testcore.Options{}},
	{"oldmaps", testcore.Options{}},
	{"oldmaps", testcore.Options{Go: "go1.22.12"}},
	{"typed", testcore.Options{}},
}

const (
	// Damage is described by operations of opSize bytes each, maxOps at most.
	opSize = 12
	maxOps = 400
	// damagePage is the size of the pieces that targets are cut into, so that
	// every word of a large one can be chosen.
	damagePage = 4096
)

// The regions of a core that can be damaged.
const (
	inObjects = iota // live, with pointers
	inContainers
	inGlobals // of package main
	inStacks
	inData // all of the data sections
	inBitmaps
	inDescriptors // and itabs
	inRecords     // runtime.g and runtime.mspan
	inTables      // what the decoder starts from
	regions
)

// victim is a core that can be damaged and repaired again.
type victim struct {
	data []byte // the file, in a private mapping
	exe  string
	mem  *dump.Memory // of the file alone: its slices can be written to

	// regions are lists of what can be overwritten.
	regions [regions][]target
	// Words that mean something: addresses of objects, of parts of the data, of
	// code that closures start with, of type descriptors and itabs.
	objects, statics, code, descriptors []uint64

	heapBytes uint64 // of spans
	cost      uint64 // what opening it undamaged allocates, in bytes

	// spared are words that are never overwritten: the heads of lists that the
	// decoder follows before there is any type.
	spared map[uint64]bool

	undo  []undoWord
	pages map[uint64][]byte // of the executable, as they are to be in the core
}

type undoWord struct {
	at  []byte
	was uint64
}

// newVictim opens a core and finds out what is worth damaging.
func newVictim(t testing.TB, program string, opt testcore.Options) *victim {
	t.Helper()
	d := testcore.Core(t, program, opt, testcore.Kernel)
	v := &victim{data: doctored.Map(t, d.Core), exe: d.Exe}
	core, err := dump.New(v.data)
	if err != nil {
		t.Fatal(err)
	}
	v.mem = core.Memory

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	p, err := v.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if r := v.explore(t, p); r.err != "" {
		t.Fatal(r.err)
	}
	runtime.ReadMemStats(&after)
	v.cost = after.TotalAlloc - before.TotalAlloc
	h, err := p.Analyse(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	v.survey(h)
	return v
}

// open is Open for the core as it is now.
func (v *victim) open(ctx context.Context) (*Process, error) {
	core, err := dump.New(v.data)
	if err != nil {
		return nil, err
	}
	for addr, page := range v.pages {
		core.Memory.Fill(addr, page)
	}
	var exe *program.Executable
	var d *program.Program
	err = dump.Guard(func() (err error) {
		if exe, _, err = program.FindExecutable(core, program.Options{Exe: v.exe}); err == nil {
			d, err = corefile.Read(ctx, core, exe)
		}
		return err
	})
	if err != nil {
		if exe != nil {
			exe.Close()
		}
		core.Close()
		return nil, err
	}
	p := &Process{file: core}
	p.fill(d, Options{})
	return p, ctx.Err()
}

// analysed is the heap of the core as it is now, for the length of the test.
func (v *victim) analysed(t *testing.T) *Heap {
	t.Helper()
	p, err := v.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	h, err := p.Analyse(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// survey fills what open and damage need from an undamaged process.
func (v *victim) survey(p *Heap) {
	var list [regions][]target
	add := func(region int, addr, size uint64) { list[region] = append(list[region], target{addr, size}) }
	seen := map[uint64]bool{}
	word := func(addr uint64) uint64 {
		w, _ := p.im.Mem.Word(addr)
		return w
	}
	note := func(list *[]uint64, addr uint64) bool {
		if addr == 0 || seen[addr] {
			return false
		}
		seen[addr] = true
		*list = append(*list, addr)
		return true
	}
	for i := range p.im.Extents {
		e := &p.im.Extents[i]
		v.heapBytes += e.Size
		if e.Pointers == image.HeapBits {
			add(inBitmaps, e.At, e.Size/64)
		}
		for s := range e.N {
			n, addr := e.First+heap.Node(s), e.Base+uint64(s)*e.Elem
			if !p.live.Has(n) {
				continue
			}
			v.objects = append(v.objects, addr)
			if e.Pointers == image.NoPointers {
				continue
			}
			add(inObjects, addr, e.Elem)
			id, f := typing.SplitTypeID(p.typing.IDs[n])
			if e.Pointers == image.Headers && note(&v.descriptors, word(addr)) {
				add(inDescriptors, word(addr), 96)
			}
			if p.typing.IDs[n] >= typing.FirstUnknown {
				continue
			}
			typ := p.types.Type(id)
			switch {
			case f == typing.Container, strings.Contains(typ.Name, "maps.table"), strings.Contains(typ.Name, "sync."), strings.Contains(typ.Name, "unique."):
				add(inContainers, addr, e.Elem)
			case strings.HasPrefix(typ.Name, typing.ClosurePrefix):
				note(&v.code, word(addr))
			}
			for _, x := range p.types.Words(id) {
				if w := word(addr + x.Offset); (x.Kind == types.EfaceWord || x.Kind == types.IfaceWord) && x.Offset+8 <= e.Elem && note(&v.descriptors, w) {
					add(inDescriptors, w, 96)
				}
			}
		}
	}
	for _, x := range p.exe.Variables {
		size := p.types.Type(x.Type).Size
		if strings.HasPrefix(x.Name, "main.") && size > 0 {
			add(inGlobals, x.Addr+p.exe.Bias, size)
		}
		if size >= 8 && size < 1<<20 {
			v.statics = append(v.statics, x.Addr+p.exe.Bias)
		}
	}
	for i := range p.im.Goroutines {
		g := &p.im.Goroutines[i]
		sp := min(max(g.State.SP, g.StackLo), g.StackHi)
		add(inStacks, sp, g.StackHi-sp)
		add(inRecords, g.Addr, uint64(p.decoder.Layout.G.Size))
	}
	for _, m := range p.decoder.Modules {
		add(inData, m.Data, m.Edata-m.Data)
		add(inData, m.BSS, m.EBSS-m.BSS)
		add(inTables, m.DataMask, m.DataBits/8)
	}
	for _, name := range []string{"runtime.firstmoduledata", "runtime.mheap_", "runtime.allgs"} {
		addr, _ := p.decoder.Global(name)
		add(inTables, addr, 512)
	}
	mheap, _ := p.decoder.Global("runtime.mheap_")
	v.spared = map[uint64]bool{}
	for _, name := range []string{"runtime.allfin", "runtime.gcCleanups"} {
		addr, _ := p.decoder.Global(name)
		for i := range uint64(64) {
			v.spared[addr+8*i] = true
		}
	}
	spans := mheap + p.decoder.Layout.Mheap.AllSpans.Offset
	for i := range word(spans + 8) {
		span := word(word(spans) + 8*i)
		add(inRecords, span, uint64(p.decoder.Layout.Mspan.Size))
		v.spared[span+p.decoder.Layout.Mspan.Specials.Offset] = true
	}
	v.pages = map[uint64][]byte{}
	for _, d := range list[inDescriptors] {
		for at := d.addr &^ (damagePage - 1); at < d.addr+d.size; at += damagePage {
			if b, ok := p.im.Mem.Slice(at, damagePage); ok {
				if _, ok := v.mem.Slice(at, damagePage); !ok {
					v.pages[at] = append([]byte(nil), b...)
				}
			}
		}
	}
	for i, r := range list {
		v.regions[i] = inPieces(r)
	}
}

// inPieces cuts targets into pieces of at most damagePage bytes.
func inPieces(list []target) (out []target) {
	for _, t := range list {
		t.addr = image.AlignUp(t.addr, 8)
		for ; t.size >= 8; t.addr, t.size = t.addr+damagePage, t.size-min(t.size, damagePage) {
			out = append(out, target{t.addr, min(t.size, damagePage)})
		}
	}
	return out
}

// pick returns the i-th of a list, 0 of an empty one.
func pick(list []uint64, i uint64) uint64 {
	if len(list) == 0 {
		return 0
	}
	return list[i%uint64(len(list))]
}

// damage overwrites memory as ops say. Each is: what to overwrite (a region, a
// target of it, a word of that, how many words), and what with (a kind of word
// and a number).
func (v *victim) damage(ops []byte) {
	for ; len(ops) >= opSize; ops = ops[opSize:] {
		region := v.regions[int(ops[0])%len(v.regions)]
		if len(region) == 0 {
			continue
		}
		where := binary.LittleEndian.Uint32(ops[4:])
		at := region[where&0xfffff%uint32(len(region))]
		arg := uint64(binary.LittleEndian.Uint32(ops[8:]))
		first := uint64(where>>20) % (at.size / 8)
		for i := range uint64(1) << (ops[2] % 10) {
			addr := (at.addr + 8*(first+i)) &^ 7
			v.put(addr, v.word(ops[1], arg+i*uint64(ops[3]), addr))
		}
	}
}

// wordKinds is how many kinds of words there are.
const wordKinds = 16

// word makes a word of a kind from a number. It is to stand at addr.
func (v *victim) word(kind byte, arg, addr uint64) uint64 {
	switch kind % wordKinds {
	case 0:
		return arg
	case 1:
		return uint64(1) << (arg % 64)
	case 2:
		return uint64(1)<<(arg%64) - 1
	case 3, 4, 5:
		return pick(v.objects, arg)
	case 6:
		return pick(v.objects, arg>>8) + arg%256
	case 7:
		return addr - 8*(arg%64) // itself, or what it stands in
	case 8:
		return pick(v.descriptors, arg)
	case 9:
		return pick(v.statics, arg)
	case 10:
		return pick(v.code, arg)
	case 11: // a word that stands elsewhere
		w, _ := v.mem.Word(pick(v.objects, arg>>6) + 8*(arg%64))
		return w
	case 12: // a neighbour
		w, _ := v.mem.Word(addr - 8*(arg%64))
		return w
	case 13:
		w, _ := v.mem.Word(addr)
		return w ^ uint64(1)<<(arg%64)
	case 14:
		w, _ := v.mem.Word(addr)
		return w + uint64(int64(int32(arg)))
	}
	return arg << 32
}

// put writes a word, wherever the core or the executable has one.
func (v *victim) put(addr, value uint64) {
	if v.spared[addr] {
		return
	}
	b, ok := v.mem.Slice(addr, 8)
	if page := v.pages[addr&^(damagePage-1)]; page != nil {
		b, ok = page[addr%damagePage:][:8], true
	}
	if !ok {
		return
	}
	v.undo = append(v.undo, undoWord{b, binary.LittleEndian.Uint64(b)})
	binary.LittleEndian.PutUint64(b, value)
}

// repair undoes all damage.
func (v *victim) repair() {
	for i := len(v.undo) - 1; i >= 0; i-- {
		binary.LittleEndian.PutUint64(v.undo[i].at, v.undo[i].was)
	}
	v.undo = v.undo[:0]
}

// outcome is what was found in a core.
type outcome struct {
	hash uint64 // of everything
	err  string // that it could not be opened, or typed, for
}

// patience is how long one look at a core of a few megabytes may take, which takes
// a tenth of a second undamaged. It is no measure: it is there to find out about
// loops.
const patience = 20 * time.Second

// explore asks a process for everything that follows from the types of its
// objects.
func (v *victim) explore(t testing.TB, proc *Process) outcome {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	h := fnv.New64a()
	p, err := proc.Analyse(ctx, nil)
	if err != nil {
		return outcome{err: err.Error()}
	}
	d := p.Dominators()
	v.checkTyping(t, p)
	fmt.Fprintln(h, p.typing.IDs, p.typing.Evidence, p.typing.Totals.TypedBytes, p.typing.Conflicts, p.typing.Unknown)

	maps := 0
	step := 1 + int(d.LiveCount())/50
	seen := 0
	for i := range p.im.Extents {
		e := &p.im.Extents[i]
		for s := range e.N {
			n := e.First + heap.Node(s)
			if !p.live.Has(n) {
				continue
			}
			if id, f := typing.SplitTypeID(p.typing.IDs[n]); f == typing.Container && p.typing.IDs[n] < typing.FirstUnknown && p.types.Type(id).Kind == types.Map && maps < 200 {
				maps++
				v.checkEntries(t, p, id, e.Base+uint64(s)*e.Elem)
			}
			if seen++; seen%step != 0 {
				continue
			}
			path := p.Path(d.PathTo(n))
			found, err := p.Lookup(path.Expression)
			if err != nil && (!errors.Is(err, ErrNotFound) || strings.ContainsAny(err.Error(), "\n\x00\x1b")) {
				t.Errorf("Lookup(%q): %v", path.Expression, err)
			}
			fields, more := p.Fields(n, 20)
			fmt.Fprintln(h, path, found, err, fields, more)
		}
	}
	for i := range proc.Goroutines() {
		fmt.Fprintln(h, proc.Frames(i))
	}
	return outcome{hash: h.Sum64()}
}

// checkEntries visits what a map holds.
func (v *victim) checkEntries(t testing.TB, p *Heap, m types.ID, addr uint64) {
	n := uint64(0)
	p.space.Entries(m, addr, func(inferior.Entry) bool {
		n++
		return true
	})
	// Each entry has a byte of its own that says so.
	if most := uint64(len(p.im.Pages.Pages)) * image.PageSize; n > most {
		t.Errorf("%s at %#x has %d entries in a heap that has room for %d", p.types.Type(m).Name, addr, n, most)
	}
}

// checkTyping holds the types that objects got against their pointer maps, bit by
// bit, and the sums against the objects.
func (v *victim) checkTyping(t testing.TB, p *Heap) {
	var live, typed uint64
	for i := range p.im.Extents {
		e := &p.im.Extents[i]
		for s := range e.N {
			n, slot := e.First+heap.Node(s), e.Base+uint64(s)*e.Elem
			ev, id := p.typing.Evidence[n], p.typing.IDs[n]
			if !p.live.Has(n) {
				if ev != 0 || id != 0 {
					t.Fatalf("%#x is not live, but has type %#x by %s", slot, id, ev)
				}
				continue
			}
			live += e.Elem
			known, fits := id < typing.FirstFit, id >= typing.FirstFit && id < typing.FirstUnknown
			if id == 0 || known != (ev >= typing.ByHeader && ev < typing.ByFit) || fits != (ev == typing.ByFit) {
				t.Fatalf("%#x has type %#x by %s", slot, id, ev)
			} else if !known && !fits {
				continue
			}
			if known {
				typed += e.Elem
			}
			if e.Pointers == image.HeapBits {
				if why := contradiction(p, e, slot, id); why != "" {
					t.Errorf("%#x of %d bytes is %s by %s: %s", slot, e.Elem, p.TypeInfo(id).Name, ev, why)
				}
			}
		}
	}
	if sums := p.typing.Totals; sums.TypedBytes != typed || typed > live || sums.CoveredBytes > typed {
		t.Errorf("%d bytes are live, %d of them typed; the sums are %+v", live, typed, sums)
	}
}

// contradiction says where the type of a slot with heap bits has a pointer and the
// slot has none, or the other way round; "" where they agree.
func contradiction(p *Heap, e *image.Extent, slot uint64, id heap.TypeID) string {
	t, f := typing.SplitTypeID(id)
	words := e.Elem / 8
	slotHas := make([]bool, words)
	last := uint64(0)
	for w := range words {
		bit := (slot-e.Base)/8 + w
		b, _ := p.im.Mem.Uint(e.At+bit/8, 1)
		if slotHas[w] = b>>(bit%8)&1 != 0; slotHas[w] {
			last = w + 1
		}
	}
	if f == typing.StringData && last > 0 {
		return "string data has pointers"
	}
	if f == typing.Container {
		t = p.types.Type(t).Runtime
	}
	typeHas := make([]bool, words)
	size := p.types.Type(t).Size
	n := uint64(1)
	if f == typing.ManyValues && size > 0 {
		n = (8*last + size - 1) / size // the slot may have room for more, which was not asked for
	}
	if size > 0 {
		for i := range min(n, words) {
			markPointers(p.types, t, i*size, typeHas, 0)
		}
	}
	for w := range words {
		if slotHas[w] != typeHas[w] {
			return fmt.Sprintf("the word at +%#x is a pointer: %t by the slot, %t by the type", w*8, slotHas[w], typeHas[w])
		}
	}
	return ""
}

// markPointers notes which words of a value of type t at byte off are pointers.
func markPointers(table *types.Table, t types.ID, off uint64, has []bool, depth int) {
	typ := table.Type(t)
	mark := func(off uint64) {
		if off%8 == 0 && off/8 < uint64(len(has)) {
			has[off/8] = true
		}
	}
	if depth > 100 || off/8 >= uint64(len(has)) {
		return
	}
	switch typ.Kind {
	case types.Pointer:
		if table.PointerAt(t, 0) { // unless to what is never on the heap
			mark(off)
		}
	case types.UnsafePointer, types.Map, types.Chan, types.Func, types.String, types.Slice:
		mark(off)
	case types.Interface:
		mark(off + 8)
	case types.Array:
		size := table.Type(typ.Elem).Size
		if size == 0 || typ.Len != typ.Size/size {
			return
		}
		for i := uint64(0); i < typ.Len && (off+i*size)/8 < uint64(len(has)); i++ {
			markPointers(table, typ.Elem, off+i*size, has, depth+1)
		}
	case types.Struct:
		end := uint64(0)
		for _, f := range typ.Fields {
			size := table.Type(f.Type).Size
			if f.Offset < end || f.Offset > typ.Size || size > typ.Size-f.Offset {
				continue // of a damaged descriptor
			}
			end = f.Offset + size
			markPointers(table, f.Type, off+f.Offset, has, depth+1)
		}
	}
}

// costFactor is how many bytes may be allocated for each byte of the heap and of
// the input, besides what an undamaged core takes.
const costFactor = 64

// attack reads a damaged core, twice, holds what comes out against what must hold
// of any, and repairs it. input is the size of what describes the damage.
func (v *victim) attack(t testing.TB, input int) {
	defer v.repair()
	timer := time.AfterFunc(2*patience, func() { panic("this takes for ever") })
	defer timer.Stop()
	run := func() (outcome, uint64) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		p, err := v.open(t.Context())
		if err != nil {
			if errors.Is(err, dump.ErrInternal) {
				t.Fatal(err)
			}
			return outcome{err: err.Error()}, 0
		}
		defer p.Close()
		o := v.explore(t, p)
		if strings.Contains(o.err, dump.ErrInternal.Error()) || strings.Contains(o.err, context.DeadlineExceeded.Error()) {
			t.Fatal(o.err)
		}
		runtime.ReadMemStats(&after)
		return o, after.TotalAlloc - before.TotalAlloc
	}
	first, used := run()
	if most := 2*v.cost + costFactor*(v.heapBytes+uint64(input)); used > most {
		t.Errorf("%d bytes were allocated, at most %d are expected", used, most)
	}
	procs := runtime.GOMAXPROCS(1)
	second, _ := run()
	runtime.GOMAXPROCS(procs)
	if first != second {
		t.Errorf("the first time it comes to %+v, with one processor to %+v", first, second)
	}
}

// op is one operation of damage.
func op(region, kind, times, stride byte, where, arg uint32) []byte {
	b := []byte{region, kind, times, stride}
	b = binary.LittleEndian.AppendUint32(b, where)
	return binary.LittleEndian.AppendUint32(b, arg)
}

// FuzzTypes finds and names the types of objects of programs whose memory holds
// anything: heap, globals, stacks, descriptors and the runtime's own tables. What
// comes out contradicts no pointer map, costs no more than a multiple of the input
// and is the same every time.
func FuzzTypes(f *testing.F) {
	var victims [len(fuzzed)]*victim
	for i, x := range fuzzed {
		victims[i] = newVictim(f, x.program, x.opt)
	}
	// Each of all regions has words of each kind.
	for kind := range byte(wordKinds) {
		var ops []byte
		for region := range byte(regions) {
			for i := range uint32(4) {
				ops = append(ops, op(region, kind, 2+byte(i), 1, i<<22+(i+1)*uint32(kind+1)*37, i*1001+uint32(kind))...)
			}
		}
		f.Add(kind, ops)
	}
	f.Fuzz(func(t *testing.T, which byte, ops []byte) {
		v := victims[int(which)%len(victims)]
		ops = ops[:min(len(ops), maxOps*opSize)]
		v.damage(ops)
		v.attack(t, len(ops))
	})
}

// What is claimed of an object agrees with all of its pointers: with one behind the
// value that something points to, and with one in what strings and slices of bytes
// lead to.
func TestClaimsAgree(t *testing.T) {
	v := newVictim(t, "typed", testcore.Options{})
	p := v.analysed(t)
	setBits := func(e *image.Extent, slot, words uint64) {
		for i := range e.Elem / 8 {
			if bit := (slot-e.Base)/8 + i; words>>i&1 != 0 {
				at := e.At + bit/64*8
				w, _ := p.im.Mem.Word(at)
				v.put(at, w|1<<(bit%64))
			}
		}
	}
	var dead []target          // slots of two words, of which the first is to be a pointer
	var texts, slices []uint64 // where strings and slices of bytes stand
	longer := 0
	for i := range p.im.Extents {
		e := &p.im.Extents[i]
		for s := range e.N {
			n, slot := e.First+heap.Node(s), e.Base+uint64(s)*e.Elem
			id, f := typing.SplitTypeID(p.typing.IDs[n])
			switch {
			case e.Pointers != image.HeapBits:
			case !p.live.Has(n):
				if e.Elem == 16 {
					dead = append(dead, target{slot, 16})
					setBits(e, slot, 1)
				}
			case p.typing.IDs[n] < typing.FirstUnknown && f == typing.OneValue:
				if p.types.Type(id).Size <= e.Elem-8 {
					setBits(e, slot, 1<<(e.Elem/8-1))
					longer++
				}
				for _, x := range p.types.Words(id) {
					switch {
					case x.Kind == types.StringWord && x.Offset+16 <= e.Elem:
						texts = append(texts, slot+x.Offset)
					case x.Kind == types.SliceWord && p.types.Type(x.Target).Kind == types.Uint8 && x.Offset+24 <= e.Elem:
						slices = append(slices, slot+x.Offset)
					}
				}
			}
		}
	}
	if longer < 10 || len(texts) < 10 || len(slices) < 10 || len(dead) < 20 {
		t.Fatalf("%d objects with room behind them, %d strings, %d slices and %d slots to lead them to are too few", longer, len(texts), len(slices), len(dead))
	}
	for i, slot := range dead {
		if i < len(slices) && i%2 == 0 {
			v.put(slices[i], slot.addr)
			v.put(slices[i]+16, 16) // capacity
		} else if i < len(texts) {
			v.put(texts[i], slot.addr)
			v.put(texts[i]+8, 1+uint64(i)%3) // length
		}
	}
	v.attack(t, 0)
}

// What is left out since there is too much to follow is counted.
func TestMayWalk(t *testing.T) {
	v := newVictim(t, "quiet", testcore.Options{})
	for _, some := range []bool{false, true} {
		p, err := v.open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		h := graphOnly(t, p)
		defer h.free()
		walk := h.newTyper(func() error { return nil })
		if some {
			walk.Mem.Left = 100_000
		}
		if err := h.runTyper(t.Context(), walk); err != nil {
			t.Fatal(err)
		}
		if some != (h.unwalked >= 10) || !some && h.unwalked > 0 {
			t.Errorf("%d values were not followed", h.unwalked)
		}
		if n := h.typing.Totals.TypedObjects; n == 0 {
			t.Error("what could be followed has no types either")
		}
	}
}

// graphOnly is the heap of a process with its graph alone.
func graphOnly(t testing.TB, p *Process) *Heap {
	t.Helper()
	h := newHeap(p.stacks)
	if err := h.scan(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.findLive(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h
}

// A map whose directory holds the same tables again and again has no more entries
// than they have.
func TestLongDirectory(t *testing.T) {
	v := newVictim(t, "quiet", testcore.Options{})
	p := v.analysed(t)
	// The longest directory of all maps is copied over the largest object, so that
	// it repeats to its end.
	var m types.ID
	var header, dir, tables, room target
	for i := range p.im.Extents {
		e := &p.im.Extents[i]
		if e.Elem > room.size {
			room = target{e.Base, e.Elem}
		}
		for s := range e.N {
			n, addr := e.First+heap.Node(s), e.Base+uint64(s)*e.Elem
			id, f := typing.SplitTypeID(p.typing.IDs[n])
			if typ := p.types.Type(id); f == typing.Container && p.typing.IDs[n] < typing.FirstUnknown && typ.Kind == types.Map {
				l := &p.space.Layout.SwissMap
				if n, _ := p.im.Mem.Word(addr + l.DirLen.Offset); n > tables.size {
					m, header, dir = id, target{addr, 0}, target{addr + l.DirPtr.Offset, addr + l.DirLen.Offset}
					ptr, _ := p.im.Mem.Word(dir.addr)
					tables = target{ptr, n}
				}
			}
		}
	}
	if tables.size < 2 {
		t.Fatal("no map of the program has more than one table")
	}
	count := func() (n uint64) {
		p.space.Entries(m, header.addr, func(inferior.Entry) bool {
			n++
			return true
		})
		return n
	}
	want := count()
	for i := range room.size / 8 {
		w, _ := p.im.Mem.Word(tables.addr + i%tables.size*8)
		v.put(room.addr+i*8, w)
	}
	v.put(dir.addr, room.addr)
	v.put(dir.size, room.size/8)
	defer v.repair()
	if got := count(); want == 0 || got != want {
		t.Errorf("%d entries, want the %d of its %d tables; the directory has %d words", got, want, tables.size, room.size/8)
	}
	parts := func() (n int) {
		r := &inferior.Reader{Mem: p.im.Mem, Left: 1 << 40}
		p.space.MapParts(r, p.space.Map(m), header.addr, func(inferior.Part) { n++ })
		return n
	}
	if parts() == 0 {
		t.Error("a directory that fills its object has no parts")
	}
	v.put(dir.size, room.size/8+1)
	if n := parts(); n > 0 {
		t.Errorf("a directory that is longer than its object has %d parts", n)
	}
}
