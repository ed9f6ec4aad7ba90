package dump

import (
	"fmt"
	"os"
)

// MapFile maps a whole file for reading. The function returned unmaps it.
func MapFile(path string) ([]byte, func(), error) {
	f, size, err := openRegular(path)
	if err != nil {
		return nil, nil, err
	}
	data, free, err := mapFile(f, size)
	if err != nil {
		return nil, nil, err
	}
	return data, func() { _ = free() }, nil
}

// openRegular opens a file that can be mapped and returns its size.
func openRegular(path string) (*os.File, int64, error) {
	// A pipe without a writer would keep os.Open waiting.
	st, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if !st.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%s: not a regular file: give the path of a core file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	if st, err = f.Stat(); err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, st.Size(), nil
}

func freeNothing() error { return nil }
