package main

import (
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// man is for packagers: hidden from users.
func (c *command) man() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIR",
		Short:  "Write the manual pages into DIR",
		Args:   wants(false, "DIR"),
		Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true // the date would differ each time
			for _, verb := range root.Commands() {
				if verb.Name() == "open" {
					verb.Long += keysText()
				}
			}
			return doc.GenManTree(root, &doc.GenManHeader{Title: "GOHEAP", Section: "1", Source: "goheap", Manual: "goheap"}, args[0])
		},
	}
}
