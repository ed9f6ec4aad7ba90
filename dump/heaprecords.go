package dump

import (
	"fmt"
	"math/bits"
)

// RecordKind is the number that a record of a heap dump starts with
// (runtime/heapdump.go, the same from Go 1.7 to 1.27).
type RecordKind uint8

const (
	RecordEOF RecordKind = iota
	RecordObject
	RecordOtherRoot
	RecordType
	RecordGoroutine
	RecordFrame
	RecordParams
	RecordFinalizer
	RecordItab
	RecordThread
	RecordMemStats
	RecordQueuedFinalizer
	RecordData
	RecordBSS
	RecordDefer
	RecordPanic
	RecordMemProf
	RecordAllocSample
	recordKinds
)

// recordForms has, by kind, the name of a record and what it is made of: i is a
// number, b a number that is 0 or 1, s a string, f the list of pointers in the
// contents before.
var recordForms = [recordKinds]struct{ name, form string }{
	{"end of file", ""},
	{"object", "isf"},
	{"other root", "si"},
	{"type", "iisb"},
	{"goroutine", "iiiiibbisiiii"},
	{"stack frame", "iiisiiisf"},
	{"parameters", "biiissi"},
	{"finalizer", "iiiii"},
	{"itab", "ii"},
	{"thread", "iii"},
	{"memory statistics", ""}, // see memStats
	{"queued finalizer", "iiiii"},
	{"data segment", "isf"},
	{"bss segment", "isf"},
	{"deferred call", "iiiiiii"},
	{"panic", "iiiiii"},
	{"memory profile", ""}, // see memProf
	{"allocation sample", "ii"},
}

// String returns the kind's name in messages.
func (k RecordKind) String() string {
	if k < recordKinds {
		return recordForms[k].name
	}
	return "of no known kind"
}

// HeapRecords reads the records of a heap dump, one after the other: nothing in
// the file says where a record ends but the record itself. What it returns is
// valid until the next call of Next; bytes are the file's own.
type HeapRecords struct {
	Kind  RecordKind
	Index int    // of the record, the parameters are number 0
	Start uint64 // its file offset

	// Contents are the bytes of an object, a segment or a frame, at the file
	// offset ContentsAt.
	Contents   []byte
	ContentsAt uint64
	// Outside counts the pointers of frames so far that do not lie in the frame's
	// contents: the runtime lists some of maps that are larger than the frame.
	Outside int

	data     []byte
	off      int
	params   HeapParams
	pending  bool // the list of pointers is still to be read
	done     bool
	trailing uint64
	err      error

	numbers [13]uint64
	strings [2][]byte
	memory  HeapStats
	stack   []ProfileCall
}

// A RecordError says where a heap dump stops making sense.
type RecordError struct {
	Index  int
	Kind   RecordKind
	Start  uint64 // file offset of the record
	Offset uint64 // file offset of what is wrong
	Reason string
	cause  error
}

func (e *RecordError) Error() string {
	return fmt.Sprintf("%v: record %d (%s, at file offset %#x), at file offset %#x: %s", e.cause, e.Index, e.Kind, e.Start, e.Offset, e.Reason)
}

func (e *RecordError) Unwrap() error { return e.cause }

// Next reads the next record, and reports whether there is one: not after the
// record that ends the file, nor where Err tells of damage.
func (r *HeapRecords) Next() bool {
	if r.pending {
		r.Pointers(nil, 0)
	}
	if r.err != nil || r.done {
		return false
	}
	if r.Start != 0 {
		r.Index++
	}
	r.Start, r.Kind = uint64(r.off), recordKinds
	if r.off == len(r.data) {
		r.failAs(ErrHeapDumpTruncated, r.Start, "the file ends where a record should start, and the one that ends a heap dump is missing: the program ended while it wrote, or the disk was full; write the dump again")
		return false
	}
	kind := r.uint()
	if r.err != nil {
		return false
	}
	if kind == uint64(RecordObject) && r.params.PtrSize != 0 {
		r.Kind = RecordObject
		r.numbers[0] = r.uint()
		r.contents()
		r.pending = true
		return r.err == nil
	}
	if kind >= uint64(recordKinds) {
		r.fail(r.Start, "there is no kind of record %d: the file is damaged here or before, or of a newer format; %s", kind, writeAgain)
		return false
	}
	r.Kind = RecordKind(kind)
	if (r.params.PtrSize == 0) != (r.Kind == RecordParams) {
		if r.Kind == RecordParams {
			r.fail(r.Start, "the parameters come twice; %s", writeAgain)
		} else {
			r.fail(r.Start, "it is the first record, where the parameters should stand; %s", writeAgain)
		}
		return false
	}
	switch r.Kind {
	case RecordMemStats:
		r.memStats()
	case RecordMemProf:
		r.memProf()
	case RecordEOF:
		r.done = true
		r.trailing = uint64(len(r.data) - r.off)
		return false
	default:
		r.read(recordForms[kind].form)
	}
	if r.Kind == RecordParams && r.err == nil {
		r.readParams()
	}
	return r.err == nil
}

// Err returns what ended the records before their end, nil for nothing: a
// *RecordError.
func (r *HeapRecords) Err() error { return r.err }

// Trailing returns how many bytes stand behind the end of the dump, and whether
// they start with another.
func (r *HeapRecords) Trailing() (n uint64, another bool) {
	if !r.done {
		return 0, false
	}
	return r.trailing, isHeapDump(r.data[r.off:])
}

// Offset returns the file offset of what is read next.
func (r *HeapRecords) Offset() uint64 { return uint64(r.off) }

// Damaged ends the records, since the present one cannot be as it is, and returns
// the error.
func (r *HeapRecords) Damaged(format string, args ...any) error {
	r.fail(r.Start, format, args...)
	return r.err
}

const writeAgain = "write the dump again, to a file that is new and on a disk with space"

func (r *HeapRecords) fail(at uint64, format string, args ...any) {
	r.failAs(ErrHeapDump, at, format, args...)
}

func (r *HeapRecords) failAs(cause error, at uint64, format string, args ...any) {
	if r.err == nil {
		r.err = &RecordError{r.Index, r.Kind, r.Start, at, fmt.Sprintf(format, args...), cause}
	}
	r.pending = false
}

// cut is the error where the file ends.
func (r *HeapRecords) cut() {
	r.failAs(ErrHeapDumpTruncated, uint64(len(r.data)), "the file ends here, inside the record: the program ended while it wrote, or the disk was full; write the dump again")
}

// read reads what a record is made of.
func (r *HeapRecords) read(form string) {
	n, s := 0, 0
	for _, c := range []byte(form) {
		switch c {
		case 'i':
			r.numbers[n] = r.uint()
			n++
		case 'b':
			at := r.off
			v := r.uint()
			if v > 1 {
				r.fail(uint64(at), "a yes or no is %d; %s", v, writeAgain)
			}
			r.numbers[n] = v
			n++
		case 's':
			if n > 0 && (r.Kind == RecordFrame || r.Kind == RecordData || r.Kind == RecordBSS || r.Kind == RecordObject) && s == 0 {
				r.contents()
			} else {
				r.strings[s] = r.string()
			}
			s++
		case 'f':
			r.pending = true
		}
		if r.err != nil {
			return
		}
	}
}

func (r *HeapRecords) contents() {
	r.Contents = r.string()
	r.ContentsAt = uint64(r.off - len(r.Contents))
}

func (r *HeapRecords) uint() uint64 {
	if r.off < len(r.data) && r.data[r.off] < 0x80 {
		r.off++
		return uint64(r.data[r.off-1])
	}
	return r.long()
}

// maxUvarint is how many bytes a number has at most.
const maxUvarint = 10

// long reads a number of more than one byte.
func (r *HeapRecords) long() uint64 {
	var v uint64
	b := r.data[r.off:min(r.off+maxUvarint, len(r.data))]
	for i, c := range b {
		if i == maxUvarint-1 && c > 1 {
			break
		}
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			r.off += i + 1
			return v
		}
	}
	if len(b) < maxUvarint {
		r.cut()
	} else {
		r.fail(uint64(r.off), "a number has more than 64 bits; %s", writeAgain)
	}
	return 0
}

func (r *HeapRecords) string() []byte {
	at := r.off
	n := r.uint()
	if left := uint64(len(r.data) - r.off); n > left {
		r.failAs(ErrHeapDumpTruncated, uint64(at), "%d bytes should follow, but the file ends after %d: it is cut short, or damaged here or before; write the dump again", n, left)
		return nil
	}
	b := r.data[r.off : r.off+int(n) : r.off+int(n)]
	r.off += int(n)
	return b
}

// fieldPointer is the only kind of field that is written since Go 1.5.
const fieldPointer = 1

// Pointers reads which words of Contents are pointers: it sets bit first+i of mask
// for word i, and returns how many there are. mask may be nil. It is called once
// for a record, before Next, or not at all.
func (r *HeapRecords) Pointers(mask []byte, first uint64) (n int) {
	if !r.pending {
		return 0
	}
	r.pending = false
	shift := uint(bits.TrailingZeros(uint(r.params.PtrSize)))
	size := uint64(len(r.Contents))
	next := uint64(0) // word: the lists of objects and segments ascend
	for {
		at := r.off
		kind := r.uint()
		if kind == 0 || r.err != nil {
			return n
		}
		off := r.uint()
		if kind != fieldPointer {
			r.fail(uint64(at), "there is no kind of field %d; %s", kind, writeAgain)
			return n
		}
		word := off >> shift
		if off != word<<shift || off >= size || size-off < 1<<shift {
			if r.Kind == RecordFrame && r.err == nil {
				r.Outside++
				continue
			}
			r.fail(uint64(at), "a pointer should stand %d bytes into contents of %d; %s", off, size, writeAgain)
			return n
		}
		if word < next && r.Kind != RecordFrame {
			r.fail(uint64(at), "a pointer should stand %d bytes into the contents, but one behind it was listed before; %s", off, writeAgain)
			return n
		}
		next = word + 1
		n++
		if mask != nil {
			b := first + word
			mask[b/8] |= 1 << (b % 8)
		}
	}
}

func (r *HeapRecords) readParams() {
	n := &r.numbers
	p := HeapParams{
		BigEndian: n[0] == 1, PtrSize: int(min(n[1], 255)), ArenaStart: n[2], ArenaEnd: n[3],
		GOARCH: string(r.strings[0]), GoVersion: string(r.strings[1]), CPUs: n[4],
	}
	switch {
	case p.PtrSize != 4 && p.PtrSize != 8:
		r.fail(r.Start, "pointers have %d bytes; %s", n[1], writeAgain)
	case p.ArenaStart > p.ArenaEnd:
		r.fail(r.Start, "the heap is from %#x to %#x; %s", p.ArenaStart, p.ArenaEnd, writeAgain)
	case !plainName(p.GOARCH, ""):
		r.fail(r.Start, "%q is no processor; %s", p.GOARCH, writeAgain)
	case p.GoVersion != "" && !plainName(p.GoVersion, " .-:,+()/_"):
		r.fail(r.Start, "%q is no version of Go; %s", p.GoVersion, writeAgain)
	}
	r.params = p
}

// plainName reports whether s is a short text of letters, digits and the other
// characters named.
func plainName(s, others string) bool {
	if s == "" || len(s) > 256 {
		return false
	}
next:
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			continue
		}
		for k := range len(others) {
			if c == others[k] {
				continue next
			}
		}
		return false
	}
	return true
}
