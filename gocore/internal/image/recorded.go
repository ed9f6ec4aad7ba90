package image

import "fmt"

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

// FrameName is the name of the frame with number i, with which one of those of that name
// it is, from the innermost on.
func FrameName(frames []Frame, i int) string {
	name, n := frames[i].Name, 1
	for k := range frames[:i] {
		if frames[k].Name == name {
			n++
		}
	}
	if n > 1 {
		name += fmt.Sprintf(" #%d", n)
	}
	return name
}
