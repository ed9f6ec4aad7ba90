//go:build go1.26

package main

// cleanupArgument is where a cleanup has its argument.
const cleanupArgument = " argument"
