//go:build go1.21

package main

import (
	"context"
	"sync"
)

var once struct{ value func() *thing }

//go:noinline
func onceValue() {
	once.value = sync.OnceValue(newThing)
	say("sync.OnceValue", at(once.value()), "main.thing", "main.once.value."+own(once.value)+" captured "+onceResult).Shape = true
}

var afterwards struct {
	parent context.Context
	cancel context.CancelFunc
	stop   func() bool
}

func init() {
	afterwards.parent, afterwards.cancel = context.WithCancel(context.WithoutCancel(context.Background()))
	x := newThing()
	afterwards.stop = context.AfterFunc(afterwards.parent, func() { println(x) })
}

const funcType = "internal/abi.FuncType"
