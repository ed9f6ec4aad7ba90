// Package codec is a small binary encoding for blocks: unsigned varints, and
// strings and byte slices behind their length.
package codec

import (
	"encoding/binary"
	"errors"
)

var ErrShort = errors.New("codec: message ends within a value")

// Encoder appends values to Bytes.
type Encoder struct{ Bytes []byte }

func (e *Encoder) Uint(v uint64)   { e.Bytes = binary.AppendUvarint(e.Bytes, v) }
func (e *Encoder) String(s string) { e.Uint(uint64(len(s))); e.Bytes = append(e.Bytes, s...) }
func (e *Encoder) Raw(b []byte)    { e.Uint(uint64(len(b))); e.Bytes = append(e.Bytes, b...) }

// Decoder takes values off a message in the order they were put in. After the
// first error every further value is zero; Err tells.
type Decoder struct {
	rest []byte
	err  error
}

func NewDecoder(message []byte) *Decoder { return &Decoder{rest: message} }

func (d *Decoder) Err() error { return d.err }

func (d *Decoder) Uint() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.err = ErrShort
		d.rest = nil
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *Decoder) take() []byte {
	n := d.Uint()
	if n > uint64(len(d.rest)) {
		d.err = ErrShort
		d.rest = nil
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

// String and Raw copy: the message may be reused.
func (d *Decoder) String() string { return string(d.take()) }
func (d *Decoder) Raw() []byte    { return append([]byte(nil), d.take()...) }
