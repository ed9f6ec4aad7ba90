//go:build !goexperiment.arenas

package main

func main() { println("build it with GOEXPERIMENT=arenas") }
