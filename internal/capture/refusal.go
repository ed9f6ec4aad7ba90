//go:build linux && (amd64 || arm64)

package capture

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// rights are what decides whether one process may trace another (ptrace(2), "Ptrace access
// mode checking").
type rights struct {
	pid          int
	ended        bool
	kernelThread bool
	// withoutPagemap says that this kernel does not tell which pages are resident.
	withoutPagemap bool
	tracer         int // process that traces it already, 0 for none
	uid, ownUID    int
	capable        bool // we have CAP_SYS_PTRACE in our user namespace
	otherUsers     bool // it is in another user namespace than we are
	dumpable       bool
	yama           int  // kernel.yama.ptrace_scope
	seccomp        bool // our system calls are filtered
}

const capSysPtrace = 19 // include/uapi/linux/capability.h

// rightsOver finds out what it can.
func rightsOver(pid int) rights {
	p, self := procOf(pid), proc("/proc/self")
	r := rights{pid: pid, ownUID: os.Geteuid(), dumpable: true}
	status, err := p.read("status")
	if err != nil {
		r.ended = true
		return r
	}
	_, err = os.Readlink(path.Join(string(p), "exe"))
	r.kernelThread = errors.Is(err, fs.ErrNotExist)
	r.tracer, _ = strconv.Atoi(field(status, "TracerPid"))
	r.uid, _ = strconv.Atoi(field(status, "Uid"))
	var st unix.Stat_t
	if unix.Stat(string(p), &st) == nil {
		r.dumpable = int(st.Uid) == r.uid
	}
	_, err = os.Stat(path.Join(string(p), "pagemap"))
	r.withoutPagemap = errors.Is(err, fs.ErrNotExist)
	own, _ := self.read("status")
	caps, _ := strconv.ParseUint(field(own, "CapEff"), 16, 64)
	r.capable = caps&(1<<capSysPtrace) != 0
	r.seccomp = field(own, "Seccomp") != "0"
	ours, err := os.Readlink(path.Join(string(self), "ns/user"))
	theirs, err2 := os.Readlink(path.Join(string(p), "ns/user"))
	r.otherUsers = err == nil && err2 == nil && ours != theirs
	if b, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope"); err == nil {
		r.yama, _ = strconv.Atoi(strings.TrimSpace(string(b)))
	}
	return r
}

// explain says why err came, and the way out.
func (r *rights) explain(err error) error {
	no := func(format string, args ...any) error {
		return fmt.Errorf("process %d: %w: %s", r.pid, ErrRefused, fmt.Sprintf(format, args...))
	}
	switch {
	case r.ended || errors.Is(err, syscall.ESRCH):
		return fmt.Errorf("there is no process %d; pgrep NAME prints those of a name. In a container, processes have other numbers than outside", r.pid)
	case r.withoutPagemap:
		return no("the kernel has no /proc/%d/pagemap (CONFIG_PROC_PAGE_MONITOR), as in sandboxes: which pages are there is unknown; gcore asks for all", r.pid)
	case r.kernelThread:
		return fmt.Errorf("process %d is a thread of the kernel, or has ended and is waited for by its parent (a zombie): it has no memory", r.pid)
	case !errors.Is(err, syscall.EPERM) && !errors.Is(err, syscall.EACCES) && !errors.Is(err, syscall.ENOSYS):
		return fmt.Errorf("process %d: %w", r.pid, err)
	case r.tracer != 0:
		return no("process %d traces it already, as a debugger or strace does, and only one can; end that one first", r.tracer)
	case r.yama >= 3:
		return no("kernel.yama.ptrace_scope is 3, which lets nobody look into other processes until the machine starts anew without it; a heap dump of the program's own (runtime/debug.WriteHeapDump) needs no right")
	case r.capable && r.otherUsers:
		return no("it is in another user namespace, in which goheap has no rights; run goheap outside of the container, or in it")
	case r.capable && r.seccomp:
		return no("a filter of system calls (seccomp) refuses ptrace; docker: --security-opt seccomp=unconfined, Kubernetes: securityContext.seccompProfile.type Unconfined for the one who captures")
	case r.capable:
		return no("%v, though goheap has CAP_SYS_PTRACE: a security module (AppArmor, SELinux) may forbid it; its log says so (dmesg, ausearch -m avc)", err)
	case r.ownUID == 0:
		return no("root lacks CAP_SYS_PTRACE here; docker: --cap-add SYS_PTRACE, Kubernetes: kubectl debug --profile=general (baseline and restricted do not have it)")
	case r.uid != r.ownUID:
		return no("it belongs to user %d, goheap runs as %d; run it as that user or as root (sudo goheap capture %d)", r.uid, r.ownUID, r.pid)
	case !r.dumpable:
		return no("it has forbidden it (prctl(2), PR_SET_DUMPABLE), or its executable has more rights than who started it (setuid, file capabilities); run goheap as root")
	case r.yama == 2:
		return no("kernel.yama.ptrace_scope is 2: only who has CAP_SYS_PTRACE may; run goheap as root")
	case r.yama == 1:
		return no("kernel.yama.ptrace_scope is 1: a process may look into those that it has started, and root into all; run goheap as root, or for a while: sysctl -w kernel.yama.ptrace_scope=0")
	case r.seccomp:
		return no("a filter of system calls (seccomp) refuses ptrace; docker: --security-opt seccomp=unconfined, Kubernetes: securityContext.seccompProfile.type Unconfined for the one who captures")
	}
	return fmt.Errorf("process %d: %w: %w", r.pid, ErrRefused, err)
}
