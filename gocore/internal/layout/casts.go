package layout

import "strings"

// casts are the packages that put larger structures behind pointers to types of theirs, by
// package unsafe: the timers that the runtime makes (time), entries of hash tries (unique,
// internal/sync), descriptors (reflect, internal/abi), messages that begin with a
// MessageState (protobuf).
func casts() []string {
	return []string{"runtime", "reflect", "sync", "sync/atomic", "time", "unique", "google.golang.org/protobuf/internal/impl"}
}

// Casts reports whether a pointer to a type of a package may lead to something larger.
func (r *Runtime) Casts(pkg string) bool {
	if strings.HasPrefix(pkg, "internal/") || strings.HasPrefix(pkg, "runtime/") {
		return true
	}
	for _, p := range casts() {
		if p == pkg {
			return true
		}
	}
	return false
}
