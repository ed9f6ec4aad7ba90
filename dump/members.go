package dump

import (
	"bufio"
	"encoding/binary"
	"io"
)

// members reads what is in the members of a compressed file one after the other,
// as the tools that unpack such files do: frames of zstd (RFC 8878, section 3) and
// lz4 (doc/lz4_Frame_format.md), members of gzip (RFC 1952, section 2.2). It ends
// where no further one starts.
type members struct {
	k    *packing
	in   *packed
	br   *bufio.Reader
	from *frame    // what r reads from; nil where the decoder finds the end itself
	r    io.Reader // nil between two members
	all  io.Reader // the decoder, which is used again
	err  error     // that ended it
}

func (k *packing) members(in *packed) *members {
	return &members{k: k, in: in, br: bufio.NewReaderSize(in, 1<<16)}
}

// offset is where in the file the next byte stands.
func (m *members) offset() int64 { return m.in.n - int64(m.br.Buffered()) }

// Read returns io.EOF where no member starts. An error is the last: decoders forget
// theirs.
func (m *members) Read(b []byte) (n int, err error) {
	if m.err != nil {
		return 0, m.err
	}
	n, m.err = m.read(b)
	return n, m.err
}

func (m *members) read(b []byte) (int, error) {
	for {
		if m.r == nil {
			if err := m.next(); err != nil {
				return 0, err
			}
		}
		n, err := m.r.Read(b)
		switch {
		case err != io.EOF:
			return n, err
		case m.from != nil && !m.from.ended:
			return n, io.ErrUnexpectedEOF
		}
		if m.r = nil; n > 0 {
			return n, nil
		}
	}
}

// next starts the next member.
func (m *members) next() (err error) {
	head, err := m.br.Peek(maxHeader)
	if err != nil && err != io.EOF {
		return err
	}
	if !m.k.starts(head) {
		return io.EOF
	}
	var from io.Reader = m.br
	if m.k.piece != nil {
		m.from = &frame{br: m.br, piece: m.k.piece}
		from = m.from
	}
	if m.all, err = m.k.open(m.all, from); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	m.r = m.all
	return nil
}

// maxHeader is the number of bytes by which a member, or a piece of one, is known.
const maxHeader = 19

// frame reads a frame up to its end, and no byte more.
type frame struct {
	br    *bufio.Reader
	piece func(s *frameState, head []byte) (size uint64, last bool)
	state frameState
	left  uint64 // of the present piece
	last  bool   // it is the last one
	ended bool
}

// frameState is what the pieces of a frame need to know of its header.
type frameState struct {
	began, legacy bool
	blockSum, sum bool // there are checksums of blocks, of the frame
}

func (f *frame) Read(b []byte) (int, error) {
	for f.left == 0 {
		if f.ended = f.ended || f.last; f.ended {
			return 0, io.EOF
		}
		head, err := f.br.Peek(maxHeader)
		if err != nil && err != io.EOF {
			return 0, err
		}
		f.left, f.last = f.piece(&f.state, head)
		if f.left == 0 && !f.last {
			return 0, io.ErrUnexpectedEOF
		}
	}
	n, err := f.br.Read(b[:min(uint64(len(b)), f.left)])
	f.left -= uint64(n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if f.left == 0 && f.last {
		f.ended = true
	}
	return n, err
}

// The functions below return how many bytes the next piece of a frame has, and
// whether it is the last, by the bytes that it starts with: no size where these are
// too few.

const skippable = 0x184d2a50 // to 0x184d2a5f, for zstd and lz4

func little(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }

func zstdPiece(s *frameState, b []byte) (size uint64, last bool) {
	if !s.began {
		s.began = true
		switch {
		case len(b) < 8:
			return 0, false
		case little(b)&^0xf == skippable:
			return 8 + uint64(little(b[4:])), true
		}
		desc := b[4]
		s.sum = desc&4 != 0
		size = 5 + [...]uint64{0, 1, 2, 4}[desc&3] + [...]uint64{0, 2, 4, 8}[desc>>6]
		if single := desc&0x20 != 0; !single {
			size++ // the window
		} else if desc>>6 == 0 {
			size++ // a content size of one byte
		}
		return size, false
	}
	if len(b) < 3 {
		return 0, false
	}
	block := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
	size = uint64(block >> 3)
	if block>>1&3 == 1 { // one byte, repeated
		size = 1
	}
	size += 3
	if last = block&1 != 0; last && s.sum {
		size += 4
	}
	return size, last
}

const (
	lz4Magic       = 0x184d2204
	lz4MagicLegacy = 0x184c2102
	// lz4LegacyBlock is what 8 MiB, the size of blocks in the older format, may
	// have compressed (lib/lz4.h, LZ4_COMPRESSBOUND): a larger number is none.
	lz4LegacyBlock = 8<<20 + 8<<20/255 + 16
)

func lz4Piece(s *frameState, b []byte) (size uint64, last bool) {
	switch {
	case len(b) < 4:
		return 0, s.began && s.legacy // which ends with the file
	case !s.began:
		s.began = true
		if s.legacy = little(b) == lz4MagicLegacy; s.legacy {
			return 4, false
		}
		if len(b) < 8 {
			return 0, false
		}
		if little(b)&^0xf == skippable {
			return 8 + uint64(little(b[4:])), true
		}
		flags := b[4]
		s.blockSum, s.sum = flags&0x10 != 0, flags&4 != 0
		size = 7
		if flags&8 != 0 {
			size += 8 // the content size
		}
		if flags&1 != 0 {
			size += 4 // a dictionary
		}
		return size, false
	case s.legacy:
		if n := little(b); n > 0 && n <= lz4LegacyBlock {
			return 4 + uint64(n), false
		}
		return 0, true
	}
	size, last = 4+uint64(little(b)&0x7fffffff), little(b) == 0
	if !last && s.blockSum || last && s.sum {
		size += 4
	}
	return size, last
}
