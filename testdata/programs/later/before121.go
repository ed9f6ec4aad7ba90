//go:build !go1.21

package main

func makeNewContexts(string) int { return 0 }
