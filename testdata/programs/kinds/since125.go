//go:build go1.25

package main

// onceResult is where the function of a sync.OnceValue has its result.
const onceResult = "d.result"
