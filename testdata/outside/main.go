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
	"goheap/heap"
	"goheap/report"
)

func main() {
	timeout := flag.Duration("timeout", time.Hour, "give the first try up after so long")
	cancelAfter := flag.String("cancel-after", "", "give the first try up when this `PHASE` has ended")
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
	a, err := read(first, path, gocore.Options{Exe: exe, Progress: func(phase string, done, total int64) {
		shown.phase(phase, done, total)
		if phase == cancelAfter && done == total && total > 0 {
			cancel()
		}
	}})
	if err != nil && first.Err() != nil && ctx.Err() == nil {
		shown.line("given up: " + err.Error())
		a, err = again(ctx, path, gocore.Options{Exe: exe, Progress: shown.phase})
	}
	if err != nil {
		return err
	}
	defer a.Close()
	return a.print(ctx, os.Stdout, 10)
}

// analysis is a program that was read, and what holds what in it.
type analysis struct {
	p *gocore.Process
	g *heap.Graph
	d *heap.Dominators
}

// read does all the work. Its error is the context's where that ends before.
func read(ctx context.Context, path string, opt gocore.Options) (*analysis, error) {
	a := new(analysis)
	var err error
	if a.p, err = gocore.Open(ctx, path, opt); err != nil {
		return nil, err
	}
	if a.g, err = a.p.Graph(ctx); err == nil {
		err = a.p.TypeObjects(ctx)
	}
	if err == nil {
		// The graph knows no process: whom it tells stands in the context.
		a.d, err = a.g.Dominators(heap.WithProgress(ctx, opt.Progress))
	}
	if err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

// again is read after a try that was given up: it opens the file anew.
func again(ctx context.Context, path string, opt gocore.Options) (*analysis, error) {
	return read(ctx, path, opt)
}

func (a *analysis) Close() {
	if a.d != nil {
		a.d.Close()
	}
	a.p.Close()
}

// print writes the n nodes that retain most, and the shortest path to each.
func (a *analysis) print(ctx context.Context, w io.Writer, n int) error {
	if err := a.d.PreparePaths(ctx); err != nil {
		return err
	}
	for _, n := range a.d.Largest(n) {
		what := a.p.KindOf(n).String()
		if e := a.p.Evidence(n); e != 0 && e != gocore.EvidenceNone {
			what += " typed by " + e.String()
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", report.HumanBytes(a.d.Retained(n)), what, a.p.Type(n), a.p.Expr(a.d.PathTo(n)))
	}
	for _, problem := range a.p.Problems() {
		fmt.Fprintf(w, "%s: %s (%d)\n", problem.Severity, problem.Message, problem.Count)
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
