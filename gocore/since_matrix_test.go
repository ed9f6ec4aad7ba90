//go:build matrix

package gocore_test

import (
	"testing"

	"goheap/internal/testcore"
)

// TestSince with all that a program may do, and with one version of each way in which
// the runtime has kept its marks and finalizers.
func TestSinceEverywhere(t *testing.T) {
	for _, v := range []string{"go1.18.10", "go1.21.13", "go1.23.12", "go1.24.6", "go1.25.0", "go1.26.8", "go1.27.0"} {
		for _, name := range []string{
			"nothing", "started", "never", "dropped", "pruned", "opened", "closed", "reopened", "set", "unset", "set new", "ran", "saved", "lost since", "queued",
			"cleanups", "cleaned", "weak", "weak new", "unique", "large", "free memory", "stacks", "goroutines", "timers", "collected early",
		} {
			t.Run(v+"/"+name, func(t *testing.T) { since(t, name, testcore.Options{Go: v}) })
		}
	}
}
