//go:build go1.24 && !go1.26

package main

func cleanupArgument(*thing) {
	missing("cleanup, argument", "a closure of generic code has captured it, which shares its expression with the variable")
}
