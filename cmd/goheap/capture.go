package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"goheap/internal/capture"
	"goheap/report"
)

func (c *command) capturing() *cobra.Command {
	var opt capture.Options
	var compress, rate string
	cmd := &cobra.Command{
		Use:   "capture PID",
		Short: "Take a core of a running process, which goes on",
		Long: `Take a core of a running process: an ordinary ELF core, which gdb and Delve open too.
Nothing but goheap is needed, and nothing is put into the process: its threads stand
still while what is resident of its memory is copied, and go on, whatever happens to
goheap. How long they stood still is said.

The core has what the kernel's would have, but for pages that nobody has touched, which
are zeros, and holes of the file. In notes of its own it keeps what the kernel said
of the process at that moment: smaps, smaps_rollup, status, limits, and the limits and
counters of its cgroup. Arguments and environment are in its memory, and so are its
secrets: the file is for its owner alone.

--buffer copies into memory first, and writes when the process goes on: the pause is
shorter where the disk is slow. -o - writes to a pipe, and needs no file.

The file is core.PID unless -o names it. It bears that name once it is complete.
Who may: the user that the process runs as, unless the kernel is stricter, and root. What
stands in the way is said, with the way out.`,
		Example: `  goheap capture 4711
  goheap capture 4711 -o /tmp/server.core --buffer --max-pause 500ms
  kubectl exec POD -- goheap capture 1 --compress zstd -o - >server.core.zst`,
		Args:              wants(false, "PID"),
		ValidArgsFunction: completeProcess,
		RunE: func(cmd *cobra.Command, args []string) error {
			pid, err := strconv.Atoi(args[0])
			if err != nil || pid <= 0 {
				return usagef("%q is no process id; pgrep -x NAME prints those of a program", args[0])
			}
			if opt.Rate, err = bytesPerSecond(rate); err != nil {
				return err
			}
			switch compress {
			case "", "zstd":
				opt.Zstd = compress != ""
			default:
				return usagef("--compress knows zstd, not %q", compress)
			}
			if opt.MaxPause < 0 {
				return usagef("--max-pause wants a duration above zero, as 500ms, not %v", opt.MaxPause)
			}
			name := c.flags.output
			if !cmd.Flags().Changed("output") {
				if name = fmt.Sprintf("core.%d", pid); opt.Zstd {
					name += ".zst"
				}
			}
			return c.captured(cmd.Context(), name, pid, opt)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&opt.Buffer, "buffer", false, "copy into memory, and write when the process goes on")
	f.StringVar(&compress, "compress", "", "compress the core: zstd")
	f.DurationVar(&opt.MaxPause, "max-pause", 0, "give up rather than let the process stand still for longer than `TIME`")
	f.StringVar(&rate, "limit-rate", "", "write at most `RATE` bytes per second, as 50M")
	must(cmd.RegisterFlagCompletionFunc("compress", cobra.FixedCompletions([]string{"zstd"}, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

// runProcess opens the file that args names, or a core of the process that it is the number
// of, which is gone at the end.
func (c *command) runProcess(cmd *cobra.Command, args []string, s screen) (err error) {
	pid, wrong := strconv.Atoi(args[0])
	if _, missing := os.Stat(args[0]); wrong != nil || pid <= 0 || missing == nil {
		return c.runOpen(cmd, args, s)
	}
	signal.Ignore(syscall.SIGPIPE) // who reads the output may go: the file must not stay for that
	dir, err := os.MkdirTemp("", "goheap")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, fmt.Sprintf("core.%d", pid))
	if err := c.captured(cmd.Context(), path, pid, capture.Options{}); err != nil {
		return err
	}
	if c.flags.exe == "" {
		c.flags.exe = fmt.Sprintf("/proc/%d/exe", pid) // from outside of a container it has no other path
	}
	return c.runOpen(cmd, []string{path}, s)
}

// captured captures and says what was done.
func (c *command) captured(ctx context.Context, name string, pid int, opt capture.Options) error {
	began := time.Now()
	r, err := c.captureTo(ctx, name, pid, opt)
	if err != nil {
		return err
	}
	if name == "-" {
		name = "the core"
	}
	fmt.Fprintf(c.stderr, "%s: %s of %d threads; the process stood still for %v, all took %v\n", name,
		report.HumanBytes(r.Content), r.Threads, brief(r.Pause), brief(time.Since(began)))
	if r.Swapped > 0 {
		fmt.Fprintf(c.stderr, "%s of it were swapped out, and are in memory again\n", report.HumanBytes(r.Swapped))
	}
	if r.Lost > 0 {
		fmt.Fprintf(c.stderr, "%s could not be read, and are zeros in the core\n", report.HumanBytes(r.Lost))
		return statusError(statusIncomplete)
	}
	return nil
}

// completeProcess offers the processes that have an executable, with their names.
func completeProcess(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var list []string
	if len(args) == 0 {
		found, _ := filepath.Glob("/proc/[0-9]*/exe") // fails for a wrong pattern only
		for _, link := range found {
			if exe, err := os.Readlink(link); err == nil {
				list = append(list, cobra.CompletionWithDesc(filepath.Base(filepath.Dir(link)), report.Printable(filepath.Base(exe))))
			}
		}
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

// captureTo captures into a file that has its name once it is complete, or into the standard
// output, which is no terminal.
func (c *command) captureTo(ctx context.Context, name string, pid int, opt capture.Options) (capture.Result, error) {
	if name == "-" {
		if f, ok := c.stdout.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			return capture.Result{}, usagef("-o - writes a core, which is not for a terminal: redirect it to a file or a pipe")
		}
		return capture.To(ctx, pid, pipe{c.stdout}, opt)
	}
	if st, err := os.Stat(name); err == nil && !st.Mode().IsRegular() {
		return capture.Result{}, usagef("--output: %s is no regular file; -o - writes to a pipe", name)
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*.part")
	if err != nil {
		return capture.Result{}, err
	}
	r, err := capture.To(ctx, pid, f, opt)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return r, errors.Join(err, os.Remove(f.Name()))
	}
	return r, nil
}

// pipe hides that an output may be a file: what is in front of its end stays, as with other
// programs that a shell's > is for.
type pipe struct{ io.Writer }

// bytesPerSecond reads a rate as curl and wget do: "50M", "800k", "1048576".
func bytesPerSecond(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	scale := int64(1)
	digits := text
	if i := strings.IndexAny("kmg", strings.ToLower(text[len(text)-1:])); i >= 0 {
		scale, digits = 1<<(10*(i+1)), text[:len(text)-1]
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 || n > math.MaxInt64/scale {
		return 0, usagef("--limit-rate wants bytes per second, as 800k, 50M or 1G, not %q", text)
	}
	return n * scale, nil
}

// brief is a duration with three digits or so.
func brief(d time.Duration) time.Duration {
	for _, to := range []time.Duration{time.Second, 100 * time.Millisecond, time.Millisecond} {
		if d > 100*to {
			return d.Round(to)
		}
	}
	return d.Round(10 * time.Microsecond)
}
