//go:build !go1.20

package main

func joinErrors() {
	missing("errors.Join", "package errors has it since Go 1.20")
	missing("errors.Join, behind an error", "package errors has it since Go 1.20")
}

// funcDescriptor is the type of what describes a func of three parameters.
const funcDescriptor = "reflect.funcTypeFixed4"
