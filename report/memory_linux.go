package report

import (
	"bytes"
	"os"
	"strconv"
	"time"
)

// sampleEvery is the time between two looks at the process's memory.
const sampleEvery = 10 * time.Millisecond

// watchMemory samples the anonymous memory of this process until the returned
// function is called, which gives the largest value seen, in bytes.
func watchMemory() (peak func() uint64) {
	stop, result := make(chan struct{}), make(chan uint64, 1)
	go func() {
		tick := time.NewTicker(sampleEvery)
		defer tick.Stop()
		var most uint64
		buf := make([]byte, 8192)
		for {
			most = max(most, anonymous(buf))
			select {
			case <-stop:
				result <- max(most, anonymous(buf))
				return
			case <-tick.C:
			}
		}
	}()
	return func() uint64 {
		close(stop)
		return <-result
	}
}

// anonymous returns RssAnon of proc_pid_status(5) in bytes, 0 where the kernel
// does not say. Buf holds the file while it is read.
func anonymous(buf []byte) uint64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close()
	n, _ := f.Read(buf)
	_, rest, _ := bytes.Cut(buf[:n], []byte("\nRssAnon:"))
	line, _, _ := bytes.Cut(rest, []byte(" kB"))
	kib, _ := strconv.ParseUint(string(bytes.TrimSpace(line)), 10, 64)
	return kib << 10
}
