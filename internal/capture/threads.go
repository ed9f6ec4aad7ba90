//go:build linux && (amd64 || arm64)

package capture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Register sets (include/uapi/linux/elf.h), by the types of the notes that hold them.
const (
	ntPrstatus = 1
	ntFpregset = 2
	ntXstate   = 0x202 // amd64
	ntArmTLS   = 0x401
)

// regsets are those that a core has of each thread.
var regsets = []uint32{ntPrstatus, ntFpregset, ntXstate, ntArmTLS}

// thread is one that is stopped.
type thread struct {
	id     int
	signal int // that came as it was stopped, and is handed to it when it goes on
	regs   map[uint32][]byte
}

// threads are those of a process, held by ptrace(2). All of its methods have to be called
// on the operating system's thread that seized them. When that ends, for whatever reason,
// the kernel lets them go.
type threads struct {
	pid  int
	list []thread
}

// stop seizes the threads of the process, until there are no new ones. PTRACE_SEIZE sends
// no signal, and leaves a process that somebody else has stopped as it is.
func (t *threads) stop(ctx context.Context) error {
	for {
		ids, err := taskIDs(t.pid)
		if err != nil {
			return err
		}
		news := false
		for _, id := range ids {
			if slices.ContainsFunc(t.list, func(x thread) bool { return x.id == id }) {
				continue
			}
			news = true
			if err := unix.PtraceSeize(id); errors.Is(err, unix.ESRCH) {
				continue // it has ended
			} else if err != nil {
				return fmt.Errorf("ptrace: %w", err)
			}
			t.list = append(t.list, thread{id: id})
			if err := unix.PtraceInterrupt(id); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("ptrace: %w", err)
			}
		}
		if err := t.wait(ctx); err != nil {
			return err
		}
		if !news {
			break
		}
	}
	if len(t.list) == 0 {
		return fmt.Errorf("process %d has ended", t.pid)
	}
	for i := range t.list {
		t.list[i].regs = map[uint32][]byte{}
		for _, set := range regsets {
			if b, err := registers(t.list[i].id, set); err == nil {
				t.list[i].regs[set] = b
			} else if set == ntPrstatus {
				return fmt.Errorf("registers of thread %d: %w", t.list[i].id, err)
			}
		}
	}
	return nil
}

// stopTime is how long a thread may take to stop: one in an uninterruptible system call,
// as on a network's file system that does not answer, does not until that ends.
const stopTime = 10 * time.Second

// wait returns when all threads stand still.
func (t *threads) wait(ctx context.Context) error {
	until := time.Now().Add(stopTime)
	kept := t.list[:0]
	for i := range t.list {
		x := t.list[i]
		for x.regs == nil {
			var status unix.WaitStatus
			id, err := unix.Wait4(x.id, &status, unix.WALL|unix.WNOHANG, nil)
			switch {
			case errors.Is(err, unix.EINTR):
				continue
			case err != nil || id == x.id && (status.Exited() || status.Signaled()):
				x.id = 0 // it has ended
			case id == x.id && status.Stopped():
				// A signal that was on its way stops it before it is delivered.
				if status>>16 == 0 {
					x.signal = int(status.StopSignal())
				}
				x.regs = map[uint32][]byte{}
			case ctx.Err() != nil || time.Now().After(until):
				t.list = append(kept, t.list[i:]...)
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				return fmt.Errorf("thread %d did not stop within %v: it waits in the kernel for something that does not answer (cat /proc/%d/task/%d/wchan)", x.id, stopTime, t.pid, x.id)
			default:
				time.Sleep(20 * time.Microsecond)
				continue
			}
			break
		}
		if x.id != 0 {
			kept = append(kept, x)
		}
	}
	t.list = kept
	return nil
}

// release lets all go on. One that was told to stop, and has not yet, can be let go of once
// it has; what does not within a moment goes on when the thread ends that traces.
func (t *threads) release() {
	for _, x := range t.list {
		for until := time.Now().Add(100 * time.Millisecond); ; time.Sleep(20 * time.Microsecond) {
			_, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, unix.PTRACE_DETACH, uintptr(x.id), 0, uintptr(x.signal), 0, 0)
			if errno != unix.ESRCH || time.Now().After(until) {
				break
			}
			var status unix.WaitStatus
			id, err := unix.Wait4(x.id, &status, unix.WALL|unix.WNOHANG, nil)
			if err != nil && !errors.Is(err, unix.EINTR) || id == x.id && !status.Stopped() {
				break // it has ended
			}
			if id == x.id && status>>16 == 0 {
				x.signal = int(status.StopSignal())
			}
		}
	}
	t.list = nil
}

// registers returns a register set of a stopped thread, as the kernel writes it into cores.
func registers(id int, set uint32) ([]byte, error) {
	b := make([]byte, 8<<10)
	for {
		v := unix.Iovec{Base: &b[0], Len: uint64(len(b))}
		if _, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_GETREGSET, uintptr(id), uintptr(set), uintptr(unsafe.Pointer(&v)), 0, 0); errno != 0 {
			return nil, errno
		}
		if int(v.Len) < len(b) {
			return b[:v.Len:v.Len], nil
		}
		b = make([]byte, 2*len(b)) // AMX has 8 KiB of tiles
	}
}

// taskIDs returns the threads of a process, the first one first.
func taskIDs(pid int) ([]int, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil && !errors.Is(err, syscall.ESRCH) {
		return nil, err
	}
	var ids []int
	for _, name := range names {
		if id, err := strconv.Atoi(name); err == nil {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	if i := slices.Index(ids, pid); i > 0 {
		ids = append([]int{pid}, slices.Delete(ids, i, i+1)...)
	}
	return ids, nil
}
