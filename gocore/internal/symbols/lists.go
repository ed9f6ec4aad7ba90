package symbols

import (
	"goheap/gocore/internal/symbols/info"
)

// lists are the sections with location and range lists, read when the first
// caller asks for local variables.
type lists struct {
	loc, loclists    []byte // DWARF up to 4, and 5
	ranges, rnglists []byte
	err              error
}

// Kinds of entries in .debug_loclists and .debug_rnglists (DWARF 5, sections
// 7.7.3 and 7.25). Both have them in the same order, but location lists have
// an extra one, the default location, in the middle.
const (
	lleEndOfList = iota
	lleBaseAddressx
	lleStartxEndx
	lleStartxLength
	lleOffsetPair
	lleDefaultLocation
	lleBaseAddress
	lleStartEnd
	lleStartLength
)

// listEntry is one entry of a list: [low, high) and the expression there.
type listEntry struct {
	low, high uint64
	expr      []byte
	isDefault bool
}

// eachRange calls f for the entries of the list at off of a DWARF 5 section,
// until f returns false. It reports whether the list was sound as far as it
// was read.
func eachRange(d *info.Data, u *info.Unit, section []byte, off uint64, locations bool, f func(listEntry) bool) bool {
	if off >= uint64(len(section)) {
		return false
	}
	c := info.Cursor{B: section, Off: int(off), Big: d.Big}
	base := u.LowPC
	for {
		kind := int(c.Uint(1))
		if !locations && kind >= lleDefaultLocation {
			kind++
		}
		var e listEntry
		ok := true
		addrx := func() uint64 {
			a, found := d.Addr(u, c.Uleb())
			ok = ok && found
			return a
		}
		if c.Bad {
			return false
		}
		switch kind {
		case lleEndOfList:
			return true
		case lleBaseAddressx:
			base = addrx()
			if !ok || c.Bad {
				return false
			}
			continue
		case lleBaseAddress:
			base = c.Uint(int(u.AddrSize))
			if c.Bad {
				return false
			}
			continue
		case lleStartxEndx:
			e.low = addrx()
			e.high = addrx()
		case lleStartxLength:
			e.low = addrx()
			e.high = e.low + c.Uleb()
		case lleOffsetPair:
			e.low = base + c.Uleb()
			e.high = base + c.Uleb()
		case lleDefaultLocation:
			e.isDefault = true
		case lleStartEnd:
			e.low = c.Uint(int(u.AddrSize))
			e.high = c.Uint(int(u.AddrSize))
		case lleStartLength:
			e.low = c.Uint(int(u.AddrSize))
			e.high = e.low + c.Uleb()
		default:
			return false
		}
		if locations {
			e.expr = c.Bytes(c.Uleb())
		}
		if !ok || c.Bad {
			return false
		}
		if !f(e) {
			return true
		}
	}
}

// eachOldRange is eachRange for .debug_loc and .debug_ranges of DWARF 2 to 4
// (DWARF 4, sections 2.6.2 and 2.17.3).
func eachOldRange(d *info.Data, u *info.Unit, section []byte, off uint64, locations bool, f func(listEntry) bool) bool {
	if off >= uint64(len(section)) {
		return false
	}
	c := info.Cursor{B: section, Off: int(off), Big: d.Big}
	base := u.LowPC
	all := ^uint64(0) >> (64 - 8*uint(u.AddrSize))
	for {
		low, high := c.Uint(int(u.AddrSize)), c.Uint(int(u.AddrSize))
		if c.Bad {
			return false
		}
		switch {
		case low == 0 && high == 0:
			return true
		case low == all:
			base = high
			continue
		}
		e := listEntry{low: base + low, high: base + high}
		if locations {
			e.expr = c.Bytes(c.Uint(2))
		}
		if c.Bad {
			return false
		}
		if !f(e) {
			return true
		}
	}
}

// covers says whether the code of an entry includes pc. An entry without
// ranges, such as a lexical block of a function that was optimised away, has
// none.
func (l *lists) covers(d *info.Data, u *info.Unit, e *info.Entry, pc uint64) bool {
	if e.HasPC && pc >= e.LowPC && pc < e.HighPC {
		return true
	}
	if !e.HasRanges {
		return false
	}
	found := false
	see := func(r listEntry) bool {
		found = pc >= r.low && pc < r.high
		return !found
	}
	if u.Version < 5 {
		eachOldRange(d, u, l.ranges, e.Ranges, false, see)
		return found
	}
	off := e.Ranges
	if e.RangesIndex {
		var ok bool
		if off, ok = d.RngListOffset(u, l.rnglists, off); !ok {
			return false
		}
	}
	eachRange(d, u, l.rnglists, off, false, see)
	return found
}

// expression returns the location expression of a variable that holds at pc,
// or false if it has no location there.
func (l *lists) expression(d *info.Data, u *info.Unit, e *info.Entry, pc uint64) ([]byte, bool) {
	if e.HasLocation {
		return e.Location, true
	}
	if !e.HasLocList {
		return nil, false
	}
	var expr, fallback []byte
	var found, haveFallback bool
	see := func(r listEntry) bool {
		if r.isDefault {
			fallback, haveFallback = r.expr, true
			return true
		}
		if found = pc >= r.low && pc < r.high; found {
			expr = r.expr
		}
		return !found
	}
	if !l.eachLocation(d, u, e, see) {
		return nil, false
	}
	if !found && haveFallback {
		return fallback, true
	}
	return expr, found
}

// eachLocation calls see for the entries of a variable's location list until it
// returns false, and reports whether the list could be read.
func (l *lists) eachLocation(d *info.Data, u *info.Unit, e *info.Entry, see func(listEntry) bool) bool {
	if u.Version < 5 {
		return eachOldRange(d, u, l.loc, e.LocList, true, see)
	}
	off := e.LocList
	if e.LocListIndex {
		var ok bool
		if off, ok = d.LocListOffset(u, l.loclists, off); !ok {
			return false
		}
	}
	return eachRange(d, u, l.loclists, off, true, see)
}
