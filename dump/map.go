package dump

import (
	"goheap/internal/files"
)

// MapFile maps a whole file for reading. The function returned unmaps it.
func MapFile(path string) ([]byte, func(), error) {
	f, size, err := files.Open(path)
	if err != nil {
		return nil, nil, err
	}
	data, free, err := mapFile(f, size)
	if err != nil {
		return nil, nil, err
	}
	return data, func() { _ = free() }, nil
}

func freeNothing() error { return nil }
