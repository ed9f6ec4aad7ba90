//go:build unix

package tui

import "syscall"

// suspend gives the terminal back and stops this process group, as ctrl-z does
// for programs that leave the terminal in its usual mode.
func (a *App) suspend() {
	a.tv.Suspend(func() { _ = syscall.Kill(0, syscall.SIGTSTP) })
}
