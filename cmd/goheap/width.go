package main

import (
	"os"
	"strconv"

	"golang.org/x/term"
)

const (
	columns     = 80 // of a terminal that nobody has made larger
	leastColumn = 20 // below which a table is none
)

// width is how many columns lines of text have at most, 0 for no bound: what COLUMNS in
// the environment says, else the terminal that they go to, else 80.
func (c *command) width() int {
	if c.flags.wide {
		return 0
	}
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return max(n, leastColumn)
	}
	if f, ok := c.stdout.(*os.File); ok && c.flags.output == "-" {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 0 {
			return max(n, leastColumn)
		}
	}
	return columns
}
