package gocore

import (
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/layout"
	"goheap/gocore/internal/types"
)

// uintPart reads a field that must be of the given kind.
func (p *values) uintPart(typ *types.Type, addr uint64, kind types.Kind, f layout.Field) (uint64, bool) {
	part, at, ok := p.space.Part(typ, addr, f)
	if !ok || part.Kind != kind || part.Size == 0 || part.Size > 8 {
		return 0, false
	}
	return p.im.Mem.Uint(at, int(part.Size))
}

// stringPart copies a field that must be a string.
func (p *values) stringPart(typ *types.Type, addr uint64, f layout.Field) (string, bool) {
	part, at, ok := p.space.Part(typ, addr, f)
	if !ok || part.Kind != types.String {
		return "", false
	}
	return p.readString(at)
}

// bytesPart copies a field that must be a byte slice of at most most bytes; nil
// is a nil slice.
func (p *values) bytesPart(typ *types.Type, addr uint64, most uint64, f layout.Field) ([]byte, bool) {
	part, at, ok := p.space.Part(typ, addr, f)
	if !ok {
		return nil, false
	}
	return p.readBytes(part, at, most)
}

func (p *values) readBytes(typ *types.Type, addr uint64, most uint64) ([]byte, bool) {
	if typ.Kind != types.Slice || p.types.Type(typ.Elem).Kind != types.Uint8 {
		return nil, false
	}
	data, ok1 := p.im.Mem.Word(addr)
	n, ok2 := p.im.Mem.Word(addr + uint64(p.im.Arch.PtrSize))
	if !ok1 || !ok2 || n > most {
		return nil, false
	}
	if data == 0 {
		return nil, true
	}
	b, ok := p.im.Mem.Slice(data, n)
	return append([]byte{}, b...), ok
}

// maxWrappers bounds how many types around one value unwrap takes off.
const maxWrappers = 4

// unwrap returns the value inside of those types of the standard library that
// are nothing but a way to get at it: sync/atomic's (sync/atomic/type.go and
// value.go) and unique.Handle (unique/handle.go).
func (p *values) unwrap(t types.ID, addr uint64) (types.ID, uint64) {
	l := p.library()
	for range maxWrappers {
		typ := p.types.Type(t)
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
		default:
			return t, addr
		}
		f, ok := inferior.FieldOf(typ, inner)
		if !ok {
			break
		}
		of := f.Type
		if p.types.Type(of).Kind == types.UnsafePointer {
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
func (p *values) emptyArrayOf(typ *types.Type) types.ID {
	for _, f := range typ.Fields {
		if a := p.types.Type(f.Type); a.Kind == types.Array && a.Len == 0 && p.types.Type(a.Elem).Kind == types.Pointer {
			return a.Elem
		}
	}
	return 0
}

// knownText describes a value of a type of the standard library in the words of
// its own String or Error method. It goes by the type's name and by the names and
// kinds of its fields; ok is false where these are not as expected, or where the
// memory holds what no such value has.
func (p *values) knownText(typ *types.Type, addr uint64) (text string, ok bool) {
	switch typ.Name {
	case "time.Time":
		return p.timeText(typ, addr)
	case "time.Duration":
		v, ok := p.im.Mem.Uint(addr, 8)
		return time.Duration(v).String(), ok && typ.Kind == types.Int64
	case "io/fs.FileMode":
		v, ok := p.im.Mem.Uint(addr, 4)
		return fs.FileMode(v).String(), ok && typ.Kind == types.Uint32
	case "log/slog.Level":
		v, ok := p.im.Mem.Word(addr)
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
		return bare(text), ok
	case "net/netip.Addr", "net/netip.AddrPort", "net/netip.Prefix":
		text, ok := p.netipText(typ, addr)
		return bare(text), ok
	case "math/big.Int":
		return p.bigIntText(typ, addr)
	case "sync.Mutex", "internal/sync.Mutex":
		return p.mutexText(typ, addr)
	case "sync.RWMutex":
		return p.rwMutexText(typ, addr)
	case "sync/atomic.Bool":
		v, ok := p.uintPart(typ, addr, types.Uint32, p.library().AtomicBool.V)
		return strconv.FormatBool(v != 0), ok
	case "reflect.Value":
		return p.reflectText(typ, addr)
	case "syscall.Errno":
		n, ok := p.im.Mem.Word(addr)
		if text, known := p.errnoText(n); known && ok && typ.Kind == types.Uintptr {
			return fmt.Sprintf("%d (%s)", n, bare(text)), true
		}
		return "", false
	}
	e := errorReader{p: p, errors: maxErrors, bytes: maxErrorText}
	if text, ok := e.message(typ, addr); ok {
		return quote(wholeRunes([]byte(text[:min(len(text), maxStringShow)]), uint64(len(text))), uint64(len(text))), true
	}
	return "", false
}

// Constants of time/time.go.
const (
	hasMonotonic   = 1 << 63
	nsecMask       = 1<<30 - 1
	nsecShift      = 30
	wallToInternal = (1884*365 + 1884/4 - 1884/100 + 1884/400) * 86400
	internalToUnix = -(1969*365 + 1969/4 - 1969/100 + 1969/400) * 86400
)

// timeText formats a time.Time in UTC, and names its location where that is
// another. The monotonic clock is left out.
func (p *values) timeText(typ *types.Type, addr uint64) (string, bool) {
	l := &p.library().Time
	wall, ok1 := p.uintPart(typ, addr, types.Uint64, l.Wall)
	ext, ok2 := p.uintPart(typ, addr, types.Int64, l.Ext)
	loc, at, ok3 := p.space.Part(typ, addr, l.Loc)
	if !ok1 || !ok2 || !ok3 || loc.Kind != types.Pointer {
		return "", false
	}
	sec, nsec := int64(ext), wall&nsecMask
	if wall&hasMonotonic != 0 {
		sec = wallToInternal + int64(wall<<1>>(nsecShift+1))
	}
	// Beyond these years nothing but damage leads.
	const far = 1 << 38
	if nsec >= 1e9 || sec > far || sec < -far {
		return "", false
	}
	text := time.Unix(sec+internalToUnix, int64(nsec)).UTC().Format(time.RFC3339Nano)
	if to, _ := p.im.Mem.Word(at); to != 0 {
		if name, ok := p.stringPart(p.types.Type(loc.Elem), to, p.library().Location.Place); ok && name != "" && name != "UTC" {
			text += " (" + bare(name) + ")"
		}
	}
	return text, true
}

// ipText reads a net.IP as net.IP.String does; "" is an empty one.
func (p *values) ipText(typ *types.Type, addr uint64) (string, bool) {
	b, ok := p.readBytes(typ, addr, 16)
	if !ok || len(b) == 0 {
		return "", ok
	}
	ip, ok := netip.AddrFromSlice(b)
	return ip.Unmap().String(), ok
}

func (p *values) ipNetText(typ *types.Type, addr uint64) (string, bool) {
	ip, ok1 := p.bytesPart(typ, addr, 16, p.library().IPNet.IP)
	mask, ok2 := p.bytesPart(typ, addr, 16, p.library().IPNet.Mask)
	if !ok1 || !ok2 || len(ip) != len(mask) {
		return "", false
	}
	a, ok := netip.AddrFromSlice(ip)
	ones := 0
	for i, b := range mask {
		n := bits.LeadingZeros8(^b)
		if b<<n != 0 || n > 0 && ones != 8*i {
			return "", false // not a prefix
		}
		ones += n
	}
	return fmt.Sprintf("%s/%d", a, ones), ok && !a.Is4In6()
}

// netAddr formats the addresses of package net as their String methods do.
func (p *values) netAddr(typ *types.Type, addr uint64) (string, bool) {
	if typ.Name == "net.UnixAddr" {
		return p.stringPart(typ, addr, p.library().UnixAddr.Path)
	}
	l := &p.library().TCPAddr // the others have the same fields
	part, at, ok1 := p.space.Part(typ, addr, l.IP)
	zone, ok2 := p.stringPart(typ, addr, l.Zone)
	if !ok1 || !ok2 {
		return "", false
	}
	ip, ok := p.ipText(part, at)
	if !ok {
		return "", false
	}
	if zone != "" {
		ip += "%" + zone
	}
	switch typ.Name {
	case "net.IPAddr":
		return ip, true
	case "net.TCPAddr", "net.UDPAddr":
		port, ok := p.uintPart(typ, addr, types.Int, l.Port)
		if strings.Contains(ip, ":") {
			ip = "[" + ip + "]"
		}
		return fmt.Sprintf("%s:%d", ip, int64(port)), ok
	}
	return "", false
}

// netipText formats the types of package net/netip as their String methods do.
func (p *values) netipText(typ *types.Type, addr uint64) (string, bool) {
	l := p.library()
	switch typ.Name {
	case "net/netip.AddrPort":
		a, ok1 := p.netipPart(typ, addr, l.AddrPort.IP)
		port, ok2 := p.uintPart(typ, addr, types.Uint16, l.AddrPort.Port)
		return netip.AddrPortFrom(a, uint16(port)).String(), ok1 && ok2
	case "net/netip.Prefix":
		a, ok1 := p.netipPart(typ, addr, l.Prefix.IP)
		n, ok2 := p.uintPart(typ, addr, types.Uint8, l.Prefix.BitsPlusOne)
		if !a.IsValid() || n == 0 {
			return "invalid Prefix", ok1 && ok2
		}
		return fmt.Sprintf("%s/%d", a, n-1), ok1 && ok2 && int(n-1) <= a.BitLen()
	}
	a, ok := p.netipAddr(typ, addr)
	return a.String(), ok
}

// netipPart reads a field that is a netip.Addr.
func (p *values) netipPart(typ *types.Type, addr uint64, f layout.Field) (netip.Addr, bool) {
	part, at, ok := p.space.Part(typ, addr, f)
	if !ok {
		return netip.Addr{}, false
	}
	return p.netipAddr(part, at)
}

// netipAddr reads a netip.Addr: two halves of a 128-bit number, and a handle to
// which kind of address it is, with the zone (net/netip/netip.go, Go 1.23).
func (p *values) netipAddr(typ *types.Type, addr uint64) (a netip.Addr, ok bool) {
	l := p.library()
	hi, ok1 := p.uintPart(typ, addr, types.Uint64, l.NetipAddr.Hi)
	lo, ok2 := p.uintPart(typ, addr, types.Uint64, l.NetipAddr.Lo)
	z, at, ok3 := p.space.Part(typ, addr, l.NetipAddr.Z)
	if !ok1 || !ok2 || !ok3 || z.Kind != types.Pointer {
		return a, false
	}
	to, ok := p.im.Mem.Word(at)
	if to == 0 {
		return a, ok // the zero Addr
	}
	detail := p.types.Type(z.Elem)
	v6, ok1 := p.uintPart(detail, to, types.Bool, l.NetipDetail.IsV6)
	zone, ok2 := p.stringPart(detail, to, l.NetipDetail.ZoneV6)
	if !ok1 || !ok2 || v6 > 1 {
		return a, false
	}
	if v6 == 0 {
		return netip.AddrFrom4([4]byte{byte(lo >> 24), byte(lo >> 16), byte(lo >> 8), byte(lo)}), hi == 0 && lo>>32 == 0xffff
	}
	var b [16]byte
	for i := range 8 {
		b[i], b[8+i] = byte(hi>>(56-8*i)), byte(lo>>(56-8*i))
	}
	return netip.AddrFrom16(b).WithZone(zone), true
}

// maxBigWords bounds the numbers that are shown in decimal: converting takes
// more than linear time.
const maxBigWords = 64

func (p *values) bigIntText(typ *types.Type, addr uint64) (string, bool) {
	neg, ok1 := p.uintPart(typ, addr, types.Bool, p.library().BigInt.Neg)
	abs, at, ok2 := p.space.Part(typ, addr, p.library().BigInt.Abs)
	w := uint64(p.im.Arch.PtrSize)
	if !ok1 || !ok2 || neg > 1 || abs.Kind != types.Slice || p.types.Type(abs.Elem).Kind != types.Uint {
		return "", false
	}
	data, ok1 := p.im.Mem.Word(at)
	n, ok2 := p.im.Mem.Word(at + w)
	if !ok1 || !ok2 || n > maxBigWords {
		return "", false
	}
	b, ok := p.im.Mem.Slice(data, n*w)
	if !ok {
		return "", false
	}
	x, word := new(big.Int), new(big.Int)
	for i := int(n) - 1; i >= 0; i-- {
		x.Lsh(x, uint(8*w))
		x.Or(x, word.SetUint64(p.im.Arch.Word(b[i*int(w):])))
	}
	if neg == 1 {
		x.Neg(x)
	}
	return x.String(), true
}

// mutexText reads the lowest bit of a mutex's state, mutexLocked
// (internal/sync/mutex.go; sync/mutex.go before Go 1.24).
func (p *values) mutexText(typ *types.Type, addr uint64) (string, bool) {
	state, ok := p.uintPart(typ, addr, types.Int32, p.library().Mutex.State)
	if state&1 != 0 {
		return "locked", ok
	}
	return "unlocked", ok
}

// rwMutexText reads the count of readers, from which a writer that waits or
// holds the lock takes rwmutexMaxReaders (sync/rwmutex.go).
func (p *values) rwMutexText(typ *types.Type, addr uint64) (string, bool) {
	count, ok1 := p.uintPart(typ, addr, types.Int32, p.library().RWMutex.ReaderCount)
	wait, ok2 := p.uintPart(typ, addr, types.Int32, p.library().RWMutex.ReaderWait)
	const maxReaders = 1 << 30
	switch readers := int32(count); {
	case readers == 0:
		return "unlocked", ok1 && ok2
	case readers > 0 && readers <= maxReaders:
		return fmt.Sprintf("locked for reading ×%d", readers), ok1 && ok2
	case readers < -maxReaders:
		return "", false
	case int32(wait) > 0:
		return fmt.Sprintf("locked for reading ×%d, a writer waits", int32(wait)), ok1 && ok2
	}
	return "locked", ok1 && ok2
}

// reflectText names the type of a reflect.Value (reflect/value.go).
func (p *values) reflectText(typ *types.Type, addr uint64) (string, bool) {
	f, at, ok := p.space.Part(typ, addr, p.library().ReflectValue.Typ)
	if !ok || f.Kind != types.Pointer {
		return "", false
	}
	word, ok := p.im.Mem.Word(at)
	if word == 0 {
		return "invalid", ok
	}
	id, ok := p.types.ByRuntimeType(word)
	return "of " + bare(p.types.Type(id).Name), ok
}

// errnoText returns the program's own text for an error number: the table is a
// part of package syscall (syscall/zerrors_linux_amd64.go).
func (p *values) errnoText(n uint64) (string, bool) {
	if p.exe == nil {
		return "", false
	}
	v, ok := p.exe.File.Global("syscall.errors")
	if !ok {
		return "", false
	}
	table := p.types.Type(v.Type)
	if table.Kind != types.Array || p.types.Type(table.Elem).Kind != types.String {
		return "", false
	}
	if n < table.Len {
		s, ok := p.readString(v.Addr + p.exe.Bias + n*p.types.Type(table.Elem).Size)
		if !ok || s != "" {
			return s, ok
		}
	}
	return fmt.Sprintf("errno %d", int64(n)), true
}

// errorReader makes the message of an error from those of the errors in it. What
// it reads is bounded in all: errors in a damaged or hostile file may hold each
// other.
type errorReader struct {
	p             *values
	errors, bytes int // that may still be read
}

const (
	maxErrors    = 32
	maxErrorText = maxName
)

func (e *errorReader) str(typ *types.Type, addr uint64, f layout.Field) (string, bool) {
	s, ok := e.p.stringPart(typ, addr, f)
	e.bytes -= len(s)
	return s, ok && e.bytes >= 0
}

// message returns what the Error method of an error of the standard library
// returns, where that is made of nothing but what memory holds. typ is the type
// behind the pointer for those whose method has a pointer receiver.
func (e *errorReader) message(typ *types.Type, addr uint64) (string, bool) {
	if e.errors--; e.errors < 0 {
		return "", false
	}
	l := e.p.library()
	switch typ.Name {
	case "errors.errorString":
		return e.str(typ, addr, l.ErrorString.S)
	case "fmt.wrapError":
		return e.str(typ, addr, l.WrapError.Msg)
	case "fmt.wrapErrors":
		return e.str(typ, addr, l.WrapErrors.Msg)
	case "errors.joinError":
		return e.joined(typ, addr)
	case "io/fs.PathError":
		return e.wrapped(typ, addr, l.PathError.Err, "%s %s: %s", l.PathError.Op, l.PathError.Path)
	case "os.SyscallError":
		return e.wrapped(typ, addr, l.SyscallError.Err, "%s: %s", l.SyscallError.Syscall)
	case "os.LinkError":
		return e.wrapped(typ, addr, l.LinkError.Err, "%s %s %s: %s", l.LinkError.Op, l.LinkError.Old, l.LinkError.New)
	case "net/url.Error":
		return e.wrapped(typ, addr, l.URLError.Err, "%s %q: %s", l.URLError.Op, l.URLError.URL)
	case "os/exec.Error":
		return e.wrapped(typ, addr, l.ExecError.Err, "exec: %q: %s", l.ExecError.Program)
	case "strconv.NumError":
		return e.wrapped(typ, addr, l.NumError.Err, "strconv.%s: parsing %q: %s", l.NumError.Func, l.NumError.Num)
	case "net.OpError":
		return e.opError(typ, addr)
	}
	return "", false
}

// wrapped formats some fields and the error in the field err.
func (e *errorReader) wrapped(typ *types.Type, addr uint64, err layout.Field, format string, fields ...layout.Field) (string, bool) {
	var args []any
	for _, f := range fields {
		s, ok := e.str(typ, addr, f)
		if !ok {
			return "", false
		}
		args = append(args, s)
	}
	inner, ok := e.field(typ, addr, err)
	if !ok {
		return "", false
	}
	return fmt.Sprintf(format, append(args, inner)...), true
}

// field returns the message of the error in a field.
func (e *errorReader) field(typ *types.Type, addr uint64, f layout.Field) (string, bool) {
	part, at, ok := e.p.space.Part(typ, addr, f)
	if !ok {
		return "", false
	}
	return e.in(part, at)
}

// in returns the message of the error in the interface at addr.
func (e *errorReader) in(typ *types.Type, addr uint64) (string, bool) {
	if typ.Kind != types.Interface {
		return "", false
	}
	d, to, ok := e.p.dynamicTarget(typ, addr)
	if !ok {
		return "", false
	}
	if d.Name == "syscall.Errno" {
		n, ok := e.p.im.Mem.Word(to)
		text, known := e.p.errnoText(n)
		return text, ok && known
	}
	return e.message(d, to)
}

// joined is joinError.Error (errors/join.go).
func (e *errorReader) joined(typ *types.Type, addr uint64) (string, bool) {
	p := e.p
	f, at, ok := p.space.Part(typ, addr, p.library().JoinError.Errs)
	if !ok || f.Kind != types.Slice {
		return "", false
	}
	data, ok1 := p.im.Mem.Word(at)
	n, ok2 := p.im.Mem.Word(at + uint64(p.im.Arch.PtrSize))
	if !ok1 || !ok2 || n == 0 || n > maxErrors {
		return "", false
	}
	var texts []string
	for i := range n {
		text, ok := e.in(p.types.Type(f.Elem), data+i*p.types.Type(f.Elem).Size)
		if !ok {
			return "", false
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "\n"), true
}

// opError is net.OpError.Error (net/net.go).
func (e *errorReader) opError(typ *types.Type, addr uint64) (string, bool) {
	p := e.p
	l := &p.library().OpError
	text, ok1 := e.str(typ, addr, l.Op)
	network, ok2 := e.str(typ, addr, l.Net)
	inner, ok3 := e.field(typ, addr, l.Err)
	if !ok1 || !ok2 || !ok3 {
		return "", false
	}
	if network != "" {
		text += " " + network
	}
	sep := " "
	for _, field := range []layout.Field{l.Source, l.Addr} {
		f, at, ok := p.space.Part(typ, addr, field)
		if !ok || f.Kind != types.Interface {
			return "", false
		}
		if word, ok := p.im.Mem.Word(at); ok && word == 0 {
			continue // nil
		}
		d, to, ok := p.dynamicTarget(f, at)
		if !ok {
			return "", false
		}
		a, ok := p.netAddr(d, to)
		if !ok {
			return "", false
		}
		text += sep + a
		sep = "->"
	}
	return text + ": " + inner, true
}

// dynamicTarget is what an interface holds, with a pointer followed.
func (p *values) dynamicTarget(typ *types.Type, addr uint64) (*types.Type, uint64, bool) {
	dyn, at, ok := p.space.Dynamic(typ, addr)
	if !ok {
		return nil, 0, false
	}
	d := p.types.Type(dyn)
	if d.Kind != types.Pointer {
		return d, at, true
	}
	to, _ := p.im.Mem.Word(at)
	return p.types.Type(d.Elem), to, to != 0
}
