//go:build !cgo

package main

func main() { println("build it with a C compiler and CGO_ENABLED=1") }
