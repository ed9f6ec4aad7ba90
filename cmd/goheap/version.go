package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (c *command) version() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, as goheap --version does",
		Long: `Print the version of goheap, that of the Go toolchain that built it, and the system
and processor that it was built for.`,
		Example:           "  goheap version",
		Args:              wants(false),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(c.out, "goheap %s\n", version())
			return err
		},
	}
}
