package gocore

// Generic is o for a process that is read the way all processors can go, without
// the shorter ways for little-endian words of 8 bytes.
func Generic(o Options) Options {
	o.generic = true
	return o
}
