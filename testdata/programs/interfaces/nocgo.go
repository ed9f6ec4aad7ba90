//go:build !cgo

package main

func holdIncomplete() {}
