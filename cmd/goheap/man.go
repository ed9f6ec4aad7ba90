package main

import (
	"errors"
	"os"
	"path/filepath"

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
			header := doc.GenManHeader{Title: "GOHEAP", Section: "1", Source: "goheap", Manual: "goheap"}
			if err := doc.GenManTree(root, &header, args[0]); err != nil {
				return err
			}
			// Pages that are no verbs are left out of the tree.
			topic := filepath.Join(args[0], "goheap-targets.1")
			f, err := os.Create(topic)
			if err != nil {
				return err
			}
			page, _, err := root.Find([]string{"targets"})
			if err == nil {
				err = doc.GenMan(page, &doc.GenManHeader{Title: "GOHEAP-TARGETS", Section: "1", Source: "goheap", Manual: "goheap"}, f)
			}
			return errors.Join(err, f.Close())
		},
	}
}
