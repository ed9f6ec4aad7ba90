package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"goheap/report"
)

// Exit statuses, a contract with scripts.
const (
	statusDone       = 0
	statusFailed     = 1
	statusUsage      = 2 // the command line is wrong
	statusIncomplete = 3 // done, but the input is incomplete
	statusCondition  = 4 // done, but what was asked for does not hold
)

// usageError is a mistake in the command line.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// statusError ends a verb that has done its work with a status that is not 0.
type statusError int

func (s statusError) Error() string { return fmt.Sprintf("status %d", int(s)) }

// run runs goheap with a command line and returns the exit status. It prints
// every error as one sentence, and no panic leaves it.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) (status int) {
	c := &command{stdin: stdin, stdout: stdout, stderr: stderr, load: report.Load}
	defer func() {
		if said := recover(); said != nil {
			if err := c.files.changed(); err != nil {
				status = c.status(context.Background(), err)
				return
			}
			stacks := [][]byte{debug.Stack()}
			if worker, ok := said.(*report.Panic); ok {
				said, stacks = worker.Value, [][]byte{worker.Stack, stacks[0]}
			}
			bug(stderr, said, stacks...)
			status = statusFailed
		}
	}()
	ctx, stop := signal.NotifyContext(context.Background(), ends()...)
	defer stop()
	// A second ctrl-c ends the process as if nobody listened. Of the others a second
	// one says nothing new: who closes a terminal often sends two.
	context.AfterFunc(ctx, func() { signal.Reset(os.Interrupt, syscall.SIGTERM) })

	return c.run(ctx, args)
}

// bug says that something was found that cannot be, and where if that is asked for.
func bug(stderr io.Writer, said any, stacks ...[]byte) {
	fmt.Fprintf(stderr, "goheap: this is a bug in goheap (%s): please report it, with what GOHEAP_TRACE=1 in the environment makes it print\n",
		report.Printable(fmt.Sprint(said)))
	if os.Getenv("GOHEAP_TRACE") == "1" {
		for _, stack := range stacks {
			stderr.Write(stack)
		}
	}
}

// ends are the signals that end the process in good order: the terminal as it was,
// and no half of a new file. Who has nohup in front keeps what that ignores, and who
// asks for traces has that of SIGQUIT.
func ends() []os.Signal {
	end := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		end = append(end, syscall.SIGHUP)
	}
	if os.Getenv("GOHEAP_TRACE") != "1" {
		end = append(end, syscall.SIGQUIT)
	}
	return end
}

// run parses a command line and does what it says.
func (c *command) run(ctx context.Context, args []string) int {
	c.out = &watched{w: c.stdout}
	c.load = c.files.noting(c.load)
	root := c.root()
	root.SetArgs(args)
	root.SetIn(c.stdin)
	root.SetOut(c.out)
	root.SetErr(c.stderr)
	err := report.Guard(func() error { return root.ExecuteContext(ctx) })
	// What could not be written is worse than any status of what was.
	var done statusError
	var fault *report.Panic
	if changed := c.files.changed(); changed != nil && (err == nil || errors.As(err, &done) || errors.As(err, &fault)) {
		err = changed
	}
	if closed := c.out.close(); closed != nil && (err == nil || errors.As(err, &done)) {
		err = closed
	}
	return c.status(ctx, err)
}

// status prints an error and turns it into an exit status.
func (c *command) status(ctx context.Context, err error) int {
	var done statusError
	var usage usageError
	var fault *report.Panic
	switch {
	case err == nil:
		return statusDone
	case errors.As(err, &done):
		return int(done)
	case errors.Is(err, syscall.EPIPE):
		return statusFailed // whoever read has seen enough
	case ctx.Err() != nil:
		fmt.Fprintln(c.stderr, "goheap: interrupted")
		return statusFailed
	case errors.As(err, &fault):
		bug(c.stderr, fault.Value, fault.Stack)
		return statusFailed
	}
	fmt.Fprintln(c.stderr, "goheap: "+report.Printable(err.Error()))
	if errors.As(err, &usage) {
		return statusUsage
	}
	return statusFailed
}
