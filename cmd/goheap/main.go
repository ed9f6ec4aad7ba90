// Goheap shows what keeps the memory of a Go program alive. It reads core files
// of Go programs; goheap --help lists its verbs.
package main

import "os"

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
