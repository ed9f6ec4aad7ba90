//go:build linux || darwin || freebsd

package dump

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// mapFile maps the first size bytes of f, which it takes over. The function
// returned unmaps them.
func mapFile(f *os.File, size int64) ([]byte, func() error, error) {
	defer f.Close() // a mapping outlives the descriptor (mmap(2))
	if size == 0 {
		return nil, freeNothing, nil
	}
	if int64(int(size)) != size {
		return nil, nil, fmt.Errorf("%s: %d bytes do not fit in this process's address space", f.Name(), size)
	}
	data, err := unix.Mmap(int(f.Fd()), 0, int(size), unix.PROT_READ, unix.MAP_PRIVATE)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: cannot map %d bytes: %w", f.Name(), size, err)
	}
	return data, func() error { return unix.Munmap(data) }, nil
}

// tempFile makes a file in dir that nobody else can open and that is gone when
// it is closed and unmapped, however this process ends.
func tempFile(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "goheap-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// spaceOf looks at the file system of dir: free is what this user may still write.
func spaceOf(dir string) (space, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return space{}, &os.PathError{Op: "statfs", Path: dir, Err: err}
	}
	const tmpfs = 0x01021994 // Linux, include/uapi/linux/magic.h
	return space{
		free:  uint64(max(0, st.Bavail)) * uint64(st.Bsize),
		size:  uint64(st.Blocks) * uint64(st.Bsize),
		holes: runtime.GOOS != "linux" || st.Type != tmpfs,
	}, nil
}
