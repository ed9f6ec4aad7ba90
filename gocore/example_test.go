package gocore_test

import (
	"context"
	"fmt"
	"log"

	"goheap/gocore"
	"goheap/internal/testcore"
)

// Who keeps the memory of a program alive?
func Example() {
	// A core file of a Go program: kill -ABRT with GOTRACEBACK=crash, gcore.
	core, err := testcore.Take("quiet", testcore.Options{}, testcore.Kernel)
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	p, err := gocore.Open(ctx, core.Core, gocore.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer p.Close()
	g, err := p.Graph(ctx)
	if err != nil {
		log.Fatal(err)
	}
	d, err := g.Dominators(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close()
	for _, n := range d.Largest(1) {
		fmt.Println(p.Name(n), p.Type(n), d.Retained(n), p.Expr(d.PathTo(n)))
	}

	// Any expression that starts at a global variable.
	n, err := p.Lookup("main.pair[1]")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.Type(n), d.Retained(n), p.Expr(d.PathTo(n)))

	// Output:
	// main.noscan []uint8 1048576 main.noscan
	// main.Entry 24 main.pair[1]
}
