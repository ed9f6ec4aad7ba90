//go:build !go1.24

package main

func weakly() {}

func cleanup() { missing("cleanup, argument", "package runtime has cleanups since Go 1.24") }
