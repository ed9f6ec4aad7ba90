// Typed prints the address, type and extent of thousands of its own objects,
// reached through globals, frames, interfaces, maps, channels and closures.
package main

import (
	"fmt"
	"reflect"
	"runtime"
	"strconv"
	"sync"
	"unsafe"

	"goheap/testdata/programs/internal/ready"
)

// Object is one line: Count consecutive values of Type begin at Addr, each of
// TypeSize bytes. Form says what refers to them: pointer, slice (Count is its
// capacity), string (Count is its length), map, chan, closure. Via says where
// the way to them begins: global, frame, interface, map, chan, closure.
type Object struct {
	Case     string `json:"case"` // "object"
	Name     string `json:"name"` // as a Go expression
	Addr     string `json:"addr"`
	Type     string `json:"type"`
	TypeSize uint64 `json:"type_size"`
	Count    int    `json:"count"`
	Form     string `json:"form"`
	Via      string `json:"via"`
	Tiny     bool   `json:"tiny,omitempty"` // shares its slot: below 16 bytes, without pointers
	Len      int    `json:"len,omitempty"`  // of a map or channel
	Func     string `json:"func,omitempty"` // of a closure, as the runtime names it
}

type Small struct {
	ID   int
	Name string
	Next *Small
}

type Inner struct {
	X, Y float64
	Tag  *string
}

type Nested struct {
	Head  Inner
	Mid   struct{ A, B *Inner }
	Array [3]Inner
	Iface any
	Tail  []Inner
}

// Wide is beyond 512 bytes: its slots have a malloc header.
type Wide struct {
	Seq     int64
	Links   [20]*Small
	Names   [20]string
	Body    [64]uint64
	Another *Wide
}

type Plain struct{ A, B, C int64 }

type Pair[K comparable, V any] struct {
	Key   K
	Value V
	Next  *Pair[K, V]
}

type List[T any] struct {
	head *element[T]
	n    int
}

type element[T any] struct {
	value T
	next  *element[T]
}

type Tree[T any] struct {
	Left, Right *Tree[T]
	Value       T
}

type Animal interface{ Sound() string }

type Dog struct {
	Name  string
	Puppy *Dog
}

type Cat struct{ Lives int64 }

type Fish [4]*string

type Number int64

type Words []string

func (d *Dog) Sound() string   { return d.Name }
func (c Cat) Sound() string    { return strconv.FormatInt(c.Lives, 10) }
func (f Fish) Sound() string   { return *f[0] }
func (n Number) Sound() string { return "n" }
func (w Words) Sound() string  { return w[0] }

var (
	smalls      []*Small
	smallSlices [][]Small // below and above 512 bytes
	nested      []*Nested
	wides       []*Wide
	wideSlice   []Wide // of large size
	plains      []*Plain
	plainSlice  []Plain
	texts       []string
	bytes       [][]byte
	matrix      [][][]int32
	pointers    ***Small
	chained     []**Inner
	pairs       []*Pair[string, int]
	deepPairs   []*Pair[Number, *Pair[string, []Inner]]
	list        *List[Nested]
	tree        *Tree[Inner]
	animals     []Animal
	boxes       []any
	errs        []error
	array       *[100]*Small
	arrays      [8]Inner
	functions   []func(int) string
	methods     []func() string
	channels    []chan *Small
	ints        chan int64
	byName      = map[string]*Small{}
	byNumber    = map[Number]Inner{}
	sets        = map[Plain]struct{}{}
	lazily      sync.Map
	anonymous   *struct {
		Left, Right *Small
		Note        string
	}
)

// said collects the lines. It holds no pointer to what it describes.
var said []Object

func add(o Object) {
	o.Case = "object"
	said = append(said, o)
}

func typeOf[T any]() (string, uint64) {
	t := reflect.TypeFor[T]()
	return t.String(), uint64(t.Size())
}

func hasPointers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array:
		return t.Len() > 0 && hasPointers(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if hasPointers(t.Field(i).Type) {
				return true
			}
		}
		return false
	case reflect.Bool, reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		return false
	}
	return t.Kind() > reflect.Uintptr
}

// extent adds count values of type T at p.
func extent[T any](name, via, form string, p *T, count int) {
	typ, size := typeOf[T]()
	add(Object{Name: name, Addr: ready.Hex(uintptr(unsafe.Pointer(p))), Type: typ, TypeSize: size, Count: count, Form: form, Via: via,
		Tiny: size*uint64(count) < 16 && !hasPointers(reflect.TypeFor[T]())})
}

func one[T any](name, via string, p *T) { extent(name, via, "pointer", p, 1) }

func slice[T any](name, via string, s []T) {
	if cap(s) > 0 {
		extent(name, via, "slice", unsafe.SliceData(s), cap(s))
	}
}

func text(name, via, s string) {
	extent(name, via, "string", unsafe.StringData(s), len(s))
}

// header adds what a map, channel or function value points to.
func header[T any](name, form string, v T, length int) {
	t := reflect.TypeFor[T]()
	o := Object{Name: name, Addr: ready.Hex(*(*uintptr)(unsafe.Pointer(&v))), Type: t.String(), TypeSize: uint64(t.Size()), Count: 1, Form: form, Via: "global", Len: length}
	if t.Kind() == reflect.Func {
		o.Func = runtime.FuncForPC(reflect.ValueOf(v).Pointer()).Name()
	}
	add(o)
}

func at(name string, i int) string { return name + "[" + strconv.Itoa(i) + "]" }

// fresh returns a string on the heap, never a constant.
func fresh(format string, args ...any) string { return fmt.Sprintf(format, args...) }

func newSmall(i int) *Small { return &Small{ID: i, Name: fresh("small number %d", i)} }

func newInner(i int) Inner {
	tag := fresh("tag number %d", i)
	return Inner{float64(i), -float64(i), &tag}
}

func structs() {
	for i := range 400 {
		s := newSmall(i)
		if i > 0 {
			s.Next = smalls[i-1]
		}
		smalls = append(smalls, s)
		one(at("main.smalls", i), "global", s)
		text(at("main.smalls", i)+".Name", "global", s.Name)
	}
	slice("main.smalls", "global", smalls)
	for n := 1; n <= 4096; n *= 2 {
		some := make([]Small, n)
		some[0].Name = fresh("first of %d small ones", n)
		i := len(smallSlices)
		smallSlices = append(smallSlices, some)
		slice(at("main.smallSlices", i), "global", some)
		text(at("main.smallSlices", i)+"[0].Name", "global", some[0].Name)
	}
	slice("main.smallSlices", "global", smallSlices)
	for i := range 200 {
		n := &Nested{Head: newInner(i), Iface: newSmall(i), Tail: make([]Inner, i%9)}
		a, b := newInner(i), newInner(-i)
		n.Mid.A, n.Mid.B = &a, &b
		for j := range n.Array {
			n.Array[j] = newInner(j)
		}
		for j := range n.Tail {
			n.Tail[j] = newInner(j)
		}
		nested = append(nested, n)
		name := at("main.nested", i)
		one(name, "global", n)
		one(name+".Head.Tag", "global", n.Head.Tag)
		text("*"+name+".Head.Tag", "global", *n.Head.Tag)
		one(name+".Mid.A", "global", n.Mid.A)
		one(name+".Array[2].Tag", "global", n.Array[2].Tag)
		one(name+".Iface.(*main.Small)", "interface", n.Iface.(*Small))
		slice(name+".Tail", "global", n.Tail)
	}
	for i := range 60 {
		w := &Wide{Seq: int64(i)}
		for j := range w.Names {
			w.Links[j] = newSmall(j)
			w.Names[j] = fresh("name %d of wide number %d", j, i)
		}
		if i > 0 {
			w.Another = wides[i-1]
		}
		wides = append(wides, w)
		one(at("main.wides", i), "global", w)
		one(at("main.wides", i)+".Links[19]", "global", w.Links[19])
		text(at("main.wides", i)+".Names[7]", "global", w.Names[7])
	}
	wideSlice = make([]Wide, 50)
	wideSlice[49].Another = &Wide{Seq: 49}
	slice("main.wideSlice", "global", wideSlice)
	one("main.wideSlice[49].Another", "global", wideSlice[49].Another)
	for i := range 100 {
		plains = append(plains, &Plain{A: int64(i)})
		one(at("main.plains", i), "global", plains[i])
	}
	plainSlice = make([]Plain, 5000)
	slice("main.plainSlice", "global", plainSlice)
	anonymous = new(struct {
		Left, Right *Small
		Note        string
	})
	anonymous.Left = newSmall(1)
	one("main.anonymous", "global", anonymous)
	one("main.anonymous.Left", "global", anonymous.Left)
}

func sequences() {
	for i := range 200 {
		texts = append(texts, fresh("%0*d", 2+i*3, i))
		text(at("main.texts", i), "global", texts[i])
		bytes = append(bytes, make([]byte, 1+i*i))
		slice(at("main.bytes", i), "global", bytes[i])
	}
	slice("main.texts", "global", texts)
	for i := range 10 {
		var plane [][]int32
		for j := range 10 {
			plane = append(plane, make([]int32, 4+j))
			slice(at(at("main.matrix", i), j), "global", plane[j])
		}
		matrix = append(matrix, plane)
		slice(at("main.matrix", i), "global", plane)
	}
	slice("main.matrix", "global", matrix)
	s := newSmall(1)
	p := new(*Small)
	*p = s
	pointers = new(**Small)
	*pointers = p
	one("main.pointers", "global", pointers)
	one("*main.pointers", "global", *pointers)
	one("**main.pointers", "global", **pointers)
	for i := range 50 {
		v := newInner(i)
		p := &v
		chained = append(chained, &p)
		one(at("main.chained", i), "global", chained[i])
		one("*"+at("main.chained", i), "global", *chained[i])
	}
	array = new([100]*Small)
	for i := range array {
		array[i] = newSmall(i)
		one(at("main.array", i), "global", array[i])
	}
	one("main.array", "global", array)
	for i := range arrays {
		arrays[i] = newInner(i)
		one(at("main.arrays", i)+".Tag", "global", arrays[i].Tag)
	}
}

func generics() {
	// Not in the declaration: the linker would put it among the globals.
	list = new(List[Nested])
	for i := range 100 {
		p := &Pair[string, int]{Key: fresh("key of pair %d", i), Value: i}
		pairs = append(pairs, p)
		one(at("main.pairs", i), "global", p)
		text(at("main.pairs", i)+".Key", "global", p.Key)
		d := &Pair[Number, *Pair[string, []Inner]]{Key: Number(i)}
		d.Value = &Pair[string, []Inner]{Value: []Inner{newInner(i), newInner(i)}}
		deepPairs = append(deepPairs, d)
		one(at("main.deepPairs", i), "global", d)
		one(at("main.deepPairs", i)+".Value", "global", d.Value)
		slice(at("main.deepPairs", i)+".Value.Value", "global", d.Value.Value)
		e := &element[Nested]{next: list.head}
		e.value.Head = newInner(i)
		list.head, list.n = e, list.n+1
	}
	name := "main.list.head"
	for e := list.head; e != nil; e = e.next {
		one(name, "global", e)
		name += ".next"
	}
	one("main.list", "global", list)
	tree = grow(6)
	sayTree("main.tree", tree)
}

func grow(depth int) *Tree[Inner] {
	if depth == 0 {
		return nil
	}
	return &Tree[Inner]{grow(depth - 1), grow(depth - 1), newInner(depth)}
}

func sayTree(name string, t *Tree[Inner]) {
	if t != nil {
		one(name, "global", t)
		sayTree(name+".Left", t.Left)
		sayTree(name+".Right", t.Right)
	}
}

// data is the data word of an interface value that is not stored directly.
func data[T any](v any) *T { return (*[2]*T)(unsafe.Pointer(&v))[1] }

func animalData[T any](v Animal) *T { return (*[2]*T)(unsafe.Pointer(&v))[1] }

func interfaces() {
	for i := range 100 {
		tag := fresh("fish number %d", i)
		d := &Dog{Name: fresh("dog number %d", i), Puppy: &Dog{Name: fresh("puppy %d", i)}}
		animals = append(animals, d, Cat{int64(1000 + i)}, Fish{&tag}, Number(1000+i), Words{tag})
		n := 5 * i
		one(at("main.animals", n)+".(*main.Dog)", "interface", d)
		one(at("main.animals", n)+".(*main.Dog).Puppy", "interface", d.Puppy)
		one(at("main.animals", n+1)+".(main.Cat)", "interface", animalData[Cat](animals[n+1]))
		one(at("main.animals", n+2)+".(main.Fish)", "interface", animalData[Fish](animals[n+2]))
		one(at("main.animals", n+3)+".(main.Number)", "interface", animalData[Number](animals[n+3]))
		one(at("main.animals", n+4)+".(main.Words)", "interface", animalData[Words](animals[n+4]))

		boxes = append(boxes, Plain{A: int64(i)}, newInner(i), tag, []Inner{newInner(i)}, float64(i)+.5,
			Nested{Head: newInner(i)}, Pair[string, int]{Key: tag}, [2]*Small{newSmall(i)})
		n = 8 * i
		one(at("main.boxes", n)+".(main.Plain)", "interface", data[Plain](boxes[n]))
		one(at("main.boxes", n+1)+".(main.Inner)", "interface", data[Inner](boxes[n+1]))
		one(at("main.boxes", n+2)+".(string)", "interface", data[string](boxes[n+2]))
		one(at("main.boxes", n+3)+".([]main.Inner)", "interface", data[[]Inner](boxes[n+3]))
		slice(at("main.boxes", n+3)+".([]main.Inner)[:]", "interface", boxes[n+3].([]Inner))
		one(at("main.boxes", n+4)+".(float64)", "interface", data[float64](boxes[n+4]))
		one(at("main.boxes", n+5)+".(main.Nested)", "interface", data[Nested](boxes[n+5]))
		one(at("main.boxes", n+6)+".(main.Pair[string,int])", "interface", data[Pair[string, int]](boxes[n+6]))
		one(at("main.boxes", n+7)+".([2]*main.Small)", "interface", data[[2]*Small](boxes[n+7]))
		errs = append(errs, &strconv.NumError{Func: fresh("function %d", i), Num: tag})
		one(at("main.errs", i)+".(*strconv.NumError)", "interface", errs[i].(*strconv.NumError))
	}
	slice("main.animals", "global", animals)
	slice("main.boxes", "global", boxes)
}

func containers() {
	for i := range 300 {
		s := newSmall(i)
		byName[s.Name] = s
		text(fmt.Sprintf("main.byName key %q", s.Name), "map", s.Name)
		one(fmt.Sprintf("main.byName[%q]", s.Name), "map", s)
		v := newInner(i)
		byNumber[Number(i)] = v
		one(fmt.Sprintf("main.byNumber[%d].Tag", i), "map", v.Tag)
		sets[Plain{A: int64(i)}] = struct{}{}
		l := newSmall(i)
		lazily.Store(i, l)
		one(fmt.Sprintf("main.lazily[%d].(*main.Small)", i), "map", l)
	}
	header("main.byName", "map", byName, len(byName))
	header("main.byNumber", "map", byNumber, len(byNumber))
	header("main.sets", "map", sets, len(sets))
	for i := range 10 {
		c := make(chan *Small, 1+i)
		for j := range i {
			s := newSmall(j)
			c <- s
			one(fmt.Sprintf("main.channels[%d] item %d", i, j), "chan", s)
		}
		channels = append(channels, c)
		header(at("main.channels", i), "chan", c, len(c))
	}
	ints = make(chan int64, 100)
	ints <- 1
	header("main.ints", "chan", ints, 1)
	for i := range 20 {
		s, w := newSmall(i), newInner(i)
		f := func(n int) string { w.X++; return s.Name + strconv.Itoa(n) + strconv.FormatFloat(w.X, 'g', -1, 64) }
		functions = append(functions, f)
		header(at("main.functions", i), "closure", f, 0)
		one(at("main.functions", i)+" captured s", "closure", s)
		one(at("main.functions", i)+" captured &w", "closure", &w)
		d := &Dog{Name: fresh("bound dog %d", i)}
		m := d.Sound
		methods = append(methods, m)
		header(at("main.methods", i), "closure", m, 0)
		one(at("main.methods", i)+" receiver", "closure", d)
	}
}

// frame keeps its objects in variables and on its stack only.
//
//go:noinline
func frame(id int, lines chan<- []Object, block <-chan int) {
	mine := newSmall(id)
	inner := newInner(id)
	onStack := Nested{Head: inner, Iface: newSmall(-id)}
	several := []Small{*newSmall(id), *newSmall(id + 1)}
	several = append(several, Small{ID: id})
	word := fresh("word of frame %d", id)
	var face Animal = &Dog{Name: word}
	wide := &Wide{Seq: int64(id)}
	wide.Links[3] = mine

	name := "main.frame#" + strconv.Itoa(id) + "."
	var o []Object
	local := func(n, form, typ string, size uintptr, count int, p unsafe.Pointer) {
		o = append(o, Object{Case: "object", Name: name + n, Addr: ready.Hex(uintptr(p)), Type: typ, TypeSize: uint64(size), Count: count, Form: form, Via: "frame",
			Tiny: form == "string" && count < 16})
	}
	local("mine", "pointer", "main.Small", unsafe.Sizeof(*mine), 1, unsafe.Pointer(mine))
	local("onStack.Head.Tag", "pointer", "string", unsafe.Sizeof(""), 1, unsafe.Pointer(inner.Tag))
	local("onStack.Iface.(*main.Small)", "pointer", "main.Small", unsafe.Sizeof(*mine), 1, unsafe.Pointer(onStack.Iface.(*Small)))
	local("several", "slice", "main.Small", unsafe.Sizeof(*mine), cap(several), unsafe.Pointer(&several[0]))
	local("word", "string", "uint8", 1, len(word), unsafe.Pointer(unsafe.StringData(word)))
	local("face.(*main.Dog)", "pointer", "main.Dog", unsafe.Sizeof(Dog{}), 1, unsafe.Pointer(face.(*Dog)))
	local("wide", "pointer", "main.Wide", unsafe.Sizeof(*wide), 1, unsafe.Pointer(wide))
	lines <- o
	o = nil

	n := <-block
	use(mine, &onStack, several[:n], word, face, wide)
}

//go:noinline
func use(mine *Small, on *Nested, several []Small, word string, face Animal, wide *Wide) {
	fmt.Println(mine, on.Head.X, on.Iface, several, word, face, wide)
}

func main() {
	structs()
	sequences()
	generics()
	interfaces()
	containers()
	lines, block := make(chan []Object), make(chan int)
	for id := range 20 {
		go frame(id, lines, block)
		for _, o := range <-lines {
			add(o)
		}
	}
	for _, o := range said {
		ready.Say(o)
	}
	said = nil
	ready.Wait()
	close(block)
}
