package image

// Segment is the data or the bss segment.
type Segment struct {
	Addr     uint64
	Contents []byte
	Mask     []byte // which words are pointers
	Present  bool
}

// Frame is a frame as the dump describes it.
type Frame struct {
	SP, FP, Entry, PC, ContinPC uint64
	Name                        string
	Contents                    []byte
	Mask                        uint64 // byte offset among the masks of all frames
	Partly                      bool   // some words are not on the list of pointers
}

// LookupPC is the address in the function at which the frame stands, within the call
// where it is a caller.
func (f *Frame) LookupPC(caller bool) uint64 {
	if caller && f.PC > f.Entry {
		return f.PC - 1
	}
	return f.PC
}
