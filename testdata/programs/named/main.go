// Named has data behind every kind of name that a person may write, and says of each what
// it leads to.
package main

import (
	"fmt"
	"math"
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"goheap/testdata/programs/internal/ready"
)

// Link is one of a chain.
type Link struct {
	next *Link
	held *Session
}

var (
	links = &[20000]Link{{held: &Session{}}}
	chain *Link // in data without a name, each but by the one before
)

// Name is one that a person writes: of an object or value at an address, with the text of
// its value where that is known, or of nothing, with a part of what must be said then.
type Name struct {
	Case   string `json:"case"`
	Name   string `json:"name"`
	Addr   string `json:"addr,omitempty"`
	Text   string `json:"text,omitempty"`
	Type   string `json:"type,omitempty"`
	Refuse string `json:"refuse,omitempty"`
	Path   bool   `json:"path,omitempty"` // it is also how the only path to the object is called
}

func leads(name string, p *Session) {
	ready.Say(Name{Case: "name", Name: name, Addr: ready.Hex(uintptr(unsafe.Pointer(p)))})
}

// path says that a name leads to p, and is the name of the only path to it.
func path(name string, p *Session) {
	ready.Say(Name{Case: "name", Name: name, Addr: ready.Hex(uintptr(unsafe.Pointer(p))), Path: true})
}

// stands says that a name is that of the value at an address itself.
func stands(name string, at unsafe.Pointer, typ, text string) {
	ready.Say(Name{Case: "name", Name: name, Addr: ready.Hex(uintptr(at)), Type: typ, Text: text})
}

func refused(name, why string) { ready.Say(Name{Case: "name", Name: name, Refuse: why}) }

type Session struct {
	ID   int
	Next *Session
	tags []string
}

type Limits struct{ Max, Min int }

type Config struct {
	Name    string
	Port    int
	Limits  Limits
	Timeout time.Duration
	next    *Config
	held    *Session
}

type K struct {
	N int
	S string
}

type Shape interface{ Area() int }

type Square struct {
	side int
	up   *Square
}

func (s *Square) Area() int { return s.side }

type One struct{ items []*Session }

type Color int

const (
	Red Color = iota
	Green
)

type Large struct {
	Name string
	all  [100]*Session
}

// Loop points to itself, and knot holds itself.
type Loop *Loop

var (
	loop Loop
	knot interface{}
)

var (
	count    = 7
	config   = Config{Name: "in place", Port: 80, Limits: Limits{9, 1}}
	server   = &Config{Name: "pointed at", Port: 8080, Timeout: 3 * time.Second, next: &Config{Name: "second", Port: 2}}
	table    = []*Config{{Name: "a"}, {Name: "b", Port: 3}}
	registry One
	none     *Session
	replaced = []*Config{{Name: "first"}, {Name: "second", next: &Config{Name: "third"}}}
	moved    = []Config{{Name: "a"}, {Name: "b"}, {Name: "c"}}

	byK     = map[K]*Session{}
	byRune  = map[rune]*Session{}
	byAny   = map[interface{}]*Session{}
	byFloat = map[float64]*Session{}
	byTime  = map[time.Duration]*Session{}
	byArray = map[[2]int]*Session{}
	byText  = map[string]*Session{}
	byInt8  = map[int8]*Session{}
	byColor = map[Color]*Session{}
	anyMap  = map[string]interface{}{}

	shape  Shape
	boxed  interface{}
	twice  **Session
	spare  []*Session
	middle []*Session
	large  *Large
	queue  = make(chan *Session, 10)
	text   string
	stored atomic.Value
	ended  *Session

	// where has numbers, texts and keys that names in brackets stand for.
	where = struct {
		at, far  int
		small    int8
		unsigned uint16
		color    Color
		wait     time.Duration
		word     string
		whole    K
		any      interface{}
		through  *int
		list     []int
	}{1, 40, -3, 2, Green, 5 * time.Second, "key", K{3, "s"}, Green, new(int), []int{4, 1}}

	// emptied has lost some keys, which older versions keep without values.
	emptied sync.Map
)

var sessions int

// session makes one on the heap.
//
//go:noinline
func session() *Session {
	sessions++
	return &Session{ID: sessions, tags: []string{fmt.Sprint("tag", sessions)}}
}

// keyed puts a session under a key of m, by a name for each way to write the key: that of
// goheap first.
func keyed(m, key interface{}, names ...string) {
	s := session()
	k := reflect.ValueOf(key)
	if !k.IsValid() {
		k = reflect.Zero(reflect.TypeOf(m).Key())
	}
	reflect.ValueOf(m).SetMapIndex(k, reflect.ValueOf(s))
	for i, name := range names {
		if i == 0 {
			path(name, s)
		} else {
			leads(name, s)
		}
	}
}

func main() {
	for i := 0; i < 5; i++ {
		registry.items = append(registry.items, session())
	}
	server.held = session()
	maps()
	lists()
	values()
	brackets()
	refusals()
	last := session()
	kindsOfKeys()
	lengths()
	frames(3, last)
}

func maps() {
	keyed(byK, K{3, "s"}, `main.byK[{3 "s"}]`, `main.byK[K{3,"s"}]`, `main.byK[main.K{3, "s"}]`, `main.byK[K{N: 3, S: "s"}]`)
	keyed(byK, K{0, "only"}, `main.byK[{0 "only"}]`, `main.byK[K{S: "only"}]`)
	keyed(byRune, 'x', `main.byRune[120]`, `main.byRune['x']`)
	keyed(byRune, '[', `main.byRune[91]`, `main.byRune['[']`)
	keyed(byInt8, int8(-3), `main.byInt8[-3]`)
	keyed(byColor, Green, `main.byColor[1]`, `main.byColor[Green]`, `main.byColor[main.Green]`)
	keyed(byAny, Green, `main.byAny[main.Color(1)]`, `main.byAny[Green]`)
	keyed(byAny, nil, `main.byAny[nil]`)
	keyed(byAny, (*Session)(nil), `main.byAny[(*main.Session)(nil)]`, `main.byAny[(*Session)(nil)]`)
	keyed(byAny, (*K)(nil), `main.byAny[(*main.K)(nil)]`)
	keyed(byAny, int8(3), `main.byAny[int8(3)]`)
	keyed(byAny, 3, `main.byAny[3]`)
	keyed(byAny, 'y', `main.byAny[int32(121)]`, `main.byAny['y']`)
	keyed(byAny, 2.5, `main.byAny[2.5]`)
	keyed(byAny, true, `main.byAny[true]`)
	keyed(byAny, "a]b\x00\xff", `main.byAny["a]b\x00\xff"]`)
	keyed(byAny, K{1, "q"}, `main.byAny[main.K{1 "q"}]`, `main.byAny[K{1, "q"}]`)
	keyed(byAny, [2]int{1, 2}, `main.byAny[[2]int{1 2}]`, `main.byAny[[2]int{1, 2}]`)
	keyed(byAny, 5*time.Second, `main.byAny[time.Duration(5000000000)]`, `main.byAny[5s]`)
	keyed(byFloat, math.Inf(1), `main.byFloat[+Inf]`)
	keyed(byFloat, 0.1, `main.byFloat[0.1]`, `main.byFloat[1e-1]`)
	keyed(byFloat, math.NaN())
	keyed(byFloat, math.NaN())
	keyed(byTime, 5*time.Second, `main.byTime[5000000000]`, `main.byTime[5s]`)
	keyed(byArray, [2]int{1, 2}, `main.byArray[{1 2}]`, `main.byArray[[2]int{1,2}]`)
	keyed(byText, "key", `main.byText["key"]`, "main.byText[`key`]")
	keyed(byText, "it's", `main.byText["it's"]`)
	keyed(byText, "", `main.byText[""]`)
	for i := 0; i < 10; i++ {
		emptied.Store(i, session())
	}
	emptied.Range(func(k, v interface{}) bool { return true }) // all are in the map that is only read
	emptied.Delete(3)
	emptied.Delete(7)
	if v, ok := emptied.Load(4); ok {
		leads(`main.emptied[4]`, v.(*Session))
	}
	s := session()
	anyMap["x"] = map[string]interface{}{"y": s}
	leads(`main.anyMap["x"].(map[string]interface {})["y"].(*main.Session)`, s)
	leads(`main.anyMap["x"].(map[string]any)["y"]`, s)
	leads(`main.anyMap["x"]["y"]`, s)
}

func lists() {
	leads("main.registry.items[4]", registry.items[4])
	spare = make([]*Session, 3, 14)
	for i := range spare[:14] {
		spare[:14][i] = session()
	}
	leads("main.spare[2]", spare[2])
	leads("main.spare[0x2]", spare[2])
	path("main.spare[1]", spare[1])
	path("main.spare[5] beyond len 3", spare[:14][5])
	array := make([]*Session, 10)
	for i := range array {
		array[i] = session()
	}
	middle = array[5:8:8]
	path("main.middle[1]", array[6])
	path("main.middle[-1]", array[4])
	path("main.middle[4] beyond len 3", array[9])
	stands("main.spare[1:3]", unsafe.Pointer(&spare[1]), "[]*main.Session", "")
	stands("len(main.spare)", unsafe.Pointer(&spare), "int", "3")
	stands("cap(main.spare)", unsafe.Pointer(&spare), "int", "14")
	stands("len(main.byText)", unsafe.Pointer(&byText), "int", "3")
	queue <- session()
	first := session()
	queue <- first
	leads("<-main.queue[1]", first)
	leads("(<-main.queue[1])", first)
	stands("len(main.queue)", unsafe.Pointer(&queue), "int", "2")
	stands("cap(main.queue)", unsafe.Pointer(&queue), "int", "10")
}

func values() {
	stands("main.count", unsafe.Pointer(&count), "int", "7")
	loop, knot = Loop(&loop), &knot
	self := fmt.Sprintf("%p → %p", &loop, &loop)
	for _, name := range []string{"main.loop", "*main.loop", "**main.loop"} {
		stands(name, unsafe.Pointer(&loop), "main.Loop", self)
	}
	self = fmt.Sprintf("(*interface {}) %p → (*interface {}) %p", &knot, &knot)
	stands("main.knot", unsafe.Pointer(&knot), "interface {}", self)
	stands("*main.knot", unsafe.Pointer(&knot), "interface {}", self)
	stands("main.config", unsafe.Pointer(&config), "main.Config", "")
	stands("main.config.Limits", unsafe.Pointer(&config.Limits), "main.Limits", "{Max: 9, Min: 1}")
	stands("main.config.Limits.Max", unsafe.Pointer(&config.Limits.Max), "int", "9")
	stands("*main.server", unsafe.Pointer(server), "main.Config", "")
	stands("main.server.Port", unsafe.Pointer(&server.Port), "int", "8080")
	stands("main.server.next.Port", unsafe.Pointer(&server.next.Port), "int", "2")
	stands("main.server.next", unsafe.Pointer(server.next), "main.Config", "")
	stands("&main.server.next", unsafe.Pointer(&server.next), "*main.Config", "")
	leads("main.server.held", server.held)
	stands("main.table[1]", unsafe.Pointer(table[1]), "main.Config", "")
	stands("main.table[1].Port", unsafe.Pointer(&table[1].Port), "int", "3")
	stands("main.none", unsafe.Pointer(&none), "*main.Session", "nil")

	former, third := replaced[0], replaced[1].next
	former.held, third.held = session(), session()
	path("main.replaced[0] (initially).held", former.held)
	path("main.replaced[1].next (initially).held", third.held)
	stands("main.replaced[1].next (initially).Name", unsafe.Pointer(&third.Name), "string", `"third"`)
	stands("main.replaced (initially)", unsafe.Pointer(&replaced[0]), "[]*main.Config", "")
	replaced = []*Config{{Name: fmt.Sprint("new")}}
	moved[0].held, moved[2].held = session(), session()
	path("main.moved (initially)[0].held", moved[0].held)
	path("main.moved[1].held", moved[2].held)
	moved = moved[1:3]

	shape = &Square{4, &Square{5, nil}}
	stands("main.shape.side", unsafe.Pointer(&shape.(*Square).side), "int", "4")
	stands("main.shape.(*main.Square).up.side", unsafe.Pointer(&shape.(*Square).up.side), "int", "5")
	stands("main.shape.(Square).side", unsafe.Pointer(&shape.(*Square).side), "int", "4")
	boxed = K{7, fmt.Sprint("boxed")}
	stands("main.boxed.N", (*[2]unsafe.Pointer)(unsafe.Pointer(&boxed))[1], "int", "7")
	stands("main.boxed.(K).N", (*[2]unsafe.Pointer)(unsafe.Pointer(&boxed))[1], "int", "7")
	s := session()
	twice = &s
	stored.Store(session())
	leads("main.stored.(*Session)", stored.Load().(*Session))
	leads("main.stored.(*main.Session)", stored.Load().(*Session))
	leads("main.stored.(Session)", stored.Load().(*Session))
	ended = session()
	runtime.SetFinalizer(ended, func(*Session) {})
	leads("**main.twice", s)
	stands("main.twice.ID", unsafe.Pointer(&s.ID), "int", fmt.Sprint(s.ID))
	stands(fmt.Sprintf("(*main.Session)(%#x).ID", uintptr(unsafe.Pointer(s))), unsafe.Pointer(&s.ID), "int", fmt.Sprint(s.ID))
	stands(fmt.Sprintf("(*Session)(%#x).ID", uintptr(unsafe.Pointer(s))), unsafe.Pointer(&s.ID), "int", fmt.Sprint(s.ID))
	large = &Large{Name: fmt.Sprint("large")}
	large.all[3] = session()
	leads("main.large.all[3]", large.all[3])
	stands("*main.large", unsafe.Pointer(large), "main.Large", "")
	stands(fmt.Sprintf("%p", large), unsafe.Pointer(large), "main.Large", "")
	for i := range links[1:] {
		links[i].next = &links[i+1]
	}
	links[100].held, links[19999].held = session(), session()
	far, farther := links[100].held, links[19999].held
	chain, links = &links[0], nil
	leads("main.chain.next ×100.held", far)
	leads("main.chain.next ×19999.held", farther)
	text = fmt.Sprint("hello", " there")
	first := (*[2]uintptr)(unsafe.Pointer(&text))[0]
	ready.Say(Name{Case: "name", Name: "main.text[1]", Addr: ready.Hex(first + 1), Type: "uint8", Text: "101"})
}

// limit is a constant without a type, and shift one that is not exported.
const (
	limit = 3
	shift = Color(1)
)

// brackets has expressions as indices and keys.
func brackets() {
	*where.through = 2
	for name, p := range map[string]*Session{
		// Elements by constants and variables.
		"main.spare[Green]": spare[Green], "main.spare[main.Green]": spare[Green], "main.spare[shift]": spare[shift], "main.spare[limit-1]": spare[limit-1],
		"main.spare[main.where.at]": spare[where.at], "main.spare[where.at]": spare[where.at], "main.spare[ where.at + 1 ]": spare[where.at+1],
		"main.spare[where.unsigned]": spare[where.unsigned], "main.spare[where.any]": spare[Green], "main.spare[*where.through]": spare[*where.through],
		"main.spare[main.where.list[1]]": spare[where.list[1]], "main.spare[where.list[where.list[1]]]": spare[where.list[where.list[1]]],
		"main.spare[len(main.spare)-1]": spare[len(spare)-1], "main.spare[len(spare)-len(where.list)]": spare[len(spare)-len(where.list)],
		"main.spare[1<<1]": spare[1<<1], "main.spare[7/3]": spare[7/3], "main.spare[7%5]": spare[7%5], "main.spare[^0+1]": spare[0], "main.spare['c'-'a']": spare['c'-'a'],
		"main.spare[where.far-len(byTime)*38]": spare[2], `main.spare["main".Green]`: spare[Green], "main.spare[where.list[0]] beyond len 3": spare[:14][4],
		// Entries by expressions.
		"main.byTime[5*time.Second]": byTime[5*time.Second], "main.byTime[5 * time.Second]": byTime[5*time.Second], "main.byTime[time.Minute/12]": byTime[time.Minute/12],
		"main.byTime[time.Duration(5e9)]": byTime[5e9], "main.byTime[main.where.wait]": byTime[where.wait], "main.byTime[where.wait]": byTime[where.wait], "main.byTime[5000ms]": byTime[5*time.Second],
		"main.byRune['x'-1+1]": byRune['x'], "main.byRune[1<<6+56]": byRune[1<<6+56], "main.byInt8[where.small]": byInt8[where.small], "main.byInt8[-limit]": byInt8[-limit],
		"main.byColor[where.color]": byColor[where.color], "main.byColor[Red+1]": byColor[Red+1], "main.byColor[shift]": byColor[shift],
		"main.byText[main.where.word]": byText[where.word], "main.byText[where.word]": byText[where.word],
		"main.byK[main.where.whole]": byK[where.whole], "main.byK[K{limit, \"s\"}]": byK[K{limit, "s"}], "main.byK[K{N: 1 + 2, S: \"s\"}]": byK[K{N: 1 + 2, S: "s"}],
		"main.byArray[[2]int{where.at, limit-1}]": byArray[[2]int{where.at, limit - 1}], "main.byFloat[1/10.0]": byFloat[1/10.0],
		"main.byAny[where.any]": byAny[where.any], "main.byAny[where.color]": byAny[where.color], "main.byAny[5*time.Second]": byAny[5*time.Second], "main.byAny[limit]": byAny[limit],
		"main.byAny[int8(limit)]": byAny[int8(limit)], "main.byAny[K{limit-2, \"q\"}]": byAny[K{1, "q"}], "main.byAny[time.Duration(5*time.Second)]": byAny[5*time.Second],
		// The package main by its path.
		`"goheap/testdata/programs/named".spare[1]`: spare[1], `"main".spare[1]`: spare[1], "goheap/testdata/programs/named.spare[1]": spare[1],
		`main.byK["goheap/testdata/programs/named".K{3, "s"}]`: byK[K{3, "s"}],
	} {
		leads(name, p)
	}
	stands("main.spare[Green:limit]", unsafe.Pointer(&spare[1]), "[]*main.Session", "")
	stands("main.spare[where.at:len(spare)]", unsafe.Pointer(&spare[1]), "[]*main.Session", "")
	stands("main.spare[:where.at]", unsafe.Pointer(&spare[0]), "[]*main.Session", "")
	stands("main.where.list[Green]", unsafe.Pointer(&where.list[1]), "int", "1")
	stands(`main.shape.("goheap/testdata/programs/named".Square).side`, unsafe.Pointer(&shape.(*Square).side), "int", "4")
	leads("<-main.queue[Green]", (*[10]*Session)(*(*unsafe.Pointer)(unsafe.Pointer(uintptr(*(*unsafe.Pointer)(unsafe.Pointer(&queue))) + 2*unsafe.Sizeof(uintptr(0)))))[1])
	refused("main.spare[where.list[0]]", "index where.list[0], which is 4, is beyond len 3")
	refused("main.spare[where.far]", "index where.far, which is 40, is out of range: it has 14 elements")
	refused("main.spare[nothing]", "nothing is no constant and no variable of the program")
	refused("main.spare[where.word]", "where.word is no number")
	refused("main.spare[loop]", "loop is no number")
	refused("main.spare[1/0]", "divides by zero")
	refused("main.spare[Green*time.Second]", "Green is a main.Color and time.Second a time.Duration")
	refused("main.spare[1.5]", "no integer")
	refused("main.spare[1:2:3]", "no index")
	refused("main.spare[where.far:]", "[where.far:] is no range of its 3 elements")
	refused("main.byTime[6*time.Second]", "it has no key 6*time.Second")
	refused("main.byColor[Red]", "it has no key Red")
	refused("main.byColor[Reed]", "Reed is no constant and no variable of the program")
	refused("main.byAny[int16(limit)]", "it has no key int16(limit)")
	refused("main.Green", "main.Green is the constant main.Color(1), and no place in the program's memory")
	refused("<-main.queue[where.far]", "it holds 2 elements")
}

func refusals() {
	refused("main.spare[5]", "beyond len 3")
	refused("main.spare[20]", "14 elements")
	refused("main.middle[-6]", "before the array")
	refused("main.cout", "did you mean main.count")
	refused("main.config.Prt", "did you mean Port")
	refused(`main.byText["kye"]`, `did you mean "key"`)
	refused("main.byText[key]", `key is no constant and no variable of the program; its keys look like ["`)
	refused("main.byText[…].ID", "the key is hidden")
	refused("main.byFloat[NaN]", "several keys are written like that")
	refused("main.none.ID", "it is nil")
	refused("<-main.queue[2]", "it holds 2 elements")
	refused("main.shape.(main.K)", "it holds a *main.Square")
	refused("main.large.all[3", "not closed")
	refused("main.stored.(main.K)", "it holds a *main.Session")
	refused("main.ended → finalizer", "its finalizer is the function main.values.func1, which captures nothing")
	refused("main.stored → finalizer", "it has no finalizer")
	refused("main.ended → .next", "has no field")
	refused("main.ended → ≈.next", "stands in front of parts of an object of another kind")
	refused("main.unheardofthing", "the program has no variable main.unheardofthing; those that no code uses are not in it")
	refused("unheardofthing.x", "write it with its package")
	refused("g:1 main.nothing · x", "no variable x")
}

// frames waits at the bottom of itself.
//
//go:noinline
func frames(depth int, s *Session) {
	inner := [2]*Session{session(), session()} // in memory, since it is indexed
	if depth == 0 {
		id := goroutine()
		leads(fmt.Sprintf("g:%d main.frames · inner[1]", id), inner[1])
		leads(fmt.Sprintf("g:%d frames · inner[%d]", id, depth), inner[depth])
		leads(fmt.Sprintf("g:%d main.frames #2 · inner[1]", id), s)
		ready.Wait()
	} else {
		frames(depth-1, inner[1])
	}
	runtime.KeepAlive(s)
	runtime.KeepAlive(inner[depth%2])
}

func goroutine() (id int) {
	var buf [64]byte
	fmt.Sscanf(string(buf[:runtime.Stack(buf[:], false)]), "goroutine %d ", &id)
	return id
}
