//go:build !linux

package report

// watchMemory knows nothing here: its result is 0.
func watchMemory() (peak func() uint64) { return func() uint64 { return 0 } }
