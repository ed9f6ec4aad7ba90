//go:build !go1.24

package main

func weakly() {}

func cleanup() {
	missing("cleanup, argument", "package runtime has cleanups since Go 1.24")
	missing("cleanup of an object on a stack, argument", "package runtime has cleanups since Go 1.24")
	missing("weak handle", "package weak is there since Go 1.24")
}
