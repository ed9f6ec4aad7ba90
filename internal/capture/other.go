//go:build !linux || (!amd64 && !arm64)

package capture

import (
	"context"
	"errors"
	"io"
)

// To captures nothing here.
func To(ctx context.Context, pid int, out io.Writer, opt Options) (Result, error) {
	return Result{}, errors.New("processes are captured on Linux, on amd64 and arm64; elsewhere runtime/debug.WriteHeapDump writes a heap dump of the program that calls it")
}
