// Singlefield is the case singlefield. Minimal reproduction: globals that are addresses of static composite literals, and structs of one field.
package main

import (
	"goheap/testdata/programs/cases/internal/stand"
)

type One struct{ items []*int64 }
type Two struct {
	items []*int64
	n     int
}

var staticOne = &One{}
var staticTwo = &Two{}
var valueOne One
var valueTwo Two
var heapOne *One
var heapTwo *Two

func fill() (s []*int64) {
	for i := range int64(100000) {
		s = append(s, &i)
	}
	return
}

func main() {
	heapOne, heapTwo = new(One), new(Two)
	for name, items := range map[string]*[]*int64{
		"main.staticOne.items": &staticOne.items, "main.staticTwo.items": &staticTwo.items,
		"main.valueOne.items": &valueOne.items, "main.valueTwo.items": &valueTwo.items,
		"main.heapOne.items": &heapOne.items, "main.heapTwo.items": &heapTwo.items,
	} {
		stand.Measured(name, 100000, func() { *items = fill() })
	}
	stand.Ready(nil)
}
