package dump

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/windows"
)

// mapFile maps the first size bytes of f, which it takes over. The function
// returned unmaps them.
func mapFile(f *os.File, size int64) ([]byte, func() error, error) {
	if size == 0 {
		return nil, freeNothing, f.Close()
	}
	data, err := mapView(f, size)
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("%s: cannot map %d bytes: %w", f.Name(), size, err)
	}
	free := func() error {
		err := windows.UnmapViewOfFile(uintptr(unsafe.Pointer(unsafe.SliceData(data))))
		// A file that is deleted when it is closed must not be mapped then.
		if closed := f.Close(); err == nil {
			err = closed
		}
		return err
	}
	return data, free, nil
}

func mapView(f *os.File, size int64) ([]byte, error) {
	section, err := windows.CreateFileMapping(windows.Handle(f.Fd()), nil, windows.PAGE_READONLY, uint32(size>>32), uint32(size), nil)
	if err != nil {
		return nil, err
	}
	defer windows.CloseHandle(section) // the view keeps the section
	addr, err := windows.MapViewOfFile(section, windows.FILE_MAP_READ, 0, 0, uintptr(size))
	if err != nil {
		return nil, err
	}
	// The address is no Go pointer that could move: it is read as one, since go
	// vet takes a conversion from uintptr for a mistake.
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&addr)), size), nil
}

// tempFile makes a file in dir that nobody else can open and that is gone when
// it is closed and unmapped, however this process ends.
func tempFile(dir string) (*os.File, error) {
	path := filepath.Join(dir, "goheap-"+rand.Text())
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	h, err := windows.CreateFile(name, windows.GENERIC_READ|windows.GENERIC_WRITE, 0, nil, windows.CREATE_NEW,
		windows.FILE_ATTRIBUTE_TEMPORARY|windows.FILE_FLAG_DELETE_ON_CLOSE, 0)
	if err != nil {
		return nil, &os.PathError{Op: "create", Path: path, Err: err}
	}
	// Advice only: a file that is not sparse needs more space.
	var n uint32
	_ = windows.DeviceIoControl(h, windows.FSCTL_SET_SPARSE, nil, 0, nil, 0, &n, nil)
	return os.NewFile(uintptr(h), path), nil
}

// spaceOf looks at the file system of dir: free is what this user may still write.
func spaceOf(dir string) (space, error) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return space{}, err
	}
	s := space{holes: true}
	if err := windows.GetDiskFreeSpaceEx(name, &s.free, &s.size, nil); err != nil {
		return space{}, &os.PathError{Op: "GetDiskFreeSpaceEx", Path: dir, Err: err}
	}
	return s, nil
}
