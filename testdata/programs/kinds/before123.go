//go:build !go1.23

package main

import "runtime"

const (
	// describesCaptures: debugging information says nothing of captures, and the code is
	// understood of one processor.
	describesCaptures = runtime.GOARCH == "amd64"

	timerPart    = ".r"               // of the time.Timer that the runtime's is a part of
	timerChannel = "<-chan time.Time" // by the field C, and as sure as by arg
)

func timerType(declared string) string { return declared }

func iterators() {
	missing("iter.Pull", "package iter is there since Go 1.23")
	missing("variable of a range-over-func loop", "loops range over functions since Go 1.23")
}

func uniques() {
	missing("unique.Handle", "package unique is there since Go 1.23")
	missing("unique.Handle of a string", "package unique is there since Go 1.23")
}
