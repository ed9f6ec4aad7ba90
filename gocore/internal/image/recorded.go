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
