package gocore_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"goheap/gocore"
	"goheap/internal/testcore"
	"goheap/internal/testcore/mainargs"
)

// Who keeps the memory of a program alive? The file on the command line says so: a core
// as gcore writes it, and the kernel after kill -ABRT with GOTRACEBACK=crash, or a heap
// dump.
func Example() {
	core, err := testcore.Take("quiet", testcore.Options{}, testcore.Kernel)
	if err != nil {
		log.Fatal(err)
	}
	defer mainargs.File(core.Core)()

	// From here on it is what stands in a main function.
	ctx := context.Background()
	p, err := gocore.Open(ctx, os.Args[1], gocore.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer p.Close()
	h, err := p.Analyse(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	d := h.Dominators()
	for _, n := range d.Largest(1) {
		fmt.Println(h.Name(n), h.Type(n), d.Retained(n), h.Expr(d.PathTo(n)))
	}

	// Any expression that starts at a global variable.
	n, err := h.Lookup("main.pair[1]")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(h.Type(n), h.Evidence(n), d.Retained(n), h.Expr(d.PathTo(n)))

	// Output:
	// main.noscan []uint8 1048576 main.noscan
	// main.Entry pointer 24 main.pair[1]
}
