//go:build go1.22

package main

// funcDescriptor is the type of what describes a func of three parameters.
const funcDescriptor = "struct { FuncType internal/abi.FuncType; Args [3]*reflect.rtype }"
