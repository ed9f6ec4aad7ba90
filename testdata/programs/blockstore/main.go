// Blockstore is a block server whose configuration is the one of its tests:
// it keeps every block it has ever seen in memory. It leaks in two smaller
// ways besides. goheap's demo runs it, takes its core and asks what holds the
// memory; "go tool pprof" can only say that decodeBlock allocated it.
//
//	blockstore [BLOCKS]
//
// It prints "ready" when it has taken in its blocks, and runs until it is
// killed. With GOHEAP_CRASH=1 it aborts itself at that point.
package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"
)

type config struct {
	storage Storage
	log     io.Writer
}

// testConfig needs no disk.
func testConfig() config {
	return config{storage: newMemStorage(), log: io.Discard}
}

type server struct {
	storage Storage
	log     *logger
	started time.Time
}

// index finds the blocks that a watched account proposed. It shares them with
// whatever store the server has.
type index struct {
	byProposer map[string][]*Block
}

// event is what happened, for a page that nobody wrote.
type event struct {
	At     time.Time
	What   string
	Height uint64
}

var (
	srv    *server
	recent = &index{byProposer: map[string][]*Block{}}
	events []event // appended to, never cut
)

// logger formats much and keeps nothing: the first of every allocation
// profile, and innocent.
type logger struct{ out io.Writer }

func (l *logger) printf(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	for range 8 {
		line = fmt.Sprintf("%s %s", time.Now().Format(time.RFC3339Nano), line)
	}
	fmt.Fprintln(l.out, line)
}

func newServer(c config) *server {
	return &server{storage: c.storage, log: &logger{c.log}, started: time.Now()}
}

// accept takes in one block.
func (s *server) accept(message []byte) error {
	if err := s.storage.Put(message); err != nil {
		return err
	}
	b, err := s.storage.Latest()
	if err != nil {
		return err
	}
	if len(b.Txs) > 0 && b.Height%8 == 0 {
		b.Account(b.Txs[0].From)
	}
	if b.Height%10 == 0 {
		recent.byProposer[b.Proposer] = append(recent.byProposer[b.Proposer], b)
	}
	events = append(events, event{time.Now(), fmt.Sprintf("block %d accepted", b.Height), b.Height})
	s.log.printf("block %d by %s: %d transactions", b.Height, b.Proposer, len(b.Txs))
	return nil
}

// notify tells a subscriber of a block. A subscriber that has gone away never
// reads from done, and the goroutine stays, and its buffer with it.
func notify(b *Block, done chan<- int) {
	buffer := make([]byte, 0, 4096)
	buffer = fmt.Appendf(buffer, "block %d: %d transactions", b.Height, len(b.Txs))
	done <- len(buffer)
	fmt.Fprintf(io.Discard, "%s", buffer)
}

func main() {
	blocks := 16_000
	if len(os.Args) > 1 {
		n, err := strconv.Atoi(os.Args[1])
		if err != nil || n < 1 {
			fmt.Fprintln(os.Stderr, "usage: blockstore [BLOCKS]")
			os.Exit(2)
		}
		blocks = n
	}
	srv = newServer(testConfig())
	network := newChain()
	for i := range blocks {
		if err := srv.accept(network.next()); err != nil {
			fmt.Fprintln(os.Stderr, "blockstore:", err)
			os.Exit(1)
		}
		if i%(max(1, blocks/200)) == 0 {
			latest, _ := srv.storage.Latest()
			go notify(latest, make(chan int))
		}
	}
	network = nil
	time.Sleep(100 * time.Millisecond) // until all subscribers wait
	tick := time.Tick(time.Minute)     // behind a collection it may replace the runtime's table of timers
	runtime.GC()
	runtime.GC()
	fmt.Printf("%d blocks, pid %d\n", srv.storage.Len(), os.Getpid())
	fmt.Println("ready")
	if os.Getenv("GOHEAP_CRASH") == "1" {
		debug.SetTraceback("crash")
		syscall.Kill(os.Getpid(), syscall.SIGABRT)
	}
	for range tick {
		srv.log.printf("up %s, %d blocks", time.Since(srv.started), srv.storage.Len())
	}
}
