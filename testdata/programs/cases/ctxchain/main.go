// Ctxchain adds a value to its context in each round of a loop, so that the contexts make
// a list, by way of interfaces. Right answer: ctx of main.loop, a list of 40,000
// context.valueCtx with a *main.span each.
package main

import (
	"context"
	"fmt"

	"goheap/testdata/programs/cases/internal/stand"
)

type key struct{}

type span struct {
	id   int
	data [25]uint64
}

//go:noinline
func loop(ctx context.Context, n int) {
	for i := 0; i < n; i++ {
		ctx = context.WithValue(ctx, key{}, &span{id: i})
	}
	stand.Culprit("ctx", n, uint64(n)*(48+208))
	ready()
	fmt.Println(ctx.Value(key{}))
}

//go:noinline
func ready() { stand.Ready(nil) }

func main() { loop(context.Background(), 40000) }
