// Dupstr is the case dupstr. Source: prometheus/prometheus, VictoriaMetrics (label values not interned); kubernetes string duplication.
// Expected: main.series 200,000 x Labels{name,value}: 200,000 copies of 20 different 64 B strings: 12.2 MiB duplicates.
package main

import (
	"fmt"
	"strings"

	"goheap/testdata/programs/cases/internal/stand"
)

type Label struct{ Name, Value string }

var series []Label

func main() {
	vals := make([]string, 20)
	for i := range vals {
		vals[i] = fmt.Sprintf("%02d-%s", i, strings.Repeat("z", 60))
	}
	for i := range 200000 {
		series = append(series, Label{"job", strings.Clone(vals[i%20])})
	}
	stand.Ready(nil)
}
