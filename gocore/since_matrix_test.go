//go:build matrix

package gocore_test

import (
	"testing"

	"goheap/internal/testcore"
	"goheap/internal/testcore/said"
)

// sinceVersions are one of each way in which the runtime has kept its marks and finalizers.
func sinceVersions() []string {
	return []string{"go1.18.10", "go1.21.13", "go1.23.12", "go1.24.6", "go1.25.0", "go1.26.8", "go1.27.0"}
}

// sinceEverywhere is TestSince with all that a program may do.
func sinceEverywhere() (all []namesCell) {
	for _, v := range sinceVersions() {
		for _, name := range []string{
			"nothing", "started", "never", "dropped", "pruned", "opened", "closed", "reopened", "set", "unset", "set new", "ran", "saved", "lost since", "queued",
			"cleanups", "cleaned", "weak", "weak new", "unique", "large", "free memory", "stacks", "goroutines", "timers", "collected early",
		} {
			all = append(all, namesCell{"since " + name + "/" + v, func(t *testing.T) said.Names { return since(t, name, testcore.Options{Go: v}) }})
		}
	}
	return all
}
