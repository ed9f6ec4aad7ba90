// Released is the case released. Source: cockroachdb/cockroach#20078, golang/go#14521, ethereum/go-ethereum#19062.
// Shape: a peak of 200 MiB, then collected: idle spans not yet returned to the OS; live ~0.
// Expected: live under 1 MiB; idle 200 MiB of which little is released; RSS ~200 MiB.
package main

import (
	"goheap/testdata/programs/cases/internal/stand"
)

func peak() int {
	var s [][]byte
	for range 200 {
		b := make([]byte, 1<<20)
		for j := range b {
			b[j] = 1
		}
		s = append(s, b)
	}
	return len(s)
}

func main() { _ = peak(); stand.Ready(nil) }
