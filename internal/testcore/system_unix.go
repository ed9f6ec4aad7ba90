//go:build unix

package testcore

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

const onUnix = true

// lock takes a flock(2) on path and returns the function that releases it. Where somebody
// else has it, it waits if it should, and fails otherwise.
func lock(path string, wait bool) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, err
	}
	how := syscall.LOCK_EX
	if !wait {
		how |= syscall.LOCK_NB
	}
	for {
		err = syscall.Flock(int(f.Fd()), how)
		if err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	return func() { f.Close() }, nil
}

// onDisk is the space that a file takes on disk, in bytes.
func onDisk(info fs.FileInfo) int64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Blocks * 512
	}
	return 0
}

// coreLimit says why a process may not have the longest core, if so.
func coreLimit() error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &limit); err != nil {
		return lacks("cannot tell how long core files may be: %w", err)
	}
	if unlimited := ^uint64(0); limit.Max != unlimited {
		return lacks("core files may have %d bytes here; raise the hard limit (ulimit -Hc unlimited)", limit.Max)
	}
	return nil
}
