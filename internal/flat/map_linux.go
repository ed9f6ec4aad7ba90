package flat

import "golang.org/x/sys/unix"

// reserve panics where the kernel has no address space left, as make does.
func reserve(size int) []byte {
	b, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
	if err != nil {
		panic("flat: out of memory: " + err.Error())
	}
	// Advice only: without huge pages the array is slower, not wrong.
	_ = unix.Madvise(b, unix.MADV_HUGEPAGE)
	return b
}

func release(b []byte) { _ = unix.Munmap(b) }
