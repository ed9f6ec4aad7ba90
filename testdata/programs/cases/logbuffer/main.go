// Logbuffer appends every line of a log to a slice that is flushed only when an error
// comes. Right answer: main.audit.pending, a []string, holds 200,000 lines: some 25 MiB.
package main

import (
	"fmt"

	"goheap/testdata/programs/cases/internal/stand"
)

type logger struct {
	prefix  string
	pending []string
}

var audit = &logger{prefix: "audit"}

func (l *logger) printf(format string, args ...any) {
	l.pending = append(l.pending, fmt.Sprintf(format, args...))
}

func main() {
	stand.Measured("main.audit.pending", 200000, func() {
		for i := 0; i < 200000; i++ {
			audit.printf("%s: request %080d", audit.prefix, i)
		}
	})
	stand.Ready(nil)
}
