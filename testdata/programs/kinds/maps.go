package main

import "fmt"

type point struct {
	x    int
	name string
}

type wideElem struct {
	pad [20]int64
	p   *thing
}

type bigKey struct {
	pad [17]int64
	id  int8
}

type row [10]*thing

var m struct {
	empty    map[string]*thing
	small    map[string]*thing
	table    map[string]*thing
	many     map[int]*thing
	wide     map[int]row
	indirect map[int]wideElem
	bigKeys  map[bigKey]*thing
	holes    map[int]*thing
	byPoint  map[point]*thing
	byAny    map[any]*thing
	byPtr    map[*thing]*thing
	byArray  map[[3]int8]*thing
	byFloat  map[float64]*thing
	byBool   map[bool]*thing
	byRune   map[rune]*thing
	byNested map[struct {
		p point
		a [2]string
	}]*thing
	set     map[string]struct{}
	nested  map[string]map[string]*thing
	slices  map[string][]*thing
	structs map[string]struct{ p *thing }
	values  map[int]any
	keyed   map[*thing]int
	named   index
	long    map[string]*thing
}

type index map[string]*thing

//go:noinline
func buildMaps() {
	m.empty = make(map[string]*thing)
	say("map, empty", word(m.empty), "map[string]*main.thing", "main.m.empty")

	m.small = map[string]*thing{"one": newThing(), "two": newThing(), "with \"quotes\"]\n": newThing()}
	say("map, small", word(m.small), "map[string]*main.thing", "main.m.small")
	isThing("map, small, element", m.small["two"], `main.m.small["two"]`)
	isThing("map, small, element with an odd key", m.small["with \"quotes\"]\n"], `main.m.small["with \"quotes\"]\n"]`)

	m.table = map[string]*thing{}
	for i := 0; i < 100; i++ {
		m.table[fmt.Sprint("k", i)] = newThing()
	}
	isThing("map, one table", m.table["k42"], `main.m.table["k42"]`)

	m.many = map[int]*thing{}
	for i := 0; i < 9000; i++ {
		m.many[i] = newThing()
	}
	for _, i := range []int{0, 1, 4711, 8999} {
		isThing(fmt.Sprint("map, many tables, ", i), m.many[i], fmt.Sprintf("main.m.many[%d]", i))
	}

	m.wide = map[int]row{}
	for i := 0; i < 40; i++ {
		r := row{}
		for k := range r {
			r[k] = newThing()
		}
		m.wide[i] = r
	}
	isThing("map, wide groups", m.wide[3][7], "main.m.wide[3][7]")

	m.indirect = map[int]wideElem{}
	for i := 0; i < 20; i++ {
		m.indirect[i] = wideElem{p: newThing()}
	}
	isThing("map, indirect elements", m.indirect[5].p, "main.m.indirect[5].p")

	m.bigKeys = map[bigKey]*thing{{id: 1}: newThing(), {id: 2}: newThing()}
	isThing("map, indirect keys", m.bigKeys[bigKey{id: 2}], "main.m.bigKeys[{{0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0} 2}]")

	m.holes = map[int]*thing{}
	for i := 0; i < 700; i++ {
		m.holes[i] = newThing()
	}
	for i := 0; i < 700; i++ {
		if i%7 != 3 {
			delete(m.holes, i)
		}
	}
	isThing("map, after deletes", m.holes[6*7+3], "main.m.holes[45]")

	m.byPoint = map[point]*thing{{1, "a"}: newThing(), {-2, "b c"}: newThing()}
	isThing("map, by struct", m.byPoint[point{1, "a"}], `main.m.byPoint[{1 "a"}]`)
	isThing("map, by struct, 2", m.byPoint[point{-2, "b c"}], `main.m.byPoint[{-2 "b c"}]`)
	m.byAny = map[any]*thing{"text": newThing(), 17: newThing(), point{3, "p"}: newThing(), 1.5: newThing(), true: newThing()}
	isThing("map, by interface, string", m.byAny["text"], `main.m.byAny["text"]`)
	isThing("map, by interface, int", m.byAny[17], `main.m.byAny[17]`)
	isThing("map, by interface, struct", m.byAny[point{3, "p"}], `main.m.byAny[main.point{3 "p"}]`)
	isThing("map, by interface, float", m.byAny[1.5], `main.m.byAny[1.5]`)
	isThing("map, by interface, bool", m.byAny[true], `main.m.byAny[true]`)
	key := newThing()
	m.byPtr = map[*thing]*thing{key: newThing()}
	isThing("map, by pointer", m.byPtr[key], fmt.Sprintf("main.m.byPtr[%#x]", at(key)))
	isThing("map, by pointer, key", key, fmt.Sprintf("main.m.byPtr[key %#x]", at(key)))
	m.byArray = map[[3]int8]*thing{{1, -2, 3}: newThing(), {}: newThing()}
	isThing("map, by array", m.byArray[[3]int8{1, -2, 3}], `main.m.byArray[{1 -2 3}]`)
	m.byFloat = map[float64]*thing{0.25: newThing(), 1e100: newThing()}
	isThing("map, by float", m.byFloat[1e100], `main.m.byFloat[1e+100]`)
	m.byBool = map[bool]*thing{true: newThing(), false: newThing()}
	isThing("map, by bool", m.byBool[false], `main.m.byBool[false]`)
	m.byRune = map[rune]*thing{'x': newThing()}
	isThing("map, by rune", m.byRune['x'], `main.m.byRune[120]`)
	type nestedKey = struct {
		p point
		a [2]string
	}
	m.byNested = map[nestedKey]*thing{{point{1, "]"}, [2]string{"{", "}"}}: newThing()}
	for _, p := range m.byNested {
		isThing("map, by nested struct", p, `main.m.byNested[{{1 "]"} {"{" "}"}}]`)
	}

	text := long("in the set")
	m.set = map[string]struct{}{text: {}}
	say("map as a set", word(text), "string data", fmt.Sprintf("main.m.set[key %q]", text))

	m.nested = map[string]map[string]*thing{"outer": {"inner": newThing()}, "other": {}}
	say("map of maps", word(m.nested["outer"]), "map[string]*main.thing", `main.m.nested["outer"]`)
	isThing("map of maps, element", m.nested["outer"]["inner"], `main.m.nested["outer"]["inner"]`)

	m.slices = map[string][]*thing{"s": {newThing(), newThing(), newThing()}, "": {newThing()}}
	say("map of slices", word(m.slices["s"]), "[]*main.thing", `main.m.slices["s"]`)
	isThing("map of slices, element", m.slices["s"][2], `main.m.slices["s"][2]`)
	isThing("map of slices, element of the empty key", m.slices[""][0], `main.m.slices[""][0]`)

	m.structs = map[string]struct{ p *thing }{"x": {newThing()}}
	isThing("map of structs", m.structs["x"].p, `main.m.structs["x"].p`)
	m.values = map[int]any{-1: newThing(), 2: []*thing{newThing()}}
	isThing("map of interfaces", m.values[-1].(*thing), `main.m.values[-1].(*main.thing)`)
	isThing("map of interfaces, slice", m.values[2].([]*thing)[0], `main.m.values[2].([]*main.thing)[0]`)

	k := newThing()
	k.next = newThing()
	m.keyed = map[*thing]int{k: 1}
	isThing("map, key", k, fmt.Sprintf("main.m.keyed[key %#x]", at(k)))
	isThing("map, behind the key", k.next, fmt.Sprintf("main.m.keyed[key %#x].next", at(k)))

	m.named = index{"n": newThing()}
	say("map of a named type", word(m.named), "main.index", "main.m.named")
	isThing("map of a named type, element", m.named["n"], `main.m.named["n"]`)
}
