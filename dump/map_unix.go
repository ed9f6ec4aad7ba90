//go:build linux || darwin || freebsd

package dump

import (
	"fmt"
	"os"

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

// freeSpace returns how many bytes this user may still write to the file system
// of dir.
func freeSpace(dir string) (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, &os.PathError{Op: "statfs", Path: dir, Err: err}
	}
	return uint64(max(0, st.Bavail)) * uint64(st.Bsize), nil
}
