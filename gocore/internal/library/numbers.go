package library

import (
	"math/big"
	"time"

	"goheap/gocore/internal/types"
)

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
func (p *Reader) timeText(typ *types.Type, addr uint64) (string, bool) {
	loc, at, ok := p.Part(typ, addr, p.library().Time.Loc)
	when, _, ok2 := p.timeParts(typ, addr)
	if !ok || !ok2 || loc.Kind != types.Pointer {
		return "", false
	}
	text := when.UTC().Format(time.RFC3339Nano)
	if to, _ := p.Mem.Word(at); to != 0 {
		if name, ok := p.stringPart(p.Types.Type(loc.Elem), to, p.library().Location.Place); ok && name != "" && name != "UTC" {
			text += " (" + Bare(name) + ")"
		}
	}
	return text, true
}

// timeParts reads a time.Time, and its monotonic reading: nanoseconds since time.startNano,
// 0 where it has none.
func (p *Reader) timeParts(typ *types.Type, addr uint64) (when time.Time, monotonic int64, ok bool) {
	l := &p.library().Time
	wall, ok1 := p.uintPart(typ, addr, types.Uint64, l.Wall)
	ext, ok2 := p.uintPart(typ, addr, types.Int64, l.Ext)
	if !ok1 || !ok2 {
		return when, 0, false
	}
	sec, nsec := int64(ext), wall&nsecMask
	if wall&hasMonotonic != 0 {
		sec, monotonic = wallToInternal+int64(wall<<1>>(nsecShift+1)), int64(ext)
	}
	// Beyond these years nothing but damage leads.
	const far = 1 << 38
	if nsec >= 1e9 || sec > far || sec < -far {
		return when, 0, false
	}
	return time.Unix(sec+internalToUnix, int64(nsec)), monotonic, true
}

// timeOf reads a time.Time in nanoseconds: since 1970, and since time.startNano, 0 where it
// is not known, or further than 250 years away.
func (p *Reader) timeOf(typ *types.Type, addr uint64) (wall, monotonic int64) {
	when, monotonic, ok := p.timeParts(typ, addr)
	const far = 250 * 365 * 24 * 3600
	if sec := when.Unix(); !ok || sec < -far || sec > far {
		return 0, 0
	}
	return when.UnixNano(), monotonic
}

// maxBigWords bounds the numbers that are shown in decimal: converting takes
// more than linear time.
const maxBigWords = 64

func (p *Reader) bigIntText(typ *types.Type, addr uint64) (string, bool) {
	neg, ok1 := p.uintPart(typ, addr, types.Bool, p.library().BigInt.Neg)
	abs, at, ok2 := p.Part(typ, addr, p.library().BigInt.Abs)
	w := uint64(p.Arch.PtrSize)
	if !ok1 || !ok2 || neg > 1 || abs.Kind != types.Slice || p.Types.Type(abs.Elem).Kind != types.Uint {
		return "", false
	}
	data, ok1 := p.Mem.Word(at)
	n, ok2 := p.Mem.Word(at + w)
	if !ok1 || !ok2 || n > maxBigWords {
		return "", false
	}
	b, ok := p.Mem.Slice(data, n*w)
	if !ok {
		return "", false
	}
	x, word := new(big.Int), new(big.Int)
	for i := int(n) - 1; i >= 0; i-- {
		x.Lsh(x, uint(8*w))
		x.Or(x, word.SetUint64(p.Arch.Word(b[i*int(w):])))
	}
	if neg == 1 {
		x.Neg(x)
	}
	return x.String(), true
}
