package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"goheap/report"
)

// command is one run of goheap: its streams, the shared flags, and what reads
// files.
type command struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	out            *watched // stdout, for all who write to it
	flags          flags
	load           loader
	files          readFiles
}

// loader is report.Load, or what stands in its place in tests.
type loader func(ctx context.Context, path string, opt report.Options) (*report.Snapshot, error)

const about = `goheap reads the memory of a Go program from a core file or a heap dump, rebuilds
every heap object with its type and every pointer between them, and shows what
keeps the memory alive: who holds on, through which fields, and how many bytes.

FILE is a core file of a Go program: what the kernel leaves when a program
crashes, or what goheap capture PID takes of one that goes on running, as gcore PID
does. The executable is found through the core; --exe names it where it has moved. Or
FILE is a heap dump, which the program wrote itself with debug.WriteHeapDump: put its
executable beside the file, or name it with --exe, for without it few types and names
are known.

` + targetHelp + `

Text fits the terminal: names too long for it have … in their middle, or go on in the
next line. --wide, json and csv have them whole.

Without a verb, goheap FILE opens the terminal UI; where the output is no
terminal, it prints the report. goheap PID captures the process into a temporary
file, opens that, and removes it at the end.

Exit status: 0 done, 1 failed, 2 wrong usage, 3 done but the input was
incomplete, 4 done but what was asked for does not hold (check differs).`

func (c *command) root() *cobra.Command {
	var s screen
	root := &cobra.Command{
		Use:   "goheap FILE|PID",
		Short: "Show what keeps the memory of a Go program alive",
		Long:  about,
		Example: `  goheap capture 4711 && goheap core.4711   look around in the terminal UI
  goheap report core.4711                   who holds the memory
  goheap why core.4711 type:main.Session    what keeps the largest session alive`,
		Args:              rootArgs,
		RunE:              func(cmd *cobra.Command, args []string) error { return c.runProcess(cmd, args, s) },
		ValidArgsFunction: completeFile,
		Version:           version(),
		SilenceErrors:     true,
		SilenceUsage:      true,
	}
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%w; try %s --help", err, cmd.CommandPath())
	})
	c.flags.add(root)
	s.add(root)
	root.AddCommand(
		c.capturing(), c.open(), c.tour(), c.info(), c.check(), c.report(), c.memory(), c.waste(), c.later(), c.types(), c.tree(), c.roots(), c.goroutines(), c.waits(), c.why(), c.show(), c.find(), c.export(), c.targets(), c.version(), c.man(),
	)
	return root
}

// rootArgs tells a verb that does not exist from a file.
func rootArgs(cmd *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return usagef("which FILE? try goheap --help")
	case 1:
		return nil
	}
	return usagef("there is no verb %q; goheap --help lists them", args[0])
}

// version is the module's version, with the toolchain and the platform.
func version() string {
	v := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		v = info.Main.Version
	}
	return fmt.Sprintf("%s %s %s/%s", v, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// wants returns a check of the arguments: exactly those named, the last of
// them once or more if many is set.
func wants(many bool, names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return usagef("%s needs a %s; try %s --help", cmd.Name(), names[len(args)], cmd.CommandPath())
		case len(args) > len(names) && !many:
			return usagef("%s does not know what to do with %q; try %s --help", cmd.Name(), args[len(names)], cmd.CommandPath())
		}
		return nil
	}
}

func completeFile(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveDefault
}

// completeTarget completes a FILE, then the forms of a TARGET.
func completeTarget(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return []string{"0x", "g:", "type:", "main."}, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
}
