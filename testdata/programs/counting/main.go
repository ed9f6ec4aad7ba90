// Counting never rests: goroutines count, allocate and drop what they have allocated, and
// it says every few milliseconds how far they are. With an argument it has as many
// mappings, each of one page that may be read, between such that may not.
package main

import (
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

type node struct {
	next *node
	n    uint64
	text string
}

var (
	count atomic.Uint64
	lists [4]*node
	pages []byte
)

func work(i int) {
	for {
		lists[i] = &node{next: lists[i], n: count.Add(1)}
		if lists[i].n%1000 == 0 {
			lists[i].text = strconv.FormatUint(lists[i].n, 10)
		}
		if lists[i].n%20000 == 0 {
			lists[i] = nil
		}
	}
}

func main() {
	if len(os.Args) > 1 {
		n, err := strconv.Atoi(os.Args[1])
		if err != nil {
			panic(err)
		}
		page := os.Getpagesize()
		pages, err = syscall.Mmap(-1, 0, n*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err != nil {
			panic(err)
		}
		for i := 0; i < n; i++ {
			pages[i*page] = byte(i%255 + 1)
			if i%2 == 1 {
				if err := syscall.Mprotect(pages[i*page:(i+1)*page], syscall.PROT_READ); err != nil {
					panic(err)
				}
			}
		}
	}
	for i := range lists {
		go work(i)
	}
	fmt.Println("ready")
	for {
		time.Sleep(5 * time.Millisecond)
		fmt.Println(count.Load())
	}
}
