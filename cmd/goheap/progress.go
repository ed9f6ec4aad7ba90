package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"goheap/internal/progress"
)

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// drawProgress shows the running phases in one line of w, if that is a terminal,
// until the returned function is called, which takes the line away. Calling it
// again does nothing.
func drawProgress(w io.Writer, t *progress.Tracker) (clear func()) {
	if !isTerminal(w) {
		return func() {}
	}
	const every = 100 * time.Millisecond
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				fmt.Fprint(w, "\r\x1b[K")
				return
			case <-tick.C:
				if line := progressLine(t.Snapshot()); line != "" {
					fmt.Fprintf(w, "\r\x1b[K%s", line)
				}
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(stop)
		<-stopped
	})
}

// progressLine says what runs: of several phases, the one that began last.
func progressLine(phases []progress.State) string {
	for i := len(phases) - 1; i >= 0; i-- {
		p := phases[i]
		if p.Finished {
			continue
		}
		if p.Total <= 0 || p.Done <= 0 {
			return fmt.Sprintf("%s  %.1f s", p.Name, p.Elapsed.Seconds())
		}
		part := min(1, float64(p.Done)/float64(p.Total))
		left := time.Duration(float64(p.Elapsed) * (1 - part) / part)
		return fmt.Sprintf("%s  %.0f %%  %.0f s left", p.Name, 100*part, left.Seconds())
	}
	return ""
}
