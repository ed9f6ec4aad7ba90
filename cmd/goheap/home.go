package main

import (
	"os"
	"path/filepath"
	"strings"
)

// expandHome puts the home directory in the place of a ~ that a path begins with: the
// shell does so with words that begin with one, and --exe=~/x does not. A file whose name
// begins with ~ is ./~name.
func expandHome(path *string) error {
	rest, ok := strings.CutPrefix(*path, "~")
	if !ok || rest != "" && rest[0] != '/' {
		return nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return usagef("%s: where ~ is, is not known: %w; write the path in full", *path, err)
	}
	*path = filepath.Join(home, rest)
	return nil
}
