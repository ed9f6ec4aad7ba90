// Spread is healthy: sixteen tables of a program that knows how large each may be. Right
// answer: nothing suspicious, though the heap has 16 MiB.
package main

import "goheap/testdata/programs/cases/internal/stand"

type row struct {
	id   int
	cols [120]byte
}

func table() []*row {
	rows := make([]*row, 0, 7500)
	for i := 0; i < cap(rows); i++ {
		rows = append(rows, &row{id: i})
	}
	return rows
}

var (
	t0, t1, t2, t3, t4, t5, t6, t7       = table(), table(), table(), table(), table(), table(), table(), table()
	t8, t9, t10, t11, t12, t13, t14, t15 = table(), table(), table(), table(), table(), table(), table(), table()
)

func main() {
	stand.Ready(nil, &t0, &t1, &t2, &t3, &t4, &t5, &t6, &t7, &t8, &t9, &t10, &t11, &t12, &t13, &t14, &t15)
}
