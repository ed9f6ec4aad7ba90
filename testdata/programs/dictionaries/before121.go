//go:build !go1.21

package main

func once() {} // package sync has no OnceValue
