//go:build matrix

package main

// anew are the versions that are made anew, by processor: none stands for all.
var anew = map[string][]string{"amd64": nil, "arm64": nil}
