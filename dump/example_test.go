package dump_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"goheap/dump"
	"goheap/internal/testcore/heapwriter"
	"goheap/internal/testcore/mainargs"
)

// What is in the file on the command line? In the test it is a heap dump of two objects.
func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	w := heapwriter.New(8, "amd64", "go1.26.8")
	w.Object(0xc000010000, []uint64{0xc000010010, 7}, 0).Object(0xc000010010, []uint64{1, 2})
	w.MemStats(32, 2).Ints(0)
	path := filepath.Join(dir, "heap.dump")
	if err := os.WriteFile(path, w.Bytes, 0o600); err != nil {
		log.Fatal(err)
	}
	defer mainargs.File(path)()

	// From here on it is what stands in a main function.
	ctx := dump.WithProgress(context.Background(), func(phase string, done, total int64) {
		fmt.Fprintf(os.Stderr, "%s: %d of %d bytes\n", phase, done, total) // of a compressed file
	})
	core, heapDump, err := dump.OpenFile(ctx, os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	if core != nil {
		defer core.Close()
		m := core.Memory
		fmt.Printf("a core of a program for %v: %d threads, %d bytes of memory\n", m.Machine(), len(core.Threads), m.Size())
		for _, r := range m.Ranges() {
			word, _ := m.Word(r.Start)
			fmt.Printf("%#x to %#x, the first word is %#x\n", r.Start, r.End, word)
		}
		return
	}
	defer heapDump.Close()
	fmt.Printf("a heap dump of a program of %s for %s\n", heapDump.Params.GoVersion, heapDump.Params.GOARCH)
	r := heapDump.Records()
	for r.Next() {
		if r.Kind == dump.RecordObject {
			fmt.Printf("an object of %d bytes at %#x\n", len(r.Contents), r.Addr())
		}
	}
	if err := r.Err(); err != nil {
		log.Fatal(err)
	}

	// Output:
	// a heap dump of a program of go1.26.8 for amd64
	// an object of 16 bytes at 0xc000010000
	// an object of 16 bytes at 0xc000010010
}
