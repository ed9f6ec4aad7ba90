package main

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"runtime"
	"unsafe"
)

type part struct {
	p *thing
	n int
}

type pair struct {
	before [3]int
	part   part
}

type (
	words     []string
	names     map[string]*part
	onEvent   func(int) int
	recursive []recursive
	selfMap   map[string]selfMap
	selfChan  chan selfChan
)

type node struct {
	children []node
	up       *node
	byName   map[string]node
	p        *thing
}

type duo[K comparable, V any] struct {
	key   K
	value V
	next  *duo[K, V]
}

type base struct {
	p     *thing
	depth int
}

type other struct {
	p *thing
	q *thing
}

type (
	derived   struct{ base }
	deeper    struct{ derived }
	ambiguous struct {
		base
		other
	}
	shadowed struct {
		base
		p *thing
	}
	byPointer struct{ *base }
	generic   struct{ box[*thing] }
)

type withZero struct {
	_ [0]func()
	p *thing
	z struct{}
}

// giant is more than an int32 says, where the compiler has larger types.
const giant = 1 << (30 + ^uint(0)>>63)

type giants struct {
	g *[giant]byte
	s [][giant]byte
	p *thing
}

type number int

func (n number) Sum() int { return int(n) }

type record struct {
	a, b int
	p    *thing
}

func (r record) Sum() int { return r.a }

type strs []string

func (s strs) Sum() int { return len(s) }

type word1 struct{ p *thing }

func (w word1) Sum() int { return w.p.id }

var l struct {
	tiny struct {
		a *int32
		b *uint16
		c *[3]byte
		d *bool
	}
	interior  *part
	element   **thing
	blob      unsafe.Pointer
	large     *[100]*thing
	larger    *[8192]*thing
	hugeSlice []pair
	short     [][]*thing
	zero      *struct{}
	withZero  *withZero
	recursive recursive
	selfMap   selfMap
	selfChan  selfChan
	node      *node
	giants    *giants

	structOf  any
	funcOf    reflect.Type
	arrayOf   any
	sliceOf   any
	mapOf     any
	chanOf    any
	makeFunc  any
	pointerTo any

	generic *duo[string, *box[url.URL]]
	nested  *duo[point, duo[string, []*thing]]
	local   any
	locals  any

	derived   *derived
	deeper    *deeper
	ambiguous *ambiguous
	shadowed  *shadowed
	byPointer *byPointer
	embedsGen *generic
	anonymous *struct {
		a *thing
		b struct{ c, d *thing }
	}

	words   *words
	names   names
	onEvent onEvent
	grid    [3][4]*thing
	grids   *[3][4]part
	jagged  [][]*thing
	text    string
	texts   *string
	bytes   []byte
	slices  *[]*thing
	ptr     *int
	ptrs    ***thing
	list    *thing
	loops   *node

	boxedInt    any
	boxedString any
	boxedStruct any
	boxedSlice  any
	boxedFunc   any
	boxedMap    any
	boxedArray  any
	boxedPtr    any
	number      summer
	record      summer
	strs        summer
	direct      summer
	err         error
	err2        error
	functions   struct{ start, stop func() }
	channels    map[string]chan *thing

	finalized *record
	cleaned   *record
	unsafely  unsafe.Pointer
	mixed     []any
}

//go:noinline
func buildTypes() {
	tiny()
	arrays := new([5]pair)
	l.interior = &arrays[4].part
	l.interior.p = newThing()
	say("interior pointer to a struct", at(l.interior), "[]main.pair", "main.l.interior").Fits = true
	isThing("behind an interior pointer", l.interior.p, "main.l.interior.p")
	pointers := new([20]*thing)
	l.element = &pointers[7]
	*l.element = newThing()
	isThing("behind an interior pointer to a pointer", *l.element, "*main.l.element")
	l.blob = unsafe.Pointer(&make([]byte, 1000)[0])
	say("bytes behind an unsafe.Pointer", uintptr(l.blob), "(unknown 1024 B, no pointers)", "main.l.blob")
	hidden := &part{p: newThing()}
	l.unsafely = unsafe.Pointer(hidden)
	say("object behind an unsafe.Pointer", at(hidden), unknown(2, 0x1), "main.l.unsafely")
	say("behind an object behind an unsafe.Pointer", at(hidden.p), unknown(4, 0x6), "main.l.unsafely → +0x0")

	l.large = new([100]*thing)
	l.large[42] = newThing()
	say("array with a header", at(l.large), "[100]*main.thing", "main.l.large")
	isThing("array with a header, element", l.large[42], "main.l.large[42]")
	l.larger = new([8192]*thing)
	l.larger[5000] = newThing()
	say("array in a span of its own", at(l.larger), "[8192]*main.thing", "main.l.larger")
	isThing("array in a span of its own, element", l.larger[5000], "main.l.larger[5000]")
	l.hugeSlice = make([]pair, 3000)
	l.hugeSlice[2999].part.p = newThing()
	say("slice in a span of its own", word(l.hugeSlice), "[]main.pair", "main.l.hugeSlice")
	isThing("slice in a span of its own, element", l.hugeSlice[2999].part.p, "main.l.hugeSlice[2999].part.p")
	for n := 5; n <= 6; n++ {
		all := make([]*thing, n)
		all[n-1] = newThing()
		l.short = append(l.short, all[:2:2])
		say(fmt.Sprint("array of which a slice has the beginning, ", n), word(all), "[]*main.thing", fmt.Sprintf("main.l.short[%d]", n-5))
		isThing(fmt.Sprint("array of which a slice has the beginning, beyond it, ", n), all[n-1], "")
	}
	l.zero = new(struct{})
	missing("value of no size", "it is no object")
	l.withZero = &withZero{p: newThing()}
	say("struct with fields of no size", at(l.withZero), "main.withZero", "main.l.withZero")
	isThing("struct with fields of no size, on", l.withZero.p, "main.l.withZero.p")

	l.recursive = recursive{nil, {nil, {}, {nil, nil}}}
	say("recursive slice", word(l.recursive), "[]main.recursive", "main.l.recursive")
	say("recursive slice, inner", word(l.recursive[1][2]), "[]main.recursive", "main.l.recursive[1][2]")
	l.selfMap = selfMap{"a": {"b": {"c": nil}}}
	say("recursive map", word(l.selfMap["a"]["b"]), "main.selfMap", `main.l.selfMap["a"]["b"]`)
	l.selfChan = make(selfChan, 1)
	sc := make(selfChan, 2)
	l.selfChan <- sc
	say("recursive channel", word(sc), "main.selfChan", "<-main.l.selfChan[0]")
	l.node = &node{children: []node{{}, {children: []node{{p: newThing()}}, byName: map[string]node{"n": {p: newThing()}}}}}
	isThing("recursive struct by slices", l.node.children[1].children[0].p, "main.l.node.children[1].children[0].p")
	isThing("recursive struct by a map", l.node.children[1].byName["n"].p, `main.l.node.children[1].byName["n"].p`)
	l.giants = &giants{p: newThing()}
	isThing("beside a pointer to a giant array", l.giants.p, "main.l.giants.p")

	reflected()
	generics()
	embedding()
	named()
	interfaces()
	specials()
	chains()
}

//go:noinline
func tiny() {
	for {
		a, b, c, d := new(int32), new(uint16), new([3]byte), new(bool)
		if at(a)/16 == at(b)/16 && at(b)/16 == at(c)/16 && at(c)/16 == at(d)/16 && at(a)%16 == 0 {
			l.tiny.a, l.tiny.b, l.tiny.c, l.tiny.d = a, b, c, d
			break
		}
		sinkByte = new(byte)
	}
	*l.tiny.a = 7
	say("tiny block", at(l.tiny.a), "int32", "*main.l.tiny.a").Tiny = true
	say("tiny block, another value", at(l.tiny.d), "bool", "*main.l.tiny.a").Tiny = true
}

// unknown is what can be said of some words to which nothing typed leads.
func unknown(words, pointers uintptr) string {
	return fmt.Sprintf("(unknown %d B, pointers %#x)", words*unsafe.Sizeof(words), pointers)
}

var sinkByte *byte

// typeFor is reflect.TypeFor, which is there since Go 1.22.
func typeFor[T any]() reflect.Type { return reflect.TypeOf((*T)(nil)).Elem() }

//go:noinline
func reflected() {
	t := typeFor[*thing]()
	v := reflect.New(reflect.StructOf([]reflect.StructField{
		{Name: "A", Type: t}, {Name: "B", Type: typeFor[string]()}, {Name: "C", Type: t},
	}))
	v.Elem().Field(2).Set(reflect.ValueOf(newThing()))
	l.structOf = v.Interface()
	const structOf = "struct { A *main.thing; B string; C *main.thing }"
	say("reflect.StructOf", v.Pointer(), structOf, "main.l.structOf.(*"+structOf+")")
	isThing("reflect.StructOf, on", v.Elem().Field(2).Interface().(*thing), "main.l.structOf.(*"+structOf+").C")

	l.funcOf = reflect.FuncOf([]reflect.Type{t, typeFor[withZero]()}, []reflect.Type{t}, false)
	say("reflect.FuncOf", reflect.ValueOf(l.funcOf).Pointer(), funcDescriptor, "main.l.funcOf.(*reflect.rtype)")

	v = reflect.New(reflect.ArrayOf(37, t))
	v.Elem().Index(36).Set(reflect.ValueOf(newThing()))
	l.arrayOf = v.Interface()
	say("reflect.ArrayOf", v.Pointer(), "[37]*main.thing", "main.l.arrayOf.(*[37]*main.thing)")
	isThing("reflect.ArrayOf, on", v.Elem().Index(36).Interface().(*thing), "main.l.arrayOf.(*[37]*main.thing)[36]")

	v = reflect.MakeSlice(reflect.SliceOf(typeFor[withZero]()), 5, 5)
	v.Index(3).Set(reflect.ValueOf(withZero{p: newThing()}))
	l.sliceOf = v.Interface()
	say("reflect.SliceOf", v.Pointer(), "[]main.withZero", "main.l.sliceOf.([]main.withZero)")
	isThing("reflect.SliceOf, on", v.Index(3).Interface().(withZero).p, "main.l.sliceOf.([]main.withZero)[3].p")

	v = reflect.MakeMap(reflect.MapOf(typeFor[int16](), typeFor[withZero]()))
	v.SetMapIndex(reflect.ValueOf(int16(5)), reflect.ValueOf(withZero{p: newThing()}))
	l.mapOf = v.Interface()
	say("reflect.MapOf", v.Pointer(), "map[int16]main.withZero", "main.l.mapOf.(map[int16]main.withZero)")
	isThing("reflect.MapOf, on", v.MapIndex(reflect.ValueOf(int16(5))).Interface().(withZero).p, "main.l.mapOf.(map[int16]main.withZero)[5].p")

	v = reflect.MakeChan(reflect.ChanOf(reflect.BothDir, typeFor[withZero]()), 2)
	x := newThing()
	v.Send(reflect.ValueOf(withZero{p: x}))
	l.chanOf = v.Interface()
	say("reflect.ChanOf", v.Pointer(), "chan main.withZero", "main.l.chanOf.(chan main.withZero)")
	isThing("reflect.ChanOf, on", x, "(<-main.l.chanOf.(chan main.withZero)[0]).p")

	held := newThing()
	l.makeFunc = reflect.MakeFunc(typeFor[func(int8) int16](), func([]reflect.Value) []reflect.Value {
		return []reflect.Value{reflect.ValueOf(int16(held.id))}
	}).Interface()
	say("reflect.MakeFunc", boxed(l.makeFunc), "reflect.makeFuncImpl", "main.l.makeFunc.(func(int8) int16)")
	isThing("reflect.MakeFunc, captured", held, "main.l.makeFunc.(func(int8) int16).fn.func1 captured held")

	v = reflect.New(reflect.PointerTo(typeFor[withZero]()))
	v.Elem().Set(reflect.ValueOf(&withZero{}))
	l.pointerTo = v.Interface()
	say("reflect.PointerTo", v.Pointer(), "*main.withZero", "*main.l.pointerTo.(**main.withZero)")
	say("reflect.PointerTo, on", v.Elem().Pointer(), "main.withZero", "*main.l.pointerTo.(**main.withZero)")
}

//go:noinline
func generics() {
	l.generic = &duo[string, *box[url.URL]]{value: &box[url.URL]{}, next: &duo[string, *box[url.URL]]{}}
	say("generic type", at(l.generic), "main.duo[string,*main.box[net/url.URL]]", "main.l.generic")
	say("generic type as an argument", at(l.generic.value), "main.box[net/url.URL]", "main.l.generic.value")
	l.nested = &duo[point, duo[string, []*thing]]{value: duo[string, []*thing]{value: []*thing{newThing()}}}
	say("nested generic types", at(l.nested), "main.duo[main.point,main.duo[string,[]*main.thing]]", "main.l.nested")
	isThing("nested generic types, on", l.nested.value.value[0], "main.l.nested.value.value[0]")
	type inner struct{ p *thing }
	i := &inner{newThing()}
	l.local = i
	say("local type", at(i), "main.inner", "main.l.local.(*main.inner)")
	isThing("local type, on", i.p, "main.l.local.(*main.inner).p")
	b := &box[inner]{inner{newThing()}}
	l.locals = b
	say("local type as an argument", at(b), "main.box[main.inner]", "main.l.locals.(*main.box[main.inner])")
	isThing("local type as an argument, on", b.v.p, "main.l.locals.(*main.box[main.inner]).v.p")
}

//go:noinline
func embedding() {
	l.derived = &derived{base{p: newThing()}}
	isThing("embedded struct", l.derived.p, "main.l.derived.p")
	l.deeper = &deeper{derived{base{p: newThing()}}}
	isThing("embedded struct, twice", l.deeper.p, "main.l.deeper.p")
	l.ambiguous = &ambiguous{base{p: newThing()}, other{newThing(), newThing()}}
	isThing("embedded structs with one name, first", l.ambiguous.base.p, "main.l.ambiguous.base.p")
	isThing("embedded structs with one name, second", l.ambiguous.other.p, "main.l.ambiguous.other.p")
	isThing("embedded structs, another name", l.ambiguous.q, "main.l.ambiguous.q")
	l.shadowed = &shadowed{base{p: newThing()}, newThing()}
	isThing("embedded struct, shadowed", l.shadowed.base.p, "main.l.shadowed.base.p")
	isThing("embedded struct, shadowing", l.shadowed.p, "main.l.shadowed.p")
	l.byPointer = &byPointer{&base{p: newThing()}}
	say("embedded pointer", at(l.byPointer.base), "main.base", "main.l.byPointer.base")
	isThing("embedded pointer, on", l.byPointer.p, "main.l.byPointer.base.p")
	l.embedsGen = &generic{box[*thing]{newThing()}}
	isThing("embedded generic struct", l.embedsGen.v, "main.l.embedsGen.v")
	l.anonymous = &struct {
		a *thing
		b struct{ c, d *thing }
	}{a: newThing(), b: struct{ c, d *thing }{d: newThing()}}
	say("anonymous struct", at(l.anonymous), "struct { a *main.thing; b struct { c *main.thing; d *main.thing } }", "main.l.anonymous")
	isThing("anonymous struct, on", l.anonymous.b.d, "main.l.anonymous.b.d")
}

//go:noinline
func named() {
	l.words = &words{long("first"), long("second")}
	say("named slice", at(l.words), "main.words", "*main.l.words")
	say("named slice, element", word((*l.words)[1]), "string data", "(*main.l.words)[1]")
	l.names = names{"n": {p: newThing()}}
	say("named map", word(l.names), "main.names", "main.l.names")
	isThing("named map, on", l.names["n"].p, `main.l.names["n"].p`)
	x := newThing()
	l.onEvent = func(i int) int { return x.id + i }
	isThing("named function", x, "main.l.onEvent."+own(l.onEvent)+" captured x")
	l.grid[2][3] = newThing()
	isThing("array of arrays", l.grid[2][3], "main.l.grid[2][3]")
	l.grids = new([3][4]part)
	l.grids[1][2].p = newThing()
	say("array of arrays on the heap", at(l.grids), "[3][4]main.part", "main.l.grids")
	isThing("array of arrays on the heap, on", l.grids[1][2].p, "main.l.grids[1][2].p")
	l.jagged = [][]*thing{{}, {nil, newThing()}}
	say("slice of slices", word(l.jagged), "[][]*main.thing", "main.l.jagged")
	isThing("slice of slices, on", l.jagged[1][1], "main.l.jagged[1][1]")
	l.text = long("plain")
	say("string", word(l.text), "string data", "main.l.text")
	l.texts = new(string)
	*l.texts = long("pointed to")
	say("pointer to a string", at(l.texts), "string", "*main.l.texts")
	say("pointer to a string, data", word(*l.texts), "string data", "*main.l.texts")
	l.bytes = make([]byte, 10, 64)
	say("bytes", word(l.bytes), "[]uint8", "main.l.bytes")
	l.slices = &[]*thing{newThing()}
	say("pointer to a slice", at(l.slices), "[]*main.thing", "*main.l.slices")
	isThing("pointer to a slice, on", (*l.slices)[0], "(*main.l.slices)[0]")
	p, pp := newThing(), new(**thing)
	p.next = newThing()
	*pp = new(*thing)
	**pp = p
	l.ptrs = pp
	say("pointer to a pointer to a pointer", at(pp), "**main.thing", "*main.l.ptrs")
	say("pointer to a pointer", at(*pp), "*main.thing", "**main.l.ptrs")
	isThing("through pointers to pointers", p, "**main.l.ptrs")
	isThing("through pointers to pointers, on", p.next, "(**main.l.ptrs).next")
}

var sinkBox any

// alone boxes values of a word until one has a block of small values for itself: it
// stands at its start, and what fills the rest is dropped.
func alone(box func() any) any {
	const block, word = 16, unsafe.Sizeof(uintptr(0))
	for {
		v := box()
		filled := boxed(v)%block == 0
		for off := word; filled && off < block; off += word {
			sinkBox = box()
			filled = boxed(sinkBox) == boxed(v)+off
		}
		sinkBox = nil
		if filled {
			return v
		}
	}
}

//go:noinline
func interfaces() {
	n := 1_000_000 + count
	l.boxedInt = alone(func() any { n++; return n })
	say("boxed int", boxed(l.boxedInt), "int", "main.l.boxedInt.(int)").Tiny = true
	l.boxedString = long("boxed")
	say("boxed string", boxed(l.boxedString), "string", "main.l.boxedString.(string)")
	say("boxed string, data", word(l.boxedString.(string)), "string data", "main.l.boxedString.(string)")
	l.boxedStruct = record{p: newThing()}
	say("boxed struct", boxed(l.boxedStruct), "main.record", "main.l.boxedStruct.(main.record)")
	isThing("boxed struct, on", l.boxedStruct.(record).p, "main.l.boxedStruct.(main.record).p")
	l.boxedSlice = []*thing{nil, newThing()}
	say("boxed slice", boxed(l.boxedSlice), "[]*main.thing", "main.l.boxedSlice.([]*main.thing)")
	isThing("boxed slice, on", l.boxedSlice.([]*thing)[1], "main.l.boxedSlice.([]*main.thing)[1]")
	x := newThing()
	l.boxedFunc = handler(func() int { return x.id })
	isThing("boxed function", x, "main.l.boxedFunc.(main.handler)."+own(l.boxedFunc)+" captured x")
	l.boxedMap = names{"k": {p: newThing()}}
	isThing("boxed map", l.boxedMap.(names)["k"].p, `main.l.boxedMap.(main.names)["k"].p`)
	l.boxedArray = [3]*thing{1: newThing()}
	isThing("boxed array", l.boxedArray.([3]*thing)[1], "main.l.boxedArray.([3]*main.thing)[1]")
	ptr := new(*thing)
	*ptr = newThing()
	l.boxedPtr = ptr
	say("boxed pointer to a pointer", at(ptr), "*main.thing", "*main.l.boxedPtr.(**main.thing)")
	isThing("boxed pointer to a pointer, on", *ptr, "*main.l.boxedPtr.(**main.thing)")

	l.number = alone(func() any { n++; return number(n) }).(summer)
	say("value receiver, int", boxed(l.number), "main.number", "main.l.number.(main.number)").Tiny = true
	l.record = record{p: newThing()}
	isThing("value receiver, struct", l.record.(record).p, "main.l.record.(main.record).p")
	l.strs = strs{long("one"), long("two")}
	say("value receiver, slice", word(l.strs.(strs)), "[]string", "main.l.strs.(main.strs)")
	say("value receiver, slice, element", word(l.strs.(strs)[1]), "string data", "main.l.strs.(main.strs)[1]")
	l.direct = word1{newThing()}
	isThing("value receiver, a pointer alone", l.direct.(word1).p, "main.l.direct.(main.word1).p")
	l.err = errors.New(long("an error"))
	say("error", boxed(l.err), "errors.errorString", "main.l.err.(*errors.errorString)")
	say("error, text", word(l.err.Error()), "string data", "main.l.err.(*errors.errorString).s")
	y := newThing()
	l.functions.stop = func() { runtime.KeepAlive(y.id) }
	isThing("functions in a struct", y, "main.l.functions.stop."+own(l.functions.stop)+" captured y")
	l.channels = map[string]chan *thing{"c": make(chan *thing, 3)}
	z := newThing()
	l.channels["c"] <- z
	say("channel in a map", word(l.channels["c"]), "chan *main.thing", `main.l.channels["c"]`)
	l.mixed = []any{1, []any{"x", map[string]any{"k": []any{newThing()}}}}
	deep := l.mixed[1].([]any)[1].(map[string]any)["k"].([]any)[0].(*thing)
	isThing("nested interfaces", deep, `main.l.mixed[1].([]interface {})[1].(map[string]interface {})["k"].([]interface {})[0].(*main.thing)`)
}

//go:noinline
func specials() {
	l.finalized = &record{}
	x := newThing()
	fn := func(*record) { runtime.KeepAlive(x) }
	runtime.SetFinalizer(l.finalized, fn)
	say("finalizer", word(fn), "closure "+code(fn), "main.l.finalized → finalizer")
	isThing("finalizer, captured", x, "main.l.finalized → finalizer."+own(fn)+" captured x")
	l.cleaned = &record{}
	cleanup()
}

//go:noinline
func chains() {
	l.list = newThing()
	end := l.list
	for i := 0; i < 999; i++ {
		end.next = newThing()
		end = end.next
	}
	isThing("list", end, "main.l.list.next ×999")
	l.loops = &node{}
	n := l.loops
	for i := 0; i < 6; i++ {
		n.children = []node{{up: &node{}}}
		n = n.children[0].up
	}
	n.p = newThing()
	say("list by two fields", at(n), "main.node", "main.l.loops(.children[0].up) ×6")
	isThing("list by two fields, on", n.p, "main.l.loops(.children[0].up) ×6.p")
}
