package report

import "goheap/gocore"

// Guard runs f, which asks a Snapshot, and returns an error where a file that is read
// was cut meanwhile. It is gocore.Guard for those who know no more than reports.
func Guard(f func() error) error { return gocore.Guard(f) }
