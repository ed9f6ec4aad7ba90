// Commands starts commands and never waits for them: their output stays, and so do the
// goroutines that copy it. Right answer: 40 main.runner, held by main.runners and
// goroutines of os/exec, with buffers of 128 KiB: 5 MiB.
package main

import (
	"bytes"
	"os"
	"os/exec"
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

type runner struct {
	cmd *exec.Cmd
	out bytes.Buffer
}

var runners []*runner

func run(input *os.File) {
	r := &runner{cmd: exec.Command("cat")}
	r.out.Grow(128 << 10)
	r.cmd.Stdin, r.cmd.Stdout = input, &r.out
	if err := r.cmd.Start(); err != nil {
		panic(err)
	}
	runners = append(runners, r)
}

func main() {
	in, out, err := os.Pipe() // the commands end with this program
	if err != nil {
		panic(err)
	}
	stand.Measured("main.runner", 40, func() {
		for i := 0; i < 40; i++ {
			run(in)
		}
		time.Sleep(100 * time.Millisecond)
	})
	stand.Ready(nil, out)
}
