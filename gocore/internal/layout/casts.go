package layout

import "strings"

// casts are the packages that put larger structures behind pointers to types of theirs, by
// package unsafe: the timers that the runtime makes (time), entries of hash tries (unique,
// internal/sync), descriptors (reflect, internal/abi), messages that begin with a
// MessageState (protobuf).
func casts() []string {
	return []string{"runtime", "reflect", "sync", "sync/atomic", "time", "unique", "google.golang.org/protobuf/internal/impl"}
}

// containers are how the names begin of the structures that the compiler and the linker
// write for maps and channels: a table points to the first of its groups. See
// Runtime.MapGroup and its neighbours.
func containers() []string {
	return []string{"map.group[", "map.bucket[", "table<", "groupReference<", "map<", "bucket<", "hash<", "hchan<"}
}

// Casts reports whether a pointer to a type, given by its package and name, may lead to
// something larger.
func (r *Runtime) Casts(pkg, name string) bool {
	name = strings.TrimPrefix(name, "noalg.")
	for _, prefix := range containers() {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
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
