// Package info reads the entries of .debug_info, versions 2 to 5, of the units
// that Go's compiler and linker wrote.
//
// debug/dwarf returns every entry as a slice of boxed values; for an
// executable with two million entries that takes seconds. Here an entry is
// read into one struct that the caller reuses, and entries of no interest are
// stepped over. debug/dwarf is the oracle in the tests.
package info

import (
	"fmt"
	"math"
	"unsafe"
)

// Offset is the position of an entry in .debug_info. 0 is none: a unit starts
// with its header.
type Offset uint32

// Sections are the contents of the sections of the same name, not compressed.
// They are kept, not copied, and must not change: the names in entries point
// into them.
type Sections struct {
	Info, Abbrev, Str, LineStr, StrOffsets, Addr []byte
}

// Data is the parsed frame of .debug_info. It does not change after New and
// may be used from several goroutines.
type Data struct {
	Units []Unit // by offset
	Big   bool   // big-endian
	s     Sections
}

// Unit is a compilation unit or another kind of unit.
type Unit struct {
	Start    Offset // its header
	First    Offset // its first entry
	End      Offset
	Version  uint16
	AddrSize uint8
	Dwarf64  bool
	Lang     uint16
	LowPC    uint64 // base of the offsets in range and location lists
	Package  string // DW_AT_go_package_name
	Name     string

	bases
	abbrevs *abbrevs
}

// bases are offsets in the sections that hold what the indexed forms of a unit
// refer to (DWARF 5, section 7.26 and after).
type bases struct {
	strOffsetsBase, addrBase, rnglistsBase, loclistsBase uint64
}

// New reads the headers of all units. A damaged unit ends the list; then both
// the units before it and an error are returned.
func New(s Sections, big bool) (*Data, error) {
	d := &Data{s: s, Big: big}
	if uint64(len(s.Info)) > math.MaxUint32 {
		return d, fmt.Errorf(".debug_info has %d bytes, more than 4 GiB", len(s.Info))
	}
	tables := map[uint64]*abbrevs{}
	c := Cursor{B: s.Info, Big: big}
	for c.Off < len(s.Info) {
		start := c.Off
		u, abbrevOff, err := readUnitHeader(&c)
		if err != nil {
			return d, err
		}
		t := tables[abbrevOff]
		if t == nil {
			if t, err = readAbbrevs(s.Abbrev, abbrevOff, big); err != nil {
				return d, fmt.Errorf("unit at offset %#x: %w", start, err)
			}
			tables[abbrevOff] = t
		}
		u.abbrevs = t
		if u.First < u.End {
			var e Entry
			if _, err := d.Read(&u, u.First, &e); err != nil {
				return d, err
			}
			if u.bases = e.bases; u.bases != (bases{}) {
				// Its strings and addresses may go through the bases.
				if _, err := d.Read(&u, u.First, &e); err != nil {
					return d, err
				}
			}
			u.Lang, u.LowPC, u.Package, u.Name = e.Lang, e.LowPC, e.Package, e.Name
		}
		d.Units = append(d.Units, u)
		c.Off = int(u.End)
	}
	return d, nil
}

// readUnitHeader leaves c behind the header (DWARF 5, section 7.5.1).
func readUnitHeader(c *Cursor) (u Unit, abbrevOff uint64, err error) {
	start := c.Off
	size := 4
	n := c.Uint(4)
	if n == 0xffffffff {
		u.Dwarf64, size = true, 8
		n = c.Uint(8)
	}
	if c.Bad || n > uint64(len(c.B)-c.Off) {
		return u, 0, fmt.Errorf(".debug_info: unit at offset %#x is cut off", start)
	}
	u.Start = Offset(start)
	u.End = Offset(c.Off + int(n))
	u.Version = uint16(c.Uint(2))
	switch {
	case u.Version >= 2 && u.Version <= 4:
		abbrevOff = c.Uint(size)
		u.AddrSize = uint8(c.Uint(1))
	case u.Version == 5:
		kind := c.Uint(1)
		u.AddrSize = uint8(c.Uint(1))
		abbrevOff = c.Uint(size)
		switch kind {
		case 2, 6: // type units: signature and offset
			c.Bytes(8 + uint64(size))
		case 4, 5: // skeleton and split units: id
			c.Bytes(8)
		}
	default:
		return u, 0, fmt.Errorf(".debug_info: unit at offset %#x has version %d", start, u.Version)
	}
	if u.AddrSize != 4 && u.AddrSize != 8 {
		return u, 0, fmt.Errorf(".debug_info: unit at offset %#x has addresses of %d bytes", start, u.AddrSize)
	}
	if c.Bad || c.Off > int(u.End) {
		return u, 0, fmt.Errorf(".debug_info: header of the unit at offset %#x is cut off", start)
	}
	u.First = Offset(c.Off)
	return u, abbrevOff, nil
}

// UnitOf returns the unit that holds the entry at off, or nil.
func (d *Data) UnitOf(off Offset) *Unit {
	lo, hi := 0, len(d.Units)
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if d.Units[m].End <= off {
			lo = m + 1
		} else {
			hi = m
		}
	}
	if lo == len(d.Units) || off < d.Units[lo].First {
		return nil
	}
	return &d.Units[lo]
}

// Addr returns entry i of the unit's part of .debug_addr.
func (d *Data) Addr(u *Unit, i uint64) (uint64, bool) {
	size := uint64(u.AddrSize)
	n := uint64(len(d.s.Addr))
	if u.addrBase > n || i >= (n-u.addrBase)/size {
		return 0, false
	}
	c := Cursor{B: d.s.Addr, Off: int(u.addrBase + i*size), Big: d.Big}
	return c.Uint(int(size)), true
}

// LocListOffset returns the offset in .debug_loclists of the unit's list i,
// read from the section itself (DWARF 5, section 7.29).
func (d *Data) LocListOffset(u *Unit, section []byte, i uint64) (uint64, bool) {
	return d.listOffset(u, section, u.loclistsBase, i)
}

// RngListOffset is LocListOffset for .debug_rnglists.
func (d *Data) RngListOffset(u *Unit, section []byte, i uint64) (uint64, bool) {
	return d.listOffset(u, section, u.rnglistsBase, i)
}

func (d *Data) listOffset(u *Unit, section []byte, base, i uint64) (uint64, bool) {
	size := uint64(4)
	if u.Dwarf64 {
		size = 8
	}
	n := uint64(len(section))
	if base > n || i >= (n-base)/size {
		return 0, false
	}
	c := Cursor{B: section, Off: int(base + i*size), Big: d.Big}
	return base + c.Uint(int(size)), true
}

// view makes a string of section bytes without copying them; sections never
// change.
func view(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b))
}

func (d *Data) str(section []byte, off uint64) string {
	if off >= uint64(len(section)) {
		return ""
	}
	c := Cursor{B: section, Off: int(off)}
	return view(c.String())
}

func (d *Data) strx(u *Unit, i uint64) string {
	size := uint64(4)
	if u.Dwarf64 {
		size = 8
	}
	n := uint64(len(d.s.StrOffsets))
	if u.strOffsetsBase > n || i >= (n-u.strOffsetsBase)/size {
		return ""
	}
	c := Cursor{B: d.s.StrOffsets, Off: int(u.strOffsetsBase + i*size), Big: d.Big}
	return d.str(d.s.Str, c.Uint(int(size)))
}
