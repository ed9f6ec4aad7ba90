// Package library says what values of the standard library's types mean: their text, in
// the words of their own String and Error methods, and the value in those that are
// nothing but a way to get at it. It goes by the names of types and by the names and
// kinds of their fields, and says nothing where these are not as expected, or where
// memory holds what no such value has.
package library

import (
	"fmt"
	"io/fs"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/layout"
	"goheap/gocore/internal/types"
)

// Reader reads the memory of a program. It does not change, and may be used by several
// goroutines.
type Reader struct {
	*inferior.Space
	// Global returns the type and the address of a variable of the library.
	Global func(name string) (t types.ID, addr uint64, ok bool)
}

// maxString bounds strings that are read whole.
const maxString = 1 << 12

func (p *Reader) library() *layout.Library { return &p.Layout.Library }

// part is Part, and what is in it where that is one of package sync/atomic's types.
func (p *Reader) part(typ *types.Type, addr uint64, f layout.Field) (*types.Type, uint64, bool) {
	part, at, ok := p.Part(typ, addr, f)
	if ok && part.Kind == types.Struct && strings.HasPrefix(part.Name, "sync/atomic.") {
		return p.Part(part, at, p.library().AtomicInt64.V)
	}
	return part, at, ok
}

// uintPart reads a field that must be of the given kind.
func (p *Reader) uintPart(typ *types.Type, addr uint64, kind types.Kind, f layout.Field) (uint64, bool) {
	part, at, ok := p.part(typ, addr, f)
	if !ok || part.Kind != kind || part.Size == 0 || part.Size > 8 {
		return 0, false
	}
	return p.Mem.Uint(at, int(part.Size))
}

// stringPart copies a field that must be a string.
func (p *Reader) stringPart(typ *types.Type, addr uint64, f layout.Field) (string, bool) {
	part, at, ok := p.Part(typ, addr, f)
	if !ok || part.Kind != types.String {
		return "", false
	}
	return p.String(at, maxString)
}

// bytesPart copies a field that must be a byte slice of at most most bytes; nil
// is a nil slice.
func (p *Reader) bytesPart(typ *types.Type, addr uint64, most uint64, f layout.Field) ([]byte, bool) {
	part, at, ok := p.Part(typ, addr, f)
	if !ok {
		return nil, false
	}
	return p.readBytes(part, at, most)
}

func (p *Reader) readBytes(typ *types.Type, addr uint64, most uint64) ([]byte, bool) {
	if typ.Kind != types.Slice || p.Types.Type(typ.Elem).Kind != types.Uint8 {
		return nil, false
	}
	data, ok1 := p.Mem.Word(addr)
	n, ok2 := p.Mem.Word(addr + uint64(p.Arch.PtrSize))
	if !ok1 || !ok2 || n > most {
		return nil, false
	}
	if data == 0 {
		return nil, true
	}
	b, ok := p.Mem.Slice(data, n)
	return append([]byte{}, b...), ok
}

// maxWrappers bounds how many types around one value Unwrap takes off.
const maxWrappers = 4

// Unwrap returns the value inside of those types of the standard library that
// are nothing but a way to get at it: sync/atomic's (sync/atomic/type.go and
// value.go) and unique.Handle (unique/handle.go).
func (p *Reader) Unwrap(t types.ID, addr uint64) (types.ID, uint64) {
	l := p.library()
	for range maxWrappers {
		typ := p.Types.Type(t)
		if typ.Kind != types.Struct {
			break
		}
		var inner layout.Field
		switch {
		case isAtomic(typ.Name):
			inner = l.AtomicInt64.V
		case l.AtomicValue.Name.Is(typ.Name):
			inner = l.AtomicValue.V
		case l.AtomicPointer.Name.Is(typ.Name):
			inner = l.AtomicPointer.V
		case l.UniqueHandle.Name.Is(typ.Name):
			inner = l.UniqueHandle.Value
		case l.WeakPointer.Name.Is(typ.Name):
			// It leads to a word with the address, or 0 once there is nothing
			// there any more (runtime/mheap.go, getOrAddWeakHandle).
			part, at, ok := p.Part(typ, addr, l.WeakPointer.U)
			to, _ := p.Mem.Word(at)
			of := p.emptyArrayOf(typ)
			if !ok || part.Kind != types.UnsafePointer || of == 0 {
				return t, addr
			}
			if to == 0 {
				to = at // the zero weak.Pointer
			}
			return of, to
		default:
			return t, addr
		}
		f, ok := inferior.FieldOf(typ, inner)
		if !ok {
			break
		}
		of := f.Type
		if p.Types.Type(of).Kind == types.UnsafePointer {
			// An array of none, [0]*T, keeps the type.
			if of = p.emptyArrayOf(typ); of == 0 {
				break
			}
		}
		t, addr = of, addr+f.Offset
	}
	return t, addr
}

// isAtomic reports whether a type is one of package sync/atomic's around a number.
func isAtomic(name string) bool {
	switch name {
	case "sync/atomic.Int32", "sync/atomic.Int64", "sync/atomic.Uint32", "sync/atomic.Uint64", "sync/atomic.Uintptr":
		return true
	}
	return false
}

// emptyArrayOf returns the pointer type of which typ has an array of length 0.
func (p *Reader) emptyArrayOf(typ *types.Type) types.ID {
	for _, f := range typ.Fields {
		if a := p.Types.Type(f.Type); a.Kind == types.Array && a.Len == 0 && p.Types.Type(a.Elem).Kind == types.Pointer {
			return a.Elem
		}
	}
	return 0
}

// Text describes a value of a type of the standard library in the words of
// its own String or Error method. It goes by the type's name and by the names and
// kinds of its fields; ok is false where these are not as expected, or where the
// memory holds what no such value has.
func (p *Reader) Text(typ *types.Type, addr uint64) (text string, ok bool) {
	switch typ.Name {
	case "time.Time":
		return p.timeText(typ, addr)
	case "time.Duration":
		v, ok := p.Mem.Uint(addr, 8)
		return time.Duration(v).String(), ok && typ.Kind == types.Int64
	case "io/fs.FileMode":
		v, ok := p.Mem.Uint(addr, 4)
		return fs.FileMode(v).String(), ok && typ.Kind == types.Uint32
	case "log/slog.Level":
		v, ok := p.Mem.Word(addr)
		shift := 64 - 8*typ.Size
		n := int64(v<<shift) >> shift
		return fmt.Sprintf("%s (%d)", slog.Level(n), n), ok && typ.Kind == types.Int
	case "net.IP":
		ip, ok := p.ipText(typ, addr)
		if ok && ip == "" {
			return "nil", true
		}
		return ip, ok
	case "net.IPMask":
		b, ok := p.readBytes(typ, addr, 16)
		return fmt.Sprintf("%x", b), ok && len(b) > 0
	case "net.IPNet":
		return p.ipNetText(typ, addr)
	case "net.TCPAddr", "net.UDPAddr", "net.IPAddr", "net.UnixAddr":
		text, ok := p.netAddr(typ, addr)
		return Bare(text), ok
	case "net/netip.Addr", "net/netip.AddrPort", "net/netip.Prefix":
		text, ok := p.netipText(typ, addr)
		return Bare(text), ok
	case "math/big.Int":
		return p.bigIntText(typ, addr)
	case "sync.Mutex", "internal/sync.Mutex":
		return p.mutexText(typ, addr)
	case "sync.RWMutex":
		return p.rwMutexText(typ, addr)
	case "sync.Once":
		done, ok := p.uintPart(typ, addr, types.Uint32, p.library().Once.Done)
		if done == 0 {
			return "not done", ok
		}
		return "done", ok
	case "sync.WaitGroup":
		return p.waitGroupText(typ, addr)
	case "strings.Builder":
		return p.bufferText(typ, addr, p.library().Builder.Buf, 0)
	case "bytes.Buffer":
		off, ok1 := p.uintPart(typ, addr, types.Int, p.library().Buffer.Off)
		text, ok2 := p.bufferText(typ, addr, p.library().Buffer.Buf, off)
		return text, ok1 && ok2
	case "time.Timer", "time.Ticker", "runtime.timeTimer":
		return p.timerText(typ, addr)
	case "sync/atomic.Bool":
		v, ok := p.uintPart(typ, addr, types.Uint32, p.library().AtomicBool.V)
		return strconv.FormatBool(v != 0), ok
	case "syscall.Errno":
		n, ok := p.Mem.Word(addr)
		if text, known := p.errnoText(n); known && ok && typ.Kind == types.Uintptr {
			return fmt.Sprintf("%d (%s)", n, Bare(text)), true
		}
		return "", false
	}
	if text, ok := p.contextText(typ, addr); ok {
		return text, true
	}
	e := errorReader{p: p, errors: maxErrors, bytes: maxErrorText}
	if text, ok := e.message(typ, addr); ok {
		return QuoteStart(text), true
	}
	return "", false
}

// The bits of a reflect.Value's flag (reflect/value.go).
const (
	flagIndir  = 1 << 7 // ptr leads to the value
	flagMethod = 1 << 9 // a method of the value is meant
)

// Reflected returns the type of the value that a reflect.Value is of, and where that
// stands. It is 0 for the zero reflect.Value; ok is false where it is not known.
func (p *Reader) Reflected(typ *types.Type, addr uint64) (t types.ID, at uint64, ok bool) {
	l := &p.library().ReflectValue
	if !l.Name.Is(typ.Name) {
		return 0, 0, false
	}
	f, of, ok1 := p.Part(typ, addr, l.Typ)
	_, ptr, ok2 := p.Part(typ, addr, l.Ptr)
	flag, ok3 := p.uintPart(typ, addr, types.Uintptr, l.Flag)
	if !ok1 || !ok2 || !ok3 || f.Kind != types.Pointer || flag&flagMethod != 0 {
		return 0, 0, false
	}
	word, ok := p.Mem.Word(of)
	if word == 0 || !ok {
		return 0, 0, ok
	}
	if t, ok = p.Types.ByRuntimeType(word); !ok {
		return 0, 0, false
	}
	if flag&flagIndir != 0 {
		ptr, ok = p.Mem.Word(ptr)
	}
	return t, ptr, ok
}
