// Takecore makes, or finds in the cache, the core file of a test program and
// prints two lines: the path of the core and the path of the executable.
//
//	go run ./internal/testcore/takecore [-go go1.27.0] [-kind kernel|gcore|heapdump|any] [-pie] [-lines] PROGRAM [ARG…]
//	go run ./internal/testcore/takecore -lacking
//
// What it does meanwhile, it says on standard error. With -lacking it prints instead
// what the machine lacks for cores of all kinds, a line each.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"

	"goheap/internal/testcore"
)

func main() {
	opt := testcore.Options{Progress: os.Stderr}
	flag.StringVar(&opt.Go, "go", "", "toolchain to build the program with, as in GOTOOLCHAIN")
	flag.BoolVar(&opt.PIE, "pie", false, "build a position-independent executable")
	kind := flag.String("kind", string(testcore.Kernel), "who writes the core: kernel, gcore, heapdump for a heap dump and a core of one process, or any: gcore, and the kernel where that fails")
	lines := flag.Bool("lines", false, "print also what the program said of itself")
	lacking := flag.Bool("lacking", false, "print what the machine lacks, so that tests are skipped")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: takecore [flags] PROGRAM [ARG…]")
		flag.PrintDefaults()
	}
	flag.Parse()
	if *lacking {
		for _, what := range testcore.Lacking() {
			fmt.Println("tests will be skipped where this is needed:", what)
		}
		return
	}
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	kinds := []testcore.Kind{testcore.Kind(*kind)}
	if *kind == "any" {
		kinds = []testcore.Kind{testcore.Gcore, testcore.Kernel}
	}
	var dump testcore.Dump
	var errs []error
	for _, k := range kinds {
		var err error
		if dump, err = testcore.Take(flag.Arg(0), opt, k, flag.Args()[1:]...); err == nil {
			errs = nil
			break
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		fmt.Fprintln(os.Stderr, "takecore:", err)
		os.Exit(1)
	}
	fmt.Println(cmp.Or(dump.Heap, dump.Core))
	fmt.Println(dump.Exe)
	if *lines {
		for _, line := range dump.Output {
			fmt.Println(line)
		}
	}
}
