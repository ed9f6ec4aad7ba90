// Readers has goroutines that wait with buffers into which they have read the same, and
// copies of one text that it keeps. It says how many of these there are, the first one
// included.
package main

import (
	"fmt"
	"runtime"

	"goheap/testdata/programs/internal/ready"
)

const readers, copies, size = 100, 50, 3 << 10

var (
	kept [][]byte
	stop = make(chan int)
)

// fill makes a buffer that has been read into.
//
//go:noinline
func fill(b []byte) []byte {
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

//go:noinline
func read(n int, waits chan<- bool) {
	b := fill(make([]byte, n))
	for {
		waits <- true
		b[0] = byte(<-stop)
		runtime.KeepAlive(b)
	}
}

func main() {
	waits := make(chan bool)
	for i := 0; i < readers; i++ {
		go read(size, waits)
		<-waits
	}
	for i := 0; i < copies; i++ {
		kept = append(kept, fill(make([]byte, size)))
	}
	fmt.Printf(`{"case":"copies","count":%d,"size":%d}`+"\n", copies, size)
	ready.Wait()
}
