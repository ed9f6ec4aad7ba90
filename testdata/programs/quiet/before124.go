//go:build !go1.24

package main

const cleanups = 0

func newerSpecials() {}
