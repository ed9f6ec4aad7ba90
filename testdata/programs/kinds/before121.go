//go:build !go1.21

package main

func onceValue() { missing("sync.OnceValue", "package sync has it since Go 1.21") }

const funcType = "reflect.funcType"
