package testcore

import (
	"os/exec"
	"syscall"
)

// dieWithUs has the kernel kill the command when the thread that starts it ends
// (prctl(2), PR_SET_PDEATHSIG).
func dieWithUs(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
