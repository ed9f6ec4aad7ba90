// Package mainargs gives examples the command line of a main function.
package mainargs

import (
	"flag"
	"os"
)

// File lets an example find in os.Args what a main function has there: the path
// of a file, and nothing else. That is the one after -args on the command line of go
// test, if there is one. The returned function puts os.Args back.
func File(path string) (restore func()) {
	args := os.Args
	if flag.NArg() > 0 {
		path = flag.Arg(0)
	}
	os.Args = []string{args[0], path}
	return func() { os.Args = args }
}
