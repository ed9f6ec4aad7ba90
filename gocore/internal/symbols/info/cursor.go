package info

import "encoding/binary"

// Cursor reads numbers from a section. Reading past the end sets Bad and
// yields zeros from then on; a reader checks once at its end.
type Cursor struct {
	B   []byte
	Off int // of the next byte; never beyond len(B) while !Bad
	Bad bool
	Big bool // big-endian
}

// Bytes returns the next n bytes without copying them, or nil.
func (c *Cursor) Bytes(n uint64) []byte {
	if c.Bad || n > uint64(len(c.B)-c.Off) {
		c.Bad = true
		return nil
	}
	b := c.B[c.Off : c.Off+int(n) : c.Off+int(n)]
	c.Off += int(n)
	return b
}

// Uint reads an unsigned integer of 1, 2, 3, 4 or 8 bytes.
func (c *Cursor) Uint(size int) uint64 {
	b := c.Bytes(uint64(size))
	if b == nil {
		return 0
	}
	switch {
	case size == 1:
		return uint64(b[0])
	case size == 4 && !c.Big:
		return uint64(binary.LittleEndian.Uint32(b))
	case size == 8 && !c.Big:
		return binary.LittleEndian.Uint64(b)
	}
	var v uint64
	for i := range b {
		if c.Big {
			v = v<<8 | uint64(b[i])
		} else {
			v |= uint64(b[i]) << (8 * i)
		}
	}
	return v
}

// Uleb reads an unsigned LEB128 number; bits beyond 64 are dropped.
func (c *Cursor) Uleb() uint64 {
	if !c.Bad && c.Off < len(c.B) && c.B[c.Off] < 0x80 {
		c.Off++
		return uint64(c.B[c.Off-1])
	}
	var v uint64
	for shift := uint(0); ; shift += 7 {
		if c.Bad || c.Off >= len(c.B) {
			c.Bad = true
			return 0
		}
		x := c.B[c.Off]
		c.Off++
		if shift < 64 {
			v |= uint64(x&0x7f) << shift
		}
		if x < 0x80 {
			return v
		}
	}
}

// Sleb reads a signed LEB128 number; bits beyond 64 are dropped.
func (c *Cursor) Sleb() int64 {
	var v int64
	for shift := uint(0); ; shift += 7 {
		if c.Bad || c.Off >= len(c.B) {
			c.Bad = true
			return 0
		}
		x := c.B[c.Off]
		c.Off++
		if shift < 64 {
			v |= int64(x&0x7f) << shift
		}
		if x < 0x80 {
			if shift+7 < 64 && x&0x40 != 0 {
				v |= -1 << (shift + 7)
			}
			return v
		}
	}
}

// String reads up to and past a zero byte and returns what is before it.
func (c *Cursor) String() []byte {
	if c.Bad {
		return nil
	}
	for i := c.Off; i < len(c.B); i++ {
		if c.B[i] == 0 {
			b := c.B[c.Off:i:i]
			c.Off = i + 1
			return b
		}
	}
	c.Bad = true
	return nil
}
