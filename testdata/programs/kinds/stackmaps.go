package main

// Maps that do not escape have their headers in frames, where no variable that the
// debugging information describes leads to them. There are no paths.

//go:noinline
func buildStackMaps() {
	start(smallOnStack)
	start(smallOfStrings)
	start(grownOnStack)
	start(literalOnStack)
	start(severalOnStack)
	start(rangedOver)
	start(rangedOverSmall)
	start(inlinedOnStack)
}

func smallOnStack(b blocked) {
	m := map[int]*thing{}
	m[count%3+1] = told("map on a stack, element")
	b.ready()
	hold()
	used(m[1].id + len(m))
}

func smallOfStrings(b blocked) {
	m := make(map[string]message)
	m[long("key")] = message{id: 1, p: told("map of strings on a stack, element")}
	b.ready()
	hold()
	used(m["key"].id + len(m))
}

func grownOnStack(b blocked) {
	m := make(map[int]*thing)
	for i := 0; i < 300; i++ {
		m[i] = newThing()
	}
	m[300] = told("map on a stack that has grown, element")
	b.ready()
	hold()
	used(m[1].id + len(m))
}

func literalOnStack(b blocked) {
	m := map[interface{}]summer{"a": told("literal of a map on a stack, element"), 2: told("literal of a map on a stack, another element")}
	b.ready()
	hold()
	used(m["a"].Sum() + len(m))
}

// severalOnStack has two maps, each of which fits one of the types alone.
func severalOnStack(b blocked) {
	m := map[int]*thing{1: told("one of two maps on a stack, element")}
	n := map[string]*message{"a": {p: told("another of two maps on a stack, element")}}
	b.ready()
	hold()
	used(m[1].id + n["a"].id)
}

//go:noinline
func mapOf(name string, n int) map[int]*thing {
	m := make(map[int]*thing, n)
	for i := 0; i < n; i++ {
		m[i] = told(name)
		name += "'"
	}
	return m
}

func rangedOver(b blocked) {
	b.ready()
	for k, v := range mapOf("element of a map that is being ranged over", 9) {
		hold()
		used(k + v.id)
	}
}

func rangedOverSmall(b blocked) {
	b.ready()
	for k, v := range mapOf("element of a small map that is being ranged over", 2) {
		hold()
		used(k + v.id)
	}
}

func inlinedOnStack(b blocked) {
	b.ready()
	func() {
		m := map[int]*thing{}
		m[7] = told("map of an inlined function on a stack, element")
		hold()
		count += m[7].id
	}()
}
