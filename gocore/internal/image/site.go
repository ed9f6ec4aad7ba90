package image

// Site says where objects were allocated, and how many of them the memory profiler has
// seen: see gocore.AllocSite.
type Site struct {
	Stack                     []Call // innermost first
	Allocs, Frees, Size, Rate uint64
}

// Call is a line of a stack.
type Call struct {
	Func, File string
	Line       int
}
