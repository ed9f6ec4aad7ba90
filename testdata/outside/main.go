// Outside prints the largest holders of memory in a core file or a heap dump of a Go
// program, and by which path each is held. It is a module of its own, as any other that
// imports goheap: all it uses is public.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"time"

	"goheap/dump"
	"goheap/gocore"
	"goheap/report"
)

func main() {
	timeout := flag.Duration("timeout", time.Hour, "give the first analysis up after so long")
	cancelAfter := flag.String("cancel-after", "", "give the first analysis up when this `PHASE` has ended")
	exe := flag.String("exe", "", "the executable's `PATH`; otherwise it is found through the core")
	flag.Usage = func() {
		fmt.Fprintf(os.Stderr, "usage: %s [flags] FILE\n", os.Args[0])
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, flag.Arg(0), *exe, *timeout, *cancelAfter); err != nil {
		fmt.Fprintln(os.Stderr, "outside:", err)
		if errors.Is(err, dump.ErrNotCore) {
			fmt.Fprintln(os.Stderr, "outside: gcore PID takes a core of a running program")
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, path, exe string, timeout time.Duration, cancelAfter string) error {
	first, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	shown := &shown{w: os.Stderr}
	progress := func(phase string, done, total int64) {
		shown.phase(phase, done, total)
		if phase == cancelAfter && done == total && total > 0 {
			cancel()
		}
	}
	p, err := gocore.Open(ctx, path, gocore.Options{Exe: exe, Progress: progress})
	if err != nil {
		return err
	}
	defer p.Close()
	ended := func(s gocore.Stage) { shown.line("the stage " + s.String() + " has ended") }
	h, err := p.Analyse(first, ended)
	if err != nil && first.Err() != nil && ctx.Err() == nil {
		shown.line("given up: " + err.Error())
		h, err = p.Analyse(ctx, ended) // anew: the first try has left nothing behind
	}
	if err != nil {
		return err
	}
	if err := printHolders(ctx, os.Stdout, h, 10); err != nil {
		return err
	}
	for _, problem := range p.Problems() {
		fmt.Fprintf(os.Stdout, "%s: %s (%d)\n", problem.Severity, problem.Message, problem.Count)
	}
	return nil
}

// printHolders writes the n nodes that retain most, and the shortest path to each.
func printHolders(ctx context.Context, w io.Writer, h *gocore.Heap, n int) error {
	d := h.Dominators()
	if err := d.PreparePaths(ctx); err != nil {
		return err
	}
	for _, n := range d.Largest(n) {
		what := h.KindOf(n).String()
		if e := h.Evidence(n); e != 0 && e != gocore.EvidenceNone {
			what += " typed by " + e.String()
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", report.HumanBytes(d.Retained(n)), what, h.Type(n), h.Expr(d.PathTo(n)))
	}
	return nil
}

// shown writes a line when a phase begins and when it ends, and how far it is between.
type shown struct {
	mu sync.Mutex // phases overlap
	w  io.Writer
}

func (s *shown) phase(phase string, done, total int64) {
	switch {
	case done == 0:
		s.line(phase + " …")
	case done == total:
		s.line(phase + " done")
	case total > 0:
		s.line(fmt.Sprintf("%s %d %%", phase, 100*done/total))
	}
}

func (s *shown) line(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintln(s.w, text)
}
