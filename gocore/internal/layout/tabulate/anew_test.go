//go:build !matrix

package main

// anew are the versions that are made anew, by processor.
var anew = map[string][]string{"amd64": {"go1.18.10", "go1.26.8"}, "arm64": {"go1.26.8"}}
