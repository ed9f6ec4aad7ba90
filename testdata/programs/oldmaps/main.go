// Oldmaps fills maps so that the classic implementation (runtime.hmap, until Go
// 1.23) is in each of its states: one bucket, chains of overflow buckets, halfway
// through growing, with what was evacuated kept for an iterator, with deleted
// entries, with large keys and elements outside of the buckets. It is written in
// the language of Go 1.18 and means the same whatever implements its maps.
package main

import (
	"fmt"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"unsafe"

	"goheap/testdata/programs/internal/ready"
)

// object is one line of output: what lives at addr, and the only way to it.
type object struct {
	Case string `json:"case"`
	Name string `json:"name"`
	Addr string `json:"addr"`
	Type string `json:"type"`
	Path string `json:"path"`
}

// entries is one line of output: what a map holds, sorted by nothing.
type entries struct {
	Case string            `json:"case"`
	Path string            `json:"path"`
	Held map[string]string `json:"held"` // the elements by their keys, both as Go writes them
}

type Item struct {
	N    int
	Name string
}

// Pair is an element with its pointer inside.
type Pair struct {
	N    int
	Item *Item
}

// Wide is larger than what a bucket has in it (runtime/map.go, Go 1.23: 128
// bytes).
type Wide struct {
	N    int
	Item *Item
	Fill [20]int
}

// WideKey is that as a key.
type WideKey struct {
	N    int
	Fill [20]int
}

type Point struct{ X, Y int32 }

var (
	empty         = make(map[string]*Item)
	hinted        map[string]*Item // buckets, but no entry
	small         map[string]*Item
	full          map[int]*Item // as many entries as its buckets may have before they grow
	growing       map[string]*Item
	moving        map[int]*Item // growing, while an iterator needs the old buckets
	several       map[int]*Item // growing, with overflow buckets of the old ones
	again         map[int]*Item // growing into as many buckets as it had
	deleted       map[string]*Item
	numbers       map[int]int // no pointers in its buckets
	ngrowing      map[int]int32
	set           map[string]struct{}
	bytes         map[int8]*Item
	flags         map[bool]*Item
	points        map[Point]*Item
	pairs         map[int]Pair
	wide          map[string]Wide
	wideGrown     map[int]Wide
	wideKeys      map[WideKey]*Item
	wideBoth      map[WideKey]Wide
	slices        map[string][]*Item
	maps          map[string]map[string]*Item
	boxes         map[string]interface{}
	array         [3]map[int]*Item
	byReflect     interface{}
	wideByReflect interface{}
	inside        *struct{ Cache map[string]*Item }
	local         *sync.Map
	promoted      sync.Map
	amended       sync.Map
	dirty         sync.Map
	erased        sync.Map
	finished      *Item
	rest          map[int]*Item
	restWide      map[int]Wide
	huge          *[20000]Pair // until Go 1.23 the collector has a program for it, not a mask
)

// said collects the lines. It holds no pointer to what it describes.
var said []interface{}

func say(kind, name string, p unsafe.Pointer, typ, path string) {
	said = append(said, object{kind, name, ready.Hex(uintptr(p)), typ, path})
}

func item(i int) *Item { return &Item{i, fresh("item number %d of a map", i)} }

// items says where an item and its name are.
func items(kind, path string, it *Item) {
	say(kind, "item", unsafe.Pointer(it), "main.Item", path)
	say(kind, "name", text(it.Name), "string data", path+".Name")
}

// text returns where the bytes of a string are.
func text(s string) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&s)) }

// fresh is a string on the heap, so long that it shares its block with no other.
func fresh(format string, args ...interface{}) string { return fmt.Sprintf(format, args...) }

// byName puts n items into m and says where keys and items are.
func byName(kind, path string, m map[string]*Item, n int) {
	for i := 0; i < n; i++ {
		m[fresh("the key number %d", i)] = item(i)
	}
	named(kind, path, m)
}

func named(kind, path string, m map[string]*Item) {
	for k, it := range m {
		say(kind, "key", text(k), "string data", path+"[key "+strconv.Quote(k)+"]")
		items(kind, path+"["+strconv.Quote(k)+"]", it)
	}
}

func byNumber(kind, path string, m map[int]*Item, n int) {
	for i := 0; i < n; i++ {
		m[i] = item(i)
	}
	numbered(kind, path, m)
}

func numbered(kind, path string, m map[int]*Item) {
	for k, it := range m {
		items(kind, path+"["+strconv.Itoa(k)+"]", it)
	}
}

// most returns how many entries a classic map of so many buckets has at most: it
// grows when there are more than 13 for each two buckets, or 12 with Go 1.21
// (runtime/map.go, loadFactorNum).
func most(buckets int) int {
	if strings.HasPrefix(runtime.Version(), "go1.21") {
		return buckets * 12 / 2
	}
	return buckets * 13 / 2
}

var limit = most(32)

// fewer returns how many more entries such a map has with other versions.
func fewer(buckets int) int { return buckets*13/2 - most(buckets) }

// leftover is what only the other versions have in maps that most bounds, so that
// each version has as many objects of a type.
func leftover() {
	rest, restWide = map[int]*Item{}, map[int]Wide{}
	for i := 0; i < 2*fewer(256)+fewer(64)+2*fewer(32); i++ {
		rest[i] = item(i)
	}
	for i := 0; i < fewer(32); i++ {
		restWide[i] = Wide{N: i, Item: item(i)}
	}
}

func plain() {
	hinted = make(map[string]*Item, 100)
	small = map[string]*Item{}
	byName("one bucket", "main.small", small, 5)
	full = map[int]*Item{}
	byNumber("overflow", "main.full", full, most(256))
	growing = map[string]*Item{}
	byName("growing", "main.growing", growing, limit+1)
	several = map[int]*Item{}
	byNumber("growing", "main.several", several, most(256)+40)

	moving = map[int]*Item{}
	for i := 0; i < limit; i++ {
		moving[i] = item(i)
	}
	for range moving {
		for i := limit; i < limit+8; i++ {
			moving[i] = item(i)
		}
		break
	}
	numbered("evacuated", "main.moving", moving)

	again = map[int]*Item{}
	n := most(64) - 16
	for i := 0; i < n; i++ {
		again[i] = item(i)
	}
	for i := n; i < 100000 && !sameSizeGrow(again); i++ {
		delete(again, i-n)
		again[i] = item(i)
	}
	numbered("growing in place", "main.again", again)

	deleted = map[string]*Item{}
	for i := 0; i < 500; i++ {
		deleted[fresh("the key number %d", i)] = item(i)
	}
	for i := 0; i < 500; i++ {
		if i%3 != 0 {
			delete(deleted, fresh("the key number %d", i))
		}
	}
	named("deleted", "main.deleted", deleted)
}

// sameSizeGrow reports whether a classic map moves to as many buckets as it had,
// since its overflow buckets are too many for its entries (runtime/map.go, hmap,
// Go 1.23). Of other maps it reports anything.
func sameSizeGrow(m map[int]*Item) bool {
	h := *(**struct {
		count      int
		flags, b   uint8
		noverflow  uint16
		hash0      uint32
		buckets    unsafe.Pointer
		oldbuckets uintptr
	})(unsafe.Pointer(&m))
	return h.flags&8 != 0 && h.oldbuckets != 0
}

func pointerless() {
	numbers = map[int]int{}
	for i := 0; i < most(2048); i++ { // more overflow buckets than were made with these
		numbers[i] = i * i
	}
	ngrowing = map[int]int32{}
	for i := 0; i < limit+3; i++ {
		ngrowing[i] = int32(-i)
	}
}

func kinds() {
	set = map[string]struct{}{}
	bytes = map[int8]*Item{}
	points = map[Point]*Item{}
	pairs = map[int]Pair{}
	for i := 0; i < 100; i++ {
		k := fresh("the member number %d", i)
		set[k] = struct{}{}
		say("set", "key", text(k), "string data", "main.set[key "+strconv.Quote(k)+"]")
		bytes[int8(i-50)] = item(i)
		items("small keys", fmt.Sprintf("main.bytes[%d]", i-50), bytes[int8(i-50)])
		points[Point{int32(i), 7}] = item(i)
		pairs[i] = Pair{i, item(i)}
		items("inner pointer", fmt.Sprintf("main.pairs[%d].Item", i), pairs[i].Item)
	}
	flags = map[bool]*Item{true: item(1)}
	items("small keys", "main.flags[true]", flags[true])
	slices = map[string][]*Item{"a": {item(1), item(2)}}
	say("slice", "elements", unsafe.Pointer(&slices["a"][0]), "[]*main.Item", `main.slices["a"]`)
	items("slice", `main.slices["a"][1]`, slices["a"][1])
	maps = map[string]map[string]*Item{"outer": {}}
	byName("map of maps", `main.maps["outer"]`, maps["outer"], 20)
	boxes = map[string]interface{}{"pointer": item(1), "map": map[int]*Item{4: item(4)}}
	items("interface", `main.boxes["pointer"].(*main.Item)`, boxes["pointer"].(*Item))
	items("interface", `main.boxes["map"].(map[int]*main.Item)[4]`, boxes["map"].(map[int]*Item)[4])
	array[1] = map[int]*Item{}
	byNumber("array", "main.array[1]", array[1], 30)
	inside = new(struct{ Cache map[string]*Item })
	inside.Cache = map[string]*Item{}
	byName("field", "main.inside.Cache", inside.Cache, 9)
}

func large() {
	wide, wideGrown = map[string]Wide{}, map[int]Wide{}
	wideKeys, wideBoth = map[WideKey]*Item{}, map[WideKey]Wide{}
	for i := 0; i < 20; i++ {
		k := fresh("the wide number %d", i)
		wide[k] = Wide{N: i, Item: item(i)}
		items("large element", "main.wide["+strconv.Quote(k)+"].Item", wide[k].Item)
	}
	for i := 0; i <= limit; i++ {
		wideGrown[i] = Wide{N: i, Item: item(i)}
		items("large element", fmt.Sprintf("main.wideGrown[%d].Item", i), wideGrown[i].Item)
	}
	for i := 0; i < 20; i++ {
		wideKeys[WideKey{N: i}] = item(i)
		wideBoth[WideKey{N: i}] = Wide{N: i, Item: item(i)}
	}
}

// reflected makes maps of types that no source has.
func reflected() {
	itemType := reflect.TypeOf((*Item)(nil))
	m := reflect.MakeMap(reflect.MapOf(reflect.TypeOf(int16(0)), reflect.StructOf([]reflect.StructField{
		{Name: "N", Type: reflect.TypeOf(0)}, {Name: "Item", Type: itemType},
	})))
	wide := reflect.MakeMap(reflect.MapOf(reflect.ArrayOf(21, reflect.TypeOf(0)), reflect.ArrayOf(30, itemType)))
	byReflect, wideByReflect = m.Interface(), wide.Interface()
	for i := 0; i < 30; i++ {
		v := reflect.New(m.Type().Elem()).Elem()
		v.Field(1).Set(reflect.ValueOf(item(i)))
		m.SetMapIndex(reflect.ValueOf(int16(i)), v)
		items("made by reflect", fmt.Sprintf("main.byReflect.(map[int16]struct { N int; Item *main.Item })[%d].Item", i), v.Field(1).Interface().(*Item))
	}
	for i := 0; i < 3; i++ {
		k, v := reflect.New(wide.Type().Key()).Elem(), reflect.New(wide.Type().Elem()).Elem()
		k.Index(0).SetInt(int64(i))
		v.Index(29).Set(reflect.ValueOf(item(i)))
		wide.SetMapIndex(k, v)
		items("made by reflect", fmt.Sprintf("main.wideByReflect.(map[[21]int][30]*main.Item)[{%d%s}][29]", i, strings.Repeat(" 0", 20)), v.Index(29).Interface().(*Item))
	}
}

func concurrent() {
	// Read only: what was stored is looked for until the map is promoted.
	fill(&promoted, "main.promoted", 30)
	for i := 0; i < 100; i++ {
		promoted.Load("absent")
	}
	// Promoted, and then more stored.
	fill(&amended, "main.amended", 20)
	for i := 0; i < 100; i++ {
		amended.Load("absent")
	}
	for i := 20; i < 25; i++ {
		store(&amended, "main.amended", i)
	}
	fill(&dirty, "main.dirty", 3)
	// Deleted from the promoted part, before and after there is another.
	for i := 0; i < 10; i++ {
		erased.Store(i, item(i))
	}
	for i := 0; i < 100; i++ {
		erased.Load("absent")
	}
	erased.Delete(1)
	store(&erased, "main.erased", 11)
	erased.Delete(2)
	it := item(100)
	local = new(sync.Map)
	local.Store("only", it)
	items("sync.Map", `main.local["only"].(*main.Item)`, it)
}

func fill(m *sync.Map, path string, n int) {
	for i := 0; i < n; i++ {
		store(m, path, i)
	}
}

func store(m *sync.Map, path string, i int) {
	k, it := fresh("the key number %d", i), item(i)
	m.Store(k, it)
	items("sync.Map", path+"["+strconv.Quote(k)+"].(*main.Item)", it)
	v := Pair{i, item(-i)}
	m.Store(i, v)
	items("sync.Map", path+"["+strconv.Itoa(i)+"].(main.Pair).Item", v.Item)
}

// sayEntries says what a map holds. An element is a number, or something with
// one in it.
func sayEntries(path string, m interface{}) {
	number := func(v reflect.Value) string {
		if v.Kind() == reflect.Ptr {
			v = v.Elem()
		}
		if v.Kind() == reflect.Struct {
			v = v.Field(0)
		}
		return fmt.Sprint(v.Interface())
	}
	held := map[string]string{}
	for it := reflect.ValueOf(m).MapRange(); it.Next(); {
		k := fmt.Sprintf("%#v", it.Key().Interface())
		held[k] = number(it.Value())
	}
	said = append(said, entries{"entries", path, held})
}

func main() {
	plain()
	pointerless()
	kinds()
	large()
	reflected()
	concurrent()
	leftover()
	huge = new([20000]Pair)
	huge[19999].Item = item(1)
	say("large array", "array", unsafe.Pointer(huge), "[20000]main.Pair", "main.huge")
	items("large array", "main.huge[19999].Item", huge[19999].Item)
	finished = item(1)
	runtime.SetFinalizer(finished, func(i *Item) { fmt.Println(i) })
	for path, m := range map[string]interface{}{
		"main.empty": empty, "main.hinted": hinted, "main.small": small, "main.full": full, "main.growing": growing, "main.several": several, "main.again": again,
		"main.moving": moving, "main.deleted": deleted, "main.numbers": numbers, "main.ngrowing": ngrowing, "main.bytes": bytes,
		"main.flags": flags, "main.pairs": pairs, "main.wide": wide, "main.wideGrown": wideGrown,
	} {
		sayEntries(path, m)
	}
	for _, line := range said {
		ready.Say(line)
	}
	said = nil
	ready.Wait()
	fmt.Println(empty, hinted, small, full, growing, several, again, moving, deleted, numbers, ngrowing, set, bytes, flags, points, pairs,
		wide, wideGrown, wideKeys, wideBoth, byReflect, wideByReflect, slices, maps, boxes, array, inside, local, finished, rest, restWide, huge)
}
