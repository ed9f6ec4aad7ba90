//go:build go1.21

package main

import "sync"

var once struct{ value func() *thing }

//go:noinline
func onceValue() {
	once.value = sync.OnceValue(newThing)
	say("sync.OnceValue", at(once.value()), "main.thing", "main.once.value."+own(once.value)+" captured "+onceResult).Shape = true
}

const funcType = "internal/abi.FuncType"
