// Underwine runs a program for Windows: go test -exec underwine.
//
//	underwine EXE [ARGUMENT…]
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"

	"goheap/internal/testcore"
)

func main() {
	wine, env, err := testcore.WineFor()
	if err == nil {
		cmd := exec.Command(wine, os.Args[1:]...)
		cmd.Env = append(os.Environ(), env...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		err = cmd.Run()
	}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		os.Exit(exit.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "underwine:", err)
		os.Exit(1)
	}
}
