//go:build !unix

package testcore

import "io/fs"

// onUnix is false where there is no cache, and all below is never called.
const onUnix = false

func lock(string, bool) (unlock func(), err error) { return nil, ErrLacks }

func onDisk(fs.FileInfo) int64 { return 0 }

func coreLimit() error { return ErrLacks }
