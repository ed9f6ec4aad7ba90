//go:build unix

package tui

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// stopWait is how long a stop may take to arrive. Where it never does, because
// nobody could continue this process, the screen comes back after that.
const stopWait = 500 * time.Millisecond

// suspend gives the terminal back and stops this process group, as ctrl-z does
// for programs that leave the terminal in its usual mode. A signal to a process
// with threads may arrive after kill has returned (POSIX.1-2017, kill): the screen
// must not be taken again before the shell has continued the program.
func (a *App) suspend() {
	a.tv.Suspend(func() {
		continued := make(chan os.Signal, 1)
		signal.Notify(continued, syscall.SIGCONT)
		defer signal.Stop(continued)
		if syscall.Kill(0, syscall.SIGTSTP) != nil {
			return
		}
		select {
		case <-continued:
		case <-time.After(stopWait):
		}
	})
}
