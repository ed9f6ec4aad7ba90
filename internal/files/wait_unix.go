//go:build unix

package files

import "golang.org/x/sys/unix"

// dontWait keeps the opening of a pipe from waiting for its other end, and a
// terminal from becoming this process's own.
const dontWait = unix.O_NONBLOCK | unix.O_NOCTTY
