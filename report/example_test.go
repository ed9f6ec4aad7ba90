package report_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"goheap/internal/testcore"
	"goheap/internal/testcore/mainargs"
	"goheap/report"
)

// What holds the memory of the program whose core is on the command line?
func Example() {
	core, err := testcore.Take("quiet", testcore.Options{}, testcore.Kernel)
	if err != nil {
		log.Fatal(err)
	}
	defer mainargs.File(core.Core)()

	// From here on it is what stands in a main function.
	ctx := context.Background()
	s, err := report.Load(ctx, os.Args[1], report.Options{
		Progress: func(phase string, done, total int64) {
			if total > 0 && done < total {
				fmt.Fprintf(os.Stderr, "\r%s %d %%", phase, done*100/total)
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	retainers, err := s.Retainers(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range retainers[:1] {
		fmt.Println(r.Kind, r.Name, r.Type, report.HumanBytes(r.Retained))
	}

	// The same as a table, with those rows that an expression keeps. WriteCSV and
	// WriteRows write it for machines.
	t, err := report.RetainerTable(ctx, s)
	if err != nil {
		log.Fatal(err)
	}
	if t, err = s.Where(ctx, t, "= retained > 1000 KiB"); err != nil {
		log.Fatal(err)
	}
	for row := range t.Len() {
		fmt.Println(t.Cell(row, t.Column("holder")).Text, t.Cell(row, t.Column("retained_bytes")).Num)
	}

	// Output:
	// global main.noscan []uint8 1.00 MiB
	// main.noscan 1048576
}
