// Threads does nothing with a few threads at once: a machine, or an emulator, that
// runs it to its end runs Go programs.
package main

import (
	"runtime"
	"sync"
)

func main() {
	var all sync.WaitGroup
	for i := 0; i < 8; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			runtime.LockOSThread() // and never back, so that each has its own
			for i := 0; i < 100; i++ {
				runtime.Gosched()
			}
		}()
	}
	all.Wait()
}
