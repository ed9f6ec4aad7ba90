//go:build go1.21

package main

import "sync"

// What these compute once, or remember, hangs on closures of generic functions that are
// inlined in the initialiser of the package.
var (
	onceAlpha = sync.OnceValue(func() *alpha { return newAlpha() })
	onceBeta  = sync.OnceValue(func() *beta { return newBeta() })
	onceMap   = sync.OnceValue(func() map[string]*gamma { return map[string]*gamma{"a": newGamma()} })
	onceBoth  = sync.OnceValues(func() ([]*beta, *gamma) { return []*beta{newBeta()}, newGamma() })
	lazyAlpha = lazy(newAlpha)
	lazyGamma = lazy(newGamma)
)

// lazy is small enough to be inlined.
func lazy[T any](make func() T) func() T {
	var made bool
	var value T
	return func() T {
		if !made {
			made, value = true, make()
		}
		return value
	}
}

func once() {
	say("once", "main.alpha", onceAlpha())
	say("once, on", "main.alpha", onceAlpha().next)
	say("once", "main.beta", onceBeta())
	say("once, on", "main.beta", onceBeta().next)
	say("once, in a map", "main.gamma", onceMap()["a"])
	list, g := onceBoth()
	say("once, in a slice", "main.beta", list[0])
	say("once, the second", "main.gamma", g)
	say("lazily", "main.alpha", lazyAlpha())
	say("lazily, on", "main.alpha", lazyAlpha().next)
	say("lazily", "main.gamma", lazyGamma())
	say("lazily, on", "main.gamma", lazyGamma().next)
}
